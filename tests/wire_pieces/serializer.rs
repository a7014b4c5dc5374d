//! Which form a serializer writes and reads.

use gossip::types::{Detail, Entry, Form, Header, MessageKind, NodeId};
use gossip::wire::{Outgoing, Serializer, binary};

#[test]
fn auto_writes_what_was_decided_and_says_what_it_reads() {
    let header = Header { sender: NodeId::new([1; 16]), nonce: 7, ..Header::default() };
    let message = Outgoing::new(&header, &[]);
    let encode = |serializer: &Serializer, form| {
        let mut out = Vec::new();
        serializer.encode(&Outgoing { form, ..message }, &mut out).expect("small");
        out
    };
    let text = encode(&Serializer::Auto, Form::Text);
    assert!(text.starts_with(b"{"));
    let packet = encode(&Serializer::Auto, Form::Packet);
    assert_eq!(packet, encode(&Serializer::Binary, Form::Text), "pinned");
    assert!(encode(&Serializer::Json, Form::Packet).starts_with(b"{"), "pinned");
    let read = |serializer: &Serializer, bytes: &[u8]| {
        serializer.decode(bytes, |header, _| (header.nonce, header.wire)).ok()
    };
    assert_eq!(read(&Serializer::Auto, &packet), Some((7, binary::VERSION)));
    assert_eq!(read(&Serializer::Binary, &packet), Some((7, binary::VERSION)));
    assert_eq!(read(&Serializer::Json, &packet), None);
    assert_eq!(read(&Serializer::Auto, &text).map(|(nonce, _)| nonce), Some(0));
    assert_eq!(read(&Serializer::Json, &text), Some((0, 0)));
    assert_eq!(read(&Serializer::Binary, &text), None);
}

#[test]
fn kinds_of_packets_alone_are_updates_elsewhere() {
    let header = Header { kind: MessageKind::SyncDigest, ..Header::default() };
    let entry = Entry { detail: Detail::Claim, ip: "10.0.0.1", ..Entry::default() };
    let mut out = Vec::new();
    let message = Outgoing { entries: &[entry], ..Outgoing::new(&header, &[]) };
    Serializer::Json.encode(&message, &mut out).expect("small");
    let read = Serializer::Json.decode(&out, |header, entries| {
        assert_eq!(entries[0].ip, "10.0.0.1");
        header.kind
    });
    assert_eq!(read.ok(), Some(MessageKind::Update));
}
