//! What a test does to a running cluster.

use crate::agenda::Due;
use crate::carrier::{address_of, view};
use crate::options::{Drive, Stall};
use crate::peer::Peer;
use crate::world::World;
use gossip::types::{NodeId, NodeView};

/// How a program names the node that it meets or joins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Name {
    /// By its id and address.
    Known,
    /// By its address, with the zero id.
    Zero,
    /// By its address, with an id the program made up.
    MadeUp,
}

impl<P: Peer> World<P> {
    /// Stops a node: it neither works nor hears, what waits for it is lost, its state is kept.
    pub fn stop(&mut self, index: usize) {
        self.watch.fault(self.now, index, "stops");
        self.set_state(index, false, self.has_left(index));
        self.nodes[index].life += 1;
        self.clear_inbox(index);
    }

    /// Lets a stopped node go on with the state it had.
    pub fn start(&mut self, index: usize) {
        self.watch.fault(self.now, index, "goes on");
        self.set_state(index, true, self.has_left(index));
        self.nodes[index].stalled_until = 0;
        self.start_loop(index);
    }

    /// Ends a node's process, wherever it stands, and starts a new one with the same id and this
    /// heartbeat; with `moved` at a new address. It knows nobody.
    pub fn restart(&mut self, index: usize, heartbeat: u64, moved: bool) {
        self.stop(index);
        let node = &mut self.nodes[index];
        node.moves += u8::from(moved);
        node.address = address_of(index, node.moves);
        node.stall = None;
        let (id, address) = (node.id, node.address);
        self.net.bind(index, id, address);
        self.set_left(index, false);
        self.renew(index, heartbeat);
        self.start(index);
    }

    /// Stalls a node from now on, once or with a period.
    pub fn stall(&mut self, index: usize, stall: Stall) {
        self.stall_at(self.now, index, stall);
    }

    /// Stalls a node from a later time on.
    pub fn stall_at(&mut self, at: u64, index: usize, stall: Stall) {
        self.nodes[index].stall = Some(stall);
        let life = self.nodes[index].life;
        self.plan(at, Due::Stall(index as u32, life));
    }

    /// The stall that runs is the last.
    pub fn end_stalls(&mut self, index: usize) {
        if let Some(stall) = &mut self.nodes[index].stall {
            stall.period = 0;
            stall.length = 0;
        }
    }

    pub(crate) fn stall_due(&mut self, index: usize, life: u32) {
        let node = &mut self.nodes[index];
        let Some(stall) = node.stall.filter(|stall| stall.length > 0) else { return };
        if !node.up || node.life != life {
            return;
        }
        node.stalled_until = self.now + stall.length;
        node.missed = 0;
        self.watch.fault(self.now, index, "stalls");
        if stall.messages_only {
            let now = self.clock(index);
            self.nodes[index].peer.blocked(now, true);
        }
        self.plan(self.now + stall.length, Due::Resume(index as u32, life));
        if stall.period > 0 {
            self.plan(self.now + stall.period, Due::Stall(index as u32, life));
        }
    }

    /// What a program would write down to reach a node.
    pub fn seed_view(&mut self, seed: usize, name: Name) -> NodeView {
        let mut bytes = [0xee; 16];
        bytes[..8].copy_from_slice(&self.rng.bits().to_le_bytes());
        let id = match name {
            Name::Known => self.nodes[seed].id,
            Name::Zero => NodeId::ZERO,
            Name::MadeUp => NodeId::new(bytes),
        };
        view(id, self.nodes[seed].address)
    }

    /// Lets a node join the cluster of another.
    pub fn join(&mut self, index: usize, seed: usize, name: Name) -> Result<(), String> {
        let target = self.seed_view(seed, name);
        let now = self.clock(index);
        let done = self.nodes[index].peer.join(now, &target);
        self.finish(index);
        done
    }

    /// Lets a node meet another.
    pub fn meet(&mut self, index: usize, seed: usize, name: Name) -> Result<(), String> {
        let target = self.seed_view(seed, name);
        let now = self.clock(index);
        let done = self.nodes[index].peer.meet(now, &target);
        self.finish(index);
        done
    }

    /// Lets a node say that `who` leaves: itself or another.
    pub fn leave(&mut self, index: usize, who: usize) -> Result<(), String> {
        let now = self.clock(index);
        let id = self.nodes[who].id;
        if who == index {
            self.set_left(index, true);
        }
        let done = self.nodes[index].peer.leave(now, &id);
        self.finish(index);
        done
    }

    /// Whether messages are handed over by hand.
    pub fn is_manual(&self) -> bool {
        self.options.drive == Drive::Manual
    }
}
