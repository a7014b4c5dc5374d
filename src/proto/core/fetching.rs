//! Asking for what a claim says that we lack: configurations, and metadata in parts (P-12a).

use super::super::fetch::{Lack, part, parts};
use super::super::member::{Flags, Slot};
use super::super::outbox::{Content, Send};
use super::super::stats::Reason;
use super::claims::Teller;
use super::{Core, PACKETS};
use crate::types::{
    Detail, Entry, Header, Heartbeat, MessageKind, Metadata, MetadataPart, MetadataStamp, NodeId,
    NodeStatus,
};
use alloc::sync::Arc;

/// Parts of metadata that are sent for one request.
const PARTS_A_REQUEST: u32 = 32;
/// And in one round, for all requests (P-15).
pub(super) const PARTS_A_ROUND: u32 = 1024;
/// The least time after which a request counts as lost, in microseconds.
const LEAST_WAIT: u64 = 100_000;

impl Core {
    /// Whether the sender tells of itself in short and we lack the configuration that goes with it.
    pub(super) fn lacks_configuration(&self, slot: Slot, own: &Entry<'_>) -> bool {
        if !PACKETS || matches!(own.detail, Detail::Full) {
            return false;
        }
        if slot == Slot::NONE {
            return true;
        }
        let held = &self.members[slot];
        let at = Heartbeat::new(own.config_heartbeat).unwrap_or_default();
        own.config_epoch > held.config_epoch || at > held.config_heartbeat
    }

    /// What the sender says of itself or of us may call for an answer of its own: our configuration,
    /// which it lacks, or the request for its own.
    pub(super) fn exchange_configurations(&mut self, header: &Header, teller: &Teller) {
        let asks = matches!(header.kind, MessageKind::Ping | MessageKind::Meet | MessageKind::Join);
        // A question is answered with both.
        if !PACKETS || asks || teller.slot == Slot::NONE || !teller.online {
            return;
        }
        if header.wants || teller.lacks {
            let send = Send::new(MessageKind::Update, teller.slot, Content::Own);
            self.decide(Send { wants: teller.lacks, full: header.wants, ..send });
        }
    }

    /// A configuration was taken whose metadata may travel apart.
    pub(super) fn note_metadata(&mut self, slot: Slot, said: &MetadataPart<'_>, source: Slot) {
        if !PACKETS {
            return;
        }
        match said {
            MetadataPart::Unsaid | MetadataPart::Slice { .. } => {}
            MetadataPart::Held(_) | MetadataPart::Packed(_) => self.end_fetch(slot),
            MetadataPart::Apart(stamp) if stamp.bytes as usize > Metadata::MAX_PACKED_BYTES => {
                self.stats.dropped_entries += 1;
            }
            MetadataPart::Apart(stamp) => {
                let held = self.members[slot].metadata.as_ref();
                let known = held.map_or(stamp.bytes == 0, |held| held.stamp() == *stamp);
                if known {
                    return self.end_fetch(slot);
                }
                let source = if source == Slot::NONE { slot } else { source };
                self.members[slot].flags.set(Flags::LACKS, true);
                self.fetches.add(slot, Lack { stamp: *stamp, source });
                self.start_fetches();
            }
        }
    }

    pub(super) fn end_fetch(&mut self, slot: Slot) {
        if PACKETS && self.members[slot].is(Flags::LACKS) {
            self.members[slot].flags.set(Flags::LACKS, false);
            self.fetches.remove(slot);
        }
    }

    pub(super) fn start_fetches(&mut self) {
        while let Some(slot) = self.fetches.start_next().map(|fetch| fetch.slot) {
            self.ask_parts(slot);
        }
    }

    /// Requests that were not answered in time are made again; of somebody else, if nothing came.
    pub(super) fn check_fetches(&mut self) {
        let awake = self.clock.awake();
        if !PACKETS || self.fetches.due() > awake {
            return;
        }
        while let Some(fetch) = self.fetches.late(awake) {
            let (slot, tries, has_answer) = (fetch.slot, fetch.tries, fetch.has_answer());
            if has_answer {
                self.ask_parts(slot);
                continue;
            }
            // The owner has it for sure; anybody else may be nearer.
            let owner = self.members[slot].status == NodeStatus::Online && tries % 2 == 1;
            let other = |core: &mut Self| core.random_online(|_| true);
            let source = if owner { Some(slot) } else { other(self) };
            if let Some(lack) = self.fetches.lack(slot)
                && let Some(fetch) = self.fetches.get_mut(slot, lack.stamp)
            {
                fetch.source = source.unwrap_or(slot);
            }
            self.ask_parts(slot);
        }
        self.start_fetches();
    }

    fn ask_parts(&mut self, slot: Slot) {
        let wait = self.round_trip.late().max(LEAST_WAIT);
        let awake = self.clock.awake();
        let Some(lack) = self.fetches.lack(slot) else { return };
        let Some(fetch) = self.fetches.get_mut(slot, lack.stamp) else { return };
        fetch.over = awake + (wait << fetch.tries);
        let source = fetch.source;
        fetch.ask();
        if self.members[source].status == NodeStatus::Online {
            self.send(MessageKind::SyncRequest, source, Content::AskParts(slot));
        }
    }

    /// Answers a request for parts, as far as we have what is asked for.
    pub(super) fn send_parts(
        &mut self,
        to: Slot,
        id: &NodeId,
        stamp: MetadataStamp,
        mut wanted: u128,
    ) {
        let slot =
            if *id == self.members.own.id { Some(Slot::NONE) } else { self.members.slot(id) };
        let Some(slot) = slot else { return };
        let held = self.metadata_of(slot);
        if held.is_none_or(|held| held.stamp() != stamp) {
            return;
        }
        for _ in 0..PARTS_A_REQUEST {
            let index = wanted.trailing_zeros();
            if index >= parts(stamp) || self.parts_left == 0 {
                return;
            }
            wanted &= wanted - 1;
            self.parts_left -= 1;
            self.send(MessageKind::Update, to, Content::Part(slot, index as u8));
        }
    }

    /// The metadata of a member, or our own for [`Slot::NONE`].
    fn metadata_of(&self, slot: Slot) -> Option<&Metadata> {
        let member = if slot == Slot::NONE { &self.members.own } else { &self.members[slot] };
        member.metadata.as_deref()
    }

    /// Takes a part of metadata that is being fetched.
    pub(super) fn hear_part(&mut self, slot: Slot, stamp: MetadataStamp, index: u8, bytes: &[u8]) {
        let Some(fetch) = self.fetches.get_mut(slot, stamp) else { return };
        if !fetch.take(index, bytes) {
            return;
        }
        if !fetch.is_complete() {
            if fetch.is_answered() {
                self.ask_parts(slot);
            }
            return;
        }
        let metadata = fetch.finish();
        self.fetches.remove(slot);
        match metadata {
            Some(metadata) => {
                self.members[slot].flags.set(Flags::LACKS, false);
                self.members[slot].metadata = Some(Arc::new(metadata));
                self.stats.metadata_fetched += 1;
                let status = self.members[slot].status;
                self.event(slot, status);
            }
            // Somebody sent bytes that are not what the owner has: all anew, of the owner.
            None => self.fetches.add(slot, Lack { stamp, source: slot }),
        }
        self.start_fetches();
    }

    /// Notes why the status of a member is what it is now.
    pub(super) fn set_reason(&mut self, slot: Slot, reason: Reason) {
        self.members[slot].reason = reason;
    }
}

/// The bytes of a part of what is held, as an entry tells them.
pub(super) fn slice(metadata: Option<&Metadata>, index: u8) -> MetadataPart<'_> {
    metadata.map_or(MetadataPart::Unsaid, |held| MetadataPart::Slice {
        stamp: held.stamp(),
        index,
        bytes: part(held, index),
    })
}
