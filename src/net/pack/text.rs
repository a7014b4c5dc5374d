//! Packing as text: entries are written one after the other, as long as there is room.

use super::{Budget, Emit, Packer, Piece};
use crate::net::Error;
use crate::net::serializer::{Outgoing, for_struct, whole};
use crate::types::{Entry, Header, MessageKind, MetadataPart};
use crate::wire::{MAX_ENTRIES, framing, json};

impl Packer {
    /// Writes a message as frames of text that shows `wire` as what is read here.
    pub(super) fn pack_text(
        &mut self,
        wire: u8,
        message: &Outgoing<'_>,
        budget: Budget,
        emit: &mut Emit<'_>,
    ) -> Result<(), Error> {
        let mut header = Header { wire, ..for_struct(message.header) };
        let mut left_out = None;
        let mut messages = 1;
        self.piece.clear();
        let mut start = self.begin();
        let mut count = 0;
        for entry in message.entries {
            self.write_entry(entry, budget, &mut left_out)?;
            let bytes = self.piece.len() - (start - framing::PREFIX_BYTES)
                + 1
                + self.entry.len()
                + json::header_bytes();
            if count > 0 && (bytes > budget.usual || count == MAX_ENTRIES) {
                self.end(&header, start)?;
                header.kind = MessageKind::Update;
                let next = budget.usual.max(empty_frame_bytes() + self.entry.len());
                if self.piece.len() + next > budget.joined {
                    emit(Piece { bytes: &self.piece, messages })?;
                    self.piece.clear();
                    messages = 0;
                }
                messages += 1;
                start = self.begin();
                count = 0;
            }
            if count > 0 {
                self.piece.push(b',');
            }
            self.piece.extend_from_slice(&self.entry);
            count += 1;
        }
        self.end(&header, start)?;
        emit(Piece { bytes: &self.piece, messages })?;
        left_out.map_or(Ok(()), |bytes| Err(Error::MetadataLeftOut(bytes)))
    }

    /// Writes an entry into its buffer, without its metadata if it is too large with it.
    fn write_entry(
        &mut self,
        entry: &Entry<'_>,
        budget: Budget,
        left_out: &mut Option<usize>,
    ) -> Result<(), Error> {
        let entry = whole(entry);
        self.entry.clear();
        json::encode_entry(&entry, &mut self.entry)?;
        let room = budget.single.saturating_sub(empty_frame_bytes());
        if self.entry.len() > room && entry.metadata != MetadataPart::Unsaid {
            *left_out = Some(self.entry.len());
            self.entry.clear();
            let bare = Entry { metadata: MetadataPart::Unsaid, ..entry };
            json::encode_entry(&bare, &mut self.entry)?;
        }
        Ok(())
    }

    fn begin(&mut self) -> usize {
        let start = framing::begin_frame(&mut self.piece);
        json::begin_message(&mut self.piece);
        start
    }

    fn end(&mut self, header: &Header, start: usize) -> Result<(), Error> {
        json::end_message(header, &mut self.piece)?;
        framing::end_frame(&mut self.piece, start)?;
        Ok(())
    }
}

/// What a frame without entries has at most.
const fn empty_frame_bytes() -> usize {
    framing::PREFIX_BYTES + "{\"entries\":[".len() + json::header_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::Way;
    use super::*;
    use crate::net::limits::{DATAGRAM_BYTES, LARGE_DATAGRAM_BYTES};
    use crate::net::serializer::Serializer;
    use crate::types::{Message, Metadata, NodeId, NodeView};
    use std::sync::Arc;

    fn node(number: u8, metadata_bytes: usize) -> NodeView {
        let mut metadata = Metadata::new();
        metadata.insert("k", &"v".repeat(metadata_bytes)).expect("fits");
        NodeView {
            id: NodeId::new([number; 16]),
            ip: "10.0.0.7".into(),
            port: 7946,
            metadata: (metadata_bytes > 0).then(|| Arc::new(metadata)),
            ..NodeView::default()
        }
    }

    /// The frames with their sizes, and how many there are in each datagram.
    struct Packed {
        frames: Vec<(usize, Message)>,
        datagrams: Vec<usize>,
        result: Result<(), Error>,
    }

    fn pack(kind: MessageKind, nodes: &[NodeView], to_new: bool) -> Packed {
        let header =
            Header { kind, sender: NodeId::new([9; 16]), timestamp: 5, ..Header::default() };
        let entries: Vec<_> = nodes.iter().map(NodeView::as_entry).collect();
        let message = Outgoing { to_new, ..Outgoing::new(&header, &entries) };
        let (mut frames, mut datagrams) = (Vec::new(), Vec::new());
        let result =
            Packer::default().pack(&Serializer::Json, &message, Way::Datagram, &mut |piece| {
                assert!(piece.bytes.len() <= LARGE_DATAGRAM_BYTES);
                let before = frames.len();
                frames.extend(framing::frames(piece.bytes).map(|payload| {
                    let message = json::decode(payload).expect("a message");
                    (framing::PREFIX_BYTES + payload.len(), message)
                }));
                assert_eq!(frames.len() - before, piece.messages);
                datagrams.push(piece.messages);
                Ok(())
            });
        Packed { frames, datagrams, result }
    }

    fn ids(got: &[(usize, Message)]) -> Vec<Vec<u8>> {
        let of = |message: &Message| message.entries.iter().map(|e| e.id.as_bytes()[0]).collect();
        got.iter().map(|(_, message)| of(message)).collect()
    }

    #[test]
    fn small_message_is_one_frame() {
        let got = pack(MessageKind::Ping, &[node(1, 0), node(2, 10)], false);
        assert!(got.result.is_ok());
        assert_eq!(ids(&got.frames), [[1, 2]]);
        assert_eq!(got.frames[0].1.header.kind, MessageKind::Ping);
        assert_eq!(pack(MessageKind::Leave, &[], false).frames.len(), 1);
    }

    #[test]
    fn what_does_not_fit_follows_as_updates_in_order() {
        let nodes: Vec<_> = (0..30).map(|number| node(number, 0)).collect();
        for to_new in [false, true] {
            let got = pack(MessageKind::Ping, &nodes, to_new);
            assert!(got.result.is_ok());
            assert!(got.frames.len() > 1);
            assert_eq!(ids(&got.frames).concat(), (0..30).collect::<Vec<_>>());
            for (index, (bytes, message)) in got.frames.iter().enumerate() {
                let expected = if index == 0 { MessageKind::Ping } else { MessageKind::Update };
                assert_eq!(message.header.kind, expected);
                assert_eq!(message.header.sender, NodeId::new([9; 16]));
                assert_eq!(message.header.timestamp, 5);
                assert!(*bytes <= DATAGRAM_BYTES);
            }
            let datagrams = if to_new { got.frames.len() } else { 1 };
            assert_eq!(got.datagrams.len(), datagrams, "an old node loses bursts");
        }
    }

    #[test]
    fn one_datagram_holds_what_fits_the_largest_and_the_rest_follows() {
        let nodes: Vec<_> = (0..=255).map(|number| node(number, 400)).collect();
        let got = pack(MessageKind::Ping, &nodes, false);
        assert_eq!(got.datagrams.len(), 3);
        assert_eq!(ids(&got.frames).concat(), (0..=255).collect::<Vec<_>>());
        let large = [node(1, 1_000), node(2, 59_000), node(3, 1_000)];
        let got = pack(MessageKind::Ping, &large, false);
        assert_eq!(got.datagrams, [1, 1, 1]);
    }

    #[test]
    fn large_entry_goes_alone_and_keeps_its_place() {
        let nodes = [node(1, 0), node(2, 5_000), node(3, 0), node(4, 0)];
        let got = pack(MessageKind::Ping, &nodes, true);
        assert!(got.result.is_ok());
        assert_eq!(ids(&got.frames), [vec![1], vec![2], vec![3, 4]]);
        assert!(got.frames[1].1.entries[0].metadata.is_some());

        let got = pack(MessageKind::Meet, &[node(1, 5_000), node(2, 0)], true);
        assert_eq!(ids(&got.frames), [[1], [2]]);
        let kind = got.frames[0].1.header.kind;
        assert_eq!(kind, MessageKind::Meet, "a meet carries its sender's entry");
    }

    #[test]
    fn entry_too_large_for_any_datagram_goes_without_metadata_and_is_told() {
        let got = pack(MessageKind::Ping, &[node(1, 61_000), node(2, 0)], false);
        assert!(matches!(got.result, Err(Error::MetadataLeftOut(bytes)) if bytes > 61_000));
        assert_eq!(ids(&got.frames), [[1, 2]]);
        assert_eq!(got.frames[0].1.entries[0].metadata, None);
    }

    #[test]
    fn frames_stay_within_the_budget_at_every_size() {
        for bytes in 1..1_500 {
            let nodes = [node(1, bytes), node(2, 0), node(3, 700)];
            let got = pack(MessageKind::Ping, &nodes, bytes % 2 == 0);
            for (size, message) in &got.frames {
                assert!(*size <= DATAGRAM_BYTES || message.entries.len() == 1, "{bytes}: {size}");
            }
            assert_eq!(ids(&got.frames).concat(), [1, 2, 3]);
        }
    }
}
