//! Members that others told of and that have not answered: where datagrams do not pass they never
//! would, so after some time they are pinged over connections, too.

use super::limits::{MAX_STRANGERS, STRANGER_TIME};
use crate::types::{Instant, NodeId, NodeStatus};
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

    /// Whether a member should be tried over a connection, too.
    pub(super) fn is_overdue(&self, id: &NodeId, now: Instant) -> bool {
        self.since.get(id).is_some_and(|since| now.since(*since) >= STRANGER_TIME)
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
    fn who_stays_joining_is_overdue_until_it_is_online() {
        let mut strangers = Strangers::default();
        let start = Instant::ZERO;
        strangers.note(id(1), Joining, start);
        assert!(!strangers.is_overdue(&id(1), start));
        let later = start.after(STRANGER_TIME);
        strangers.note(id(1), Joining, later);
        assert!(strangers.is_overdue(&id(1), later));
        strangers.note(id(1), Online, later);
        assert!(!strangers.is_overdue(&id(1), later));
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
