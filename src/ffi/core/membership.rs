//! Meeting, joining and leaving, and what a core tells of itself.

use super::gossip_core_t;
use crate::ffi::argument::{core_and, core_and_id, core_ref, text_at, with_entry};
use crate::ffi::error::set_last_error;
use crate::ffi::ext::lines;
use crate::ffi::guard::guard_then;
use crate::ffi::handle::Pending;
use crate::ffi::types::{gossip_node_id_t, gossip_node_view_t};
use crate::proto::{CommandError, Core};
use crate::types::{Entry, Instant, Metadata};
use core::ffi::c_char;
use core::slice;

/// Makes a node known to this one and this one to it.
///
/// The node is GOSSIP_NODE_JOINING until it answers. Its id need not be known: make one up, and it
/// is replaced by the right one when the node at that address answers.
///
/// @param core The core; NULL does nothing.
/// @param node Its address, and its id if known; its status is not looked at. NULL or the own id
/// do nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; node is NULL or points to a view.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_meet(
    core: *mut gossip_core_t,
    node: *const gossip_node_view_t,
) {
    // SAFETY: the caller's promise.
    guard_then("gossip_core_meet", (), move |()| unsafe { contact(core, node, Core::meet) });
}

/// Joins the group that a node belongs to: like gossip_core_meet(), and asks for its members.
///
/// @param core The core; NULL does nothing.
/// @param node A member; as for gossip_core_meet().
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; node is NULL or points to a view.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_join(
    core: *mut gossip_core_t,
    node: *const gossip_node_view_t,
) {
    // SAFETY: the caller's promise.
    guard_then("gossip_core_join", (), move |()| unsafe { contact(core, node, Core::join) });
}

/// Tells the others that a node leaves.
///
/// With the own id this node leaves; call gossip_core_tick() some more rounds so that all hear it.
/// gossip_core_meet() or gossip_core_join() bring it back. With another id the others are told
/// that this node has left; if it is alive it says so and stays.
///
/// @param core The core; NULL does nothing.
/// @param node_id Who leaves; NULL and an id that is not known do nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; node_id is NULL or points to an id.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_leave(
    core: *mut gossip_core_t,
    node_id: *const gossip_node_id_t,
) {
    guard_then("gossip_core_leave", (), move |()| {
        // SAFETY: the caller's promise.
        let (core, id) = unsafe { core_and_id(core, node_id, "node_id") }?;
        lines::own(format_args!("asked to tell that node {id} leaves"));
        core.input(None, |core, now| core.leave(now, &id))
    });
}

/// Sets metadata of this node; the others learn of it with the next rounds.
///
/// Keys that are not named keep their values. The key "config_epoch" also sets the own
/// configuration epoch, which may not fall. Text that is not UTF-8 is replaced where it is not.
/// All keys and values of a node together have at most 65536 bytes; if it would be more, nothing is
/// set and gossip_last_error() says so.
///
/// @param core The core; NULL does nothing.
/// @param keys The keys; NULL does nothing.
/// @param values Their values; NULL does nothing. A pair with NULL in it is left out.
/// @param count How many pairs there are, at most 65536; 0 does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; keys and values are NULL or arrays of count
/// pointers, each NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_update_self_metadata(
    core: *mut gossip_core_t,
    keys: *mut *const c_char,
    values: *mut *const c_char,
    count: usize,
) {
    guard_then("gossip_core_update_self_metadata", (), move |()| {
        // SAFETY: the caller's promise.
        let core = unsafe { core_ref(core) }?;
        if keys.is_null() || values.is_null() {
            let name = if keys.is_null() { "keys" } else { "values" };
            set_last_error(format_args!("{name} is NULL; pass an array of {count} texts"));
            return None;
        }
        if count == 0 {
            return None;
        }
        if count > Metadata::MAX_BYTES {
            let most = Metadata::MAX_BYTES;
            set_last_error(format_args!("count is {count}; pass at most {most} pairs"));
            return None;
        }
        // SAFETY: not NULL, and the caller's promise for the count.
        let (keys, values) =
            unsafe { (slice::from_raw_parts(keys, count), slice::from_raw_parts(values, count)) };
        let pairs = keys.iter().zip(values).filter_map(|(&key, &value)| {
            // SAFETY: the caller's promise.
            unsafe { text_at(key).zip(text_at(value)) }
        });
        let pairs: Vec<(String, String)> = pairs.collect();
        core.input(None, |core, now| {
            core.update_metadata(now, pairs.iter().map(|(key, value)| (&**key, &**value)))
        })
    });
}

/// Makes a node known to the core, by one of its commands.
///
/// # Safety
/// As [`gossip_core_meet`].
unsafe fn contact(
    core: *const gossip_core_t,
    node: *const gossip_node_view_t,
    command: fn(&mut Core, Instant, &Entry<'_>) -> Result<(), CommandError>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let (core, view) = unsafe { core_and(core, node, "node") }?;
    with_entry(view, "node", |entry| {
        lines::own(format_args!("asked to contact {}:{}", entry.ip, entry.port));
        core.input(None, |core, now| command(core, now, entry))
    })
}
