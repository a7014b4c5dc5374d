//! The library's clock and Python's monotonic one.

use gossip::os;
use gossip::types::Instant;
use pyo3::prelude::*;
use std::sync::OnceLock;
use std::time::Duration;

/// What `time.monotonic()` says at the origin of the library's clock, in microseconds.
static ORIGIN: OnceLock<u64> = OnceLock::new();

/// Compares the two clocks.
pub(crate) fn init(py: Python<'_>) -> PyResult<()> {
    let before = os::now().as_micros();
    let python: f64 = py.import("time")?.call_method0("monotonic")?.extract()?;
    ORIGIN.get_or_init(|| {
        Duration::try_from_secs_f64(python).map_or(0, micros).saturating_sub(before)
    });
    Ok(())
}

/// A point of the library's clock as microseconds of `time.monotonic()`.
pub(crate) fn monotonic(at: Instant) -> u64 {
    ORIGIN.get().copied().unwrap_or_default().saturating_add(at.as_micros())
}

/// Whole microseconds, at most what fits.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
