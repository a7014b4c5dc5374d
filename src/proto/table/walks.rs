//! Ways through the members: in the order of arrival, of their ids, of their deaths, and at random.

use super::{Member, Slot, Table};
use crate::proto::hash::shared_hash;
use crate::types::NodeStatus;
use rand::Rng;

/// Members looked at for one that is online.
const ONLINE_LOOKS: usize = 256;
/// Members looked at for the observers of one (P-15).
const OBSERVER_LOOKS: usize = 64;

/// The members that watch another (P-9a).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Observers {
    slots: [Slot; Self::MOST],
    len: usize,
}

impl Observers {
    /// The most observers of a member.
    pub(crate) const MOST: usize = 8;
}

impl core::ops::Deref for Observers {
    type Target = [Slot];

    fn deref(&self) -> &[Slot] {
        &self.slots[..self.len]
    }
}

impl Table {
    /// All members in the order in which they became known.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.members.slots()
    }

    /// The member that became known first.
    pub(crate) fn first(&self) -> Option<Slot> {
        self.members.first()
    }

    /// The member that became known last.
    pub(crate) fn last(&self) -> Option<Slot> {
        self.members.last()
    }

    /// The member that became known next after `slot`.
    pub(crate) fn next(&self, slot: Slot) -> Option<Slot> {
        self.members.next(slot)
    }

    pub(crate) fn oldest_tombstone(&self) -> Option<Slot> {
        self.members.oldest_tombstone()
    }

    pub(crate) fn newest_tombstone(&self) -> Option<Slot> {
        self.members.newest_tombstone()
    }

    /// The tombstone after `slot`, which must be one; after the last the first.
    pub(crate) fn next_tombstone(&self, slot: Slot) -> Option<Slot> {
        self.members.next_tombstone(slot)
    }

    /// Members whose shared hash begins with the byte `leaf` (P-12).
    pub(crate) fn leaf(&self, leaf: u8) -> impl Iterator<Item = Slot> {
        self.members.leaf(leaf)
    }

    /// The next member of the ring (P-6).
    pub(crate) fn next_in_ring(&mut self, rng: &mut impl Rng) -> Option<Slot> {
        self.ring.step(rng)
    }

    /// A random member held online that is wanted, if so many looks find one.
    pub(crate) fn random_online(
        &self,
        rng: &mut impl Rng,
        looks: usize,
        wanted: impl Fn(Slot, &Member) -> bool,
    ) -> Option<Slot> {
        self.ring.random(rng, looks, |slot| {
            let member = &self[slot];
            member.status == NodeStatus::Online && wanted(slot, member)
        })
    }

    /// A random member held online, if a bounded number of looks finds one.
    pub(crate) fn any_online(&self, rng: &mut impl Rng) -> Option<Slot> {
        self.random_online(rng, ONLINE_LOOKS, |_, _| true)
    }

    /// A random member held online that can probe another for us: none of those that were asked
    /// already, and none of 1.4.2, which does not know the message.
    pub(crate) fn random_helper(
        &self,
        rng: &mut impl Rng,
        subject: Slot,
        asked: &[Slot],
    ) -> Option<Slot> {
        self.random_online(rng, ONLINE_LOOKS, |slot, member| {
            !member.is_old() && slot != subject && !asked.contains(&slot)
        })
    }

    /// Joining members from a random place of the ring on.
    pub(crate) fn random_joining(&self, rng: &mut impl Rng) -> impl Iterator<Item = Slot> {
        let joining = |slot: &Slot| self[*slot].status == NodeStatus::Joining;
        self.ring.around(rng).take(ONLINE_LOOKS).filter(joining)
    }

    /// Online members but the subject, up to `seats`, from where the subject's id stands in the
    /// order that all nodes share (P-9a). A seat that is this node's own stays empty.
    pub(crate) fn observers(&self, subject: Slot, seats: u32) -> Observers {
        let own_id = self.own().id;
        let id = if subject == Slot::NONE { own_id } else { self[subject].id };
        let mut found = Observers { slots: [Slot::NONE; Observers::MOST], len: 0 };
        let start = shared_hash(&id).wrapping_add(1);
        let own = shared_hash(&own_id).wrapping_sub(start);
        let mut own_stands = id != own_id;
        let mut seats = (seats as usize).min(Observers::MOST);
        for slot in self.members.around(start).take(OBSERVER_LOOKS) {
            let member = &self[slot];
            let at = shared_hash(&member.id).wrapping_sub(start);
            if seats > 0 && own_stands && at > own {
                own_stands = false;
                seats -= 1;
            }
            if seats == 0 {
                break;
            }
            if slot != subject && member.status == NodeStatus::Online && !member.is_old() {
                found.slots[found.len] = slot;
                found.len += 1;
                seats -= 1;
            }
        }
        found
    }
}
