//! Dissemination: the claims that ride on messages, and our own configuration while it is new (P-7,
//! P-12a).

use super::context::Context;
use super::outbox::Content;
use super::piggyback::Piggyback;
use super::table::{Flags, Slot, Table};
use crate::types::{Instant, MessageKind};

/// What is to be told to everybody.
#[derive(Debug)]
pub(crate) struct News {
    pub(super) piggyback: Piggyback,
    /// Packets that tell our own entry in full still, since its configuration is new.
    own_full: u8,
    gossip_at: Instant,
}

impl News {
    pub(crate) fn new(now: Instant) -> Self {
        Self { piggyback: Piggyback::default(), own_full: 0, gossip_at: now }
    }

    /// Claims that wait.
    pub(crate) const fn len(&self) -> usize {
        self.piggyback.len()
    }

    /// Queues the claim of a member as new.
    pub(crate) fn push(&mut self, table: &mut Table, slot: Slot) {
        self.piggyback.push(slot, table);
    }

    /// Queues the claim of a member as new, to be told with its configuration.
    pub(crate) fn push_configuration(&mut self, table: &mut Table, slot: Slot) {
        table[slot].flags.set(Flags::NEW_CONFIG, true);
        self.push(table, slot);
    }

    /// Forgets the claim of a member.
    pub(crate) fn drop(&mut self, table: &mut Table, slot: Slot) {
        self.piggyback.drop(slot, table);
    }

    /// Forgets all claims of members that failed.
    pub(crate) fn drop_failed(&mut self, table: &mut Table) {
        self.piggyback.drop_failed(table);
    }

    /// Takes claims for a message, as [`Piggyback::take`] does.
    pub(crate) fn take(
        &mut self,
        most: usize,
        limit: u8,
        table: &mut Table,
        wanted: impl FnMut(&Table, Slot) -> bool,
        take: impl FnMut(&Table, Slot) -> bool,
    ) {
        self.piggyback.take(most, limit, table, wanted, take);
    }

    /// The next messages tell our own entry in full.
    pub(crate) fn announce_own(&mut self, cx: &Context) {
        self.own_full = cx.transmit_limit();
    }

    /// Whether the message in hand tells our own entry in full since it is new; it counts as one.
    pub(crate) const fn tells_own(&mut self) -> bool {
        let tells = self.own_full > 0;
        self.own_full = self.own_full.saturating_sub(1);
        tells
    }

    /// When gossip between rounds is due; only a driver with timers asks.
    pub(crate) const fn due(&self) -> Instant {
        self.gossip_at
    }

    /// Whether gossip between rounds is due now; the next is due an interval later.
    pub(crate) fn is_due(&mut self, cx: &Context) -> bool {
        let due = cx.config.gossip_interval_ms > 0 && cx.now() >= self.gossip_at;
        if due {
            self.gossip_at = cx.in_ms(cx.config.gossip_interval_ms);
        }
        due
    }

    /// P-7a: news goes out between rounds too.
    pub(crate) fn gossip(&self, cx: &mut Context) {
        if self.len() == 0 {
            return;
        }
        for _ in 0..cx.config.gossip_nodes {
            let Some(slot) = cx.any_online() else { return };
            cx.send(MessageKind::Update, slot, Content::GOSSIP);
        }
    }
}
