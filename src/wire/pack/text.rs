//! Packing as text: entries are written one after the other, as long as there is room.

use super::{Emit, Packer, Piece};
use crate::types::Header;
use crate::wire::{Error, Outgoing, binary, json};
use alloc::vec::Vec;

impl Packer {
    /// Writes a message as frames of text, which says whether `packets` are read here.
    pub(super) fn pack_text(
        &mut self,
        packets: bool,
        message: &Outgoing<'_>,
        budget: json::Budget,
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
}
