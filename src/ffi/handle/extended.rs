//! What only the functions of [`crate::ffi::ext`] ask of a shared core.

use super::{Pending, Shared};
use crate::ffi::ext::owner::{Known, Knows};
use crate::ffi::types::gossip_error_code_t;
use crate::proto::Core;
use crate::types::{Instant, NodeId};
use alloc::sync::Arc;
use core::fmt;

impl Shared {
    /// As [`Shared::input`], with an error code: `refused` for an error of the input.
    pub(in crate::ffi) fn input_code<E: fmt::Display>(
        self: &Arc<Self>,
        code: &mut gossip_error_code_t,
        refused: gossip_error_code_t,
        at: Option<Instant>,
        mut body: impl FnMut(&mut Core, Instant) -> Result<(), E>,
    ) -> Option<Pending> {
        *code = gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED;
        self.input(at, |core, now| {
            let result = body(core, now);
            *code = if result.is_ok() { gossip_error_code_t::GOSSIP_ERR_SUCCESS } else { refused };
            result
        })
    }

    /// Reads something of the core and its time.
    pub(in crate::ffi) fn read_at<R>(&self, body: impl FnOnce(&Core, Instant) -> R) -> Option<R> {
        self.lock().map(|state| body(&state.core, state.extension.now()))
    }

    /// When something is due, the time, and whether that is the program's own.
    pub(in crate::ffi) fn next_timeout(&self) -> Option<(Option<Instant>, Instant, bool)> {
        self.lock().map(|state| {
            let waits = state.runner == 0 && (!state.queue.is_done() || state.has_rest());
            let now = state.extension.now();
            let due =
                [waits.then_some(now), state.core.poll_timeout(), state.extension.changes.due_at()];
            (due.into_iter().flatten().min(), now, state.extension.is_manual())
        })
    }
}

impl Knows for Shared {
    fn known(&self, id: &NodeId) -> Known {
        self.read_at(|core, now| Known::of(core, now, id)).unwrap_or_default()
    }
}
