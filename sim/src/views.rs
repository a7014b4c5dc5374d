//! What each node was told of each other, from its events, and the checks of events and lists.

use crate::checks::{Rule, Violations};
use crate::options::Checks;
use crate::tidings::{Tidings, address_hash, configuration_hash};
use gossip::types::{Entry, NodeId, NodeStatus};
use std::collections::{BTreeMap, HashMap};

/// A key for a node that is none of the run's: the id, and for the zero id the address too, since
/// placeholders share it.
type Key = (NodeId, u64);

/// What a node was told last of another.
#[derive(Clone, Copy, Debug)]
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

/// What one node was told of all others.
#[derive(Clone, Debug, Default)]
struct Row {
    /// Of the run's nodes, by index; empty where statuses alone are kept.
    known: Vec<Option<Told>>,
    others: BTreeMap<Key, Told>,
    len: usize,
}

/// All nodes' views.
#[derive(Debug)]
pub struct Views {
    nodes: usize,
    checks: Checks,
    index: HashMap<NodeId, usize>,
    rows: Vec<Row>,
    matrix: Vec<NodeStatus>,
    live: Vec<bool>,
    /// Of each node, how many live others hold it online, and gone.
    online: Vec<u32>,
    gone: Vec<u32>,
    list_checks: u64,
    /// Events that were taken.
    pub events: u64,
    /// Every change of a known node's status from or to suspect, failed or left, in order.
    pub log: Vec<Change>,
    /// Broken rules.
    pub violations: Violations,
}

impl Views {
    /// Nobody knows anybody.
    pub fn new(ids: &[NodeId], checks: Checks) -> Self {
        let nodes = ids.len();
        let known = if checks == Checks::Full { vec![None; nodes] } else { Vec::new() };
        Self {
            nodes,
            checks,
            index: ids.iter().enumerate().map(|(i, id)| (*id, i)).collect(),
            rows: vec![Row { known, ..Row::default() }; nodes],
            matrix: vec![NodeStatus::Unknown; nodes * nodes],
            live: vec![true; nodes],
            online: vec![0; nodes],
            gone: vec![0; nodes],
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

    /// How many live nodes hold this one online.
    pub fn online_at(&self, subject: usize) -> usize {
        self.online[subject] as usize
    }

    /// How many live nodes hold this one failed or left.
    pub fn gone_at(&self, subject: usize) -> usize {
        self.gone[subject] as usize
    }

    /// Forgets what a node was told: it starts anew.
    pub fn forget(&mut self, observer: usize) {
        let row = &mut self.rows[observer];
        row.known.fill(None);
        row.others.clear();
        row.len = 0;
        for subject in 0..self.nodes {
            self.put(observer, subject, NodeStatus::Unknown);
        }
    }

    /// A node runs and has not left, or not.
    pub fn set_live(&mut self, observer: usize, live: bool) {
        if self.live[observer] == live {
            return;
        }
        for subject in 0..self.nodes {
            let status = self.status(observer, subject);
            if self.live[observer] {
                self.count(subject, status, false);
            } else {
                self.count(subject, status, true);
            }
        }
        self.live[observer] = live;
    }

    /// Whether a node runs and has not left.
    pub fn is_live(&self, node: usize) -> bool {
        self.live[node]
    }

    fn count(&mut self, subject: usize, status: NodeStatus, more: bool) {
        let counter = match status {
            NodeStatus::Online => &mut self.online[subject],
            NodeStatus::Failed | NodeStatus::Left => &mut self.gone[subject],
            _ => return,
        };
        *counter = if more { *counter + 1 } else { *counter - 1 };
    }

    fn put(&mut self, observer: usize, subject: usize, status: NodeStatus) {
        let place = observer * self.nodes + subject;
        let old = std::mem::replace(&mut self.matrix[place], status);
        if self.live[observer] && old != status {
            self.count(subject, old, false);
            self.count(subject, status, true);
        }
    }

    /// Takes one event.
    pub fn event(&mut self, observer: usize, own: NodeId, told: &Tidings) {
        self.events += 1;
        let bad = &mut self.violations;
        bad.check(told.id != own, Rule::NotItself, observer, || "told of itself".into());
        bad.check(told.status != NodeStatus::Unknown, Rule::StatusIsValid, observer, || {
            format!("told that {} is unknown", told.id)
        });
        let subject = self.index_of(&told.id);
        let before = match self.checks {
            Checks::Full => self.take_event(observer, subject, told),
            Checks::Statuses => {
                let held = subject.map(|subject| self.status(observer, subject));
                // One that was dropped silently while it joined is told anew.
                let known = held.filter(|held| *held > NodeStatus::Joining);
                let fits = known.is_none_or(|held| held == told.old);
                self.violations.check(fits, Rule::EventChain, observer, || {
                    format!("{}: old {}, told last {held:?}", told.id, told.old.name())
                });
                held
            }
        };
        let Some(subject) = subject else { return };
        self.put(observer, subject, told.status);
        let noted = told.status >= NodeStatus::Suspect || told.old >= NodeStatus::Suspect;
        if noted && before != Some(told.status) {
            let (at, alive) = (self.violations.now, self.live[subject]);
            let (old, new) = (told.old, told.status);
            self.log.push(Change { at, observer, subject, old, new, alive });
        }
    }

    fn take_event(
        &mut self,
        observer: usize,
        subject: Option<usize>,
        told: &Tidings,
    ) -> Option<NodeStatus> {
        let before = self.take_row(observer, subject, told);
        self.check_change(observer, told, before.as_ref());
        let now = Told {
            status: told.status,
            heartbeat: told.heartbeat,
            address: told.address,
            configuration: told.configuration,
            seen_in: 0,
        };
        let row = &mut self.rows[observer];
        row.len += 1;
        match subject {
            Some(subject) => row.known[subject] = Some(now),
            None => drop(row.others.insert(key(told.id, told.address), now)),
        }
        before.map(|before| before.status)
    }

    /// The row of this node, removed; failing that, the row of a placeholder at its address, which
    /// gets its id when the node there tells it (P-13).
    ///
    /// A first sight takes no row: the placeholder stays listed, or vanishes as one that never joined.
    fn take_row(
        &mut self,
        observer: usize,
        subject: Option<usize>,
        told: &Tidings,
    ) -> Option<Told> {
        let row = &mut self.rows[observer];
        let held = match subject {
            Some(subject) => row.known[subject].take(),
            None => row.others.remove(&key(told.id, told.address)),
        };
        if held.is_none() && told.old == NodeStatus::Unknown {
            return None;
        }
        let found = held.or_else(|| {
            let at_place = |before: &&Told| {
                before.status == NodeStatus::Joining && before.address == told.address
            };
            let candidates = row.others.values().filter(at_place).count();
            let key = *row.others.iter().find(|(_, before)| at_place(before))?.0;
            if candidates > 1 {
                // Met twice: which of them it was shows in the list, where the other remains.
                row.len += 1;
                return row.others.get(&key).copied();
            }
            row.others.remove(&key)
        });
        row.len -= usize::from(found.is_some());
        found
    }

    fn check_change(&mut self, observer: usize, told: &Tidings, before: Option<&Told>) {
        let placeholder = !self.index.contains_key(&told.id);
        let bad = &mut self.violations;
        let Some(before) = before else {
            return bad.check(told.old == NodeStatus::Unknown, Rule::EventChain, observer, || {
                format!("first told of {} with old status {}", told.id, told.old.name())
            });
        };
        // A placeholder that got its id may be told as a first sight.
        let renamed = told.old == NodeStatus::Unknown && before.status == NodeStatus::Joining;
        bad.check(told.old == before.status || renamed, Rule::EventChain, observer, || {
            format!("{}: old {}, told last {}", told.id, told.old.name(), before.status.name())
        });
        // One whose node was known went silently, and was met anew before the list was looked at.
        let anew = renamed && placeholder;
        let same_part = before.configuration == told.configuration;
        let same_status = before.status == told.status;
        bad.check(!(same_status && same_part) || anew, Rule::EventSaysSomething, observer, || {
            format!("{}: again {}", told.id, told.status.name())
        });
        // Only from its own first word on does what is held of a node never go back.
        if before.status == NodeStatus::Joining {
            return;
        }
        let have = (before.heartbeat, before.status);
        let comes = (told.heartbeat, told.status);
        bad.check(have <= comes, Rule::ClaimsRise, observer, || {
            format!("{}: {:?} after {:?}", told.id, comes, have)
        });
    }

    /// Compares a node's whole list with what it was told.
    pub fn list<'a>(
        &mut self,
        observer: usize,
        own: NodeId,
        visit: impl FnOnce(&mut dyn FnMut(Entry<'a>)),
    ) {
        if self.checks != Checks::Full {
            return;
        }
        self.list_checks += 1;
        let check = self.list_checks;
        let (row, index) = (&mut self.rows[observer], &self.index);
        let bad = &mut self.violations;
        let mut listed = 0;
        visit(&mut |entry| {
            listed += 1;
            bad.check(entry.id != own, Rule::NotItself, observer, || "lists itself".into());
            bad.check(entry.status != NodeStatus::Unknown, Rule::StatusIsValid, observer, || {
                format!("lists {} as unknown", entry.id)
            });
            let told = match index.get(&entry.id) {
                Some(&subject) => row.known[subject].as_mut(),
                None => row.others.get_mut(&key(entry.id, address_hash(&entry))),
            };
            let Some(told) = told else {
                return bad.note(Rule::ListIsTold, observer, || {
                    format!("lists {} ({}) untold", entry.id, entry.status.name())
                });
            };
            check_listed(bad, observer, &entry, told, check);
        });
        if listed != row.len {
            self.drop_unlisted(observer, check);
        }
    }

    /// A joining node that never answered is dropped without an event (P-13); others are not.
    fn drop_unlisted(&mut self, observer: usize, check: u64) {
        let (row, bad) = (&mut self.rows[observer], &mut self.violations);
        let mut keeps = |id: &NodeId, told: &Told| {
            let listed = told.seen_in == check;
            let joins = told.status == NodeStatus::Joining;
            bad.check(listed || joins, Rule::NothingVanishes, observer, || {
                format!("{id} ({}) is not listed any more", told.status.name())
            });
            listed
        };
        let mut dropped = Vec::new();
        for (id, &subject) in &self.index {
            if row.known[subject].is_some_and(|told| told.seen_in != check) {
                dropped.push((subject, *id));
            }
        }
        // The order of a hash map must not reach the report.
        dropped.sort_unstable();
        for (subject, id) in &dropped {
            if let Some(told) = row.known[*subject].take() {
                keeps(id, &told);
            }
        }
        row.others.retain(|(id, _), told| keeps(id, told));
        row.len = row.known.iter().flatten().count() + row.others.len();
        for (subject, _) in dropped {
            self.put(observer, subject, NodeStatus::Unknown);
        }
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
    let joins = told.status == NodeStatus::Joining;
    bad.check(joins || told.heartbeat <= entry.heartbeat, Rule::ClaimsRise, observer, || {
        format!("{}: heartbeat {} after {}", entry.id, entry.heartbeat, told.heartbeat)
    });
    told.heartbeat = entry.heartbeat;
    bad.check(told.configuration == configuration_hash(entry), Rule::ListIsTold, observer, || {
        format!("{}: its address, role, region or metadata changed untold", entry.id)
    });
}

fn key(id: NodeId, address: u64) -> Key {
    (id, if id.is_zero() { address } else { 0 })
}
