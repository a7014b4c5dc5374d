//! What a node counts, and what waits in it.

use crate::net::Counters;
use crate::net::counters::Count;
use crate::proto::{Queues, Stats};

/// What a node counted since its last start, and what waits in it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct NodeStats {
    /// What the protocol counted.
    pub core: Stats,
    /// What waits in the protocol.
    pub queues: Queues,
    /// How far the node doubts itself, 0 if it does not.
    pub awareness: u32,
    /// What was counted of datagrams.
    pub datagrams: Datagrams,
    /// What was counted of connections.
    pub streams: Counters,
    /// Whether connections can be made to the node; if not, its port was free for UDP only.
    pub listens_on_tcp: bool,
    /// Changes that wait for the program's callbacks.
    pub changes_waiting: usize,
    /// Changes that were joined with one before them, since the callbacks are slow.
    pub changes_joined: u64,
}

/// Counts of datagrams; bytes are without the headers of IP and UDP.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Datagrams {
    /// Datagrams that the system took.
    pub sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that came.
    pub received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Messages, of connections too, that the system or a full queue did not take.
    pub unsent: u64,
    /// Messages to members whose address text is no numeric address.
    pub unaddressed: u64,
    /// What came, over connections too, and was no message.
    pub junk: u64,
    /// Errors of the system while reading; reading went on.
    pub errors: u64,
}

/// The numbers of [`Datagrams`], counted from several threads.
#[derive(Default, Debug)]
pub(super) struct NetCounts {
    pub(super) datagrams_sent: Count,
    pub(super) bytes_sent: Count,
    pub(super) datagrams_received: Count,
    pub(super) bytes_received: Count,
    pub(super) unsent: Count,
    pub(super) unaddressed: Count,
    pub(super) junk: Count,
    pub(super) errors: Count,
}

impl NetCounts {
    pub(super) fn snapshot(&self) -> Datagrams {
        Datagrams {
            sent: self.datagrams_sent.get(),
            bytes_sent: self.bytes_sent.get(),
            received: self.datagrams_received.get(),
            bytes_received: self.bytes_received.get(),
            unsent: self.unsent.get(),
            unaddressed: self.unaddressed.get(),
            junk: self.junk.get(),
            errors: self.errors.get(),
        }
    }
}
