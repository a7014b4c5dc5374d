//! Members that others told of and that have not answered. Where datagrams do not pass they never
//! would, so the core pings them over connections, too. But in a group that datagrams pass, a
//! newcomer hears of all members at once, and has heard of most of them from a second one before it
//! has pinged them: it would make a connection to each for nothing. So those pings are left out
//! for some time.

use super::limits::{MAX_STRANGERS, STRANGER_TIME};
use crate::proto::Transmit;
use crate::types::{Instant, MessageKind, NodeId, NodeStatus};
use std::collections::HashMap;

/// Since when which member is joining. Kept by the events, which tell of every change of a status.
#[derive(Default)]
pub(super) struct Strangers {
    since: HashMap<NodeId, Instant>,
}

impl Strangers {
    /// Notes an event.
    pub(super) fn note(&mut self, id: NodeId, status: NodeStatus, now: Instant) {
        if status != NodeStatus::Joining {
            self.since.remove(&id);
            return;
        }
        if self.since.len() >= MAX_STRANGERS {
            // Members that are forgotten go without an event.
            self.since.retain(|_, since| now.since(*since) < 16 * STRANGER_TIME);
        }
        if self.since.len() < MAX_STRANGERS {
            self.since.entry(id).or_insert(now);
        }
    }

    /// Whether a message is a ping over a connection that is better left out still.
    pub(super) fn are_early(&self, transmit: &Transmit<'_>, now: Instant) -> bool {
        transmit.by_stream
            && transmit.header.kind == MessageKind::Ping
            && transmit.target.status == NodeStatus::Joining
            && self.is_early(&transmit.target.id, now)
    }

    fn is_early(&self, id: &NodeId, now: Instant) -> bool {
        self.since.get(id).is_some_and(|since| now.since(*since) < STRANGER_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NodeStatus::{Joining, Online};

    fn id(number: usize) -> NodeId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        NodeId::new(bytes)
    }

    #[test]
    fn only_who_has_just_become_known_is_waited_for() {
        let mut strangers = Strangers::default();
        let start = Instant::ZERO;
        strangers.note(id(1), Joining, start);
        assert!(strangers.is_early(&id(1), start));
        let later = start.after(STRANGER_TIME);
        strangers.note(id(1), Joining, later);
        assert!(!strangers.is_early(&id(1), later));
        strangers.note(id(1), Online, start);
        assert!(!strangers.is_early(&id(1), start));
    }

    #[test]
    fn the_forgotten_make_room_and_the_rest_is_bounded() {
        let mut strangers = Strangers::default();
        (0..2 * MAX_STRANGERS).for_each(|n| strangers.note(id(n), Joining, Instant::ZERO));
        assert_eq!(strangers.since.len(), MAX_STRANGERS);
        let later = Instant::ZERO.after(16 * STRANGER_TIME);
        strangers.note(id(7 * MAX_STRANGERS), Joining, later);
        assert_eq!(strangers.since.len(), 1);
    }
}
