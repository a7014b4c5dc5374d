//! Anti-entropy: hashes over buckets of the members, kept up to date as entries change (P-12).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::hash::{mix, shared_hash};
use super::table::Member;
use crate::types::{Digest, NodeId, NodeStatus};
use alloc::boxed::Box;

/// 256 leaves by the first byte of the shared hash of the ids; 16 of them make a bucket of the
/// top digest.
#[derive(Debug)]
pub(crate) struct Hashes {
    leaves: Box<[u32; 256]>,
}

impl Hashes {
    pub(crate) fn new() -> Self {
        Self { leaves: Box::new([0; 256]) }
    }

    /// Adds or takes away a member's part; call before and after each change of it.
    pub(crate) fn toggle(&mut self, member: &Member) {
        toggle(&mut self.leaves, member);
    }

    /// The digest of the whole id space.
    pub(crate) fn top(&self) -> Digest {
        let mut hashes = [0u32; 16];
        for (hash, leaves) in hashes.iter_mut().zip(self.leaves.chunks_exact(16)) {
            // Positions are mixed in, so that equal changes in two leaves do not cancel out.
            *hash = leaves.iter().fold(0, |fold, leaf| fold.rotate_left(5) ^ leaf);
        }
        Digest { prefix: None, hashes }
    }

    /// The leaves of one sixteenth.
    pub(crate) fn bucket(&self, prefix: u8) -> Digest {
        let mut hashes = [0; 16];
        let first = usize::from(prefix & 15) * 16;
        hashes.copy_from_slice(&self.leaves[first..first + 16]);
        Digest { prefix: Some(prefix & 15), hashes }
    }

    /// One bit for each of the 16 buckets in which `theirs` differs from ours.
    pub(crate) fn differing(&self, theirs: &Digest) -> u16 {
        let ours = match theirs.prefix {
            None => self.top(),
            Some(prefix) => self.bucket(prefix),
        };
        let pairs = ours.hashes.iter().zip(&theirs.hashes);
        pairs.enumerate().fold(0, |bits, (i, (a, b))| bits | (u16::from(a != b) << i))
    }
}

fn toggle(leaves: &mut [u32; 256], member: &Member) {
    if matches!(member.status(), NodeStatus::Online | NodeStatus::Suspect) {
        leaves[usize::from(leaf(&member.id()))] ^= part(member);
    }
}

/// The leaf that a node's id is in.
pub(crate) fn leaf(id: &NodeId) -> u8 {
    (shared_hash(id) >> 24) as u8
}

fn part(member: &Member) -> u32 {
    let id = u64::from(shared_hash(&member.id()));
    let config = member.config_heartbeat().get() ^ member.config_epoch().rotate_left(32);
    let hash = mix(id ^ 0x9e37_79b9_7f4a_7c15, config ^ 0xe703_7ed1_a0b4_28db);
    // Zero would hide a member.
    ((hash >> 32) as u32) | 1
}
