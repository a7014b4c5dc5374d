//! Messages as bytes and back.

use crate::support::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::testing::{c_text, raw_kind, raw_status, read_text};
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::{ptr, slice};

/// Serializes and frees what came.
pub(crate) fn serialize(message: *const gossip_message_t) -> Result<String, gossip_error_code_t> {
    let serializer = gossip_json_serializer_create();
    let mut data = ptr::null_mut();
    let mut size = 77;
    // SAFETY: a live serializer, a message whose entries live, and places to write to; the bytes
    // are as many as it says and freed once.
    unsafe {
        let code = gossip_serializer_serialize(serializer, message, &mut data, &mut size);
        gossip_serializer_destroy(serializer);
        if code != GOSSIP_ERR_SUCCESS {
            assert!(data.is_null() && size == 77, "nothing is put anywhere on an error");
            return Err(code);
        }
        let text = slice::from_raw_parts(data, size).to_vec();
        libc::free(data.cast());
        Ok(String::from_utf8(text).expect("UTF-8"))
    }
}

/// Deserializes, copies the entries and frees them.
fn deserialize(
    text: &[u8],
) -> Result<(gossip_message_t, Vec<gossip_node_view_t>), gossip_error_code_t> {
    let serializer = gossip_json_serializer_create();
    let mut own = [view(5)];
    let mut message = message(MessageKind::Leave, 77, 7, &own);
    message.entries = own.as_mut_ptr();
    // SAFETY: a live serializer, as many bytes as said, a message to write to; its entries are as
    // many as it says and freed once.
    unsafe {
        let (data, size) = (text.as_ptr(), text.len());
        let code = gossip_serializer_deserialize(serializer, data, size, &mut message);
        gossip_serializer_destroy(serializer);
        if code != GOSSIP_ERR_SUCCESS {
            assert_eq!(message.sender.data, [77; 16], "left as it was on an error");
            assert_eq!((message.timestamp, message.entries_count), (7, 1));
            assert!(ptr::eq(message.entries, own.as_ptr()));
            return Err(code);
        }
        assert_eq!(message.entries.is_null(), message.entries_count == 0);
        let mut entries = Vec::new();
        if !message.entries.is_null() {
            entries = slice::from_raw_parts(message.entries, message.entries_count).to_vec();
        }
        libc::free(message.entries.cast());
        message.entries = ptr::null_mut();
        Ok((message, entries))
    }
}

#[test]
fn message_is_written_as_1_4_2_wrote_it() {
    let entries = [online(1, 40)];
    let text = serialize(&message(MessageKind::Meet, 1, 7, &entries)).expect("success");
    let id = "01,01,01,01,01,01,01,01,01,01,01,01,01,01,01,01";
    assert_eq!(
        text,
        format!(
            "{{\"entries\":[{{\"config_epoch\":0,\"heartbeat\":40,\"id\":\"{id}\",\
             \"ip\":\"127.0.0.1\",\"metadata\":{{}},\"port\":7001,\"region\":\"eu-west-1\",\
             \"role\":\"replica\",\"status\":2,\"suspicion_count\":0,\"version\":0}}],\
             \"sender\":\"{id}\",\"timestamp\":7,\"type\":2}}"
        )
    );
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let entries = [online(1, 40), gossip_node_view_t { port: -8, ..view(2) }];
    let text = serialize(&message(MessageKind::Update, 1, 7, &entries)).expect("success");
    let (message, read) = deserialize(text.as_bytes()).expect("success");
    assert_eq!(message.sender.data, [1; 16]);
    assert_eq!((raw_kind(message.r#type), message.timestamp), (5, 7));
    assert_eq!(read.len(), 2);
    for (read, entry) in read.iter().zip(&entries) {
        assert_eq!(read.id.data, entry.id.data);
        assert_eq!((read.port, read.heartbeat), (entry.port, entry.heartbeat));
        assert_eq!(raw_status(read.status), raw_status(entry.status));
        assert_eq!((read.ip, read.role, read.region), (entry.ip, entry.role, entry.region));
    }
}

#[test]
fn nothing_is_an_all_default_message_and_wrong_text_an_error() {
    for text in [&b""[..], b"{}", b" {} ", b"{\"color\":1}"] {
        let (message, entries) = deserialize(text).expect("success");
        assert_eq!(message.sender.data, [0; 16]);
        assert_eq!((raw_kind(message.r#type), message.timestamp), (0, 0));
        assert_eq!(entries.len(), 0);
    }
    for text in [&b"{"[..], b"{} x", b"{\"type\":99}", b"{\"entries\":[1]}", b"\xff"] {
        assert_eq!(deserialize(text).err(), Some(GOSSIP_ERR_SERIALIZATION_ERROR));
        assert!(last_error().contains("at byte"), "{}", last_error());
    }
}

#[test]
fn samples_of_1_4_2_are_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wire-1.4.2/");
    for (name, kind, count) in [("meet", 2, 1), ("ping3", 0, 3), ("pong", 1, 3), ("leave", 4, 1)] {
        let text = std::fs::read(format!("{folder}{name}.json")).expect("a sample");
        let (message, entries) = deserialize(&text).expect(name);
        assert_eq!((raw_kind(message.r#type), entries.len()), (kind, count), "{name}");
        assert!(["127.0.0.1", "10.0.0.7"].contains(&&*read_text(&entries[0].ip)));
    }
}

#[test]
fn text_that_is_not_utf_8_is_replaced() {
    let mut entry = view(1);
    entry.role = c_text("caf");
    entry.role[3] = -23; // é in Latin-1
    let text = serialize(&message(MessageKind::Ping, 1, 1, &[entry])).expect("success");
    assert!(text.contains("\"role\":\"caf\u{fffd}\""), "{text}");
}

#[test]
fn entries_that_are_null_are_none() {
    let mut message = message(MessageKind::Ping, 1, 1, &[]);
    (message.entries, message.entries_count) = (ptr::null_mut(), 5);
    assert!(serialize(&message).expect("success").starts_with("{\"entries\":[],"));
}

#[test]
fn message_handed_to_the_send_callback_is_written_with_its_metadata() {
    let node = Node::new(1);
    let keys = [c"zone".as_ptr()];
    let values = [c"a \"b\"".as_ptr()];
    // SAFETY: a live core and arrays of one text each.
    unsafe {
        gossip::ffi::gossip_core_update_self_metadata(
            node.core,
            keys.as_ptr().cast_mut(),
            values.as_ptr().cast_mut(),
            1,
        );
    }
    let (tell, told) = std::sync::mpsc::channel();
    let other = Node::new(3);
    node.inside(move |_, handed_out| {
        if !handed_out.is_null() {
            // Callbacks of another core inside this one do not hide the message.
            other.meet(&view(4));
            // SAFETY: it lives until the callback returns.
            let copy = unsafe { *handed_out };
            let _ = tell.send((serialize(handed_out), serialize(&copy)));
        }
    });
    node.meet(&view(2));
    let (whole, copied) = told.recv().expect("a meet is sent");
    assert!(whole.expect("success").contains(r#""metadata":{"zone":"a \"b\""}"#));
    assert!(copied.expect("success").contains(r#""metadata":{}"#), "only that very message");
}
