//! A message to pieces of a bounded size, each what is sent at once: a datagram, or a frame of a
//! stream.
//!
//! The first piece is the message, with the entries from its front that fit. The others follow as
//! updates of the same sender, which ask for no answer.

mod text;
mod whole;

use super::format::Format;
use super::serializer::{Outgoing, Serializer, unpacked};
use super::{
    DATAGRAM_BYTES, Error, LARGE_DATAGRAM_BYTES, MAX_MESSAGE_BYTES, STREAM_FRAME_BYTES, framing,
};
use crate::types::Form;
use alloc::vec::Vec;

/// What carries the pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Medium {
    /// Datagrams.
    Datagram,
    /// A stream.
    Stream,
}

/// How large a frame or packet may be, its prefix included.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    /// From here on a message is split.
    usual: usize,
    /// What one with a single entry may have.
    single: usize,
    /// Up to here frames of one message go in one piece.
    joined: usize,
    /// Whether a length stands before it.
    prefix: bool,
}

impl Sizes {
    fn of(medium: Medium, format: &Format, message: &Outgoing<'_>) -> Self {
        let large = LARGE_DATAGRAM_BYTES;
        match medium {
            Medium::Stream => Self {
                usual: STREAM_FRAME_BYTES,
                single: framing::PREFIX_BYTES + MAX_MESSAGE_BYTES,
                joined: 0,
                prefix: true,
            },
            // Whoever decided for a packet also saw to its size.
            Medium::Datagram if format.is_packet() && message.form == Form::Packet => {
                Self { usual: large, single: large, joined: 0, prefix: false }
            }
            Medium::Datagram if format.is_packet() => {
                let usual = DATAGRAM_BYTES;
                Self { usual, single: usual, joined: 0, prefix: false }
            }
            Medium::Datagram => Self {
                usual: DATAGRAM_BYTES,
                single: large,
                joined: if message.to_new { 0 } else { large },
                prefix: true,
            },
        }
    }
}

/// One piece of a message.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The bytes to send.
    pub bytes: &'a [u8],
    /// The number of messages in them.
    pub messages: usize,
}

/// Takes a piece; `false` ends the packing.
type Emit<'e> = dyn FnMut(Piece<'_>) -> bool + 'e;

/// Splits messages. Its buffers are used again.
#[derive(Default)]
pub struct Packer {
    piece: Vec<u8>,
    entry: Vec<u8>,
}

impl Packer {
    /// Room that is kept from message to message, in bytes.
    const KEPT_BYTES: usize = 64 * 1024;

    /// Writes a message as pieces and gives each to `emit`, until that returns `false`.
    ///
    /// An entry that is too large on its own goes without its metadata: where packets are written,
    /// its stamp goes instead, so that the receiver can ask for it.
    ///
    /// # Errors
    /// [`Error::MetadataLeftOut`] after all pieces were given to `emit`. Any other error says why the
    /// rest cannot be written, and comes before the piece at hand is given to `emit`.
    pub fn pack(
        &mut self,
        serializer: &Serializer,
        message: &Outgoing<'_>,
        medium: Medium,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let format = serializer.format_for(message.form);
        if let Some(packet) = message.packet {
            if matches!(format, Format::Packet) {
                return self.pass(packet, medium, emit);
            }
            return unpacked(message, packet, |message| {
                self.pack(serializer, message, medium, emit)
            });
        }
        let sizes = Sizes::of(medium, &format, message);
        debug_assert!(sizes.usual <= sizes.single, "one entry has at least the room of several");
        let result = match format {
            Format::Text { packets } => self.pack_text(packets, message, sizes, emit),
            format => self.pack_whole(&format, message, sizes, emit),
        };
        self.piece.shrink_to(Self::KEPT_BYTES);
        self.entry.shrink_to(Self::KEPT_BYTES);
        result
    }

    /// Gives a packet on that was written before.
    fn pass(&mut self, packet: &[u8], medium: Medium, emit: &mut Emit<'_>) -> Result<(), Error> {
        let bytes = match medium {
            Medium::Datagram => packet,
            Medium::Stream => {
                self.piece.clear();
                let start = framing::begin_frame(&mut self.piece);
                self.piece.extend_from_slice(packet);
                framing::end_frame(&mut self.piece, start)?;
                &self.piece
            }
        };
        emit(Piece { bytes, messages: 1 });
        Ok(())
    }
}
