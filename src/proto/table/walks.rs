//! Choices among the members: by the ring, at random, and by the order of their ids.

use super::{Member, Slot, SlotList, Table};
use crate::proto::hash::shared_hash;
use crate::types::NodeStatus;
use rand::Rng;

/// Members looked at for one that is online.
const ONLINE_LOOKS: usize = 256;
/// The most observers of a member.
pub(crate) const MAX_OBSERVERS: usize = 8;
/// Members looked at for the observers of one (P-15).
const OBSERVER_LOOKS: usize = 64;

impl Table {
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

    /// Some joining members, from a random place of the ring on.
    pub(crate) fn random_joining<const N: usize>(&self, rng: &mut impl Rng) -> SlotList<N> {
        let joining = |slot: &Slot| self[*slot].status == NodeStatus::Joining;
        let mut found = SlotList::new();
        self.ring
            .around(rng)
            .take(ONLINE_LOOKS)
            .filter(joining)
            .take(N)
            .for_each(|slot| found.push(slot));
        found
    }

    /// Online members but the subject, up to `seats`, from where the subject's id stands in the
    /// order that all nodes share (P-9a). A seat that is this node's own stays empty.
    pub(crate) fn observers(&self, subject: Slot, seats: u32) -> SlotList<MAX_OBSERVERS> {
        let own_id = self.own().id;
        let id = if subject == Slot::NONE { own_id } else { self[subject].id };
        let mut found = SlotList::new();
        let start = shared_hash(&id).wrapping_add(1);
        let own = shared_hash(&own_id).wrapping_sub(start);
        let mut own_stands = id != own_id;
        let mut seats = (seats as usize).min(MAX_OBSERVERS);
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
                found.push(slot);
                seats -= 1;
            }
        }
        found
    }
}
