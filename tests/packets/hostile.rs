//! Packets that nobody honest sends.

use crate::net::{Net, address, id, view};
use gossip::proto::{Carrier, Config};
use gossip::types::{
    Apart, Detail, Entry, Form, Header, Message, MessageKind, MetadataStamp, NodeId, NodeStatus,
    NodeView, SyncPayload,
};
use gossip::wire::binary;

fn packets() -> Config {
    let mut config = Config::lan();
    config.carrier = Carrier::Packets;
    config
}

fn packet(header: &Header, entries: &[NodeView]) -> Vec<u8> {
    let mut bytes = Vec::new();
    binary::encode(header, entries.iter().map(NodeView::as_entry), &mut bytes).expect("it fits");
    bytes
}

fn header(sender: NodeId, kind: MessageKind, sync: SyncPayload) -> Header {
    Header { sender, kind, sync, interval_us: 100_000, ..Header::default() }
}

#[test]
fn parts_of_nothing_that_was_asked_for_change_nothing() {
    let mut net = Net::formed(1, None, &packets(), 3);
    let stamp = MetadataStamp { bytes: 3000, hash: 9 };
    let slice = |index, len: usize| NodeView {
        apart: Apart::Slice(stamp, index, vec![0; len]),
        detail: Detail::Claim,
        ..NodeView::from(view(2, "10.0.0.2"))
    };
    let entries = [slice(0, 1024), slice(1, 1024), slice(2, 952), slice(3, 10), slice(127, 1)];
    let bytes = packet(&header(id(1), MessageKind::Update, SyncPayload::None), &entries);
    net.inject(1, 0, Form::Packet, bytes);
    let held = net.core(0).find(&id(2)).expect("a member").metadata;
    assert!(held.pairs().is_none_or(|pairs| pairs.len() == 0));
    assert_eq!(net.core(0).queues().fetches, 0);
}

#[test]
fn wrong_parts_are_found_out_and_the_right_ones_still_come() {
    let mut net = Net::formed(1, None, &packets(), 4);
    let value = "v".repeat(20_000);
    net.loss = 1.0;
    net.set_metadata(2, "k", &value);
    net.run(50);
    let stamp = {
        let own = net.core(2).own();
        own.metadata.stamp().expect("it has some")
    };
    net.loss = 0.0;
    for _ in 0..20 {
        // Another member answers whatever is asked for with bytes of its own, before the owner can.
        let slice = |index: u8| NodeView {
            apart: Apart::Slice(stamp, index, vec![b'x'; 1024]),
            detail: Detail::Claim,
            ..NodeView::from(view(2, "10.0.0.2"))
        };
        for index in 0..8 {
            let sent = header(id(1), MessageKind::Update, SyncPayload::None);
            net.inject(1, 0, Form::Packet, packet(&sent, &[slice(index)]));
        }
        net.run(20);
    }
    net.run_until(5_000, |net| net.value(0, 2, "k").is_some());
    assert_eq!(net.value(0, 2, "k").as_deref(), Some(value.as_str()));
}

#[test]
fn a_stranger_gets_no_parts_and_a_member_a_bounded_number() {
    let mut net = Net::formed(1, None, &packets(), 3);
    net.set_metadata(0, "k", &"v".repeat(60_000));
    let stamp = net.core(0).own().metadata.stamp().expect("it has some");
    net.run(3_000);
    let payload = SyncPayload::Metadata { id: id(0), stamp, parts: u128::MAX };
    let ask = |sender| packet(&header(sender, MessageKind::SyncRequest, payload), &[]);
    let before = net.node(0).sent;
    net.inject(9, 0, Form::Packet, ask(id(9)));
    assert_eq!(net.node(0).sent, before, "nothing for a stranger");
    net.inject(1, 0, Form::Packet, ask(id(1)));
    assert_eq!(net.node(0).sent, before + 32);
    for _ in 0..1000 {
        net.inject(1, 0, Form::Packet, ask(id(1)));
    }
    assert!(net.node(0).sent - before <= 1024 + 64, "{}", net.node(0).sent - before);
}

#[test]
fn a_stamp_that_nobody_can_satisfy_costs_a_bounded_number_of_requests() {
    let mut net = Net::formed(1, None, &packets(), 5);
    net.run(5_000);
    let own = net.core(2).own();
    let lie = NodeView {
        heartbeat: own.heartbeat + 1,
        config_heartbeat: own.heartbeat + 1,
        apart: Apart::Stamp(MetadataStamp { bytes: 131_072, hash: 1 }),
        ..NodeView::from(Entry { metadata: gossip::types::MetadataPart::Unsaid, ..own })
    };
    let bytes = packet(&header(id(1), MessageKind::Update, SyncPayload::None), &[lie]);
    net.inject(1, 0, Form::Packet, bytes);
    assert_eq!(net.core(0).queues().fetches, 1);
    let before = net.node(0).sent;
    net.run(10_000);
    let rounds_and_answers = 10 * 10 * (3 + 3) + 100;
    assert!(net.node(0).sent - before < rounds_and_answers + 200, "{}", net.node(0).sent - before);
    assert!(net.all_see_all());
}

#[test]
fn an_unproved_address_gets_no_more_than_three_times_what_it_sent() {
    let mut net = Net::formed(1, None, &packets(), 20);
    net.set_metadata(0, "k", &"v".repeat(500));
    net.run(1_000);
    let mut out = Vec::new();
    for kind in 0..10 {
        for wants in [false, true] {
            let kind = MessageKind::from_raw(kind).expect("ten exist");
            let sync = SyncPayload::None;
            let sent = Header { wants, ..header(id(99), kind, sync) };
            let own = NodeView {
                detail: if wants { Detail::Claim } else { Detail::Full },
                ..NodeView::from(view(99, "10.0.0.99"))
            };
            let entries: &[NodeView] = if (kind as u8).is_multiple_of(2) { &[own] } else { &[] };
            let bytes = packet(&sent, entries);
            let before = (net.node(0).sent_bytes, net.node(0).sent);
            let now = net.at();
            let from = gossip::types::Path::Packet(address(99));
            let _ = net.core(0).handle_packet(now, from, &bytes);
            net.drain(0);
            let grown = net.node(0).sent_bytes - before.0;
            out.push((kind, bytes.len(), grown));
            // A ping with our own entry comes with the answer to who is not proved yet.
            let asks = [MessageKind::Ping, MessageKind::Meet, MessageKind::Join];
            let ping = 75 * u64::from(asks.contains(&kind));
            assert!(grown <= 3 * bytes.len() as u64 + ping, "{kind:?} {wants}: {out:?}");
        }
    }
}

#[test]
fn every_bit_of_a_packet_may_be_turned_over() {
    let mut net = Net::formed(1, None, &packets(), 3);
    let digest = SyncPayload::Digest(gossip::types::Digest { prefix: None, hashes: [7; 16] });
    let sent = Header { nonce: 5, wire: 1, ..header(id(1), MessageKind::Ping, digest) };
    let entries = [
        NodeView::from(view(1, "10.0.0.1")),
        NodeView { detail: Detail::Claim, ..NodeView::from(view(2, "10.0.0.2")) },
        NodeView {
            status: NodeStatus::Suspect,
            apart: Apart::Stamp(MetadataStamp { bytes: 9, hash: 1 }),
            ..NodeView::from(view(77, "names.example"))
        },
    ];
    let good = packet(&sent, &entries);
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        net.inject(1, 0, Form::Packet, bytes);
    }
    for len in 0..good.len() {
        net.inject(1, 0, Form::Packet, good[..len].to_vec());
    }
    net.run(20_000);
    assert!(net.all_see_all(), "nobody honest was lost by it");
    let message: Message = binary::decode(&good).expect("a packet").to_message();
    assert_eq!(message.entries.len(), 3);
}
