//! What is due when, in order; things due at the same time in the order in which they were planned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is due at some time, at the node with this index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Due {
    /// A message of that place reaches the node's link, or the node.
    Reach(u32, u32),
    /// A message of that place has been received over the node's link.
    Arrive(u32, u32),
    /// The node's loop, of that life, runs.
    Tick(u32, u32),
    /// The node's timer of that number is due.
    Timer(u32, u32),
    /// A stall of that life begins.
    Stall(u32, u32),
    /// A stall of that life ends.
    Resume(u32, u32),
}

/// A queue of what is due.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    heap: BinaryHeap<Reverse<(u64, u64, Due)>>,
    order: u64,
}

impl Agenda {
    pub(crate) fn plan(&mut self, at: u64, due: Due) {
        self.order += 1;
        self.heap.push(Reverse((at, self.order, due)));
    }

    /// Takes what is due first, if that is by `end`.
    pub(crate) fn next(&mut self, end: u64) -> Option<(u64, Due)> {
        let Reverse((at, ..)) = self.heap.peek()?;
        if *at > end {
            return None;
        }
        self.heap.pop().map(|Reverse((at, _, due))| (at, due))
    }
}
