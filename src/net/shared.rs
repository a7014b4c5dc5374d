use super::Counters;
use super::counters::Counts;
use super::inbound::{Inbound, Reader};
use super::serializer::Serializer;
use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::task::Poll;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::Notify;

/// What a program can set at any time.
#[derive(Clone, Default)]
pub(super) struct Setup {
    pub(super) inbound: Option<Arc<dyn Inbound>>,
    pub(super) serializer: Option<Serializer>,
}

/// What takes the frames of accepted connections.
pub(super) trait Frames: Send + Sync + 'static {
    /// Where connections are counted.
    fn counts(&self) -> &Counts;

    /// Takes one frame, without its prefix, of a peer with this address, and says whether it was a
    /// message. On the thread that reads, with no lock of the connections held.
    fn take_frame(&self, run: &Run, from: IpAddr, frame: &[u8]) -> bool;
}

impl Frames for Shared {
    fn counts(&self) -> &Counts {
        &self.counts
    }

    fn take_frame(&self, run: &Run, _: IpAddr, frame: &[u8]) -> bool {
        run.with_reader(|to| to.frame(self, frame))
    }
}

/// What the thread and the callers of a transport share, for the transport's whole life.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) counts: Counts,
    setup: RwLock<Setup>,
    /// Rises with each change of the settings, under their lock.
    version: AtomicU64,
    /// [`Serializer::writes_packets`], so that no lock is needed to see it.
    writes_packets: AtomicBool,
}

impl Shared {
    pub(super) fn counters(&self) -> Counters {
        self.counts.snapshot()
    }

    pub(super) fn set_inbound(&self, inbound: Option<Arc<dyn Inbound>>) {
        let old = self.change(|setup| core::mem::replace(&mut setup.inbound, inbound));
        // What is dropped here may be the last of something large, so not under the lock.
        drop(old);
    }

    pub(super) fn set_serializer(&self, serializer: Serializer) {
        self.writes_packets.store(serializer.writes_packets(), Ordering::Relaxed);
        let old = self.change(|setup| setup.serializer.replace(serializer));
        drop(old);
    }

    fn change<T>(&self, change: impl FnOnce(&mut Setup) -> T) -> T {
        let mut setup = self.setup.write().unwrap_or_else(PoisonError::into_inner);
        self.version.fetch_add(1, Ordering::Release);
        change(&mut setup)
    }

    /// The settings, and which they are.
    pub(super) fn setup(&self) -> (u64, Setup) {
        let setup = self.setup.read().unwrap_or_else(PoisonError::into_inner);
        (self.version(), setup.clone())
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    pub(super) fn writes_packets(&self) -> bool {
        self.writes_packets.load(Ordering::Relaxed)
    }

    pub(super) fn serializer(&self) -> Option<Serializer> {
        let setup = self.setup.read().unwrap_or_else(PoisonError::into_inner);
        setup.serializer.clone()
    }
}

/// One run of the thread, from a start to a stop.
#[derive(Default)]
pub(super) struct Run {
    stopping: AtomicBool,
    wake: Notify,
    /// What the tasks of a stream read with, one after the other.
    reader: Mutex<Reader>,
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

    /// Reads something, with no lock held: the reader is taken out of its place meanwhile.
    pub(super) fn with_reader<T>(&self, body: impl FnOnce(&mut Reader) -> T) -> T {
        let mut reader = core::mem::take(&mut *lock(&self.reader));
        let result = body(&mut reader);
        let old = core::mem::replace(&mut *lock(&self.reader), reader);
        drop(old);
        result
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
