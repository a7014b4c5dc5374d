//! The virtual clock and everything that happens on it.

use crate::carrier::{address_of, as_struct, strip, view};
use crate::checks::Rule;
use crate::net::{Net, Packet};
use crate::options::{Carrier, Drive, Options, Read, Resume, Stall};
use crate::peer::{Effect, Peer, Setup};
use crate::report::Counts;
use crate::rng::Rng;
use crate::views::{Trace, Views};
use crate::watch::Watch;
use gossip::types::{Header, Instant, Message, NodeId, NodeStatus, NodeView, Path};
use gossip::wire::binary;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::SocketAddr;

/// What a packet may have.
const MAX_PACKET_BYTES: usize = 1400;

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
    pub left: bool,
    /// Time between its ticks.
    pub interval: u64,
    /// When it reads.
    pub read: Read,
    pub(crate) moves: u8,
    pub(crate) life: u32,
    pub(crate) stall: Option<Stall>,
    pub(crate) stalled_until: u64,
    pub(crate) missed: u64,
    pub(crate) inbox: VecDeque<Packet>,
    clock_offset: u64,
    own_heartbeat: u64,
    timer: u64,
    timer_at: Option<Instant>,
    wakeups: (u64, u32),
}

impl<P: Peer> Node<P> {
    /// The heartbeat it tells others.
    pub fn peer_heartbeat(&self) -> u64 {
        self.peer.own().heartbeat
    }
}

/// What is due at some time.
#[derive(Debug)]
pub(crate) enum Due {
    Arrive(usize, Packet),
    Tick(usize, u32),
    Timer(usize, u64),
    Stall(usize, u32),
    Resume(usize, u32),
}

#[derive(Debug)]
struct Item {
    at: u64,
    order: u64,
    due: Due,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Item {}
impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Item {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
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
    agenda: BinaryHeap<Reverse<Item>>,
    order: u64,
    /// The packet that is being sent; kept for its memory.
    bytes: Vec<u8>,
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
            views: Views::new(&ids),
            nodes: Vec::with_capacity(ids.len()),
            counts: Counts::default(),
            watch: Watch::from_env(),
            trace: Trace::default(),
            agenda: BinaryHeap::new(),
            order: 0,
            bytes: Vec::new(),
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
        let peer = self.make_peer(id, address, 0, interval, clock_offset);
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
            moves: 0,
            life: 0,
            stall: None,
            stalled_until: 0,
            missed: 0,
            inbox: VecDeque::new(),
            clock_offset,
            own_heartbeat: 0,
            timer: 0,
            timer_at: None,
            wakeups: (0, 0),
        });
        self.net.bind(index, id, address);
        self.start_loop(index);
    }

    /// Makes a core for a node with this interval and clock.
    fn make_peer(
        &mut self,
        id: NodeId,
        address: SocketAddr,
        heartbeat: u64,
        interval: u64,
        clock_offset: u64,
    ) -> P {
        let own = NodeView { heartbeat, ..view(id, address) };
        let setup = Setup { carrier: self.options.carrier, drive: self.options.drive, interval };
        let now = Instant::from_micros(self.now + clock_offset);
        let seed = self.rng.next();
        P::make(setup, &own, seed, now).expect("the harness makes only valid nodes")
    }

    /// Puts a new core in the place of a node's old one, at a new clock origin.
    pub(crate) fn renew(&mut self, index: usize, heartbeat: u64) {
        let offset = self.rng.range(0, 1 << 40);
        let node = &self.nodes[index];
        let (id, address, interval) = (node.id, node.address, node.interval);
        let peer = self.make_peer(id, address, heartbeat, interval, offset);
        let node = &mut self.nodes[index];
        node.peer = peer;
        node.clock_offset = offset;
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
                self.plan(self.now + phase, Due::Tick(index, life));
            }
            Drive::Timers => {
                self.nodes[index].timer_at = None;
                self.plan_timer(index);
            }
            Drive::Manual => {}
        }
    }

    pub(crate) fn plan(&mut self, at: u64, due: Due) {
        self.order += 1;
        self.agenda.push(Reverse(Item { at, order: self.order, due }));
    }

    /// A hash of all that has happened.
    pub fn trace(&self) -> u64 {
        self.trace.0
    }

    /// Does what is due next, if it is due by `end`; false when nothing is.
    pub fn step(&mut self, end: u64) -> bool {
        if self.agenda.peek().is_none_or(|Reverse(item)| item.at > end) {
            self.now = self.now.max(end);
            return false;
        }
        let Some(Reverse(item)) = self.agenda.pop() else { return false };
        self.now = self.now.max(item.at);
        self.views.violations.now = self.now;
        self.trace.number(self.now);
        match item.due {
            Due::Arrive(index, packet) => self.arrive(index, packet),
            Due::Tick(index, life) => self.tick_due(index, life),
            Due::Timer(index, timer) => self.timer_due(index, timer),
            Due::Stall(index, life) => self.stall_due(index, life),
            Due::Resume(index, life) => self.resume_due(index, life),
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

    fn arrive(&mut self, index: usize, packet: Packet) {
        let node = &mut self.nodes[index];
        if !node.up {
            self.counts.stopped += 1;
            return;
        }
        let stalled = self.now < node.stalled_until;
        let reader_runs = !stalled || node.stall.is_some_and(|stall| stall.reader_runs);
        if node.read == Read::OnArrival && reader_runs {
            return self.take(index, &packet);
        }
        if self.options.inbox.is_some_and(|most| node.inbox.len() >= most) {
            self.counts.overflown += 1;
        } else {
            node.inbox.push_back(packet);
        }
    }

    fn tick_due(&mut self, index: usize, life: u32) {
        let node = &mut self.nodes[index];
        if !node.up || node.life != life {
            return;
        }
        let (interval, jitter) = (node.interval, self.options.jitter);
        if self.now < node.stalled_until {
            node.missed += 1;
        } else {
            self.loop_once(index);
        }
        let wait = self.rng.range(interval.saturating_sub(jitter).max(1), interval + jitter);
        self.plan(self.now + wait, Due::Tick(index, life));
    }

    fn timer_due(&mut self, index: usize, timer: u64) {
        let node = &mut self.nodes[index];
        if !node.up || node.timer != timer {
            return;
        }
        node.timer_at = None;
        if self.now < node.stalled_until {
            return;
        }
        let again = if node.wakeups.0 == self.now { node.wakeups.1 + 1 } else { 0 };
        node.wakeups = (self.now, again);
        if again > self.options.limits.wakeups {
            // A core that asks for the same time for ever would stop the clock: look away for 1 ms.
            self.views.violations.note(Rule::WorkIsBounded, index, || "wakes for ever".into());
            return self.plan(self.now + 1000, Due::Timer(index, timer));
        }
        self.loop_once(index);
    }

    fn resume_due(&mut self, index: usize, life: u32) {
        let node = &mut self.nodes[index];
        let Some(stall) = node.stall.filter(|_| node.up && node.life == life) else { return };
        let missed = std::mem::take(&mut node.missed);
        let rounds = if stall.burst { missed.clamp(1, 1000) } else { 1 };
        if stall.resume == Resume::Read {
            self.read_all(index);
        }
        for _ in 0..rounds {
            self.work(index);
        }
        self.read_all(index);
    }

    /// What a loop does once: reading and a round, in the node's order.
    fn loop_once(&mut self, index: usize) {
        if self.nodes[index].read != Read::AfterTick {
            self.read_all(index);
        }
        self.work(index);
        self.read_all(index);
    }

    /// One round of a node that ticks, one wake-up of one with timers.
    fn work(&mut self, index: usize) {
        let now = self.clock(index);
        match self.options.drive {
            Drive::Timers => self.nodes[index].peer.timeout(now),
            Drive::Ticks | Drive::Manual => self.nodes[index].peer.round(now),
        }
        self.finish(index);
        self.check_list(index);
    }

    fn read_all(&mut self, index: usize) {
        // Only what waits now: answers that arrive meanwhile are for the next loop.
        for _ in 0..self.nodes[index].inbox.len() {
            let Some(packet) = self.nodes[index].inbox.pop_front() else { break };
            self.take(index, &packet);
        }
    }

    fn take(&mut self, index: usize, packet: &Packet) {
        self.counts.delivered += 1;
        self.trace.number(index as u64);
        let path = match self.options.carrier {
            Carrier::Struct => Path::Struct,
            Carrier::Packet => Path::Packet(packet.source),
        };
        let now = self.clock(index);
        let taken = self.nodes[index].peer.handle(now, path, &packet.header, &packet.entries);
        self.counts.refused += u64::from(!taken);
        self.finish(index);
    }

    /// The node's own clock, whose origin is its own.
    pub fn clock(&self, index: usize) -> Instant {
        Instant::from_micros(self.now + self.nodes[index].clock_offset)
    }

    /// Does what a core wants done after a call, and checks it.
    pub fn finish(&mut self, index: usize) {
        let most = self.options.limits.outputs;
        let effects = self.nodes[index].peer.drain(most);
        let bad = &mut self.views.violations;
        bad.check(effects.len() < most, Rule::WorkIsBounded, index, || "too many outputs".into());
        let (id, address) = (self.nodes[index].id, self.nodes[index].address);
        let own = self.nodes[index].peer.own();
        let before = self.nodes[index].own_heartbeat;
        bad.check(own.heartbeat >= before, Rule::OwnHeartbeatRises, index, || {
            format!("{} after {before}", own.heartbeat)
        });
        let kept = own.id == id && own.port == i32::from(address.port());
        bad.check(kept, Rule::OwnerRules, index, || format!("became {own:?}"));
        self.nodes[index].own_heartbeat = own.heartbeat;
        for effect in effects {
            match effect {
                Effect::Send { header, to, ip, port, entries } => {
                    self.send(index, header, (to, &ip, port), entries);
                }
                Effect::Told { node, old } => self.told(index, &node, old),
            }
        }
        if self.nodes.len() <= 16 {
            self.check_list(index);
        }
        if self.options.drive == Drive::Timers {
            self.plan_timer(index);
        }
    }

    fn plan_timer(&mut self, index: usize) {
        let node = &mut self.nodes[index];
        let due = node.peer.due();
        if due.is_some() && due == node.timer_at {
            return;
        }
        node.timer += 1;
        node.timer_at = due;
        let timer = node.timer;
        let Some(due) = due else { return };
        let at = due.as_micros().saturating_sub(node.clock_offset).max(self.now);
        let late = self.rng.range(0, self.options.late);
        self.plan(at.saturating_add(late), Due::Timer(index, timer));
    }

    fn told(&mut self, index: usize, node: &NodeView, old: NodeStatus) {
        self.trace.bytes(node.id.as_bytes());
        self.trace.number(node.status as u64 + 8 * old as u64);
        let subject = self.views.index_of(&node.id);
        self.watch.told(self.now, index, subject, node, old);
        let own = self.nodes[index].id;
        let nodes = &self.nodes;
        self.views.event(index, own, node, old, |i| nodes[i].up && !nodes[i].left);
    }

    /// Compares a node's list with what it was told.
    pub fn check_list(&mut self, index: usize) {
        let node = &self.nodes[index];
        self.views.list(index, node.id, |each| node.peer.members(each));
    }

    fn send(
        &mut self,
        from: usize,
        mut header: Header,
        (id, ip, port): (NodeId, &str, i32),
        mut entries: Vec<NodeView>,
    ) {
        self.check_message(from, &header, &entries);
        match self.options.carrier {
            Carrier::Struct => {
                header = as_struct(header);
                entries.iter_mut().for_each(strip);
            }
            // What is left out of a packet does not arrive.
            Carrier::Packet => (header, entries) = self.through_bytes(from, &header, &entries),
        }
        self.counts.sent(&header, entries.len());
        self.trace.number(header.kind as u64);
        self.trace.number(entries.len() as u64);
        entries.iter().for_each(|entry| self.trace.number(entry.heartbeat));
        let Some(to) = self.net.find(id, ip, port) else {
            self.counts.nowhere += 1;
            return;
        };
        let copies = self.net.carry(from, to);
        let index = |id: &NodeId| self.views.index_of(id);
        let arrives = copies != [None, None];
        self.watch.sent(self.now, (from, to), &header, &entries, index, arrives);
        let source = self.nodes[from].address;
        let packet = Packet { source, header, entries: entries.into() };
        self.counts.lost += u64::from(!arrives);
        self.counts.doubled += u64::from(copies[0].is_some() && copies[1].is_some());
        for delay in copies.into_iter().flatten() {
            self.plan(self.now + delay, Due::Arrive(to, packet.clone()));
        }
    }

    /// The message as its receiver reads it out of the packet.
    fn through_bytes(
        &mut self,
        from: usize,
        header: &Header,
        entries: &[NodeView],
    ) -> (Header, Vec<NodeView>) {
        self.bytes.clear();
        let written = entries.iter().map(NodeView::as_entry);
        let encoded = binary::encode(header, written, &mut self.bytes);
        let bytes = self.bytes.len();
        let fits = encoded.is_ok() && bytes <= MAX_PACKET_BYTES;
        self.views.violations.check(fits, Rule::MessageFits, from, || {
            format!("{:?} of {bytes} bytes: {encoded:?}", header.kind)
        });
        self.counts.bytes += bytes as u64;
        match binary::decode(&self.bytes) {
            Ok(packet) => {
                let Message { header, entries } = packet.to_message();
                (header, entries)
            }
            Err(error) => panic!("a packet of ours cannot be read: {error}"),
        }
    }

    fn check_message(&mut self, from: usize, header: &Header, entries: &[NodeView]) {
        let bad = &mut self.views.violations;
        let most = self.options.limits.entries;
        bad.check(entries.len() <= most, Rule::MessageFits, from, || {
            format!("{:?} of {} entries", header.kind, entries.len())
        });
        let carried = self.options.carrier == Carrier::Packet || header.kind.is_struct();
        bad.check(carried, Rule::MessageFits, from, || format!("{:?} as a struct", header.kind));
        let own = header.sender == self.nodes[from].id;
        bad.check(own, Rule::OwnerRules, from, || format!("sends as {}", header.sender));
        let unknown = entries.iter().find(|entry| entry.status == NodeStatus::Unknown);
        bad.check(unknown.is_none(), Rule::StatusIsValid, from, || "sends unknown".into());
    }
}

fn random_id(rng: &mut Rng) -> NodeId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&rng.next().to_le_bytes());
    bytes[8..].copy_from_slice(&rng.next().to_le_bytes());
    NodeId::new(bytes)
}
