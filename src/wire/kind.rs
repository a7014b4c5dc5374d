//! Which form bytes have, told by the first of them.

use super::binary;

/// The first byte of the bincode form: like that of a packet, no text in UTF-8 has it.
pub(super) const BINCODE_MAGIC: u8 = 0xc0;

/// A form of messages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// The text of libgossip 1.4.2, or frames of it.
    Json,
    /// Our own packets.
    Binary,
    /// bincode's bytes behind a byte of ours.
    Bincode,
    /// None of them.
    Unknown,
}

/// Tells the form of a datagram, or of what stood in a frame, by its first byte.
///
/// Only a form that the bytes can be in is told; they may be wrong further on. Nothing at all is of
/// no form.
///
/// ```
/// use gossip::wire::{Kind, kind_of};
/// assert_eq!(kind_of(b"\x00\x00\x00\x02{}"), Kind::Json);
/// assert_eq!(kind_of(b" {}"), Kind::Json);
/// assert_eq!(kind_of(b"\xc1\x01"), Kind::Binary);
/// assert_eq!(kind_of(b"GET /"), Kind::Unknown);
/// ```
#[must_use]
pub fn kind_of(bytes: &[u8]) -> Kind {
    match bytes.first() {
        Some(_) if binary::is_packet(bytes) => Kind::Binary,
        Some(&BINCODE_MAGIC) => Kind::Bincode,
        // A frame's length begins with a zero, since it is at most 1 MiB.
        Some(0) => Kind::Json,
        Some(b' ' | b'\t' | b'\n' | b'\r' | b'{' | b'[' | b'"' | b'-' | b'0'..=b'9') => Kind::Json,
        Some(b'n' | b't' | b'f') => Kind::Json,
        Some(0xef) if bytes.starts_with(b"\xef\xbb\xbf") => Kind::Json,
        _ => Kind::Unknown,
    }
}
