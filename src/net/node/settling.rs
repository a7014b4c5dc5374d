//! Changes that are told together, when it has become quiet.

use super::change::Change;
use crate::types::{Instant, NodeId};
use core::time::Duration;
use std::collections::HashMap;

/// Changes that are held back until no more come.
pub(super) struct Settling {
    wait: Duration,
    held: Vec<Change>,
    /// Where a node is among them.
    places: HashMap<NodeId, usize>,
    first: Instant,
    last: Instant,
}

/// The longest wait is so many times the usual one.
const MOST_WAITS: u32 = 10;

impl Settling {
    pub(super) fn new(wait: Duration) -> Self {
        let (first, last) = (Instant::ZERO, Instant::ZERO);
        Self { wait, held: Vec::new(), places: HashMap::new(), first, last }
    }

    /// Holds some more back.
    pub(super) fn hold(&mut self, batch: &[Change], now: Instant) {
        for change in batch {
            if self.held.is_empty() {
                self.first = now;
            }
            self.last = now;
            match self.places.get(&change.node.id) {
                Some(&place) => self.held[place].join(change.clone()),
                None => {
                    self.places.insert(change.node.id, self.held.len());
                    self.held.push(change.clone());
                }
            }
        }
    }

    /// When what is held back is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        let (quiet, latest) =
            (self.last.after(self.wait), self.first.after(self.wait * MOST_WAITS));
        (!self.held.is_empty()).then(|| quiet.min(latest))
    }

    /// Takes out what is due.
    pub(super) fn take(&mut self, now: Instant) -> Vec<Change> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.places.clear();
        let mut held = core::mem::take(&mut self.held);
        held.retain(|change| !change.is_undone());
        held
    }
}

#[cfg(test)]
mod tests {
    use super::super::change::test::{brief, change};
    use super::*;
    use crate::types::NodeStatus::{Failed, Online, Suspect, Unknown};

    #[test]
    fn changes_that_are_held_back_become_one_for_each_node_and_undone_ones_none() {
        let at = Instant::from_millis;
        let mut settling = Settling::new(Duration::from_millis(100));
        assert_eq!(settling.due(), None);
        settling.hold(&[change(1, Unknown, Online), change(2, Online, Suspect)], at(0));
        settling.hold(&[change(3, Online, Suspect), change(3, Suspect, Online)], at(20));
        settling.hold(&[change(4, Online, Online), change(2, Suspect, Failed)], at(50));
        assert_eq!(settling.due(), Some(at(150)));
        assert!(settling.take(at(149)).is_empty());
        let expected = [(1, Unknown, Online, 1), (2, Online, Failed, 2), (4, Online, Online, 1)];
        assert_eq!(brief(&settling.take(at(150))), expected);
        assert_eq!(settling.due(), None);
        // Where changes never cease they are told all the same.
        (0..100).for_each(|i| settling.hold(&[change(1, Online, Suspect)], at(1000 + 50 * i)));
        assert_eq!(settling.due(), Some(at(2000)));
    }
}
