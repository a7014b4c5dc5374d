//! The network: who gets a message, when, and whether at all.

use crate::options::{Options, Route};
use crate::rng::Rng;
use gossip::types::{Header, NodeId, NodeView};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Packet {
    /// The sender's address when it sent.
    pub source: SocketAddr,
    /// All but the entries.
    pub header: Header,
    /// What travels; shared between copies.
    pub entries: Rc<[NodeView]>,
}

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
    bound: BTreeMap<SocketAddr, usize>,
    ids: BTreeMap<NodeId, usize>,
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
            bound: BTreeMap::new(),
            ids: BTreeMap::new(),
            rng,
        }
    }

    /// Gives a node an address, in place of any it had.
    pub fn bind(&mut self, node: usize, id: NodeId, address: SocketAddr) {
        self.bound.retain(|_, owner| *owner != node);
        self.bound.insert(address, node);
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
    pub fn find(&self, id: NodeId, ip: &str, port: i32) -> Option<usize> {
        if self.route == Route::Id
            && let Some(node) = self.ids.get(&id)
        {
            return Some(*node);
        }
        let port = u16::try_from(port).ok()?;
        self.bound.get(&SocketAddr::new(ip.parse::<IpAddr>().ok()?, port)).copied()
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
        let link = self.links.get(&(from, to)).copied().unwrap_or(0.0);
        let losses = [self.loss, self.loss_out[from], self.loss_in[to], link];
        let passes = losses.iter().fold(1.0, |share, loss| share * (1.0 - loss));
        // One draw whatever the loss is, so that a run without faults keeps its other choices.
        let lost = !self.rng.chance(passes);
        let delay = self.rng.range(self.delay.0, self.delay.1);
        if lost { None } else { Some(delay) }
    }
}
