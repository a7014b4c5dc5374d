//! Whom to probe next: a ring that is shuffled as it is walked (P-6, SWIM 4.3).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::table::{Slot, grow};
use alloc::vec::Vec;
use rand::{Rng, RngExt};

/// The live members in a random order.
///
/// Invariant: `places` has the place in `slots` of each slot that is there; what stands before
/// `cursor` was visited in this walk.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    slots: Vec<Slot>,
    /// Apart from the members, so that a step touches none but the one that it gives.
    places: Vec<u32>,
    cursor: usize,
}

impl Ring {
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// A newcomer gets a random place, so that not everybody probes it next.
    pub(crate) fn insert(&mut self, slot: Slot, rng: &mut impl Rng) {
        grow(&mut self.slots);
        self.slots.push(slot);
        while self.places.len() <= slot.0 as usize {
            grow(&mut self.places);
            self.places.push(0);
        }
        let last = self.slots.len() - 1;
        self.swap(last, rng.random_range(0..=last));
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        let mut place = self.places[slot.0 as usize] as usize;
        if place < self.cursor {
            // The gap moves to the border first, so that no visited one is visited again.
            self.cursor -= 1;
            self.swap(place, self.cursor);
            place = self.cursor;
        }
        self.swap(place, self.slots.len() - 1);
        self.slots.pop();
    }

    /// The next member of the walk, in one step.
    pub(crate) fn step(&mut self, rng: &mut impl Rng) -> Option<Slot> {
        if self.slots.is_empty() {
            return None;
        }
        if self.cursor >= self.slots.len() {
            self.cursor = 0;
        }
        let place = rng.random_range(self.cursor..self.slots.len());
        self.swap(self.cursor, place);
        self.cursor += 1;
        Some(self.slots[self.cursor - 1])
    }

    /// The first member from a random place on that is wanted, if a bounded number of looks finds one.
    pub(crate) fn random(
        &self,
        rng: &mut impl Rng,
        looks: usize,
        wanted: impl Fn(Slot) -> bool,
    ) -> Option<Slot> {
        self.around(rng).take(looks).find(|&slot| wanted(slot))
    }

    /// All members, from a random place on.
    pub(crate) fn around(&self, rng: &mut impl Rng) -> impl Iterator<Item = Slot> {
        let len = self.slots.len();
        let start = if len == 0 { 0 } else { rng.random_range(0..len) };
        self.slots[start..].iter().chain(&self.slots[..start]).copied()
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.slots.swap(a, b);
        for place in [a, b] {
            self.places[self.slots[place].0 as usize] = place as u32;
        }
    }
}
