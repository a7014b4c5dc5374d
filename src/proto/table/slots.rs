//! Some members: a short list of them, and what only few of them have.

use super::Slot;
use alloc::collections::BTreeSet;

/// A few members.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotList<const N: usize> {
    slots: [Slot; N],
    len: usize,
}

impl<const N: usize> SlotList<N> {
    pub(crate) const fn new() -> Self {
        Self { slots: [Slot::NONE; N], len: 0 }
    }

    /// Adds one; there has to be room for it.
    pub(crate) const fn push(&mut self, slot: Slot) {
        self.slots[self.len] = slot;
        self.len += 1;
    }
}

impl<const N: usize> core::ops::Deref for SlotList<N> {
    type Target = [Slot];

    fn deref(&self) -> &[Slot] {
        &self.slots[..self.len]
    }
}

/// Numbers by the place of a member. They stand in a set of the type that the shared order has, so
/// that a small library has its code once.
#[derive(Debug, Default)]
pub(crate) struct SlotMap(BTreeSet<(u32, Slot)>);

impl SlotMap {
    pub(crate) fn get(&self, slot: Slot) -> Option<u32> {
        let &(found, Slot(number)) = self.0.range((slot.0, Slot(0))..).next()?;
        (found == slot.0).then_some(number)
    }

    /// Gives a member that has none a number.
    pub(crate) fn insert(&mut self, slot: Slot, number: u32) {
        debug_assert!(self.get(slot).is_none(), "a member has a number already");
        self.0.insert((slot.0, Slot(number)));
    }

    /// Gives a member another number.
    pub(crate) fn replace(&mut self, slot: Slot, number: u32) {
        self.remove(slot);
        self.insert(slot, number);
    }

    /// Takes the number of a member away, if it has one.
    pub(crate) fn remove(&mut self, slot: Slot) -> Option<u32> {
        let number = self.get(slot)?;
        self.0.remove(&(slot.0, Slot(number)));
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_number_counts_until_it_is_removed() {
        let mut map = SlotMap::default();
        (0..1_000).for_each(|n| map.insert(Slot(n), n));
        (0..1_000).for_each(|n| map.replace(Slot(n), n + 1));
        assert!((0..1_000).all(|n| map.get(Slot(n)) == Some(n + 1)));
        assert_eq!(map.remove(Slot(7)), Some(8));
        assert_eq!((map.get(Slot(7)), map.remove(Slot(7)), map.0.len()), (None, None, 999));
    }
}
