//! Bytes to messages and back: no socket, no clock, no thread.
//!
//! [`binary`] is our own form, [`json`] the text of libgossip 1.4.2, `bincode` one for Rust programs
//! that have it, and [`framing`] the length that stands before a text, and in a stream before all.
//! `docs/WIRE.md` tells of them byte by byte.
//!
//! Nothing here trusts a length that a peer gives. What is read is bounded by the input at hand and
//! by [`MAX_MESSAGE_BYTES`] and [`MAX_ENTRIES`], and takes at most 64 KiB more memory than the input.

pub mod binary;
#[cfg(feature = "bincode")]
pub mod bincode;
mod error;
pub mod framing;
#[cfg(feature = "json")]
pub mod json;
mod kind;
#[cfg(any(feature = "json", feature = "bincode"))]
mod room;

pub use error::Error;
pub use kind::{Kind, kind_of};

/// The largest message in bytes, read or written, its length prefix not counted: 1 MiB.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The most entries of one message, read or written.
pub const MAX_ENTRIES: usize = 1024;

/// The longest address, role and region in bytes: what the C struct's arrays hold.
pub const MAX_TEXT_BYTES: usize = 63;
