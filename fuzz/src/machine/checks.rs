//! What holds of node 0 after every input, see "Invariants" in docs/PROTOCOL.md.

use gossip::proto::{Config, Core, Event, Transmit};
use gossip::types::{Entry, Form, NodeId, NodeStatus, NodeView};
use gossip::wire::binary;
use std::collections::{BTreeMap, BTreeSet};

/// The most bytes of a packet with one part of metadata.
const PART_PACKET_BYTES: usize = 1_400;
/// What one input may lead to, beside what it grows with.
const OUTPUTS: usize = 2_048;

/// What tells members apart: the id, and the address of those that were met without an id.
type Key = (NodeId, Option<(String, i32)>);

fn key(entry: &Entry<'_>) -> Key {
    let address = entry.id.is_zero().then(|| (entry.ip.to_owned(), entry.port));
    (entry.id, address)
}

/// What node 0 has shown so far.
pub(super) struct Checks {
    own_id: NodeId,
    heartbeat: u64,
    /// The status of each node, as events told of it.
    told: BTreeMap<Key, NodeStatus>,
    bytes: Vec<u8>,
}

/// Node 0 before a message.
pub(super) struct Before {
    own: NodeView,
    len: usize,
    outputs: u64,
}

/// What no message changes.
fn identity(core: &Core) -> NodeView {
    NodeView { heartbeat: 0, config_heartbeat: 0, version: 0, ..NodeView::from(core.own()) }
}

fn outputs(core: &Core) -> u64 {
    core.stats().sent.iter().map(|traffic| traffic.messages).sum()
}

impl Checks {
    pub(super) fn new(core: &Core) -> Self {
        let heartbeat = core.own().heartbeat;
        Self { own_id: core.id(), heartbeat, told: BTreeMap::new(), bytes: Vec::new() }
    }

    /// A message that node 0 sends can be written and is within its limits.
    pub(super) fn transmit(&mut self, config: &Config, transmit: &Transmit<'_>) {
        assert_eq!(transmit.header.sender, self.own_id);
        if transmit.form == Form::Text {
            assert!(transmit.header.kind.is_struct(), "{:?} as text", transmit.header.kind);
            return;
        }
        self.bytes.clear();
        transmit.encode(&mut self.bytes).expect("a core's message can be written");
        let packet = binary::decode(&self.bytes).expect("it was written");
        assert_eq!(packet.entries().len(), transmit.entries().len());
        // A part of metadata has 1024 bytes whatever the size of a packet (P-12a).
        let most = (config.packet_bytes as usize).max(PART_PACKET_BYTES);
        assert!(self.bytes.len() <= most, "{} bytes of {most}", self.bytes.len());
    }

    /// An event follows from the one before it.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let (id, old, new) = (event.node.id, event.old_status, event.node.status);
        assert_ne!(id, self.own_id, "an event about itself");
        let held = self.told.insert(key(&event.node), new);
        // A node that was met under a made-up id has its own one from its first answer on.
        let is_renamed = held.is_none() && old == NodeStatus::Joining;
        let follows = old == NodeStatus::Unknown || held == Some(old) || is_renamed;
        assert!(follows, "{id:?} was {held:?}; the event says {old:?} to {new:?}");
        assert_ne!(new, NodeStatus::Unknown);
    }

    /// Nothing waits any more.
    pub(super) fn drained(&mut self, core: &Core) {
        let own = core.own();
        assert_eq!(own.id, self.own_id);
        assert!(own.heartbeat >= self.heartbeat, "{} after {}", own.heartbeat, self.heartbeat);
        assert!(own.heartbeat < 1 << 63);
        self.heartbeat = own.heartbeat;
        let mut ids = BTreeSet::new();
        for member in core.members() {
            assert!(ids.insert(key(&member)), "{:?} is listed twice", member.id);
            assert_ne!(member.id, self.own_id, "a node lists itself");
            assert!(member.heartbeat < 1 << 63 && member.config_epoch < 1 << 63);
            let told = self.told.get(&key(&member));
            assert_eq!(told, Some(&member.status), "{:?} was told otherwise", member.id);
        }
        assert_eq!(ids.len(), core.len());
        assert_eq!(core.count_by_status().iter().sum::<usize>(), core.len());
        self.told.retain(|id, _| ids.contains(id));
        let queues = core.queues();
        assert_eq!(queues.outputs, 0);
        assert!(queues.probes <= 256 && queues.relays <= 64 && queues.fetches <= 16, "{queues:?}");
        assert!(queues.pushes <= 64 && queues.suspicions <= core.len(), "{queues:?}");
    }

    /// Notes node 0 as it is before a message.
    pub(super) fn before(&self, core: &Option<Core>) -> Before {
        let core = core.as_ref().expect("node 0 does not crash");
        Before { own: identity(core), len: core.len(), outputs: outputs(core) }
    }

    /// A message changed nothing that is the node's own, and did not lead to much.
    pub(super) fn after_message(&self, core: &Option<Core>, before: &Before) {
        let core = core.as_ref().expect("node 0 does not crash");
        assert_eq!(identity(core), before.own, "a message changed the node itself");
        let sent = outputs(core) - before.outputs;
        assert!(sent <= (OUTPUTS + 16 * before.len) as u64, "{sent} messages");
    }

    /// A reset is a restart: it forgets all members without events, and heartbeats start anew.
    pub(super) fn reset(&mut self) {
        self.told.clear();
        self.heartbeat = 0;
    }
}
