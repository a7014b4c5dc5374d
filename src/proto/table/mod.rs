//! The member table: who is known, with which status and configuration, and what follows from that:
//! the ring, the digest's hashes, the counts, the tombstones and the suspicions.
//!
//! [`Table::set_claim`] is the only function that changes a status, [`Table::set_configuration`] and
//! [`Table::set_own`] are the only ones that change a configuration. They keep the rest in step.

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;
mod member;
mod members;
mod own;
mod slots;
mod suspicion;
mod walks;

pub(crate) use member::{Claim, Coarse, Flags, Member, Slot};
pub(crate) use members::grow;
pub(crate) use slots::{SlotList, SlotMap};
pub(crate) use suspicion::{Suspicion, timeout};
pub(crate) use walks::MAX_OBSERVERS;

use super::address::Ip;
use super::hashes::Hashes;
use super::outbox::To;
use super::ring::Ring;
use crate::types::{Detail, Digest, Entry, Heartbeat, Instant, NodeId, NodeStatus};
use members::Members;
use rand::Rng;
use suspicion::Suspicions;

/// All known nodes, this one included.
#[derive(Debug)]
pub(crate) struct Table {
    members: Members,
    ring: Ring,
    hashes: Hashes,
    suspicions: Suspicions,
    online: usize,
}

/// What is known.
impl Table {
    pub(crate) fn new(own: &Entry<'_>, now: Instant, key: u64) -> Self {
        let members = Members::new(own, now, key);
        let mut hashes = Hashes::new();
        hashes.toggle(&members.own);
        Self {
            members,
            ring: Ring::default(),
            hashes,
            suspicions: Suspicions::default(),
            online: 0,
        }
    }

    /// This node itself, which is in no list.
    pub(crate) const fn own(&self) -> &Member {
        &self.members.own
    }

    pub(crate) fn own_entry(&self) -> Entry<'_> {
        self.entry(&self.members.own)
    }

    /// Members held online.
    pub(crate) const fn online(&self) -> usize {
        self.online
    }

    /// Members held suspect.
    pub(crate) const fn suspects(&self) -> usize {
        self.suspicions.listed()
    }

    /// Members held online that others accuse.
    pub(crate) const fn doubts(&self) -> usize {
        self.suspicions.doubts()
    }

    /// Members that are no tombstones.
    pub(crate) const fn live(&self) -> usize {
        self.ring.len()
    }

    /// The status at a place; `None` for [`Slot::NONE`].
    pub(crate) fn status(&self, slot: Slot) -> Option<NodeStatus> {
        (slot != Slot::NONE).then(|| self[slot].status)
    }

    /// Whether a member stands at this place, and not one that was forgotten.
    pub(crate) fn is_listed(&self, slot: Slot) -> bool {
        self.slot(&self[slot].id) == Some(slot)
    }

    pub(crate) fn is_online(&self, slot: Slot) -> bool {
        self.status(slot) == Some(NodeStatus::Online)
    }

    /// The text of an address.
    pub(crate) fn text<'a>(&'a self, ip: &'a Ip) -> &'a str {
        ip.as_str(&self.members.strings)
    }

    /// Whether a member is held to be at an address.
    pub(crate) fn is_at(&self, slot: Slot, address: core::net::SocketAddr) -> bool {
        let member = &self[slot];
        member.ip.is_at(member.port, address, &self.members.strings)
    }

    /// Keeps the text of an address; give it back with [`Table::release`].
    pub(crate) fn hold(&mut self, ip: &str) -> Ip {
        Ip::hold(ip, &mut self.members.strings)
    }

    /// The address of an entry, to send to.
    pub(crate) fn address(&mut self, entry: &Entry<'_>) -> To {
        To { id: entry.id, ip: self.hold(entry.ip), port: entry.port }
    }

    pub(crate) fn release(&mut self, ip: Ip) {
        ip.release(&mut self.members.strings);
    }

    /// Whether an entry tells of a configuration that we lack: it says a claim alone, and the
    /// configuration that goes with it is newer than ours (P-12a).
    pub(crate) fn lacks_configuration(&self, slot: Slot, entry: &Entry<'_>) -> bool {
        if matches!(entry.detail, Detail::Full) {
            return false;
        }
        if slot == Slot::NONE {
            return true;
        }
        let held = &self[slot];
        let at = Heartbeat::new(entry.config_heartbeat).unwrap_or_default();
        entry.config_epoch > held.config_epoch || at > held.config_heartbeat
    }
}

/// The digest (P-12).
impl Table {
    /// The digest of the whole id space, or of one sixteenth of it.
    pub(crate) fn digest(&self, prefix: Option<u8>) -> Digest {
        match prefix {
            None => self.hashes.top(),
            Some(prefix) => self.hashes.bucket(prefix),
        }
    }

    /// One bit for each of the 16 buckets in which `theirs` differs from ours.
    pub(crate) fn differing(&self, theirs: &Digest) -> u16 {
        self.hashes.differing(theirs)
    }
}

/// The suspicions (P-9), and doubts: those of members that are still held online (P-9a).
impl Table {
    pub(crate) fn suspicion(&self, slot: Slot) -> Option<&Suspicion> {
        if self[slot].is(Flags::ACCUSED) { self.suspicions.get(slot) } else { None }
    }

    pub(crate) fn suspicion_mut(&mut self, slot: Slot) -> Option<&mut Suspicion> {
        if self[slot].is(Flags::ACCUSED) { self.suspicions.get_mut(slot) } else { None }
    }

    /// Adds the doubt of a member that is online and has none.
    pub(crate) fn doubt(&mut self, doubt: Suspicion) {
        self[doubt.slot].flags.set(Flags::ACCUSED, true);
        self.suspicions.insert(doubt);
    }

    /// Puts back a suspicion that was looked at, if there is one still.
    pub(crate) fn keep_suspicion(&mut self, suspicion: Suspicion) {
        self.suspicions.keep(suspicion);
    }

    /// Forgets the doubt of a member that is online, if there is one.
    pub(crate) fn end_doubt(&mut self, slot: Slot) {
        debug_assert!(self[slot].status == NodeStatus::Online, "a suspect needs its suspicion");
        self.end_suspicion(slot);
    }

    fn end_suspicion(&mut self, slot: Slot) {
        if self[slot].is(Flags::ACCUSED) {
            self[slot].flags.set(Flags::ACCUSED, false);
            self.suspicions.remove(slot);
        }
    }

    /// The number of suspicions and doubts.
    pub(crate) fn accused(&self) -> usize {
        self.suspicions.all().len()
    }

    /// All suspicions and doubts, once around from a place.
    pub(crate) fn suspicions_around(&self, from: usize) -> impl Iterator<Item = &Suspicion> {
        self.suspicions.around(from)
    }
}

/// Changes.
impl Table {
    /// Lists a node that is not listed: joining or online.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, now: Instant, rng: &mut impl Rng) -> Slot {
        debug_assert!(self.slot(&entry.id).is_none() && entry.id != self.members.own.id);
        debug_assert!(!entry.status.is_gone() && entry.status != NodeStatus::Suspect);
        let slot = self.members.insert(entry, now);
        self.ring.insert(slot, rng);
        self.hashes.toggle(&self.members[slot]);
        self.online += usize::from(self.members[slot].status == NodeStatus::Online);
        slot
    }

    /// Takes a member out of everything here; its slot may be given to another at once.
    pub(crate) fn remove(&mut self, slot: Slot) {
        self.hashes.toggle(&self.members[slot]);
        self.end_suspicion(slot);
        let status = self.members[slot].status;
        self.online -= usize::from(status == NodeStatus::Online);
        if !status.is_gone() {
            self.ring.remove(slot);
        }
        self.members.remove(slot);
    }

    /// Gives a member another id: a placeholder's node has told its own (P-13).
    pub(crate) fn rename(&mut self, slot: Slot, id: NodeId) {
        debug_assert!(self.slot(&id).is_none() && id != self.members.own.id);
        self.hashes.toggle(&self.members[slot]);
        self.members.rename(slot, id);
        self.hashes.toggle(&self.members[slot]);
    }

    /// Gives a member another claim. Returns the status that it had.
    ///
    /// A member becomes suspect only from online; its doubt becomes a suspicion. Any other change
    /// ends its suspicion or doubt.
    pub(crate) fn set_claim(
        &mut self,
        slot: Slot,
        claim: Claim,
        now: Instant,
        rng: &mut impl Rng,
    ) -> NodeStatus {
        let (old, new) = (self.members[slot].status, claim.status);
        debug_assert!(
            claim.heartbeat >= self[slot].heartbeat || old == NodeStatus::Joining,
            "a claim goes back"
        );
        self.members[slot].heartbeat = claim.heartbeat;
        if old == new {
            return old;
        }
        self.hashes.toggle(&self.members[slot]);
        self.online -= usize::from(old == NodeStatus::Online);
        self.online += usize::from(new == NodeStatus::Online);
        if new == NodeStatus::Suspect {
            debug_assert!(old == NodeStatus::Online, "only an online member becomes suspect");
            self.suspicions.list(slot);
        } else {
            self.end_suspicion(slot);
        }
        match (old.is_gone(), new.is_gone()) {
            (true, false) => {
                self.members.unbury(slot);
                self.ring.insert(slot, rng);
            }
            (false, true) => {
                self.ring.remove(slot);
                self.members.bury(slot);
            }
            _ => {}
        }
        let member = &mut self.members[slot];
        member.status = new;
        member.changed = Coarse::of(now);
        if new == NodeStatus::Suspect {
            member.suspected = member.changed;
        }
        self.hashes.toggle(&self.members[slot]);
        old
    }

    /// Takes the configuration of an entry, which its owner set at the heartbeat `at`. `dated` is
    /// whether the entry itself says so: a configuration without a date that is no change is no
    /// later one either. Returns whether it differs from what was held.
    pub(crate) fn set_configuration(
        &mut self,
        slot: Slot,
        entry: &Entry<'_>,
        at: Heartbeat,
        dated: bool,
    ) -> bool {
        let changed = self.members.differs(&self.members[slot], entry);
        if changed {
            self.members.configure(slot, entry);
        }
        let member = &self.members[slot];
        let unheard = member.status == NodeStatus::Joining;
        // The digest is over the date and the epoch alone.
        if dated || changed || unheard || entry.config_epoch != member.config_epoch {
            self.hashes.toggle(member);
            let member = &mut self.members[slot];
            member.config_heartbeat = at;
            member.config_epoch = entry.config_epoch;
            self.hashes.toggle(member);
        }
        changed
    }
}

/// What is read and has no relation to keep.
impl core::ops::Deref for Table {
    type Target = Members;

    fn deref(&self) -> &Members {
        &self.members
    }
}

impl core::ops::Index<Slot> for Table {
    type Output = Member;

    fn index(&self, slot: Slot) -> &Member {
        &self.members[slot]
    }
}

impl core::ops::IndexMut<Slot> for Table {
    fn index_mut(&mut self, slot: Slot) -> &mut Member {
        &mut self.members[slot]
    }
}
