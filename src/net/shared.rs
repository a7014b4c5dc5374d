use super::Counters;
use super::counters::Counts;
use crate::types::{Message, Path};
use crate::wire::{framing, json};
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What takes the messages that come.
pub trait Inbound: Send + Sync {
    /// Takes one message, on the transport's thread and with no lock of the transport held: every
    /// function of the transport may be called here. It holds up all that comes after.
    fn deliver(&self, path: Path, message: &Message);
}

/// What takes the frames of accepted connections.
pub(super) trait Frames: Send + Sync + 'static {
    /// Where connections are counted.
    fn counts(&self) -> &Counts;

    /// Takes one frame, without its prefix, and says whether it was a message. On the thread that
    /// reads, with no lock of the connections held.
    fn take(&self, frame: &[u8]) -> bool;
}

impl Frames for Shared {
    fn counts(&self) -> &Counts {
        &self.counts
    }

    fn take(&self, frame: &[u8]) -> bool {
        self.take_frame(Path::Stream, frame)
    }
}

/// What the thread and the callers of a transport share, for the transport's whole life.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) counts: Counts,
    inbound: Mutex<Option<Arc<dyn Inbound>>>,
    json: AtomicBool,
}

impl Shared {
    pub(super) fn counters(&self) -> Counters {
        self.counts.snapshot()
    }

    pub(super) fn set_inbound(&self, inbound: Option<Arc<dyn Inbound>>) {
        let old = core::mem::replace(&mut *lock(&self.inbound), inbound);
        // What is dropped here may be the last of something large, so not under the lock.
        drop(old);
    }

    pub(super) fn use_json(&self) {
        self.json.store(true, Ordering::Relaxed);
    }

    pub(super) fn uses_json(&self) -> bool {
        self.json.load(Ordering::Relaxed)
    }

    /// Takes the frames of a datagram, until `run` is to stop.
    pub(super) fn take_datagram(&self, run: &Run, path: Path, datagram: &[u8]) {
        let mut any = false;
        for frame in framing::frames(datagram) {
            if run.is_stopping() {
                return;
            }
            any = true;
            self.take_frame(path, frame);
        }
        if !any {
            self.counts.junk.add(1);
        }
    }

    /// Takes one frame; whether it was a message, which nobody can say who has no serializer.
    pub(super) fn take_frame(&self, path: Path, frame: &[u8]) -> bool {
        if frame.is_empty() {
            // It reads as a ping from the zero id, and the core takes nothing from that id: a
            // datagram of zeros would be 16 000 of them, so they end here.
            self.counts.empty.add(1);
            return false;
        }
        let inbound = lock(&self.inbound).clone();
        let Some(inbound) = inbound.filter(|_| self.uses_json()) else {
            self.counts.junk.add(1);
            return !self.uses_json() || json::decode(frame).is_ok();
        };
        match json::decode(frame) {
            Ok(message) => {
                self.counts.received.add(1);
                inbound.deliver(path, &message);
                true
            }
            Err(_) => {
                self.counts.junk.add(1);
                false
            }
        }
    }
}

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

    /// Does some work until it ends or [`Run::stop`] is called.
    pub(super) async fn until_stopped(&self, work: impl Future<Output = ()>) {
        let (mut stopped, mut work) = (pin!(self.stopped()), pin!(work));
        poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => work.as_mut().poll(context),
        })
        .await;
    }

    /// Waits for [`Run::stop`].
    pub(super) async fn stopped(&self) {
        while !self.is_stopping() {
            self.wake.notified().await;
        }
    }
}

/// Locks a mutex, whatever became of a thread that held it: all states under the transport's
/// locks are whole between two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
