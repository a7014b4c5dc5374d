//! What only the functions of [`crate::ffi::ext`] ask of a shared core.

use super::{Pending, Shared, State};
use crate::ffi::callbacks::Targets;
use crate::ffi::ext::{self, Made};
use crate::ffi::types::gossip_error_code_t;
use crate::proto::Core;
use crate::types::Instant;
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::Ordering;

impl Shared {
    /// A core with a clock of its own choice and lists of changes.
    pub(in crate::ffi) fn with_extension(
        core: Core,
        targets: Targets,
        extension: ext::Extension,
    ) -> Arc<Self> {
        let state = State {
            core,
            queue: Box::default(),
            rest: None,
            waiting: 0,
            runner: 0,
            scratch: Vec::new(),
            extension,
        };
        Self::of(state, targets)
    }

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

    /// Counts what became of a message.
    pub(super) fn count(&self, core: &mut Core, made: Made) {
        match made {
            Made::Nothing => {}
            Made::Written(kind, bytes) => core.count_bytes_sent(kind, bytes),
            Made::Lost => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
}

impl State {
    /// Adds the call for the changes that are due.
    pub(super) fn tell_changes(&mut self) {
        let Self { queue, extension, .. } = self;
        if let Some((first, count)) = extension.flush_into(queue) {
            queue.push_changes(first, count);
        }
    }
}
