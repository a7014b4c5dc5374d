//! Changes of a member's status that concern several parts at once (P-5, P-9, P-14).

use super::Core;
use crate::proto::detector::record_silence;
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Flags, Slot};
use crate::types::{Entry, NodeStatus};

impl Core {
    /// Lists a node that is not listed, raises the event, and makes it news. `None` if the table is
    /// full of live members.
    pub(super) fn add(&mut self, entry: &Entry<'_>) -> Option<Slot> {
        if self.cx.table.len() >= self.cx.config.max_members as usize {
            let Some(oldest) = self.cx.table.oldest_tombstone() else {
                self.cx.stats.members_full += 1;
                return None;
            };
            self.forget(oldest);
        }
        let now = self.cx.now();
        let slot = self.cx.table.add(entry, now, &mut self.cx.rng);
        if self.cx.table.is_online(slot) {
            self.news.push_configuration(&mut self.cx.table, slot);
        }
        self.cx.event(slot, NodeStatus::Unknown);
        Some(slot)
    }

    /// Takes a member out of everything that names it.
    pub(super) fn forget(&mut self, slot: Slot) {
        self.detector.forget(&mut self.cx.table, slot);
        self.news.drop(&mut self.cx.table, slot);
        self.joining.forget(slot);
        self.sync.forget(&mut self.cx.table, slot);
        self.healing.forget(slot);
        self.cx.table.remove(slot);
    }

    /// A member that was not online is, at the heartbeat that is held of it.
    pub(super) fn come_online(&mut self, slot: Slot) {
        let Claim { heartbeat, status: old } = self.cx.table[slot].claim();
        let mut is_news = true;
        if matches!(old, NodeStatus::Suspect | NodeStatus::Failed) {
            let member = &mut self.cx.table[slot];
            member.flaps = member.flaps.saturating_add(1);
        }
        match old {
            NodeStatus::Suspect => {
                is_news = self.cx.table.suspicion(slot).is_none_or(|suspicion| suspicion.told);
                record_silence(&mut self.cx, slot, false);
                self.detector.note_loss(&self.cx.table, slot);
            }
            NodeStatus::Failed | NodeStatus::Left => {
                record_silence(&mut self.cx, slot, true);
            }
            _ => {}
        }
        let claim = Claim { heartbeat, status: NodeStatus::Online };
        self.cx.set_claim(slot, claim);
        let member = &mut self.cx.table[slot];
        member.misses = 0;
        member.flags.set(Flags::MOVED, false);
        self.joining.joined(slot);
        self.cx.event(slot, old);
        if is_news {
            self.news.push(&mut self.cx.table, slot);
        } else {
            self.news.drop(&mut self.cx.table, slot);
        }
    }

    /// A node of 1.4.2 cannot refute. Its answer is the proof, and the witness spreads it one past
    /// the stamp, or past what other old ones were told of its failure ("Old peers").
    pub(super) fn witness(&mut self, slot: Slot) {
        let Claim { heartbeat, status } = self.cx.table[slot].claim();
        if status != NodeStatus::Suspect && status != NodeStatus::Failed {
            return;
        }
        let now = self.cx.now();
        let member = &mut self.cx.table[slot];
        member.see(heartbeat.after(if status == NodeStatus::Suspect { 1 } else { 2 }), now);
        member.anchor_here(now);
        self.come_online(slot);
        self.news.push(&mut self.cx.table, slot);
    }

    /// Failed or left: the member becomes a tombstone, and that is spread.
    pub(super) fn make_tombstone(&mut self, slot: Slot, claim: Claim, reason: Reason) {
        let was_gone = self.cx.table[slot].status().is_gone();
        if !was_gone {
            self.detector.end_probe(&mut self.cx.table, slot);
        }
        let old = self.cx.set_claim(slot, claim);
        if !was_gone {
            self.healing.plan(&mut self.cx);
        }
        if old != claim.status {
            self.cx.event(slot, old);
            self.news.push(&mut self.cx.table, slot);
        }
        self.cx.table[slot].reason = reason;
    }
}
