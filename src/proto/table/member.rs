//! One member of the list, packed into few bytes.

use crate::proto::address::Ip;
use crate::proto::stats::Reason;
use crate::proto::strings::{Strings, TextId};
use crate::types::{Detail, Entry, Heartbeat, Instant, Metadata, NodeId, NodeStatus};
use alloc::sync::Arc;

/// The place of a member in the slab.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Slot(pub(crate) u32);

impl Slot {
    /// No member.
    pub(crate) const NONE: Self = Self(u32::MAX);
}

/// Neighbours in a doubly linked list through the slab.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    pub(crate) prev: Slot,
    pub(crate) next: Slot,
}

impl Link {
    pub(crate) const NONE: Self = Self { prev: Slot::NONE, next: Slot::NONE };
}

/// What is known of one node, this one or another: some 150 bytes, texts shared.
///
/// Invariant: what the table counts, hashes or orders by has fields of its own module, and changes
/// through [`Table`](super::Table) alone.
#[derive(Debug)]
pub(crate) struct Member {
    pub(super) id: NodeId,
    pub(super) heartbeat: Heartbeat,
    pub(super) config_epoch: u64,
    /// The owner's heartbeat at its last change of the configuration part (P-1).
    pub(super) config_heartbeat: Heartbeat,
    pub(crate) version: u64,
    /// When the heartbeat was learned.
    pub(crate) seen: Instant,
    pub(crate) metadata: Option<Arc<Metadata>>,
    pub(super) ip: Ip,
    pub(super) port: i32,
    pub(super) role: TextId,
    pub(super) region: TextId,
    /// When the status changed last.
    pub(super) changed: Coarse,
    /// Time and heartbeat of an earlier sighting, for the pace (P-2).
    anchor: Coarse,
    pub(super) anchor_heartbeat: u32,
    /// Microseconds between its rounds, 0 until known (P-2).
    pub(crate) pace: u32,
    /// All members in the order in which they became known.
    pub(super) order: Link,
    /// Tombstones in the order of their deaths.
    pub(super) tombstone: Link,
    /// Smoothed round-trip time of our direct pings of it in microseconds, 0 until known.
    pub(crate) round_trip: u32,
    /// When it was suspected last.
    pub(crate) suspected: Coarse,
    /// Its place in the piggyback queue, while it is queued.
    pub(crate) waiting: u32,
    /// The part of our last pings of it that went unanswered, in 65536ths.
    pub(crate) loss: u16,
    /// How often it came back from suspect or failed.
    pub(crate) flaps: u16,
    /// A suspicion minimum this node has earned, in milliseconds (P-9b).
    pub(crate) slow_ms: u16,
    pub(crate) flags: Flags,
    pub(super) status: NodeStatus,
    /// Why it has this status.
    pub(crate) reason: Reason,
    /// Probes in a row that found signs of life but no answer (P-8).
    pub(crate) misses: u8,
    /// How often its claim was sent since it was queued (P-7).
    pub(crate) sends: u8,
}

/// What else is known of a member, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Flags(u16);

impl Flags {
    /// It has spoken to us itself.
    pub(crate) const HEARD: Self = Self(1);
    /// It runs our rules, not those of 1.4.2 ("Old peers").
    pub(crate) const NEW: Self = Self(2);
    /// It has sent us a packet: it repeats nonces and knows what only packets carry.
    pub(crate) const PACKETS: Self = Self(4);
    /// A probe of it is in flight.
    pub(crate) const PROBED: Self = Self(8);
    /// Its claim is in the piggyback queue.
    pub(crate) const QUEUED: Self = Self(16);
    /// The program gave it; its id may be made up until it speaks (P-13).
    pub(crate) const PLACEHOLDER: Self = Self(32);
    /// There is a suspicion or a doubt of it (P-9).
    pub(crate) const ACCUSED: Self = Self(64);
    /// `slow_ms` was earned by a failure, not by a suspicion that was cleared.
    pub(crate) const SLOW_FAILED: Self = Self(128);
    /// It is to be probed out of turn.
    pub(crate) const URGENT: Self = Self(256);
    /// A message asked it to answer since it spoke last.
    pub(crate) const ASKED: Self = Self(512);

    /// Its meet or join is repeated until it answers (P-13).
    pub(crate) const JOINS: Self = Self(1024);
    /// Its address is another's now, so it is not tried again (P-11).
    pub(crate) const MOVED: Self = Self(2048);
    /// It reads packets, though it may send text ("Forms").
    pub(crate) const BINARY: Self = Self(4096);
    /// Its configuration is news, so that its claim is told with it.
    pub(crate) const NEW_CONFIG: Self = Self(8192);
    /// It answers by connections and not by datagrams.
    pub(crate) const STREAM: Self = Self(16384);
    /// Its metadata is known to be another than what is held, and is still to be fetched (P-12a).
    pub(crate) const LACKS: Self = Self(32768);

    pub(crate) const fn has(self, flag: Self) -> bool {
        self.0 & flag.0 != 0
    }

    pub(crate) fn set(&mut self, flag: Self, on: bool) {
        if on {
            self.0 |= flag.0;
        } else {
            self.0 &= !flag.0;
        }
    }
}

/// An instant in steps of 65.536 ms, which a year-long process does not overflow (8.9 years).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Coarse(u32);

impl Coarse {
    pub(crate) const fn of(instant: Instant) -> Self {
        Self((instant.as_micros() >> 16) as u32)
    }

    /// Microseconds from this to `now`, right to one step.
    pub(crate) const fn elapsed(self, now: Instant) -> u64 {
        (Self::of(now).0.wrapping_sub(self.0) as u64) << 16
    }
}

/// A first guess of a pace is no slower than this, in microseconds.
const MAX_GUESSED_PACE: u64 = 2_000_000;

/// What someone says about a node: P-1's order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Claim {
    pub(crate) heartbeat: Heartbeat,
    pub(crate) status: NodeStatus,
}

impl Member {
    /// A node as an entry tells it.
    pub(super) fn new(entry: &Entry<'_>, now: Instant, strings: &mut Strings) -> Self {
        let heartbeat = Heartbeat::new(entry.heartbeat).unwrap_or(Heartbeat::MAX);
        Self {
            id: entry.id,
            heartbeat,
            config_epoch: entry.config_epoch,
            config_heartbeat: match Heartbeat::new(entry.config_heartbeat) {
                Some(at) if at > Heartbeat::ZERO => at,
                // Zero would read as a carrier that has no field for it.
                _ => heartbeat.max(Heartbeat::ZERO.after(1)),
            },
            version: entry.version,
            seen: now,
            metadata: entry.metadata.whole(),
            ip: Ip::hold(entry.ip, strings),
            port: entry.port,
            role: strings.hold(entry.role),
            region: strings.hold(entry.region),
            changed: Coarse::of(now),
            anchor: Coarse::of(now),
            anchor_heartbeat: heartbeat.get() as u32,
            pace: 0,
            order: Link::NONE,
            tombstone: Link::NONE,
            round_trip: 0,
            suspected: Coarse::default(),
            loss: 0,
            flaps: 0,
            slow_ms: 0,
            flags: Flags::default(),
            status: match entry.status {
                NodeStatus::Unknown => NodeStatus::Joining,
                status => status,
            },
            reason: Reason::Command,
            misses: 0,
            sends: 0,
            waiting: 0,
        }
    }

    pub(crate) const fn id(&self) -> NodeId {
        self.id
    }

    pub(crate) const fn claim(&self) -> Claim {
        Claim { heartbeat: self.heartbeat, status: self.status }
    }

    pub(crate) const fn status(&self) -> NodeStatus {
        self.status
    }

    pub(crate) const fn heartbeat(&self) -> Heartbeat {
        self.heartbeat
    }

    pub(crate) const fn config_epoch(&self) -> u64 {
        self.config_epoch
    }

    pub(crate) const fn config_heartbeat(&self) -> Heartbeat {
        self.config_heartbeat
    }

    pub(crate) const fn ip(&self) -> &Ip {
        &self.ip
    }

    pub(crate) const fn port(&self) -> i32 {
        self.port
    }

    /// When the status changed last.
    pub(crate) const fn changed(&self) -> Coarse {
        self.changed
    }

    /// What an entry that tells no configuration says of it.
    pub(crate) fn claim_entry<'a>(&self) -> Entry<'a> {
        Entry {
            id: self.id,
            config_epoch: self.config_epoch,
            heartbeat: self.heartbeat.get(),
            config_heartbeat: self.config_heartbeat.get(),
            status: self.status,
            detail: Detail::Claim,
            ..Entry::default()
        }
    }

    /// A heartbeat of the member itself was seen: its sign of life.
    pub(crate) const fn see(&mut self, heartbeat: Heartbeat, now: Instant) {
        self.heartbeat = heartbeat;
        self.seen = now;
    }

    /// A suspicion or a tombstone that has a newer stamp.
    pub(crate) fn restamp(&mut self, heartbeat: Heartbeat) {
        debug_assert!(heartbeat >= self.heartbeat, "a stamp goes back");
        self.heartbeat = heartbeat;
    }

    pub(crate) const fn is(&self, flag: Flags) -> bool {
        self.flags.has(flag)
    }

    /// Has the processor get all of it from memory, and goes on meanwhile.
    pub(crate) fn fetch(&self) {
        core::hint::black_box((self.heartbeat, self.pace, self.flags, self.misses));
    }

    /// Whether it has spoken and shown none of our rules ("Old peers").
    pub(crate) const fn is_old(&self) -> bool {
        self.is(Flags::HEARD) && !self.is(Flags::NEW)
    }

    /// Records the outcome of a direct ping.
    pub(crate) fn record_ping(&mut self, round_trip: Option<u64>) {
        let lost = if round_trip.is_some() { 0 } else { u32::from(u16::MAX) };
        self.loss = ((u32::from(self.loss) * 15 + lost) / 16) as u16;
        if let Some(micros) = round_trip {
            let micros = micros.min(u64::from(u32::MAX));
            let known = u64::from(self.round_trip);
            self.round_trip =
                if known == 0 { micros.max(1) } else { (7 * known + micros) / 8 } as u32;
        }
    }

    /// P-2: a heartbeat that no message made before `now` can carry: the last one seen, the rounds
    /// the owner would have made since, a quarter more, and one. `own_pace` stands in for an
    /// unknown pace.
    pub(crate) fn stamp(&self, now: Instant, own_pace: u64) -> Heartbeat {
        let pace = if self.pace > 0 { u64::from(self.pace) } else { own_pace.max(1) };
        let silent = now.since(self.seen).as_micros().min(u128::from(u64::MAX >> 8)) as u64;
        let rounds = silent / pace;
        self.heartbeat.after(rounds + rounds / 4 + 1)
    }

    /// Microseconds between its rounds as far as they are known: before two sightings were far enough
    /// apart, what has been seen so far.
    pub(crate) fn slowest_pace(&self) -> u64 {
        if self.pace > 0 {
            return u64::from(self.pace);
        }
        let seen_for = self.anchor.elapsed(self.seen);
        let rounds = (self.heartbeat.get() as u32).wrapping_sub(self.anchor_heartbeat);
        seen_for.checked_div(rounds.into()).unwrap_or(0).min(MAX_GUESSED_PACE)
    }

    /// Takes a heartbeat seen `now` into the pace (P-2): sightings two seconds apart; what is too
    /// far from the pace known so far is a jump and counts little. Hearsay is older than it
    /// seems, so that it takes ten seconds.
    pub(crate) fn learn_pace(&mut self, now: Instant, direct: bool) {
        let apart = if direct { 2_000_000 } else { 10_000_000 };
        let elapsed = self.anchor.elapsed(now);
        if elapsed < apart {
            return;
        }
        let rounds = u64::from((self.heartbeat.get() as u32).wrapping_sub(self.anchor_heartbeat));
        let pace = elapsed.checked_div(rounds).unwrap_or(0);
        let known = u64::from(self.pace);
        let jump = known > 0 && (pace < known / 4);
        if jump {
            // Or its rounds are much faster now: then the next measures will say so too.
            self.pace = (known / 4).max(pace).max(1_000) as u32;
        } else if (1_000..=600_000_000).contains(&pace) {
            self.pace = if known > 0 { (known + pace) / 2 } else { pace } as u32;
        }
        self.anchor_here(now);
    }

    /// Starts the measure of the pace anew, after a jump or a silence.
    pub(crate) const fn anchor_here(&mut self, now: Instant) {
        self.anchor = Coarse::of(now);
        self.anchor_heartbeat = self.heartbeat.get() as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use NodeStatus::{Failed, Joining, Left, Online, Suspect};

    fn claim(heartbeat: u64, status: NodeStatus) -> Claim {
        Claim { heartbeat: Heartbeat::new(heartbeat).unwrap_or(Heartbeat::MAX), status }
    }

    #[test]
    fn claims_order_by_heartbeat_then_status() {
        let sorted = [
            claim(1, Left),
            claim(2, Joining),
            claim(2, Online),
            claim(2, Suspect),
            claim(2, Failed),
            claim(2, Left),
            claim(3, Online),
        ];
        assert!(sorted.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn coarse_time_survives_its_own_overflow() {
        let late = Instant::from_micros(u64::from(u32::MAX) << 16);
        let later = Instant::from_micros((u64::from(u32::MAX) + 3) << 16);
        assert_eq!(Coarse::of(late).elapsed(later), 3 << 16);
    }
}
