//! `gossip_stats_t` and `gossip_peer_stats_t`: what a core counted and measured.

use super::info::{c_time, c_time_or_never};
use super::sized::{self, Growing};
use crate::ffi::argument::{core_and_id, core_ref};
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{INVALID, set_last_error};
use crate::ffi::guard::guard_or;
use crate::ffi::types::{gossip_error_code_t, gossip_node_id_t};
use crate::proto::{Core, PeerStats, Queues, Stats};
use crate::types::{Instant, NodeId, NodeStatus};
use core::ffi::c_int;
use core::mem::{offset_of, size_of};
use core::time::Duration;

/// The type of a message that asks its receiver to ping the node of its first entry for the sender.
pub const GOSSIP_MSG_PING_REQ: u32 = 6;
/// The type of a message that says that the node of its first entry could not be reached.
pub const GOSSIP_MSG_NACK: u32 = 7;
/// The type of a packet with hashes of what its sender holds. Structs never have it.
pub const GOSSIP_MSG_SYNC_DIGEST: u32 = 8;
/// The type of a packet that asks for what its sender lacks. Structs never have it.
pub const GOSSIP_MSG_SYNC_REQUEST: u32 = 9;

/// How many types of messages there are, from 0 on.
pub const GOSSIP_MESSAGE_TYPES: usize = 10;
/// How many statuses there are, from 0 on.
pub const GOSSIP_NODE_STATUSES: usize = 6;
/// The types of messages that gossip_stats_t has room for. Those beyond GOSSIP_MESSAGE_TYPES count 0.
pub const GOSSIP_STATS_MESSAGE_TYPES: usize = 16;
/// The statuses that gossip_stats_t has room for. Those beyond GOSSIP_NODE_STATUSES count 0.
pub const GOSSIP_STATS_STATUSES: usize = 8;

/// What a core counted since it was made or reset, and what it has now.
///
/// A probe is a ping whose answer is waited for. Rules P-1 to P-15 are in docs/PROTOCOL.md.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_stats {
    /// The bytes of this struct in the program: set it to sizeof(gossip_stats_t) before.
    pub size: usize,
    /// The time now, in milliseconds of the core's clock.
    pub now_ms: u64,
    /// The node's own heartbeat.
    pub heartbeat: u64,
    /// Known nodes but this one; failed ones and those that left are among them.
    pub known_nodes: u64,
    /// Of these the ones of each status, by gossip_node_status_t and GOSSIP_NODE_LEFT.
    pub nodes_by_status: [u64; GOSSIP_STATS_STATUSES],
    /// Messages sent.
    pub sent_messages: u64,
    /// Messages taken.
    pub received_messages: u64,
    /// Messages sent of each type.
    pub sent: [u64; GOSSIP_STATS_MESSAGE_TYPES],
    /// Their bytes, as far as the library wrote them: none of those that went out as structs.
    pub sent_bytes: [u64; GOSSIP_STATS_MESSAGE_TYPES],
    /// Messages taken of each type.
    pub received: [u64; GOSSIP_STATS_MESSAGE_TYPES],
    /// Their bytes, as far as the library read them.
    pub received_bytes: [u64; GOSSIP_STATS_MESSAGE_TYPES],
    /// Messages that were refused whole, for any of the reasons below and some others.
    pub refused_messages: u64,
    /// Packets and texts that could not be read.
    pub refused_malformed: u64,
    /// Packets of a version that is not read.
    pub refused_version: u64,
    /// Messages of another cluster.
    pub refused_cluster: u64,
    /// Messages from the own id, or from none.
    pub refused_sender: u64,
    /// Messages with a counter of 2^63 or more, a text too long, or too many entries.
    pub refused_content: u64,
    /// Messages that came while too much waited to be sent or told.
    pub refused_full: u64,
    /// Entries that were passed over: of a zero id, or too far ahead (P-4).
    pub dropped_entries: u64,
    /// Messages to send that were dropped in the core because too much waited.
    pub dropped_transmits: u64,
    /// Messages that were not handed to a callback: another thread was in one for too long, or the
    /// address of the receiver is not one that a datagram can go to.
    pub dropped_calls: u64,
    /// Probes begun.
    pub probes: u64,
    /// Probes answered.
    pub probes_answered: u64,
    /// Probes that failed.
    pub probes_failed: u64,
    /// Helpers that said that they could not reach a node for this one.
    pub nacks: u64,
    /// Suspicions begun by probes of this node.
    pub suspicions: u64,
    /// Suspicions that ran out here.
    pub failures: u64,
    /// Claims about this node that it refuted (P-3).
    pub refutations: u64,
    /// Claims that showed another node with this one's id (P-3).
    pub id_conflicts: u64,
    /// Nodes turned away because the list was full of live ones (P-15).
    pub members_full: u64,
    /// Metadata of others that was fetched in parts.
    pub metadata_fetched: u64,
    /// How far the node doubts itself, 0 to awareness_max of the configuration (P-10).
    pub awareness: u64,
    /// The round-trip time that half of the answered probes did not pass, in microseconds, right to
    /// a quarter; 0 before the first answer.
    pub round_trip_p50_us: u64,
    /// The one that 90 % did not pass.
    pub round_trip_p90_us: u64,
    /// The one that 99 % did not pass.
    pub round_trip_p99_us: u64,
    /// The one that 99.9 % did not pass.
    pub round_trip_p999_us: u64,
    /// Messages and events that wait in the core now.
    pub queued_outputs: u64,
    /// Claims that ride on the next messages.
    pub queued_news: u64,
    /// Probes that run.
    pub queued_probes: u64,
    /// Pings made for others that run.
    pub queued_relays: u64,
    /// Suspicions that run.
    pub queued_suspicions: u64,
    /// Nodes that were met or joined and did not answer yet.
    pub queued_joins: u64,
    /// Newcomers that are given the list of members.
    pub queued_pushes: u64,
    /// Metadata of others that is being fetched.
    pub queued_fetches: u64,
}
/// See gossip_stats.
pub type gossip_stats_t = gossip_stats;

// SAFETY: it is repr(C), begins with its size, and is only written.
unsafe impl Growing for gossip_stats_t {
    const LEAST: usize = offset_of!(Self, heartbeat);
}

/// Why the status of a node is what it is.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_reason {
    /// The program named it: met, joined, or told to leave.
    GOSSIP_REASON_COMMAND = 0,
    /// It spoke itself.
    GOSSIP_REASON_HEARD = 1,
    /// Another member told of it.
    GOSSIP_REASON_TOLD = 2,
    /// It did not answer a probe of this node.
    GOSSIP_REASON_PROBE = 3,
    /// The suspicion ran out here.
    GOSSIP_REASON_TIME_OUT = 4,
    /// It said that it leaves.
    GOSSIP_REASON_LEAVE = 5,
}
/// See gossip_reason.
pub type gossip_reason_t = gossip_reason;

/// What a core knows of its way to one node. Times are milliseconds of the core's clock, as now_ms
/// is: how long ago something was is now_ms minus its time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_peer_stats {
    /// The bytes of this struct in the program: set it to sizeof(gossip_peer_stats_t) before.
    pub size: usize,
    /// The time now.
    pub now_ms: u64,
    /// When its newest heartbeat was learned.
    pub seen_ms: u64,
    /// When its status changed last, right to a tenth of a second.
    pub changed_ms: u64,
    /// When it was suspected last, right to a tenth of a second; GOSSIP_NEVER if it never was.
    pub suspected_ms: u64,
    /// The smoothed round-trip time of probes of it in microseconds; 0 until one was answered.
    pub round_trip_us: u64,
    /// The time between its rounds in microseconds; 0 until known.
    pub interval_us: u64,
    /// The part of the last pings of it that went unanswered, in thousandths.
    pub loss_permille: u32,
    /// How often it went from online to suspect or failed and came back.
    pub flaps: u32,
    /// How many members accuse it now, this one counted; 0 unless it is suspect.
    pub accusers: u32,
    /// Its status: a gossip_node_status_t or GOSSIP_NODE_LEFT.
    pub status: u32,
    /// Why the status is that: a gossip_reason_t.
    pub reason: u32,
    /// 1: it reads packets. 0: it is not known to.
    pub packets: u32,
}
/// See gossip_peer_stats.
pub type gossip_peer_stats_t = gossip_peer_stats;

// SAFETY: it is repr(C), begins with its size, and is only written.
unsafe impl Growing for gossip_peer_stats_t {
    const LEAST: usize = offset_of!(Self, seen_ms);
}

/// What a core counted and has now. Its cost does not depend on the number of live nodes.
///
/// @param core The core.
/// @param stats Where it is put; set its size before. Left as it is on an error.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is
/// wrong; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; stats is NULL or points to a struct with as many
/// bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_get_stats(
    core: *const gossip_core_t,
    stats: *mut gossip_stats_t,
) -> gossip_error_code_t {
    guard_or("gossip_core_get_stats", INVALID, move || {
        // SAFETY: the caller's promise.
        let (core, _) = unsafe { (core_ref(core)?, sized::size_of_output(stats, "stats")?) };
        let Some(read) = core.read_at(stats_of) else {
            return Some(gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED);
        };
        let read = gossip_stats_t { dropped_calls: core.dropped(), ..read };
        // SAFETY: the caller's promise.
        unsafe { sized::write(stats, "stats", &read) };
        Some(gossip_error_code_t::GOSSIP_ERR_SUCCESS)
    })
}

/// What a core knows of its way to one node.
///
/// @param core The core.
/// @param id Which node.
/// @param stats Where it is put if the node is known; set its size before. Left as it is otherwise.
/// @return 1 if it is known; 0 if not, if it is the node itself, an argument is NULL or the size is
/// wrong.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id; stats is NULL or
/// points to a struct with as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_get_peer_stats(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    stats: *mut gossip_peer_stats_t,
) -> c_int {
    guard_or("gossip_core_get_peer_stats", 0, move || {
        // SAFETY: the caller's promise.
        let (core, id) = unsafe { core_and_id(core, id, "id") }?;
        let read = || known_peer(&id, core.read_at(|core, now| peer_stats(core, &id, now))?);
        // SAFETY: the caller's promise.
        unsafe { sized::write_if(stats, "stats", read) }
    })
}

/// The struct for all that a core counted and has now.
pub(in crate::ffi) fn stats_of(core: &Core, now: Instant) -> gossip_stats_t {
    let Queues { outputs, news, probes, relays, suspicions, joins, pushes, fetches } =
        core.queues();
    let micros = |permille| core.round_trip(permille).map_or(0, c_micros);
    gossip_stats_t {
        now_ms: c_time(now),
        heartbeat: core.own().heartbeat,
        known_nodes: core.len() as u64,
        nodes_by_status: with_room(core.count_by_status().map(|count| count as u64)),
        awareness: core.awareness().into(),
        round_trip_p50_us: micros(500),
        round_trip_p90_us: micros(900),
        round_trip_p99_us: micros(990),
        round_trip_p999_us: micros(999),
        queued_outputs: outputs as u64,
        queued_news: news as u64,
        queued_probes: probes as u64,
        queued_relays: relays as u64,
        queued_suspicions: suspicions as u64,
        queued_joins: joins as u64,
        queued_pushes: pushes as u64,
        queued_fetches: fetches as u64,
        ..counted(core.stats())
    }
}

/// The counters that the struct has under the names that they have in the library.
macro_rules! counters {
    ($($field:ident)*) => {
        /// What was counted; the rest is zero.
        fn counted(stats: &Stats) -> gossip_stats_t {
            // Every field is named, so that one that is added is not forgotten here.
            let &Stats { sent, received, $($field),* } = stats;
            // SAFETY: numbers and arrays of numbers, which may all be zero.
            let zero = unsafe { core::mem::zeroed::<gossip_stats_t>() };
            gossip_stats_t {
                size: size_of::<gossip_stats_t>(),
                sent: with_room(sent.map(|traffic| traffic.messages)),
                sent_bytes: with_room(sent.map(|traffic| traffic.bytes)),
                received: with_room(received.map(|traffic| traffic.messages)),
                received_bytes: with_room(received.map(|traffic| traffic.bytes)),
                $($field,)*
                ..zero
            }
        }
    };
}

counters! {
    sent_messages received_messages refused_messages refused_malformed refused_version
    refused_cluster refused_sender refused_content refused_full dropped_entries dropped_transmits
    probes probes_answered probes_failed nacks suspicions failures refutations id_conflicts
    members_full metadata_fetched
}

/// Counts in an array with room for kinds that do not exist yet; theirs are 0.
fn with_room<const KINDS: usize, const ROOM: usize>(counts: [u64; KINDS]) -> [u64; ROOM] {
    const { assert!(KINDS <= ROOM) };
    let mut places = [0; ROOM];
    places[..KINDS].copy_from_slice(&counts);
    places
}

fn c_micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// What was found of a peer; `None`, with an error text, if nothing was.
pub(in crate::ffi) fn known_peer(
    id: &NodeId,
    found: Option<gossip_peer_stats_t>,
) -> Option<gossip_peer_stats_t> {
    if found.is_none() {
        set_last_error(format_args!("id is {id}; pass that of another node that is known"));
    }
    found
}

/// What a core knows of its way to a node; `None` for itself and unknown ones.
pub(in crate::ffi) fn peer_stats(
    core: &Core,
    id: &NodeId,
    now: Instant,
) -> Option<gossip_peer_stats_t> {
    let status = core.find(id)?.status;
    Some(peer_stats_of(&core.peer(id)?, status, now))
}

fn peer_stats_of(peer: &PeerStats, status: NodeStatus, now: Instant) -> gossip_peer_stats_t {
    let &PeerStats {
        round_trip,
        loss_permille,
        flaps,
        changed,
        reason,
        seen,
        suspected,
        accusers,
        interval,
        packets,
    } = peer;
    gossip_peer_stats_t {
        size: size_of::<gossip_peer_stats_t>(),
        now_ms: c_time(now),
        seen_ms: c_time(seen),
        changed_ms: c_time(changed),
        suspected_ms: c_time_or_never(suspected),
        round_trip_us: round_trip.map_or(0, c_micros),
        interval_us: interval.map_or(0, c_micros),
        loss_permille: loss_permille.into(),
        flaps: flaps.into(),
        accusers,
        status: status as u32,
        reason: reason as u32,
        packets: packets.into(),
    }
}
