//! What a node counted and measured.

use super::body::{FAILED, gossip_node_t, node_and_id, node_of, told};
use crate::ffi::error::{INVALID, set_last_error};
use crate::ffi::ext::sized::{self, Growing};
use crate::ffi::ext::stats::{
    gossip_peer_stats_t, gossip_stats_t, known_peer, peer_stats, stats_of,
};
use crate::ffi::guard::{guard, guard_or};
use crate::ffi::types::gossip_error_code::{GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_SUCCESS};
use crate::ffi::types::{gossip_error_code_t, gossip_node_id_t};
use crate::net::{Counters, Datagrams, Node, NodeStats};
use crate::os;
use core::ffi::c_int;
use core::mem::{offset_of, size_of};

/// What a node's sockets and queues did since its last start. Bytes are those of datagrams without the
/// headers of IP and UDP.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_node_net_stats {
    /// The bytes of this struct in the program: set it to sizeof(gossip_node_net_stats_t) before.
    pub size: usize,
    /// Datagrams that the system took.
    pub datagrams_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// Datagrams that came.
    pub datagrams_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// Messages, over connections too, that the system or a full queue did not take.
    pub unsent: u64,
    /// Messages to members whose address is no numeric one.
    pub unaddressed: u64,
    /// What came, over connections too, and was no message.
    pub junk: u64,
    /// Errors of the system while reading; reading went on.
    pub read_errors: u64,
    /// Messages over connections, sent or queued.
    pub stream_sent: u64,
    /// Messages that came over connections.
    pub stream_received: u64,
    /// Messages that were queued for a connection and then could not be sent.
    pub stream_lost: u64,
    /// Connections made by the node.
    pub connected: u64,
    /// Connections accepted.
    pub accepted: u64,
    /// Connections closed at once, since there were too many.
    pub turned_away: u64,
    /// Accepted connections closed by the node: silent, idle, or with a frame beyond the limit.
    pub closed: u64,
    /// Changes that wait for the callbacks now.
    pub changes_waiting: u64,
    /// Changes that were joined with one before them, since the callbacks were slow.
    pub changes_joined: u64,
    /// 1: connections can be made to the node. 0: its port was free by UDP only.
    pub listens_on_tcp: u64,
}
/// See gossip_node_net_stats.
pub type gossip_node_net_stats_t = gossip_node_net_stats;

// SAFETY: it is repr(C), begins with its size, and is only written.
unsafe impl Growing for gossip_node_net_stats_t {
    const LEAST: usize = offset_of!(Self, datagrams_sent);
}

/// What a node counted since its last start, and what it has now.
///
/// @param node The node.
/// @param stats Where it is put; set its size before. Left as it is on an error, and before the first
/// start.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is wrong;
/// GOSSIP_ERR_NETWORK_ERROR before the first start; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
/// child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; stats is NULL or points to a struct with as many bytes as its
/// size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_get_stats(
    node: *const gossip_node_t,
    stats: *mut gossip_stats_t,
) -> gossip_error_code_t {
    guard("gossip_node_get_stats", FAILED, move || {
        // SAFETY: the caller's promise.
        let Some(node) = (unsafe { node_for(node, stats) }) else { return INVALID };
        let now = os::now();
        match told(node.look(|look| stats_of(look.core, now))) {
            Ok(Some(read)) => {
                // SAFETY: the caller's promise.
                unsafe { sized::write(stats, "stats", &read) };
                GOSSIP_ERR_SUCCESS
            }
            Ok(None) => {
                set_last_error(format_args!("the node was not started yet; start it first"));
                GOSSIP_ERR_NETWORK_ERROR
            }
            Err(code) => code,
        }
    })
}

/// What a node knows of its way to one member.
///
/// @param node The node.
/// @param id Which member.
/// @param stats Where it is put if the member is known; set its size before. Left as it is otherwise.
/// @return 1 if it is known; 0 if not, if it is the node itself, an argument is NULL or the size is
/// wrong: gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; id is NULL or points to an id; stats is NULL or points to a struct
/// with as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_get_peer_stats(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
    stats: *mut gossip_peer_stats_t,
) -> c_int {
    guard_or("gossip_node_get_peer_stats", 0, move || {
        // SAFETY: the caller's promise.
        let (node, id) = unsafe { node_and_id(node, id) }?;
        let read = || {
            let now = os::now();
            let found = told(node.look(|look| peer_stats(look.core, &id, now)));
            known_peer(&id, found.ok()?.flatten())
        };
        // SAFETY: the caller's promise.
        unsafe { sized::write_if(stats, "stats", read) }
    })
}

/// What a node's sockets and queues did since its last start.
///
/// @param node The node.
/// @param stats Where it is put; set its size before. Left as it is on an error.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or the size is wrong;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; stats is NULL or points to a struct with as many bytes as its
/// size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_get_net_stats(
    node: *const gossip_node_t,
    stats: *mut gossip_node_net_stats_t,
) -> gossip_error_code_t {
    guard("gossip_node_get_net_stats", FAILED, move || {
        // SAFETY: the caller's promise.
        let Some(node) = (unsafe { node_for(node, stats) }) else { return INVALID };
        match told(node.stats()) {
            Ok(counted) => {
                // SAFETY: the caller's promise.
                unsafe { sized::write(stats, "stats", &net_stats_of(&counted)) };
                GOSSIP_ERR_SUCCESS
            }
            Err(code) => code,
        }
    })
}

/// A node that is to fill a struct; `None`, with an error text, if there is no node or no place.
///
/// # Safety
/// As [`gossip_node_get_stats`].
unsafe fn node_for<'a, T: Growing>(node: *const gossip_node_t, out: *const T) -> Option<&'a Node> {
    // SAFETY: the caller's promise.
    unsafe { node_of(node).filter(|_| sized::size_of_output(out, "stats").is_some()) }
}

fn net_stats_of(counted: &NodeStats) -> gossip_node_net_stats_t {
    let &NodeStats { datagrams, streams, listens_on_tcp, changes_waiting, changes_joined, .. } =
        counted;
    let Datagrams { sent, bytes_sent, received, bytes_received, .. } = datagrams;
    let Counters { connected, accepted, turned_away, closed, .. } = streams;
    gossip_node_net_stats_t {
        size: size_of::<gossip_node_net_stats_t>(),
        datagrams_sent: sent,
        bytes_sent,
        datagrams_received: received,
        bytes_received,
        unsent: datagrams.unsent,
        unaddressed: datagrams.unaddressed,
        junk: datagrams.junk + streams.junk,
        read_errors: datagrams.errors + streams.errors,
        stream_sent: streams.sent,
        stream_received: streams.received,
        stream_lost: streams.lost,
        connected,
        accepted,
        turned_away,
        closed,
        changes_waiting: changes_waiting as u64,
        changes_joined,
        listens_on_tcp: listens_on_tcp.into(),
    }
}
