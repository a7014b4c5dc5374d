//! Probes in flight, and pings made for others (SWIM 3.1, Lifeguard IV-A, P-8).

use super::member::Slot;
use crate::types::Heartbeat;

/// Probes that one node follows at a time; a ping beyond them is sent and not followed.
pub(crate) const MAX_PROBES: usize = 256;
/// Pings that one node makes for others at a time; a request beyond them is answered by a nack.
pub(crate) const MAX_RELAYS: usize = 64;
/// Helpers that a probe remembers.
pub(crate) const MAX_HELPERS: usize = 8;

/// A probe that was not answered yet. Times are awake microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    pub(crate) slot: Slot,
    /// When its last direct ping was sent.
    pub(crate) sent: u64,
    /// When its stage is over: first the direct one, then that with helpers.
    pub(crate) over: u64,
    /// When the end of the second stage was first found over (P-8).
    pub(crate) found: Option<u64>,
    pub(crate) indirect: bool,
    /// What was held when it began: a higher one is a sign of life.
    pub(crate) heartbeat: Heartbeat,
    pub(crate) helpers: [Slot; MAX_HELPERS],
    pub(crate) helpers_len: u8,
    pub(crate) nacks: u8,
}

impl Probe {
    pub(crate) const fn new(slot: Slot, heartbeat: Heartbeat, now: u64, over: u64) -> Self {
        Self {
            slot,
            sent: now,
            over,
            found: None,
            indirect: false,
            heartbeat,
            helpers: [Slot::NONE; MAX_HELPERS],
            helpers_len: 0,
            nacks: 0,
        }
    }

    pub(crate) fn asked(&self, helper: Slot) -> bool {
        self.helpers[..usize::from(self.helpers_len)].contains(&helper)
    }

    pub(crate) fn ask(&mut self, helper: Slot) {
        if usize::from(self.helpers_len) < MAX_HELPERS {
            self.helpers[usize::from(self.helpers_len)] = helper;
            self.helpers_len += 1;
        }
    }
}

/// A ping made because `requester` asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Relay {
    pub(crate) subject: Slot,
    pub(crate) requester: Slot,
    /// When it is time to say that there was no answer.
    pub(crate) over: u64,
}

/// Smoothed round-trip time of direct probes (Jacobson's estimator, RFC 6298).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RoundTrip {
    smoothed: u64,
    variation: u64,
}

impl RoundTrip {
    pub(crate) const fn sample(&mut self, micros: u64) {
        if self.smoothed == 0 && self.variation == 0 {
            self.smoothed = micros;
            self.variation = micros / 2;
            return;
        }
        let off = self.smoothed.abs_diff(micros);
        self.variation = (3 * self.variation + off) / 4;
        self.smoothed = (7 * self.smoothed + micros) / 8;
    }

    /// The time after which an answer is late.
    pub(crate) const fn late(self) -> u64 {
        self.smoothed + 4 * self.variation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_follows_the_round_trips() {
        let mut trip = RoundTrip::default();
        (0..50).for_each(|_| trip.sample(2_000));
        assert!((2_000..2_200).contains(&trip.late()), "{}", trip.late());
        (0..50).for_each(|i| trip.sample(if i % 2 == 0 { 2_000 } else { 10_000 }));
        assert!(trip.late() > 10_000);
    }
}
