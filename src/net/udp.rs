//! UDP: one socket, read by the transport's thread and written by whoever sends.

use super::batch::Receiver;
use super::inbound::Reader;
use super::lifecycle::Run;
use super::shared::TransportState;
use super::{Error, address, limits};
use crate::wire::pack::{Medium, Packer, Piece};
use crate::wire::{Outgoing, Serializer};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

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

    /// Sends a message, in as many datagrams as it needs, without waiting; gives their bytes.
    pub(super) fn send(
        &self,
        shared: &TransportState,
        serializer: &Serializer,
        message: &Outgoing<'_>,
        to: SocketAddr,
    ) -> Result<usize, Error> {
        let (mut bytes, mut failure) = (0, None);
        let mut emit = |piece: Piece<'_>| {
            match self.send_one(shared, piece.bytes, piece.messages, to) {
                Ok(sent) => bytes += sent,
                Err(error) => failure = Some(error),
            }
            failure.is_none()
        };
        let kept = match serializer {
            // The program's functions are called with no lock held.
            Serializer::Custom(_) => None,
            _ => self.packer.try_lock().ok(),
        };
        let packed = match kept {
            Some(mut packer) => packer.pack(serializer, message, Medium::Datagram, &mut emit),
            // Another thread is sending: buffers of our own cost less than waiting.
            None => Packer::default().pack(serializer, message, Medium::Datagram, &mut emit),
        };
        match failure {
            Some(error) => Err(error),
            None => Ok(packed.map(|()| bytes)?),
        }
    }
}

impl Sender {
    /// Sends one datagram that has so many messages, without waiting; gives its bytes.
    pub(super) fn send_one(
        &self,
        shared: &TransportState,
        datagram: &[u8],
        messages: usize,
        to: SocketAddr,
    ) -> Result<usize, Error> {
        let open = self.socket.read().unwrap_or_else(PoisonError::into_inner);
        let Some((socket, own)) = &*open else {
            return Err(Error::NotStarted);
        };
        let to = address::for_socket(*own, to);
        let bytes = socket.send_to(datagram, to).map_err(|error| Error::Send(to, error))?;
        shared.counts.sent.add(messages);
        Ok(bytes)
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
pub(super) async fn serve(
    socket: tokio::net::UdpSocket,
    shared: Arc<TransportState>,
    run: Arc<Run>,
) {
    let mut receiver = Receiver::new();
    let mut reader = Reader::default();
    loop {
        let read = match socket.readable().await {
            Ok(()) => receiver.drain(&socket, &run, &shared.counts.junk, |datagram, from| {
                reader.datagram(&shared, &run, from, datagram);
            }),
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
