//! What a transport counts, from several threads.

use core::sync::atomic::{AtomicU64, Ordering};

/// What a transport counted since it was made. A drop is silent everywhere else.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Counters {
    /// Messages handed to the [`super::Inbound`]. Those of another cluster are among them: whose a
    /// message is is for the core to see.
    pub received: u64,
    /// Messages that came and were no messages, or had no receiver.
    pub junk: u64,
    /// Packets of a version, or with a flag, that is not known here.
    pub other_version: u64,
    /// Frames without a payload; each is a ping from the zero id, which no node has.
    pub empty: u64,
    /// Messages sent, or put into a queue; the pieces of a split one count each.
    pub sent: u64,
    /// Messages that were put into a queue and then could not be sent.
    pub lost: u64,
    /// Connections made by us.
    pub connected: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections closed at once, since there were too many.
    pub turned_away: u64,
    /// Accepted connections closed by us: silent, idle, or with a frame beyond the limit.
    pub closed: u64,
    /// Errors of the system while reading; reading went on.
    pub errors: u64,
}

/// The numbers of [`Counters`], counted from several threads.
#[derive(Default, Debug)]
pub(super) struct TransportCounts {
    pub(super) received: Count,
    pub(super) junk: Count,
    pub(super) other_version: Count,
    pub(super) empty: Count,
    pub(super) sent: Count,
    pub(super) lost: Count,
    pub(super) connected: Count,
    pub(super) accepted: Count,
    pub(super) turned_away: Count,
    pub(super) closed: Count,
    pub(super) errors: Count,
}

impl TransportCounts {
    pub(super) fn snapshot(&self) -> Counters {
        Counters {
            received: self.received.get(),
            junk: self.junk.get(),
            other_version: self.other_version.get(),
            empty: self.empty.get(),
            sent: self.sent.get(),
            lost: self.lost.get(),
            connected: self.connected.get(),
            accepted: self.accepted.get(),
            turned_away: self.turned_away.get(),
            closed: self.closed.get(),
            errors: self.errors.get(),
        }
    }
}

/// One number that only rises.
#[derive(Default, Debug)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, more: usize) {
        self.0.fetch_add(more as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
