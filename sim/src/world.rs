//! The virtual clock and everything that happens on it.

mod running;
mod sending;

use crate::agenda::{Agenda, Due};
use crate::carrier::{address_of, index_of, view};
use crate::checks::Rule;
use crate::counts::Counts;
use crate::net::Net;
use crate::options::{Checks, Drive, Options, Read, Stall};
use crate::outputs::{Body, Effect, Outputs, Sending};
use crate::peer::{Peer, Setup};
use crate::rng::Rng;
use crate::tidings::{Tidings, Trace};
use crate::views::Views;
use crate::watch::Watch;
use gossip::types::{Instant, NodeId, NodeView};
use std::collections::VecDeque;
use std::net::SocketAddr;

/// Up to this many nodes a node's list is compared after every call, and not only after its rounds.
const FEW: usize = 16;

/// A node and the loop around it.
#[derive(Debug)]
pub struct Node<P> {
    /// The core.
    pub peer: P,
    /// Its id for good.
    pub id: NodeId,
    /// Where it listens.
    pub address: SocketAddr,
    /// Whether its process runs.
    pub up: bool,
    /// Whether it said that it leaves.
    left: bool,
    /// Time between its ticks.
    pub interval: u64,
    /// When it reads.
    pub read: Read,
    /// Messages it sent, and their bytes.
    pub sent: (u64, u64),
    pub(crate) moves: u8,
    pub(crate) life: u32,
    pub(crate) stall: Option<Stall>,
    pub(crate) stalled_until: u64,
    pub(crate) missed: u64,
    /// Messages that wait to be read, by their places.
    pub(crate) inbox: VecDeque<u32>,
    /// Messages that are to be sent when they flow again.
    held: Vec<(Sending, Body)>,
    clock_offset: u64,
    /// The node's clock runs this many millionths fast.
    skew: i64,
    own_heartbeat: u64,
    timer: u32,
    /// When the timer that is planned wakes it, in the world's time.
    timer_at: u64,
    wakeups: (u64, u32),
}

/// A message on its way, and who sent it from where.
#[derive(Debug)]
struct Flight {
    source: SocketAddr,
    body: Body,
    bytes: u32,
}

impl<P: Peer> Node<P> {
    /// The heartbeat it tells others.
    pub fn peer_heartbeat(&self) -> u64 {
        self.peer.heartbeat()
    }
}

/// A cluster on virtual time.
#[derive(Debug)]
pub struct World<P> {
    /// Microseconds since the start.
    pub now: u64,
    /// How it was made.
    pub options: Options,
    /// The nodes, by index.
    pub nodes: Vec<Node<P>>,
    /// The network.
    pub net: Net,
    /// What the nodes were told.
    pub views: Views,
    /// What travelled.
    pub counts: Counts,
    /// For a test's own choices.
    pub rng: Rng,
    pub(crate) watch: Watch,
    trace: Trace,
    agenda: Agenda,
    outputs: Outputs,
    /// Messages on their way, and the places that are free.
    flights: Vec<Flight>,
    free: Vec<u32>,
}

impl<P: Peer> World<P> {
    /// Nodes that know nobody yet; each has a random id, clock origin and phase.
    pub fn new(options: Options) -> Self {
        let mut rng = Rng::new(options.seed);
        let net = Net::new(&options, rng.fork());
        let ids: Vec<NodeId> = (0..options.nodes).map(|_| random_id(&mut rng)).collect();
        let mut world = Self {
            now: 0,
            net,
            views: Views::new(&ids, options.checks),
            nodes: Vec::with_capacity(ids.len()),
            counts: Counts::default(),
            watch: Watch::from_env(),
            trace: Trace::default(),
            agenda: Agenda::default(),
            outputs: Outputs::new(options.carrier),
            flights: Vec::new(),
            free: Vec::new(),
            rng,
            options,
        };
        for (index, id) in ids.iter().enumerate() {
            world.add_node(index, *id);
        }
        world
    }

    fn add_node(&mut self, index: usize, id: NodeId) {
        let address = address_of(index, 0);
        let clock_offset = self.rng.range(0, 1 << 40);
        let interval = self.rng.range(self.options.interval, self.options.slowest);
        let most = u64::from(self.options.skew);
        let skew = if most > 0 { self.rng.range(0, 2 * most) as i64 - most as i64 } else { 0 };
        let peer = self.make_peer(id, address, 0, interval, clock_offset + self.now);
        let any = [Read::OnArrival, Read::BeforeTick, Read::AfterTick];
        let drawn = self.rng.pick(&any);
        self.nodes.push(Node {
            peer,
            id,
            address,
            up: true,
            left: false,
            interval,
            read: self.options.read.unwrap_or(drawn),
            sent: (0, 0),
            moves: 0,
            life: 0,
            stall: None,
            stalled_until: 0,
            missed: 0,
            inbox: VecDeque::new(),
            held: Vec::new(),
            clock_offset,
            skew,
            own_heartbeat: 0,
            timer: 0,
            timer_at: u64::MAX,
            wakeups: (0, 0),
        });
        self.net.bind(index, id, address);
        self.start_loop(index);
    }

    /// Makes a core for a node with this interval, at this time of its clock.
    fn make_peer(
        &mut self,
        id: NodeId,
        address: SocketAddr,
        heartbeat: u64,
        interval: u64,
        clock: u64,
    ) -> P {
        let own = NodeView { heartbeat, ..view(id, address) };
        let setup = Setup {
            carrier: self.options.carrier,
            drive: self.options.drive,
            interval,
            nodes: self.options.nodes,
            config: self.options.config.clone(),
            off: self.options.off,
            audit: self.options.audit,
            reference: self.options.reference,
        };
        let seed = self.rng.bits();
        let now = Instant::from_micros(clock);
        P::make(&setup, &own, seed, now).expect("the harness makes only valid nodes")
    }

    /// Puts a new core in the place of a node's old one, at a new clock origin.
    pub(crate) fn renew(&mut self, index: usize, heartbeat: u64) {
        let offset = self.rng.range(0, 1 << 40);
        let node = &mut self.nodes[index];
        node.clock_offset = offset;
        let (id, address, interval) = (node.id, node.address, node.interval);
        let clock = self.clock(index).as_micros();
        let peer = self.make_peer(id, address, heartbeat, interval, clock);
        let node = &mut self.nodes[index];
        node.peer = peer;
        node.own_heartbeat = heartbeat;
        self.views.forget(index);
    }

    /// Starts a node's ticks at a random phase, or its timers.
    pub(crate) fn start_loop(&mut self, index: usize) {
        self.nodes[index].life += 1;
        let life = self.nodes[index].life;
        match self.options.drive {
            Drive::Ticks => {
                let phase = self.rng.range(0, self.nodes[index].interval.saturating_sub(1));
                self.agenda.plan(self.now + phase, Due::Tick(index as u32, life));
            }
            Drive::Timers => {
                self.nodes[index].timer_at = u64::MAX;
                self.plan_timer(index);
            }
            Drive::Manual => {}
        }
    }

    pub(crate) fn plan(&mut self, at: u64, due: Due) {
        self.agenda.plan(at, due);
    }

    /// A hash of all that has happened.
    pub fn trace(&self) -> u64 {
        self.trace.0
    }

    /// Does what is due next, if it is due by `end`; false when nothing is.
    pub fn step(&mut self, end: u64) -> bool {
        let Some((at, due)) = self.agenda.next(end) else {
            self.now = self.now.max(end);
            return false;
        };
        self.now = self.now.max(at);
        self.views.violations.now = self.now;
        self.trace.number(self.now);
        match due {
            Due::Reach(index, flight) => self.reach(index as usize, flight),
            Due::Arrive(index, flight) => {
                self.net.received(index as usize);
                self.arrive(index as usize, flight);
            }
            Due::Tick(index, life) => self.tick_due(index as usize, life),
            Due::Timer(index, timer) => self.timer_due(index as usize, timer),
            Due::Stall(index, life) => self.stall_due(index as usize, life),
            Due::Resume(index, life) => self.resume_due(index as usize, life),
        }
        true
    }

    /// One loop of every running node in turn, with all messages delivered in between.
    pub fn step_all(&mut self) {
        for index in 0..self.nodes.len() {
            if self.nodes[index].up {
                self.loop_once(index);
                self.settle();
            }
        }
    }

    /// Delivers all that can arrive without time passing.
    pub fn settle(&mut self) {
        while self.step(self.now) {}
    }

    fn reach(&mut self, index: usize, flight: u32) {
        if !self.net.is_narrow() {
            return self.arrive(index, flight);
        }
        let bytes = self.flights[flight as usize].bytes as usize;
        match self.net.receive(self.now, index, bytes) {
            Some(at) => self.agenda.plan(at, Due::Arrive(index as u32, flight)),
            None => {
                self.counts.overflown += 1;
                self.free.push(flight);
            }
        }
    }

    fn arrive(&mut self, index: usize, flight: u32) {
        let node = &mut self.nodes[index];
        if !node.up {
            self.counts.stopped += 1;
            self.free.push(flight);
            return;
        }
        let stalled = self.now < node.stalled_until;
        let reader_runs = !stalled || node.stall.is_some_and(|stall| stall.reader_runs);
        // Where reading takes time, what waits comes first.
        let behind = node.stall.is_some_and(|stall| stall.messages_only) && !node.inbox.is_empty();
        if node.read == Read::OnArrival && reader_runs && !behind {
            return self.take(index, flight);
        }
        if self.options.inbox.is_some_and(|most| node.inbox.len() >= most) {
            self.counts.overflown += 1;
            self.free.push(flight);
        } else {
            node.inbox.push_back(flight);
        }
    }

    /// What waits for a node is lost.
    pub(crate) fn clear_inbox(&mut self, index: usize) {
        self.free.extend(self.nodes[index].inbox.drain(..));
    }

    /// The node's own clock, whose origin is its own.
    pub fn clock(&self, index: usize) -> Instant {
        let node = &self.nodes[index];
        let gained = (self.now as i128 * i128::from(node.skew) / 1_000_000) as i64;
        Instant::from_micros((self.now + node.clock_offset).saturating_add_signed(gained))
    }

    /// When a node's clock shows this.
    fn when(&self, index: usize, clock: Instant) -> u64 {
        let node = &self.nodes[index];
        let shown = clock.as_micros().saturating_sub(node.clock_offset);
        if node.skew == 0 {
            return shown;
        }
        let at = i128::from(shown) * 1_000_000 / i128::from(1_000_000 + node.skew);
        u64::try_from(at + 1).unwrap_or(u64::MAX)
    }

    /// Does what a core wants done after a call, and checks it.
    pub fn finish(&mut self, index: usize) {
        let most = self.options.limits.outputs;
        let mut count = 0;
        while count < most && self.nodes[index].peer.poll(&mut self.outputs) {
            count += 1;
            match self.outputs.take() {
                Some(Effect::Send(sending)) => self.send(index, &sending),
                Some(Effect::Told(told)) => self.told(index, &told),
                None => {}
            }
        }
        self.counts.most_outputs = self.counts.most_outputs.max(count);
        let bad = &mut self.views.violations;
        bad.check(count < most, Rule::WorkIsBounded, index, || "too many outputs".into());
        let heartbeat = self.nodes[index].peer.heartbeat();
        let before = std::mem::replace(&mut self.nodes[index].own_heartbeat, heartbeat);
        bad.check(heartbeat >= before, Rule::OwnHeartbeatRises, index, || {
            format!("{heartbeat} after {before}")
        });
        if self.options.checks == Checks::Full {
            self.check_node(index);
        }
        if self.options.drive == Drive::Timers {
            self.plan_timer(index);
        }
    }

    fn check_node(&mut self, index: usize) {
        let bad = &mut self.views.violations;
        let node = &self.nodes[index];
        let own = node.peer.own();
        let kept = own.id == node.id && own.port == i32::from(node.address.port());
        bad.check(kept, Rule::OwnerRules, index, || format!("became {own:?}"));
        if let Some(what) = node.peer.overlong() {
            bad.note(Rule::QueueIsBounded, index, || what);
        }
        if self.nodes.len() <= FEW {
            self.check_list(index);
        }
    }

    fn told(&mut self, index: usize, told: &Tidings) {
        let at = told.at.and_then(index_of).and_then(|node| self.nodes.get(node));
        let told = &Tidings { id: at.map_or(told.id, |node| node.id), ..*told };
        self.trace.bytes(told.id.as_bytes());
        self.trace.number(told.status as u64 + 8 * told.old as u64);
        let subject = self.views.index_of(&told.id);
        self.watch.told(self.now, index, subject, told);
        self.views.event(index, self.nodes[index].id, told);
    }

    /// Whether a node runs and has not left.
    pub fn live(&self, index: usize) -> bool {
        self.nodes[index].up && !self.nodes[index].left
    }

    /// A node stops or goes on, leaves or is back.
    pub(crate) fn set_state(&mut self, index: usize, up: bool, left: bool) {
        self.nodes[index].up = up;
        self.nodes[index].left = left;
        self.views.set_live(index, up && !left);
    }

    /// Whether a node said that it leaves, as the harness counts it.
    pub fn set_left(&mut self, index: usize, left: bool) {
        self.set_state(index, self.nodes[index].up, left);
    }

    /// Whether a node said that it leaves.
    pub fn has_left(&self, index: usize) -> bool {
        self.nodes[index].left
    }

    /// Compares a node's list with what it was told.
    pub fn check_list(&mut self, index: usize) {
        let node = &self.nodes[index];
        self.views.list(index, node.id, |each| node.peer.members(each));
    }
}

fn random_id(rng: &mut Rng) -> NodeId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&rng.bits().to_le_bytes());
    bytes[8..].copy_from_slice(&rng.bits().to_le_bytes());
    NodeId::new(bytes)
}
