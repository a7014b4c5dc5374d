//! The thread of a transport or a node: how it is made, asked to end, waited for, and left behind.

use super::shared::lock;
use super::{Error, limits};
use crate::os::with_signals_blocked;
use core::cell::Cell;
use core::future::poll_fn;
use core::pin::pin;
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// One run of the thread, from a start to a stop.
#[derive(Default)]
pub(super) struct Run {
    stopping: AtomicBool,
    wake: Notify,
}

impl Run {
    /// Asks the thread to end, as soon as it is out of the callback it may be in.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits for [`Run::stop`].
    pub(super) async fn stopped(&self) {
        while !self.is_stopping() {
            self.wake.notified().await;
        }
    }
}

/// Waits for the first of two.
pub(super) async fn first(one: impl Future, other: impl Future) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    poll_fn(|context| {
        if one.as_mut().poll(context).is_ready() || other.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// What a thread reads sockets and clocks with.
pub(super) fn runtime() -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_io().enable_time().build().map_err(Error::Resources)
}

std::thread_local! {
    /// The address of the run that this thread is for. Without a destructor, so that a transport
    /// can be destroyed by one.
    static RUN: Cell<*const Run> = const { Cell::new(ptr::null()) };
}

/// What runs from a start to a stop: a thread, or several.
pub(super) trait Threads {
    /// Asks them to end.
    fn stop(&self);

    /// Whether this is one of them: it is inside a callback then, and cannot be waited for.
    fn is_current(&self) -> bool;

    /// Waits for their end after [`Threads::stop`].
    ///
    /// # Errors
    /// [`Error::InCallback`] if the program keeps one of them in a callback for longer than
    /// [`limits::STOP_TIME`]; it ends by itself once the callback returns.
    fn wait(&self) -> Result<(), Error>;
}

/// The threads of something that can be started and stopped again and again.
pub(super) struct Lives<T>(Mutex<TwoLives<T>>);

struct TwoLives<T> {
    /// Those between a start and a stop.
    running: Option<Arc<T>>,
    /// Those of the run before, which may not be gone yet.
    ending: Option<Arc<T>>,
}

impl<T> Default for Lives<T> {
    fn default() -> Self {
        Self(Mutex::new(TwoLives { running: None, ending: None }))
    }
}

impl<T: Threads> Lives<T> {
    /// Makes the threads, once those of the run before are gone.
    ///
    /// # Errors
    /// [`Error::AlreadyStarted`], [`Error::InCallback`], and those of `make`.
    pub(super) fn start<E: From<Error>>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<(), E> {
        let ending = lock(&self.0).ending.clone();
        if let Some(threads) = ending {
            self.await_end(&threads)?;
        }
        let mut lives = lock(&self.0);
        if lives.running.is_some() {
            return Err(Error::AlreadyStarted.into());
        }
        lives.running = Some(Arc::new(make()?));
        Ok(())
    }

    /// Asks the threads to end, if there are any, and does what belongs to that; then waits for them,
    /// unless this is one of them.
    ///
    /// # Errors
    /// [`Error::InCallback`].
    pub(super) fn stop(&self, and: impl FnOnce()) -> Result<(), Error> {
        let mut lives = lock(&self.0);
        if let Some(threads) = lives.running.take() {
            threads.stop();
            and();
            lives.ending = Some(threads);
        }
        let ending = lives.ending.clone();
        drop(lives);
        match ending {
            Some(threads) if !threads.is_current() => self.await_end(&threads),
            _ => Ok(()),
        }
    }

    /// Waits for threads that were asked to end, with no lock held.
    fn await_end(&self, threads: &Arc<T>) -> Result<(), Error> {
        if threads.is_current() {
            return Err(Error::InCallback);
        }
        threads.wait()?;
        let mut lives = lock(&self.0);
        if lives.ending.as_ref().is_some_and(|ending| Arc::ptr_eq(ending, threads)) {
            lives.ending = None;
        }
        Ok(())
    }

    /// Whether `is_one` is true of the threads that run, or of those that end.
    pub(super) fn any(&self, is_one: impl Fn(&T) -> bool) -> bool {
        let lives = lock(&self.0);
        [&lives.running, &lives.ending].into_iter().flatten().any(|threads| is_one(threads))
    }
}

/// A thread that was started, until it is gone.
pub(super) struct Worker {
    run: Arc<Run>,
    thread: Mutex<Option<JoinHandle<()>>>,
    done: Arc<Done>,
}

/// Tells that the thread has closed everything and has only to return.
#[derive(Default)]
struct Done {
    is_done: Mutex<bool>,
    changed: Condvar,
}

/// Tells it when dropped, so also when the thread panics.
struct TellDone(Arc<Done>);

impl Drop for TellDone {
    fn drop(&mut self) {
        *lock(&self.0.is_done) = true;
        self.0.changed.notify_all();
    }
}

impl Worker {
    /// Makes the thread, which drives `runtime` with what `main` makes there, and then ends all that
    /// runs in it.
    ///
    /// The thread has no signal to take, and no memory of the program beyond what `main` holds.
    pub(super) fn start<F: Future<Output = ()>>(
        name: &str,
        runtime: Runtime,
        run: Arc<Run>,
        main: impl FnOnce() -> F + Send + 'static,
    ) -> Result<Self, Error> {
        Self::spawn(name, run, move || {
            runtime.block_on(async { main().await });
            drop(runtime);
        })
    }

    /// Makes a thread for `body`, which looks at `run` to learn when to end.
    pub(super) fn spawn(
        name: &str,
        run: Arc<Run>,
        body: impl FnOnce() + Send + 'static,
    ) -> Result<Self, Error> {
        let done = Arc::new(Done::default());
        let tell = TellDone(done.clone());
        let own_run = run.clone();
        let body = move || {
            let _tell = tell;
            RUN.set(Arc::as_ptr(&own_run));
            body();
        };
        let thread = with_signals_blocked(|| Builder::new().name(name.into()).spawn(body))
            .map_err(Error::Resources)?;
        Ok(Self { run, thread: Mutex::new(Some(thread)), done })
    }
}

impl Threads for Worker {
    fn stop(&self) {
        self.run.stop();
    }

    fn is_current(&self) -> bool {
        ptr::eq(RUN.get(), Arc::as_ptr(&self.run))
    }

    fn wait(&self) -> Result<(), Error> {
        let deadline = Instant::now() + limits::STOP_TIME;
        let mut is_done = lock(&self.done.is_done);
        while !*is_done {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::InCallback);
            }
            let waited = self.done.changed.wait_timeout(is_done, left);
            is_done = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(is_done);
        if let Some(thread) = lock(&self.thread).take() {
            // Its panic, if there was one, was already told of where it happened.
            let _ = thread.join();
        }
        Ok(())
    }
}
