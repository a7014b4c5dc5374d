//! Changes of nodes that are held back until no more come, then told as one for each node.

use crate::types::{Instant, NodeId};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

/// A change of one node.
pub(crate) trait Coalesce {
    /// Becomes one with a later change of the same node.
    fn join(&mut self, later: Self);

    /// Whether the node is again what it was before.
    fn is_undone(&self) -> bool;
}

/// The longest wait is so many times the usual one.
const MOST_WAITS: u32 = 10;

/// The changes that room is kept for.
const KEPT_CHANGES: usize = 256;

/// Holds changes back. Several changes of a node become one, in the place of the first.
///
/// Invariant: `places` has the place in `held` of each node, unless `wait` is zero. Then no change is
/// joined and `places` is empty.
#[derive(Debug)]
pub(crate) struct Settling<T> {
    wait: Duration,
    held: Vec<T>,
    places: BTreeMap<NodeId, usize>,
    first: Instant,
    last: Instant,
}

impl<T: Coalesce> Settling<T> {
    /// Waits until no change came for `wait`, but no longer than ten times that since the first.
    pub(crate) fn new(wait: Duration) -> Self {
        let (held, places) = (Vec::new(), BTreeMap::new());
        Self { wait, held, places, first: Instant::ZERO, last: Instant::ZERO }
    }

    /// Holds one more change back.
    pub(crate) fn hold(&mut self, id: NodeId, change: T, now: Instant) {
        if self.held.is_empty() {
            self.first = now;
        }
        self.last = now;
        if self.wait.is_zero() {
            return self.held.push(change);
        }
        debug_assert_eq!(self.places.len(), self.held.len(), "each held change has its place");
        match self.places.get(&id).and_then(|&place| self.held.get_mut(place)) {
            Some(before) => before.join(change),
            None => {
                self.places.insert(id, self.held.len());
                self.held.push(change);
            }
        }
    }

    /// When the held changes are to be told; `None` if there are none.
    pub(crate) fn due(&self) -> Option<Instant> {
        let quiet = self.last.after(self.wait);
        let latest = self.first.after(self.wait.saturating_mul(MOST_WAITS));
        (!self.held.is_empty()).then(|| quiet.min(latest))
    }

    /// Gives what is due to `tell`, in order and without the changes that were undone.
    pub(crate) fn take(&mut self, now: Instant, tell: impl FnMut(T)) {
        if self.due().is_none_or(|due| now < due) {
            return;
        }
        self.places.clear();
        self.held.drain(..).filter(|change| !change.is_undone()).for_each(tell);
        self.held.shrink_to(KEPT_CHANGES);
    }

    /// Forgets all.
    #[cfg(feature = "ffi")]
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value before and the value after.
    #[derive(Clone, Copy, PartialEq, Debug)]
    struct Step(u8, u8);

    impl Coalesce for Step {
        fn join(&mut self, later: Self) {
            self.1 = later.1;
        }

        fn is_undone(&self) -> bool {
            self.0 == self.1
        }
    }

    fn hold(settling: &mut Settling<Step>, number: u8, step: Step, at: u64) {
        settling.hold(NodeId::new([number; 16]), step, Instant::from_millis(at));
    }

    fn take(settling: &mut Settling<Step>, at: u64) -> Vec<Step> {
        let mut told = Vec::new();
        settling.take(Instant::from_millis(at), |step| told.push(step));
        told
    }

    #[test]
    fn changes_of_a_node_become_one_in_the_place_of_the_first_and_undone_ones_none() {
        let mut settling = Settling::new(Duration::from_millis(100));
        assert_eq!(settling.due(), None);
        for (number, step, at) in
            [(1, Step(0, 1), 0), (2, Step(1, 2), 10), (3, Step(1, 2), 20), (3, Step(2, 1), 30)]
        {
            hold(&mut settling, number, step, at);
        }
        hold(&mut settling, 1, Step(1, 4), 50);
        assert_eq!(settling.due(), Some(Instant::from_millis(150)));
        assert_eq!(take(&mut settling, 149), []);
        assert_eq!(take(&mut settling, 150), [Step(0, 4), Step(1, 2)]);
        assert_eq!(settling.due(), None);
    }

    #[test]
    fn changes_that_never_cease_are_told_after_ten_waits() {
        let mut settling = Settling::new(Duration::from_millis(100));
        (0..100).for_each(|i| hold(&mut settling, 1, Step(0, 1), 1000 + 50 * i));
        assert_eq!(settling.due(), Some(Instant::from_millis(2000)));
    }

    #[test]
    fn without_a_wait_each_change_is_told_as_it_was() {
        let mut settling = Settling::new(Duration::ZERO);
        hold(&mut settling, 1, Step(0, 1), 5);
        hold(&mut settling, 1, Step(1, 0), 5);
        assert_eq!(take(&mut settling, 5), [Step(0, 1), Step(1, 0)]);
    }
}
