//! Reading a packet in one pass gives what checking and reading it gives.

use gossip::types::{
    Detail, Entry, Header, MessageKind, Metadata, NodeId, NodeStatus, NodeView, SyncPayload,
};
use gossip::wire::binary::{TextRoom, decode, decode_into, encode};
use proptest::prelude::*;
use std::sync::Arc;

fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
        any::<[u8; 16]>().prop_map(|octets| std::net::Ipv6Addr::from(octets).to_string()),
        "[a-z.]{0,20}",
    ]
}

fn node() -> impl Strategy<Value = NodeView> {
    let claim = (0..4_u8, any::<u64>(), 0..6_u32, any::<bool>());
    let texts = (address(), any::<i32>(), "[ab]{0,2}", "[ab]{0,30}", any::<bool>());
    (claim, texts).prop_map(|((id, heartbeat, status, full), (ip, port, role, region, tells))| {
        let mut metadata = Metadata::new();
        metadata.insert("k", &region).expect("short");
        let claim = NodeView {
            id: NodeId::new([id; 16]),
            heartbeat,
            status: NodeStatus::from_raw(status).expect("six of them"),
            metadata: tells.then(|| Arc::new(metadata)),
            detail: Detail::Claim,
            ..NodeView::default()
        };
        if full {
            NodeView { ip, port, role, region, detail: Detail::Full, ..claim }
        } else {
            claim
        }
    })
}

/// Both ways of reading; `None` for an error, which is the same then.
fn read(bytes: &[u8], room: &mut TextRoom) -> Option<(Header, Vec<NodeView>)> {
    let before = [Entry::default()];
    let mut entries: Vec<Entry<'_>> = before.to_vec();
    let direct = decode_into(bytes, room, &mut entries);
    assert_eq!(entries[0], before[0]);
    match decode(bytes) {
        Ok(packet) => {
            assert_eq!(direct.as_ref(), Ok(&packet.header));
            // Packed metadata is compared by what it says.
            let checked: Vec<NodeView> = packet.entries().map(NodeView::from).collect();
            let direct: Vec<NodeView> = entries[1..].iter().map(|&entry| entry.into()).collect();
            assert_eq!(direct, checked);
            Some((packet.header, checked))
        }
        Err(error) => {
            assert_eq!(direct, Err(error));
            assert_eq!(entries.len(), 1);
            None
        }
    }
}

proptest! {
    #[test]
    fn one_pass_reads_what_two_do(
        nodes in prop::collection::vec(node(), 0..40),
        nonce: u64,
        wrong in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut: prop::sample::Index,
    ) {
        let header = Header {
            sender: NodeId::new([1; 16]),
            kind: MessageKind::Ping,
            nonce,
            sync: SyncPayload::None,
            ..Header::default()
        };
        let mut bytes = Vec::new();
        encode(&header, nodes.iter().map(NodeView::as_entry), &mut bytes).expect("small");
        let mut room = TextRoom::default();
        let whole = read(&bytes, &mut room).expect("a packet");
        prop_assert_eq!(whole.1, nodes);
        read(&bytes[..cut.index(bytes.len())], &mut room);
        for (at, value) in wrong {
            let at = at.index(bytes.len());
            bytes[at] = value;
            read(&bytes, &mut room);
        }
    }
}
