//! From what the core wants sent to bytes. The bytes of many messages lie in one buffer that is used
//! again, so that they can be sent once the core's lock is released.

use crate::net::pack::{Budget, Packer};
use crate::net::{Error, limits};
use crate::proto::Transmit;
use crate::types::{Form, Header};
use crate::wire::{MAX_MESSAGE_BYTES, framing};
use core::ops::Range;
use std::net::SocketAddr;

/// Room that is kept from one use to the next, in bytes.
const KEPT_BYTES: usize = 64 * 1024;
/// The largest frame of a connection, its prefix included.
const LARGEST_FRAME: usize = framing::PREFIX_BYTES + MAX_MESSAGE_BYTES;

/// How a message is to go out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// As a datagram; a piece that is too large for one goes over a connection.
    Datagram,
    /// Over a connection.
    Stream,
    /// Both, to see which one works.
    Both,
}

/// One piece of a message, to be sent at once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Piece {
    pub(super) to: SocketAddr,
    pub(super) way: Way,
    /// Where its frame is, prefix included.
    range: Range<usize>,
    /// Whether the prefix is left out in a datagram.
    is_packet: bool,
}

/// Messages in bytes, in the order in which they were decided on.
#[derive(Default)]
pub(super) struct Outgoing {
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    packer: Packer,
}

impl Outgoing {
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

    /// The pieces, each with its frame and its datagram.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&Piece, &[u8], &[u8])> {
        self.pieces.iter().map(|piece| {
            let frame = &self.bytes[piece.range.clone()];
            let datagram = if piece.is_packet { &frame[framing::PREFIX_BYTES..] } else { frame };
            (piece, frame, datagram)
        })
    }

    /// Adds a message in a form; gives its bytes, prefixes of packets left out.
    ///
    /// # Errors
    /// [`Error::Wire`], and nothing was added; after it was added [`Error::MetadataLeftOut`].
    pub(super) fn push(
        &mut self,
        transmit: &Transmit<'_>,
        form: Form,
        wire: u8,
        to: SocketAddr,
        way: Way,
    ) -> Result<usize, Error> {
        match form {
            Form::Packet => self.push_packet(transmit, to, way),
            Form::Text => self.push_text(transmit, wire, to, way),
        }
    }

    fn push_packet(
        &mut self,
        transmit: &Transmit<'_>,
        to: SocketAddr,
        way: Way,
    ) -> Result<usize, Error> {
        let before = self.bytes.len();
        let start = framing::begin_frame(&mut self.bytes);
        let written = transmit
            .encode(&mut self.bytes)
            .and_then(|()| framing::end_frame(&mut self.bytes, start));
        if let Err(error) = written {
            self.bytes.truncate(before);
            return Err(error.into());
        }
        let range = before..self.bytes.len();
        let bytes = range.len() - framing::PREFIX_BYTES;
        let is_large = bytes > limits::LARGE_DATAGRAM_BYTES;
        let way = if is_large { Way::Stream } else { way };
        self.pieces.push(Piece { to, way, range, is_packet: true });
        Ok(bytes)
    }

    fn push_text(
        &mut self,
        transmit: &Transmit<'_>,
        wire: u8,
        to: SocketAddr,
        way: Way,
    ) -> Result<usize, Error> {
        let Self { bytes, pieces, packer } = self;
        let header = Header { wire, ..transmit.header };
        let usual =
            if way == Way::Stream { limits::STREAM_FRAME_BYTES } else { limits::DATAGRAM_BYTES };
        let before = bytes.len();
        let budget = Budget { usual, single: LARGEST_FRAME };
        packer
            .pack(&header, transmit.entries(), budget, |frame| {
                let start = bytes.len();
                bytes.extend_from_slice(frame);
                let is_large = frame.len() > limits::DATAGRAM_BYTES;
                let way = if is_large { Way::Stream } else { way };
                pieces.push(Piece { to, way, range: start..bytes.len(), is_packet: false });
                Ok(())
            })
            .map(|()| bytes.len() - before)
    }
}
