//! UDP: one socket, read by the transport's thread and written by whoever sends.

use super::batch::{BATCH, Receiver};
use super::pack::{Budget, Packer};
use super::shared::{Run, Shared};
use super::{Error, address, limits};
use crate::types::{Entry, Header, Path};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

const BUDGET: Budget =
    Budget { usual: limits::DATAGRAM_BYTES, single: limits::LARGE_DATAGRAM_BYTES };

/// The sending half. Open between a start and a stop.
#[derive(Default)]
pub(super) struct Sender {
    socket: RwLock<Option<(UdpSocket, IpAddr)>>,
    packer: Mutex<Packer>,
}

impl Sender {
    /// Sends from now on through `socket`, which listens on `own`.
    pub(super) fn open(&self, socket: UdpSocket, own: IpAddr) {
        *self.socket.write().unwrap_or_else(PoisonError::into_inner) = Some((socket, own));
    }

    /// Gives the socket back; a send that is under way is over when this returns.
    pub(super) fn close(&self) {
        *self.socket.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Sends a message, in as many datagrams as it needs, without waiting.
    pub(super) fn send<'a>(
        &self,
        shared: &Shared,
        header: &Header,
        entries: impl IntoIterator<Item = Entry<'a>>,
        to: SocketAddr,
    ) -> Result<(), Error> {
        let open = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        let Some((socket, own)) = &*open else {
            return Err(Error::NotStarted);
        };
        let to = address::for_socket(*own, to);
        let emit = |frame: &[u8]| {
            socket.send_to(frame, to).map_err(|error| Error::Send(to, error))?;
            shared.counts.sent.add(1);
            Ok(())
        };
        match self.packer.try_lock() {
            Ok(mut packer) => packer.pack(header, entries, BUDGET, emit),
            // Another thread is sending: buffers of our own cost less than waiting.
            Err(_) => Packer::default().pack(header, entries, BUDGET, emit),
        }
    }
}

/// Binds a socket that never blocks.
pub(super) fn bind(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    if at.ip().is_ipv6() && at.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    // The system may give less; then bursts are shorter.
    let _ = socket.set_recv_buffer_size(limits::RECEIVE_BUFFER_BYTES);
    socket.bind(&at.into())?;
    Ok(socket.into())
}

/// Reads without end, some datagrams for each wake-up.
pub(super) async fn serve(socket: tokio::net::UdpSocket, shared: Arc<Shared>, run: Arc<Run>) {
    let mut receiver = Receiver::new();
    loop {
        let read = match socket.readable().await {
            Ok(()) => drain(&socket, &mut receiver, &shared, &run),
            Err(error) => Err(error),
        };
        match read {
            Ok(true) => tokio::task::yield_now().await,
            Ok(false) => {}
            Err(_) => {
                // It tells of an earlier send, or of memory that is short: neither is the socket's
                // end. The pause keeps an error that stays from taking the processor.
                shared.counts.errors.add(1);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }
}

/// Takes what waits, up to a limit; whether more may wait.
fn drain(
    socket: &tokio::net::UdpSocket,
    receiver: &mut Receiver,
    shared: &Shared,
    run: &Run,
) -> io::Result<bool> {
    for _ in 0..limits::DATAGRAMS_PER_WAKE / BATCH {
        let received = receiver.receive(socket, |datagram, from| {
            shared.take_datagram(run, Path::Datagram(address::canonical(from)), datagram);
            !run.is_stopping()
        })?;
        shared.counts.junk.add(received.dropped);
        if !received.more || run.is_stopping() {
            return Ok(received.more);
        }
    }
    Ok(true)
}
