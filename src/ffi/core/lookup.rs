//! What a core knows, copied for the program.

use super::gossip_core_t;
use crate::ffi::argument::{core_and_id, core_ref};
use crate::ffi::convert::view_of;
use crate::ffi::error::{is_given, set_last_error};
use crate::ffi::guard::{guard_or, guard_quiet};
use crate::ffi::memory::{self, CArray};
use crate::ffi::types::{gossip_node_id_t, gossip_node_view_t};
use crate::proto::Core;
use core::ffi::c_int;
use core::ptr;

/// The node itself, as it tells others of itself, with its message counters.
///
/// @param core The core.
/// @return A copy, to be freed by gossip_core_free_self() or free(); NULL if core is NULL or there
/// is no memory.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_self(
    core: *const gossip_core_t,
) -> *mut gossip_node_view_t {
    guard_or("gossip_core_self", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let core = unsafe { core_ref(core) }?;
        let view = core.read(|core| gossip_node_view_t {
            sent_messages: core.stats().sent_messages,
            received_messages: core.stats().received_messages,
            ..view_of(&core.own())
        })?;
        let mut array = room_for(1)?;
        array.push(view);
        Some(array.into_raw())
    })
}

/// Frees what gossip_core_self() returned.
///
/// @param self_view The view; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// self_view is NULL or came from gossip_core_self() and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_free_self(self_view: *mut gossip_node_view_t) {
    // SAFETY: the caller's promise.
    guard_quiet("gossip_core_free_self", (), move || unsafe { memory::free(self_view.cast()) });
}

/// All known nodes but this one, in the order in which they became known.
///
/// Failed nodes and those that left are among them until they are forgotten (after 24 hours).
///
/// @param core The core.
/// @param count Where the number of nodes is put; left as it is if core is NULL.
/// @return An array of that many views, to be freed by gossip_core_free_nodes() or free(); NULL if
/// there are none, if core or count is NULL, or if there is no memory (then the number is 0).
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; count is NULL or points to a size_t.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_get_nodes(
    core: *const gossip_core_t,
    count: *mut usize,
) -> *mut gossip_node_view_t {
    guard_or("gossip_core_get_nodes", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let core = unsafe { core_ref(core) }?;
        if !is_given(count, "count") {
            return None;
        }
        let array = core.read(|core| {
            let mut array = if core.is_empty() { None } else { room_for(core.len()) }?;
            for entry in core.members() {
                array.push(view_of(&entry));
            }
            Some(array)
        });
        let array = array.flatten().filter(|array| !array.is_empty());
        let len = array.as_ref().map_or(0, CArray::len);
        // SAFETY: not NULL, and the caller's promise that it may be written.
        unsafe { count.write(len) };
        array.map(CArray::into_raw)
    })
}

/// Frees what gossip_core_get_nodes() returned.
///
/// @param nodes The array; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// nodes is NULL or came from gossip_core_get_nodes() and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_free_nodes(nodes: *mut gossip_node_view_t) {
    // SAFETY: the caller's promise.
    guard_quiet("gossip_core_free_nodes", (), move || unsafe { memory::free(nodes.cast()) });
}

/// Looks up one node. The own id finds the node itself.
///
/// @param core The core.
/// @param id Whom to look for.
/// @param out_node Where the node is put if it is found; left as it is otherwise.
/// @return 1 if it is known, 0 if not or if an argument is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id; out_node is NULL
/// or points to a view that may be overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_find_node(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    out_node: *mut gossip_node_view_t,
) -> c_int {
    guard_or("gossip_core_find_node", 0, move || {
        // SAFETY: the caller's promise.
        let (core, id) = unsafe { core_and_id(core, id, "id") }?;
        if !is_given(out_node, "out_node") {
            return None;
        }
        let view = core.read(|core| core.find(&id).map(|entry| view_of(&entry)))??;
        // SAFETY: not NULL, and the caller's promise that it may be written.
        unsafe { out_node.write(view) };
        Some(1)
    })
}

/// The number of known nodes; this one is not counted, failed ones and those that left are.
///
/// @param core The core.
/// @return The number; 0 if core is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_size(core: *const gossip_core_t) -> usize {
    // SAFETY: the caller's promise.
    guard_or("gossip_core_size", 0, move || unsafe { core_ref(core) }?.read(Core::len))
}

fn room_for(count: usize) -> Option<CArray<gossip_node_view_t>> {
    let array = CArray::with_room(count);
    if array.is_none() {
        set_last_error(format_args!("no memory for {count} nodes; free some and try again"));
    }
    array
}
