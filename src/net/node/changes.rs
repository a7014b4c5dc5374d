//! What the program is told, from the decision to the callback.

use super::limits::{CHANGES_AT_ONCE, MAX_CHANGES};
use crate::net::shared::{Run, lock};
use crate::proto::Event;
use crate::types::{NodeId, NodeStatus, NodeView};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// One change of one node.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The node after the change.
    pub node: NodeView,
    /// Its status before; [`NodeStatus::Unknown`] at first sight. The same as the new one if only
    /// metadata, role, region or address changed, or when changes were joined and it is back where
    /// it was.
    pub old_status: NodeStatus,
}

/// The program's callbacks. Both are called on the node's thread for them, `gossip-events`, with no
/// lock of the node held: they may call everything and may take their time, since the protocol runs
/// on another thread. They are called one at a time, in the order in which things were decided.
///
/// What a slow callback has not taken waits, in a bounded queue: past
/// [`MAX_CHANGES`](super::limits::MAX_CHANGES) the changes of one node are joined to one, from
/// the status that was told last to the newest state. So the last state of every node is told,
/// whatever happens, and [`NodeStats`](super::NodeStats) counts what was joined.
pub trait Handler: Send + Sync {
    /// A node changed.
    fn changed(&self, change: &Change) {
        let _ = change;
    }

    /// The changes that waited, together, after each was given to [`Handler::changed`]: for programs
    /// that want to look at the whole once and not after each step.
    fn changes(&self, changes: &[Change]) {
        let _ = changes;
    }
}

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
    pub(super) fn push(&self, event: &Event<'_>) {
        let change = Change { node: event.node.into(), old_status: event.old_status };
        lock(&self.waiting).push(change, MAX_CHANGES);
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

    /// Waits for changes and moves some to `batch`; `false` at the end.
    fn take(&self, batch: &mut Vec<Change>) -> bool {
        let mut waiting = lock(&self.waiting);
        while waiting.queue.is_empty() && !waiting.is_closed {
            waiting = self.came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        batch.clear();
        if waiting.is_closed {
            return false;
        }
        waiting.take(batch);
        true
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
            before.node = change.node;
            self.joined += 1;
            return;
        }
        self.last.insert(id, self.first + self.queue.len() as u64);
        self.queue.push_back(change);
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
/// callback begins after that.
pub(super) fn serve(changes: &Changes, handler: &Arc<dyn Handler>, run: &Run) {
    let mut batch = Vec::new();
    while changes.take(&mut batch) {
        for change in &batch {
            if run.is_stopping() {
                return;
            }
            handler.changed(change);
        }
        if run.is_stopping() {
            return;
        }
        handler.changes(&batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: u8, old_status: NodeStatus, status: NodeStatus) -> Change {
        let node = NodeView { id: NodeId::new([id; 16]), status, ..NodeView::default() };
        Change { node, old_status }
    }

    use NodeStatus::{Failed, Online, Suspect, Unknown};

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
            [change(1, Unknown, Failed), change(2, Unknown, Online), change(3, Unknown, Failed)];
        assert_eq!(batch, expected);
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
        changes.push(&Event { node: crate::types::Entry::default(), old_status: Unknown });
        changes.close();
        assert!(!changes.take(&mut Vec::new()));
    }
}
