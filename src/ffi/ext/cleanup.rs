//! Nodes that are gone for good.

use crate::ffi::argument::core_ref;
use crate::ffi::core::gossip_core_t;
use crate::ffi::guard::guard_then;
use core::time::Duration;

/// Forgets nodes that failed or left at least so long ago, as happens by itself after reap_ms of
/// the configuration. Raises no events.
///
/// A node that is forgotten too soon may be told of again by others that still hold it.
///
/// @param core The core.
/// @param older_than_ms How long ago at least, in milliseconds; 0 forgets all that are failed or
/// left.
/// @return How many were forgotten; 0 also if core is NULL or cannot be used any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_cleanup_expired(
    core: *mut gossip_core_t,
    older_than_ms: u64,
) -> usize {
    guard_then("gossip_core_cleanup_expired", 0, move |count| {
        let older_than = Duration::from_millis(older_than_ms);
        // SAFETY: the caller's promise.
        unsafe { core_ref(core) }?.run(None, |core, now| *count = core.forget_gone(now, older_than))
    })
}
