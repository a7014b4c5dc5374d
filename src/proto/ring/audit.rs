//! A look for the recount of the table.

use super::{Ring, Slot};

impl Ring {
    /// Whether a member has a place.
    pub(crate) fn contains(&self, slot: Slot) -> bool {
        let place = self.places.get(slot.0 as usize);
        place.and_then(|&place| self.slots.get(place as usize)) == Some(&slot)
    }
}
