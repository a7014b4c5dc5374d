//! The model's packets: short ones, since only their number and size are compared.

use gossip::types::{NodeId, NodeStatus};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Kind {
    Ping,
    Ack,
    PingReq,
    Nack,
    Gossip,
    Push,
    Pull,
}

/// What is said of a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct News {
    pub(super) id: NodeId,
    pub(super) address: SocketAddr,
    pub(super) incarnation: u32,
    pub(super) status: NodeStatus,
    /// Who says so, for a suspicion or a failure.
    pub(super) from: NodeId,
}

/// Bytes of one claim.
pub(super) const ENTRY_BYTES: usize = 16 + 6 + 4 + 1 + 16;

pub(super) fn put(
    bytes: &mut Vec<u8>,
    kind: Kind,
    number: u32,
    about: Option<NodeId>,
    news: &[News],
) {
    bytes.push(kind as u8);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(about.unwrap_or_default().as_bytes());
    for News { id, address, incarnation, status, from } in news {
        bytes.extend_from_slice(id.as_bytes());
        if let IpAddr::V4(ip) = address.ip() {
            bytes.extend_from_slice(&ip.octets());
        }
        bytes.extend_from_slice(&address.port().to_le_bytes());
        bytes.extend_from_slice(&incarnation.to_le_bytes());
        bytes.push(*status as u8);
        bytes.extend_from_slice(from.as_bytes());
    }
}

pub(super) fn id_at(bytes: &[u8]) -> Option<NodeId> {
    Some(NodeId::new(bytes.get(..16)?.try_into().ok()?))
}

pub(super) fn news_at(bytes: &[u8]) -> Option<News> {
    let octets: [u8; 4] = bytes.get(16..20)?.try_into().ok()?;
    let port = u16::from_le_bytes(bytes.get(20..22)?.try_into().ok()?);
    let statuses = [NodeStatus::Online, NodeStatus::Suspect, NodeStatus::Failed, NodeStatus::Left];
    let status = statuses.into_iter().find(|status| *status as u8 == bytes[26])?;
    Some(News {
        id: id_at(bytes)?,
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::from(octets)), port),
        incarnation: u32::from_le_bytes(bytes.get(22..26)?.try_into().ok()?),
        status,
        from: id_at(&bytes[27..])?,
    })
}
