//! Own time: the pace of our rounds, and the time during which we were awake.

use crate::types::Instant;

/// Follows the wake-ups of the core.
///
/// Time-outs run on *awake* time: a gap between two wake-ups much longer than our rounds is our own
/// stall, not the silence of others, so it counts only as far as a late round would (P-8).
///
/// Invariant: `awake` never falls, and never grows faster than the caller's clock.
#[derive(Debug)]
pub(crate) struct Clock {
    now: Instant,
    awake: u64,
    last_round: Option<Instant>,
    pace: u64,
}

/// The fastest pace that is told apart, in microseconds.
const MIN_PACE: u64 = 1_000;
/// The slowest one: ten minutes.
const MAX_PACE: u64 = 600_000_000;
/// What a wake-up may be late besides two rounds, in microseconds.
const SLACK: u64 = 10_000;

impl Clock {
    pub(crate) fn new(now: Instant, pace_ms: u32) -> Self {
        // Awake time starts late enough that any time-out can be subtracted from it.
        Self { now, awake: 1 << 40, last_round: None, pace: u64::from(pace_ms) * 1000 }
    }

    /// The caller's time; never falls.
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    /// Awake time in microseconds.
    pub(crate) const fn awake(&self) -> u64 {
        self.awake
    }

    /// The usual time between our rounds in microseconds.
    pub(crate) const fn pace(&self) -> u64 {
        self.pace
    }

    /// Any input or command.
    pub(crate) fn wake(&mut self, now: Instant) {
        let gap = now.as_micros().saturating_sub(self.now.as_micros());
        self.awake += gap.min(2 * self.pace + SLACK);
        self.now = self.now.max(now);
    }

    /// A round: follows a slower pace at once (doubling at most), a faster one over some rounds.
    pub(crate) fn round(&mut self, now: Instant) {
        self.wake(now);
        if let Some(last) = self.last_round {
            let gap = self.now.as_micros() - last.as_micros();
            self.pace = if gap > self.pace {
                gap.min(2 * self.pace)
            } else {
                self.pace - (self.pace - gap) / 8
            }
            .clamp(MIN_PACE, MAX_PACE);
        }
        self.last_round = Some(self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Instant {
        Instant::from_millis(n)
    }

    #[test]
    fn a_stall_counts_as_a_late_round_only() {
        let mut clock = Clock::new(ms(0), 20);
        (1..=10).for_each(|i| clock.round(ms(20 * i)));
        let before = clock.awake();
        clock.round(ms(10_000));
        assert!(clock.awake() - before <= 60_000);
        assert_eq!(clock.now(), ms(10_000));
    }

    #[test]
    fn time_never_runs_backwards() {
        let mut clock = Clock::new(ms(500), 100);
        clock.wake(ms(400));
        assert_eq!(clock.now(), ms(500));
    }

    #[test]
    fn follows_slow_rounds_within_a_few() {
        let mut clock = Clock::new(ms(0), 100);
        (1..=6).for_each(|i| clock.round(ms(1000 * i)));
        assert_eq!(clock.pace(), 1_000_000);
    }
}
