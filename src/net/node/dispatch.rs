//! From what the core wants sent to bytes. The bytes of many messages lie in one buffer that is used
//! again, so that they can be sent once the core's lock is released.

use super::log::Lines;
use crate::proto::Transmit;
use crate::wire::pack::{Medium, Packer};
use crate::wire::{DATAGRAM_BYTES, Error, Format, Outgoing, Scratch, Serializer};
use core::ops::Range;
use std::net::SocketAddr;

/// Room that is kept from one use to the next, in bytes.
const KEPT_BYTES: usize = 64 * 1024;

/// How a message goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// As datagrams. What is too large for a usual one goes over a connection if there are any, but
    /// not to a node of libgossip 1.4.2, which may have one of the two only.
    Datagram,
    /// Over a connection.
    Stream,
    /// Both, to see which one works.
    Both,
}

/// What is sent at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct QueuedPiece {
    pub(super) to: SocketAddr,
    pub(super) by_stream: bool,
    range: Range<usize>,
}

/// Messages in bytes, in the order in which they were decided on.
#[derive(Default)]
pub(super) struct Dispatch {
    bytes: Vec<u8>,
    pieces: Vec<QueuedPiece>,
    packer: Packer,
    scratch: Scratch,
    pub(super) lines: Lines,
}

/// Where a message goes, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route {
    pub(super) to: SocketAddr,
    pub(super) way: Way,
    /// Whether there are connections.
    pub(super) has_streams: bool,
}

impl Dispatch {
    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Forgets what was sent.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BYTES);
        self.pieces.clear();
    }

    /// The pieces with their bytes.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&QueuedPiece, &[u8])> {
        self.pieces.iter().map(|piece| (piece, &self.bytes[piece.range.clone()]))
    }

    /// Writes a message; gives its bytes.
    ///
    /// # Errors
    /// [`Error::MetadataLeftOut`] after it was written. After any other error nothing of it is sent.
    pub(super) fn push(
        &mut self,
        serializer: &Serializer,
        transmit: &Transmit<'_>,
        route: Route,
    ) -> Result<usize, Error> {
        let before = (self.bytes.len(), self.pieces.len());
        let mut way = if route.has_streams { route.way } else { Way::Datagram };
        let mut pushed = Ok(());
        if way != Way::Stream {
            pushed = self.push_datagrams(serializer, transmit, route);
            if matches!(pushed, Err(Error::MetadataLeftOut(_)))
                && transmit.to_new
                && route.has_streams
            {
                // An entry that fits no datagram may fit a frame.
                self.truncate(before);
                (pushed, way) = (Ok(()), Way::Stream);
            }
        }
        if way != Way::Datagram && pushed.is_ok() {
            pushed = self.pack(serializer, transmit, Medium::Stream, route);
        }
        if pushed.as_ref().is_err_and(|error| !matches!(error, Error::MetadataLeftOut(_))) {
            self.truncate(before);
        }
        pushed.map(|()| self.bytes.len() - before.0)
    }

    fn push_datagrams(
        &mut self,
        serializer: &Serializer,
        transmit: &Transmit<'_>,
        route: Route,
    ) -> Result<(), Error> {
        if !matches!(serializer.format_for(transmit.form), Format::Packet) {
            return self.pack(serializer, transmit, Medium::Datagram, route);
        }
        // The core saw to its size.
        let start = self.bytes.len();
        transmit.encode(&mut self.bytes)?;
        let range = start..self.bytes.len();
        self.pieces.push(QueuedPiece { to: route.to, by_stream: false, range });
        Ok(())
    }

    /// Writes a message as frames, or as datagrams that may be split.
    fn pack(
        &mut self,
        serializer: &Serializer,
        transmit: &Transmit<'_>,
        medium: Medium,
        route: Route,
    ) -> Result<(), Error> {
        let Self { bytes, pieces, packer, scratch, .. } = self;
        scratch.with(transmit.entries(), |entries| {
            let (form, to_new) = (transmit.form, transmit.to_new);
            let message =
                Outgoing { header: &transmit.header, entries, form, to_new, packet: None };
            packer.pack(serializer, &message, medium, &mut |piece| {
                let start = bytes.len();
                bytes.extend_from_slice(piece.bytes);
                let is_large = to_new && piece.bytes.len() > DATAGRAM_BYTES;
                let by_stream = medium == Medium::Stream || is_large && route.has_streams;
                pieces.push(QueuedPiece { to: route.to, by_stream, range: start..bytes.len() });
                true
            })
        })
    }

    fn truncate(&mut self, (bytes, pieces): (usize, usize)) {
        debug_assert!(
            bytes <= self.bytes.len() && pieces <= self.pieces.len(),
            "it has grown since"
        );
        self.bytes.truncate(bytes);
        self.pieces.truncate(pieces);
    }
}
