//! The receiving side.

use crate::net::inbound::Frames;
use crate::net::lifecycle::Run;
use crate::net::shared::lock;
use crate::net::{address, limits};
use crate::wire::framing::FrameReader;
use core::sync::atomic::{AtomicUsize, Ordering};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;

/// What is read at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// Binds a listener that never blocks.
pub(in crate::net) fn bind(at: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if at.ip().is_ipv6() && at.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // On unix this lets a restarted node listen while old connections time out; on Windows it
    // would let two nodes share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts connections and reads each in a task of its own, until the runtime ends.
pub(in crate::net) async fn accept(listener: TcpListener, frames: Arc<impl Frames>, run: Arc<Run>) {
    let places = Arc::new(Places::default());
    loop {
        match listener.accept().await {
            Ok((stream, from)) => match Permit::take(&places, address::canonical(from).ip()) {
                Some(permit) => {
                    frames.counts().accepted.add(1);
                    tokio::spawn(read(stream, permit, frames.clone(), run.clone()));
                }
                None => frames.counts().turned_away.add(1),
            },
            Err(_) => {
                // Descriptors or memory are short; trying again at once would only burn time.
                frames.counts().errors.add(1);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Reads one connection until it ends, is silent or idle, or breaks the rules.
async fn read(stream: TcpStream, permit: Permit, frames: Arc<impl Frames>, run: Arc<Run>) {
    let mut reader = FrameReader::default();
    let mut held = Held { bytes: 0, all: &permit.places.partial };
    let mut patience = Patience::new(Instant::now());
    loop {
        let end = match tokio::time::timeout_at(patience.deadline(), stream.readable()).await {
            Ok(Ok(())) => read_some(&stream, &mut reader),
            Ok(Err(error)) => Err(error),
            Err(_) => return frames.counts().closed.add(1),
        };
        match end {
            Ok(true) => {}
            Ok(false) | Err(_) => return,
        }
        match deliver(&mut reader, &*frames, &run, permit.address) {
            Ok(came) => patience.note(Instant::now(), came, reader.pending() > 0),
            Err(()) => return frames.counts().closed.add(1),
        }
        if !held.set(reader.capacity()) {
            return frames.counts().closed.add(1);
        }
        // One connection with much to say must not keep the others waiting.
        tokio::task::yield_now().await;
    }
}

/// Takes what is there; `false` at the end of the stream.
fn read_some(stream: &TcpStream, reader: &mut FrameReader) -> io::Result<bool> {
    let mut chunk = [0; CHUNK_BYTES];
    match stream.try_read(&mut chunk) {
        Ok(0) => Ok(false),
        Ok(bytes) => {
            reader.push(&chunk[..bytes]);
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
        Err(error) => Err(error),
    }
}

/// Takes every complete frame. An error is a frame beyond the limit, or the end of the run.
fn deliver(
    reader: &mut FrameReader,
    frames: &impl Frames,
    run: &Run,
    from: IpAddr,
) -> Result<Came, ()> {
    let mut came = Came { frame: false, message: false };
    loop {
        if run.is_stopping() {
            return Err(());
        }
        match reader.next_frame() {
            Ok(Some(frame)) => came.message |= frames.take_frame(from, frame),
            Ok(None) => return Ok(came),
            Err(_) => {
                frames.counts().junk.add(1);
                return Err(());
            }
        }
        came.frame = true;
    }
}

/// What one reading brought.
#[derive(Clone, Copy)]
struct Came {
    /// Whether a frame was completed.
    frame: bool,
    /// Whether one of them was a message.
    message: bool,
}

/// Until when a connection is waited for.
struct Patience {
    /// When the next message must have come.
    message: Instant,
    /// When the frame that has begun must be complete.
    frame: Option<Instant>,
}

impl Patience {
    fn new(now: Instant) -> Self {
        Self { message: now + limits::SILENT_TIME, frame: None }
    }

    /// Notes what came, and whether another frame has begun.
    fn note(&mut self, now: Instant, came: Came, has_begun: bool) {
        if came.message {
            self.message = now + limits::IDLE_TIME;
        }
        if came.frame || !has_begun {
            self.frame = None;
        }
        if has_begun {
            self.frame.get_or_insert(now + limits::FRAME_TIME);
        }
    }

    fn deadline(&self) -> Instant {
        self.frame.map_or(self.message, |frame| frame.min(self.message))
    }
}

/// Who has how many of the connections.
#[derive(Default)]
struct Places {
    taken: Mutex<Taken>,
    /// Bytes reserved for incomplete frames, by all.
    partial: AtomicUsize,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// The right to one connection, given back when dropped.
struct Permit {
    places: Arc<Places>,
    address: IpAddr,
}

impl Permit {
    fn take(places: &Arc<Places>, address: IpAddr) -> Option<Self> {
        let mut taken = lock(&places.taken);
        if taken.all >= limits::MAX_ACCEPTED {
            return None;
        }
        let own = taken.by_address.entry(address).or_default();
        if *own >= limits::MAX_ACCEPTED_PER_ADDRESS {
            return None;
        }
        *own += 1;
        taken.all += 1;
        Some(Self { places: places.clone(), address })
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut taken = lock(&self.places.taken);
        debug_assert!(taken.all >= taken.by_address.len(), "each address has a place at least");
        taken.all -= 1;
        if let Some(own) = taken.by_address.get_mut(&self.address) {
            *own -= 1;
            if *own == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// The part of one connection in what all hold.
struct Held<'a> {
    bytes: usize,
    all: &'a AtomicUsize,
}

impl Held<'_> {
    /// Sets what this one holds; `false` if all together hold too much then.
    fn set(&mut self, bytes: usize) -> bool {
        let with_ours = self.all.fetch_sub(self.bytes, Ordering::Relaxed);
        debug_assert!(with_ours >= self.bytes, "what one holds is part of what all hold");
        let before = self.all.fetch_add(bytes, Ordering::Relaxed);
        self.bytes = bytes;
        before.saturating_add(bytes) <= limits::ALL_PARTIAL_BYTES
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_all_places() {
        let places = Arc::new(Places::default());
        let mut kept = Vec::new();
        for last in 1..=4_u8 {
            let address = IpAddr::from([10, 0, 0, last]);
            while let Some(permit) = Permit::take(&places, address) {
                kept.push(permit);
            }
            assert_eq!(kept.len(), usize::from(last) * limits::MAX_ACCEPTED_PER_ADDRESS);
        }
        assert_eq!(kept.len(), limits::MAX_ACCEPTED);
        assert!(Permit::take(&places, IpAddr::from([10, 0, 0, 9])).is_none());
        kept.truncate(0);
        assert!(lock(&places.taken).by_address.is_empty());
        assert!(Permit::take(&places, IpAddr::from([10, 0, 0, 9])).is_some());
    }

    const NOTHING: Came = Came { frame: false, message: false };
    const JUNK: Came = Came { frame: true, message: false };
    const MESSAGE: Came = Came { frame: true, message: true };

    #[test]
    fn connection_that_carried_a_message_is_kept_long_and_others_are_not() {
        let start = Instant::now();
        let later = start + Duration::from_secs(5);
        let mut patience = Patience::new(start);
        patience.note(later, JUNK, false);
        assert_eq!(patience.deadline(), start + limits::SILENT_TIME);
        patience.note(later, MESSAGE, false);
        assert_eq!(patience.deadline(), later + limits::IDLE_TIME);
        patience.note(later + Duration::from_secs(60), JUNK, false);
        assert_eq!(patience.deadline(), later + limits::IDLE_TIME);
    }

    #[test]
    fn frame_that_has_begun_must_end_soon() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut patience = Patience::new(start);
        patience.note(start, NOTHING, true);
        assert_eq!(patience.deadline(), start + limits::SILENT_TIME);
        patience.note(start + second, MESSAGE, true);
        assert_eq!(patience.deadline(), start + second + limits::FRAME_TIME);
        // More of the same frame gives no more time; its end does.
        patience.note(start + second * 9, NOTHING, true);
        assert_eq!(patience.deadline(), start + second + limits::FRAME_TIME);
        patience.note(start + second * 10, JUNK, true);
        assert_eq!(patience.deadline(), start + second * 10 + limits::FRAME_TIME);
        patience.note(start + second * 11, JUNK, false);
        assert_eq!(patience.deadline(), start + second + limits::IDLE_TIME);
    }

    #[test]
    fn incomplete_frames_of_all_are_counted_together() {
        let all = AtomicUsize::new(0);
        let mut one = Held { bytes: 0, all: &all };
        assert!(one.set(limits::ALL_PARTIAL_BYTES));
        let mut two = Held { bytes: 0, all: &all };
        assert!(!two.set(1));
        assert!(one.set(5) && two.set(2));
        drop(one);
        assert_eq!(all.load(Ordering::Relaxed), 2);
    }
}
