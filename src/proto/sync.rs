//! Anti-entropy: digests that show a difference, the members that differ, and metadata that travels
//! apart from its entry (P-12, P-12a).

use super::budgets::{Budget, Budgets};
use super::context::{Context, PACKETS};
use super::detector::Detector;
use super::fetch::{Fetches, Lack, parts};
use super::outbox::Content;
use super::rules::Rule;
use super::table::{Flags, Slot, Table};
use crate::types::{Digest, Instant, MessageKind, Metadata, MetadataPart, MetadataStamp, NodeId};
use alloc::sync::Arc;

/// Messages of entries that one sync request is answered with; the rest waits for the next (P-15).
const MAX_SYNC_MESSAGES: u16 = 64;
/// Parts of metadata that are sent for one request.
const PARTS_A_REQUEST: u32 = 32;
/// The least time after which a request counts as lost, in microseconds.
const LEAST_WAIT: u64 = 100_000;

/// What differs from others, as far as we know.
#[derive(Debug)]
pub(crate) struct Sync {
    /// When the next digest rides on a probe.
    at: Instant,
    /// Whether a digest of this round showed a difference.
    differed: bool,
    /// Metadata of others that we lack.
    fetches: Fetches,
}

/// Digests.
impl Sync {
    pub(crate) fn new(now: Instant) -> Self {
        Self { at: now, differed: false, fetches: Fetches::default() }
    }

    /// P-12: every sync interval the top digest rides on a probe of an online member.
    pub(crate) fn rides(&mut self, cx: &mut Context, slot: Slot) -> bool {
        let rides = cx.holds(Rule::Digests)
            && cx.speaks_packets(slot)
            && cx.now() >= self.at
            && cx.table.is_online(slot);
        if rides {
            let interval = u64::from(cx.config.sync_interval_ms) * 1000;
            // Staggered: between three and five quarters of the interval.
            let wait = interval * 3 / 4 + cx.random_below(interval / 2);
            self.at = cx.later(wait);
        }
        rides
    }

    /// Whether a digest of this round showed a difference.
    pub(crate) const fn differed(&self) -> bool {
        self.differed
    }

    /// The same, and a new round begins.
    pub(crate) const fn take_differed(&mut self) -> bool {
        core::mem::replace(&mut self.differed, false)
    }

    /// The buckets that differ are looked into; the members of leaves that differ are exchanged.
    pub(crate) fn apply_digest(
        &mut self,
        cx: &mut Context,
        budgets: &mut Budgets,
        slot: Slot,
        digest: &Digest,
    ) {
        if !budgets.has(Budget::Lists) {
            return;
        }
        let differing = cx.table.differing(digest);
        let Some(prefix) = digest.prefix else {
            for bucket in (0..16u8).filter(|bucket| differing & (1 << bucket) != 0) {
                cx.send(MessageKind::SyncDigest, slot, Content::Digest(Some(bucket)));
            }
            return;
        };
        if differing != 0 {
            self.differed = true;
            let question = Content::AskLeaves { prefix: prefix & 15, buckets: differing };
            cx.send(MessageKind::SyncRequest, slot, question);
            send_leaves(cx, budgets, slot, (prefix & 15, differing));
        }
    }
}

/// Answers a request for the members of some leaves: `buckets` of the sixteenth `prefix`.
pub(crate) fn send_leaves(
    cx: &mut Context,
    budgets: &mut Budgets,
    slot: Slot,
    (prefix, buckets): (u8, u16),
) {
    let has_any = leaves(&cx.table, prefix, buckets).next().is_some();
    if has_any && budgets.spend(Budget::Lists) {
        let left = MAX_SYNC_MESSAGES - 1;
        let content = Content::Leaves { prefix, buckets, skip: 0, left };
        cx.send(MessageKind::Update, slot, content);
    }
}

/// The members of some leaves of a sixteenth of the id space.
pub(crate) fn leaves(table: &Table, prefix: u8, buckets: u16) -> impl Iterator<Item = Slot> {
    let leaves = (0..16u8).filter(move |bucket| buckets & (1 << bucket) != 0);
    leaves.flat_map(move |bucket| table.leaf((prefix & 15) << 4 | bucket))
}

/// Metadata that travels apart.
impl Sync {
    pub(crate) const fn fetches(&self) -> &Fetches {
        &self.fetches
    }

    /// A configuration was taken whose metadata may travel apart; `source` told of it.
    pub(crate) fn apply_metadata(
        &mut self,
        cx: &mut Context,
        detector: &Detector,
        slot: Slot,
        (said, source): (&MetadataPart<'_>, Slot),
    ) {
        if !PACKETS {
            return;
        }
        match said {
            MetadataPart::Unsaid | MetadataPart::Slice { .. } => {}
            MetadataPart::Held(_) | MetadataPart::Packed(_) => self.forget(&mut cx.table, slot),
            MetadataPart::Apart(stamp) if stamp.bytes as usize > Metadata::MAX_PACKED_BYTES => {
                cx.stats.dropped_entries += 1;
            }
            MetadataPart::Apart(stamp) => {
                let held = cx.table[slot].metadata.as_ref();
                let known = held.map_or(stamp.bytes == 0, |held| held.stamp() == *stamp);
                if known {
                    return self.forget(&mut cx.table, slot);
                }
                let source = if source == Slot::NONE { slot } else { source };
                cx.table[slot].flags.set(Flags::LACKS, true);
                self.fetches.add(slot, Lack { stamp: *stamp, source });
                self.start_fetches(cx, detector);
            }
        }
    }

    /// Nothing of a member is to be fetched any more.
    pub(crate) fn forget(&mut self, table: &mut Table, slot: Slot) {
        if PACKETS && table[slot].is(Flags::LACKS) {
            table[slot].flags.set(Flags::LACKS, false);
            self.fetches.remove(slot);
        }
    }

    fn start_fetches(&mut self, cx: &mut Context, detector: &Detector) {
        while let Some(slot) = self.fetches.start_next().map(|fetch| fetch.slot) {
            self.ask_parts(cx, detector, slot);
        }
    }

    /// Requests that were not answered in time are made again; of somebody else, if nothing came.
    pub(crate) fn check_fetches(&mut self, cx: &mut Context, detector: &Detector) {
        let awake = cx.awake();
        if !PACKETS || self.fetches.due() > awake {
            return;
        }
        while let Some(fetch) = self.fetches.late(awake) {
            let slot = fetch.slot;
            if !fetch.has_answer() {
                // The owner has it for sure; anybody else may be nearer.
                let owner = cx.table.is_online(slot) && fetch.tries % 2 == 1;
                let source = if owner { Some(slot) } else { cx.any_online() };
                fetch.source = source.unwrap_or(slot);
            }
            self.ask_parts(cx, detector, slot);
        }
        self.start_fetches(cx, detector);
    }

    fn ask_parts(&mut self, cx: &mut Context, detector: &Detector, slot: Slot) {
        let wait = detector.late().max(LEAST_WAIT);
        let Some(lack) = self.fetches.lack(slot) else { return };
        let Some(fetch) = self.fetches.get_mut(slot, lack.stamp) else { return };
        fetch.over = cx.awake() + (wait << fetch.tries);
        let source = fetch.source;
        fetch.ask();
        if cx.table.is_online(source) {
            cx.send(MessageKind::SyncRequest, source, Content::AskParts(slot));
        }
    }

    /// Takes a part of metadata that is being fetched.
    pub(crate) fn apply_part(
        &mut self,
        cx: &mut Context,
        detector: &Detector,
        slot: Slot,
        (stamp, index, bytes): (MetadataStamp, u8, &[u8]),
    ) {
        let Some(fetch) = self.fetches.get_mut(slot, stamp) else { return };
        if !fetch.take(index, bytes) {
            return;
        }
        if !fetch.is_complete() {
            if fetch.is_answered() {
                self.ask_parts(cx, detector, slot);
            }
            return;
        }
        let metadata = fetch.finish();
        self.fetches.remove(slot);
        match metadata {
            Some(metadata) => {
                cx.table[slot].flags.set(Flags::LACKS, false);
                cx.table[slot].metadata = Some(Arc::new(metadata));
                cx.stats.metadata_fetched += 1;
                cx.event(slot, cx.table[slot].status());
            }
            // Somebody sent bytes that are not what the owner has: all anew, of the owner.
            None => self.fetches.add(slot, Lack { stamp, source: slot }),
        }
        self.start_fetches(cx, detector);
    }
}

/// Answers a request for parts of the metadata of a node, as far as we have what is asked for.
pub(crate) fn send_parts(
    cx: &mut Context,
    budgets: &mut Budgets,
    to: Slot,
    (id, stamp, mut wanted): (&NodeId, MetadataStamp, u128),
) {
    let is_own = *id == cx.table.own().id();
    let Some(slot) = (if is_own { Some(Slot::NONE) } else { cx.table.slot(id) }) else { return };
    let member = if is_own { cx.table.own() } else { &cx.table[slot] };
    if member.metadata.as_ref().is_none_or(|held| held.stamp() != stamp) {
        return;
    }
    for _ in 0..PARTS_A_REQUEST {
        let index = wanted.trailing_zeros();
        if index >= parts(stamp) || !budgets.spend(Budget::Parts) {
            return;
        }
        wanted &= wanted - 1;
        cx.send(MessageKind::Update, to, Content::Part(slot, index as u8));
    }
}
