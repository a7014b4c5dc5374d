//! What a carrier takes of a message, and how nodes are addressed and described.

use gossip::types::{Header, NodeId, NodeStatus, NodeView, SyncPayload};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// What of a header a C struct has fields for.
pub fn as_struct(header: Header) -> Header {
    Header { nonce: 0, interval_us: 0, sync: SyncPayload::None, ..header }
}

/// What of an entry a C struct has fields for.
pub fn strip(entry: &mut NodeView) {
    entry.metadata = None;
    entry.config_heartbeat = 0;
    if entry.status == NodeStatus::Left {
        entry.status = NodeStatus::Failed;
    }
}

/// The address of a node after it moved that often.
pub fn address_of(index: usize, moves: u8) -> SocketAddr {
    let ip = Ipv4Addr::new(10, moves, (index / 250) as u8, (index % 250) as u8 + 1);
    SocketAddr::new(IpAddr::V4(ip), 7946)
}

/// The node that such an address is for, if it is one of [`address_of`].
pub fn index_of(address: SocketAddr) -> Option<usize> {
    let IpAddr::V4(ip) = address.ip() else { return None };
    let [ten, _, high, low] = ip.octets();
    (ten == 10 && low > 0).then(|| usize::from(high) * 250 + usize::from(low) - 1)
}

/// A node as a program describes it.
pub fn view(id: NodeId, address: SocketAddr) -> NodeView {
    NodeView {
        id,
        ip: address.ip().to_string(),
        port: i32::from(address.port()),
        role: "node".into(),
        region: "sim".into(),
        ..NodeView::default()
    }
}
