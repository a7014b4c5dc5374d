//! A pointer of the program that it wants to be told the end of.

use super::callbacks::gossip_drop_callback_t;
use core::ffi::c_void;
use core::sync::atomic::{AtomicBool, Ordering};

/// The program's pointer and the function that frees it.
pub(crate) struct Owned {
    pointer: *mut c_void,
    free: gossip_drop_callback_t,
    freed: AtomicBool,
}

impl Owned {
    pub(crate) const fn new(pointer: *mut c_void, free: gossip_drop_callback_t) -> Self {
        Self { pointer, free, freed: AtomicBool::new(false) }
    }

    pub(super) const fn pointer(&self) -> *mut c_void {
        self.pointer
    }

    /// Nothing that anybody has to free.
    pub(crate) const fn nothing() -> Self {
        Self::new(core::ptr::null_mut(), None)
    }

    /// Calls the program's function, the first time. Must run with no lock held, when nothing uses
    /// the pointer any more.
    pub(crate) fn free(&self) {
        if !self.freed.swap(true, Ordering::AcqRel)
            && let Some(free) = self.free
        {
            // SAFETY: a function of the program with this type and the pointer that it is for.
            unsafe { free(self.pointer) };
        }
    }
}
