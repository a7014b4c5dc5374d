//! Whom to probe next: a ring that is shuffled as it is walked (P-6, SWIM 4.3).

use super::member::Slot;
use super::members::{Members, grow};
use alloc::vec::Vec;
use rand::{Rng, RngExt};

/// The live members in a random order.
///
/// Invariant: a member's `grave.prev` is its place here; what stands before `cursor` was visited
/// in this walk.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    slots: Vec<Slot>,
    cursor: usize,
}

impl Ring {
    pub(crate) const fn len(&self) -> usize {
        self.slots.len()
    }

    /// A newcomer gets a random place, so that not everybody probes it next.
    pub(crate) fn insert(&mut self, slot: Slot, members: &mut Members, rng: &mut impl Rng) {
        grow(&mut self.slots);
        self.slots.push(slot);
        let last = self.slots.len() - 1;
        members[slot].grave.prev = Slot(last as u32);
        self.swap(last, rng.random_range(0..=last), members);
    }

    pub(crate) fn remove(&mut self, slot: Slot, members: &mut Members) {
        let mut place = members[slot].grave.prev.0 as usize;
        if place < self.cursor {
            // The gap moves to the border first, so that no visited one is visited again.
            self.cursor -= 1;
            self.swap(place, self.cursor, members);
            place = self.cursor;
        }
        self.swap(place, self.slots.len() - 1, members);
        self.slots.pop();
        members[slot].grave.prev = Slot::NONE;
    }

    /// The next member of the walk, in one step.
    pub(crate) fn step(&mut self, members: &mut Members, rng: &mut impl Rng) -> Option<Slot> {
        if self.slots.is_empty() {
            return None;
        }
        if self.cursor >= self.slots.len() {
            self.cursor = 0;
        }
        let place = rng.random_range(self.cursor..self.slots.len());
        self.swap(self.cursor, place, members);
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

    fn swap(&mut self, a: usize, b: usize, members: &mut Members) {
        self.slots.swap(a, b);
        members[self.slots[a]].grave.prev = Slot(a as u32);
        members[self.slots[b]].grave.prev = Slot(b as u32);
    }
}
