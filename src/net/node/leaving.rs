//! How a leave is told often enough in the time there is (P-14).

use super::limits::LEAST_LEAVE_ROUND;
use crate::types::Instant;
use core::time::Duration;

/// The rounds of a leave, which take the place of the protocol's own.
pub(super) struct Leaving {
    left: u32,
    next: Instant,
    every: Duration,
}

impl Leaving {
    /// Spreads the rounds over the time that the program waits, but no further than usual ones; one
    /// that does not wait gets usual ones.
    pub(super) fn new(now: Instant, rounds: u32, usual: Duration, wait: Duration) -> Self {
        let every = match wait.checked_div(rounds + 1) {
            Some(every) if !wait.is_zero() => every.max(LEAST_LEAVE_ROUND).min(usual),
            _ => usual,
        };
        Self { left: rounds, next: now.after(every), every }
    }

    /// When the next round is due; `None` when all were made.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.left > 0).then_some(self.next)
    }

    /// Takes a round that is due; whether there was one.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let is_due = self.due().is_some_and(|due| now >= due);
        if is_due {
            self.left -= 1;
            self.next = now.after(self.every);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gaps(rounds: u32, usual_ms: u64, wait_ms: u64) -> Vec<u64> {
        let mut now = Instant::ZERO;
        let (usual, wait) = (Duration::from_millis(usual_ms), Duration::from_millis(wait_ms));
        let mut leaving = Leaving::new(now, rounds, usual, wait);
        let mut gaps = Vec::new();
        while let Some(due) = leaving.due() {
            assert!(!leaving.take(now));
            gaps.push(due.as_micros() / 1000 - now.as_micros() / 1000);
            now = due;
            assert!(leaving.take(now));
        }
        gaps
    }

    #[test]
    fn rounds_fill_the_time_there_is() {
        assert_eq!(gaps(3, 1000, 2000), [500; 3]);
        assert_eq!(gaps(3, 100, 60_000), [100; 3], "no slower than usual");
        assert_eq!(gaps(3, 100, 0), [100; 3], "nobody waits");
        assert_eq!(gaps(3, 100, 1), [20; 3], "no faster than this");
        assert_eq!(gaps(1, 10, 1), [10], "a usual round may be faster still");
    }
}
