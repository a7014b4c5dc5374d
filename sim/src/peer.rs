//! What the harness drives: the real core, a toy that proves the harness, or another protocol.

use crate::options::{Carrier, Drive};
use crate::outputs::{Body, Outputs};
use crate::reference::Constants;
use gossip::proto::{Config, Core, Output, Queues, Rule};
use gossip::types::{Entry, Header, Instant, MessageKind, NodeId, NodeView, Path};
use std::net::SocketAddr;

/// What a node is made for.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How messages travel.
    pub carrier: Carrier,
    /// Who decides when it works.
    pub drive: Drive,
    /// Time between rounds in microseconds.
    pub interval: u64,
    /// Nodes in the run.
    pub nodes: usize,
    /// The other constants, for a real core.
    pub config: Config,
    /// A rule that a real core does not keep.
    pub off: Option<Rule>,
    /// Whether a real core recounts its invariants.
    pub audit: bool,
    /// Those of [`crate::reference::Reference`].
    pub reference: Constants,
}

/// A node as the harness sees it. The calls are those of [`Core`].
#[allow(missing_docs, reason = "the calls are Core's")]
pub trait Peer: Sized {
    /// Whether its program has threads of its own for timers, which go on while messages are blocked.
    const BLOCKS: bool = false;

    fn make(setup: &Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String>;
    fn own(&self) -> Entry<'_>;
    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>));
    /// Takes a message that came from this address; says whether it did.
    fn handle(&mut self, now: Instant, from: SocketAddr, body: &Body) -> bool;
    fn round(&mut self, now: Instant);
    fn timeout(&mut self, now: Instant);
    fn due(&self) -> Option<Instant>;
    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String>;
    fn join(&mut self, now: Instant, node: &NodeView) -> Result<(), String>;
    fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), String>;
    /// Puts the next thing to do into `outputs`; false if there is none.
    fn poll(&mut self, outputs: &mut Outputs) -> bool;
    /// Is told of others by one whom it trusts; false where that cannot be. It may be among them itself.
    fn know(&mut self, _now: Instant, _others: &[NodeView], _teller: &NodeView) -> bool {
        false
    }
    /// What is longer than it may be, if anything is.
    fn overlong(&self) -> Option<String> {
        None
    }
    /// Messages are blocked from now on, or flow again.
    fn blocked(&mut self, _now: Instant, _blocked: bool) {}
    /// Claims that wait to be told.
    fn news(&self) -> usize {
        0
    }
    /// The own heartbeat; a getter of its own because it is asked for after every call.
    fn heartbeat(&self) -> u64 {
        self.own().heartbeat
    }
}

/// The configuration of a real core.
fn config(setup: &Setup) -> Config {
    let mut config = setup.config.clone();
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
    fn make(setup: &Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String> {
        let mut core = Self::new(config(setup), &own.as_entry(), seed, now)
            .map_err(|error| error.to_string())?;
        if let Some(rule) = setup.off {
            core.switch_off(rule);
        }
        if setup.audit {
            core.switch_audit_on();
        }
        Ok(core)
    }

    fn own(&self) -> Entry<'_> {
        Self::own(self)
    }

    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>)) {
        Self::members(self).for_each(each);
    }

    fn handle(&mut self, now: Instant, from: SocketAddr, body: &Body) -> bool {
        match body {
            Body::Bytes(bytes) => self.handle_packet(now, Path::Packet(from), bytes).is_ok(),
            Body::Structs(message) => {
                let entries = message.entries.iter().map(NodeView::as_entry);
                self.handle_message(now, Path::Struct, &message.header, entries).is_ok()
            }
        }
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

    fn poll(&mut self, outputs: &mut Outputs) -> bool {
        match self.poll_output() {
            None => return false,
            Some(Output::Transmit(message)) => {
                let to = (message.target.id, message.target.ip, message.target.port);
                outputs.send(&message.header, to, message.entries());
            }
            Some(Output::Event(event)) => outputs.tell(&event.node, event.old_status),
        }
        true
    }

    fn know(&mut self, now: Instant, others: &[NodeView], teller: &NodeView) -> bool {
        let own = Self::own(self).id;
        let header = Header {
            sender: teller.id,
            // A kind that no node of 1.4.2 sends, and that asks for nothing.
            kind: MessageKind::Nack,
            timestamp: teller.heartbeat,
            wire: if teller.reads_packets { gossip::wire::binary::VERSION } else { 0 },
            ..Header::default()
        };
        let others = others.iter().filter(|node| node.id != own && node.id != teller.id);
        let entries = std::iter::once(teller).chain(others).map(NodeView::as_entry);
        // What is told over a struct is believed.
        let known = self.handle_message(now, Path::Struct, &header, entries).is_ok();
        self.forget_news();
        known
    }

    fn overlong(&self) -> Option<String> {
        overlong(&self.queues())
    }

    fn news(&self) -> usize {
        self.queues().news
    }
}

/// P-15's bounds.
fn overlong(queues: &Queues) -> Option<String> {
    let bounds = [
        ("outputs", queues.outputs, 1 << 16),
        ("probes", queues.probes, 256),
        ("relays", queues.relays, 64),
        ("pushes", queues.pushes, 64),
        ("fetches", queues.fetches, 16),
    ];
    let over = bounds.into_iter().find(|(_, len, most)| len > most);
    over.map(|(name, len, most)| format!("{len} {name}, most {most}"))
}
