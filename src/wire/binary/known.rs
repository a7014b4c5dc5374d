//! Texts that need not be written again.

use crate::types::varint;

/// Where some texts of the packet stand: the last few that were written out.
pub(super) struct KnownTexts {
    places: [u32; Self::PLACES],
    count: usize,
}

impl KnownTexts {
    /// Two texts of each of the entries that fit a datagram, if they all differ, need more; but
    /// then there is little to save.
    const PLACES: usize = 16;

    pub(super) const fn new() -> Self {
        Self { places: [0; Self::PLACES], count: 0 }
    }

    /// The place of a text, if telling it takes less than the text.
    #[inline]
    pub(super) fn find(&self, text: &str, packet: &[u8]) -> Option<u32> {
        let places = self.places.get(..self.count.min(Self::PLACES)).unwrap_or_default();
        places.iter().copied().find(|&place| {
            let there = packet.get(place as usize..).and_then(<[u8]>::split_first);
            there.is_some_and(|(&len, rest)| {
                usize::from(len) == text.len()
                    && rest.starts_with(text.as_bytes())
                    && varint::len(place.into()) <= text.len()
            })
        })
    }

    pub(super) fn add(&mut self, text: &str, place: usize) {
        if !text.is_empty() {
            debug_assert!(u32::try_from(place).is_ok(), "a message of 1 MiB has 32-bit places");
            self.places[self.count % Self::PLACES] = place as u32;
            self.count += 1;
        }
    }
}
