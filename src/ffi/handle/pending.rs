//! Callbacks that wait to be run by the thread whose call led to them.

use super::{Shared, State};
use crate::ffi::callbacks::Batch;
use crate::ffi::error;
use crate::ffi::ext::Running;
use crate::ffi::guard::{Callbacks, contain};
use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use std::sync::PoisonError;

/// Callbacks to run, with the right to run them. Dropped with calls left, as when an exception
/// passes, it gives the right back and leaves the rest to the next call.
pub(in crate::ffi) struct Pending {
    shared: Arc<Shared>,
    /// `None` once the right was given back.
    batch: Option<Box<Batch>>,
    /// Whether the program destroyed the core inside a callback and wants to be told that it ended.
    frees: bool,
}

impl Pending {
    pub(super) const fn new(shared: Arc<Shared>, batch: Box<Batch>) -> Self {
        Self { shared, batch: Some(batch), frees: false }
    }
}

impl Callbacks for Pending {
    fn run(mut self) {
        let saved = error::save();
        {
            let _running = Running::of(&*self.shared);
            while self.has_next() {
                while self.call_next() {}
            }
        }
        // Before the text comes back: it may free what the program gave, by a function of that.
        drop(self);
        saved.restore();
    }
}

impl Pending {
    /// Whether there is a batch with calls to make.
    fn has_next(&mut self) -> bool {
        let mut found = false;
        contain(&mut || found = self.next_batch());
        found
    }

    fn call_next(&mut self) -> bool {
        self.may_call()
            && self.batch.as_mut().is_some_and(|batch| batch.call_next(&self.shared.targets))
    }

    /// Whether calls may be made still: not after a callback destroyed the core, nor in a child
    /// that a callback forked.
    fn may_call(&self) -> bool {
        !self.shared.closed.load(Ordering::Acquire) && !self.shared.is_foreign()
    }

    /// Gets the next calls to make; `false` when there are none.
    fn next_batch(&mut self) -> bool {
        if !self.may_call() {
            return false;
        }
        let Self { shared, batch: place, .. } = self;
        let Some(batch) = place else { return false };
        if !batch.is_done() {
            return true;
        }
        batch.clear();
        let Ok(mut state) = shared.state.lock() else { return false };
        batch.tell_written(&mut state.core);
        shared.fill(&mut state);
        core::mem::swap(batch, &mut state.queue);
        if batch.is_done() {
            // Under the lock under which nothing was found, so that no later call finds a runner
            // that will not look again.
            self.frees = shared.release(&mut state, place);
            return false;
        }
        true
    }
}

impl Shared {
    /// Takes the right to run callbacks back, with the calls that are left; whether what the
    /// program gave is to be freed then.
    fn release(&self, state: &mut State, batch: &mut Option<Box<Batch>>) -> bool {
        state.runner = 0;
        state.rest = batch.take();
        if self.closed.load(Ordering::Acquire) {
            state.forget_calls();
        }
        // A call of the system even if nobody waits.
        if state.waiting > 0 {
            self.stopped.notify_all();
        }
        state.extension.was_closed_inside()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if self.batch.is_some() {
            self.give_back();
        }
        if self.frees {
            self.shared.targets.more.free();
        }
    }
}

impl Pending {
    /// Gives the right back with calls left.
    #[cold]
    #[inline(never)]
    fn give_back(&mut self) {
        if self.shared.is_foreign() {
            // A forked child: another thread of the parent may have held any lock.
            core::mem::forget(self.batch.take());
            return;
        }
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.frees = self.shared.release(&mut state, &mut self.batch);
    }
}
