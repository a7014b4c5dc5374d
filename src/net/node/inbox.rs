//! Datagrams from the socket, some for each wake-up, into one buffer that is used again.

use super::limits::INBOX_BYTES;
use super::stats::NetCounts;
use crate::net::{address, limits};
use core::ops::Range;
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

/// The largest datagram there is.
const LARGEST_BYTES: usize = 64 * 1024;
/// Room that is kept from one use to the next, in bytes.
const KEPT_BYTES: usize = 64 * 1024;

/// Datagrams that came.
pub(super) struct Inbox {
    scratch: Vec<u8>,
    bytes: Vec<u8>,
    datagrams: Vec<(SocketAddr, Range<usize>)>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { scratch: vec![0; LARGEST_BYTES], bytes: Vec::new(), datagrams: Vec::new() }
    }

    /// Forgets what it had and reads what is there, up to a bound, so that a flood does not keep the
    /// timers waiting. Without waiting itself.
    ///
    /// # Errors
    /// What the system says; what was read before stays.
    pub(super) fn fill(&mut self, socket: &UdpSocket, counts: &NetCounts) -> io::Result<()> {
        self.datagrams.clear();
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        while self.datagrams.len() < limits::DATAGRAMS_PER_WAKE && self.bytes.len() < INBOX_BYTES {
            match socket.try_recv_from(&mut self.scratch) {
                Ok((bytes, from)) => {
                    let start = self.bytes.len();
                    self.bytes.extend_from_slice(&self.scratch[..bytes]);
                    self.datagrams.push((address::canonical(from), start..self.bytes.len()));
                    counts.datagrams_received.add(1);
                    counts.bytes_received.add(bytes);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The datagrams in the order in which they came.
    pub(super) fn datagrams(&self) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        self.datagrams.iter().map(|(from, range)| (*from, &self.bytes[range.clone()]))
    }
}
