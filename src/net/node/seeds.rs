//! The targets of earlier joins, which are tried again while this node is alone: so a node that was
//! started before its seeds finds them, and one whose whole cluster went down finds the next.

use super::limits::MAX_SEEDS;
use super::target::Location;
use crate::proto::Core;
use crate::types::{Instant, NodeStatus};
use core::time::Duration;

/// What is tried again, and when.
pub(super) struct Seeds {
    places: Vec<Location>,
    at: Instant,
    every: Duration,
}

impl Seeds {
    /// None so far; they are to be tried so often.
    pub(super) const fn new(every: Duration) -> Self {
        Self { places: Vec::new(), at: Instant::ZERO, every }
    }

    /// Keeps a target. Of too many the oldest is forgotten.
    pub(super) fn keep(&mut self, place: &Location, now: Instant) {
        if self.places.is_empty() {
            self.at = now.after(self.every);
        }
        if !self.places.contains(place) {
            if self.places.len() >= MAX_SEEDS {
                self.places.remove(0);
            }
            self.places.push(place.clone());
        }
    }

    /// Forgets all of them: the program has left.
    pub(super) fn clear(&mut self) {
        self.places.clear();
    }

    /// When to look at them next.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.places.is_empty()).then_some(self.at)
    }

    /// The targets to try now: all of them if it is time and no other member is online.
    pub(super) fn take(&mut self, core: &Core, now: Instant) -> Vec<Location> {
        if self.due().is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.at = now.after(self.every);
        if is_alone(core) { self.places.clone() } else { Vec::new() }
    }
}

/// Whether no other member is held online.
pub(super) fn is_alone(core: &Core) -> bool {
    core.members().all(|member| member.status != NodeStatus::Online)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Config;
    use crate::types::{Entry, NodeId};

    #[test]
    fn targets_are_tried_again_and_again_while_nobody_is_there() {
        let own = Entry { id: NodeId::new([1; 16]), ..Entry::default() };
        let core = Core::new(Config::lan(), &own, 1, Instant::ZERO).expect("a good view");
        let every = Duration::from_secs(30);
        let mut seeds = Seeds::new(every);
        assert_eq!(seeds.due(), None);
        let mut now = Instant::from_millis(5);
        let place = Location::Name("db".into(), 1);
        seeds.keep(&place, now);
        seeds.keep(&place, now);
        for _ in 0..3 {
            assert!(seeds.take(&core, now).is_empty());
            now = now.after(every);
            assert_eq!(seeds.due(), Some(now));
            assert_eq!(seeds.take(&core, now), std::slice::from_ref(&place));
        }
        seeds.clear();
        assert_eq!(seeds.due(), None);
    }
}
