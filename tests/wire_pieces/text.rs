//! Messages as pieces of text.

use crate::node;
use gossip::types::{Header, Message, MessageKind, NodeId, NodeView};
use gossip::wire::pack::{Medium, Packer};
use gossip::wire::{
    DATAGRAM_BYTES, Error, LARGE_DATAGRAM_BYTES, Outgoing, Serializer, framing, json,
};

/// The frames with their sizes, and how many there are in each datagram.
struct Packed {
    frames: Vec<(usize, Message)>,
    datagrams: Vec<usize>,
    result: Result<(), Error>,
}

fn pack(kind: MessageKind, nodes: &[NodeView], to_new: bool) -> Packed {
    let header = Header { kind, sender: NodeId::new([9; 16]), timestamp: 5, ..Header::default() };
    let entries: Vec<_> = nodes.iter().map(NodeView::as_entry).collect();
    let message = Outgoing { to_new, ..Outgoing::new(&header, &entries) };
    let (mut frames, mut datagrams) = (Vec::new(), Vec::new());
    let result =
        Packer::default().pack(&Serializer::Json, &message, Medium::Datagram, &mut |piece| {
            assert!(piece.bytes.len() <= LARGE_DATAGRAM_BYTES);
            let before = frames.len();
            frames.extend(framing::frames(piece.bytes).map(|payload| {
                let message = json::decode(payload).expect("a message");
                (framing::PREFIX_BYTES + payload.len(), message)
            }));
            assert_eq!(frames.len() - before, piece.messages);
            datagrams.push(piece.messages);
            true
        });
    Packed { frames, datagrams, result }
}

fn ids(got: &[(usize, Message)]) -> Vec<Vec<u8>> {
    let of = |message: &Message| message.entries.iter().map(|e| e.id.as_bytes()[0]).collect();
    got.iter().map(|(_, message)| of(message)).collect()
}

#[test]
fn small_message_is_one_frame() {
    let got = pack(MessageKind::Ping, &[node(1, 0), node(2, 10)], false);
    assert!(got.result.is_ok());
    assert_eq!(ids(&got.frames), [[1, 2]]);
    assert_eq!(got.frames[0].1.header.kind, MessageKind::Ping);
    assert_eq!(pack(MessageKind::Leave, &[], false).frames.len(), 1);
}

#[test]
fn what_does_not_fit_follows_as_updates_in_order() {
    let nodes: Vec<_> = (0..30).map(|number| node(number, 0)).collect();
    for to_new in [false, true] {
        let got = pack(MessageKind::Ping, &nodes, to_new);
        assert!(got.result.is_ok());
        assert!(got.frames.len() > 1);
        assert_eq!(ids(&got.frames).concat(), (0..30).collect::<Vec<_>>());
        for (index, (bytes, message)) in got.frames.iter().enumerate() {
            let expected = if index == 0 { MessageKind::Ping } else { MessageKind::Update };
            assert_eq!(message.header.kind, expected);
            assert_eq!(message.header.sender, NodeId::new([9; 16]));
            assert_eq!(message.header.timestamp, 5);
            assert!(*bytes <= DATAGRAM_BYTES);
        }
        let datagrams = if to_new { got.frames.len() } else { 1 };
        assert_eq!(got.datagrams.len(), datagrams, "an old node loses bursts");
    }
}

#[test]
fn one_datagram_holds_what_fits_the_largest_and_the_rest_follows() {
    let nodes: Vec<_> = (0..=255).map(|number| node(number, 400)).collect();
    let got = pack(MessageKind::Ping, &nodes, false);
    assert_eq!(got.datagrams.len(), 3);
    assert_eq!(ids(&got.frames).concat(), (0..=255).collect::<Vec<_>>());
    let large = [node(1, 1_000), node(2, 59_000), node(3, 1_000)];
    let got = pack(MessageKind::Ping, &large, false);
    assert_eq!(got.datagrams, [1, 1, 1]);
}

#[test]
fn large_entry_goes_alone_and_keeps_its_place() {
    let nodes = [node(1, 0), node(2, 5_000), node(3, 0), node(4, 0)];
    let got = pack(MessageKind::Ping, &nodes, true);
    assert!(got.result.is_ok());
    assert_eq!(ids(&got.frames), [vec![1], vec![2], vec![3, 4]]);
    assert!(got.frames[1].1.entries[0].metadata.is_some());

    let got = pack(MessageKind::Meet, &[node(1, 5_000), node(2, 0)], true);
    assert_eq!(ids(&got.frames), [[1], [2]]);
    let kind = got.frames[0].1.header.kind;
    assert_eq!(kind, MessageKind::Meet, "a meet carries its sender's entry");
}

#[test]
fn entry_too_large_for_any_datagram_goes_without_metadata_and_is_told() {
    let got = pack(MessageKind::Ping, &[node(1, 61_000), node(2, 0)], false);
    assert!(matches!(got.result, Err(Error::MetadataLeftOut(bytes)) if bytes > 61_000));
    assert_eq!(ids(&got.frames), [[1, 2]]);
    assert_eq!(got.frames[0].1.entries[0].metadata, None);
}

#[test]
fn frames_stay_within_the_budget_at_every_size() {
    for bytes in 1..1_500 {
        let nodes = [node(1, bytes), node(2, 0), node(3, 700)];
        let got = pack(MessageKind::Ping, &nodes, bytes % 2 == 0);
        for (size, message) in &got.frames {
            assert!(*size <= DATAGRAM_BYTES || message.entries.len() == 1, "{bytes}: {size}");
        }
        assert_eq!(ids(&got.frames).concat(), [1, 2, 3]);
    }
}
