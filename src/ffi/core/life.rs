//! Making, destroying and resetting cores.

use super::gossip_core_t;
use crate::ffi::argument::{argument, core_ref, with_entry};
use crate::ffi::callbacks::Targets;
use crate::ffi::error::{or_report, set_last_error};
use crate::ffi::ext::Extension;
use crate::ffi::guard::{guard, guard_or, guard_quiet, guard_then};
use crate::ffi::handle::Shared;
use crate::ffi::types::{gossip_event_callback_t, gossip_node_view_t, gossip_send_callback_t};
use crate::os;
use crate::proto::{Config, Core};
use core::ffi::c_void;
use core::ptr;

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
    guard_or("gossip_core_create", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let view = unsafe { argument(self_node, "self_node") }?;
        let core = with_entry(view, "self_node", |own| {
            let seed = or_report(os::entropy(), "")?;
            Core::new(Config::own_loop(), own, seed, os::now())
                .map_err(|error| set_last_error(format_args!("self_node: {error}; correct it")))
                .ok()
        })?;
        let targets = Targets::new(send_callback, event_callback, user_data);
        Some(gossip_core_t::into_raw(Shared::new(core, targets, Extension::default())))
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
    guard_quiet("gossip_core_destroy", (), move || {
        // SAFETY: the caller's promise.
        let Some(handle) = (unsafe { core.as_ref() }) else { return };
        if handle.shared.is_foreign() {
            // A forked child: it may hold half of a change that another thread of the parent made.
            return;
        }
        handle.shared.close();
        // SAFETY: it came from Box::into_raw in `into_raw`, and the caller gives it up.
        drop(unsafe { Box::from_raw(core) });
    });
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
    guard_then("gossip_core_reset", (), move |()| {
        // SAFETY: the caller's promise.
        unsafe { core_ref(core) }?.run(None, |core, now| core.reset(now))
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
    guard("gossip_core_get_internal", ptr::null_mut(), move || core.cast())
}
