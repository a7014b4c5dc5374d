//! What the program asks for (P-13, P-14).

use super::super::address::same_host;
use super::super::error::CommandError;
use super::super::member::{Claim, Flags, Slot};
use super::super::outbox::{Content, Send};
use super::super::stats::Reason;
use super::{Core, has_short_texts};
use crate::types::{
    Entry, Heartbeat, Instant, MessageKind, Metadata, MetadataError, NodeId, NodeStatus,
};
use alloc::sync::Arc;
use core::time::Duration;
use rand::Rng;

/// Leaves sent at once, in rounds of pings; the rounds after repeat them.
const LEAVE_BURST: usize = 3;
/// Rounds that a leave told of another is stamped ahead at least.
const LEAVE_MARGIN: u64 = 16;

impl Core {
    /// Makes a node known to us and us to it: it is listed as joining until it answers, the event
    /// is raised, and a message goes to the address given. An id that is not known may be zero or
    /// made up; the node's own replaces it (P-13). After a leave this comes back.
    ///
    /// # Errors
    /// [`CommandError`] says why nothing was done.
    pub fn meet(&mut self, now: Instant, node: &Entry<'_>) -> Result<(), CommandError> {
        self.make_known(now, node, MessageKind::Meet)
    }

    /// Like [`Core::meet`], and asks for the member list (P-13).
    ///
    /// # Errors
    /// As [`Core::meet`].
    pub fn join(&mut self, now: Instant, node: &Entry<'_>) -> Result<(), CommandError> {
        self.make_known(now, node, MessageKind::Join)
    }

    fn make_known(
        &mut self,
        now: Instant,
        node: &Entry<'_>,
        kind: MessageKind,
    ) -> Result<(), CommandError> {
        self.clock.wake(now);
        if node.id == self.members.own.id || node.id.is_zero() && self.is_our_address(node) {
            return Err(CommandError::OwnNode);
        }
        if Heartbeat::new(node.heartbeat).is_none() || Heartbeat::new(node.config_epoch).is_none() {
            return Err(CommandError::Counter);
        }
        if !has_short_texts(node) {
            return Err(CommandError::Text);
        }
        let slot = match self.known_place(node) {
            Some(slot) => slot,
            None => self.add_placeholder(node, kind)?,
        };
        self.come_back();
        let member = &self.members[slot];
        let same = member.port == node.port && member.ip.as_str(&self.members.strings) == node.ip;
        let id = member.id;
        let to = if same { None } else { Some(self.to(id, node.ip, node.port)) };
        self.decide(Send { to, ..Send::new(kind, slot, Content::Own) });
        Ok(())
    }

    /// Whether an address is our own, as far as we know it.
    pub(super) fn is_our_address(&self, node: &Entry<'_>) -> bool {
        let own = self.own();
        node.port != 0 && node.port == own.port && !own.ip.is_empty() && same_host(own.ip, node.ip)
    }

    /// The member that is meant: by its id, or for no id a placeholder of the same address.
    fn known_place(&self, node: &Entry<'_>) -> Option<Slot> {
        if !node.id.is_zero() {
            return self.members.slot(&node.id);
        }
        self.joins.iter().map(|join| join.slot).find(|&slot| {
            let member = &self.members[slot];
            member.is(Flags::PLACEHOLDER)
                && member.port == node.port
                && same_host(member.ip.as_str(&self.members.strings), node.ip)
        })
    }

    fn add_placeholder(
        &mut self,
        node: &Entry<'_>,
        kind: MessageKind,
    ) -> Result<Slot, CommandError> {
        let mut id = node.id;
        while self.members.slot(&id).is_some() {
            // A second address without an id needs a name of its own until it tells one.
            id = self.random_id();
        }
        let entry = Entry { id, status: NodeStatus::Joining, ..*node };
        let slot = self.add(&entry).ok_or(CommandError::Full)?;
        self.members[slot].flags.set(Flags::PLACEHOLDER, true);
        self.plan_join(slot, kind);
        Ok(slot)
    }

    fn random_id(&mut self) -> NodeId {
        let mut bytes = [0; 16];
        self.rng.fill_bytes(&mut bytes);
        NodeId::new(bytes)
    }

    /// P-14: a node that had left jumps past its leave.
    fn come_back(&mut self) {
        if self.leaving.take().is_some() {
            self.hashes.toggle(&self.members.own);
            let own = &mut self.members.own;
            own.status = NodeStatus::Online;
            own.heartbeat = own.heartbeat.after(1);
            self.hashes.toggle(&self.members.own);
            self.own_full = self.transmit_limit();
        }
    }

    /// With the own id: tells that we leave; rounds then only repeat it, until a meet or join.
    /// With another's: tells that it left; we stay, and a live node refutes that and is back (P-14).
    ///
    /// # Errors
    /// [`CommandError::UnknownNode`]; nothing was done.
    pub fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), CommandError> {
        self.clock.wake(now);
        if *id == self.members.own.id {
            self.leave_ourselves();
            return Ok(());
        }
        let slot = self.members.slot(id).ok_or(CommandError::UnknownNode)?;
        if self.leaving.is_some() || self.members[slot].status == NodeStatus::Left {
            return Ok(());
        }
        let heartbeat = self.leave_stamp(slot);
        let (observers, len) = self.observers(id, slot);
        for &observer in &observers[..len] {
            self.send(MessageKind::Update, observer, Content::Told(slot));
        }
        self.bury(slot, Claim { heartbeat, status: NodeStatus::Left });
        self.set_reason(slot, Reason::Command);
        Ok(())
    }

    /// A stamp for a leave that we tell of another: its last sign of life may be hearsay that was old
    /// when it came, and others may hold newer ones, so a second of rounds is added.
    pub(super) fn leave_stamp(&self, slot: Slot) -> Heartbeat {
        let (member, own) = (&self.members[slot], self.clock.pace());
        let pace = member.slowest_pace().max(own);
        member.stamp(self.now(), own).after(LEAVE_MARGIN + 1_000_000 / pace)
    }

    fn leave_ourselves(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        self.hashes.toggle(&self.members.own);
        let own = &mut self.members.own;
        own.status = NodeStatus::Left;
        own.heartbeat = own.heartbeat.after(1);
        self.leaving = Some(self.config.leave_rounds);
        self.send_leaves_on(LEAVE_BURST * self.config.gossip_nodes as usize);
    }

    /// Forgets all members and counts; the heartbeat starts at 1 and the version at 0 again, id,
    /// epoch, metadata and status stay. No event. To others this is a restart: they tell us what
    /// they hold of us and we jump past it (P-3).
    pub fn reset(&mut self, now: Instant) {
        self.clock.wake(now);
        while let Some(slot) = self.members.first() {
            self.forget(slot);
        }
        self.timers.clear();
        self.pushes.clear();
        self.stats = super::Stats::default();
        self.hashes.toggle(&self.members.own);
        let own = &mut self.members.own;
        own.heartbeat = Heartbeat::ZERO.after(1);
        own.config_heartbeat = own.heartbeat;
        own.version = 0;
        if self.leaving.is_none() {
            self.hashes.toggle(&self.members.own);
        }
    }

    /// Sets own metadata; all pairs or none. The key `config_epoch` sets the own epoch too if it
    /// begins with a number. Raises heartbeat and version, and spreads with our next messages.
    ///
    /// # Errors
    /// [`CommandError::MetadataTooLarge`]; [`CommandError::EpochFalls`] and
    /// [`CommandError::Counter`] for an epoch that is lower than ours, or 2^63 and more (P-1).
    pub fn update_metadata<'a>(
        &mut self,
        now: Instant,
        pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<(), CommandError> {
        self.clock.wake(now);
        let own = &self.members.own;
        let mut epoch = own.config_epoch;
        for (key, value) in pairs.clone() {
            if key == "config_epoch"
                && let Some(said) = leading_number(value)
            {
                if Heartbeat::new(said).is_none() {
                    return Err(CommandError::Counter);
                }
                if said < own.config_epoch {
                    return Err(CommandError::EpochFalls(own.config_epoch));
                }
                epoch = said;
            }
        }
        let held = own.metadata.as_deref();
        let metadata = held
            .map_or_else(|| Metadata::from_pairs(pairs.clone()), |held| held.with(pairs.clone()))
            .map_err(|error| match error {
                MetadataError::TooLarge(bytes) | MetadataError::Malformed(bytes) => {
                    CommandError::MetadataTooLarge(bytes)
                }
            })?;
        self.set_own_metadata(metadata, epoch);
        Ok(())
    }

    /// Takes one own key away and says whether there was one; then heartbeat and version rise.
    pub fn remove_metadata(&mut self, now: Instant, key: &str) -> bool {
        self.clock.wake(now);
        let own = &self.members.own;
        let Some(metadata) = own.metadata.as_deref().and_then(|held| held.without(key)) else {
            return false;
        };
        self.set_own_metadata(metadata, own.config_epoch);
        true
    }

    /// Forgets members that failed or left at least so long ago, as after `reap_ms` (P-5); says how
    /// many. Without events.
    pub fn forget_gone(&mut self, now: Instant, older_than: Duration) -> usize {
        self.clock.wake(now);
        let before = self.members.len();
        let mut next = self.members.oldest_grave();
        for _ in 0..self.members.graves_len() {
            let Some(slot) = next else { break };
            let after = self.members.next_grave(slot).filter(|&after| after != slot);
            let age = Duration::from_micros(self.members[slot].changed.elapsed(self.now()));
            if age >= older_than {
                self.forget(slot);
            }
            next = after;
        }
        before - self.members.len()
    }

    fn set_own_metadata(&mut self, metadata: Metadata, epoch: u64) {
        self.hashes.toggle(&self.members.own);
        let own = &mut self.members.own;
        own.metadata = Some(Arc::new(metadata));
        own.config_epoch = epoch;
        own.heartbeat = own.heartbeat.after(1);
        own.config_heartbeat = own.heartbeat;
        own.version = own.version.wrapping_add(1);
        self.hashes.toggle(&self.members.own);
        self.own_full = self.transmit_limit();
    }
}

/// A number as C's `strtoull` reads one: blanks, a sign, digits, and whatever follows; `None`
/// without a digit or past 64 bits.
fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let len = digits.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = digits[..len].parse().ok()?;
    Some(if negative { number.wrapping_neg() } else { number })
}

#[cfg(test)]
mod tests {
    use super::leading_number;

    #[test]
    fn reads_numbers_as_strtoull_does() {
        assert_eq!(leading_number(" 12xyz"), Some(12));
        assert_eq!(leading_number("-1"), Some(u64::MAX));
        assert_eq!(leading_number("+7"), Some(7));
        for bad in ["", "x", "-", "18446744073709551616"] {
            assert_eq!(leading_number(bad), None, "{bad}");
        }
    }
}
