//! Cores that exchange bytes, as drivers carry them, on virtual time.

use gossip::proto::{Config, Core, Output};
use gossip::types::{Detail, Entry, Form, Instant, NodeId, NodeStatus, Path};
use gossip::wire::{binary, json};
use std::collections::BinaryHeap;
use std::net::SocketAddr;

/// What a datagram may have.
const DATAGRAM_BYTES: usize = 1400;
/// One way, in microseconds.
const DELAY: u64 = 1_000;

pub fn id(index: usize) -> NodeId {
    let mut bytes = [0x5a; 16];
    bytes[..8]
        .copy_from_slice(&(index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    NodeId::new(bytes)
}

pub fn address(index: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, (index >> 8) as u8, index as u8], 7000))
}

/// A node's view of itself. Its heartbeat begins at the wall clock in milliseconds.
pub fn view(index: usize, ip: &str) -> Entry<'_> {
    let heartbeat = 1_790_000_000_000 + index as u64;
    Entry {
        id: id(index),
        ip,
        port: 7000,
        heartbeat,
        config_heartbeat: heartbeat,
        config_epoch: 1,
        status: NodeStatus::Online,
        role: "replica",
        region: "eu-west-1",
        ..Entry::default()
    }
}

/// One that is on its way; the heap gives the earliest first.
#[derive(PartialEq, Eq)]
struct Flying {
    at: u64,
    order: u64,
    from: usize,
    to: usize,
    form: Form,
    by_stream: bool,
    bytes: Vec<u8>,
}

impl Ord for Flying {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Flying {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A node and what its driver counted.
pub struct Node {
    pub core: Core,
    pub sent: u64,
    pub sent_bytes: u64,
    /// Of these, texts.
    pub texts: u64,
    /// Whether its driver writes and reads nothing but text, without saying that it reads more.
    pub text_only: bool,
    /// Changes that it was told of: the node, its status before and after.
    pub events: Vec<(NodeId, NodeStatus, NodeStatus)>,
    next_tick: u64,
}

/// All nodes, driven by timers or, with a tick interval, by rounds alone.
pub struct Net {
    pub now: u64,
    pub nodes: Vec<Option<Node>>,
    /// The share of datagrams that get lost.
    pub loss: f64,
    /// Whether datagrams between two nodes pass; connections always do.
    pub cut: fn(usize, usize) -> bool,
    /// Whether all goes by connections, of which the cores know nothing.
    pub streams_alone: bool,
    tick: Option<u64>,
    flying: BinaryHeap<Flying>,
    order: u64,
    random: u64,
}

impl Net {
    pub fn new(seed: u64, tick_ms: Option<u64>) -> Self {
        Self {
            now: 5_000_000,
            nodes: Vec::new(),
            loss: 0.0,
            cut: |_, _| false,
            streams_alone: false,
            tick: tick_ms.map(|ms| ms * 1000),
            flying: BinaryHeap::new(),
            order: 0,
            random: seed * 2 + 1,
        }
    }

    fn random(&mut self) -> u64 {
        // Splitmix64.
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn at(&self) -> Instant {
        Instant::from_micros(self.now)
    }

    pub fn add(&mut self, config: Config) -> usize {
        let index = self.nodes.len();
        self.nodes.push(None);
        self.start(index, config);
        index
    }

    /// Makes a node anew, as after a restart.
    pub fn start(&mut self, index: usize, config: Config) {
        let ip = address(index).ip().to_string();
        let seed = self.random();
        let core = Core::new(config, &view(index, &ip), seed, self.at()).expect("a good one");
        let phase = self.random() % self.tick.unwrap_or(1).max(1);
        self.nodes[index] = Some(Node {
            core,
            sent: 0,
            sent_bytes: 0,
            texts: 0,
            text_only: false,
            events: Vec::new(),
            next_tick: self.now + phase,
        });
    }

    /// `count` nodes that all joined the first and know each other.
    pub fn formed(seed: u64, tick_ms: Option<u64>, config: &Config, count: usize) -> Self {
        let mut net = Self::new(seed, tick_ms);
        for index in 0..count {
            net.add(config.clone());
            if index > 0 {
                net.join(index, 0);
            }
        }
        net.run_until(30_000, |net| net.all_see_all());
        assert!(net.all_see_all(), "they form");
        net
    }

    pub fn core(&mut self, index: usize) -> &mut Core {
        &mut self.node(index).core
    }

    pub fn node(&mut self, index: usize) -> &mut Node {
        self.nodes[index].as_mut().expect("it runs")
    }

    pub fn join(&mut self, index: usize, seed: usize) {
        let (now, ip) = (self.at(), address(seed).ip().to_string());
        let seed = Entry { ip: &ip, port: 7000, ..Entry::default() };
        self.core(index).join(now, &seed).expect("a good seed");
        self.drain(index);
    }

    pub fn set_metadata(&mut self, index: usize, key: &str, value: &str) {
        let now = self.at();
        self.core(index).update_metadata(now, [(key, value)].into_iter()).expect("it fits");
        self.drain(index);
    }

    pub fn status(&self, at: usize, of: usize) -> Option<NodeStatus> {
        Some(self.nodes[at].as_ref()?.core.find(&id(of))?.status)
    }

    pub fn all_see_all(&self) -> bool {
        let running = || (0..self.nodes.len()).filter(|&i| self.nodes[i].is_some());
        running().all(|a| running().all(|b| self.status(a, b) == Some(NodeStatus::Online)))
    }

    /// The value of a key of one node's metadata as another holds it.
    pub fn value(&self, at: usize, of: usize, key: &str) -> Option<String> {
        let entry = self.nodes[at].as_ref()?.core.find(&id(of))?;
        let found = entry.metadata.pairs()?.find(|&(have, _)| have == key)?;
        Some(found.1.to_owned())
    }

    /// Hands bytes to a node as if they came from another.
    pub fn inject(&mut self, from: usize, to: usize, form: Form, bytes: Vec<u8>) {
        self.fly(from, to, form, bytes, 0);
        self.run(0);
    }

    fn fly(&mut self, from: usize, to: usize, form: Form, bytes: Vec<u8>, delay: u64) {
        self.order += 1;
        let (at, order) = (self.now + delay, self.order);
        self.flying.push(Flying { at, order, from, to, form, by_stream: false, bytes });
    }

    pub fn drain(&mut self, index: usize) {
        let mut out = Vec::new();
        let Some(node) = self.nodes[index].as_mut() else { return };
        while let Some(output) = node.core.poll_output() {
            let transmit = match output {
                Output::Transmit(transmit) => transmit,
                Output::Event(event) => {
                    node.events.push((event.node.id, event.old_status, event.node.status));
                    continue;
                }
            };
            let mut bytes = Vec::new();
            let form = if node.text_only { Form::Text } else { transmit.form };
            match form {
                Form::Packet => {
                    transmit.encode(&mut bytes).expect("it can be written");
                    let kind = transmit.header.kind;
                    assert!(bytes.len() <= DATAGRAM_BYTES, "{kind:?} of {} bytes", bytes.len());
                }
                Form::Text if transmit.header.kind.is_struct() => {
                    let mut header = transmit.header;
                    header.wire = if node.text_only { 0 } else { binary::VERSION };
                    // Whoever is pinned to text tells all, whatever the core thinks of the peer.
                    let whole = |entry| Entry { detail: Detail::Full, ..entry };
                    let entries = transmit.entries().map(whole);
                    json::encode(&header, entries, &mut bytes).expect("it fits");
                    node.texts += 1;
                }
                Form::Text => panic!("{:?} as text", transmit.header.kind),
            }
            node.sent += 1;
            node.sent_bytes += bytes.len() as u64;
            let to = transmit.target.ip.parse().map(|ip| SocketAddr::new(ip, 7000));
            out.push((form, transmit.by_stream, to, bytes));
        }
        for (form, by_stream, to, bytes) in out {
            let to = to.ok().and_then(|to| (0..self.nodes.len()).find(|&i| address(i) == to));
            let Some(to) = to else { continue };
            let share = (self.random() >> 11) as f64 / (1_u64 << 53) as f64;
            let lost = share < self.loss;
            if by_stream {
                self.order += 1;
                let (at, order) = (self.now + DELAY, self.order);
                let flying = Flying { at, order, from: index, to, form, by_stream, bytes };
                self.flying.push(flying);
            } else if !lost && !(self.cut)(index, to) {
                self.fly(index, to, form, bytes, DELAY);
            }
        }
    }

    /// Lets time pass.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms * 1000;
        loop {
            let flying = self.flying.peek().map(|flying| flying.at);
            let due = (0..self.nodes.len()).filter_map(|i| Some((self.due(i)?, i))).min();
            let next = flying.into_iter().chain(due.map(|(at, _)| at)).min();
            let Some(next) = next.filter(|&next| next <= end) else { break };
            self.now = self.now.max(next);
            if flying == Some(next) {
                let flying = self.flying.pop().expect("it was seen");
                self.arrive(&flying);
            } else if let Some((_, index)) = due {
                self.wake(index);
            }
        }
        self.now = end;
    }

    /// Lets time pass until something holds, and says how many milliseconds.
    pub fn run_until(&mut self, most_ms: u64, mut holds: impl FnMut(&Self) -> bool) -> u64 {
        for ms in (0..most_ms).step_by(5) {
            if holds(self) {
                return ms;
            }
            self.run(5);
        }
        most_ms
    }

    fn due(&self, index: usize) -> Option<u64> {
        let node = self.nodes[index].as_ref()?;
        match self.tick {
            Some(_) => Some(node.next_tick),
            None => node.core.poll_timeout().map(Instant::as_micros),
        }
    }

    fn wake(&mut self, index: usize) {
        let (now, tick) = (self.at(), self.tick);
        let node = self.node(index);
        match tick {
            Some(tick) => {
                node.next_tick += tick;
                node.core.round(now);
            }
            None => node.core.handle_timeout(now),
        }
        self.drain(index);
    }

    fn arrive(&mut self, flying: &Flying) {
        let now = self.at();
        let Some(node) = self.nodes[flying.to].as_mut() else { return };
        let from = address(flying.from);
        let path = |packet| match (flying.by_stream || self.streams_alone, packet) {
            (true, packet) => Path::Stream(if packet { Form::Packet } else { Form::Text }),
            (false, true) => Path::Packet(from),
            (false, false) => Path::Datagram(from),
        };
        match flying.form {
            Form::Packet if node.text_only => {}
            Form::Packet => {
                let _ = node.core.handle_packet(now, path(true), &flying.bytes);
            }
            Form::Text => {
                let message = json::decode(&flying.bytes).expect("a text of ours");
                let entries = message.entries.iter().map(gossip::types::NodeView::as_entry);
                let _ = node.core.handle_message(now, path(false), &message.header, entries);
            }
        }
        self.drain(flying.to);
    }
}
