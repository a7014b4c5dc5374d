//! The way of changes from the decision to the callback.

use super::change::{Change, Handler};
use super::limits::{CHANGES_AT_ONCE, MAX_CHANGES};
use crate::net::lifecycle::Run;
use crate::net::shared::lock;
use crate::os;
use crate::proto::{Coalesce, Event, Settling};
use crate::types::{Instant, NodeId};
use core::time::Duration;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Changes that wait for the callbacks.
#[derive(Default)]
pub(super) struct Changes {
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    queue: VecDeque<Change>,
    /// The number of the change at the front.
    first: u64,
    /// The number of the last change of each node that waits.
    last: HashMap<NodeId, u64>,
    joined: u64,
    is_closed: bool,
}

impl Changes {
    /// Adds what was decided last. Nobody is waited for.
    pub(super) fn push(&self, event: &Event<'_>, now: Instant) {
        lock(&self.waiting).push(Change::of(event, now), MAX_CHANGES);
        self.came.notify_one();
    }

    /// Gives nothing out any more.
    pub(super) fn close(&self) {
        lock(&self.waiting).is_closed = true;
        self.came.notify_all();
    }

    /// How many changes wait.
    pub(super) fn len(&self) -> usize {
        lock(&self.waiting).queue.len()
    }

    /// How many changes were joined with one before them.
    pub(super) fn joined(&self) -> u64 {
        lock(&self.waiting).joined
    }

    /// Waits for changes, but no longer than until `deadline`, and moves some to `batch`; `false`
    /// at the end.
    fn take(&self, batch: &mut Vec<Change>, deadline: Option<Instant>) -> bool {
        batch.clear();
        let mut waiting = lock(&self.waiting);
        while waiting.queue.is_empty() && !waiting.is_closed {
            let left = deadline.map(|deadline| deadline.since(os::now()));
            waiting = match left {
                Some(left) if left.is_zero() => return true,
                Some(left) => {
                    let waited = self.came.wait_timeout(waiting, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
        waiting.take(batch);
        !waiting.is_closed
    }
}

impl Waiting {
    fn push(&mut self, change: Change, most: usize) {
        let id = change.node.id;
        if self.queue.len() >= most
            && let Some(number) = self.last.get(&id)
            && let Ok(place) = usize::try_from(number - self.first)
            && let Some(before) = self.queue.get_mut(place)
        {
            before.join(change);
            self.joined += 1;
            return;
        }
        self.last.insert(id, self.first + self.queue.len() as u64);
        self.queue.push_back(change);
        debug_assert!(self.last.len() <= self.queue.len(), "each last change waits in the queue");
    }

    fn take(&mut self, batch: &mut Vec<Change>) {
        let count = self.queue.len().min(CHANGES_AT_ONCE);
        for change in self.queue.drain(..count) {
            if self.last.get(&change.node.id) == Some(&self.first) {
                self.last.remove(&change.node.id);
            }
            self.first += 1;
            batch.push(change);
        }
        if self.queue.is_empty() {
            // After a burst the room of it is given back.
            self.queue.shrink_to(CHANGES_AT_ONCE);
            self.last.shrink_to(CHANGES_AT_ONCE);
        }
    }
}

/// What the thread `gossip-events` does, until it is told to end: even in the middle of a batch no
/// callback begins after that. `settle` is how long changes are held back before they are told
/// together.
pub(super) fn serve(changes: &Changes, handler: &Arc<dyn Handler>, settle: Duration, run: &Run) {
    let mut batch = Vec::new();
    let mut settling = Settling::new(settle);
    while changes.take(&mut batch, settling.due()) {
        for change in &batch {
            if run.is_stopping() {
                return;
            }
            handler.changed(change);
        }
        if !settle.is_zero() {
            let now = os::now();
            batch.drain(..).for_each(|change| settling.hold(change.node.id, change, now));
            settling.take(now, |change| batch.push(change));
        }
        if run.is_stopping() {
            return;
        }
        if !batch.is_empty() {
            handler.changes(&batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{NodeStatus, NodeView};

    use NodeStatus::{Failed, Online, Suspect, Unknown};

    fn change(id: u8, old_status: NodeStatus, status: NodeStatus) -> Change {
        let node = NodeView { id: NodeId::new([id; 16]), status, ..NodeView::default() };
        let configuration = old_status == status;
        Change { node, old_status, at: Instant::ZERO, merged: 1, configuration }
    }

    fn brief(changes: &[Change]) -> Vec<(u8, NodeStatus, NodeStatus, u32)> {
        let brief = |change: &Change| {
            (change.node.id.as_bytes()[0], change.old_status, change.node.status, change.merged)
        };
        changes.iter().map(brief).collect()
    }

    #[test]
    fn a_full_queue_joins_the_changes_of_a_node_and_keeps_its_last_state() {
        let mut waiting = Waiting::default();
        waiting.push(change(1, Unknown, Online), 2);
        waiting.push(change(2, Unknown, Online), 2);
        for _ in 0..100 {
            waiting.push(change(1, Online, Suspect), 2);
            waiting.push(change(1, Suspect, Online), 2);
        }
        waiting.push(change(3, Unknown, Online), 2);
        waiting.push(change(1, Online, Failed), 2);
        waiting.push(change(3, Online, Failed), 2);
        let mut batch = Vec::new();
        waiting.take(&mut batch);
        let expected =
            [(1, Unknown, Failed, 202), (2, Unknown, Online, 1), (3, Unknown, Failed, 2)];
        assert_eq!(brief(&batch), expected);
        assert_eq!(waiting.joined, 202);
        assert!(waiting.last.is_empty());
    }

    #[test]
    fn changes_that_have_room_are_told_one_by_one_in_order() {
        let mut waiting = Waiting::default();
        let all =
            [change(1, Unknown, Online), change(1, Online, Suspect), change(2, Unknown, Online)];
        for round in 0..3 {
            all.iter().for_each(|change| waiting.push(change.clone(), 4));
            let mut batch = Vec::new();
            waiting.take(&mut batch);
            assert_eq!(batch, all, "{round}");
        }
        assert_eq!(waiting.joined, 0);
    }

    #[test]
    fn nothing_is_given_out_after_the_end() {
        let changes = Changes::default();
        let event = Event { node: crate::types::Entry::default(), old_status: Unknown };
        changes.push(&event, Instant::ZERO);
        changes.close();
        assert!(!changes.take(&mut Vec::new(), None));
    }
}
