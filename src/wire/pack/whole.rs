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

#[cfg(test)]
mod tests {
    use super::super::Medium;
    use super::*;
    use crate::types::{Apart, Form, Metadata, NodeId, NodeView};
    use crate::wire::{DATAGRAM_BYTES, STREAM_FRAME_BYTES, Serializer, binary};
    use alloc::format;
    use alloc::sync::Arc;
    use alloc::vec::Vec;

    fn node(number: u8, metadata_bytes: usize) -> NodeView {
        let mut metadata = Metadata::new();
        metadata.insert("k", &"v".repeat(metadata_bytes)).expect("fits");
        NodeView {
            id: NodeId::new([number; 16]),
            ip: "10.0.0.7".into(),
            port: 7946,
            role: format!("role {number}"),
            metadata: (metadata_bytes > 0).then(|| Arc::new(metadata)),
            ..NodeView::default()
        }
    }

    /// The sizes of the pieces, and what is in them.
    fn pack(form: Form, medium: Medium, nodes: &[NodeView]) -> Vec<(usize, Header, Vec<NodeView>)> {
        let header = Header {
            sender: NodeId::new([9; 16]),
            timestamp: 5,
            nonce: 8,
            interval_us: 100,
            ..Header::default()
        };
        let entries: Vec<_> = nodes.iter().map(NodeView::as_entry).collect();
        let message = Outgoing { form, ..Outgoing::new(&header, &entries) };
        let mut got = Vec::new();
        Packer::default()
            .pack(&Serializer::Binary, &message, medium, &mut |piece| {
                let packet = match medium {
                    Medium::Datagram => piece.bytes,
                    Medium::Stream => framing::frames(piece.bytes).next().expect("a whole frame"),
                };
                let message = binary::decode(packet).expect("a packet").to_message();
                got.push((piece.bytes.len(), message.header, message.entries));
                true
            })
            .expect("all can be sent");
        got
    }

    #[test]
    fn what_does_not_fit_a_datagram_follows_as_updates_in_order() {
        let nodes: Vec<_> = (0..200).map(|number| node(number, 0)).collect();
        let got = pack(Form::Text, Medium::Datagram, &nodes);
        assert!(got.len() > 3 && got.len() < 12, "{} pieces", got.len());
        assert!(got.iter().all(|(bytes, ..)| *bytes <= DATAGRAM_BYTES));
        let kinds: Vec<_> = got.iter().map(|(_, header, _)| (header.kind, header.nonce)).collect();
        assert_eq!(kinds[0], (MessageKind::Ping, 8));
        assert!(kinds[1..].iter().all(|&kind| kind == (MessageKind::Update, 0)));
        let entries: Vec<_> = got.into_iter().flat_map(|(.., entries)| entries).collect();
        assert_eq!(entries, nodes);
    }

    #[test]
    fn a_packet_that_was_decided_on_is_not_split() {
        let nodes: Vec<_> = (0..200).map(|number| node(number, 0)).collect();
        assert_eq!(pack(Form::Packet, Medium::Datagram, &nodes).len(), 1);
        let stream = pack(Form::Text, Medium::Stream, &nodes);
        assert_eq!(stream.len(), 1);
        assert!(stream[0].0 <= STREAM_FRAME_BYTES);
    }

    #[test]
    fn metadata_too_large_for_a_datagram_goes_apart() {
        let nodes = [node(1, 10), node(2, 5_000), node(3, 10)];
        let got = pack(Form::Text, Medium::Datagram, &nodes);
        let entries: Vec<_> = got.into_iter().flat_map(|(.., entries)| entries).collect();
        assert_eq!(entries[0], nodes[0]);
        assert_eq!(entries[2], nodes[2]);
        let stamp = nodes[1].metadata.as_ref().expect("it has some").stamp();
        assert_eq!((&entries[1].metadata, &entries[1].apart), (&None, &Apart::Stamp(stamp)));
        let stream = pack(Form::Text, Medium::Stream, &nodes);
        assert_eq!(stream[0].2, nodes);
    }
}
