//! A few real cores joined by a perfect network, for what one core alone cannot show.

use crate::support::{Rig, id, number, view};
use gossip::proto::Config;
use gossip::types::{NodeStatus, Path};

/// Cores 0 to n - 1 that know each other.
pub struct Cluster {
    pub rigs: Vec<Rig>,
    /// Nodes that neither run nor get anything.
    pub dead: Vec<u32>,
    pub messages: usize,
}

impl Cluster {
    pub fn of(config: &Config, nodes: u32) -> Self {
        let rigs = (0..nodes).map(|n| Rig::of(config.clone(), 100 + u64::from(n), &view(n)));
        let mut cluster = Self { rigs: rigs.collect(), dead: Vec::new(), messages: 0 };
        for n in 1..nodes {
            let rig = &mut cluster.rigs[n as usize];
            rig.core.join(rig.now(), &view(0).as_entry()).expect("a good seed");
            rig.drain();
        }
        cluster.rounds(40);
        assert!(cluster.rigs.iter().all(|rig| rig.core.len() == nodes as usize - 1));
        cluster.rigs.iter_mut().for_each(Rig::clear);
        cluster.messages = 0;
        cluster
    }

    /// Rounds of all who live, and all that follows from them.
    pub fn rounds(&mut self, rounds: u32) {
        for _ in 0..rounds {
            for n in 0..self.rigs.len() {
                if !self.dead.contains(&(n as u32)) {
                    self.rigs[n].tick();
                } else {
                    self.rigs[n].ms += crate::support::ROUND;
                }
            }
            while self.deliver() {}
        }
    }

    /// Delivers what waits; says whether there was anything.
    fn deliver(&mut self) -> bool {
        let mut any = false;
        for n in 0..self.rigs.len() {
            for sent in self.rigs[n].sent.split_off(0) {
                self.messages += 1;
                let to = number(&sent.to);
                if self.dead.contains(&to) || to as usize >= self.rigs.len() {
                    continue;
                }
                any = true;
                let taken = self.rigs[to as usize].take(Path::Struct, &sent.header, &sent.entries);
                taken.expect("a message of our own");
            }
        }
        any
    }

    /// Who of the living holds a node to be so.
    pub fn seen_as(&self, n: u32, status: NodeStatus) -> usize {
        let living = (0..self.rigs.len() as u32).filter(|m| *m != n && !self.dead.contains(m));
        living.filter(|&m| self.rigs[m as usize].status(n) == Some(status)).count()
    }

    /// Members that anyone living was told to be suspect or gone.
    pub fn blamed(&self) -> Vec<u32> {
        let told = self.rigs.iter().flat_map(|rig| &rig.told);
        let bad = told.filter(|told| told.node.status > NodeStatus::Online);
        let mut nodes: Vec<u32> = bad.map(|told| number(&told.node.id)).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// The heartbeat that a node has.
    pub fn own_heartbeat(&self, n: u32) -> u64 {
        self.rigs[n as usize].core.find(&id(n)).expect("itself").heartbeat
    }
}
