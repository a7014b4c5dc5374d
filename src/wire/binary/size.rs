//! What a packet takes, without writing it.

use super::address;
use super::layout::HEAD_BYTES;
use crate::types::{Detail, Entry, Header, MetadataPart, SyncPayload, varint};

/// The bytes of a stamp besides its length: the hash.
const STAMP_HASH_BYTES: usize = 8;

/// At most what an entry takes in a packet; `is_senders_own` if its id is that of the sender.
///
/// It is what the entry takes if its role and region stand nowhere before it in the packet and its
/// address is not packed to 16 bytes; so it is a few bytes too much, never one too little.
#[must_use]
pub fn entry_bytes(entry: &Entry<'_>, is_senders_own: bool) -> usize {
    let id = if is_senders_own { 0 } else { 16 };
    let claim = varint::len(entry.heartbeat)
        + varint::len(entry.config_epoch)
        + varint::len(entry.heartbeat.wrapping_sub(entry.config_heartbeat));
    let full = match entry.detail {
        Detail::Claim => 0,
        Detail::Full => full_bytes(entry),
    };
    1 + id + claim + full + metadata_bytes(&entry.metadata)
}

fn full_bytes(entry: &Entry<'_>) -> usize {
    let shape = 1;
    let ip = if address::parse_v4(entry.ip).is_some() { 4 } else { 1 + entry.ip.len() };
    let port = match u16::try_from(entry.port) {
        Ok(_) => 2,
        Err(_) => varint::len(zigzag(entry.port)),
    };
    let texts = 1 + entry.role.len() + 1 + entry.region.len();
    shape + varint::len(entry.version) + ip + port + texts
}

fn metadata_bytes(metadata: &MetadataPart<'_>) -> usize {
    let with_length = |bytes: usize| varint::len(bytes as u64) + bytes;
    match metadata {
        MetadataPart::Unsaid => 0,
        MetadataPart::Held(held) => 1 + with_length(held.packed().len()),
        MetadataPart::Packed(packed) => 1 + with_length(packed.bytes().len()),
        MetadataPart::Apart(stamp) => 1 + varint::len(stamp.bytes.into()) + STAMP_HASH_BYTES,
        MetadataPart::Slice { stamp, bytes, .. } => {
            let stamp = varint::len(stamp.bytes.into()) + STAMP_HASH_BYTES;
            1 + stamp + 1 + with_length(bytes.len())
        }
    }
}

/// At most what a packet with this header and no entries takes.
#[must_use]
pub fn header_bytes(header: &Header) -> usize {
    let label = 4;
    let nonce = if header.nonce == 0 { 0 } else { 8 };
    let interval = if header.interval_us == 0 { 0 } else { varint::len(header.interval_us.into()) };
    let wire = usize::from(header.wire > super::VERSION);
    let sync = match header.sync {
        SyncPayload::None => 0,
        SyncPayload::Digest(digest) => 1 + usize::from(digest.prefix.is_some()) + 64,
        SyncPayload::Request { .. } => 1 + 1 + 2,
        SyncPayload::Metadata { stamp, .. } => {
            1 + 16 + varint::len(stamp.bytes.into()) + STAMP_HASH_BYTES + 16
        }
    };
    HEAD_BYTES + label + nonce + interval + wire + sync + varint::len(header.timestamp)
}

/// Numbers near zero, of either sign, as small ones.
pub(super) const fn zigzag(value: i32) -> u64 {
    ((value << 1) ^ (value >> 31)) as u32 as u64
}

/// What [`zigzag`] was made of; `None` if it was made of nothing.
pub(super) fn unzigzag(value: u64) -> Option<i32> {
    let value = u32::try_from(value).ok()?;
    Some((value >> 1) as i32 ^ -((value & 1) as i32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_is_undone() {
        for (number, small) in [(0, 0), (-1, 1), (1, 2), (-2, 3)] {
            assert_eq!(zigzag(number), small);
        }
        for number in [0, -1, 1, 65536, -65536, i32::MAX, i32::MIN] {
            assert_eq!(unzigzag(zigzag(number)), Some(number));
        }
        assert_eq!(unzigzag(1 << 32), None);
    }
}
