//! Prints what happens between two nodes, for a person who looks into a failure.

use crate::outputs::Body;
use crate::tidings::Tidings;
use gossip::types::{NodeId, NodeView};
use gossip::wire::binary;

/// The pair that `GOSSIP_SIM_WATCH=3,7` names; prints nothing without it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch(Option<(usize, usize)>);

impl Watch {
    /// Reads the environment.
    pub fn from_env() -> Self {
        let parse = |text: String| {
            let (one, two) = text.split_once(',')?;
            Some((one.trim().parse().ok()?, two.trim().parse().ok()?))
        };
        Self(std::env::var("GOSSIP_SIM_WATCH").ok().and_then(parse))
    }

    fn is(self, one: usize, two: Option<usize>) -> bool {
        let pair = two.map(|two| (one, two));
        self.0.is_some_and(|(a, b)| pair == Some((a, b)) || pair == Some((b, a)))
    }

    /// Whether there is a pair.
    pub const fn is_on(self) -> bool {
        self.0.is_some()
    }

    /// One of the two is told of the other.
    pub fn told(self, now: u64, observer: usize, subject: Option<usize>, told: &Tidings) {
        if self.is(observer, subject) {
            let (old, new, beat) = (told.old.name(), told.status.name(), told.heartbeat);
            println!("{:>12.3} ms  {observer} holds {subject:?} {old} -> {new} @{beat}", ms(now));
        }
    }

    /// One of the two sends to the other.
    pub fn sent(
        self,
        now: u64,
        (from, to): (usize, usize),
        body: &Body,
        index: impl Fn(&NodeId) -> Option<usize>,
        arrives: bool,
    ) {
        if !self.is(from, Some(to)) {
            return;
        }
        let message = match body {
            Body::Structs(message) => message.as_ref().clone(),
            Body::Bytes(bytes) => match binary::decode(bytes) {
                Ok(packet) => packet.to_message(),
                Err(_) => return,
            },
        };
        let short = |entry: &NodeView| {
            let who = index(&entry.id).map_or("?".into(), |index| index.to_string());
            format!("{who}:{}@{}", entry.status.name(), entry.heartbeat)
        };
        let entries: Vec<String> = message.entries.iter().map(short).collect();
        let (kind, text) = (message.header.kind, entries.join(" "));
        let lost = if arrives { "" } else { "  LOST" };
        println!("{:>12.3} ms  {from} -> {to} {kind:?} [{text}]{lost}", ms(now));
    }

    /// One of the two is stopped, started, or stalls.
    pub fn fault(self, now: u64, node: usize, what: &str) {
        if self.0.is_some_and(|(a, b)| node == a || node == b) {
            println!("{:>12.3} ms  {node} {what}", ms(now));
        }
    }
}

fn ms(now: u64) -> f64 {
    now as f64 / 1000.0
}
