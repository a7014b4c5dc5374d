//! Who counts whom as a live member.

use std::collections::{BTreeSet, HashMap, HashSet};

/// The views of all nodes of a cluster, put together from what they tell.
#[derive(Default)]
pub struct Views {
    live: BTreeSet<u32>,
    /// Whom each counts as live.
    seen: HashMap<u32, HashSet<u32>>,
    /// Of the pairs of live nodes those where the first counts the second.
    pairs: usize,
}

impl Views {
    /// A node was started.
    pub fn start(&mut self, node: u32) {
        self.live.insert(node);
        self.pairs = self.count_pairs();
    }

    /// A node was stopped: neither its view nor that others see it is asked for any more.
    pub fn stop(&mut self, node: u32) {
        self.live.remove(&node);
        self.seen.remove(&node);
        self.pairs = self.count_pairs();
    }

    /// `who` counts `node` as live from now on, or no more. True if a live node was given up by a live
    /// one.
    pub fn change(&mut self, who: u32, node: u32, is_up: bool) -> bool {
        if who == node || !self.live.contains(&who) {
            return false;
        }
        let seen = self.seen.entry(who).or_default();
        let is_new = if is_up { seen.insert(node) } else { seen.remove(&node) };
        if !is_new || !self.live.contains(&node) {
            return false;
        }
        if is_up {
            self.pairs += 1;
        } else {
            self.pairs -= 1;
        }
        !is_up
    }

    /// Whether each live node counts all others.
    pub fn is_whole(&self) -> bool {
        self.pairs == self.live.len() * self.live.len().saturating_sub(1)
    }

    /// How many pairs are missing for that.
    pub fn missing(&self) -> usize {
        self.live.len() * self.live.len().saturating_sub(1) - self.pairs
    }

    /// How many live nodes count this one.
    pub fn holders(&self, node: u32) -> usize {
        self.live.iter().filter(|who| self.sees(**who, node)).count()
    }

    /// The live nodes.
    pub fn live(&self) -> impl Iterator<Item = u32> {
        self.live.iter().copied()
    }

    fn sees(&self, who: u32, node: u32) -> bool {
        self.seen.get(&who).is_some_and(|seen| seen.contains(&node))
    }

    fn count_pairs(&self) -> usize {
        let seen = |who: &u32| {
            self.live.iter().filter(|node| *node != who && self.sees(*who, **node)).count()
        };
        self.live.iter().map(seen).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(nodes: u32) -> Views {
        let mut views = Views::default();
        (0..nodes).for_each(|node| views.start(node));
        for who in 0..nodes {
            (0..nodes).for_each(|node| assert!(!views.change(who, node, true)));
        }
        views
    }

    #[test]
    fn whole_when_each_sees_all_others() {
        let mut views = Views::default();
        views.start(0);
        assert!(views.is_whole());
        views.start(1);
        assert_eq!(views.missing(), 2);
        views.change(0, 1, true);
        views.change(0, 1, true);
        assert!(!views.is_whole());
        views.change(1, 0, true);
        assert!(views.is_whole());
        views.start(2);
        assert_eq!(views.missing(), 4);
    }

    #[test]
    fn a_stopped_node_is_given_up_by_one_after_the_other() {
        let mut views = whole(3);
        views.stop(2);
        assert!(views.is_whole());
        assert_eq!(views.holders(2), 2);
        assert!(!views.change(0, 2, false), "it is not live");
        assert_eq!(views.holders(2), 1);
        assert!(!views.change(2, 0, false), "what it says itself counts no more");
        views.change(1, 2, false);
        assert_eq!(views.holders(2), 0);
        assert!(views.is_whole());
    }

    #[test]
    fn giving_up_a_live_node_is_told() {
        let mut views = whole(3);
        assert!(views.change(0, 1, false));
        assert!(!views.change(0, 1, false), "only once");
        assert_eq!(views.missing(), 1);
        assert!(!views.change(0, 1, true));
        assert!(views.is_whole());
    }
}
