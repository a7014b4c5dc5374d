//! A message to pieces of a bounded size, each what is sent at once: a datagram, or a frame of a
//! stream.
//!
//! The first piece is the message, with the entries from its front that fit. The others follow as
//! updates of the same sender, which ask for no answer. As text, entries are written one after the other
//! as long as there is room.

mod whole;

use super::format::Format;
use super::json::{self, Budget};
use super::serializer::{Outgoing, Serializer, unpacked};
use super::{
    DATAGRAM_BYTES, Error, LARGE_DATAGRAM_BYTES, MAX_MESSAGE_BYTES, STREAM_FRAME_BYTES, binary,
    framing,
};
use crate::types::{Form, Header};
use alloc::vec::Vec;

/// What carries the pieces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Medium {
    /// Datagrams.
    Datagram,
    /// A stream.
    Stream,
}

/// How large the frames or packets of a message may be.
fn budget(medium: Medium, format: &Format, message: &Outgoing<'_>) -> Budget {
    let (usual, large) = (DATAGRAM_BYTES, LARGE_DATAGRAM_BYTES);
    let (usual, single, joined) = match medium {
        Medium::Stream => (STREAM_FRAME_BYTES, framing::PREFIX_BYTES + MAX_MESSAGE_BYTES, 0),
        // Whoever decided for a packet also saw to its size.
        Medium::Datagram if format.is_packet() && message.form == Form::Packet => (large, large, 0),
        Medium::Datagram if format.is_packet() => (usual, usual, 0),
        Medium::Datagram => (usual, large, if message.to_new { 0 } else { large }),
    };
    debug_assert!(usual <= single, "one entry has at least the room of several");
    Budget { usual, single, joined }
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
        let budget = budget(medium, &format, message);
        let result = match format {
            Format::Text { packets } => self.pack_text(packets, message, budget, emit),
            format => {
                let prefix = medium == Medium::Stream || !format.is_packet();
                self.pack_whole(&format, message, budget, prefix, emit)
            }
        };
        self.piece.shrink_to(Self::KEPT_BYTES);
        self.entry.shrink_to(Self::KEPT_BYTES);
        result
    }

    /// Writes a message as frames of text, which says whether `packets` are read here.
    fn pack_text(
        &mut self,
        packets: bool,
        message: &Outgoing<'_>,
        budget: Budget,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let wire = if packets { binary::VERSION } else { 0 };
        let header = Header { wire, ..*message.header };
        let Self { piece, entry } = self;
        piece.clear();
        let mut end = |piece: &mut Vec<u8>, messages| {
            let goes_on = emit(Piece { bytes: piece, messages });
            piece.clear();
            goes_on
        };
        let left_out =
            json::write_frames(&header, message.entries, budget, entry, piece, &mut end)?;
        left_out.map_or(Ok(()), |bytes| Err(Error::MetadataLeftOut(bytes)))
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
