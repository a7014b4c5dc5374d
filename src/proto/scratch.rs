//! Room for the entries of a message while it is read, used again and again.

use crate::types::Entry;
#[cfg(feature = "packets")]
use crate::wire::binary::TextRoom;
use alloc::vec::Vec;

/// The entries that room is kept for, 36 KB.
const KEPT_ENTRIES: usize = 256;

/// The room; empty between messages.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    entries: Vec<Entry<'static>>,
    #[cfg(feature = "packets")]
    pub(crate) texts: TextRoom,
}

impl Scratch {
    /// Takes the room for entries out; while it is out there is none.
    pub(crate) fn take_entries<'a>(&mut self) -> Vec<Entry<'a>> {
        core::mem::take(&mut self.entries)
    }

    /// Puts the room back, if it is not much.
    pub(crate) fn keep_entries(&mut self, mut entries: Vec<Entry<'_>>) {
        entries.clear();
        entries.shrink_to(KEPT_ENTRIES);
        // Collected in place: of none that borrow, as many that borrow nothing.
        self.entries = entries.into_iter().map(|_| Entry::default()).collect();
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
