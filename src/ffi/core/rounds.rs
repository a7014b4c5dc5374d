//! Rounds and messages: what drives a core.

use super::gossip_core_t;
use crate::ffi::argument::{core_and, core_ref, entries_of};
use crate::ffi::convert::header_of;
use crate::ffi::error::or_report;
use crate::ffi::guard::guard_then;
use crate::ffi::handle::Pending;
use crate::ffi::types::gossip_message_t;
use crate::types::Instant;

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
    // SAFETY: the caller's promise.
    guard_then("gossip_core_tick", (), move |()| unsafe { tick(core, None) });
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
    guard_then("gossip_core_tick_full_broadcast", (), move |()| {
        // SAFETY: the caller's promise.
        unsafe { core_ref(core) }?.run(None, |core, now| core.round_broadcast(now))
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
    // SAFETY: the caller's promise.
    guard_then("gossip_core_handle_message", (), move |()| unsafe {
        handle_message(core, msg, None)
    });
}

/// A round, at a time that the program gave or now.
///
/// # Safety
/// As [`gossip_core_tick`].
pub(in crate::ffi) unsafe fn tick(
    core: *const gossip_core_t,
    at: Option<Instant>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }?.run(at, |core, now| core.round(now))
}

/// A message of the program, at a time that it gave or now.
///
/// # Safety
/// As [`gossip_core_handle_message`].
pub(in crate::ffi) unsafe fn handle_message(
    core: *const gossip_core_t,
    msg: *const gossip_message_t,
    at: Option<Instant>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let (core, message, views) = unsafe {
        let (core, message) = core_and(core, msg, "msg")?;
        (core, message, entries_of(message)?)
    };
    core.deliver_struct(&or_report(header_of(message), "msg->")?, views, at)
}
