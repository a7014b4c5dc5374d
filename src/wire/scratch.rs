//! Room for the entries of a message while it is read or written, used again and again.

#[cfg(any(feature = "packets", feature = "json"))]
use super::binary::TextRoom;
use crate::types::Entry;
use alloc::vec::Vec;

/// The entries that room is kept for, 36 KB.
const KEPT_ENTRIES: usize = 256;

/// The room; empty between messages.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    entries: Vec<Entry<'static>>,
    #[cfg(any(feature = "packets", feature = "json"))]
    pub(crate) texts: TextRoom,
}

impl Scratch {
    /// Takes the room for entries out; while it is out there is none.
    pub(crate) fn take_entries<'a>(&mut self) -> Vec<Entry<'a>> {
        debug_assert!(self.entries.is_empty(), "the room is empty between messages");
        core::mem::take(&mut self.entries)
    }

    /// Puts the room back, if it is not much.
    pub(crate) fn keep_entries(&mut self, entries: Vec<Entry<'_>>) {
        self.entries = Self::recycle(entries);
    }

    /// Runs `body` with some entries in a row.
    #[cfg(feature = "json")]
    pub(crate) fn with<'a, R>(
        &mut self,
        entries: impl Iterator<Item = Entry<'a>>,
        body: impl FnOnce(&[Entry<'a>]) -> R,
    ) -> R {
        let mut all = self.take_entries();
        all.extend(entries);
        let result = body(&all);
        self.keep_entries(all);
        result
    }

    /// Empties a vector and keeps its memory, if it is not much.
    pub(crate) fn recycle(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'static>> {
        entries.clear();
        entries.shrink_to(KEPT_ENTRIES);
        // Collected in place: of none that borrow, as many that borrow nothing.
        entries.into_iter().map(|_| Entry::default()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_is_used_again_unless_it_is_much() {
        let mut scratch = Scratch::default();
        let mut room = scratch.take_entries();
        room.extend([Entry::default(); 20]);
        let place = room.as_ptr();
        scratch.keep_entries(room);
        let mut room = scratch.take_entries();
        assert!(room.is_empty() && room.capacity() >= 20 && room.as_ptr() == place);
        room.extend([Entry::default(); 4 * KEPT_ENTRIES]);
        scratch.keep_entries(room);
        assert!(scratch.take_entries().capacity() <= KEPT_ENTRIES);
    }
}
