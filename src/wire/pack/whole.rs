//! Packing for the formats that are written in one go: what is too large is written again with fewer
//! entries.

use super::{Emit, Packer, Piece};
use crate::types::{Entry, Header, MessageKind, MetadataPart, SyncPayload};
use crate::wire::format::Format;
use crate::wire::json::Budget;
use crate::wire::{Error, MAX_ENTRIES, Outgoing, framing};

impl Packer {
    /// Writes a message as pieces, each with a length before it if `prefix` is set.
    pub(super) fn pack_whole(
        &mut self,
        format: &Format,
        message: &Outgoing<'_>,
        budget: Budget,
        prefix: bool,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let mut header = *message.header;
        let mut rest = message.entries;
        loop {
            let count = self.write_front(format, &header, rest, budget, prefix)?;
            if !emit(Piece { bytes: &self.piece, messages: 1 }) {
                return Ok(());
            }
            debug_assert!(count <= rest.len(), "no more entries are written than there are");
            rest = rest.get(count..).unwrap_or_default();
            if rest.is_empty() {
                return Ok(());
            }
            // What follows asks for nothing.
            let (nonce, sync, wants) = (0, SyncPayload::None, false);
            header = Header { kind: MessageKind::Update, nonce, sync, wants, ..header };
        }
    }

    /// Writes as many entries from the front as fit, one at least; gives their number.
    fn write_front(
        &mut self,
        format: &Format,
        header: &Header,
        entries: &[Entry<'_>],
        budget: Budget,
        prefix: bool,
    ) -> Result<usize, Error> {
        let mut count = entries.len().min(MAX_ENTRIES);
        loop {
            let front = entries.get(..count).unwrap_or_default();
            let bytes = match self.write(format, header, front, prefix) {
                Err(Error::TooLarge(bytes)) if count > 1 => bytes,
                // More than a reader of this form would take.
                Err(Error::TooManyEntries) if count > 1 => 2 * budget.usual,
                Err(error) => return Err(error),
                Ok(()) => self.piece.len(),
            };
            if count <= 1 {
                break;
            }
            if bytes <= budget.usual {
                return Ok(count);
            }
            // Entries are about the same size, so this is close already.
            count = (count * budget.usual / bytes).clamp(1, count - 1);
        }
        if let Some(entry) = entries.first().filter(|_| self.piece.len() > budget.single)
            && let Some(stamp) = entry.metadata.stamp()
            && !matches!(entry.metadata, MetadataPart::Slice { .. })
        {
            let metadata = MetadataPart::Apart(stamp);
            self.write(format, header, &[Entry { metadata, ..*entry }], prefix)?;
        }
        Ok(count)
    }

    fn write(
        &mut self,
        format: &Format,
        header: &Header,
        entries: &[Entry<'_>],
        prefix: bool,
    ) -> Result<(), Error> {
        self.piece.clear();
        if prefix {
            let start = framing::begin_frame(&mut self.piece);
            format.encode(header, entries, &mut self.piece)?;
            framing::end_frame(&mut self.piece, start)?;
        } else {
            format.encode(header, entries, &mut self.piece)?;
        }
        Ok(())
    }
}
