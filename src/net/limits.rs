//! Every bound of the transports, with its unit and its reason. Those of datagrams and frames are in
//! [`crate::wire`].

use core::time::Duration;

/// How many datagrams are read for one wake-up, so that a flood does not starve the rest.
pub const DATAGRAMS_PER_WAKE: usize = 64;

/// The datagrams that are read at once.
pub(super) const BATCH: usize = 16;

/// The room for each datagram that is read: none is longer. The odd number of cache lines behind it keeps the
/// starts of the buffers, which are all that most datagrams fill, out of each other's places there.
pub(super) const DATAGRAM_ROOM: usize = 64 * 1024 + 13 * 64;

/// The receive buffer that a UDP socket asks of the kernel, in bytes: room for a burst of answers.
pub const RECEIVE_BUFFER_BYTES: usize = 1024 * 1024;

/// How long [`stop`](super::Transport::stop) waits for the thread to end.
pub const STOP_TIME: Duration = Duration::from_millis(900);

/// How long a start waits for the port of the run before, if something still has it.
pub const REBIND_TIME: Duration = Duration::from_millis(200);

/// The pause before that port is tried again.
pub const REBIND_PAUSE: Duration = Duration::from_millis(2);

/// How long a stopping TCP transport goes on writing what is queued, so that a leave gets out.
pub const FLUSH_TIME: Duration = Duration::from_millis(300);

/// How long a TCP send outside of callbacks waits to learn that nobody listens.
pub const SEND_WAIT: Duration = Duration::from_millis(200);

/// How long a connection may take to come about.
pub const CONNECT_TIME: Duration = Duration::from_secs(3);

/// How long a write to a connection may make no end.
pub const WRITE_TIME: Duration = Duration::from_secs(5);

/// The pause after the first refused connection; it doubles up to [`BACK_OFF_MAX`].
pub const BACK_OFF_MIN: Duration = Duration::from_millis(50);

/// The longest pause before an address that refused is tried again. A second, so that a peer that
/// comes back is not kept out for as long as it was gone.
pub const BACK_OFF_MAX: Duration = Duration::from_secs(1);

/// A connection up for less than this when it breaks counts as refused at the second time.
pub const STABLE_TIME: Duration = Duration::from_secs(1);

/// How long an accepted connection may be without a message at first. Frames that hold none do not
/// count.
pub const SILENT_TIME: Duration = Duration::from_secs(10);

/// How long an accepted connection may be without a further message. So long because libgossip
/// 1.4.2 never makes a connection again that was closed under it: what it sends afterwards is lost
/// until its program starts anew, and in a large group a node may not ping us for minutes.
pub const IDLE_TIME: Duration = Duration::from_secs(15 * 60);

/// How long a frame may take from its first byte to its last on an accepted connection, so that
/// incomplete frames hold no memory for as long as [`IDLE_TIME`]: enough for the largest one at
/// 18 KB a second.
pub const FRAME_TIME: Duration = Duration::from_secs(60);

/// How long a connection of our own is kept unused. Shorter than [`IDLE_TIME`], so that we close it
/// and not the peer, just as we write.
pub const UNUSED_TIME: Duration = Duration::from_secs(45);

/// The most accepted connections at a time.
pub const MAX_ACCEPTED: usize = 1024;

/// The most accepted connections from one address at a time: many nodes may share a host or a
/// translated address, but one of them may not take all places.
pub const MAX_ACCEPTED_PER_ADDRESS: usize = 256;

/// The most peers that are connected to or remembered as refusing.
pub const MAX_PEERS: usize = 1024;

/// The most bytes that wait for one peer.
pub const PEER_QUEUE_BYTES: usize = 4 * 1024 * 1024;

/// The most bytes that wait for all peers together.
pub const ALL_QUEUES_BYTES: usize = 64 * 1024 * 1024;

/// The most bytes of incomplete frames that all accepted connections together may hold.
pub const ALL_PARTIAL_BYTES: usize = 64 * 1024 * 1024;
