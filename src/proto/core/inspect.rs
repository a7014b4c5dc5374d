//! Getters for people and programs that look at a core from outside.

use super::Core;
use crate::proto::stats::{PeerStats, Queues};
use crate::proto::table::{Coarse, Flags, Suspicion};
use crate::types::{Instant, MessageKind, NodeId, NodeStatus};
use crate::wire;
use core::time::Duration;

impl Core {
    /// What waits and runs now.
    #[must_use]
    pub fn queues(&self) -> Queues {
        Queues {
            outputs: self.cx.outbox.len(),
            news: self.news.len(),
            probes: self.detector.probes(),
            relays: self.detector.relays(),
            suspicions: self.cx.table.suspects(),
            joins: self.joining.joins(),
            pushes: self.joining.pushes(),
            fetches: self.sync.fetches().running(),
        }
    }

    /// Members by the number of their status, tombstones counted, this node not. Walks the
    /// tombstones alone.
    #[must_use]
    pub fn count_by_status(&self) -> [usize; 6] {
        let table = &self.cx.table;
        let mut left = 0;
        let mut next = table.oldest_tombstone();
        for _ in 0..table.tombstones() {
            let Some(slot) = next else { break };
            left += usize::from(table[slot].status() == NodeStatus::Left);
            next = table.next_tombstone(slot);
        }
        let mut counts = [0; 6];
        counts[NodeStatus::Online as usize] = table.online();
        counts[NodeStatus::Suspect as usize] = table.suspects();
        counts[NodeStatus::Failed as usize] = table.tombstones() - left;
        counts[NodeStatus::Left as usize] = left;
        counts[NodeStatus::Joining as usize] = table.live() - table.online() - table.suspects();
        counts
    }

    /// What is known of the way to a member; `None` for this node itself and for unknown ids.
    #[must_use]
    pub fn peer(&self, id: &NodeId) -> Option<PeerStats> {
        let slot = self.cx.table.slot(id)?;
        let member = &self.cx.table[slot];
        let now = self.cx.now();
        let when = |coarse: Coarse| {
            Instant::from_micros(now.as_micros().saturating_sub(coarse.elapsed(now)))
        };
        let micros = |micros: u32| Duration::from_micros(micros.into());
        let accusers = self.cx.table.suspicion(slot).map_or(0, Suspicion::accusers);
        Some(PeerStats {
            round_trip: (member.round_trip > 0).then(|| micros(member.round_trip)),
            loss_permille: (u32::from(member.loss) * 1000 / u32::from(u16::MAX)) as u16,
            flaps: member.flaps,
            changed: when(member.changed()),
            reason: member.reason,
            seen: member.seen,
            suspected: (member.suspected != Coarse::default()).then(|| when(member.suspected)),
            accusers,
            interval: (member.pace > 0).then(|| micros(member.pace)),
            packets: member.is(Flags::BINARY),
        })
    }

    /// The round-trip time that so many thousandths of our answered direct probes did not pass,
    /// accurate to 25 %; `None` before the first one.
    #[must_use]
    pub fn round_trip(&self, permille: u32) -> Option<Duration> {
        self.detector.round_trip(permille).map(Duration::from_micros)
    }

    /// Counts the bytes of a message that a driver wrote; those of packets that
    /// [`Core::handle_packet`] takes and `Transmit::encode` writes are not counted by themselves.
    pub fn count_bytes_sent(&mut self, kind: MessageKind, bytes: usize) {
        self.cx.stats.sent[kind as usize].bytes += bytes as u64;
    }

    /// Counts the bytes of a message that a driver read.
    pub fn count_bytes_received(&mut self, kind: MessageKind, bytes: usize) {
        self.cx.stats.received[kind as usize].bytes += bytes as u64;
    }

    /// Counts a message that a driver could not read.
    pub fn count_unread(&mut self, error: &wire::Error) {
        self.cx.stats.refused_messages += 1;
        match error {
            wire::Error::Version(..) => self.cx.stats.refused_version += 1,
            _ => self.cx.stats.refused_malformed += 1,
        }
    }
}
