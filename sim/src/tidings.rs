//! What a program is told of a node, and hashes of what entries say.

use gossip::types::{Entry, NodeId, NodeStatus};
use std::net::SocketAddr;

/// What a program is told of a node.
#[derive(Clone, Copy, Debug)]
pub struct Tidings {
    /// Of whom.
    pub id: NodeId,
    /// Its heartbeat now.
    pub heartbeat: u64,
    /// Its status now.
    pub status: NodeStatus,
    /// Its status before.
    pub old: NodeStatus,
    /// Where it is, from peers that know no ids.
    pub at: Option<SocketAddr>,
    /// A hash of its address.
    pub address: u64,
    /// A hash of all of its configuration.
    pub configuration: u64,
}

/// A hash of the address that an entry tells.
pub(crate) fn address_hash(entry: &Entry<'_>) -> u64 {
    let mut hash = Trace::default();
    hash.bytes(entry.ip.as_bytes());
    hash.number(entry.port as u64);
    hash.0
}

/// A hash of all of the configuration part that an event tells of.
pub(crate) fn configuration_hash(entry: &Entry<'_>) -> u64 {
    let mut hash = Trace(address_hash(entry));
    hash.bytes(entry.role.as_bytes());
    hash.bytes(entry.region.as_bytes());
    for (key, value) in entry.metadata.pairs().into_iter().flatten() {
        hash.bytes(key.as_bytes());
        hash.bytes(value.as_bytes());
    }
    hash.0
}

/// A hash of everything that happened, in order (FNV-1a over 64-bit words).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trace(pub u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Trace {
    /// Adds a number.
    pub const fn number(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    /// Adds bytes and their count.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for part in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..part.len()].copy_from_slice(part);
            self.number(u64::from_le_bytes(word));
        }
    }
}
