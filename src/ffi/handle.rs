//! A core that is shared between the program's threads and its transports.

#[cfg(feature = "ext")]
mod extended;
mod pending;

use super::callbacks::{Batch, Targets};
use super::convert::read_entries;
use super::error::{or_report, set_last_error};
use super::ext::Extension;
use super::ext::lines::{self, Counts};
use super::guard::{Callbacks, contain};
use super::types::gossip_node_view_t;
use crate::os;
use crate::proto::{Core, Output};
use crate::types::{Entry, Header, Instant, Path};
use crate::wire::{self, Scratch};
use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) use pending::Pending;

/// How many calls a thread takes out of the core at once before it makes them.
const BATCH_CALLS: usize = 64;
/// How many calls wait for another thread's callbacks; beyond it messages to send are dropped.
const QUEUED_CALLS: usize = 1024;
/// How many calls wait at most; events beyond it stay in the core, which then takes no messages.
const QUEUED_EVENTS: usize = 16 * 1024;

/// One core with its callbacks. Transports hold it too, so it may outlive its handle, closed.
pub(crate) struct Shared {
    targets: Targets,
    /// The process that made it; a forked child may not use it.
    process: u64,
    closed: AtomicBool,
    dropped: AtomicU64,
    state: Mutex<State>,
    /// Told when the thread that ran callbacks stopped.
    stopped: Condvar,
}

struct State {
    core: Core,
    /// Waits for the runner, in order.
    queue: Box<Batch>,
    /// The runner's, while there is none: empty, or what an exception left over. `None` before the
    /// first one.
    rest: Option<Box<Batch>>,
    /// Threads that wait for the runner to stop.
    waiting: usize,
    /// The thread that runs callbacks, see [`thread_mark`]; 0 if there is none.
    runner: usize,
    /// An empty vector, kept for its memory.
    scratch: Vec<Entry<'static>>,
    extension: Extension,
}

/// A number that no two running threads share and that is never 0.
fn thread_mark() -> usize {
    std::thread_local! { static MARK: u8 = const { 0 } }
    MARK.with(|mark| core::ptr::from_ref(mark).addr())
}

impl Shared {
    pub(super) fn new(core: Core, targets: Targets, extension: Extension) -> Arc<Self> {
        let state = State {
            core,
            queue: Box::default(),
            rest: None,
            waiting: 0,
            runner: 0,
            scratch: Vec::new(),
            extension,
        };
        Arc::new(Self {
            targets,
            process: os::process_mark(),
            closed: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            state: Mutex::new(state),
            stopped: Condvar::new(),
        })
    }

    /// Whether this is a forked child's copy: no lock may be taken, and nothing freed or closed.
    #[must_use]
    pub(super) fn is_foreign(&self) -> bool {
        self.process != os::process_mark()
    }

    /// Messages that were not handed to the send callback because too many calls waited already.
    #[must_use]
    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Gives the core a message that came by a transport, and runs the callbacks that it leads to.
    ///
    /// If another thread runs callbacks of this core, they join its queue and this returns at
    /// once. Does nothing once the program destroyed the core. Waits for nobody's callback.
    pub(super) fn deliver(
        self: &Arc<Self>,
        path: Path,
        header: &Header,
        entries: &[Entry<'_>],
        bytes: usize,
    ) {
        let mut refused = None;
        self.contained(|core, now| match core.handle_entries(now, path, header, entries) {
            Ok(()) => core.count_bytes_received(header.kind, bytes),
            // Why is counted too; here is nobody who would read an error text.
            Err(reason) => refused = Some(reason),
        });
        if let Some(reason) = refused {
            lines::refused_message(&reason);
        }
    }

    /// Tells the core of bytes that came by a transport and were no message.
    pub(super) fn refuse(self: &Arc<Self>, error: &wire::Error) {
        self.contained(|core, _| core.count_unread(error));
        lines::refused_message(error);
    }

    /// Runs an input of the core and the callbacks that it leads to, on a thread of the library.
    fn contained(self: &Arc<Self>, mut body: impl FnMut(&mut Core, Instant)) {
        let mut callbacks = None;
        contain(&mut || callbacks = self.run(None, &mut body));
        if let Some(callbacks) = callbacks {
            callbacks.run();
        }
    }

    /// Gives the core a message that the program carried itself.
    pub(super) fn deliver_struct(
        self: &Arc<Self>,
        header: &Header,
        views: &[gossip_node_view_t],
        at: Option<Instant>,
    ) -> Option<Pending> {
        self.step(at, |core, now, scratch| {
            let mut owned = Vec::new();
            let mut entries: Vec<Entry<'_>> = core::mem::take(scratch);
            let read = or_report(read_entries(views, &mut owned, &mut entries), "");
            let taken = read.and_then(|()| {
                let taken = core.handle_entries(now, Path::Struct, header, &entries);
                or_report(taken, "msg was not taken: ")
            });
            *scratch = Scratch::recycle(entries);
            taken.is_some()
        })
    }

    /// Runs an input or command of the core, at a time that the program gave or now; the result is
    /// to be run once all locks are gone.
    ///
    /// An error becomes this thread's error text.
    pub(super) fn input<E: fmt::Display>(
        self: &Arc<Self>,
        at: Option<Instant>,
        mut body: impl FnMut(&mut Core, Instant) -> Result<(), E>,
    ) -> Option<Pending> {
        self.step(at, |core, now, _| or_report(body(core, now), "").is_some())
    }

    /// As [`Self::input`], for an input that has no error.
    pub(super) fn run(
        self: &Arc<Self>,
        at: Option<Instant>,
        mut body: impl FnMut(&mut Core, Instant),
    ) -> Option<Pending> {
        self.step(at, |core, now, _| {
            body(core, now);
            true
        })
    }

    /// Runs an input of the core under its lock, and takes out what it leads to. `body` returns
    /// `false`, and has left an error text, if the input is refused.
    fn step(
        self: &Arc<Self>,
        at: Option<Instant>,
        mut body: impl FnMut(&mut Core, Instant, &mut Vec<Entry<'static>>) -> bool,
    ) -> Option<Pending> {
        self.step_with(at, &mut body)
    }

    #[inline(never)]
    fn step_with(self: &Arc<Self>, at: Option<Instant>, input: &mut dyn Input) -> Option<Pending> {
        let mut guard = self.lock()?;
        let state = &mut *guard;
        // Read under the lock, so that no thread brings an older time than the one before it.
        let (now, counts) = (state.extension.tick(at), Counts::of(&state.core));
        let taken = input.give(&mut state.core, now, &mut state.scratch);
        let risen = counts.and_then(|counts| counts.risen(&state.core));
        self.fill(state);
        let pending = state.begin().map(|batch| Pending::new(Arc::clone(self), batch));
        drop(guard);
        if let Some(risen) = risen {
            lines::risen(risen);
        }
        if !taken {
            lines::refused();
        }
        pending
    }

    /// Reads something of the core; `None`, with an error text, if it cannot be used any more.
    pub(super) fn read<R>(&self, body: impl FnOnce(&Core) -> R) -> Option<R> {
        self.lock().map(|state| body(&state.core))
    }

    /// Makes the core do nothing any more and waits for a callback that another thread runs.
    ///
    /// Called inside a callback of this core it returns at once: that callback is the last one.
    pub(super) fn close(&self) {
        if self.is_foreign() {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Ordering::Release);
        if state.runner == thread_mark() {
            state.extension.close_inside();
            return;
        }
        state.waiting += 1;
        while state.runner != 0 {
            state = self.stopped.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting -= 1;
        state.forget_calls();
        state.extension.forget();
        drop(state);
        self.targets.more.free();
    }

    #[inline(never)]
    fn lock(&self) -> Option<MutexGuard<'_, State>> {
        let flaw = if self.is_foreign() {
            "this core was made by the parent of this forked process; only destroy it here"
        } else if self.closed.load(Ordering::Acquire) {
            "the core was destroyed; make a new one"
        } else if let Ok(state) = self.state.lock() {
            return Some(state);
        } else {
            "an internal error happened to this core before; destroy it and make a new one"
        };
        set_last_error(format_args!("{flaw}"));
        None
    }

    /// Takes what the core wants done into the queue, in order.
    ///
    /// The thread that runs callbacks comes back for what does not fit. Only while that is another
    /// thread, which may never come, are messages dropped.
    #[inline(never)]
    fn fill(&self, state: &mut State) {
        let runner_is_other = state.runner != 0 && state.runner != thread_mark();
        let room = if runner_is_other { QUEUED_CALLS } else { BATCH_CALLS };
        let most = if runner_is_other { QUEUED_EVENTS } else { BATCH_CALLS };
        while state.queue.len() < most {
            match state.core.poll_output() {
                Some(Output::Transmit(_)) if state.queue.len() >= room => {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
                Some(output) => {
                    let State { queue, extension, scratch, .. } = state;
                    let made = queue.note(&output, &self.targets, extension, scratch);
                    queue.push(&output, &self.targets);
                    if made.count(&mut state.core) {
                        self.dropped.fetch_add(1, Ordering::Relaxed);
                    }
                }
                None => return state.queue.tell_changes(&mut state.extension),
            }
        }
    }
}

impl State {
    /// Gives this thread the right to run callbacks, and the first of them, if there are some and
    /// nobody has it.
    fn begin(&mut self) -> Option<Box<Batch>> {
        let has_rest = self.has_rest();
        if self.runner != 0 || (self.queue.is_done() && !has_rest) {
            return None;
        }
        self.runner = thread_mark();
        let mut batch = self.rest.take().unwrap_or_default();
        if !has_rest {
            core::mem::swap(&mut batch, &mut self.queue);
        }
        Some(batch)
    }

    /// Whether an exception left calls over.
    fn has_rest(&self) -> bool {
        self.rest.as_ref().is_some_and(|rest| !rest.is_done())
    }

    fn forget_calls(&mut self) {
        *self.queue = Batch::default();
        self.rest = None;
    }
}

/// A call of the core, with the time and a vector that is empty before and after it; whether it was
/// taken. No `dyn FnMut`, see [`super::guard::Body`].
trait Input {
    fn give(&mut self, core: &mut Core, now: Instant, scratch: &mut Vec<Entry<'static>>) -> bool;
}

impl<F: FnMut(&mut Core, Instant, &mut Vec<Entry<'static>>) -> bool> Input for F {
    fn give(&mut self, core: &mut Core, now: Instant, scratch: &mut Vec<Entry<'static>>) -> bool {
        self(core, now, scratch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ffi::error;
    use crate::ffi::guard::guard_then;
    use crate::proto::Config;
    use crate::types::NodeId;
    use core::ffi::CStr;
    use core::ptr;

    fn shared() -> Arc<Shared> {
        let own = Entry { id: NodeId::new([1; 16]), ..Entry::default() };
        let core = Core::new(Config::default(), &own, 1, os::now()).expect("a good view");
        Shared::new(core, Targets::new(None, None, ptr::null_mut()), Extension::default())
    }

    fn last_error() -> String {
        // SAFETY: the text ends in NUL and lives as long as the thread.
        unsafe { CStr::from_ptr(error::last()) }.to_str().expect("UTF-8").to_owned()
    }

    fn tick(shared: &Arc<Shared>) -> String {
        guard_then("gossip_tick", (), |()| shared.run(None, |core, now| core.round(now)));
        last_error()
    }

    #[test]
    fn a_core_in_which_we_panicked_is_used_no_more_but_closes() {
        let shared = shared();
        assert_eq!(tick(&shared), "");
        guard_then("gossip_test", (), |()| shared.run(None, |_, _| panic!("half a change")));
        assert!(last_error().starts_with("gossip_test: internal error: half a change;"));
        assert!(tick(&shared).contains("destroy it"));
        assert!(shared.read(Core::len).is_none());
        shared.close();
    }
}
