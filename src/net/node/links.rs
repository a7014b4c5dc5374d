//! The sockets of a node, as those who send see them.

use super::dispatch::Dispatch;
use super::stats::NetCounts;
use crate::net::address;
use crate::net::shared::TransportState;
use crate::net::tcp::Peers;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, PoisonError, RwLock};

/// What a node sends by. Any thread may send, and none waits.
pub(super) struct Links {
    /// The address that is listened on.
    pub(super) host: IpAddr,
    pub(super) port: u16,
    /// Where others are told to reach us, if that was given.
    pub(super) advertised: Option<SocketAddr>,
    /// Whether connections can come to us, and so answers to those that we make.
    pub(super) has_streams: bool,
    udp: RwLock<Option<UdpSocket>>,
    pub(super) peers: Arc<Peers>,
    /// What is counted of connections.
    pub(super) streams: Arc<TransportState>,
    pub(super) counts: NetCounts,
}

impl Links {
    pub(super) fn new(
        at: SocketAddr,
        advertised: Option<SocketAddr>,
        udp: UdpSocket,
        has_streams: bool,
    ) -> Self {
        Self {
            host: at.ip(),
            port: at.port(),
            advertised,
            has_streams,
            udp: RwLock::new(Some(udp)),
            peers: Arc::default(),
            streams: Arc::default(),
            counts: NetCounts::default(),
        }
    }

    /// The address that is listened on.
    pub(super) fn at(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Sends no more; what is queued for connections may still go out.
    pub(super) fn close(&self) {
        *self.udp.write().unwrap_or_else(PoisonError::into_inner) = None;
        self.peers.close();
    }

    /// Sends everything, and empties the buffer for its next use.
    pub(super) fn send(&self, dispatch: &mut Dispatch) {
        if dispatch.is_empty() {
            return;
        }
        let udp = self.udp.read().unwrap_or_else(PoisonError::into_inner);
        for (piece, bytes) in dispatch.pieces() {
            if piece.by_stream {
                let frames = vec![bytes.to_vec()];
                if self.peers.enqueue(&self.streams, piece.to, frames).is_err() {
                    self.counts.unsent.add(1);
                }
            } else if let Some(socket) = &*udp {
                self.send_datagram(socket, bytes, piece.to);
            }
        }
        drop(udp);
        dispatch.clear();
    }

    /// Sends one datagram.
    pub(super) fn send_bytes(&self, datagram: &[u8], to: SocketAddr) {
        if let Some(socket) = &*self.udp.read().unwrap_or_else(PoisonError::into_inner) {
            self.send_datagram(socket, datagram, address::canonical(to));
        }
    }

    fn send_datagram(&self, socket: &UdpSocket, datagram: &[u8], to: SocketAddr) {
        let to = address::for_socket(self.host, to);
        let mut sent = socket.send_to(datagram, to);
        if sent.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            // That tells of an earlier datagram, and this one was not sent.
            sent = socket.send_to(datagram, to);
        }
        match sent {
            Ok(_) => {
                self.counts.datagrams_sent.add(1);
                self.counts.bytes_sent.add(datagram.len());
            }
            Err(_) => self.counts.unsent.add(1),
        }
    }

    /// Whether an address is this node's own: one that is listened on or told to others.
    pub(super) fn is_own(&self, at: SocketAddr) -> bool {
        if self.advertised == Some(at) {
            return true;
        }
        at.port() == self.port
            && if self.host.is_unspecified() {
                // Only an address of this host can be bound.
                UdpSocket::bind((at.ip(), 0)).is_ok()
            } else {
                at.ip() == self.host.to_canonical()
            }
    }

    /// Whether datagrams can be sent to an address of this family.
    pub(super) fn has_family(&self, at: SocketAddr) -> bool {
        match self.host {
            IpAddr::V4(_) => at.is_ipv4(),
            IpAddr::V6(host) if host.is_unspecified() => true,
            IpAddr::V6(host) => at.is_ipv6() == host.to_ipv4_mapped().is_none(),
        }
    }
}
