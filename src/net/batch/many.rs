//! Many datagrams in one call.

use crate::net::limits::{BATCH, DATAGRAM_ROOM};
use nix::sys::socket::{MsgFlags, MultiHeaders, RecvMsg, SockaddrStorage, recvmmsg};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use tokio::io::Interest;
use tokio::net::UdpSocket;

pub(super) type Headers = MultiHeaders<SockaddrStorage>;

pub(super) fn headers() -> Headers {
    MultiHeaders::preallocate(BATCH, None)
}

/// Reads into the front of `buffers`; whether more may wait. A length that is too long for its
/// buffer stands for a datagram that was cut.
pub(super) fn read(
    socket: &UdpSocket,
    headers: &mut Headers,
    buffers: &mut [u8],
    read: &mut Vec<(usize, SocketAddr)>,
) -> io::Result<bool> {
    let result = socket.try_io(Interest::READABLE, || {
        let mut chunks = buffers.chunks_exact_mut(DATAGRAM_ROOM);
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] =
            core::array::from_fn(|_| [IoSliceMut::new(chunks.next().unwrap_or_default())]);
        let fd = socket.as_raw_fd();
        let got = recvmmsg(fd, headers, slices.iter_mut(), MsgFlags::empty(), None)?;
        read.extend(got.map(|message| length_and_source(&message)));
        // Fewer than asked for means that the socket was emptied. Saying so here, as the
        // system would at one more call, makes the runtime wait for the next to come.
        if read.len() < BATCH { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
    });
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(error) => Err(error),
    }
}

fn length_and_source(message: &RecvMsg<'_, '_, SockaddrStorage>) -> (usize, SocketAddr) {
    let from = message.address.as_ref().and_then(source);
    match from {
        Some(from) if !message.flags.contains(MsgFlags::MSG_TRUNC) => (message.bytes, from),
        _ => (usize::MAX, SocketAddr::from(([0; 4], 0))),
    }
}

fn source(address: &SockaddrStorage) -> Option<SocketAddr> {
    let four = address.as_sockaddr_in().map(|four| SocketAddr::V4((*four).into()));
    four.or_else(|| address.as_sockaddr_in6().map(|six| SocketAddr::V6((*six).into())))
}
