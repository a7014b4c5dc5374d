//! One datagram a call, as every system can.
#![allow(dead_code, reason = "where the system can do better, the tests alone use it")]

use crate::net::limits::DATAGRAM_ROOM;
use std::io;
use std::net::SocketAddr;
use tokio::net::UdpSocket;

pub(super) type Headers = ();

pub(super) fn headers() {}

/// As with many.
pub(super) fn read(
    socket: &UdpSocket,
    (): &mut Headers,
    buffers: &mut [u8],
    read: &mut Vec<(usize, SocketAddr)>,
) -> io::Result<bool> {
    for buffer in buffers.chunks_exact_mut(DATAGRAM_ROOM) {
        match socket.try_recv_from(buffer) {
            Ok(received) => read.push(received),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            // What was read is taken first; an error that stays comes again.
            Err(_) if !read.is_empty() => return Ok(true),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}
