//! What must never be seen, and the list of what was.

use std::fmt;

/// A rule that every run keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// A node is in its own list, or is told of itself.
    NotItself,
    /// An id is listed twice.
    NoDuplicate,
    /// A node's own heartbeat fell while it ran.
    OwnHeartbeatRises,
    /// What is held of a node went back in the order of claims (P-1).
    ClaimsRise,
    /// An event's old status is not the status told last.
    EventChain,
    /// An event says what was already told.
    EventSaysSomething,
    /// The list and the events disagree.
    ListIsTold,
    /// A listed node is gone from the list without being told.
    NothingVanishes,
    /// Unknown as the status of a listed, told or sent node.
    StatusIsValid,
    /// A message is too long, or a kind that its carrier has not.
    MessageFits,
    /// One call gave too much to do, or timers never let time pass.
    WorkIsBounded,
    /// A queue of a core is longer than it may be (P-15).
    QueueIsBounded,
    /// A node was refused that should have been made, or changed its own address or id.
    OwnerRules,
}

/// One broken rule.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// Virtual microseconds since the start.
    pub at: u64,
    /// At which node.
    pub node: usize,
    /// What was seen.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.at as f64 / 1000.0;
        write!(f, "{:?} at {ms:.3} ms, node {}: {}", self.rule, self.node, self.what)
    }
}

/// The first violations of a run; later ones are only counted.
#[derive(Clone, Debug, Default)]
pub struct Violations {
    /// Virtual time now, for the next one.
    pub now: u64,
    /// The first.
    pub first: Vec<Violation>,
    /// All.
    pub count: u64,
}

impl Violations {
    const KEPT: usize = 10;

    /// Notes that `rule` is broken; the text is made only if it is kept.
    pub fn note(&mut self, rule: Rule, node: usize, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(Violation { rule, at: self.now, node, what: what() });
        }
    }

    /// Notes it unless `holds`.
    pub fn check(&mut self, holds: bool, rule: Rule, node: usize, what: impl FnOnce() -> String) {
        if !holds {
            self.note(rule, node, what);
        }
    }
}
