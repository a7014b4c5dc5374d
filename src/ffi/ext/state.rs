//! What a core has beside its protocol once it can be made with a configuration.

use super::changes::Collector;
use crate::os;
use crate::proto::Config;
use crate::types::Instant;

/// What a program asked for.
#[derive(Default)]
pub(in crate::ffi) struct Wanted {
    pub(in crate::ffi) config: Config,
    pub(in crate::ffi) seed: Option<u64>,
    pub(in crate::ffi) manual_clock: bool,
    pub(in crate::ffi) settle_ms: u32,
}

impl Wanted {
    /// The time at which the core begins.
    pub(super) fn start(&self, now: Instant) -> Instant {
        if self.manual_clock { Instant::ZERO } else { now }
    }
}

/// Stands beside the core, under the same lock.
pub(crate) struct Extension {
    /// Whether the time is only what the program says.
    manual_clock: bool,
    /// The time of the last call; never falls.
    now: Instant,
    pub(crate) changes: Collector,
    closed_inside: bool,
}

impl Default for Extension {
    fn default() -> Self {
        Self::new(&Wanted::default())
    }
}

impl Extension {
    pub(super) fn new(wanted: &Wanted) -> Self {
        Self {
            manual_clock: wanted.manual_clock,
            now: wanted.start(os::now()),
            changes: Collector::new(wanted.settle_ms),
            closed_inside: false,
        }
    }

    /// The time of a call, given by the program or not.
    pub(crate) fn tick(&mut self, given: Option<Instant>) -> Instant {
        self.now = self.read(given.unwrap_or_default());
        self.now
    }

    /// The time now.
    pub(crate) fn now(&self) -> Instant {
        self.read(Instant::ZERO)
    }

    /// Notes that the program destroyed the core inside a callback of it.
    pub(crate) fn close_inside(&mut self) {
        self.closed_inside = true;
    }

    /// Whether the one who runs that callback is to free what the program gave.
    pub(crate) fn was_closed_inside(&self) -> bool {
        self.closed_inside
    }

    /// Forgets what was not told yet.
    pub(crate) fn forget(&mut self) {
        self.changes.clear();
    }

    /// The time of the last call.
    pub(super) const fn last(&self) -> Instant {
        self.now
    }

    pub(crate) const fn is_manual(&self) -> bool {
        self.manual_clock
    }

    fn read(&self, least: Instant) -> Instant {
        let clock = if self.manual_clock { Instant::ZERO } else { os::now() };
        self.now.max(least).max(clock)
    }
}
