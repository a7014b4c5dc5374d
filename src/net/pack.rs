//! A message to frames of a bounded size.

use super::Error;
use crate::types::{Entry, Header, MessageKind, MetadataPart};
use crate::wire::{MAX_ENTRIES, framing, json};

/// How large a frame may be, its prefix included.
#[derive(Clone, Copy)]
pub(super) struct Budget {
    /// From here on a message is split.
    pub(super) usual: usize,
    /// What a frame with a single entry may have.
    pub(super) single: usize,
}

/// Buffers that are used again.
#[derive(Default)]
pub(super) struct Packer {
    frame: Vec<u8>,
    entry: Vec<u8>,
}

impl Packer {
    /// Room that is kept from message to message, in bytes.
    const KEPT_BYTES: usize = 64 * 1024;

    /// Writes a message as frames and gives each to `emit`.
    ///
    /// The first frame is the message, with the entries from its front that fit. The others follow
    /// as updates of the same sender, which ask for no answer. An entry that is too large on its
    /// own goes without its metadata, which says nothing about it.
    ///
    /// # Errors
    /// [`Error::Wire`] before anything is sent, what `emit` returned, or after all is sent
    /// [`Error::MetadataLeftOut`].
    pub(super) fn pack<'a>(
        &mut self,
        header: &Header,
        entries: impl IntoIterator<Item = Entry<'a>>,
        budget: Budget,
        mut emit: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut header = *header;
        let mut left_out = None;
        let mut start = self.begin();
        let mut count = 0;
        for entry in entries {
            self.entry.clear();
            json::encode_entry(&entry, &mut self.entry)?;
            let room = budget.single.saturating_sub(empty_frame_bytes());
            if self.entry.len() > room && entry.metadata != MetadataPart::Unsaid {
                left_out = Some(self.entry.len());
                self.entry.clear();
                json::encode_entry(
                    &Entry { metadata: MetadataPart::Unsaid, ..entry },
                    &mut self.entry,
                )?;
            }
            let bytes = self.frame.len() + 1 + self.entry.len() + json::header_bytes();
            if count > 0 && (bytes > budget.usual || count == MAX_ENTRIES) {
                self.end(&header, start)?;
                emit(&self.frame)?;
                header.kind = MessageKind::Update;
                start = self.begin();
                count = 0;
            }
            if count > 0 {
                self.frame.push(b',');
            }
            self.frame.extend_from_slice(&self.entry);
            count += 1;
        }
        self.end(&header, start)?;
        let sent = emit(&self.frame);
        self.frame.shrink_to(Self::KEPT_BYTES);
        self.entry.shrink_to(Self::KEPT_BYTES);
        sent?;
        left_out.map_or(Ok(()), |bytes| Err(Error::MetadataLeftOut(bytes)))
    }

    fn begin(&mut self) -> usize {
        self.frame.clear();
        let start = framing::begin_frame(&mut self.frame);
        json::begin_message(&mut self.frame);
        start
    }

    fn end(&mut self, header: &Header, start: usize) -> Result<(), Error> {
        json::end_message(header, &mut self.frame)?;
        framing::end_frame(&mut self.frame, start)?;
        Ok(())
    }
}

/// What a frame without entries has at most.
const fn empty_frame_bytes() -> usize {
    framing::PREFIX_BYTES + "{\"entries\":[".len() + json::header_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::limits::{DATAGRAM_BYTES, LARGE_DATAGRAM_BYTES};
    use crate::types::{Message, Metadata, NodeId, NodeView};
    use std::sync::Arc;

    const BUDGET: Budget = Budget { usual: DATAGRAM_BYTES, single: LARGE_DATAGRAM_BYTES };

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

    fn pack(kind: MessageKind, nodes: &[NodeView]) -> (Vec<(usize, Message)>, Result<(), Error>) {
        let header =
            Header { kind, sender: NodeId::new([9; 16]), timestamp: 5, ..Header::default() };
        let mut got = Vec::new();
        let entries = nodes.iter().map(NodeView::as_entry);
        let result = Packer::default().pack(&header, entries, BUDGET, |frame| {
            let payload = framing::frames(frame).next().expect("a whole frame");
            got.push((frame.len(), json::decode(payload).expect("a message")));
            Ok(())
        });
        (got, result)
    }

    fn ids(got: &[(usize, Message)]) -> Vec<Vec<u8>> {
        let of = |message: &Message| message.entries.iter().map(|e| e.id.as_bytes()[0]).collect();
        got.iter().map(|(_, message)| of(message)).collect()
    }

    #[test]
    fn small_message_is_one_frame() {
        let (got, result) = pack(MessageKind::Ping, &[node(1, 0), node(2, 10)]);
        assert!(result.is_ok());
        assert_eq!(ids(&got), [[1, 2]]);
        assert_eq!(got[0].1.header.kind, MessageKind::Ping);
        assert_eq!(pack(MessageKind::Leave, &[]).0.len(), 1);
    }

    #[test]
    fn what_does_not_fit_follows_as_updates_in_order() {
        let nodes: Vec<_> = (0..30).map(|number| node(number, 0)).collect();
        let (got, result) = pack(MessageKind::Ping, &nodes);
        assert!(result.is_ok());
        assert!(got.len() > 1);
        assert_eq!(ids(&got).concat(), (0..30).collect::<Vec<_>>());
        for (index, (bytes, message)) in got.iter().enumerate() {
            let expected = if index == 0 { MessageKind::Ping } else { MessageKind::Update };
            assert_eq!(message.header.kind, expected);
            assert_eq!(message.header.sender, NodeId::new([9; 16]));
            assert_eq!(message.header.timestamp, 5);
            assert!(*bytes <= DATAGRAM_BYTES);
        }
    }

    #[test]
    fn large_entry_goes_alone_and_keeps_its_place() {
        let nodes = [node(1, 0), node(2, 5_000), node(3, 0), node(4, 0)];
        let (got, result) = pack(MessageKind::Ping, &nodes);
        assert!(result.is_ok());
        assert_eq!(ids(&got), [vec![1], vec![2], vec![3, 4]]);
        assert!(got[1].1.entries[0].metadata.is_some());

        let (got, _) = pack(MessageKind::Meet, &[node(1, 5_000), node(2, 0)]);
        assert_eq!(ids(&got), [[1], [2]]);
        assert_eq!(got[0].1.header.kind, MessageKind::Meet, "a meet carries its sender's entry");
    }

    #[test]
    fn entry_too_large_for_any_datagram_goes_without_metadata_and_is_told() {
        let (got, result) = pack(MessageKind::Ping, &[node(1, 61_000), node(2, 0)]);
        assert!(matches!(result, Err(Error::MetadataLeftOut(bytes)) if bytes > 61_000));
        assert_eq!(ids(&got), [[1, 2]]);
        assert_eq!(got[0].1.entries[0].metadata, None);
    }

    #[test]
    fn frames_stay_within_the_budget_at_every_size() {
        for bytes in 1..1_500 {
            let (got, _) = pack(MessageKind::Ping, &[node(1, bytes), node(2, 0), node(3, 700)]);
            for (size, message) in &got {
                assert!(*size <= DATAGRAM_BYTES || message.entries.len() == 1, "{bytes}: {size}");
            }
            assert_eq!(ids(&got).concat(), [1, 2, 3]);
        }
    }
}
