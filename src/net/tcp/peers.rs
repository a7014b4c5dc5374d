//! The sending side: who is connected to, what waits for whom, and who refused.

use crate::net::shared::{TransportState, lock};
use crate::net::{Error, limits};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::Notify;

/// The most bytes that are written at once.
const BATCH_BYTES: usize = 64 * 1024;

/// All peers that are sent to. One lock, held for as long as a look-up takes.
#[derive(Default)]
pub(in crate::net) struct Peers {
    table: Mutex<Table>,
    /// Told when a connection came about or was refused.
    changed: Condvar,
}

#[derive(Default)]
struct Table {
    /// The runtime of the transport between a start and a stop.
    open: Option<Handle>,
    peers: HashMap<SocketAddr, Peer>,
    /// Bytes that wait or are being written, for all peers.
    queued: usize,
    /// The number of the next connection.
    serial: u64,
}

struct Peer {
    phase: Phase,
    /// Tells the task of this connection from one before it to the same address.
    serial: u64,
    queue: VecDeque<Vec<u8>>,
    /// Bytes in `queue`, and in the batch that is being written.
    queued: usize,
    /// Connections refused one after the other.
    refusals: u32,
    used: Instant,
    wake: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Connecting,
    Up,
    /// Nobody listened; not tried again before this time.
    Refused(Instant, io::ErrorKind),
}

/// What the task of a connection is to do.
pub(super) enum Work {
    /// Write this.
    Write(Vec<u8>),
    /// Wait to be woken.
    Wait,
    /// End: the connection was given up.
    End,
}

impl Peers {
    /// Takes messages from now on, to be sent by tasks on this runtime.
    pub(in crate::net) fn open(&self, handle: Handle) {
        lock(&self.table).open = Some(handle);
    }

    /// Takes no more messages. What is queued may still be written, see [`Peers::flush`].
    pub(in crate::net) fn close(&self) {
        lock(&self.table).open = None;
        self.changed.notify_all();
    }

    /// Queues frames, prefixes and all, for an address in its canonical form. Gives the number of the
    /// connection, which `connect` is to make on the runtime if there is none.
    pub(super) fn queue(
        &self,
        shared: &TransportState,
        to: SocketAddr,
        frames: Vec<Vec<u8>>,
        connect: impl FnOnce(&Handle, u64),
    ) -> Result<u64, Error> {
        let mut table = lock(&self.table);
        let handle = table.open.clone().ok_or(Error::NotStarted)?;
        let now = Instant::now();
        let is_new = table.prepare(to, now)?;
        let bytes = frames.iter().map(Vec::len).sum();
        let count = frames.len();
        let serial = table.push(to, frames, bytes, now)?;
        shared.counts.sent.add(count);
        if is_new {
            connect(&handle, serial);
        }
        Ok(serial)
    }

    /// Why nobody was to be reached at an address when it was tried last, if that is remembered.
    pub(in crate::net) fn refusal(&self, to: SocketAddr) -> Option<io::ErrorKind> {
        match lock(&self.table).peers.get(&to)?.phase {
            Phase::Refused(_, kind) => Some(kind),
            Phase::Connecting | Phase::Up => None,
        }
    }

    /// Waits a moment to learn that nobody listens at an address that is being connected to.
    pub(super) fn await_connection(&self, to: SocketAddr, serial: u64) -> Result<(), Error> {
        let deadline = Instant::now() + limits::SEND_WAIT;
        let mut table = lock(&self.table);
        loop {
            match table.peers.get(&to).filter(|peer| peer.serial == serial).map(|peer| peer.phase) {
                Some(Phase::Refused(_, kind)) => return Err(Error::Unreachable(to, kind)),
                Some(Phase::Connecting) if table.open.is_some() => {}
                _ => return Ok(()),
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let waited = self.changed.wait_timeout(table, left);
            table = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Says that a connection came about; the task's wake-ups come through what it returns.
    pub(super) fn connected(&self, to: SocketAddr, serial: u64) -> Option<Arc<Notify>> {
        let mut table = lock(&self.table);
        let peer = table.peer(to, serial)?;
        peer.phase = Phase::Up;
        let wake = peer.wake.clone();
        drop(table);
        self.changed.notify_all();
        Some(wake)
    }

    /// Says that a connection held for long enough to forget earlier refusals.
    pub(super) fn stable(&self, to: SocketAddr, serial: u64) {
        if let Some(peer) = lock(&self.table).peer(to, serial) {
            peer.refusals = 0;
        }
    }

    /// Says that nobody listens; what waits is dropped and new messages are refused for a while.
    pub(super) fn refused(
        &self,
        shared: &TransportState,
        to: SocketAddr,
        serial: u64,
        kind: io::ErrorKind,
    ) {
        let mut table = lock(&self.table);
        let Some(peer) = table.peer(to, serial) else { return };
        let pause = back_off(peer.refusals);
        peer.refusals = peer.refusals.saturating_add(1);
        peer.phase = Phase::Refused(Instant::now() + pause, kind);
        let queued = core::mem::take(&mut peer.queued);
        shared.counts.lost.add(core::mem::take(&mut peer.queue).len());
        table.queued = table.queued.saturating_sub(queued);
        drop(table);
        self.changed.notify_all();
    }

    /// Gives the task its next work. `written` is how many bytes it wrote since it last asked, and
    /// `is_over` whether it wants to end now if nothing waits.
    pub(super) fn work(&self, to: SocketAddr, serial: u64, written: usize, is_over: bool) -> Work {
        let mut table = lock(&self.table);
        let Some(peer) = table.peer(to, serial) else { return Work::End };
        debug_assert!(peer.queued >= written, "no more is written than was queued");
        peer.queued = peer.queued.saturating_sub(written);
        let batch = peer.next_batch();
        if batch.is_none() && is_over {
            table.peers.remove(&to);
        }
        table.queued = table.queued.saturating_sub(written);
        match batch {
            Some(batch) => Work::Write(batch),
            None if is_over => Work::End,
            None => Work::Wait,
        }
    }

    /// Waits until all that was queued is written or refused, for a bounded time.
    pub(in crate::net) async fn flush(&self) {
        let deadline = Instant::now() + limits::FLUSH_TIME;
        while lock(&self.table).queued > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Forgets all peers; what still waits is lost.
    pub(in crate::net) fn clear(&self, shared: &TransportState) {
        let mut table = lock(&self.table);
        let peers = core::mem::take(&mut table.peers);
        table.queued = 0;
        drop(table);
        shared.counts.lost.add(peers.values().map(|peer| peer.queue.len()).sum());
    }
}

impl Table {
    fn peer(&mut self, to: SocketAddr, serial: u64) -> Option<&mut Peer> {
        self.peers.get_mut(&to).filter(|peer| peer.serial == serial)
    }

    /// Sees to it that there is a peer to queue for; whether it needs a new connection.
    fn prepare(&mut self, to: SocketAddr, now: Instant) -> Result<bool, Error> {
        let refusals = match self.peers.get(&to) {
            Some(Peer { phase: Phase::Refused(until, kind), .. }) if *until > now => {
                return Err(Error::Unreachable(to, *kind));
            }
            Some(Peer { phase: Phase::Refused(..), refusals, .. }) => *refusals,
            Some(_) => return Ok(false),
            None => {
                self.make_room(now, to)?;
                0
            }
        };
        self.serial += 1;
        let peer = Peer {
            phase: Phase::Connecting,
            serial: self.serial,
            queue: VecDeque::new(),
            queued: 0,
            refusals,
            used: now,
            wake: Arc::default(),
        };
        self.peers.insert(to, peer);
        debug_assert!(self.peers.len() <= limits::MAX_PEERS, "room was made for one more");
        Ok(true)
    }

    /// Gives up the connection that was not used for longest when there are too many, or what is
    /// remembered of an address that may be tried again.
    fn make_room(&mut self, now: Instant, to: SocketAddr) -> Result<(), Error> {
        if self.peers.len() < limits::MAX_PEERS {
            return Ok(());
        }
        let unused = self.peers.iter().filter(|(_, peer)| peer.queued == 0);
        let oldest = unused.min_by_key(|(_, peer)| match peer.phase {
            Phase::Refused(until, _) if until <= now => (0, peer.used),
            _ => (1, peer.used),
        });
        let Some(oldest) = oldest.map(|(address, _)| *address) else {
            return Err(Error::QueueFull(to));
        };
        if let Some(peer) = self.peers.remove(&oldest) {
            peer.wake.notify_one();
        }
        Ok(())
    }

    fn push(
        &mut self,
        to: SocketAddr,
        frames: Vec<Vec<u8>>,
        bytes: usize,
        now: Instant,
    ) -> Result<u64, Error> {
        let Some(peer) = self.peers.get_mut(&to) else { return Err(Error::QueueFull(to)) };
        let is_full = peer.queued + bytes > limits::PEER_QUEUE_BYTES
            || self.queued + bytes > limits::ALL_QUEUES_BYTES;
        if is_full {
            return Err(Error::QueueFull(to));
        }
        peer.queue.extend(frames);
        peer.queued += bytes;
        peer.used = now;
        self.queued += bytes;
        debug_assert!(self.queued >= peer.queued, "the bytes of one are among those of all");
        peer.wake.notify_one();
        Ok(peer.serial)
    }
}

impl Peer {
    /// Takes frames from the front of the queue, as many as one write is for.
    fn next_batch(&mut self) -> Option<Vec<u8>> {
        let mut batch = self.queue.pop_front()?;
        while let Some(next) = self.queue.front() {
            if batch.len() + next.len() > BATCH_BYTES {
                break;
            }
            batch.extend_from_slice(next);
            self.queue.pop_front();
        }
        Some(batch)
    }
}

/// The pause after one more refusal.
fn back_off(refusals: u32) -> Duration {
    let factor = 1 << refusals.min(10);
    (limits::BACK_OFF_MIN * factor).min(limits::BACK_OFF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], port))
    }

    #[test]
    fn back_off_doubles_up_to_its_limit() {
        let pauses: Vec<u128> = (0..7).map(|n| back_off(n).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        assert_eq!(back_off(u32::MAX), limits::BACK_OFF_MAX);
    }

    #[test]
    fn queues_are_bounded_for_one_and_for_all() {
        let mut table = Table::default();
        let now = Instant::now();
        let mebibyte = 1024 * 1024;
        for port in 1..=16 {
            assert!(table.prepare(at(port), now).expect("room"));
            for _ in 0..4 {
                table.push(at(port), vec![vec![]], mebibyte, now).expect("room");
            }
            assert!(matches!(table.push(at(port), vec![], 1, now), Err(Error::QueueFull(_))));
        }
        assert_eq!(table.queued, limits::ALL_QUEUES_BYTES);
        table.prepare(at(17), now).expect("room");
        assert!(matches!(table.push(at(17), vec![], 1, now), Err(Error::QueueFull(_))));
    }

    #[test]
    fn longest_unused_connection_makes_room_and_a_busy_one_does_not() {
        let mut table = Table::default();
        let start = Instant::now();
        let ports = 1..=u16::try_from(limits::MAX_PEERS).expect("fits");
        for port in ports.clone() {
            let now = start + Duration::from_millis(port.into());
            table.prepare(at(port), now).expect("room");
        }
        table.push(at(1), vec![vec![0]], 1, start).expect("room");
        table.prepare(at(9999), start + Duration::from_secs(9)).expect("one makes room");
        assert_eq!(table.peers.len(), limits::MAX_PEERS);
        assert!(table.peers.contains_key(&at(1)) && !table.peers.contains_key(&at(2)));
        for port in ports.filter(|port| table.peers.contains_key(&at(*port))).collect::<Vec<_>>() {
            table.push(at(port), vec![vec![0]], 1, start).expect("room");
        }
        table.push(at(9999), vec![vec![0]], 1, start).expect("room");
        assert!(matches!(table.prepare(at(10_000), start), Err(Error::QueueFull(_))));
    }

    #[test]
    fn refused_address_is_refused_again_until_its_pause_is_over() {
        let peers = Peers::default();
        let shared = TransportState::default();
        let now = Instant::now();
        let serial = {
            let mut table = lock(&peers.table);
            table.prepare(at(1), now).expect("room");
            table.push(at(1), vec![vec![0; 5]], 5, now).expect("room")
        };
        peers.refused(&shared, at(1), serial, io::ErrorKind::ConnectionRefused);
        let mut table = lock(&peers.table);
        assert_eq!(table.queued, 0);
        assert_eq!(shared.counts.lost.get(), 1);
        assert!(matches!(table.prepare(at(1), now), Err(Error::Unreachable(..))));
        let later = Instant::now() + limits::BACK_OFF_MIN;
        assert!(table.prepare(at(1), later).expect("tried again"));
        assert_eq!(table.peers[&at(1)].refusals, 1);
    }
}
