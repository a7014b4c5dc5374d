//! Bytes as each form of messages: an error, or a message that can be written and read again.

use gossip::types::{Entry, Message, NodeView};
use gossip::wire::{
    Error, MAX_ENTRIES, MAX_TEXT_BYTES, Serializer, binary, bincode, json, kind_of,
};

/// Reads the bytes in every form.
pub fn run(data: &[u8]) {
    let _ = kind_of(data);
    text(data);
    packet(data);
    bincoded(data);
    for serializer in [Serializer::Json, Serializer::Binary, Serializer::Bincode, Serializer::Auto]
    {
        let _ = serializer.decode(data, |_, entries| assert!(entries.len() <= MAX_ENTRIES));
    }
}

fn entries(message: &Message) -> impl Iterator<Item = Entry<'_>> + Clone {
    message.entries.iter().map(NodeView::as_entry)
}

/// An error names a place in the bytes, and has a short text.
fn check_error(error: &Error, data: &[u8]) {
    assert!(error.to_string().len() < 1_000, "{error}");
    if let Error::Malformed { offset, .. } | Error::Invalid { offset, .. } = error {
        assert!(*offset <= data.len(), "{error}");
    }
}

fn check_limits(message: &Message) {
    assert!(message.entries.len() <= MAX_ENTRIES);
    for entry in &message.entries {
        for text in [&entry.ip, &entry.role, &entry.region] {
            assert!(text.len() <= MAX_TEXT_BYTES, "{text}");
        }
        assert!(entry.as_entry().metadata.is_within_limits());
    }
}

fn text(data: &[u8]) {
    let message = match json::decode(data) {
        Ok(message) => message,
        Err(error) => return check_error(&error, data),
    };
    check_limits(&message);
    let mut again = Vec::new();
    json::encode(&message.header, entries(&message), &mut again).expect("it was read");
    assert_eq!(json::decode(&again), Ok(message));
}

fn packet(data: &[u8]) {
    let mut texts = binary::TextRoom::default();
    let mut room = Vec::new();
    let into = binary::decode_into(data, &mut texts, &mut room);
    let packet = match binary::decode(data) {
        Ok(packet) => packet,
        Err(error) => {
            check_error(&error, data);
            assert_eq!(into, Err(error));
            assert!(room.is_empty(), "entries of a packet that was not read");
            return;
        }
    };
    assert_eq!(into, Ok(packet.header));
    assert_eq!(packet.entries().len(), packet.entries().count());
    let message = packet.to_message();
    assert!(room.iter().map(|entry| NodeView::from(*entry)).eq(message.entries.iter().cloned()));
    check_limits(&message);
    let mut again = Vec::new();
    binary::encode(&message.header, entries(&message), &mut again).expect("it was read");
    let decoded = binary::decode(&again).expect("it was written");
    assert_eq!(decoded.to_message(), readable(message.clone()));
    let mut other = Vec::new();
    if bincode::encode(&message.header, entries(&message), &mut other).is_ok() {
        assert_eq!(bincode::decode(&other), Ok(message), "bincode says what packets say");
    }
}

fn bincoded(data: &[u8]) {
    let message = match bincode::decode(data) {
        Ok(message) => message,
        Err(error) => return check_error(&error, data),
    };
    check_limits(&message);
    let mut again = Vec::new();
    bincode::encode(&message.header, entries(&message), &mut again).expect("it was read");
    assert_eq!(bincode::decode(&again), Ok(message));
}

/// A message as a packet says it, which always tells that its sender reads packets.
fn readable(mut message: Message) -> Message {
    message.header.wire = message.header.wire.max(binary::VERSION);
    message
}
