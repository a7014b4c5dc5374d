//! Members that others told of and that have not answered. Where datagrams do not pass they never
//! would, so the core pings them over connections, too. But in a group that datagrams pass, a
//! newcomer hears of all members at once, and has heard of most of them from a second one before it
//! has pinged them: it would make a connection to each for nothing. So those pings are left out
//! for some time.

use super::joins::Joins;
use super::limits::STRANGER_TIME;
use crate::proto::{Core, Event, Transmit};
use crate::types::{Instant, MessageKind, NodeId, NodeStatus};
use std::collections::HashMap;

/// Since when which member is joining, of those that the program was told of. Kept by the events,
/// which tell of every change of a status.
#[derive(Default)]
pub(super) struct Strangers {
    since: HashMap<NodeId, Instant>,
}

/// More than these are looked through for members that the core has forgotten, which goes without an
/// event.
const TIDY_LEN: usize = 1024;

impl Strangers {
    /// Notes an event.
    pub(super) fn note(&mut self, id: NodeId, status: NodeStatus, now: Instant) {
        if status == NodeStatus::Joining {
            self.since.entry(id).or_insert(now);
        } else {
            self.since.remove(&id);
        }
    }

    /// An event as the program is to see it: a node that took the place of an id that was made up is
    /// seen for the first time now.
    pub(super) fn first_sight<'a>(&self, event: Event<'a>) -> Event<'a> {
        let is_first =
            event.old_status == NodeStatus::Joining && !self.since.contains_key(&event.node.id);
        let old_status = if is_first { NodeStatus::Unknown } else { event.old_status };
        Event { old_status, ..event }
    }

    /// Forgets whom the core has forgotten, if there may be many.
    pub(super) fn tidy(&mut self, core: &Core) {
        if self.since.len() > TIDY_LEN && self.since.len() > 2 * core.len() {
            self.since.retain(|id, _| core.find(id).is_some());
            self.since.shrink_to_fit();
        }
    }

    /// Whether a message is a ping over a connection that is better left out still. An address that is
    /// joined gets the join itself over one.
    pub(super) fn are_early(&self, transmit: &Transmit<'_>, joins: &Joins, now: Instant) -> bool {
        transmit.by_stream
            && transmit.header.kind == MessageKind::Ping
            && transmit.target.status == NodeStatus::Joining
            && (self.is_early(&transmit.target.id, now) || joins.is_made_up(&transmit.target.id))
    }

    fn is_early(&self, id: &NodeId, now: Instant) -> bool {
        self.since.get(id).is_some_and(|since| now.since(*since) < STRANGER_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Config;
    use crate::types::Entry;
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
    fn whoever_took_the_place_of_a_made_up_id_is_seen_for_the_first_time() {
        let mut strangers = Strangers::default();
        let old_status = |strangers: &Strangers, number: usize, old_status| {
            let node = Entry { id: id(number), status: Online, ..Entry::default() };
            strangers.first_sight(Event { node, old_status }).old_status
        };
        strangers.note(id(1), Joining, Instant::ZERO);
        assert_eq!(old_status(&strangers, 1, Joining), Joining);
        assert_eq!(old_status(&strangers, 2, Joining), NodeStatus::Unknown);
        assert_eq!(old_status(&strangers, 2, NodeStatus::Suspect), NodeStatus::Suspect);
    }

    #[test]
    fn the_forgotten_are_forgotten() {
        let own = Entry { id: id(0), ..Entry::default() };
        let core = Core::new(Config::lan(), &own, 1, Instant::ZERO).expect("a good view");
        let mut strangers = Strangers::default();
        (1..=TIDY_LEN + 1).for_each(|n| strangers.note(id(n), Joining, Instant::ZERO));
        strangers.tidy(&core);
        assert!(strangers.since.is_empty());
    }
}
