//! What the program asks for (P-13, P-14).

use super::{Core, has_short_texts};
use crate::proto::Stats;
use crate::proto::address::same_host;
use crate::proto::error::CommandError;
use crate::proto::outbox::{Content, Send};
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Flags, Slot};
use crate::types::{
    Entry, Heartbeat, Instant, MessageKind, Metadata, MetadataError, NodeId, NodeStatus,
};
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
        self.cx.clock.wake(now);
        if node.id == self.id() || node.id.is_zero() && self.is_our_address(node) {
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
        let cx = &mut self.cx;
        let member = &cx.table[slot];
        let same = member.port() == node.port && cx.table.text(member.ip()) == node.ip;
        let id = member.id();
        let to = (!same).then(|| cx.table.address(&Entry { id, ..*node }));
        cx.decide(Send { to, ..Send::new(kind, slot, Content::Own) });
        self.audit();
        Ok(())
    }

    /// The member that is meant: by its id, or for no id a placeholder of the same address.
    fn known_place(&self, node: &Entry<'_>) -> Option<Slot> {
        if !node.id.is_zero() {
            return self.cx.table.slot(&node.id);
        }
        self.joining.placeholder(&self.cx.table, usize::MAX, |member| {
            let ip = self.cx.table.text(member.ip());
            member.port() == node.port && same_host(ip, node.ip)
        })
    }

    fn add_placeholder(
        &mut self,
        node: &Entry<'_>,
        kind: MessageKind,
    ) -> Result<Slot, CommandError> {
        let mut id = node.id;
        while self.cx.table.slot(&id).is_some() {
            // A second address without an id needs a name of its own until it tells one.
            id = self.random_id();
        }
        let entry = Entry { id, status: NodeStatus::Joining, ..*node };
        let slot = self.add(&entry).ok_or(CommandError::Full)?;
        self.cx.table[slot].flags.set(Flags::PLACEHOLDER, true);
        self.joining.plan(&mut self.cx, slot, kind);
        Ok(slot)
    }

    fn random_id(&mut self) -> NodeId {
        let mut bytes = [0; 16];
        self.cx.rng.fill_bytes(&mut bytes);
        NodeId::new(bytes)
    }

    /// P-14: a node that had left jumps past its leave.
    fn come_back(&mut self) {
        if self.leaving.take().is_some() {
            self.cx.table.set_own(|own| own.status(NodeStatus::Online));
            self.news.announce_own(&self.cx);
        }
    }

    /// With the own id: tells that we leave; rounds then only repeat it, until a meet or join.
    /// With another's: tells that it left; we stay, and a live node refutes that and is back (P-14).
    ///
    /// # Errors
    /// [`CommandError::UnknownNode`]; nothing was done.
    pub fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), CommandError> {
        self.cx.clock.wake(now);
        if *id == self.id() {
            self.leave_ourselves();
            return Ok(());
        }
        let slot = self.cx.table.slot(id).ok_or(CommandError::UnknownNode)?;
        if self.leaving.is_some() || self.cx.table[slot].status() == NodeStatus::Left {
            return Ok(());
        }
        let heartbeat = self.leave_stamp(slot);
        let cx = &mut self.cx;
        let observers = cx.observers(slot);
        cx.update(&observers, Content::Told(slot));
        let claim = Claim { heartbeat, status: NodeStatus::Left };
        self.make_tombstone(slot, claim, Reason::Command);
        self.audit();
        Ok(())
    }

    /// A stamp for a leave that we tell of another: its last sign of life may be hearsay that was old
    /// when it came, and others may hold newer ones, so a second of rounds is added.
    pub(super) fn leave_stamp(&self, slot: Slot) -> Heartbeat {
        let (member, own) = (&self.cx.table[slot], self.cx.clock.pace());
        let pace = member.slowest_pace().max(own);
        member.stamp(self.cx.now(), own).after(LEAVE_MARGIN + 1_000_000 / pace)
    }

    fn leave_ourselves(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        self.cx.table.set_own(|own| own.status(NodeStatus::Left));
        self.leaving = Some(self.cx.config.leave_rounds);
        self.send_leave(LEAVE_BURST * self.cx.config.gossip_nodes as usize);
    }

    /// Forgets all members and counts; the heartbeat starts at 1 and the version at 0 again, id,
    /// epoch, metadata and status stay. No event. To others this is a restart: they tell us what
    /// they hold of us and we jump past it (P-3).
    pub fn reset(&mut self, now: Instant) {
        self.cx.clock.wake(now);
        while let Some(slot) = self.cx.table.first() {
            self.forget(slot);
        }
        self.detector.reset();
        self.joining.reset();
        self.cx.stats = Stats::default();
        self.cx.table.set_own(|own| own.restart());
        self.audit();
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
        self.cx.clock.wake(now);
        let own = self.cx.table.own();
        let mut epoch = own.config_epoch();
        for (key, value) in pairs.clone() {
            if key == "config_epoch"
                && let Some(said) = leading_number(value)
            {
                if Heartbeat::new(said).is_none() {
                    return Err(CommandError::Counter);
                }
                if said < own.config_epoch() {
                    return Err(CommandError::EpochFalls(own.config_epoch()));
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
        self.cx.clock.wake(now);
        let own = self.cx.table.own();
        let Some(metadata) = own.metadata.as_deref().and_then(|held| held.without(key)) else {
            return false;
        };
        let epoch = own.config_epoch();
        self.set_own_metadata(metadata, epoch);
        true
    }

    /// Forgets members that failed or left at least so long ago, as after `reap_ms` (P-5); says how
    /// many. Without events.
    pub fn forget_gone(&mut self, now: Instant, older_than: Duration) -> usize {
        self.cx.clock.wake(now);
        let before = self.cx.table.len();
        let mut next = self.cx.table.oldest_tombstone();
        for _ in 0..self.cx.table.tombstones() {
            let Some(slot) = next else { break };
            let after = self.cx.table.next_tombstone(slot).filter(|&after| after != slot);
            let age = Duration::from_micros(self.cx.table[slot].changed().elapsed(self.cx.now()));
            if age >= older_than {
                self.forget(slot);
            }
            next = after;
        }
        self.audit();
        before - self.cx.table.len()
    }

    fn set_own_metadata(&mut self, metadata: Metadata, epoch: u64) {
        self.cx.table.set_own(|own| own.metadata(metadata, epoch));
        self.news.announce_own(&self.cx);
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
