//! Writing what is short.

use crate::types::{Entry, varint};
use alloc::vec::Vec;

/// The longest start of an entry: a byte, an id and three numbers.
pub(super) const CLAIM_BYTES: usize = 1 + 16 + 3 * varint::MAX_BYTES;

/// That of a full one: a byte, two numbers and an address more. A header takes less.
pub(super) const FULL_BYTES: usize = CLAIM_BYTES + 1 + 2 * varint::MAX_BYTES + 16;

/// Numbers that are written one after the other into room at the end of a buffer. (Put together
/// elsewhere and copied, they would have to wait until each of them has arrived in memory.)
pub(super) struct Short<'o> {
    out: &'o mut Vec<u8>,
    /// Where the next one goes.
    pub(super) at: usize,
}

impl<'o> Short<'o> {
    /// Makes room for `N` bytes.
    #[inline(always)]
    pub(super) fn with_room<const N: usize>(out: &'o mut Vec<u8>) -> Self {
        let at = out.len();
        out.extend_from_slice(&[0; N]);
        Self { out, at }
    }

    /// Gives back the room that was not needed.
    #[inline(always)]
    pub(super) fn end(self) {
        self.out.truncate(self.at);
    }

    #[inline(always)]
    pub(super) fn put<const M: usize>(&mut self, bytes: [u8; M]) {
        debug_assert!(self.at + M <= self.out.len(), "there is room for every field");
        if let Some(place) = self.out.get_mut(self.at..self.at + M) {
            place.copy_from_slice(&bytes);
            self.at += M;
        }
    }

    #[inline(always)]
    pub(super) fn varint(&mut self, value: u64) {
        if value < 0x80 {
            return self.put([value as u8]);
        }
        let (bytes, len) = varint::spread(value);
        debug_assert!(self.at + bytes.len() <= self.out.len(), "there is room for every number");
        // All of it is written, what is behind the number too, and overwritten by what comes next.
        if let Some(place) = self.out.get_mut(self.at..self.at + bytes.len()) {
            place.copy_from_slice(&bytes);
            self.at += len;
        }
    }

    /// Writes id, heartbeat and which configuration goes with them.
    #[inline(always)]
    pub(super) fn claim(&mut self, entry: &Entry<'_>, is_own: bool) {
        if !is_own {
            self.put(*entry.id.as_bytes());
        }
        self.varint(entry.heartbeat);
        self.varint(entry.config_epoch);
        self.varint(entry.heartbeat.wrapping_sub(entry.config_heartbeat));
    }
}
