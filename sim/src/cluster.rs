//! Questions about the whole cluster, and running until one is answered.

use crate::faults::Name;
use crate::options::{Carrier, Options};
use crate::peer::Peer;
use crate::world::{Node, World};
use gossip::types::{NodeStatus, NodeView};

/// One second of virtual time.
pub const SECOND: u64 = 1_000_000;
/// One millisecond of virtual time.
pub const MS: u64 = 1_000;

/// Nodes that a node is told of at once.
const TOLD_AT_ONCE: usize = 250;

impl<P: Peer> World<P> {
    /// The running nodes that have not left.
    pub fn living(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|i| self.live(*i)).collect()
    }

    /// A live pair whose first does not hold the second online.
    pub fn wrong_pair(&self) -> Option<(usize, usize)> {
        let living = self.living();
        let others = living.len().saturating_sub(1);
        let subject = *living.iter().find(|&&subject| self.views.online_at(subject) < others)?;
        let wrong = |observer: &&usize| {
            **observer != subject && self.views.status(**observer, subject) != NodeStatus::Online
        };
        living.iter().find(wrong).map(|observer| (*observer, subject))
    }

    /// Whether all live nodes hold all others online.
    pub fn all_online(&self) -> bool {
        self.wrong_pair().is_none()
    }

    /// Whether all live nodes hold `subject` failed or left.
    pub fn all_gone(&self, subject: usize) -> bool {
        let others = (0..self.nodes.len()).filter(|&i| i != subject && self.live(i)).count();
        self.views.gone_at(subject) == others
    }

    /// How many nodes this one lists.
    pub fn listed(&self, index: usize) -> usize {
        let mut count = 0;
        self.nodes[index].peer.members(&mut |_| count += 1);
        count
    }

    /// Whether all live nodes list `subject` at the address that it has now.
    pub fn all_have_address(&self, subject: usize) -> bool {
        let node = &self.nodes[subject];
        let ip = node.address.ip().to_string();
        let right = |observer: &usize| {
            let mut found = false;
            self.nodes[*observer].peer.members(&mut |entry| {
                found |= entry.id == node.id
                    && entry.ip == ip
                    && entry.port == i32::from(node.address.port());
            });
            found
        };
        self.living().iter().filter(|observer| **observer != subject).all(right)
    }

    /// Runs for that long.
    pub fn run(&mut self, time: u64) {
        let end = self.now + time;
        while self.step(end) {}
    }

    /// Runs until `done` holds, at most that long; says after how long, `None` if it never held.
    ///
    /// It is asked when somebody was told something, at most once in 1 ms.
    pub fn run_until(&mut self, most: u64, done: impl Fn(&Self) -> bool) -> Option<u64> {
        let start = self.now;
        let mut asked_at = None;
        loop {
            let news =
                asked_at.is_none_or(|(events, at)| self.views.events != events && self.now >= at);
            if news {
                if done(self) {
                    return Some(self.now - start);
                }
                asked_at = Some((self.views.events, self.now + MS));
            }
            if !self.step(start + most) {
                return done(self).then_some(self.now - start);
            }
        }
    }

    /// All nodes join through node 0, at once and in order; with `manual` drive messages settle in
    /// between. Joining must be taken by each node.
    pub fn join_all(&mut self, name: Name) {
        for index in 1..self.nodes.len() {
            self.join(index, 0, name).expect("a node may join");
            if self.is_manual() {
                self.settle();
            }
        }
    }

    /// All join and find each other; says how long that took, `None` if they did not within a minute.
    pub fn form(&mut self) -> Option<u64> {
        self.join_all(Name::Known);
        self.run_until(60 * SECOND, Self::all_online)
    }

    /// A cluster whose nodes have known each other for some time: no news of its start are told any
    /// more. Of protocols whose nodes can be told so, no message of a start is simulated.
    pub fn formed(mut options: Options) -> Self {
        options.limits.outputs = options.limits.outputs.max(1 << 17);
        let mut world = Self::new(options);
        if !world.know_all() {
            world.form();
        }
        world.run(10 * SECOND);
        for _ in 0..24 {
            if world.longest_news() > 0 {
                world.run(5 * SECOND);
            }
        }
        world
    }

    /// Each node is told of all; false where nodes of this kind cannot be told.
    pub fn know_all(&mut self) -> bool {
        let reads_packets = self.options.carrier == Carrier::Packet;
        let view = |node: &Node<P>| NodeView { reads_packets, ..node.peer.own().into() };
        let views: Vec<NodeView> = self.nodes.iter().map(view).collect();
        for index in 0..self.nodes.len() {
            let now = self.clock(index);
            let teller = &views[(index + 1) % views.len()];
            // A few at a time, so that no queue grows to the size of the cluster.
            for others in views.chunks(TOLD_AT_ONCE) {
                if !self.nodes[index].peer.know(now, others, teller) {
                    return false;
                }
                self.finish(index);
            }
        }
        true
    }

    /// The most news that wait at a node.
    pub fn longest_news(&self) -> usize {
        self.nodes.iter().map(|node| node.peer.news()).max().unwrap_or(0)
    }

    /// The first pair of live nodes that is not right, as text.
    pub fn wrong_text(&self) -> String {
        match self.wrong_pair() {
            Some((a, b)) => format!("node {a} holds node {b} {:?}", self.views.status(a, b)),
            None => "all right".into(),
        }
    }
}
