//! Bytes to messages and back: no socket, no clock, no thread.
//!
//! [`binary`] is our own form, [`json`] the text of libgossip 1.4.2, and [`framing`] the length that
//! stands before a text, and in a stream before all. Nothing here trusts a length that a peer gives:
//! what is read is bounded by the input at hand and by [`MAX_MESSAGE_BYTES`] and [`MAX_ENTRIES`].

pub mod binary;
mod error;
pub mod framing;
#[cfg(feature = "json")]
pub mod json;

pub use error::Error;

/// The largest message in bytes, read or written, its length prefix not counted: 1 MiB.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// The most entries of one message, read or written.
pub const MAX_ENTRIES: usize = 1024;

/// The longest address, role and region in bytes: what the C struct's arrays hold.
pub const MAX_TEXT_BYTES: usize = 63;
