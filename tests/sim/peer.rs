//! What the harness drives: the real core, or a toy that proves the harness.

use crate::options::{Carrier, Drive};
use gossip::proto::{Config, Core, Output};
use gossip::types::{Entry, Header, Instant, NodeId, NodeStatus, NodeView, Path};

/// What a node is made for.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// How messages travel.
    pub carrier: Carrier,
    /// Who decides when it works.
    pub drive: Drive,
    /// Time between rounds in microseconds.
    pub interval: u64,
}

/// One thing a node wants done, owned.
#[derive(Debug)]
pub enum Effect {
    /// A message.
    Send {
        /// All but the entries.
        header: Header,
        /// The id it goes to.
        to: NodeId,
        /// Where to.
        ip: String,
        /// Where to.
        port: i32,
        /// What travels.
        entries: Vec<NodeView>,
    },
    /// The program is told.
    Told {
        /// After the change.
        node: NodeView,
        /// Before it.
        old: NodeStatus,
    },
}

/// A node as the harness sees it. The calls are those of [`Core`].
#[allow(missing_docs, reason = "the calls are Core's")]
pub trait Peer: Sized {
    fn make(setup: Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String>;
    fn own(&self) -> Entry<'_>;
    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>));
    fn handle(&mut self, now: Instant, path: Path, head: &Header, entries: &[NodeView]) -> bool;
    fn round(&mut self, now: Instant);
    fn timeout(&mut self, now: Instant);
    fn due(&self) -> Option<Instant>;
    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String>;
    fn join(&mut self, now: Instant, node: &NodeView) -> Result<(), String>;
    fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), String>;
    fn drain(&mut self, most: usize) -> Vec<Effect>;
}

/// The configuration of a real core; the one place that knows its fields.
fn config(setup: Setup) -> Config {
    let mut config = Config::lan();
    config.carrier = match setup.carrier {
        Carrier::Struct => gossip::proto::Carrier::Structs,
        Carrier::Packet => gossip::proto::Carrier::Packets,
    };
    // A program that ticks cannot say how often it will; a driver with timers is told.
    if setup.drive == Drive::Timers {
        config.round_interval_ms = u32::try_from(setup.interval / 1000).unwrap_or(u32::MAX);
    }
    config
}

impl Peer for Core {
    fn make(setup: Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String> {
        Self::new(config(setup), &own.as_entry(), seed, now).map_err(|error| error.to_string())
    }

    fn own(&self) -> Entry<'_> {
        Self::own(self)
    }

    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>)) {
        Self::members(self).for_each(each);
    }

    fn handle(&mut self, now: Instant, path: Path, head: &Header, entries: &[NodeView]) -> bool {
        self.handle_message(now, path, head, entries.iter().map(NodeView::as_entry)).is_ok()
    }

    fn round(&mut self, now: Instant) {
        Self::round(self, now);
    }

    fn timeout(&mut self, now: Instant) {
        self.handle_timeout(now);
    }

    fn due(&self) -> Option<Instant> {
        self.poll_timeout()
    }

    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        Self::meet(self, now, &node.as_entry()).map_err(|error| error.to_string())
    }

    fn join(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        Self::join(self, now, &node.as_entry()).map_err(|error| error.to_string())
    }

    fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), String> {
        Self::leave(self, now, id).map_err(|error| error.to_string())
    }

    fn drain(&mut self, most: usize) -> Vec<Effect> {
        let mut effects = Vec::new();
        while effects.len() < most {
            let Some(output) = self.poll_output() else { break };
            effects.push(match output {
                Output::Transmit(message) => Effect::Send {
                    header: message.header,
                    to: message.target.id,
                    ip: message.target.ip.into(),
                    port: message.target.port,
                    entries: message.entries().map(NodeView::from).collect(),
                },
                Output::Event(event) => {
                    Effect::Told { node: event.node.into(), old: event.old_status }
                }
            });
        }
        effects
    }
}
