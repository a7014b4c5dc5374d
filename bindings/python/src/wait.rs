//! Waits that a signal can end, or that end in a callback.

use crate::errors;
use crate::running;
use crate::shared::lock;
use gossip::os::with_signals_blocked;
use pyo3::prelude::*;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How long is waited before signals are looked at.
pub(crate) const SLICE: Duration = Duration::from_millis(20);

/// The threads that wait for a node's answer.
#[derive(Default)]
pub(crate) struct Waiters {
    running: Mutex<usize>,
    ended: Condvar,
}

/// Counts a thread out when it ends.
struct Ends(Arc<Waiters>);

impl Drop for Ends {
    fn drop(&mut self) {
        *lock(&self.0.running) -= 1;
        self.0.ended.notify_all();
    }
}

impl Waiters {
    /// Runs `work` on a thread of its own.
    fn spawn(self: &Arc<Self>, work: impl FnOnce() + Send + 'static) -> PyResult<()> {
        *lock(&self.running) += 1;
        let ends = Ends(Arc::clone(self));
        let body = move || {
            let _ends = ends;
            work();
        };
        let spawned =
            with_signals_blocked(|| Builder::new().name("gossip-wait".into()).spawn(body));
        spawned.map(drop).map_err(|error| errors::network(&error))
    }

    /// Waits for `work`, which goes on by itself if a signal ends the wait.
    pub(crate) fn block<T: Send + 'static>(
        self: &Arc<Self>,
        py: Python<'_>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> PyResult<T> {
        let place = Arc::new((Mutex::new(None), Condvar::new()));
        let filled = Arc::clone(&place);
        self.spawn(move || {
            let result = work();
            *lock(&filled.0) = Some(result);
            filled.1.notify_all();
        })?;
        loop {
            let result = py.detach(|| {
                let (result, came) = &*place;
                let result = lock(result);
                let waited = came.wait_timeout_while(result, SLICE, |it| it.is_none());
                waited.unwrap_or_else(PoisonError::into_inner).0.take()
            });
            if let Some(result) = result {
                return Ok(result);
            }
            py.check_signals()?;
        }
    }

    /// Lets `work` run, and calls `done(result, error)` on its thread with what `finish` makes of it.
    pub(crate) fn background<T: Send + 'static>(
        self: &Arc<Self>,
        done: Py<PyAny>,
        work: impl FnOnce() -> T + Send + 'static,
        finish: impl FnOnce(Python<'_>, T) -> PyResult<Py<PyAny>> + Send + 'static,
    ) -> PyResult<()> {
        self.spawn(move || {
            let result = work();
            if running::is_ending() {
                return;
            }
            Python::try_attach(|py| {
                let told = match finish(py, result) {
                    Ok(result) => done.bind(py).call1((result, py.None())),
                    Err(error) => done.bind(py).call1((py.None(), error.into_value(py))),
                };
                if let Err(error) = told {
                    error.write_unraisable(py, Some(done.bind(py)));
                }
                drop(done);
            });
        })
    }

    /// Waits for the end of all threads, but no longer than a second.
    pub(crate) fn join(&self) {
        let deadline = Instant::now() + Duration::from_secs(1);
        let mut running = lock(&self.running);
        while *running > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = self.ended.wait_timeout(running, left);
            running = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
