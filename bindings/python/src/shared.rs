//! A core that is shared between the program's threads and its transports.

use crate::call::{callback, is_fatal, report};
use crate::enums;
use crate::errors::{self, contain};
use crate::message::{Content, GossipMessage};
use crate::view::{NodeView, View};
use gossip::net::Inbound;
use gossip::os;
use gossip::proto::{Core, Output};
use gossip::types::{Entry, Header, Instant, NodeStatus, Path};
use gossip::wire;
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// How many calls wait while another thread runs callbacks; beyond it messages are dropped.
const QUEUED_CALLS: usize = 1024;
/// How many events wait at most; those beyond it stay in the core, which then takes no messages.
const QUEUED_EVENTS: usize = 16 * 1024;

/// Takes a lock. What it guards stays whole if its holder panics.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One core with its callbacks.
pub(crate) struct Shared {
    /// The process that made it; a forked child may not use it.
    process: u64,
    /// `None` only while it is dropped.
    state: Option<Mutex<State>>,
    callbacks: Mutex<CoreCallbacks>,
}

/// The program's functions. Lost only when the garbage collector breaks a cycle.
#[derive(Default)]
pub(crate) struct CoreCallbacks {
    pub(crate) send: Option<Py<PyAny>>,
    pub(crate) event: Option<Py<PyAny>>,
}

/// What is under the lock.
pub(crate) struct State {
    pub(crate) core: Core,
    pub(crate) last_tick: Duration,
    /// What the core wants done, in order.
    queue: VecDeque<Call>,
    /// Whether a thread runs callbacks. It takes what is added meanwhile.
    is_running: bool,
    wants_events: bool,
}

enum Call {
    Send(Arc<Content>, Box<View>),
    Event(Box<View>, NodeStatus),
}

/// Who waits for callbacks to end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// A call of the program, which can be told of an exception.
    Program,
    /// A thread of the library.
    Library,
}

impl Shared {
    pub(crate) fn new(core: Core, callbacks: CoreCallbacks) -> Self {
        let wants_events = callbacks.event.is_some();
        let state = State {
            core,
            last_tick: Duration::ZERO,
            queue: VecDeque::new(),
            is_running: false,
            wants_events,
        };
        Self {
            process: os::process_mark(),
            state: Some(Mutex::new(state)),
            callbacks: Mutex::new(callbacks),
        }
    }

    /// Runs an input or command of the core, then the callbacks that it leads to: before this
    /// returns, or if another thread runs callbacks of this core, there.
    ///
    /// # Errors
    /// What `body` says; what a callback raised that is to end the program.
    pub(crate) fn input<E: Display + Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&mut State, Instant) -> Result<(), E> + Send,
    ) -> PyResult<Result<(), E>> {
        let (result, begins) = self.with(py, |state| {
            // Read under the lock, so that no thread brings an older time than the one before it.
            let result = body(state, os::now());
            state.drain();
            (result, state.begin())
        })?;
        if begins {
            self.run(py, Caller::Program)?;
        }
        Ok(result)
    }

    /// Looks at the core.
    pub(crate) fn with<R: Send>(
        &self,
        py: Python<'_>,
        body: impl FnOnce(&mut State) -> R + Send,
    ) -> PyResult<R> {
        let mutex = self.mutex()?;
        match mutex.try_lock() {
            // The guard goes along, so that a panic poisons the lock.
            Ok(mut state) => contain("core", move || body(&mut state)),
            Err(TryLockError::Poisoned(_)) => Err(errors::broken("core")),
            Err(TryLockError::WouldBlock) => py.detach(|| self.with_lock(body)),
        }
    }

    /// As [`Self::with`]; waits for the lock, so not with the interpreter's held.
    fn with_lock<R>(&self, body: impl FnOnce(&mut State) -> R) -> PyResult<R> {
        let mutex = self.mutex()?;
        let Ok(mut state) = mutex.lock() else { return Err(errors::broken("core")) };
        contain("core", move || body(&mut state))
    }

    fn mutex(&self) -> PyResult<&Mutex<State>> {
        if self.process != os::process_mark() {
            return Err(errors::forked("core"));
        }
        self.state.as_ref().ok_or_else(|| errors::broken("core"))
    }

    /// Makes the calls that wait, until there are none. This thread has the right to.
    ///
    /// An exception that is to end the program leaves by the call that led here; what was not called
    /// yet is called by the next one.
    fn run(&self, py: Python<'_>, caller: Caller) -> PyResult<()> {
        loop {
            let mut batch = self.with(py, State::take)?;
            if batch.is_empty() {
                return Ok(());
            }
            let (send, event) = {
                let callbacks = lock(&self.callbacks);
                let clone = |it: &Option<Py<PyAny>>| it.as_ref().map(|it| it.clone_ref(py));
                (clone(&callbacks.send), clone(&callbacks.event))
            };
            while let Some(call) = batch.pop_front() {
                let (function, what) = match &call {
                    Call::Send(..) => (&send, "the send callback of a core"),
                    Call::Event(..) => (&event, "the event callback of a core"),
                };
                let Some(function) = function else { continue };
                let Err(error) = call.make(py, function) else { continue };
                if caller == Caller::Program && is_fatal(py, &error) {
                    self.with(py, move |state| state.give_back(batch))?;
                    return Err(error);
                }
                report(py, error, function, what);
            }
        }
    }

    /// Runs the callbacks of a message that came by a transport, on its thread.
    fn run_on_transport(&self) {
        let ran = Python::try_attach(|py| {
            if let Err(error) = self.run(py, Caller::Library) {
                error.write_unraisable(py, None);
            }
        });
        if ran.is_none() {
            // The interpreter is ending: nobody is called any more.
            let _ = self.with_lock(|state| state.give_back(VecDeque::new()));
        }
    }

    /// For the garbage collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // Who holds the lock is about to take a reference, so nothing here is garbage.
        if let Ok(callbacks) = self.callbacks.try_lock() {
            visit.call(&callbacks.send)?;
            visit.call(&callbacks.event)?;
        }
        Ok(())
    }

    /// Gives up the callbacks, to break a cycle.
    pub(crate) fn clear(&self) {
        let callbacks = std::mem::take(&mut *lock(&self.callbacks));
        drop(callbacks);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.process != os::process_mark() {
            // Another thread may have been changing it when the process was forked.
            std::mem::forget(self.state.take());
        }
    }
}

impl State {
    /// Takes what the core wants done.
    fn drain(&mut self) {
        while self.queue.len() < QUEUED_EVENTS {
            let call = match self.core.poll_output() {
                None => return,
                Some(Output::Transmit(_))
                    if self.is_running && self.queue.len() >= QUEUED_CALLS =>
                {
                    continue;
                }
                Some(Output::Transmit(transmit)) => {
                    Call::Send(Arc::new(Content::of(&transmit)), View::boxed(transmit.target))
                }
                Some(Output::Event(_)) if !self.wants_events => continue,
                Some(Output::Event(event)) => {
                    let (view, old) = (View::boxed(event.node), event.old_status);
                    Call::Event(view.with_peer(&self.core), old)
                }
            };
            self.queue.push_back(call);
        }
    }

    /// Gives this thread the right to run callbacks, if there are some and nobody has it.
    fn begin(&mut self) -> bool {
        let begins = !self.is_running && !self.queue.is_empty();
        self.is_running |= begins;
        begins
    }

    /// The next calls; with none the right to make them is given back.
    fn take(&mut self) -> VecDeque<Call> {
        if self.queue.is_empty() {
            self.drain();
        }
        self.is_running = !self.queue.is_empty();
        std::mem::take(&mut self.queue)
    }

    /// Leaves calls to the next thread.
    fn give_back(&mut self, mut calls: VecDeque<Call>) {
        calls.append(&mut self.queue);
        self.queue = calls;
        self.is_running = false;
    }
}

impl Call {
    fn make(self, py: Python<'_>, function: &Py<PyAny>) -> PyResult<()> {
        let (first, second) = match self {
            Self::Send(content, target) => (
                Bound::new(py, GossipMessage(content))?.into_any(),
                Bound::new(py, NodeView(target))?.into_any(),
            ),
            Self::Event(view, old) => (
                Bound::new(py, NodeView(view))?.into_any(),
                enums::node_status(py, old)?.into_bound(py),
            ),
        };
        callback(py, function, first, Some(second))
    }
}

/// Hands what comes by a transport to a core.
pub(crate) struct ToCore(pub(crate) Arc<Shared>);

impl Inbound for ToCore {
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize) {
        let begins = self.0.with_lock(|state| {
            let entries = entries.iter().copied();
            if state.core.handle_message(os::now(), path, header, entries).is_ok() {
                state.core.count_bytes_received(header.kind, bytes);
            }
            state.drain();
            state.begin()
        });
        if matches!(begins, Ok(true)) {
            self.0.run_on_transport();
        }
    }

    fn refuse(&self, error: &wire::Error) {
        let _ = self.0.with_lock(|state| state.core.count_unread(error));
    }
}
