//! Metadata of others that travels apart and is fetched in parts (P-12a).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::table::Slot;
use crate::types::{Metadata, MetadataPart, MetadataStamp, PackedMetadata};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Fetches that run at a time; the others wait (P-15).
pub(crate) const MAX_FETCHES: usize = 16;
/// Parts that one request asks for, so that the answer fits the receiver's socket.
const MAX_ASKED: u32 = 32;
/// Requests without any answer after which another fetch gets the place.
const MAX_TRIES: u8 = 4;

/// The number of parts of some metadata.
pub(crate) fn parts(stamp: MetadataStamp) -> u32 {
    stamp.bytes.div_ceil(MetadataPart::SLICE_BYTES as u32)
}

/// The bytes of one part of some metadata; none beyond its end.
fn part(metadata: &Metadata, index: u8) -> &[u8] {
    let start = usize::from(index) * MetadataPart::SLICE_BYTES;
    let rest = metadata.packed().get(start..).unwrap_or_default();
    &rest[..rest.len().min(MetadataPart::SLICE_BYTES)]
}

/// The bytes of a part of what is held, as an entry tells them.
pub(crate) fn slice(metadata: Option<&Metadata>, index: u8) -> MetadataPart<'_> {
    metadata.map_or(MetadataPart::Unsaid, |held| MetadataPart::Slice {
        stamp: held.stamp(),
        index,
        bytes: part(held, index),
    })
}

/// What is known of metadata that a member has and we do not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lack {
    pub(crate) stamp: MetadataStamp,
    /// Who told of it.
    pub(crate) source: Slot,
}

/// One fetch. Times are awake microseconds.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) slot: Slot,
    pub(crate) stamp: MetadataStamp,
    /// Whom we asked last.
    pub(crate) source: Slot,
    /// When what was asked for counts as lost.
    pub(crate) over: u64,
    /// Requests that nothing came for, in a row.
    pub(crate) tries: u8,
    buffer: Vec<u8>,
    have: u128,
    asked: u128,
}

impl Fetch {
    pub(crate) const fn new(slot: Slot, lack: Lack) -> Self {
        let Lack { stamp, source } = lack;
        Self { slot, stamp, source, over: 0, tries: 0, buffer: Vec::new(), have: 0, asked: 0 }
    }

    /// The parts to ask for next: the first that are missing. They count as asked for.
    pub(crate) fn ask(&mut self) -> u128 {
        let all = u128::MAX.checked_shr(128 - parts(self.stamp)).unwrap_or(0);
        let mut missing = all & !self.have;
        self.asked = 0;
        for _ in 0..MAX_ASKED {
            let lowest = missing & missing.wrapping_neg();
            self.asked |= lowest;
            missing ^= lowest;
        }
        self.asked
    }

    /// Takes a part; whether it was one that was missing.
    pub(crate) fn take(&mut self, index: u8, bytes: &[u8]) -> bool {
        let (start, all) =
            (usize::from(index) * MetadataPart::SLICE_BYTES, self.stamp.bytes as usize);
        let expected = all.saturating_sub(start).min(MetadataPart::SLICE_BYTES);
        let bit = 1_u128.checked_shl(index.into()).unwrap_or(0);
        if expected == 0 || bytes.len() != expected || self.have & bit != 0 {
            return false;
        }
        // No more room than what came calls for.
        if self.buffer.len() < start + expected {
            self.buffer.resize(start + expected, 0);
        }
        self.buffer[start..start + expected].copy_from_slice(bytes);
        self.have |= bit;
        self.tries = 0;
        true
    }

    /// Whether all that was asked for has come, or the last of it, which is sent last: what is missing
    /// still is lost.
    pub(crate) const fn is_answered(&self) -> bool {
        (self.asked & !self.have).leading_zeros() > self.asked.leading_zeros()
    }

    /// Whether something of what was asked for has come.
    pub(crate) const fn has_answer(&self) -> bool {
        self.asked & self.have != 0
    }

    /// Whether nothing is missing.
    pub(crate) const fn is_complete(&self) -> bool {
        self.have.count_ones() * MetadataPart::SLICE_BYTES as u32 >= self.stamp.bytes
    }

    /// The metadata, if it is what was told of.
    pub(crate) fn finish(&self) -> Option<Metadata> {
        let metadata = PackedMetadata::new(&self.buffer).ok()?.to_metadata();
        (metadata.stamp() == self.stamp).then_some(metadata)
    }
}

/// What is lacking, and what of it is being fetched.
#[derive(Debug, Default)]
pub(crate) struct Fetches {
    lacks: BTreeMap<Slot, Lack>,
    running: Vec<Fetch>,
    /// The one that got a place last; the next one after it is next.
    last: Option<Slot>,
}

impl Fetches {
    pub(crate) const fn running(&self) -> usize {
        self.running.len()
    }

    pub(crate) fn lack(&self, slot: Slot) -> Option<Lack> {
        self.lacks.get(&slot).copied()
    }

    pub(crate) fn add(&mut self, slot: Slot, lack: Lack) {
        if self.lack(slot).is_none_or(|old| old.stamp != lack.stamp) {
            self.running.retain(|fetch| fetch.slot != slot);
        }
        self.lacks.insert(slot, lack);
    }

    pub(crate) fn remove(&mut self, slot: Slot) {
        self.lacks.remove(&slot);
        self.running.retain(|fetch| fetch.slot != slot);
    }

    /// The question for what was asked for last of the metadata of a member.
    pub(crate) fn question(&self, slot: Slot) -> Option<(MetadataStamp, u128)> {
        let fetch = self.running.iter().find(|fetch| fetch.slot == slot)?;
        Some((fetch.stamp, fetch.asked))
    }

    pub(crate) fn get_mut(&mut self, slot: Slot, stamp: MetadataStamp) -> Option<&mut Fetch> {
        self.running.iter_mut().find(|fetch| fetch.slot == slot && fetch.stamp == stamp)
    }

    /// Gives a free place to the next one that waits; its slot is returned to be asked about.
    pub(crate) fn start_next(&mut self) -> Option<&mut Fetch> {
        if self.running.len() >= MAX_FETCHES || self.running.len() >= self.lacks.len() {
            return None;
        }
        let after = self.last.map_or(0, |Slot(last)| last.wrapping_add(1));
        let (running, lacks) = (&self.running, &self.lacks);
        let around = lacks.range(Slot(after)..).chain(lacks.range(..Slot(after)));
        let waits = |slot: Slot| running.iter().all(|fetch| fetch.slot != slot);
        // At most as many are passed over as run.
        let (&slot, &lack) = around.take(MAX_FETCHES + 1).find(|&(&slot, _)| waits(slot))?;
        self.last = Some(slot);
        self.running.push(Fetch::new(slot, lack));
        self.running.last_mut()
    }

    /// When the first one is over, if any runs.
    pub(crate) fn due(&self) -> u64 {
        self.running.iter().map(|fetch| fetch.over).min().unwrap_or(u64::MAX)
    }

    /// One whose time is over; it counts a try. One that had enough of them gives its place up.
    pub(crate) fn late(&mut self, awake: u64) -> Option<&mut Fetch> {
        let late = |fetch: &Fetch| fetch.over <= awake;
        self.running.retain(|fetch| !(late(fetch) && fetch.tries >= MAX_TRIES));
        let fetch = self.running.iter_mut().find(|fetch| late(fetch))?;
        fetch.tries += 1;
        Some(fetch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: MetadataStamp = MetadataStamp { bytes: 70_000, hash: 1 };

    fn fetch(stamp: MetadataStamp) -> Fetch {
        Fetch::new(Slot(3), Lack { stamp, source: Slot(4) })
    }

    #[test]
    fn asks_for_what_is_missing_some_at_a_time() {
        let mut fetch = fetch(STAMP);
        assert_eq!(fetch.ask(), u128::from(u32::MAX));
        for index in 0..32 {
            assert!(!fetch.is_answered());
            assert_eq!(fetch.has_answer(), index > 0);
            if index != 7 {
                assert!(fetch.take(index, &[0; 1024]));
            }
        }
        assert!(fetch.is_answered(), "the last one came");
        assert!(!fetch.take(6, &[0; 1024]), "it came before");
        assert_eq!(fetch.ask(), (u128::from(u32::MAX) << 32) >> 1 & !((1 << 32) - 1) | 1 << 7);
    }

    #[test]
    fn parts_that_do_not_fit_change_nothing() {
        let mut fetch = fetch(MetadataStamp { bytes: 1030, hash: 1 });
        for (index, len) in [(0, 0), (0, 1023), (0, 1025), (1, 1024), (1, 5), (2, 0), (255, 6)] {
            assert!(!fetch.take(index, &alloc::vec![0; len]), "{index} {len}");
        }
        assert!(fetch.take(1, &[0; 6]) && !fetch.is_complete());
        assert!(fetch.take(0, &[0; 1024]) && fetch.is_complete());
        assert_eq!(fetch.finish(), None, "another hash");
    }

    #[test]
    fn what_was_fetched_is_what_was_told_of() {
        let value = "v".repeat(5_000);
        let metadata = Metadata::from_pairs([("k", value.as_str()), ("l", "")]).expect("short");
        let mut fetch = fetch(metadata.stamp());
        assert_eq!(fetch.ask(), 0b11111);
        for index in [3, 0, 2, 4, 1] {
            assert!(fetch.finish().is_none());
            assert!(fetch.take(index, part(&metadata, index)));
        }
        assert!(fetch.is_complete() && fetch.is_answered());
        assert_eq!(fetch.finish(), Some(metadata));
    }

    #[test]
    fn one_that_nobody_answers_makes_room_for_the_next() {
        let mut fetches = Fetches::default();
        for slot in 0..20 {
            fetches.add(Slot(slot), Lack { stamp: STAMP, source: Slot::NONE });
        }
        while fetches.start_next().is_some() {}
        assert_eq!(fetches.running(), MAX_FETCHES);
        for _ in 0..MAX_TRIES {
            fetches.get_mut(Slot(2), STAMP).expect("it runs").over = 5;
            fetches.running.iter_mut().filter(|f| f.slot != Slot(2)).for_each(|f| f.over = 9);
            assert_eq!(fetches.late(5).map(|fetch| fetch.slot), Some(Slot(2)));
        }
        assert!(fetches.late(5).is_none());
        assert_eq!(fetches.start_next().map(|fetch| fetch.slot), Some(Slot(16)));
    }
}
