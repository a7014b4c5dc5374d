//! The length prefix of libgossip 1.4.2: four bytes, big-endian, then that many bytes of text.
//!
//! A datagram holds one frame or several, and what is left over at its end is dropped
//! ([`frames`]). A stream holds frames without end, cut anywhere ([`FrameReader`]).

use super::{Error, MAX_MESSAGE_BYTES};
use alloc::vec::Vec;

/// The bytes of the length prefix.
pub const PREFIX_BYTES: usize = 4;

/// The frames of one datagram, without their prefixes. An incomplete last frame is left out.
///
/// ```
/// let datagram = b"\0\0\0\x02{}\0\0\0\x02{}\0\0";
/// assert_eq!(gossip::wire::framing::frames(datagram).count(), 2);
/// ```
pub fn frames(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    core::iter::from_fn(move || {
        let (prefix, tail) = rest.split_first_chunk::<PREFIX_BYTES>()?;
        let (frame, tail) = tail.split_at_checked(length(*prefix))?;
        rest = tail;
        Some(frame)
    })
}

/// Starts a frame at the end of `out`; [`end_frame`] takes the place it returns.
#[must_use]
pub fn begin_frame(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; PREFIX_BYTES]);
    out.len()
}

/// Ends the frame that began at `start`: writes the number of bytes since then before them.
///
/// # Errors
/// [`Error::TooLarge`]; the prefix stays zero then.
pub fn end_frame(out: &mut [u8], start: usize) -> Result<(), Error> {
    let bytes = out.len().saturating_sub(start);
    if bytes > MAX_MESSAGE_BYTES {
        return Err(Error::TooLarge(bytes));
    }
    let prefix = u32::try_from(bytes).map_err(|_| Error::TooLarge(bytes))?.to_be_bytes();
    if let Some(place) = out.get_mut(start.wrapping_sub(PREFIX_BYTES)..start) {
        place.copy_from_slice(&prefix);
    }
    Ok(())
}

fn length(prefix: [u8; PREFIX_BYTES]) -> usize {
    usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX)
}

/// Puts the frames of a stream together again, wherever it was cut.
///
/// Holds the bytes that came and no more: a length that a peer announces reserves nothing.
#[derive(Debug, Default)]
pub struct FrameReader {
    bytes: Vec<u8>,
    /// Where in `bytes` the next frame begins.
    start: usize,
}

impl FrameReader {
    /// The room that stays reserved once what was held is used up.
    const KEPT_BYTES: usize = 16 * 1024;

    /// Takes what the stream gave.
    pub fn push(&mut self, bytes: &[u8]) {
        self.discard_used();
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete frame, without its prefix; `None` until more bytes come.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when a frame of more than [`MAX_MESSAGE_BYTES`] is announced. It stays:
    /// the stream cannot be read on.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, Error> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some((prefix, tail)) = rest.split_first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let bytes = length(*prefix);
        if bytes > MAX_MESSAGE_BYTES {
            return Err(Error::TooLarge(bytes));
        }
        let Some(frame) = tail.get(..bytes) else {
            return Ok(None);
        };
        self.start += PREFIX_BYTES + bytes;
        debug_assert!(self.start <= self.bytes.len(), "a frame ends where the bytes do at most");
        Ok(Some(frame))
    }

    /// The bytes held that no frame has used yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.bytes.len().saturating_sub(self.start)
    }

    /// The room that is reserved, in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Moves what is unused to the front, and gives back the room of a large frame that is done.
    fn discard_used(&mut self) {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
        if self.bytes.is_empty() {
            self.bytes.shrink_to(Self::KEPT_BYTES);
        }
    }
}
