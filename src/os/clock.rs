//! The monotonic clock, and the wall clock for a number to start from.

use crate::types::Instant;
use std::sync::OnceLock;

/// The point on the monotonic clock that is the origin of every [`Instant`] made here.
static ORIGIN: OnceLock<std::time::Instant> = OnceLock::new();

/// The monotonic clock, in microseconds since the first call in this process.
///
/// It never goes back and no change of the wall clock moves it. Allocates nothing.
#[must_use]
pub fn now() -> Instant {
    let origin = ORIGIN.get_or_init(std::time::Instant::now);
    Instant::from_micros(u64::try_from(origin.elapsed().as_micros()).unwrap_or(u64::MAX))
}

/// The wall clock in milliseconds since 1970, 0 before that. Only a number to start from: nothing is
/// timed by it, since it jumps.
#[cfg(feature = "net")]
#[must_use]
pub fn wall_clock_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the one read of the wall clock")]
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::now;
    use core::time::Duration;

    #[test]
    fn moves_with_real_time_and_never_back() {
        let start = now();
        let real = std::time::Instant::now();
        let mut last = start;
        while real.elapsed() < Duration::from_millis(5) {
            let next = now();
            assert!(next >= last);
            last = next;
        }
        assert!(now().since(start) >= Duration::from_millis(4));
    }

    #[cfg(feature = "net")]
    #[test]
    fn the_wall_clock_is_later_than_this_code() {
        assert!(super::wall_clock_ms() > 1_700_000_000_000);
    }
}
