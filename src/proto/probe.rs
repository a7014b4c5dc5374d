//! Probes in flight, and pings made for others (SWIM 3.1, Lifeguard IV-A, P-8).

use super::math::ln;
use super::table::Slot;
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

/// The share of pings that stay without an answer in time though their member lives, smoothed over some
/// 32 of them (P-9).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loss {
    share: f32,
}

impl Loss {
    /// The weight of one ping.
    const GAIN: f32 = 1.0 / 32.0;
    /// Of so many members that live, one may leave all of those pings unanswered.
    const ONE_OF: f64 = 10_000.0;

    /// A member that lives has answered a ping in time, or has not.
    pub(crate) fn note(&mut self, lost: bool) {
        self.share += (f32::from(u8::from(lost)) - self.share) * Self::GAIN;
    }

    /// How many pings in a row have to go unanswered before their loss is no likely reason.
    pub(crate) fn pings(self) -> u64 {
        let unlikely = ln(1.0 / f64::from(self.share.max(f32::MIN_POSITIVE)));
        // A division by zero gives infinity, and `as` saturates.
        (ln(Self::ONE_OF) / unlikely) as u64
    }
}

/// How long direct pings took, counted in steps of a quarter.
#[derive(Clone, Debug)]
pub(crate) struct RoundTrips {
    counts: [u32; Self::STEPS],
}

impl Default for RoundTrips {
    fn default() -> Self {
        Self { counts: [0; Self::STEPS] }
    }
}

impl RoundTrips {
    /// Four steps for each doubling from 1 microsecond to 16 seconds.
    const STEPS: usize = 4 * 24;

    pub(crate) fn add(&mut self, micros: u64) {
        let micros = micros.max(4);
        let doubling = micros.ilog2();
        let quarter = (micros >> (doubling - 2)) as usize & 3;
        let step = (doubling as usize * 4 + quarter).min(Self::STEPS - 1);
        if self.counts[step] == u32::MAX {
            // The shape stays, and years fit.
            self.counts.iter_mut().for_each(|count| *count /= 2);
        }
        self.counts[step] += 1;
    }

    /// Microseconds that so many thousandths of them did not pass; `None` without any.
    pub(crate) fn at(&self, permille: u32) -> Option<u64> {
        let all: u64 = self.counts.iter().map(|&count| u64::from(count)).sum();
        let wanted = (all * u64::from(permille.min(1000))).div_ceil(1000).max(1);
        let mut below = 0;
        let step = self.counts.iter().position(|&count| {
            below += u64::from(count);
            below >= wanted
        })?;
        let (doubling, quarter) = (step / 4, step as u64 % 4);
        Some(if doubling < 2 { 4 } else { ((4 + quarter + 1) << (doubling - 2)) - 1 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_quarter() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.at(500), None);
        (1..=1000).for_each(|i| trips.add(i * 10));
        for (permille, micros) in [(500, 5_000), (990, 9_900), (1000, 10_000)] {
            let at = trips.at(permille).expect("there are some");
            assert!((micros..=micros * 5 / 4).contains(&at), "{permille}: {at}");
        }
        trips.add(0);
        assert_eq!(trips.at(0), Some(4));
        (0..3).for_each(|_| trips.add(u64::MAX));
        assert!(trips.at(1000).expect("there are some") > 10_000_000);
    }

    #[test]
    fn the_more_is_lost_the_more_pings_say_that_a_member_is_gone() {
        let mut loss = Loss::default();
        assert_eq!(loss.pings(), 0);
        (0..400).for_each(|i| loss.note(i % 2 == 0));
        // Half of them, as it swings around that: 2^12 to 2^14 are next to 10 000.
        assert!((12..=14).contains(&loss.pings()), "{}", loss.pings());
        (0..400).for_each(|_| loss.note(true));
        assert!(loss.pings() > 1_000_000, "{}", loss.pings());
        (0..400).for_each(|_| loss.note(false));
        assert_eq!(loss.pings(), 0);
    }

    #[test]
    fn late_follows_the_round_trips() {
        let mut trip = RoundTrip::default();
        (0..50).for_each(|_| trip.sample(2_000));
        assert!((2_000..2_200).contains(&trip.late()), "{}", trip.late());
        (0..50).for_each(|i| trip.sample(if i % 2 == 0 { 2_000 } else { 10_000 }));
        assert!(trip.late() > 10_000);
    }
}
