//! The texts of packed addresses, which stand nowhere in a packet.

use super::address::{AddressText, TEXT_BYTES};
use alloc::vec::Vec;

/// Room for the texts of packed addresses while the entries are used that have them, to be used again
/// and again: at most 40 KiB.
#[derive(Debug, Default)]
pub struct TextRoom(Vec<u8>);

impl TextRoom {
    /// Room for so many texts.
    pub(super) fn take(&mut self, count: usize) -> &mut [u8] {
        let bytes = count * TEXT_BYTES;
        if self.0.len() < bytes {
            self.0.resize(bytes, 0);
        }
        &mut self.0
    }
}

/// Each text with its length before it, in the order of the entries. Those of a usual message find
/// room here; more are kept in one allocation of at most 40 KiB.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    inline: [u8; INLINE_BYTES],
    len: usize,
    more: Vec<u8>,
}

/// Fifteen IPv4 addresses, or six of IPv6.
const INLINE_BYTES: usize = 240;

impl Texts {
    pub(super) const fn new() -> Self {
        Self { inline: [0; INLINE_BYTES], len: 0, more: Vec::new() }
    }

    /// Takes a text of one of `entries` entries.
    pub(super) fn push(&mut self, text: &AddressText, entries: usize) {
        let text = text.as_bytes();
        debug_assert!(text.len() <= TEXT_BYTES, "no packed address has a longer text");
        let end = self.len + 1 + text.len();
        if let Some(place) = self.inline.get_mut(self.len..end).filter(|_| self.more.is_empty()) {
            place[0] = text.len() as u8;
            place[1..].copy_from_slice(text);
            self.len = end;
            return;
        }
        if self.more.is_empty() {
            self.more.reserve_exact(entries * (1 + TEXT_BYTES));
            self.more.extend_from_slice(&self.inline[..self.len]);
        }
        self.more.push(text.len() as u8);
        self.more.extend_from_slice(text);
    }

    /// The text that begins at `at`, and where the next one does.
    pub(super) fn get(&self, at: usize) -> Option<(&str, usize)> {
        let all = if self.more.is_empty() { &self.inline[..self.len] } else { &self.more };
        let (&len, rest) = all.get(at..)?.split_first()?;
        let text = core::str::from_utf8(rest.get(..usize::from(len))?).ok()?;
        Some((text, at + 1 + usize::from(len)))
    }
}
