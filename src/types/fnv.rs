//! FNV-1a, the hash that all nodes compute alike. It finds differences and keeps nobody out.

/// The hash of 32 bits.
pub(crate) fn hash_32(bytes: &[u8]) -> u32 {
    const OFFSET: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    bytes.iter().fold(OFFSET, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME))
}

/// The hash of 64 bits of no bytes.
pub(crate) const EMPTY_64: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of 64 bits.
pub(crate) fn hash_64(bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(EMPTY_64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}
