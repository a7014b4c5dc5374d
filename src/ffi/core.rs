//! `gossip_core_*`: one node's membership.
#![allow(non_camel_case_types, reason = "the names are those of the C header")]

use super::callbacks::Targets;
use super::commands as body;
use super::guard::{guard, guard_quiet, guard_then};
use super::handle::Shared;
use super::memory;
use super::types::{
    gossip_event_callback_t, gossip_message_t, gossip_node_id_t, gossip_node_view_t,
    gossip_send_callback_t,
};
use alloc::sync::Arc;
use core::ffi::{c_char, c_int, c_void};
use core::ptr;

/// One node's membership: what it knows of the others and what it tells them. Opaque.
pub struct gossip_core {
    pub(super) shared: Arc<Shared>,
}
/// See gossip_core.
pub type gossip_core_t = gossip_core;

/// Makes a node.
///
/// Starts no thread and sends nothing. The node does something only when a function is called.
///
/// @param self_node The node itself; copied. Its status becomes GOSSIP_NODE_ONLINE whatever it is
/// here. An id of your own choice, the same after a restart if you like; no two nodes may share one.
/// @param send_callback Called for each message to send; may be NULL, then messages are only
/// counted.
/// @param event_callback Called for each change of a node; may be NULL.
/// @param user_data Handed to both callbacks and never touched.
/// @return The core, to be freed by gossip_core_destroy(); NULL if self_node is NULL, has a text
/// without NUL or a counter of 2^63 or more. gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// self_node is NULL or points to a view. The callbacks may be called from every thread that calls
/// a function with this core or that belongs to a transport of it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_create(
    self_node: *const gossip_node_view_t,
    send_callback: gossip_send_callback_t,
    event_callback: gossip_event_callback_t,
    user_data: *mut c_void,
) -> *mut gossip_core_t {
    guard("gossip_core_create", ptr::null_mut(), || {
        let targets = Targets::new(send_callback, event_callback, user_data);
        // SAFETY: the caller's promise.
        unsafe { body::create(self_node, targets) }
    })
}

/// Frees a core.
///
/// No callback of it runs after this has returned: a callback that runs in another thread is
/// waited for. Called inside a callback of the core itself it returns at once, and that callback
/// is the last one: user_data is free for other use when it returns, which only the program can
/// tell to its other threads. Transports of the core stay valid and drop what they receive. It
/// sends nothing: call gossip_core_leave() with the own id before, so that the others need not find
/// out.
///
/// @param core The core; NULL does nothing. In a forked child this gives nothing back and is safe.
///
/// Threads: any one, when no other thread calls a function with this core any more. Two threads
/// that each run a callback must not destroy each other's core: they would wait for each other.
/// From callbacks: yes. From destructors of static and thread-local objects: yes. Since 1.0.
///
/// # Safety
/// core is NULL or came from gossip_core_create() and was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_destroy(core: *mut gossip_core_t) {
    guard_quiet("gossip_core_destroy", (), || {
        // SAFETY: the caller's promise.
        unsafe { body::destroy(core) }
    });
}

/// Runs one protocol round: pings some nodes and looks at those that did not answer.
///
/// Call it at a steady pace, 10 ms to some seconds. Its cost does not depend on the number of
/// nodes. The callbacks that it leads to run before it returns, or in the thread that runs
/// callbacks of this core already.
///
/// @param core The core; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_tick(core: *mut gossip_core_t) {
    guard_then("gossip_core_tick", || {
        // SAFETY: the caller's promise.
        unsafe { body::tick(core, None) }
    });
}

/// Runs one protocol round that pings every node that is online.
///
/// For small groups, and for tests; gossip_core_tick() is enough.
///
/// @param core The core; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_tick_full_broadcast(core: *mut gossip_core_t) {
    guard_then("gossip_core_tick_full_broadcast", || {
        // SAFETY: the caller's promise.
        unsafe { body::tick_full_broadcast(core) }
    });
}

/// Takes a message that your own transport received.
///
/// A core that was given to gossip_transport_set_core() gets its messages without this. A message
/// with a foreign number, a text without NUL or a counter of 2^63 or more is not taken, as a
/// whole, and gossip_last_error() says why.
///
/// @param core The core; NULL does nothing.
/// @param msg The message; NULL does nothing. Copied as far as needed.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed; msg is NULL or points to a message whose entries
/// are NULL or an array of entries_count views.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_message(
    core: *mut gossip_core_t,
    msg: *const gossip_message_t,
) {
    guard_then("gossip_core_handle_message", || {
        // SAFETY: the caller's promise.
        unsafe { body::handle_message(core, msg, None) }
    });
}

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
    guard_then("gossip_core_meet", || {
        // SAFETY: the caller's promise.
        unsafe { body::meet(core, node) }
    });
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
    guard_then("gossip_core_join", || {
        // SAFETY: the caller's promise.
        unsafe { body::join(core, node) }
    });
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
    guard_then("gossip_core_leave", || {
        // SAFETY: the caller's promise.
        unsafe { body::leave(core, node_id) }
    });
}

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
    guard("gossip_core_self", ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe { body::own(core) }
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
    guard_quiet("gossip_core_free_self", (), || {
        // SAFETY: the caller's promise.
        unsafe { memory::free(self_view.cast()) }
    });
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
    guard("gossip_core_get_nodes", ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe { body::nodes(core, count) }
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
    guard_quiet("gossip_core_free_nodes", (), || {
        // SAFETY: the caller's promise.
        unsafe { memory::free(nodes.cast()) }
    });
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
    guard("gossip_core_find_node", 0, || {
        // SAFETY: the caller's promise.
        unsafe { body::find_node(core, id, out_node) }
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
    guard("gossip_core_size", 0, || {
        // SAFETY: the caller's promise.
        unsafe { body::size(core) }
    })
}

/// Forgets all nodes and sets the message counters to zero; raises no events.
///
/// The own id, metadata and configuration epoch stay.
///
/// @param core The core; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_reset(core: *mut gossip_core_t) {
    guard_then("gossip_core_reset", || {
        // SAFETY: the caller's promise.
        unsafe { body::reset(core) }
    });
}

/// A pointer that other functions of this library take in place of the core. Good for nothing else.
///
/// @param core The core.
/// @return The pointer, valid as long as the core; NULL if core is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_get_internal(core: *mut gossip_core_t) -> *mut c_void {
    guard("gossip_core_get_internal", ptr::null_mut(), || core.cast())
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
    guard_then("gossip_core_update_self_metadata", || {
        // SAFETY: the caller's promise.
        unsafe { body::update_self_metadata(core, keys, values, count) }
    });
}
