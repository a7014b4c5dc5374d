//! Whose callbacks a thread runs, for what only their owner knows of a node.

use crate::proto::{Core, PeerStats};
use crate::types::{Instant, NodeId};
use core::cell::Cell;

/// What a core knows of a node beside its struct.
#[derive(Default)]
pub(in crate::ffi) struct Known {
    pub(super) now: Instant,
    pub(super) peer: Option<PeerStats>,
    pub(super) config_heartbeat: u64,
    pub(super) is_self: bool,
}

impl Known {
    pub(in crate::ffi) fn of(core: &Core, now: Instant, id: &NodeId) -> Self {
        Self {
            now,
            peer: core.peer(id),
            config_heartbeat: core.find(id).map_or(0, |entry| entry.config_heartbeat),
            is_self: core.id() == *id,
        }
    }

    /// What is known of a node that is not running.
    #[cfg(feature = "net")]
    pub(in crate::ffi) fn of_self(self) -> Self {
        Self { is_self: true, ..self }
    }
}

/// Something with callbacks that knows nodes.
pub(in crate::ffi) trait Knows {
    /// What it knows now; nothing if it cannot be asked any more.
    fn known(&self, id: &NodeId) -> Known;
}

// No destructor, as in `error`.
std::thread_local! {
    /// Whose callbacks this thread runs.
    static OWNER: Cell<Option<*const dyn Knows>> = const { Cell::new(None) };
}

/// Notes whose callbacks run; puts back what was there when dropped.
pub(in crate::ffi) struct Running(Option<*const dyn Knows>);

impl Running {
    /// Those of an object that stays for as long.
    pub(in crate::ffi) fn of<T: Knows + 'static>(owner: &T) -> Self {
        Self(OWNER.replace(Some(core::ptr::from_ref(owner))))
    }

    /// Those of an object that is being destroyed.
    #[cfg(feature = "net")]
    pub(in crate::ffi) fn of_nobody() -> Self {
        Self(OWNER.replace(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        OWNER.set(self.0);
    }
}

/// What the owner of the callback that runs on this thread knows of a node.
pub(super) fn known(id: &NodeId) -> Known {
    // SAFETY: set by `Running`, which stands only as long as what it was given.
    OWNER.get().map_or_else(Known::default, |owner| unsafe { &*owner }.known(id))
}
