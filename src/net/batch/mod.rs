//! Datagrams in: many for each system call, where the system has a call for that.
//!
//! Measured on loopback the kernel's own work for a datagram hides what a call costs, so this gains
//! a call for each wake-up, and more where calls are dear. Sending many in one call gains nothing
//! there, so who sends uses the socket as it is. `quinn-udp` does the same and more, but it asks
//! the kernel for three control messages a datagram (40 % more time for each), and forbids
//! fragments, so that datagrams past the path's size would be lost: text in one piece needs them.

use super::counters::Count;
use super::lifecycle::Run;
use super::limits::{BATCH, DATAGRAM_ROOM, DATAGRAMS_PER_WAKE};
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

mod single;

#[cfg(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd"
))]
#[path = "many.rs"]
mod system;
#[cfg(not(any(
    target_os = "linux",
    target_os = "android",
    target_os = "freebsd",
    target_os = "netbsd"
)))]
use single as system;

/// Reads datagrams into buffers that are used again.
///
/// It reserves 1 MiB, of which the system gives what is written to: 64 KB as long as datagrams are
/// short.
///
/// It cannot be sent to another thread: the thread that reads makes it.
pub(in crate::net) struct Receiver {
    headers: system::Headers,
    buffers: Vec<u8>,
    /// The length and the source of each that was read last.
    read: Vec<(usize, SocketAddr)>,
}

/// What one reading brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Received {
    /// Datagrams that were dropped, since they were empty or cut short.
    dropped: usize,
    /// Whether more may wait. If not, the socket becomes readable when more comes.
    more: bool,
}

impl Receiver {
    /// Reserves the buffers.
    pub(in crate::net) fn new() -> Self {
        Self {
            headers: system::headers(),
            buffers: vec![0; BATCH * DATAGRAM_ROOM],
            read: Vec::with_capacity(BATCH),
        }
    }

    /// Gives what waits to `take`, up to a limit, so that a flood does not keep the rest waiting, and
    /// until `run` is to stop. What is dropped counts as `junk`. Whether more may wait.
    ///
    /// # Errors
    /// As [`Receiver::receive`].
    pub(in crate::net) fn drain(
        &mut self,
        socket: &UdpSocket,
        run: &Run,
        junk: &Count,
        mut take: impl FnMut(&[u8], SocketAddr),
    ) -> io::Result<bool> {
        for _ in 0..DATAGRAMS_PER_WAKE / BATCH {
            let received = self.receive(socket, |datagram, from| {
                take(datagram, from);
                !run.is_stopping()
            })?;
            junk.add(received.dropped);
            if !received.more || run.is_stopping() {
                return Ok(received.more);
            }
        }
        Ok(true)
    }

    /// Reads what waits, at most [`BATCH`] datagrams, and gives each with its source to `take`,
    /// in the order in which they came, until that returns `false`. Never waits.
    ///
    /// # Errors
    /// Those of the system, but for that nothing waits. Nothing was read then.
    fn receive(
        &mut self,
        socket: &UdpSocket,
        mut take: impl FnMut(&[u8], SocketAddr) -> bool,
    ) -> io::Result<Received> {
        self.read.clear();
        let more = system::read(socket, &mut self.headers, &mut self.buffers, &mut self.read)?;
        debug_assert!(self.read.len() <= BATCH, "each datagram has its buffer");
        let mut dropped = 0;
        for (buffer, &(len, from)) in self.buffers.chunks_exact(DATAGRAM_ROOM).zip(&self.read) {
            match buffer.get(..len) {
                Some(bytes) if len > 0 => {
                    if !take(bytes, from) {
                        break;
                    }
                }
                _ => dropped += 1,
            }
        }
        Ok(Received { dropped, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::time::Duration;

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            tokio::time::timeout(Duration::from_secs(20), test).await.expect("in time");
        });
    }

    async fn pair() -> (UdpSocket, UdpSocket) {
        let one = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        let two = UdpSocket::bind("127.0.0.1:0").await.expect("a free port");
        one.connect(two.local_addr().expect("bound")).await.expect("an address");
        (one, two)
    }

    #[test]
    fn datagrams_come_whole_in_order_and_with_their_source() {
        run(async {
            let (sending, receiving) = pair().await;
            let own = sending.local_addr().expect("bound");
            let mut receiver = Receiver::new();
            let mut got = Vec::new();
            for number in 0..BATCH + 5 {
                let datagram = vec![number as u8; 1 + number * 100];
                sending.send(&datagram).await.expect("sent");
            }
            while got.len() < BATCH + 5 {
                receiving.readable().await.expect("readable");
                let received = receiver.receive(&receiving, |bytes, from| {
                    assert_eq!(from, own);
                    assert!(bytes.iter().all(|&byte| usize::from(byte) == got.len()));
                    got.push(bytes.len());
                    true
                });
                assert_eq!(received.expect("no error").more, got.len() == BATCH);
            }
            assert!(got.iter().enumerate().all(|(number, &len)| len == 1 + number * 100));
        });
    }

    #[test]
    fn nothing_is_read_where_nothing_waits_and_what_comes_later_wakes() {
        run(async {
            let (sending, receiving) = pair().await;
            let mut receiver = Receiver::new();
            for _ in 0..3 {
                let nothing = receiver.receive(&receiving, |_, _| panic!("nothing came"));
                assert_eq!(nothing.expect("no error"), Received { dropped: 0, more: false });
                sending.send(b"late").await.expect("sent");
                receiving.readable().await.expect("readable");
                let mut came = 0;
                receiver
                    .receive(&receiving, |_, _| {
                        came += 1;
                        true
                    })
                    .expect("no error");
                assert_eq!(came, 1);
            }
        });
    }

    #[test]
    fn the_largest_datagram_is_read_and_an_empty_one_is_dropped() {
        run(async {
            let (sending, receiving) = pair().await;
            let mut receiver = Receiver::new();
            sending.send(&[]).await.expect("sent");
            sending.send(&vec![7; 65_507]).await.expect("sent");
            receiving.readable().await.expect("readable");
            let mut lengths = Vec::new();
            let received = receiver.receive(&receiving, |bytes, _| {
                lengths.push(bytes.len());
                true
            });
            assert_eq!(lengths, [65_507]);
            assert_eq!(received.expect("no error").dropped, 1);
        });
    }

    #[test]
    fn both_ways_of_reading_bring_the_same() {
        run(async {
            let (sending, receiving) = pair().await;
            let mut read = Vec::new();
            let mut buffers = vec![0; 4 * DATAGRAM_ROOM];
            for datagram in [&b"one"[..], b"", b"three"] {
                sending.send(datagram).await.expect("sent");
            }
            receiving.readable().await.expect("readable");
            let more = single::read(&receiving, &mut (), &mut buffers, &mut read);
            assert!(!more.expect("no error"));
            let lengths: Vec<usize> = read.iter().map(|&(len, _)| len).collect();
            assert_eq!(lengths, [3, 0, 5]);
            assert_eq!(&buffers[2 * DATAGRAM_ROOM..][..5], b"three");
        });
    }
}
