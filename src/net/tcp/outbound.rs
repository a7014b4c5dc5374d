//! The task of one connection that we make.

use super::peers::{Peers, Work};
use crate::net::limits;
use crate::net::shared::TransportState;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// How the writing to one connection ended.
enum End {
    /// Nothing is left to do.
    Done,
    /// It broke; the bytes were not written, or not all of them.
    Broken(Vec<u8>, io::ErrorKind),
}

/// Connects and writes what is queued, until it is unused, given up, or nobody listens.
///
/// A connection that breaks is made again once, since the peer may have been restarted. If it
/// breaks at once again, that is as good as a refusal.
pub(super) async fn run(
    peers: Arc<Peers>,
    shared: Arc<TransportState>,
    to: SocketAddr,
    serial: u64,
) {
    let mut unsent = Vec::new();
    let mut is_second = false;
    loop {
        let stream = match connect(to).await {
            Ok(stream) => stream,
            Err(error) => return peers.refused(&shared, to, serial, error.kind()),
        };
        shared.counts.connected.add(1);
        let Some(wake) = peers.connected(to, serial) else { return };
        let since = Instant::now();
        match converse(&peers, stream, &wake, unsent, to, serial).await {
            End::Done => return,
            End::Broken(bytes, kind) => {
                let was_stable = since.elapsed() >= limits::STABLE_TIME;
                if is_second && !was_stable {
                    return peers.refused(&shared, to, serial, kind);
                }
                is_second = true;
                unsent = bytes;
            }
        }
    }
}

async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let connecting = timeout(limits::CONNECT_TIME, TcpStream::connect(to));
    let stream = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Writes to one connection; `unsent` is what the one before did not take.
async fn converse(
    peers: &Peers,
    stream: TcpStream,
    wake: &Arc<Notify>,
    unsent: Vec<u8>,
    to: SocketAddr,
    serial: u64,
) -> End {
    let (reading, mut writing) = stream.into_split();
    let is_lost = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(reading, is_lost.clone(), wake.clone()));
    let end = write_all(peers, &mut writing, wake, &is_lost, unsent, to, serial).await;
    watcher.abort();
    end
}

async fn write_all(
    peers: &Peers,
    writing: &mut OwnedWriteHalf,
    wake: &Notify,
    is_lost: &AtomicBool,
    unsent: Vec<u8>,
    to: SocketAddr,
    serial: u64,
) -> End {
    let mut batch = unsent;
    let mut is_over = false;
    let since = Instant::now();
    loop {
        let written = batch.len();
        if written > 0 {
            if let Err(error) = write(writing, &batch, is_lost).await {
                return End::Broken(batch, error.kind());
            }
            if since.elapsed() >= limits::STABLE_TIME {
                peers.stable(to, serial);
            }
        }
        // A connection that the peer has closed is of no use any more; with nothing to send there
        // is no reason to make a new one either.
        is_over |= is_lost.load(Ordering::Acquire);
        batch = match peers.work(to, serial, written, is_over) {
            Work::Write(batch) => batch,
            Work::End => return End::Done,
            Work::Wait => {
                is_over = timeout(limits::UNUSED_TIME, wake.notified()).await.is_err();
                Vec::new()
            }
        };
    }
}

async fn write(writing: &mut OwnedWriteHalf, batch: &[u8], is_lost: &AtomicBool) -> io::Result<()> {
    if is_lost.load(Ordering::Acquire) {
        return Err(io::ErrorKind::ConnectionReset.into());
    }
    let all = timeout(limits::WRITE_TIME, writing.write_all(batch)).await;
    all.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

/// Waits for the peer to close. A write would notice that only at the second try, and the first
/// message after a restart of the peer would be lost.
async fn watch(reading: OwnedReadHalf, is_lost: Arc<AtomicBool>, wake: Arc<Notify>) {
    let mut scratch = [0; 256];
    loop {
        let is_readable = reading.readable().await.is_ok();
        match reading.try_read(&mut scratch) {
            Ok(bytes) if bytes > 0 && is_readable => tokio::task::yield_now().await,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && is_readable => {}
            _ => break,
        }
    }
    is_lost.store(true, Ordering::Release);
    wake.notify_one();
}
