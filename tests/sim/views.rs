//! What each node was told of each other, from its events, and the checks of events and lists.

use crate::checks::{Rule, Violations};
use gossip::types::{Entry, NodeId, NodeStatus, NodeView};
use std::collections::BTreeMap;

/// A row's key: the id, and for the zero id the address too, since placeholders share it.
type Key = (NodeId, u64);

/// What a node was told last of another.
#[derive(Clone, Debug)]
struct Told {
    status: NodeStatus,
    heartbeat: u64,
    address: u64,
    configuration: u64,
    seen_in: u64,
}

/// One status change that a node was told of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// Virtual microseconds since the start.
    pub at: u64,
    /// Who was told.
    pub observer: usize,
    /// Of whom.
    pub subject: usize,
    /// Before.
    pub old: NodeStatus,
    /// After.
    pub new: NodeStatus,
    /// Whether the subject ran at that time and had not left.
    pub alive: bool,
}

/// All nodes' views.
#[derive(Debug)]
pub struct Views {
    nodes: usize,
    index: BTreeMap<NodeId, usize>,
    rows: Vec<BTreeMap<Key, Told>>,
    matrix: Vec<NodeStatus>,
    list_checks: u64,
    /// Events that were taken.
    pub events: u64,
    /// Every change of a known node's status, in order.
    pub log: Vec<Change>,
    /// Broken rules.
    pub violations: Violations,
}

impl Views {
    /// Nobody knows anybody.
    pub fn new(ids: &[NodeId]) -> Self {
        Self {
            nodes: ids.len(),
            index: ids.iter().enumerate().map(|(i, id)| (*id, i)).collect(),
            rows: vec![BTreeMap::new(); ids.len()],
            matrix: vec![NodeStatus::Unknown; ids.len() * ids.len()],
            list_checks: 0,
            events: 0,
            log: Vec::new(),
            violations: Violations::default(),
        }
    }

    /// The index of the node with this id.
    pub fn index_of(&self, id: &NodeId) -> Option<usize> {
        self.index.get(id).copied()
    }

    /// What `observer` holds of `subject`.
    pub fn status(&self, observer: usize, subject: usize) -> NodeStatus {
        self.matrix[observer * self.nodes + subject]
    }

    /// Forgets what a node was told: it starts anew.
    pub fn forget(&mut self, observer: usize) {
        self.rows[observer].clear();
        self.matrix[observer * self.nodes..][..self.nodes].fill(NodeStatus::Unknown);
    }

    /// Takes one event; `alive` says whether the node with that index runs.
    pub fn event(
        &mut self,
        observer: usize,
        own: NodeId,
        node: &NodeView,
        old: NodeStatus,
        alive: impl Fn(usize) -> bool,
    ) {
        self.events += 1;
        let entry = node.as_entry();
        let bad = &mut self.violations;
        bad.check(node.id != own, Rule::NotItself, observer, || "told of itself".into());
        bad.check(node.status != NodeStatus::Unknown, Rule::StatusIsValid, observer, || {
            format!("told that {} is unknown", node.id)
        });
        let before = self.take_row(observer, &entry, old);
        self.check_change(observer, &entry, old, before.as_ref());
        let told = Told {
            status: node.status,
            heartbeat: node.heartbeat,
            address: address_hash(&entry),
            configuration: configuration_hash(&entry),
            seen_in: 0,
        };
        self.rows[observer].insert(key(&entry), told);
        let Some(subject) = self.index_of(&node.id) else { return };
        self.matrix[observer * self.nodes + subject] = node.status;
        if before.map(|told| told.status) != Some(node.status) {
            let at = self.violations.now;
            let alive = alive(subject);
            self.log.push(Change { at, observer, subject, old, new: node.status, alive });
        }
    }

    /// The row of this node, removed; failing that, the row of a placeholder at its address, which
    /// gets its id when the node there tells it (P-13).
    ///
    /// A first sight takes no row: the placeholder stays listed, or vanishes as one that never joined.
    fn take_row(&mut self, observer: usize, entry: &Entry<'_>, old: NodeStatus) -> Option<Told> {
        let row = &mut self.rows[observer];
        if let Some(told) = row.remove(&key(entry)) {
            return Some(told);
        }
        if old == NodeStatus::Unknown {
            return None;
        }
        let address = address_hash(entry);
        let placeholder = row.iter().find(|((id, _), told)| {
            told.status == NodeStatus::Joining
                && told.address == address
                && !self.index.contains_key(id)
        });
        let found = placeholder.map(|(key, _)| *key)?;
        row.remove(&found)
    }

    fn check_change(
        &mut self,
        observer: usize,
        entry: &Entry<'_>,
        old: NodeStatus,
        before: Option<&Told>,
    ) {
        let bad = &mut self.violations;
        let Some(before) = before else {
            return bad.check(old == NodeStatus::Unknown, Rule::EventChain, observer, || {
                format!("first told of {} with old status {}", entry.id, old.name())
            });
        };
        // A placeholder that got its id may be told as a first sight.
        let renamed = old == NodeStatus::Unknown && before.status == NodeStatus::Joining;
        bad.check(old == before.status || renamed, Rule::EventChain, observer, || {
            format!("{}: old {}, told last {}", entry.id, old.name(), before.status.name())
        });
        let same_part = before.configuration == configuration_hash(entry);
        let same_status = before.status == entry.status;
        bad.check(!(same_status && same_part), Rule::EventSaysSomething, observer, || {
            format!("{}: again {}", entry.id, entry.status.name())
        });
        let have = (before.heartbeat, before.status);
        let comes = (entry.heartbeat, entry.status);
        bad.check(have <= comes, Rule::ClaimsRise, observer, || {
            format!("{}: {:?} after {:?}", entry.id, comes, have)
        });
    }

    /// Compares a node's whole list with what it was told.
    pub fn list<'a>(
        &mut self,
        observer: usize,
        own: NodeId,
        visit: impl FnOnce(&mut dyn FnMut(Entry<'a>)),
    ) {
        self.list_checks += 1;
        let check = self.list_checks;
        let row = &mut self.rows[observer];
        let bad = &mut self.violations;
        let mut listed = 0;
        visit(&mut |entry| {
            listed += 1;
            bad.check(entry.id != own, Rule::NotItself, observer, || "lists itself".into());
            bad.check(entry.status != NodeStatus::Unknown, Rule::StatusIsValid, observer, || {
                format!("lists {} as unknown", entry.id)
            });
            let Some(told) = row.get_mut(&key(&entry)) else {
                return bad.note(Rule::ListIsTold, observer, || {
                    format!("lists {} ({}) untold", entry.id, entry.status.name())
                });
            };
            check_listed(bad, observer, &entry, told, check);
        });
        if listed != row.len() {
            self.drop_unlisted(observer, check);
        }
    }

    /// A joining node that never answered is dropped without an event (P-13); others are not.
    fn drop_unlisted(&mut self, observer: usize, check: u64) {
        let bad = &mut self.violations;
        let (nodes, index, matrix) = (self.nodes, &self.index, &mut self.matrix);
        self.rows[observer].retain(|(id, _), told| {
            let listed = told.seen_in == check;
            bad.check(
                listed || told.status == NodeStatus::Joining,
                Rule::NothingVanishes,
                observer,
                || format!("{id} ({}) is not listed any more", told.status.name()),
            );
            if !listed && let Some(subject) = index.get(id) {
                matrix[observer * nodes + subject] = NodeStatus::Unknown;
            }
            listed
        });
    }
}

fn check_listed(
    bad: &mut Violations,
    observer: usize,
    entry: &Entry<'_>,
    told: &mut Told,
    check: u64,
) {
    bad.check(told.seen_in != check, Rule::NoDuplicate, observer, || {
        format!("lists {} twice", entry.id)
    });
    told.seen_in = check;
    bad.check(told.status == entry.status, Rule::ListIsTold, observer, || {
        format!("{} is {}, told {}", entry.id, entry.status.name(), told.status.name())
    });
    bad.check(told.heartbeat <= entry.heartbeat, Rule::ClaimsRise, observer, || {
        format!("{}: heartbeat {} after {}", entry.id, entry.heartbeat, told.heartbeat)
    });
    told.heartbeat = told.heartbeat.max(entry.heartbeat);
    bad.check(told.configuration == configuration_hash(entry), Rule::ListIsTold, observer, || {
        format!("{}: its address, role, region or metadata changed untold", entry.id)
    });
}

fn key(entry: &Entry<'_>) -> Key {
    (entry.id, if entry.id.is_zero() { address_hash(entry) } else { 0 })
}

fn address_hash(entry: &Entry<'_>) -> u64 {
    let mut hash = Trace::default();
    hash.bytes(entry.ip.as_bytes());
    hash.number(entry.port as u64);
    hash.0
}

/// All of the configuration part that an event tells of.
fn configuration_hash(entry: &Entry<'_>) -> u64 {
    let mut hash = Trace(address_hash(entry));
    hash.bytes(entry.role.as_bytes());
    hash.bytes(entry.region.as_bytes());
    for (key, value) in entry.metadata.pairs().into_iter().flatten() {
        hash.bytes(key.as_bytes());
        hash.bytes(value.as_bytes());
    }
    hash.0
}

/// A hash of everything that happened, in order (FNV-1a over 64-bit words and bytes).
#[derive(Clone, Copy, Debug)]
pub struct Trace(pub u64);

impl Default for Trace {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Trace {
    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    /// Adds bytes and their count.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
