//! One suspicion and how long it lasts (SWIM 4.2, Lifeguard IV-B, P-9, P-9a).

use super::member::Slot;
use super::slots::SlotMap;
use crate::proto::math::ln;
use crate::types::Heartbeat;
use alloc::vec::Vec;

/// Accusers that are told apart; more change nothing.
const MAX_ACCUSERS: usize = 8;

/// A suspicion as one node holds it. Times are awake microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Suspicion {
    /// Whom it is about.
    pub(crate) slot: Slot,
    /// When it began here.
    pub(crate) start: u64,
    /// Since when we ping the suspect ourselves.
    pub(crate) watched_from: u64,
    /// A minimum that the suspect has earned (P-9b), 0 for none.
    pub(crate) slow: u64,
    /// The heartbeat that it is accused at, which only a higher one passes.
    pub(crate) stamp: Heartbeat,
    /// Whether it is a doubt: others accuse a member that we hold online until our own ping of it goes
    /// unanswered (P-9a).
    doubt: bool,
    /// Whether we watch: we accuse by our own probe, or an accuser told us (P-9a). Others wait longer.
    pub(crate) watching: bool,
    /// Whether it was gossiped to everybody; then its clearing is too.
    pub(crate) told: bool,
    /// Whether our own probe failed.
    pub(crate) accused_by_us: bool,
    /// Whether what that cost our awareness was given back.
    pub(crate) excused: bool,
    /// When the ping that is out counts as unanswered.
    pub(crate) ping_over: u64,
    /// When the time of that ping, and that of the suspicion, was first found over (P-8).
    pub(crate) ping_found: Option<u64>,
    pub(crate) end_found: Option<u64>,
    accusers: [Slot; MAX_ACCUSERS],
    accusers_len: u8,
}

impl Suspicion {
    /// A doubt; it becomes a suspicion when its member becomes suspect.
    pub(crate) const fn new(slot: Slot, start: u64, stamp: Heartbeat, slow: u64) -> Self {
        Self {
            slot,
            start,
            watched_from: start,
            slow,
            stamp,
            doubt: true,
            watching: false,
            told: false,
            accused_by_us: false,
            excused: false,
            ping_over: start,
            ping_found: None,
            end_found: None,
            accusers: [Slot::NONE; MAX_ACCUSERS],
            accusers_len: 0,
        }
    }

    pub(crate) const fn is_doubt(&self) -> bool {
        self.doubt
    }

    /// Who accuses it, ourselves not.
    pub(crate) fn told_by(&self) -> &[Slot] {
        &self.accusers[..usize::from(self.accusers_len)]
    }

    /// The member has answered us meanwhile, below the stamp: what was said of it before says nothing any
    /// more.
    pub(crate) const fn restart(&mut self, now: u64) {
        self.start = now;
        self.watched_from = now;
        self.accused_by_us = false;
        self.accusers_len = 0;
        self.end_found = None;
    }

    /// Counts an accuser once; says whether it is a new one.
    pub(crate) fn confirm(&mut self, accuser: Slot) -> bool {
        let len = usize::from(self.accusers_len);
        if len >= MAX_ACCUSERS || self.accusers[..len].contains(&accuser) {
            return false;
        }
        self.accusers[len] = accuser;
        self.accusers_len += 1;
        true
    }

    /// Accusers that are known, ourselves included; at least the one that told of it.
    pub(crate) fn accusers(&self) -> u32 {
        (u32::from(self.accusers_len) + u32::from(self.accused_by_us)).max(1)
    }

    /// Accusers beyond the first, ourselves included.
    pub(crate) fn confirmations(&self) -> u32 {
        self.accusers() - 1
    }
}

/// The suspicions and doubts that one node holds.
///
/// Invariant: a member that is suspect, or online and doubted, has a place here and the flag
/// `ACCUSED`; no other member has either.
#[derive(Debug, Default)]
pub(super) struct Suspicions {
    pub(super) list: Vec<Suspicion>,
    places: SlotMap,
    pub(super) doubts: usize,
}

impl Suspicions {
    pub(super) fn all(&self) -> &[Suspicion] {
        &self.list
    }

    /// Those of members that are held online.
    pub(super) const fn doubts(&self) -> usize {
        self.doubts
    }

    /// Those of members that are held suspect.
    pub(super) const fn listed(&self) -> usize {
        self.list.len() - self.doubts
    }

    /// That of a member which has the flag, as few have.
    #[cold]
    pub(super) fn get(&self, slot: Slot) -> Option<&Suspicion> {
        self.list.get(self.places.get(slot)? as usize)
    }

    /// The same, to be changed.
    #[cold]
    pub(super) fn get_mut(&mut self, slot: Slot) -> Option<&mut Suspicion> {
        self.list.get_mut(self.places.get(slot)? as usize)
    }

    /// Adds the doubt of a member that is online and has none.
    pub(super) fn insert(&mut self, doubt: Suspicion) {
        debug_assert!(self.get(doubt.slot).is_none(), "a member is accused twice");
        self.places.insert(doubt.slot, self.list.len() as u32);
        self.doubts += 1;
        self.list.push(doubt);
    }

    /// Puts one that was looked at back; whether it is listed has its own order.
    pub(super) fn keep(&mut self, suspicion: Suspicion) {
        if let Some(kept) = self.get_mut(suspicion.slot) {
            *kept = Suspicion { doubt: kept.doubt, ..suspicion };
        }
    }

    /// A doubt becomes a suspicion.
    pub(super) fn list(&mut self, slot: Slot) {
        let doubt = self.get_mut(slot).map(|kept| core::mem::take(&mut kept.doubt));
        self.doubts -= usize::from(doubt.unwrap_or_default());
    }

    /// Forgets that of a member, if it has one.
    pub(super) fn remove(&mut self, slot: Slot) {
        let Some(place) = self.places.remove(slot) else { return };
        self.doubts -= usize::from(self.list.swap_remove(place as usize).doubt);
        if let Some(moved) = self.list.get(place as usize) {
            self.places.replace(moved.slot, place);
        }
    }

    /// All of them, once around from a place.
    pub(super) fn around(&self, from: usize) -> impl Iterator<Item = &Suspicion> {
        let (before, after) = self.list.split_at(from.min(self.list.len()));
        after.iter().chain(before)
    }
}

/// Lifeguard's time: from `max` down to `min` as `confirmations` of `k` come in; with `k` = 0 the
/// minimum at once.
pub(crate) fn timeout(min: u64, max: u64, confirmations: u32, k: u32) -> u64 {
    if confirmations >= k {
        return min;
    }
    let share = ln(f64::from(confirmations) + 1.0) / ln(f64::from(k) + 1.0);
    let shorter = (max - min) as f64 * share;
    (max - shorter as u64).max(min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasts_from_the_maximum_down_to_the_minimum() {
        let times: alloc::vec::Vec<u64> = (0..=4).map(|c| timeout(1000, 6000, c, 3)).collect();
        assert_eq!(times, [6000, 3500, 2038, 1000, 1000]);
        assert_eq!(timeout(1000, 6000, 0, 0), 1000);
    }

    #[test]
    fn an_accuser_counts_once() {
        let mut suspicion = Suspicion::new(Slot(9), 0, Heartbeat::ZERO, 0);
        suspicion.confirm(Slot(1));
        suspicion.confirm(Slot(1));
        suspicion.confirm(Slot(2));
        assert_eq!(suspicion.confirmations(), 1);
        suspicion.accused_by_us = true;
        assert_eq!(suspicion.confirmations(), 2);
    }
}
