//! A message to pieces of a bounded size, each what is sent at once: a datagram, or a frame of a
//! stream.
//!
//! The first piece is the message, with the entries from its front that fit. The others follow as
//! updates of the same sender, which ask for no answer.

mod text;
mod whole;

use super::serializer::{Outgoing, Serializer, Written, unpacked};
use super::{Error, limits};
use crate::types::Form;
use crate::wire::{MAX_MESSAGE_BYTES, framing};

/// What carries the pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// Datagrams.
    Datagram,
    /// A stream.
    Stream,
}

/// How large a frame or packet may be, its prefix included.
#[derive(Clone, Copy, Debug)]
struct Budget {
    /// From here on a message is split.
    usual: usize,
    /// What one with a single entry may have.
    single: usize,
    /// Up to here frames of one message go in one piece.
    joined: usize,
    /// Whether a length stands before it.
    prefix: bool,
}

impl Budget {
    fn of(way: Way, written: Written<'_>, message: &Outgoing<'_>) -> Self {
        let large = limits::LARGE_DATAGRAM_BYTES;
        match (way, written) {
            (Way::Stream, _) => Self {
                usual: limits::STREAM_FRAME_BYTES,
                single: framing::PREFIX_BYTES + MAX_MESSAGE_BYTES,
                joined: 0,
                prefix: true,
            },
            // Whoever decided for a packet also saw to its size.
            (Way::Datagram, written) if written.stands_alone() && message.form == Form::Packet => {
                Self { usual: large, single: large, joined: 0, prefix: false }
            }
            (Way::Datagram, written) if written.stands_alone() => Self {
                usual: limits::DATAGRAM_BYTES,
                single: limits::DATAGRAM_BYTES,
                joined: 0,
                prefix: false,
            },
            (Way::Datagram, _) => Self {
                usual: limits::DATAGRAM_BYTES,
                single: large,
                joined: if message.to_new { 0 } else { large },
                prefix: true,
            },
        }
    }
}

/// What one piece is, for who counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    /// The bytes to send.
    pub(super) bytes: &'a [u8],
    /// How many messages are in it.
    pub(super) messages: usize,
}

/// Takes a piece.
type Emit<'e> = dyn FnMut(Piece<'_>) -> Result<(), Error> + 'e;

/// Buffers that are used again.
#[derive(Default)]
pub(super) struct Packer {
    piece: Vec<u8>,
    entry: Vec<u8>,
}

impl Packer {
    /// Room that is kept from message to message, in bytes.
    const KEPT_BYTES: usize = 64 * 1024;

    /// Writes a message as pieces and gives each to `emit`.
    ///
    /// An entry that is too large on its own goes without its metadata: where packets are written,
    /// its stamp goes instead, so that the receiver can ask for it.
    ///
    /// # Errors
    /// [`Error::Wire`] and [`Error::Custom`] before anything is sent of the piece in hand, what
    /// `emit` returned, or after all is sent [`Error::MetadataLeftOut`].
    pub(super) fn pack(
        &mut self,
        serializer: &Serializer,
        message: &Outgoing<'_>,
        way: Way,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let written = serializer.written(message.form);
        if let Some(packet) = message.packet {
            if matches!(written, Written::Packet) {
                return self.pass(packet, way, emit);
            }
            return unpacked(message, packet, |message| self.pack(serializer, message, way, emit));
        }
        let budget = Budget::of(way, written, message);
        let result = match written {
            Written::Text(wire) => self.pack_text(wire, message, budget, emit),
            written => self.pack_whole(written, message, budget, emit),
        };
        self.piece.shrink_to(Self::KEPT_BYTES);
        self.entry.shrink_to(Self::KEPT_BYTES);
        result
    }

    /// Gives a packet on that was written before.
    fn pass(&mut self, packet: &[u8], way: Way, emit: &mut Emit<'_>) -> Result<(), Error> {
        let bytes = match way {
            Way::Datagram => packet,
            Way::Stream => {
                self.piece.clear();
                let start = framing::begin_frame(&mut self.piece);
                self.piece.extend_from_slice(packet);
                framing::end_frame(&mut self.piece, start)?;
                &self.piece
            }
        };
        emit(Piece { bytes, messages: 1 })
    }
}
