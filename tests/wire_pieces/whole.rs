//! Messages as pieces of packets.

use crate::node;
use gossip::types::{Apart, Form, Header, MessageKind, NodeId, NodeView};
use gossip::wire::pack::{Medium, Packer};
use gossip::wire::{DATAGRAM_BYTES, Outgoing, STREAM_FRAME_BYTES, Serializer, binary, framing};

/// The sizes of the pieces, and what is in them.
fn pack(form: Form, medium: Medium, nodes: &[NodeView]) -> Vec<(usize, Header, Vec<NodeView>)> {
    let header = Header {
        sender: NodeId::new([9; 16]),
        timestamp: 5,
        nonce: 8,
        interval_us: 100,
        ..Header::default()
    };
    let entries: Vec<_> = nodes.iter().map(NodeView::as_entry).collect();
    let message = Outgoing { form, ..Outgoing::new(&header, &entries) };
    let mut got = Vec::new();
    Packer::default()
        .pack(&Serializer::Binary, &message, medium, &mut |piece| {
            let packet = match medium {
                Medium::Datagram => piece.bytes,
                Medium::Stream => framing::frames(piece.bytes).next().expect("a whole frame"),
            };
            let message = binary::decode(packet).expect("a packet").to_message();
            got.push((piece.bytes.len(), message.header, message.entries));
            true
        })
        .expect("all can be sent");
    got
}

#[test]
fn what_does_not_fit_a_datagram_follows_as_updates_in_order() {
    let nodes: Vec<_> = (0..200).map(|number| node(number, 0)).collect();
    let got = pack(Form::Text, Medium::Datagram, &nodes);
    assert!(got.len() > 3 && got.len() < 12, "{} pieces", got.len());
    assert!(got.iter().all(|(bytes, ..)| *bytes <= DATAGRAM_BYTES));
    let kinds: Vec<_> = got.iter().map(|(_, header, _)| (header.kind, header.nonce)).collect();
    assert_eq!(kinds[0], (MessageKind::Ping, 8));
    assert!(kinds[1..].iter().all(|&kind| kind == (MessageKind::Update, 0)));
    let entries: Vec<_> = got.into_iter().flat_map(|(.., entries)| entries).collect();
    assert_eq!(entries, nodes);
}

#[test]
fn a_packet_that_was_decided_on_is_not_split() {
    let nodes: Vec<_> = (0..200).map(|number| node(number, 0)).collect();
    assert_eq!(pack(Form::Packet, Medium::Datagram, &nodes).len(), 1);
    let stream = pack(Form::Text, Medium::Stream, &nodes);
    assert_eq!(stream.len(), 1);
    assert!(stream[0].0 <= STREAM_FRAME_BYTES);
}

#[test]
fn metadata_too_large_for_a_datagram_goes_apart() {
    let nodes = [node(1, 10), node(2, 5_000), node(3, 10)];
    let got = pack(Form::Text, Medium::Datagram, &nodes);
    let entries: Vec<_> = got.into_iter().flat_map(|(.., entries)| entries).collect();
    assert_eq!(entries[0], nodes[0]);
    assert_eq!(entries[2], nodes[2]);
    let stamp = nodes[1].metadata.as_ref().expect("it has some").stamp();
    assert_eq!((&entries[1].metadata, &entries[1].apart), (&None, &Apart::Stamp(stamp)));
    let stream = pack(Form::Text, Medium::Stream, &nodes);
    assert_eq!(stream[0].2, nodes);
}
