//! Our own form: a packet, small enough that six claims and a probe take less than 200 bytes.
//!
//! `docs/WIRE.md` tells of it byte by byte. In short: a head of 22 bytes (magic byte, version,
//! flags, number of entries and kind, sender), what the flags say, the entries. Numbers are
//! [`varint`](crate::types::varint)s. An entry is a claim alone or has the configuration too; the
//! sender's own does not repeat its id, an address takes 4 or 16 bytes where its text can be had
//! back from them, and a role or region that stands in the packet already is told by its place.
//!
//! Writing appends to a buffer. Reading checks the whole packet once; then entries are read out of
//! its bytes as often as they are asked for, and nothing is copied.

mod address;
mod decode;
mod encode;
mod entry;
mod known;
mod layout;
mod reader;
mod short;
mod size;
mod texts;

use crate::types::fnv;

pub(crate) use address::{parse_v4, v4_text};
pub use decode::{Entries, Packet, decode, decode_into};
pub use encode::encode;
pub use size::{entry_bytes, header_bytes};
pub use texts::TextRoom;

/// The version that is written, and the highest that is known here.
///
/// The upper four bits of a version's number are its first half, the lower four its second. All
/// versions with the same first half can be read by whoever reads one of them: a later one says
/// new things where an earlier reader need not look, or sets a flag that stops it.
pub const VERSION: u8 = 1;

/// The hash of a cluster's name, which its packets carry as a label; 0 for an empty name, which is
/// none, and never 0 for another.
///
/// FNV-1a with 32 bits. It keeps clusters apart that meet by mistake; it keeps nobody out.
///
/// ```
/// use gossip::wire::binary::cluster_hash;
/// assert_eq!(cluster_hash(""), 0);
/// assert_eq!(cluster_hash("blue"), 0x82fb_f5cd);
/// ```
#[must_use]
pub fn cluster_hash(name: &str) -> u32 {
    if name.is_empty() {
        return 0;
    }
    fnv::hash_32(name.as_bytes()).max(1)
}

/// Whether some bytes begin as a packet does; no JSON text, no frame and no other form begins so.
#[must_use]
pub fn is_packet(bytes: &[u8]) -> bool {
    bytes.first() == Some(&layout::MAGIC)
}
