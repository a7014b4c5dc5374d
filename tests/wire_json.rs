//! The text form against what libgossip 1.4.2 wrote and what its reader took.

use gossip::types::{
    Apart, Detail, Header, Message, MessageKind, Metadata, MetadataStamp, NodeId, NodeStatus,
    NodeView,
};
use gossip::wire::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES, framing, json};
use proptest::prelude::*;
use std::path::PathBuf;
use std::sync::Arc;

fn sample(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/wire-1.4.2");
    std::fs::read(folder.join(name)).expect("a stored sample")
}

const SAMPLES: [&str; 5] = ["meet", "ping3", "pong", "leave", "c_transport_meet_1entry"];

fn encode(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    let entries = message.entries.iter().map(NodeView::as_entry);
    json::encode(&message.header, entries, &mut out).expect("small");
    out
}

fn decode(text: &str) -> Message {
    json::decode(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text:.200}"))
}

fn refusal(text: &str) -> String {
    json::decode(text.as_bytes()).expect_err("must be refused").to_string()
}

#[test]
fn samples_are_read_and_written_back_byte_for_byte() {
    for name in SAMPLES {
        let text = sample(&format!("{name}.json"));
        let message = json::decode(&text).expect(name);
        assert_eq!(String::from_utf8(encode(&message)), String::from_utf8(text.clone()), "{name}");

        let datagram = sample(&format!("{name}.bin"));
        assert_eq!(framing::frames(&datagram).collect::<Vec<_>>(), [&text[..]], "{name}");
        let mut framed = Vec::new();
        let start = framing::begin_frame(&mut framed);
        framed.extend(encode(&message));
        framing::end_frame(&mut framed, start).expect("small");
        assert_eq!(framed, datagram, "{name}");
    }
}

#[test]
fn sample_has_the_fields_it_was_made_of() {
    let message = json::decode(&sample("meet.json")).expect("meet");
    assert_eq!(message.header.kind, MessageKind::Meet);
    assert_eq!(message.header.timestamp, 1);
    let entry = &message.entries[0];
    assert_eq!(entry.id.to_string(), "00112233445566778899aabbccddeeff");
    assert_eq!((entry.ip.as_str(), entry.port), ("127.0.0.1", 19001));
    assert_eq!((entry.role.as_str(), entry.region.as_str()), ("master", "eu-west-1"));
    let metadata = entry.metadata.as_ref().expect("two pairs");
    assert_eq!(metadata.get("app"), Some("demo \"q\" \\ é"));
    assert_eq!(metadata.get("slots"), Some("0-5460"));
}

#[test]
fn nothing_where_a_message_could_be_is_an_all_default_message() {
    for text in ["", "{}", " \t\r\n{ } ", "null", "[]", "5", "\"x\"", "[1,{}]", "true", "{}\0"] {
        assert_eq!(decode(text), Message::default(), "{text:?}");
    }
    assert_eq!(json::decode(b"\xef\xbb\xbf{}"), Ok(Message::default()));
}

#[test]
fn keys_are_read_in_any_order_and_unknown_ones_are_skipped() {
    let text = r#" { "x" : {"y":[1,-2,3.5,null,true,"\u00e9"]} , "type" : 5, "timestamp":1,
        "entries":[{"new":1,"status":3,"port":-8,"entries":[]}], "timestamp":2 } "#;
    let message = decode(text);
    assert_eq!(message.header.kind, MessageKind::Update);
    assert_eq!(message.header.timestamp, 2, "the last of equal keys wins");
    assert_eq!(message.entries.len(), 1);
    assert_eq!(message.entries[0].status, NodeStatus::Suspect);
    assert_eq!(message.entries[0].port, -8);
    assert!(message.header.sender.is_zero());
}

#[test]
fn entry_without_metadata_says_nothing_about_it() {
    for entry in ["{}", r#"{"metadata":{}}"#] {
        let message = decode(&format!(r#"{{"entries":[{entry}]}}"#));
        assert_eq!(message.entries[0].metadata, None, "{entry}");
    }
    let message = decode(r#"{"entries":[{"metadata":{"b":"1","a":"2","b":"3"}}]}"#);
    let metadata = message.entries[0].metadata.as_ref().expect("pairs");
    assert_eq!(metadata.iter().collect::<Vec<_>>(), [("a", "2"), ("b", "3")]);
}

#[test]
fn the_heartbeat_of_the_last_change_is_told_where_it_is_another() {
    let empty = encode(&Message::default()).len();
    let entry = |config_heartbeat| NodeView {
        id: NodeId::new([1; 16]),
        heartbeat: 9,
        config_heartbeat,
        ..NodeView::default()
    };
    for (config_heartbeat, written) in [(0, false), (9, false), (5, true)] {
        let entry = entry(config_heartbeat);
        let text = encode(&Message { entries: vec![entry.clone()], ..Message::default() });
        let has = String::from_utf8_lossy(&text).contains(r#""config_heartbeat":5,"heartbeat":9,"#);
        assert_eq!(has, written);
        assert_eq!(json::entry_bytes(&entry.as_entry()), text.len() - empty);
        let read = json::decode(&text).expect("a message").entries[0].config_heartbeat;
        assert_eq!(read, if written { 5 } else { 0 });
    }
}

#[test]
fn left_is_written_failed() {
    let entry = NodeView { status: NodeStatus::Left, ..NodeView::default() };
    let text = encode(&Message { entries: vec![entry], ..Message::default() });
    assert!(String::from_utf8_lossy(&text).contains(r#""status":4,"#));
}

#[test]
fn the_version_of_packets_and_the_cluster_come_last_where_there_are_any() {
    let header = Header { wire: 1, ..Header::default() };
    let message = Message { header, entries: vec![] };
    let text = encode(&message);
    assert!(text.ends_with(br#","timestamp":0,"type":0,"wire":1}"#));
    assert_eq!(json::decode(&text), Ok(message));
    assert_eq!(decode(r#"{"wire":255}"#).header.wire, 255);
    assert!(refusal(r#"{"wire":256}"#).contains("`wire` is 256, not 0 to 255"));
    let header = Header { cluster: u32::MAX, ..header };
    let text = encode(&Message { header, entries: vec![] });
    assert!(text.ends_with(br#","wire":1,"cluster":4294967295}"#));
    assert_eq!(json::decode(&text).expect("a message").header, header);
    assert!(refusal(r#"{"cluster":4294967296}"#).contains("`cluster` is 4294967296"));
}

#[test]
fn what_a_text_has_no_form_for_is_refused_or_left_out() {
    let claim = NodeView { detail: Detail::Claim, ..NodeView::default() };
    let mut out = b"before".to_vec();
    let entries = [NodeView::default(), claim];
    let entries = entries.iter().map(NodeView::as_entry);
    assert_eq!(json::encode(&Header::default(), entries, &mut out), Err(Error::Claim));
    assert_eq!(out, b"before");
    let stamp = MetadataStamp { bytes: 5, hash: 6 };
    for apart in [Apart::Stamp(stamp), Apart::Slice(stamp, 0, vec![1])] {
        let entry = NodeView { apart, ..NodeView::default() };
        let text = encode(&Message { entries: vec![entry], ..Message::default() });
        assert!(String::from_utf8_lossy(&text).contains(r#""metadata":{},"#));
    }
}

#[test]
fn kinds_of_packets_alone_are_neither_written_nor_read() {
    for kind in [MessageKind::SyncDigest, MessageKind::SyncRequest] {
        let mut out = b"before".to_vec();
        let header = Header { kind, ..Header::default() };
        assert_eq!(json::encode(&header, [], &mut out), Err(Error::Kind(kind)));
        assert_eq!(out, b"before");
    }
    assert_eq!(decode(r#"{"type":7}"#).header.kind, MessageKind::Nack);
    assert_eq!(refusal(r#"{"type":8}"#), "at byte 9: `type` is 8, not 0 to 7");
}

#[test]
fn wrong_values_are_errors_that_name_the_field_or_the_place() {
    let long = "r".repeat(64);
    let cases = [
        (r#"{"type":-1}"#.into(), "`type` is -1"),
        (r#"{"type":1.0}"#.into(), "`type`"),
        (r#"{"type":"1"}"#.into(), "`type`"),
        (r#"{"timestamp":-1}"#.into(), "`timestamp` is -1"),
        (r#"{"timestamp":18446744073709551616}"#.into(), "`timestamp`"),
        (r#"{"timestamp":null}"#.into(), "`timestamp`"),
        (r#"{"sender":"00112233445566778899aabbccddeeff"}"#.into(), "`sender`"),
        (r#"{"sender":"+1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"}"#.into(), "`sender`"),
        (r#"{"sender":"1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"}"#.into(), "`sender`"),
        (r#"{"sender":7}"#.into(), "`sender`"),
        (r#"{"entries":{}}"#.into(), "`entries`"),
        (r#"{"entries":[5]}"#.into(), "`entries`"),
        (r#"{"entries":[{"id":"0,0"}]}"#.into(), "`id`"),
        (r#"{"entries":[{"status":5}]}"#.into(), "`status` is 5, not 0 to 4"),
        (r#"{"entries":[{"port":2147483648}]}"#.into(), "`port`"),
        (r#"{"entries":[{"heartbeat":1e3}]}"#.into(), "`heartbeat`"),
        (r#"{"entries":[{"ip":null}]}"#.into(), "`ip`"),
        (format!(r#"{{"entries":[{{"role":"{long}"}}]}}"#), "`role` has 64 bytes"),
        (r#"{"entries":[{"metadata":{"a":1}}]}"#.into(), "`metadata`"),
        (r#"{"entries":[{"metadata":[]}]}"#.into(), "`metadata`"),
        (r"{} {}".into(), "at byte 4"),
        (r#"{"type":1,}"#.into(), "at byte 11"),
        (r#"{"x":1e400}"#.into(), "at byte 10"),
        ("{\n\"type\":9}".into(), "at byte 10"),
        ("//\n{}".into(), "at byte 1"),
    ];
    for (text, expected) in cases {
        let text: String = text;
        let error = refusal(&text);
        assert!(error.contains(expected), "{text} gave {error:?}, not {expected:?}");
    }
    assert!(json::decode(b"{\"x\":\"\xff\"}").is_err(), "not UTF-8, under an unknown key");
}

#[test]
fn size_depth_entries_and_metadata_are_limited() {
    let entries = |count, entry| format!(r#"{{"entries":[{}]}}"#, vec![entry; count].join(","));
    let written = encode(&Message { entries: vec![NodeView::default()], ..Message::default() });
    let written = String::from_utf8(written).expect("UTF-8");
    let written = written.split(['[', ']']).nth(1).expect("its entry");
    assert_eq!(decode(&entries(MAX_ENTRIES, written)).entries.len(), MAX_ENTRIES);
    assert!(refusal(&entries(MAX_ENTRIES + 1, written)).contains("more than 1024 `entries`"));

    assert_eq!(decode(&entries(300, "{}")).entries.len(), 300);
    assert!(refusal(&entries(400, "{}")).contains("far more memory than their text"));
    assert!(refusal(&entries(MAX_ENTRIES + 1, "{}")).contains("far more memory"));

    let deep = |depth| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    decode(&deep(100));
    assert!(refusal(&deep(200)).contains("recursion limit"));
    assert!(refusal(&"[".repeat(1_000_000)).contains("recursion limit"));

    let value = "v".repeat(Metadata::MAX_BYTES);
    let error = refusal(&format!(r#"{{"entries":[{{"metadata":{{"k":"{value}"}}}}]}}"#));
    assert!(error.contains("`metadata` has more than 65536 bytes"), "{error}");

    let spaces = vec![b' '; MAX_MESSAGE_BYTES + 1];
    assert_eq!(json::decode(&spaces), Err(Error::TooLarge(MAX_MESSAGE_BYTES + 1)));
    let many = vec![NodeView::default(); MAX_ENTRIES + 1];
    let refused =
        json::encode(&Header::default(), many.iter().map(NodeView::as_entry), &mut Vec::new());
    assert_eq!(refused, Err(Error::TooManyEntries));
}

/// However small or large its entries are, what we write is not too much for the memory of a reader.
#[test]
fn the_most_entries_that_are_written_are_read() {
    let pair = Metadata::from_pairs([("", "")]).expect("short");
    let entry = NodeView { metadata: Some(Arc::new(pair)), ..NodeView::default() };
    let texts = NodeView { ip: "i".repeat(63), role: "r".repeat(63), ..entry.clone() };
    for entry in [NodeView::default(), entry, texts] {
        let message = Message { entries: vec![entry; MAX_ENTRIES], ..Message::default() };
        assert!(json::decode(&encode(&message)) == Ok(message));
    }
}

#[test]
fn hostile_order_of_metadata_keys_costs_no_more_than_any_other() {
    // 16 000 keys in falling order; inserting each at the front would take seconds.
    let pairs: Vec<String> = (0..16_000).rev().map(|n| format!(r#""{n:03x}":"""#)).collect();
    let text = format!(r#"{{"entries":[{{"metadata":{{{}}}}}]}}"#, pairs.join(","));
    let started = std::time::Instant::now();
    let message = decode(&text);
    assert!(message.entries[0].metadata.as_ref().is_some_and(|pairs| pairs.len() == 16_000));
    assert!(started.elapsed() < std::time::Duration::from_millis(500));
}

/// What JSON is made of, and what it is not.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "[]",
    "{}",
    " ",
    "\n",
    "null",
    "true",
    "false",
    "nul",
    "\"\"",
    "\"a\"",
    "\"a\":",
    "\"\\n\"",
    "\"\\u00e9\"",
    "\"\\ud83d\\ude00\"",
    "\"\\ud83d\"",
    "\"\\u12\"",
    "\"é\"",
    "\"\t\"",
    "\"",
    "\\",
    "0",
    "1",
    "-",
    "-0",
    "01",
    "1.5",
    "1.",
    ".5",
    "1e5",
    "1E+400",
    "1e-400",
    "-1e400",
    "99999999999999999999",
    "+1",
    "NaN",
    "\"b\":[1,{\"c\":2}]",
];

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,40}", "\\PC{0,15}", "[\\x00-\\x1f\"\\\\/]{0,20}"]
}

fn any_entry() -> impl Strategy<Value = NodeView> {
    let texts = (any_text(), any_text(), any_text());
    let numbers = (any::<i32>(), any::<u64>(), any::<u64>(), any::<u64>(), 0..5_u32);
    let pairs = prop::collection::vec((any_text(), any_text()), 0..4);
    (any::<[u8; 16]>(), texts, numbers, pairs).prop_map(|(id, texts, numbers, pairs)| {
        let mut metadata = Metadata::new();
        for (key, value) in &pairs {
            metadata.insert(key, value).expect("small");
        }
        NodeView {
            id: NodeId::new(id),
            ip: texts.0,
            role: texts.1,
            region: texts.2,
            port: numbers.0,
            config_epoch: numbers.1,
            heartbeat: numbers.2,
            version: numbers.3,
            status: NodeStatus::from_raw(numbers.4).expect("0 to 4"),
            metadata: (!metadata.is_empty()).then(|| Arc::new(metadata)),
            ..NodeView::default()
        }
    })
}

fn any_message() -> impl Strategy<Value = Message> {
    let entries = prop::collection::vec(any_entry(), 0..4);
    (any::<[u8; 16]>(), 0..8_u32, any::<u64>(), any::<u8>(), entries).prop_map(
        |(id, kind, timestamp, wire, entries)| {
            let kind = MessageKind::from_raw(kind).expect("0 to 7");
            let sender = NodeId::new(id);
            Message {
                header: Header { sender, kind, timestamp, wire, ..Header::default() },
                entries,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(message in any_message()) {
        prop_assert_eq!(json::decode(&encode(&message)), Ok(message));
    }

    #[test]
    fn sizes_of_entries_are_exact(entry in any_entry()) {
        let one = vec![entry.clone()];
        let text = encode(&Message { entries: one, ..Message::default() });
        let none = encode(&Message::default());
        prop_assert_eq!(json::entry_bytes(&entry.as_entry()), text.len() - none.len());
    }

    #[test]
    fn every_truncation_is_an_error(message in any_message()) {
        let text = encode(&message);
        for cut in 1..text.len() {
            prop_assert!(json::decode(&text[..cut]).is_err(), "cut at {}", cut);
        }
    }

    #[test]
    fn corrupted_text_is_an_error_or_a_message_within_the_limits(
        message in any_message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut text = encode(&message);
        for (place, byte) in changes {
            let place = place.index(text.len());
            text[place] = byte;
        }
        if let Ok(read) = json::decode(&text) {
            prop_assert!(read.header.kind.is_struct());
            for entry in &read.entries {
                prop_assert!(entry.ip.len() < 64 && entry.role.len() < 64);
                prop_assert!(entry.status != NodeStatus::Left);
            }
            // What was taken can be written, and means the same then.
            prop_assert_eq!(json::decode(&encode(&read)), Ok(read));
        }
    }

    /// What is skipped is checked as closely as by a reader that many use.
    #[test]
    fn unknown_values_are_valid_where_another_reader_says_so(
        tokens in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..12),
        bytes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
    ) {
        let mut text = format!(r#"{{"x":{}}}"#, tokens.concat()).into_bytes();
        for (place, byte) in bytes {
            // Behind the key, so that it stays unknown.
            let place = 5 + place.index(text.len() - 5);
            text[place] = byte;
        }
        let other = serde_json::from_slice::<serde_json::Value>(&text);
        prop_assert_eq!(json::decode(&text).is_ok(), other.is_ok(), "{}", text.escape_ascii());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::decode(&bytes);
        let total: usize = framing::frames(&bytes).map(|frame| frame.len() + 4).sum();
        prop_assert!(total <= bytes.len());
    }
}
