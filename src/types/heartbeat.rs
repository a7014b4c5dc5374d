//! The counter by which a node dates claims about itself.

/// The counter that a node owns: +1 each round, and past any claim it refutes (P-2, P-4).
///
/// Only the owner makes new values, so it serves as SWIM's incarnation number. Values of 2^63 and
/// more do not exist; arithmetic stops at [`Heartbeat::MAX`] and never wraps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Heartbeat(u64);

impl Heartbeat {
    /// The lowest value.
    pub const ZERO: Self = Self(0);
    /// The highest value, 2^63 - 1.
    pub const MAX: Self = Self((1 << 63) - 1);

    /// Takes a value a peer or a caller gave; `None` from 2^63 on.
    #[must_use]
    pub const fn new(value: u64) -> Option<Self> {
        if value <= Self::MAX.0 { Some(Self(value)) } else { None }
    }

    /// The value as it travels.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// `rounds` later, at most [`Heartbeat::MAX`].
    #[must_use]
    pub const fn after(self, rounds: u64) -> Self {
        let sum = self.0.saturating_add(rounds);
        if sum > Self::MAX.0 { Self::MAX } else { Self(sum) }
    }

    /// The number of rounds from `earlier` to this one, 0 if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
