//! Hashes of ids: one that all nodes agree on, one that nobody outside can foresee.

use crate::types::NodeId;
use core::hash::Hasher;
use siphasher::sip::SipHasher24;

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

/// The code in a nonce (P-7b): SipHash of an id and a time, with this node's secret key. Never 0.
pub(crate) fn code(key: (u64, u64), id: &NodeId, time: u32) -> u32 {
    let mut hasher = SipHasher24::new_with_keys(key.0, key.1);
    hasher.write(id.as_bytes());
    hasher.write(&time.to_le_bytes());
    hasher.finish() as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(deprecated, reason = "core's hasher is the second opinion")]
    fn the_code_is_siphash_2_4_of_id_and_time() {
        for (key, byte, time) in
            [((0, 0), 0, 0), ((1, u64::MAX), 7, 1), ((1 << 63, 5), 255, u32::MAX)]
        {
            let id = NodeId::new([byte; 16]);
            let mut hasher = core::hash::SipHasher::new_with_keys(key.0, key.1);
            hasher.write(id.as_bytes());
            hasher.write(&time.to_le_bytes());
            assert_eq!(code(key, &id, time), hasher.finish() as u32 | 1, "{key:?}");
        }
    }
}
