//! Messages of every kind, for properties.

use gossip::types::{
    Apart, Detail, Digest, Header, Message, MessageKind, Metadata, MetadataPart, MetadataStamp,
    NodeId, NodeStatus, NodeView, SyncPayload,
};
use proptest::prelude::*;
use std::sync::Arc;

pub fn any_text() -> impl Strategy<Value = String> {
    let same = prop::sample::select(vec!["replica", "primary", "eu-west-1", "", "a"]);
    prop_oneof![
        same.prop_map(str::to_owned),
        "[ -~]{0,63}",
        "\\PC{0,15}",
        "[\\x00-\\x1f\"\\\\/]{0,20}",
    ]
}

pub fn any_address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<std::net::Ipv4Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string()),
        any::<std::net::Ipv6Addr>().prop_map(|address| address.to_string().to_uppercase()),
        "[0-9.:]{0,20}",
        any_text(),
    ]
}

/// A counter: those of a node, and any.
pub fn any_counter() -> impl Strategy<Value = u64> {
    prop_oneof![0..3_u64, 1_700_000_000_000..1_900_000_000_000_u64, any::<u64>()]
}

fn any_stamp() -> impl Strategy<Value = MetadataStamp> {
    (0..=Metadata::MAX_PACKED_BYTES as u32, any::<u64>())
        .prop_map(|(bytes, hash)| MetadataStamp { bytes, hash })
}

fn any_metadata() -> impl Strategy<Value = (Option<Arc<Metadata>>, Apart)> {
    let slice = prop::collection::vec(any::<u8>(), 0..=MetadataPart::SLICE_BYTES);
    let pairs = prop::collection::vec((any_text(), any_text()), 0..4);
    prop_oneof![
        Just((None, Apart::Unsaid)),
        any_stamp().prop_map(|stamp| (None, Apart::Stamp(stamp))),
        (any_stamp(), 0..=127_u8, slice).prop_map(|(s, i, b)| (None, Apart::Slice(s, i, b))),
        pairs.prop_map(|pairs| {
            let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            (Some(Arc::new(Metadata::from_pairs(pairs).expect("small"))), Apart::Unsaid)
        }),
    ]
}

/// An entry about one of four nodes or any.
pub fn any_entry() -> impl Strategy<Value = NodeView> {
    let id = prop_oneof![(0..4_u8).prop_map(|n| [n; 16]), any::<[u8; 16]>()];
    let texts = (any_address(), any_text(), any_text());
    let counters = (any_counter(), any_counter(), any_counter(), any_counter());
    let port = prop_oneof![0..=65_535_i32, any::<i32>()];
    let bits = any::<[bool; 2]>();
    (id, texts, counters, port, 0..6_u32, any_metadata(), bits).prop_map(
        |(id, texts, counters, port, status, (metadata, apart), [is_claim, reads_packets])| {
            let claim = NodeView {
                id: NodeId::new(id),
                config_epoch: counters.0,
                heartbeat: counters.1,
                config_heartbeat: counters.2,
                status: NodeStatus::from_raw(status).expect("0 to 5"),
                metadata,
                apart,
                detail: Detail::Claim,
                ..NodeView::default()
            };
            if is_claim {
                return claim;
            }
            NodeView {
                ip: texts.0,
                role: texts.1,
                region: texts.2,
                port,
                version: counters.3,
                detail: Detail::Full,
                reads_packets,
                ..claim
            }
        },
    )
}

fn any_sync() -> impl Strategy<Value = SyncPayload> {
    prop_oneof![
        Just(SyncPayload::None),
        (any::<Option<u8>>(), any::<[u32; 16]>())
            .prop_map(|(prefix, hashes)| SyncPayload::Digest(Digest { prefix, hashes })),
        (any::<u8>(), any::<u16>())
            .prop_map(|(prefix, buckets)| SyncPayload::Request { prefix, buckets }),
        (any::<[u8; 16]>(), any_stamp(), any::<u128>()).prop_map(|(id, stamp, parts)| {
            SyncPayload::Metadata { id: NodeId::new(id), stamp, parts }
        }),
    ]
}

pub fn any_header() -> impl Strategy<Value = Header> {
    let small = (0..10_u32, any::<u32>(), any::<u8>(), any::<bool>(), any::<u32>());
    let nonce = prop_oneof![Just(0), any::<u64>()];
    ((0..5_u8).prop_map(|n| [n; 16]), small, any_counter(), nonce, any_sync()).prop_map(
        |(sender, (kind, interval_us, wire, wants, cluster), timestamp, nonce, sync)| Header {
            cluster: if cluster % 2 == 0 { 0 } else { cluster },
            sender: NodeId::new(sender),
            kind: MessageKind::from_raw(kind).expect("0 to 9"),
            timestamp,
            nonce,
            interval_us: interval_us >> (interval_us % 32),
            sync,
            wire,
            wants,
        },
    )
}

pub fn any_message() -> impl Strategy<Value = Message> {
    let entries = prop::collection::vec(any_entry(), 0..8);
    (any_header(), entries, any::<bool>()).prop_map(|(mut header, entries, usual)| {
        let own = entries.iter().find(|entry| entry.id == header.sender);
        if let Some(own) = own.filter(|_| usual) {
            header.timestamp = own.heartbeat.wrapping_sub(1);
        }
        Message { header, entries }
    })
}
