//! Whom a node tells of changes: callbacks, and the queues that are waited for.

use crate::call::{callback, report};
use crate::events::{Event, Queue, wake};
use crate::logging::{Level, Logger, log};
use crate::running;
use crate::shared::lock;
use gossip::net::{Change, Handler};
use gossip::types::NodeStatus;
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Whom a node tells of changes.
pub(crate) struct Fan {
    pub(crate) callbacks: Mutex<NodeCallbacks>,
    pub(crate) queues: Mutex<Vec<Weak<Queue>>>,
    /// Whether nobody is called any more until the next start.
    pub(crate) is_stopping: AtomicBool,
    /// Whether changes are held back before they are told together.
    pub(crate) settles: bool,
}

#[derive(Default)]
pub(crate) struct NodeCallbacks {
    pub(crate) event: Option<Py<PyAny>>,
    pub(crate) changes: Option<Py<PyAny>>,
}

impl Fan {
    pub(crate) fn is_over(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire) || running::is_ending()
    }

    /// The queues that somebody still has.
    pub(crate) fn queues(&self) -> Vec<Arc<Queue>> {
        let mut queues = lock(&self.queues);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.iter().filter_map(Weak::upgrade).collect()
    }

    /// Puts events into all queues; gives those who wait for them.
    pub(crate) fn push(&self, events: &[Event]) -> Vec<Py<PyAny>> {
        let queues = self.queues();
        let pushes = events.iter().flat_map(|event| queues.iter().map(move |queue| (queue, event)));
        pushes.flat_map(|(queue, event)| queue.push(event.clone())).collect()
    }

    /// Tells everybody of each event, in order.
    fn tell(&self, events: &[Event]) {
        let wakers = self.push(events);
        if running::is_ending() {
            return;
        }
        Python::try_attach(|py| {
            for waker in wakers {
                wake(py, &waker);
            }
            let function = lock(&self.callbacks).event.as_ref().map(|it| it.clone_ref(py));
            for event in events {
                if self.is_over() {
                    return;
                }
                log(py, Logger::Node, level(event), || event.line());
                if let Some(function) = &function {
                    let called = Bound::new(py, event.clone())
                        .and_then(|event| callback(py, function, event.into_any(), None));
                    if let Err(error) = called {
                        report(py, error, function, "the event callback of a node");
                    }
                }
            }
        });
    }

    /// Tells of events together.
    fn tell_changes(&self, events: Vec<Event>) {
        if self.is_over() || lock(&self.callbacks).changes.is_none() {
            return;
        }
        Python::try_attach(|py| {
            let function = lock(&self.callbacks).changes.as_ref().map(|it| it.clone_ref(py));
            let Some(function) = function else { return };
            let called =
                PyList::new(py, events.into_iter().filter_map(|event| Bound::new(py, event).ok()))
                    .and_then(|list| callback(py, &function, list.into_any(), None));
            if let Err(error) = called {
                report(py, error, &function, "the changes callback of a node");
            }
        });
    }
}

/// How much people want to know of a change.
fn level(event: &Event) -> Level {
    let (now, old) = (event.status(), event.old());
    let is_passing = matches!(now, NodeStatus::Suspect | NodeStatus::Joining)
        || old == NodeStatus::Suspect && !now.is_gone();
    if now == old || is_passing { Level::Debug } else { Level::Info }
}

impl Handler for Fan {
    fn changed(&self, change: &Change) {
        if self.settles {
            self.tell(&[Event::of(change)]);
        }
    }

    fn changes(&self, changes: &[Change]) {
        let events: Vec<Event> = changes.iter().map(Event::of).collect();
        if !self.settles {
            // All at once: the interpreter's lock is taken once for them.
            self.tell(&events);
        }
        self.tell_changes(events);
    }
}
