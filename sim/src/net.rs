//! The network: who gets a message, when, and whether at all.

use crate::carrier::index_of;
use crate::options::{Options, Route};
use crate::rng::Rng;
use gossip::types::NodeId;
use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;

/// Faults and addresses. Loss shares run from 0 to 1 and work independently of each other.
#[derive(Debug)]
pub struct Net {
    route: Route,
    delay: (u64, u64),
    /// Of every message.
    pub loss: f64,
    /// Share that arrives twice.
    pub duplicate: f64,
    loss_in: Vec<f64>,
    loss_out: Vec<f64>,
    links: BTreeMap<(usize, usize), f64>,
    group: Vec<u32>,
    /// Where each node listens.
    bound: Vec<Option<SocketAddr>>,
    tail: (f64, u64),
    bandwidth: Option<u64>,
    queue: usize,
    ways: Vec<Way>,
    ids: HashMap<NodeId, usize>,
    rng: Rng,
}

impl Net {
    /// A network without faults but the options'.
    pub fn new(options: &Options, rng: Rng) -> Self {
        Self {
            route: options.route,
            delay: options.delay,
            loss: options.loss,
            duplicate: options.duplicate,
            loss_in: vec![0.0; options.nodes],
            loss_out: vec![0.0; options.nodes],
            links: BTreeMap::new(),
            group: vec![0; options.nodes],
            bound: vec![None; options.nodes],
            tail: options.tail,
            bandwidth: options.bandwidth,
            queue: options.queue,
            ways: vec![Way::default(); options.nodes],
            ids: HashMap::new(),
            rng,
        }
    }

    /// Gives a node an address, in place of any it had.
    pub fn bind(&mut self, node: usize, id: NodeId, address: SocketAddr) {
        self.bound[node] = Some(address);
        self.ids.insert(id, node);
    }

    /// Loses this share of what `node` gets and of what it sends.
    pub fn set_node_loss(&mut self, node: usize, incoming: f64, outgoing: f64) {
        self.loss_in[node] = incoming;
        self.loss_out[node] = outgoing;
    }

    /// Loses this share of what goes from `from` to `to`, this way only.
    pub fn set_link_loss(&mut self, from: usize, to: usize, loss: f64) {
        self.links.insert((from, to), loss);
    }

    /// Cuts the cluster: nodes of different groups do not hear each other.
    pub fn partition(&mut self, group_of: impl Fn(usize) -> u32) {
        for (node, group) in self.group.iter_mut().enumerate() {
            *group = group_of(node);
        }
    }

    /// Ends the cut and all losses of nodes and links; the global loss stays.
    pub fn heal(&mut self) {
        self.group.fill(0);
        self.loss_in.fill(0.0);
        self.loss_out.fill(0.0);
        self.links.clear();
    }

    /// The node that a message to this id and address reaches, if any.
    pub fn find(&self, id: NodeId, address: Option<SocketAddr>) -> Option<usize> {
        if self.route == Route::Id
            && let Some(node) = self.ids.get(&id)
        {
            return Some(*node);
        }
        let address = address?;
        let node = index_of(address)?;
        (*self.bound.get(node)? == Some(address)).then_some(node)
    }

    /// When the last bit of a message of so many bytes has left its sender, who hands it over now.
    pub fn leave(&mut self, now: u64, from: usize, bytes: usize) -> u64 {
        let Some(bandwidth) = self.bandwidth else { return now };
        let way = &mut self.ways[from];
        way.out_free = way.out_free.max(now) + transfer(bytes, bandwidth);
        way.out_free
    }

    /// When a message that reaches its receiver's link now has been received; `None` if the queue
    /// there is full. [`Net::received`] has to be called then.
    pub fn receive(&mut self, now: u64, to: usize, bytes: usize) -> Option<u64> {
        let bandwidth = self.bandwidth.unwrap_or(u64::MAX);
        let way = &mut self.ways[to];
        if way.waiting >= self.queue {
            return None;
        }
        way.waiting += 1;
        way.longest = way.longest.max(way.waiting);
        way.in_free = way.in_free.max(now) + transfer(bytes, bandwidth);
        Some(way.in_free)
    }

    /// A message has left the queue of its receiver's link.
    pub fn received(&mut self, to: usize) {
        self.ways[to].waiting -= 1;
    }

    /// The longest queue there was at any receiver's link.
    pub fn longest_queue(&self) -> usize {
        self.ways.iter().map(|way| way.longest).max().unwrap_or(0)
    }

    /// Forgets the longest queues that there were.
    pub fn forget_queues(&mut self) {
        self.ways.iter_mut().for_each(|way| way.longest = way.waiting);
    }

    /// Whether the links are bounded.
    pub const fn is_narrow(&self) -> bool {
        self.bandwidth.is_some()
    }

    /// How long each copy takes that arrives; none if the message is lost.
    pub fn carry(&mut self, from: usize, to: usize) -> [Option<u64>; 2] {
        if self.group[from] != self.group[to] {
            return [None, None];
        }
        let first = self.copy(from, to);
        let second = if self.rng.chance(self.duplicate) { self.copy(from, to) } else { None };
        [first, second]
    }

    fn copy(&mut self, from: usize, to: usize) -> Option<u64> {
        let link = if self.links.is_empty() { None } else { self.links.get(&(from, to)) };
        let link = link.copied().unwrap_or(0.0);
        let losses = [self.loss, self.loss_out[from], self.loss_in[to], link];
        let passes = losses.iter().fold(1.0, |share, loss| share * (1.0 - loss));
        // One draw whatever the loss is, so that a run without faults keeps its other choices.
        let lost = !self.rng.chance(passes);
        let mut delay = self.rng.range(self.delay.0, self.delay.1);
        if self.rng.chance(self.tail.0) {
            delay += self.rng.range(0, self.tail.1);
        }
        if lost { None } else { Some(delay) }
    }
}

/// A node's link, when its bandwidth is bounded.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    out_free: u64,
    in_free: u64,
    waiting: usize,
    longest: usize,
}

/// Microseconds that so many bytes take, with the 28 of the headers of IP and UDP.
const fn transfer(bytes: usize, bits_a_second: u64) -> u64 {
    (bytes as u64 + 28) * 8 * 1_000_000 / bits_a_second
}
