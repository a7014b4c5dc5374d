//! Which claims ride on the next messages: least-sent first, each a limited number of times (P-7).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::math::log10;
use super::table::{Flags, Member, Slot, Table};
use crate::types::NodeStatus;
use alloc::vec::Vec;

/// More sends than any limit: `ceil(20 * log10(2^24 + 2))` is 145.
const MAX_SENDS: usize = 160;

/// Claims that wait at the most; past it the most-sent one makes room (P-15).
const MAX_CLAIMS: usize = 1024;

/// No place.
const NONE: u32 = u32::MAX;

/// Members whose claim is to be told, by the number of times it was.
///
/// Invariant: a member has one place here while it is queued, `waiting`, in the queue of its `sends`.
#[derive(Debug)]
pub(crate) struct Piggyback {
    /// The places that are taken, and those that are free, chained by `next`.
    places: Vec<ClaimPlace>,
    free: u32,
    queues: Vec<Queue>,
    len: usize,
}

/// A claim and its neighbours in its queue.
#[derive(Clone, Copy, Debug)]
struct ClaimPlace {
    slot: Slot,
    prev: u32,
    next: u32,
}

/// Claims that were sent equally often, longest waiting first.
#[derive(Clone, Copy, Debug)]
struct Queue {
    first: u32,
    last: u32,
    len: usize,
}

impl Queue {
    const EMPTY: Self = Self { first: NONE, last: NONE, len: 0 };
}

impl Default for Piggyback {
    fn default() -> Self {
        Self { places: Vec::new(), free: NONE, queues: Vec::new(), len: 0 }
    }
}

impl Piggyback {
    /// Claims that wait.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Queues the claim of a member as new.
    pub(crate) fn push(&mut self, slot: Slot, table: &mut Table) {
        let member = &mut table[slot];
        if member.is(Flags::QUEUED) {
            if member.sends == 0 {
                return;
            }
            self.unlink(member);
        } else {
            member.flags.set(Flags::QUEUED, true);
            member.waiting = self.place(slot);
            self.len += 1;
        }
        member.sends = 0;
        self.link(member);
        if self.len > MAX_CLAIMS {
            self.drop_most_sent(table);
        }
    }

    /// Makes room: the claim that was told most often goes, but no failure that was never told.
    fn drop_most_sent(&mut self, table: &mut Table) {
        for sends in (0..self.queues.len()).rev() {
            // Of claims told equally often the oldest; a queue of nothing but untold failures stays.
            for _ in 0..self.queues[sends].len.min(64) {
                let slot = self.places[self.queues[sends].first as usize].slot;
                if sends > 0 || !table[slot].status().is_gone() {
                    return self.drop(slot, table);
                }
                self.put_back(slot, table);
            }
        }
    }

    /// Forgets all claims of members that failed.
    pub(crate) fn drop_failed(&mut self, table: &mut Table) {
        for place in 0..self.places.len() {
            let slot = self.places[place].slot;
            let member = &table[slot];
            let queued = member.is(Flags::QUEUED) && member.waiting as usize == place;
            if queued && member.status() == NodeStatus::Failed {
                self.drop(slot, table);
            }
        }
    }

    /// Forgets the claim of a member.
    pub(crate) fn drop(&mut self, slot: Slot, table: &mut Table) {
        let member = &mut table[slot];
        member.flags.set(Flags::NEW_CONFIG, false);
        if member.is(Flags::QUEUED) {
            member.flags.set(Flags::QUEUED, false);
            self.unlink(member);
            self.places[member.waiting as usize].next = self.free;
            self.free = member.waiting;
            self.len -= 1;
        }
    }

    /// Takes up to `most` claims that `wanted` accepts, gives them to `take`, and counts a send for
    /// each; the first that `take` has no room for ends it. Looks at no more than a bounded number
    /// of those that it does not want.
    pub(crate) fn take(
        &mut self,
        most: usize,
        limit: u8,
        table: &mut Table,
        mut wanted: impl FnMut(&Table, Slot) -> bool,
        mut take: impl FnMut(&Table, Slot) -> bool,
    ) {
        let mut left = most;
        let mut looks = most + 64;
        // From the most-sent down would pick a claim twice; upwards it is moved ahead of us, so
        // each queue is walked only as far as it was long.
        let mut ahead = 0;
        for sends in 0..self.queues.len() {
            let len = self.queues[sends].len - ahead;
            ahead = 0;
            for _ in 0..len {
                if left == 0 || looks == 0 {
                    return;
                }
                looks -= 1;
                let slot = self.places[self.queues[sends].first as usize].slot;
                if !wanted(table, slot) {
                    self.put_back(slot, table);
                    continue;
                }
                if !take(table, slot) {
                    return;
                }
                left -= 1;
                let member = &mut table[slot];
                if member.sends + 1 >= limit || usize::from(member.sends) + 1 >= MAX_SENDS {
                    self.drop(slot, table);
                } else {
                    self.unlink(member);
                    member.sends += 1;
                    self.link(member);
                    ahead += 1;
                }
            }
        }
    }

    /// Moves a claim to the end of its queue.
    fn put_back(&mut self, slot: Slot, table: &Table) {
        let member = &table[slot];
        self.unlink(member);
        self.link(member);
    }

    /// A place for a claim, in no queue yet.
    fn place(&mut self, slot: Slot) -> u32 {
        let place = ClaimPlace { slot, prev: NONE, next: NONE };
        if self.free == NONE {
            self.places.push(place);
            return self.places.len() as u32 - 1;
        }
        let taken = self.free;
        self.free = core::mem::replace(&mut self.places[taken as usize], place).next;
        taken
    }

    fn link(&mut self, member: &Member) {
        let sends = usize::from(member.sends);
        if self.queues.len() <= sends {
            // Room for all of them at once, so that none is made in a round that has seen no other.
            self.queues.reserve_exact(MAX_SENDS - self.queues.len());
            self.queues.resize(sends + 1, Queue::EMPTY);
        }
        let queue = &mut self.queues[sends];
        let prev = core::mem::replace(&mut queue.last, member.waiting);
        queue.len += 1;
        if prev == NONE {
            queue.first = member.waiting;
        } else {
            self.places[prev as usize].next = member.waiting;
        }
        let place = &mut self.places[member.waiting as usize];
        (place.prev, place.next) = (prev, NONE);
    }

    fn unlink(&mut self, member: &Member) {
        let ClaimPlace { prev, next, .. } = self.places[member.waiting as usize];
        let queue = &mut self.queues[usize::from(member.sends)];
        queue.len -= 1;
        match prev {
            NONE => queue.first = next,
            prev => self.places[prev as usize].next = next,
        }
        match next {
            NONE => self.queues[usize::from(member.sends)].last = prev,
            next => self.places[next as usize].prev = prev,
        }
    }
}

/// SWIM 4.1: how often a claim is sent in a group of `n` others: `ceil(lambda * log10(n + 2))`.
pub(crate) fn transmit_limit(lambda: u32, n: usize) -> u8 {
    let limit = f64::from(lambda) * log10(n as f64 + 2.0);
    // `as` saturates; the comparison spares a rounding function that core lacks.
    let whole = limit as u32;
    (whole + u32::from(limit > f64::from(whole))).clamp(1, MAX_SENDS as u32) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_with_the_logarithm() {
        assert_eq!(transmit_limit(4, 8), 4);
        assert_eq!(transmit_limit(4, 98), 8);
        assert_eq!(transmit_limit(1, 0), 1);
    }
}
