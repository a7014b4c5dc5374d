//! Getters for people and programs that look at a core from outside.

use super::super::member::{Coarse, Flags};
use super::super::stats::{PeerStats, Queues};
use super::super::suspicion::Suspicion;
use super::Core;
use crate::types::{Instant, MessageKind, NodeId};
use crate::wire;
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
            suspicions: self.suspicions.listed(),
            joins: self.joins.len(),
            pushes: self.pushes.len(),
            fetches: self.fetches.running(),
        }
    }

    /// What is known of the way to a member; `None` for this node itself and for unknown ids.
    #[must_use]
    pub fn peer(&self, id: &NodeId) -> Option<PeerStats> {
        let slot = self.members.slot(id)?;
        let member = &self.members[slot];
        let now = self.now();
        let when = |coarse: Coarse| {
            Instant::from_micros(now.as_micros().saturating_sub(coarse.elapsed(now)))
        };
        let micros = |micros: u32| Duration::from_micros(micros.into());
        let accusers = self.suspicions.get(slot, &self.members).map_or(0, Suspicion::accusers);
        Some(PeerStats {
            round_trip: (member.round_trip > 0).then(|| micros(member.round_trip)),
            loss_permille: (u32::from(member.loss) * 1000 / u32::from(u16::MAX)) as u16,
            flaps: member.flaps,
            changed: when(member.changed),
            reason: member.reason,
            seen: member.seen,
            suspected: (member.suspected != Coarse::default()).then(|| when(member.suspected)),
            accusers,
            interval: (member.pace > 0).then(|| micros(member.pace)),
            packets: member.is(Flags::BINARY),
        })
    }

    /// The round-trip time that so many thousandths of our answered direct probes did not pass,
    /// right to a quarter; `None` before the first one.
    #[must_use]
    pub fn round_trip(&self, permille: u32) -> Option<Duration> {
        self.round_trips.at(permille).map(Duration::from_micros)
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

    /// Counts a message that a driver could not read.
    pub fn count_unread(&mut self, error: &wire::Error) {
        self.stats.refused_messages += 1;
        match error {
            wire::Error::Version(..) => self.stats.refused_version += 1,
            _ => self.stats.refused_malformed += 1,
        }
    }
}
