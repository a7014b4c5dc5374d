//! What the thread and the callers of a transport share.

use super::counters::TransportCounts;
use crate::types::{Entry, Header, Path};
use crate::wire::{self, Serializer};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

/// What takes the messages that come.
pub trait Inbound: Send + Sync {
    /// Takes one message, on the transport's thread and with no lock of the transport held: every
    /// function of the transport may be called here. It holds up all that comes after. `bytes` is
    /// what it took on its way, the length before it counted.
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize);

    /// Is told of bytes that were no message, in the same way as of messages.
    fn refuse(&self, _error: &wire::Error) {}
}

/// What a program can set at any time.
#[derive(Clone, Default)]
pub(super) struct Setup {
    pub(super) inbound: Option<Arc<dyn Inbound>>,
    pub(super) serializer: Option<Serializer>,
    /// The number of these settings; in a copy it tells whether there are newer ones.
    pub(super) version: u64,
}

/// What the thread and the callers of a transport share, for the transport's whole life.
#[derive(Default)]
pub(super) struct TransportState {
    pub(super) counts: TransportCounts,
    setup: RwLock<Setup>,
    /// That of the settings, so that no lock is needed to see a change.
    version: AtomicU64,
    /// [`Serializer::writes_packets`], so that no lock is needed to see it.
    writes_packets: AtomicBool,
}

impl TransportState {
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
        setup.version += 1;
        self.version.store(setup.version, Ordering::Release);
        change(&mut setup)
    }

    /// A copy of the settings.
    pub(super) fn setup(&self) -> Setup {
        self.setup.read().unwrap_or_else(PoisonError::into_inner).clone()
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

/// Locks a mutex, whatever became of a thread that held it: all states under the transport's
/// locks are whole between two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
