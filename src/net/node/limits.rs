//! Every bound of a node, with its unit and its reason. Those of sockets and connections are the
//! transports' ([`crate::net::limits`]).

use core::time::Duration;

/// The most targets of one join.
pub const MAX_TARGETS: usize = 256;

/// The most addresses of one name that are joined.
pub const MAX_ADDRESSES: usize = 16;

/// The most addresses that a node waits to hear from at a time.
pub const MAX_PENDING: usize = 1024;

/// The most targets that are kept to be tried again; of more the first ones are forgotten.
pub const MAX_SEEDS: usize = 256;

/// The most names that are looked up at a time, each by a thread of its own; the others wait.
pub const MAX_LOOK_UPS: usize = 32;

/// How long a join by UDP is waited for before it is sent by TCP, too. Most answers come within a
/// round trip, and a datagram that was lost is sent again no sooner than this.
pub const STREAM_AFTER: Duration = Duration::from_millis(300);

/// How long a member that others told of is pinged by UDP alone, before it has answered. In a group
/// that datagrams pass it has been vouched for by then.
pub const STRANGER_TIME: Duration = Duration::from_secs(2);

/// The most changes that wait for the program's callbacks one by one. Past it, a change of a node of
/// which one waits already is joined with that one, so that there is at most one more for each node.
pub const MAX_CHANGES: usize = 16 * 1024;

/// The most changes that are handed to the callbacks at once.
pub const CHANGES_AT_ONCE: usize = 256;

/// The most things that a core wants done that are taken out of it under one lock.
pub const OUTPUTS_AT_ONCE: usize = 256;

/// The most pairs of sockets that are tried when any port will do and UDP and TCP are to share it.
pub const PORT_TRIES: usize = 16;

/// The least time between two calls of the core for its timers.
pub const LEAST_WAIT: Duration = Duration::from_millis(1);

/// The least time between two rounds of a leave.
pub const LEAST_LEAVE_ROUND: Duration = Duration::from_millis(20);
