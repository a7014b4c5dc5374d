//! What a message that is handed out says, read from what the core holds.

use super::fetch::{Fetches, slice};
use super::table::{Flags, Member, Slot, Table};
use crate::types::{
    Detail, Entry, Form, Heartbeat, Metadata, MetadataPart, NodeStatus, PackedMetadata,
};
use alloc::sync::Arc;

/// Metadata of more bytes than this travels apart from its entry (P-12a).
const INLINE_BYTES: usize = 512;

/// One entry of a message that is being handed out.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    /// Our own entry, with the heartbeat of the decision.
    Own(Heartbeat, Detail),
    /// What we hold of a member.
    Member(Slot, Detail),
    /// What a member that we hold online is accused of, for itself.
    Accused(Slot, Heartbeat),
    /// A part of the metadata of a member, or of our own for [`Slot::NONE`].
    Part(Slot, u8),
}

/// What a [`Transmit`](crate::proto::Transmit) borrows its entries from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Book<'a> {
    pub(super) table: &'a Table,
    pub(super) fetches: &'a Fetches,
    pub(super) pieces: &'a [Piece],
    pub(super) form: Form,
    /// Metadata goes to proved addresses only in packets (P-7b).
    pub(super) metadata: bool,
    /// Whether it is for an old peer.
    pub(super) to_old: bool,
}

impl<'a> Book<'a> {
    pub(crate) fn entries(self) -> impl ExactSizeIterator<Item = Entry<'a>> + Clone {
        self.pieces.iter().map(move |&piece| self.entry(piece))
    }

    /// The entries as a packet tells them: a claim alone without the texts that it leaves out.
    #[cfg(feature = "packets")]
    pub(crate) fn packed(self) -> impl ExactSizeIterator<Item = Entry<'a>> + Clone {
        self.pieces.iter().map(move |&piece| self.packed_entry(piece))
    }

    pub(super) fn packed_entry(self, piece: Piece) -> Entry<'a> {
        match piece {
            Piece::Own(heartbeat, Detail::Claim) => {
                Entry { heartbeat: heartbeat.get(), ..self.table.own().claim_entry() }
            }
            Piece::Member(slot, Detail::Claim) => self.table[slot].claim_entry(),
            _ => self.entry(piece),
        }
    }

    fn entry(self, piece: Piece) -> Entry<'a> {
        let own = self.table.own();
        match piece {
            Piece::Own(heartbeat, detail) => {
                Entry { heartbeat: heartbeat.get(), ..self.told(own, Slot::NONE, detail) }
            }
            Piece::Member(slot, detail) => {
                let member = &self.table[slot];
                let told = self.told(member, slot, detail);
                if self.to_old && member.status().is_gone() {
                    // It knows the suspicion by this heartbeat, and takes nothing that has the same.
                    return Entry { heartbeat: member.heartbeat().after(1).get(), ..told };
                }
                told
            }
            Piece::Accused(slot, heartbeat) => {
                let told = self.told(&self.table[slot], slot, Detail::Claim);
                Entry { heartbeat: heartbeat.get(), status: NodeStatus::Suspect, ..told }
            }
            Piece::Part(slot, index) => {
                let member = if slot == Slot::NONE { own } else { &self.table[slot] };
                let metadata = slice(member.metadata.as_deref(), index);
                Entry { metadata, detail: Detail::Claim, ..self.table.entry(member) }
            }
        }
    }

    fn told(self, member: &'a Member, slot: Slot, detail: Detail) -> Entry<'a> {
        let entry = self.table.entry(member);
        let lack = if member.is(Flags::LACKS) { self.fetches.lack(slot) } else { None };
        let held = member.metadata.as_ref();
        let (metadata, detail) = match (self.form, detail, lack) {
            (Form::Text, _, Some(_)) => (MetadataPart::Unsaid, Detail::Full),
            (Form::Text, _, None) => (held.into(), Detail::Full),
            (Form::Packet, Detail::Claim, _) => (MetadataPart::Unsaid, detail),
            (Form::Packet, Detail::Full, Some(lack)) => (MetadataPart::Apart(lack.stamp), detail),
            (Form::Packet, Detail::Full, None) => (self.inline_or_apart(held, slot), detail),
        };
        Entry { metadata, detail, ..entry }
    }

    /// What a whole entry of a packet says about metadata: all of it, or that it can be asked for.
    fn inline_or_apart(self, held: Option<&'a Arc<Metadata>>, slot: Slot) -> MetadataPart<'a> {
        match held {
            Some(held)
                if held.is_empty() || self.metadata && held.packed().len() <= INLINE_BYTES =>
            {
                MetadataPart::Held(held)
            }
            Some(held) => MetadataPart::Apart(held.stamp()),
            // Of ourselves we know that there is none; of others we may not have heard.
            None if slot == Slot::NONE => MetadataPart::Packed(PackedMetadata::NONE),
            None => MetadataPart::Unsaid,
        }
    }
}
