//! One run of a thread, and how it is asked to end.

use core::future::poll_fn;
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Poll;
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
