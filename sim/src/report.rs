//! What a run measured.

use crate::peer::Peer;
use crate::views::Change;
use crate::world::World;
use gossip::types::NodeStatus;
use std::collections::BTreeMap;

/// What one run measured and where it failed.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Named figures.
    pub figures: BTreeMap<String, f64>,
    /// What was wrong.
    pub failures: Vec<String>,
    /// A hash of all that happened, where the run tells it.
    pub trace: u64,
}

impl Outcome {
    /// Notes a figure.
    pub fn put(&mut self, name: &str, figure: f64) {
        self.figures.insert(name.into(), figure);
    }

    /// Notes a time in milliseconds and fails if it is none or above the bound.
    pub fn within(&mut self, name: &str, took: Option<u64>, bound: u64) {
        match took {
            Some(time) => {
                self.put(&format!("{name} ms"), time as f64 / 1000.0);
                let text = format!("{name} took {} ms, bound {}", time / 1000, bound / 1000);
                self.expect(time <= bound, || text);
            }
            None => self.failures.push(format!("{name}: never")),
        }
    }

    /// Fails unless it holds.
    pub fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(what());
        }
    }

    /// Takes the checkers' verdict and the traffic of a finished run.
    pub fn close<P: Peer>(mut self, world: &World<P>) -> Self {
        let violations = &world.views.violations;
        if violations.count > 0 {
            self.put("violations", violations.count as f64);
            self.failures.extend(violations.first.iter().map(ToString::to_string));
        }
        let node_seconds = world.nodes.len() as f64 * world.now as f64 / 1e6;
        if node_seconds > 0.0 {
            self.put("messages/node/s", world.counts.messages as f64 / node_seconds);
            self.put("entries/node/s", world.counts.entries as f64 / node_seconds);
        }
        self.put("longest message", world.counts.longest as f64);
        self.put("refused", world.counts.refused as f64);
        let lost = world.counts.lost as f64 / world.counts.messages.max(1) as f64;
        self.put("lost %", 100.0 * lost);
        self
    }
}

/// How long live nodes were held suspect and failed by live observers.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct WrongTime {
    /// Microseconds over all pairs.
    pub suspect: u64,
    /// Microseconds over all pairs.
    pub failed: u64,
    /// How often a live node was told suspect.
    pub suspected: u64,
    /// How often a live node was told failed or left.
    pub buried: u64,
}

/// Adds up the wrong time of all pairs for which `counts` says true, from `from` to `to`.
///
/// A node that dies while it is suspected stops counting when its observer is next told of it.
pub fn wrong_time(
    log: &[Change],
    (from, to): (u64, u64),
    counts: impl Fn(usize, usize) -> bool,
) -> WrongTime {
    let mut open: BTreeMap<(usize, usize), (u64, NodeStatus)> = BTreeMap::new();
    let mut sum = WrongTime::default();
    let close = |sum: &mut WrongTime, (since, status): (u64, NodeStatus), end: u64| {
        let time = end.min(to).saturating_sub(since.max(from));
        if status == NodeStatus::Suspect {
            sum.suspect += time;
        } else {
            sum.failed += time;
        }
    };
    for change in log.iter().filter(|c| c.at <= to && counts(c.observer, c.subject)) {
        let pair = (change.observer, change.subject);
        if let Some(past) = open.remove(&pair) {
            close(&mut sum, past, change.at);
        }
        if change.alive && change.new >= NodeStatus::Suspect {
            open.insert(pair, (change.at, change.new));
            let inside = u64::from(change.at >= from);
            let gone = u64::from(change.new.is_gone());
            sum.buried += inside * gone;
            sum.suspected += inside * (1 - gone);
        }
    }
    for past in open.into_values() {
        close(&mut sum, past, to);
    }
    sum
}

/// When a subject was first told failed or left, and when to the last of its observers, since `from`.
pub fn detection(log: &[Change], subject: usize, from: u64) -> Option<(u64, u64)> {
    let gone = |c: &&Change| c.subject == subject && c.at >= from && c.new.is_gone();
    let first = log.iter().find(gone)?.at;
    let last = log.iter().rev().find(gone)?.at;
    Some((first - from, last - from))
}

/// The changes by which a live node was told failed or left, from `from` on.
pub fn buried(log: &[Change], from: u64) -> impl Iterator<Item = &Change> {
    log.iter().filter(move |c| c.alive && c.new.is_gone() && c.at >= from)
}
