//! The classes `Event` and `EventQueue`: changes of members, kept until Python reads them.

use crate::argument::at;
use crate::member::{Member, address};
use crate::shared::lock;
use crate::{enums, time, wait};
use gossip::net::Change;
use gossip::types::{NodeId, NodeStatus, NodeView};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One change of one member, or several that were joined since nobody took them in time.
#[pyclass(frozen, weakref, module = "libgossip")]
#[derive(Clone)]
pub(crate) struct Event {
    node: Arc<NodeView>,
    old_status: NodeStatus,
    at: u64,
    merged: u32,
    configuration: bool,
}

impl Event {
    /// What a node tells.
    pub(crate) fn of(change: &Change) -> Self {
        Self {
            node: Arc::new(change.node.clone()),
            old_status: change.old_status,
            at: time::monotonic(change.at),
            merged: change.merged,
            configuration: change.configuration,
        }
    }

    /// Becomes one with a later change of the same member.
    fn join(&mut self, later: Self) {
        self.merged = self.merged.saturating_add(later.merged);
        self.configuration |= later.configuration;
        self.at = later.at;
        self.node = later.node;
    }

    pub(crate) fn status(&self) -> NodeStatus {
        self.node.status
    }

    pub(crate) fn old(&self) -> NodeStatus {
        self.old_status
    }

    /// A line for people.
    pub(crate) fn line(&self) -> String {
        let node = &*self.node;
        let (id, place) = (node.id, address(&node.ip, node.port));
        if node.status == self.old_status {
            format!("node {id} at {place} tells anew of itself")
        } else {
            let (now, before) = (node.status.name(), self.old_status.name());
            format!("node {id} at {place} is {now}, was {before}")
        }
    }
}

#[pymethods]
impl Event {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str) {
        ("member", "old_status", "status")
    }

    /// The member after the change.
    #[getter]
    fn member(&self) -> Member {
        Member(Arc::clone(&self.node))
    }

    /// Its status after the change.
    #[getter(status)]
    fn new_status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        enums::status(py, self.node.status)
    }

    /// Its status before; UNKNOWN at first sight, and the same as the new one if only metadata, role,
    /// region or address changed.
    #[getter]
    fn old_status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        enums::status(py, self.old_status)
    }

    /// When it was decided, in seconds of `time.monotonic()`.
    #[getter]
    fn at(&self) -> f64 {
        Duration::from_micros(self.at).as_secs_f64()
    }

    /// How many changes it stands for, 1 or more.
    #[getter]
    fn merged(&self) -> u32 {
        self.merged
    }

    /// Whether metadata, role, region or address changed while the status stayed.
    #[getter]
    fn configuration(&self) -> bool {
        self.configuration
    }

    fn __repr__(&self) -> String {
        format!("<Event {}>", self.line())
    }
}

/// Events that wait for an iterator.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    most: usize,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    is_closed: bool,
    /// Each is called once when there is something, by a thread of the library.
    wakers: Vec<Py<PyAny>>,
}

impl Queue {
    fn new(most: usize) -> Self {
        Self { waiting: Mutex::default(), came: Condvar::new(), most }
    }

    /// Adds an event; gives what is to be called then, with no lock held.
    pub(crate) fn push(&self, event: Event) -> Vec<Py<PyAny>> {
        let mut waiting = lock(&self.waiting);
        if waiting.is_closed {
            return Vec::new();
        }
        let is_full = waiting.events.len() >= self.most;
        let id: NodeId = event.node.id;
        let before = waiting.events.iter_mut().rev().find(|other| is_full && other.node.id == id);
        match before {
            Some(before) => before.join(event),
            None => waiting.events.push_back(event),
        }
        self.came.notify_all();
        mem::take(&mut waiting.wakers)
    }

    /// Ends it: what waits can still be taken.
    pub(crate) fn close(&self) -> Vec<Py<PyAny>> {
        let mut waiting = lock(&self.waiting);
        waiting.is_closed = true;
        self.came.notify_all();
        mem::take(&mut waiting.wakers)
    }

    /// Waits for an event or the end, no longer than until `deadline`.
    fn wait(&self, deadline: Instant) {
        let mut waiting = lock(&self.waiting);
        while waiting.events.is_empty() && !waiting.is_closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.came.wait_timeout(waiting, left);
            waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The events of a node that one iterator takes; `Node.events()` makes one.
#[pyclass(frozen, weakref, module = "libgossip._core")]
pub(crate) struct EventQueue(pub(crate) Arc<Queue>);

impl EventQueue {
    /// A queue in which changes of one member are joined when so many events wait.
    pub(crate) fn new(most: usize) -> Self {
        Self(Arc::new(Queue::new(most)))
    }
}

#[pymethods]
impl EventQueue {
    /// The next event if one waits.
    fn poll(&self) -> Option<Event> {
        lock(&self.0.waiting).events.pop_front()
    }

    /// The next event; None at the end, or when so many seconds passed.
    #[pyo3(signature = (timeout = None))]
    fn get(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Event>> {
        let timeout = timeout.map(|it| at("EventQueue.get", "timeout").duration(it)).transpose()?;
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            if let Some(event) = self.poll() {
                return Ok(Some(event));
            }
            let now = Instant::now();
            if self.is_closed() || deadline.is_some_and(|deadline| now >= deadline) {
                return Ok(None);
            }
            let slice = now + wait::SLICE;
            let until = deadline.map_or(slice, |deadline| deadline.min(slice));
            py.detach(|| self.0.wait(until));
            py.check_signals()?;
        }
    }

    /// Says what is to be called, once and from any thread, when there is something to take; at once
    /// false if there is already.
    fn arm(&self, waker: &Bound<'_, PyAny>) -> PyResult<bool> {
        let waker = at("EventQueue.arm", "waker").callable(waker)?;
        let mut waiting = lock(&self.0.waiting);
        let waits = waiting.events.is_empty() && !waiting.is_closed;
        if waits {
            waiting.wakers.push(waker);
        }
        Ok(waits)
    }

    /// Takes back what `arm` was given.
    fn disarm(&self, waker: &Bound<'_, PyAny>) {
        let mut waiting = lock(&self.0.waiting);
        let place = waiting.wakers.iter().position(|it| it.is(waker));
        let gone = place.map(|place| waiting.wakers.swap_remove(place));
        drop(waiting);
        drop(gone);
    }

    /// Takes no further events.
    fn close(&self, py: Python<'_>) {
        for waker in self.0.close() {
            wake(py, &waker);
        }
    }

    /// Whether no further events come.
    #[getter]
    fn is_closed(&self) -> bool {
        lock(&self.0.waiting).is_closed
    }

    fn __len__(&self) -> usize {
        lock(&self.0.waiting).events.len()
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(waiting) = self.0.waiting.try_lock() {
            for waker in &waiting.wakers {
                visit.call(waker)?;
            }
        }
        Ok(())
    }

    fn __clear__(&self) {
        let wakers = mem::take(&mut lock(&self.0.waiting).wakers);
        drop(wakers);
    }
}

/// Calls what waits for an event. A loop that was closed meanwhile needs nothing any more.
pub(crate) fn wake(py: Python<'_>, waker: &Py<PyAny>) {
    if let Err(error) = waker.bind(py).call0()
        && !error.is_instance_of::<pyo3::exceptions::PyRuntimeError>(py)
    {
        error.write_unraisable(py, Some(waker.bind(py)));
    }
}
