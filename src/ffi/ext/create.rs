//! A core that is made with a configuration.

use super::callbacks::{self, gossip_callbacks_t};
use super::config::{self, Wanted, gossip_config_t};
use super::state::Extension;
use crate::ffi::commands::{argument, with_entry};
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{self, set_last_error};
use crate::ffi::handle::Shared;
use crate::ffi::types::gossip_node_view_t;
use crate::os;
use crate::proto::Core;
use core::ptr;

/// # Safety
/// As [`config::gossip_core_create_with`].
pub(super) unsafe fn create_with(
    config: *const gossip_config_t,
    self_node: *const gossip_node_view_t,
    callbacks: *const gossip_callbacks_t,
) -> *mut gossip_core_t {
    // SAFETY: the caller's promise.
    let Some(targets) = (unsafe { callbacks::read(callbacks) }) else { return ptr::null_mut() };
    // SAFETY: the caller's promise.
    match unsafe { core_of(config, self_node) } {
        Some((core, wanted)) => {
            let extension = Extension::new(&wanted);
            let shared = Shared::with_extension(core, targets, extension);
            Box::into_raw(Box::new(gossip_core_t { shared }))
        }
        None => {
            // The program's function may call the library, but the error is that of this call.
            let saved = error::save();
            targets.owned.free();
            saved.restore();
            ptr::null_mut()
        }
    }
}

/// # Safety
/// As [`create_with`].
unsafe fn core_of(
    config: *const gossip_config_t,
    self_node: *const gossip_node_view_t,
) -> Option<(Core, Wanted)> {
    let wanted = if config.is_null() {
        Wanted::default()
    } else {
        // SAFETY: the caller's promise.
        unsafe { config::read(config) }?
    };
    // SAFETY: the caller's promise.
    let view = unsafe { argument(self_node, "self_node") }?;
    let seed = match wanted.seed {
        Some(seed) => seed,
        None => os::entropy().map_err(|error| set_last_error(format_args!("{error}"))).ok()?,
    };
    let core = with_entry(view, "self_node", |own| {
        Core::new(wanted.config.clone(), own, seed, wanted.start(os::now()))
            .map_err(|error| config::report(&error, &wanted.config))
            .ok()
    })?;
    Some((core, wanted))
}
