//! The bincode form: what is written is read as it was, and is what bincode makes of the structs.
#![allow(unreachable_pub, reason = "a test program has no public surface")]

#[path = "wire/messages.rs"]
mod messages;

use gossip::types::{Apart, Detail, Header, Message, MessageKind, MetadataStamp, NodeId, NodeView};
use gossip::wire::{Error, Kind, MAX_ENTRIES, bincode, kind_of};
use messages::any_message;
use proptest::prelude::*;

fn encode(message: &Message) -> Result<Vec<u8>, Error> {
    let mut out = b"before".to_vec();
    let entries = message.entries.iter().map(NodeView::as_entry);
    let written = bincode::encode(&message.header, entries, &mut out);
    assert!(out.starts_with(b"before"));
    let bytes = out.split_off(6);
    assert!(written.is_ok() || bytes.is_empty());
    written.map(|()| bytes)
}

#[test]
fn bytes_are_those_of_the_structs_in_the_standard_configuration() {
    let header = Header {
        sender: NodeId::new([7; 16]),
        kind: MessageKind::Pong,
        timestamp: 300,
        interval_us: 100_000,
        cluster: 5,
        wire: 1,
        ..Header::default()
    };
    let entry = NodeView {
        id: NodeId::new([8; 16]),
        ip: "::1".into(),
        port: -1,
        heartbeat: 250,
        ..NodeView::default()
    };
    let mut expected = vec![0xc0];
    expected.extend([7; 16]);
    expected.extend([1, 251, 44, 1, 0, 252, 0xa0, 0x86, 1, 0, 5, 1, 0, 0]);
    expected.push(1);
    expected.extend([8; 16]);
    expected.extend([0, 250, 0, 0, 1, 3, b':', b':', b'1', 1, 0, 0, 0, 0, 0]);
    let bytes = encode(&Message { header, entries: vec![entry] }).expect("small");
    assert_eq!(bytes, expected);
    assert_eq!(kind_of(&bytes), Kind::Bincode);
}

#[test]
fn what_is_beyond_the_limits_is_neither_written_nor_read() {
    let bad = MetadataStamp { bytes: 1 << 20, hash: 0 };
    let good = MetadataStamp { bytes: 5, hash: 0 };
    let claim = NodeView { detail: Detail::Claim, ..NodeView::default() };
    for (entry, count, error) in [
        (NodeView { role: "r".repeat(64), ..NodeView::default() }, 1, Error::Text(64)),
        (NodeView { apart: Apart::Stamp(bad), ..claim.clone() }, 1, Error::Part),
        (NodeView { apart: Apart::Slice(good, 128, vec![]), ..claim.clone() }, 1, Error::Part),
        (claim.clone(), MAX_ENTRIES + 1, Error::TooManyEntries),
        (claim.clone(), 600, Error::TooManyEntries),
    ] {
        let message = Message { entries: vec![entry; count], ..Message::default() };
        assert_eq!(encode(&message), Err(error));
    }
    let many = Message { entries: vec![claim; 370], ..Message::default() };
    assert_eq!(bincode::decode(&encode(&many).expect("it fits")), Ok(many));
    let full = vec![NodeView { role: "r".repeat(63), ..NodeView::default() }; 390];
    let full = Message { entries: full, ..Message::default() };
    assert_eq!(bincode::decode(&encode(&full).expect("it fits")), Ok(full));
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let good = encode(&Message { entries: vec![NodeView::default()], ..Message::default() });
    let good = good.expect("small");
    for (at, byte, offset) in [(0, 0xc1, 0), (17, 10, 1), (24, 4, 1), (25, 200, 54), (42, 6, 26)] {
        let mut bytes = good.clone();
        bytes[at] = byte;
        let error = bincode::decode(&bytes).expect_err("a wrong byte");
        assert!(
            matches!(error, Error::Invalid { offset: found, .. } if found == offset),
            "{error}"
        );
    }
    let longer = [&good[..], b"x"].concat();
    let error = bincode::decode(&longer).expect_err("a byte too many").to_string();
    assert_eq!(error, format!("at byte {}: it should end here", good.len()));
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(message in any_message()) {
        let bytes = encode(&message).expect("within the limits");
        prop_assert_eq!(bincode::decode(&bytes), Ok(message));
    }
}
