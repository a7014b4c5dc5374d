//! Healing: failed members are tried again, and this node's own return from a cut (P-5, P-9, P-11).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::context::Context;
use super::news::News;
use super::outbox::Content;
use super::table::{Flags, Slot, Table};
use crate::types::{Instant, MessageKind, NodeStatus};

/// How much more often failed members are tried while the last failure is fresh.
const FRESH_FACTOR: u64 = 4;
/// Tombstones that healing passes over in one round (P-15).
const LOOKS: usize = 8;

/// When which failed member is tried next, and when this node was back itself.
#[derive(Debug)]
pub(crate) struct Healing {
    at: Instant,
    last: Slot,
    /// When we learned last that we were held failed: what we held against others until then may be
    /// our own fault (P-5, P-9).
    back_at: Instant,
    /// The same in awake time.
    back_awake: u64,
}

impl Healing {
    pub(crate) const fn new(now: Instant) -> Self {
        Self { at: Instant::ZERO, last: Slot::NONE, back_at: now, back_awake: 0 }
    }

    /// P-11: how often we try a failed member so that the cluster tries each once in the interval.
    fn period(cx: &Context) -> u64 {
        let mut interval = u64::from(cx.config.heal_interval_ms) * 1000;
        let newest = cx.table.newest_tombstone().map(|slot| cx.table[slot].changed());
        if newest.is_some_and(|died| died.elapsed(cx.now()) < 2 * interval) {
            // Most silences are short: a fresh failure is tried more often.
            interval /= FRESH_FACTOR;
        }
        interval * (cx.table.online() as u64 + 1) / (cx.table.tombstones() as u64).max(1)
    }

    /// A new tombstone may bring the next try forward.
    pub(crate) fn plan(&mut self, cx: &mut Context) {
        let wait = cx.random_below(Self::period(cx));
        let at = cx.later(wait);
        if cx.table.tombstones() <= 1 || at < self.at {
            self.at = at;
        }
    }

    /// Tries a failed member if it is time.
    pub(crate) fn round(&mut self, cx: &mut Context) {
        if cx.table.tombstones() == 0 || cx.now() < self.at {
            return;
        }
        let period = Self::period(cx);
        let wait = period * 3 / 4 + cx.random_below(period / 4);
        self.at = cx.later(wait);
        let mut last = self.last;
        for _ in 0..LOOKS.min(cx.table.tombstones()) {
            let is_gone = cx.table.status(last).is_some_and(NodeStatus::is_gone);
            let next = if is_gone { cx.table.next_tombstone(last) } else { None };
            let Some(slot) = next.or_else(|| cx.table.oldest_tombstone()) else { return };
            last = slot;
            let member = &cx.table[slot];
            if member.status() == NodeStatus::Failed && !member.is(Flags::MOVED) {
                cx.send(MessageKind::Ping, slot, Content::GOSSIP);
                break;
            }
        }
        self.last = last;
    }

    /// Another node that speaks from the address of the one we tried last has taken it over.
    pub(crate) fn answered(&self, table: &mut Table, slot: Slot) {
        let last = self.last;
        if last == slot || !table.status(last).is_some_and(NodeStatus::is_gone) {
            return;
        }
        let (tried, speaks) = (&table[last], &table[slot]);
        let address = table.text(speaks.ip());
        let same = tried.port() == speaks.port() && table.text(tried.ip()) == address;
        if !address.is_empty() && same {
            table[last].flags.set(Flags::MOVED, true);
        }
    }

    /// We were cut off from others, who failed us; so those that we failed or suspect since may live.
    /// What we hear of it for some time is of the same failure.
    pub(crate) fn return_from_cut(&mut self, cx: &mut Context, news: &mut News) {
        let config = &cx.config;
        let pause = u64::from(config.suspicion_min_ms) * u64::from(config.suspicion_max_factor);
        if cx.now().since(self.back_at).as_millis() < u128::from(pause) {
            return;
        }
        self.back_at = cx.now();
        self.back_awake = cx.awake();
        news.drop_failed(&mut cx.table);
    }

    /// When we were back ourselves, in awake time.
    pub(crate) const fn back_awake(&self) -> u64 {
        self.back_awake
    }

    /// Whether a member failed before we were back ourselves. It is asked, and not told of.
    pub(crate) fn doubts(&self, cx: &Context, slot: Slot) -> bool {
        let member = &cx.table[slot];
        member.status() == NodeStatus::Failed
            && member.changed().elapsed(cx.now()) > cx.now().since(self.back_at).as_micros() as u64
    }

    /// Takes a member that is forgotten out of the tries.
    pub(crate) fn forget(&mut self, slot: Slot) {
        if self.last == slot {
            self.last = Slot::NONE;
        }
    }
}
