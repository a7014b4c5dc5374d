//! Bytes to messages and back: no socket, no clock, no thread.
//!
//! [`binary`] is our own form, [`json`] the text of libgossip 1.4.2, `bincode` one for Rust programs
//! that have it, and [`framing`] the length that stands before a text, and in a stream before all.
//! `docs/WIRE.md` tells of them byte by byte. A [`Serializer`] chooses between them, [`pack`] splits a
//! message into pieces to send, and [`intake`] turns the bytes that came into messages.
//!
//! Nothing here trusts a length that a peer gives. What is read is bounded by the input at hand and
//! by [`MAX_MESSAGE_BYTES`] and [`MAX_ENTRIES`], and takes at most 64 KiB more memory than the input.

pub mod binary;
#[cfg(feature = "bincode")]
pub mod bincode;
mod error;
#[cfg(feature = "json")]
mod format;
pub mod framing;
#[cfg(feature = "json")]
pub mod intake;
#[cfg(feature = "json")]
pub mod json;
mod kind;
#[cfg(feature = "json")]
pub mod pack;
#[cfg(any(feature = "json", feature = "bincode"))]
mod room;
mod scratch;
#[cfg(feature = "json")]
mod serializer;

use alloc::vec::Vec;

pub use error::Error;
#[cfg(feature = "json")]
pub use format::{Custom, Format};
pub use kind::{Kind, kind_of};
pub(crate) use scratch::Scratch;
#[cfg(feature = "json")]
pub use serializer::{Outgoing, Serializer};

/// The largest message in bytes, read or written, its length prefix not counted: 1 MiB.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The most entries of one message, read or written.
pub const MAX_ENTRIES: usize = 1024;

/// The longest address, role and region in bytes: what the C struct's arrays hold.
pub const MAX_TEXT_BYTES: usize = 63;

/// The size from which on a message is split into datagrams: an Ethernet frame without its headers,
/// with some room for tunnels. Larger datagrams are cut into pieces on the way, and one lost piece
/// loses all.
pub const DATAGRAM_BYTES: usize = 1400;

/// The largest datagram that is sent, for a single entry with much metadata: below UDP's own limit
/// of 65 507 and what libgossip 1.4.2 can read.
pub const LARGE_DATAGRAM_BYTES: usize = 60_000;

/// The size from which on a message is split into frames of a stream: libgossip 1.4.2 loses frames of
/// 64 KiB and more. A single entry with more than that goes in a frame of up to
/// [`MAX_MESSAGE_BYTES`].
pub const STREAM_FRAME_BYTES: usize = 60_000;

/// Runs a writer that appends a message to `out` and is told where it begins. Of one that fails
/// nothing stays.
fn append_all(
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let start = out.len();
    write(out, start).inspect_err(|_| out.truncate(start))
}

/// Whether the message that begins at `start` is within [`MAX_MESSAGE_BYTES`] so far.
fn check_length(out: &[u8], start: usize) -> Result<(), Error> {
    match out.len() - start {
        bytes if bytes > MAX_MESSAGE_BYTES => Err(Error::TooLarge(bytes)),
        _ => Ok(()),
    }
}
