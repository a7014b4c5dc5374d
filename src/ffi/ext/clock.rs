//! Time that the program gives, and when it is due.

use super::info::GOSSIP_NEVER;
use crate::ffi::argument::core_ref;
use crate::ffi::core::gossip_core_t;
use crate::ffi::core::rounds::{handle_message, tick};
use crate::ffi::guard::{guard, guard_then};
use crate::ffi::types::gossip_message_t;
use crate::types::Instant;

/// Runs one protocol round at a given time, as gossip_core_tick() does.
///
/// With manual_clock in its configuration a core has no other time than that of the functions with
/// _at; all other functions take the last one. Without it the later one of this time and the
/// system's is taken. Time never runs backwards: an earlier time than the last one is that one.
///
/// @param core The core; NULL does nothing.
/// @param now_ms The time in milliseconds since any moment of your choice.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_tick_at(core: *mut gossip_core_t, now_ms: u64) {
    // SAFETY: the caller's promise.
    guard_then("gossip_core_tick_at", (), move |()| unsafe { tick(core, at(now_ms)) });
}

/// Takes a message at a given time, as gossip_core_handle_message() does.
///
/// @param core The core; NULL does nothing.
/// @param msg The message; NULL does nothing. Copied as far as needed.
/// @param now_ms The time in milliseconds, as for gossip_core_tick_at().
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; msg is NULL or points to a message whose entries
/// are NULL or an array of entries_count views.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_message_at(
    core: *mut gossip_core_t,
    msg: *const gossip_message_t,
    now_ms: u64,
) {
    guard_then("gossip_core_handle_message_at", (), move |()| {
        // SAFETY: the caller's promise.
        unsafe { handle_message(core, msg, at(now_ms)) }
    });
}

/// Does what is due: a round, time-outs, and gossip between rounds.
///
/// For programs that sleep until gossip_core_next_timeout() and do not call gossip_core_tick():
/// rounds then come by themselves, in the interval of the configuration.
///
/// @param core The core; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_timeout(core: *mut gossip_core_t) {
    guard_then("gossip_core_handle_timeout", (), move |()| {
        // SAFETY: the caller's promise.
        unsafe { core_ref(core) }?.run(None, |core, now| core.handle_timeout(now))
    });
}

/// Does what is due at a given time, as gossip_core_handle_timeout() does.
///
/// @param core The core; NULL does nothing.
/// @param now_ms The time in milliseconds, as for gossip_core_tick_at().
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_timeout_at(
    core: *mut gossip_core_t,
    now_ms: u64,
) {
    guard_then("gossip_core_handle_timeout_at", (), move |()| {
        // SAFETY: the caller's promise.
        unsafe { core_ref(core) }?.run(at(now_ms), |core, now| core.handle_timeout(now))
    });
}

/// When gossip_core_handle_timeout() has something to do. Ask again after each other call: a
/// message that came, or a command, may bring it nearer.
///
/// @param core The core.
/// @return The milliseconds from now until then, 0 if it is due. With manual_clock it is the time
/// itself, as it is to be given to gossip_core_handle_timeout_at(). GOSSIP_NEVER if nothing will be
/// due, core is NULL or cannot be used any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_next_timeout(core: *const gossip_core_t) -> u64 {
    guard("gossip_core_next_timeout", GOSSIP_NEVER, move || {
        // SAFETY: the caller's promise.
        let asked = unsafe { core_ref(core) }.and_then(|core| core.next_timeout());
        let Some((Some(due), now, manual)) = asked else { return GOSSIP_NEVER };
        let from = if manual { 0 } else { now.as_micros() };
        // Rounded up, so that it is due when that time has passed.
        due.as_micros().saturating_sub(from).div_ceil(1000)
    })
}

/// A time that a program gave.
pub(super) const fn at(now_ms: u64) -> Option<Instant> {
    Some(Instant::from_millis(now_ms))
}
