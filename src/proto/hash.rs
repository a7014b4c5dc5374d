//! Hashes of ids: one that all nodes agree on, one that nobody outside can foresee.

use crate::types::NodeId;

/// Where an id stands in the order that all nodes share (observers, digest buckets).
///
/// The low half of the id may hold a counter, so both halves are mixed well.
pub(crate) fn shared_hash(id: &NodeId) -> u32 {
    (fold(id, 0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03) >> 32) as u32
}

/// The hash for this node's own index; the key keeps peers from choosing ids that collide.
pub(crate) fn keyed_hash(id: &NodeId, key: u64) -> u64 {
    fold(id, key | 1, key.rotate_left(32) ^ 0xa076_1d64_78bd_642f)
}

fn fold(id: &NodeId, key_a: u64, key_b: u64) -> u64 {
    let bytes = id.as_bytes();
    let mut half = [0; 8];
    half.copy_from_slice(&bytes[..8]);
    let a = u64::from_le_bytes(half);
    half.copy_from_slice(&bytes[8..]);
    let b = u64::from_le_bytes(half);
    mix(mix(a ^ key_a, key_b) ^ b, key_a ^ 0xe703_7ed1_a0b4_28db)
}

/// Multiplies to 128 bits and folds the halves together.
pub(crate) const fn mix(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}
