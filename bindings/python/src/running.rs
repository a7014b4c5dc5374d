//! What runs, so that it can be ended before the interpreter is.

use crate::shared::lock;
use gossip::net;
use pyo3::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

/// Whether the interpreter is ending: nothing is started any more, and nobody called.
static IS_ENDING: AtomicBool = AtomicBool::new(false);

static RUNNING: Mutex<Running> = Mutex::new(Running { nodes: Vec::new(), transports: Vec::new() });

struct Running {
    nodes: Vec<Weak<net::Node>>,
    transports: Vec<Weak<net::Transport>>,
}

/// Whether the interpreter is ending: everything was stopped by `close_all`.
#[pyfunction]
pub(crate) fn is_ending() -> bool {
    IS_ENDING.load(Ordering::Acquire)
}

/// Notes a node that was started.
pub(crate) fn add_node(node: &Arc<net::Node>) {
    let mut running = lock(&RUNNING);
    running.nodes.retain(|other| other.strong_count() > 0);
    running.nodes.push(Arc::downgrade(node));
}

/// Notes a transport that was started.
pub(crate) fn add_transport(transport: &Arc<net::Transport>) {
    let mut running = lock(&RUNNING);
    running.transports.retain(|other| other.strong_count() > 0);
    running.transports.push(Arc::downgrade(transport));
}

/// Stops every node and transport; registered with `atexit`, so that no thread of the library comes
/// back to an interpreter that is gone.
#[pyfunction]
pub(crate) fn close_all(py: Python<'_>) {
    IS_ENDING.store(true, Ordering::Release);
    py.detach(|| {
        let (nodes, transports) = {
            let mut running = lock(&RUNNING);
            (std::mem::take(&mut running.nodes), std::mem::take(&mut running.transports))
        };
        let nodes: Vec<_> = nodes.iter().filter_map(Weak::upgrade).collect();
        // Each may wait for a callback, for up to a second; so all wait at once.
        std::thread::scope(|scope| {
            for node in nodes.iter().filter(|node| !node.is_foreign()) {
                scope.spawn(|| drop(node.stop()));
            }
        });
        for transport in transports.iter().filter_map(Weak::upgrade) {
            if !transport.is_foreign() {
                let _ = transport.stop();
            }
        }
    });
}

/// Drops what waits for a thread of the library when it is dropped, which may be in a callback.
pub(crate) fn drop_detached<T: Send>(value: T) {
    let mut value = Some(value);
    Python::try_attach(|py| {
        let value = value.take();
        py.detach(move || drop(value));
    });
    drop(value);
}
