//! `gossip_node_info_t`: all that is known of one node.

use super::owner::Known;
use super::sized::{self, Growing};
use crate::ffi::argument::core_and_id;
use crate::ffi::convert::view_of;
use crate::ffi::core::gossip_core_t;
use crate::ffi::guard::guard_or;
use crate::ffi::handed_out::Extra;
use crate::ffi::types::{gossip_node_id_t, gossip_node_view_t};
use crate::proto::Core;
use crate::types::{Entry, Instant};
use core::ffi::c_int;
use core::mem::{offset_of, size_of};

/// The status of a node that said that it leaves. Structs of version 1 show it as
/// GOSSIP_NODE_FAILED; fields of type uint32_t tell the two apart.
pub const GOSSIP_NODE_LEFT: u32 = 5;

/// A time that never came.
pub const GOSSIP_NEVER: u64 = 0xffff_ffff_ffff_ffff;

/// All that is known of one node. Times are milliseconds of the core's clock, as now_ms is: how
/// long ago something was is now_ms minus its time.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_node_info {
    /// The bytes of this struct in the program: set it to sizeof(gossip_node_info_t) before.
    pub size: usize,
    /// The node.
    pub node: gossip_node_view_t,
    /// The time now.
    pub now_ms: u64,
    /// When its newest heartbeat was learned; now for the node itself.
    pub seen_ms: u64,
    /// When its status changed last, right to a tenth of a second.
    pub changed_ms: u64,
    /// When it was suspected last, right to a tenth of a second; GOSSIP_NEVER if it never was.
    pub suspected_ms: u64,
    /// Its heartbeat when its address, role, region or metadata changed last.
    pub config_heartbeat: u64,
    /// Its status: a gossip_node_status_t or GOSSIP_NODE_LEFT.
    pub status: u32,
    /// How many members accuse it now, this one counted; 0 unless it is suspect.
    pub suspicion_count: u32,
    /// 1: its metadata is known, be it none. 0: nothing is known, or said, about it.
    pub has_metadata: u32,
    /// How many pairs its metadata has.
    pub metadata_count: u32,
    /// The bytes of all its keys and values together.
    pub metadata_bytes: u32,
    /// 1: it is the node itself. 0: another one.
    pub is_self: u32,
}
/// See gossip_node_info.
pub type gossip_node_info_t = gossip_node_info;

// SAFETY: it is repr(C), begins with its size, and is only written.
unsafe impl Growing for gossip_node_info_t {
    const LEAST: usize = offset_of!(Self, now_ms);
}

/// All that is known of a node.
///
/// @param core The core.
/// @param id Whom to look for; the own id finds the node itself.
/// @param info Where it is put if the node is known; set its size before. Left as it is otherwise.
/// @return 1 if it is known; 0 if not, if an argument is NULL or the size is wrong.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id; info is NULL or
/// points to a struct with as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_node_info(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    info: *mut gossip_node_info_t,
) -> c_int {
    guard_or("gossip_core_node_info", 0, move || {
        // SAFETY: the caller's promise.
        let (core, id) = unsafe { core_and_id(core, id, "id") }?;
        let read = || core.read_at(|core, now| Some(of_entry(core, now, &core.find(&id)?)))?;
        // SAFETY: the caller's promise.
        unsafe { sized::write_if(info, "info", read) }
    })
}

/// What a core knows of an entry that it has.
pub(in crate::ffi) fn of_entry(core: &Core, now: Instant, entry: &Entry<'_>) -> gossip_node_info_t {
    of_view(&view_of(entry), &Extra::of(entry), Known::of(core, now, &entry.id))
}

/// The struct of all that is known.
pub(in crate::ffi) fn of_view(
    node: &gossip_node_view_t,
    extra: &Extra,
    known: Known,
) -> gossip_node_info_t {
    let Known { now, peer, config_heartbeat, is_self } = known;
    let seen = if is_self { now } else { peer.map_or(now, |peer| peer.seen) };
    let metadata = extra.metadata.as_deref();
    gossip_node_info_t {
        size: size_of::<gossip_node_info_t>(),
        node: *node,
        now_ms: c_time(now),
        seen_ms: c_time(seen),
        changed_ms: c_time(peer.map_or(Instant::ZERO, |peer| peer.changed)),
        suspected_ms: c_time_or_never(peer.and_then(|peer| peer.suspected)),
        config_heartbeat,
        status: extra.status as u32,
        suspicion_count: peer.map_or(0, |peer| peer.accusers),
        has_metadata: u32::from(metadata.is_some()),
        metadata_count: metadata.map_or(0, |metadata| c_number(metadata.len())),
        metadata_bytes: metadata.map_or(0, |metadata| c_number(metadata.bytes())),
        is_self: u32::from(is_self),
    }
}

/// A time for C.
pub(super) const fn c_time(instant: Instant) -> u64 {
    instant.as_micros() / 1000
}

/// A time for C that may not have come.
pub(super) fn c_time_or_never(instant: Option<Instant>) -> u64 {
    instant.map_or(GOSSIP_NEVER, c_time)
}

/// A number that is bounded elsewhere, far below what has room.
fn c_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
