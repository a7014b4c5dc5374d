//! All known nodes: a slab with a hash index, the order of arrival, the tombstones, and the order of
//! ids that all nodes share. Finding, adding and removing cost the same at any size.

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::member::{Flags, Link, Member, Slot};
use crate::proto::address::Ip;
use crate::proto::hash::{keyed_hash, shared_hash};
use crate::proto::strings::Strings;
use crate::types::{Detail, Entry, Instant, MetadataPart, NodeId};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// The members, this node itself at [`Members::own`] and in no index.
#[derive(Debug)]
pub(crate) struct Members {
    pub(super) own: Member,
    pub(super) strings: Strings,
    slab: Vec<Member>,
    free: Vec<Slot>,
    index: HashTable<Slot>,
    shared: BTreeSet<(u32, Slot)>,
    order: Link,
    tombstones: Link,
    len: usize,
    tombstones_len: usize,
    key: u64,
}

impl Members {
    pub(super) fn new(own: &Entry<'_>, now: Instant, key: u64) -> Self {
        let mut strings = Strings::new(key);
        let own = Member::new(own, now, &mut strings);
        Self {
            own,
            strings,
            slab: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            shared: BTreeSet::new(),
            order: Link::NONE,
            tombstones: Link::NONE,
            len: 0,
            tombstones_len: 0,
            key,
        }
    }

    /// Members, tombstones counted, this node not.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn tombstones(&self) -> usize {
        self.tombstones_len
    }

    pub(crate) fn slot(&self, id: &NodeId) -> Option<Slot> {
        let hash = keyed_hash(id, self.key);
        self.index.find(hash, |&slot| self[slot].id == *id).copied()
    }

    /// Adds a node that is not listed; it is in no ring yet.
    pub(super) fn insert(&mut self, entry: &Entry<'_>, now: Instant) -> Slot {
        let member = Member::new(entry, now, &mut self.strings);
        let slot = if let Some(slot) = self.free.pop() {
            self[slot] = member;
            slot
        } else {
            grow(&mut self.slab);
            self.slab.push(member);
            Slot((self.slab.len() - 1) as u32)
        };
        self.index_in(slot);
        self.len += 1;
        let last = self.order.prev;
        self[slot].order = Link { prev: last, next: Slot::NONE };
        match last {
            Slot::NONE => self.order.next = slot,
            last => self[last].order.next = slot,
        }
        self.order.prev = slot;
        slot
    }

    /// Takes a member out; its slot may be given to another at once.
    pub(super) fn remove(&mut self, slot: Slot) {
        self.index_out(slot);
        self.unbury(slot);
        let Link { prev, next } = self[slot].order;
        match prev {
            Slot::NONE => self.order.next = next,
            prev => self[prev].order.next = next,
        }
        match next {
            Slot::NONE => self.order.prev = prev,
            next => self[next].order.prev = prev,
        }
        self.len -= 1;
        let member = &mut self.slab[slot.0 as usize];
        member.metadata = None;
        member.id = NodeId::ZERO;
        member.flags = Flags::default();
        let (ip, role, region) = (member.ip, member.role, member.region);
        ip.release(&mut self.strings);
        self.strings.release(role);
        self.strings.release(region);
        self.free.push(slot);
    }

    /// Gives a member another id: a placeholder's node has told its own (P-13).
    pub(super) fn rename(&mut self, slot: Slot, id: NodeId) {
        self.index_out(slot);
        self[slot].id = id;
        self.index_in(slot);
    }

    fn index_in(&mut self, slot: Slot) {
        let (slab, key) = (&self.slab, self.key);
        let id = slab[slot.0 as usize].id;
        let rehash = |&slot: &Slot| keyed_hash(&slab[slot.0 as usize].id, key);
        self.index.insert_unique(keyed_hash(&id, key), slot, rehash);
        self.shared.insert((shared_hash(&id), slot));
    }

    fn index_out(&mut self, slot: Slot) {
        let id = self[slot].id;
        if let Ok(entry) = self.index.find_entry(keyed_hash(&id, self.key), |&have| have == slot) {
            entry.remove();
        }
        self.shared.remove(&(shared_hash(&id), slot));
    }

    /// Puts a member last among the tombstones; it must be in no ring.
    pub(super) fn bury(&mut self, slot: Slot) {
        let last = self.tombstones.prev;
        self[slot].tombstone = Link { prev: last, next: Slot::NONE };
        match last {
            Slot::NONE => self.tombstones.next = slot,
            last => self[last].tombstone.next = slot,
        }
        self.tombstones.prev = slot;
        self.tombstones_len += 1;
    }

    /// Takes a member out of the tombstones; one that is not gone is not there.
    pub(super) fn unbury(&mut self, slot: Slot) {
        if !self[slot].status.is_gone() {
            return;
        }
        let Link { prev, next } = self[slot].tombstone;
        match prev {
            Slot::NONE => self.tombstones.next = next,
            prev => self[prev].tombstone.next = next,
        }
        match next {
            Slot::NONE => self.tombstones.prev = prev,
            next => self[next].tombstone.prev = prev,
        }
        self[slot].tombstone = Link::NONE;
        self.tombstones_len -= 1;
    }

    /// The oldest tombstone.
    pub(crate) fn oldest_tombstone(&self) -> Option<Slot> {
        some(self.tombstones.next)
    }

    /// The youngest tombstone.
    pub(crate) fn newest_tombstone(&self) -> Option<Slot> {
        some(self.tombstones.prev)
    }

    /// The tombstone after `slot`, which must be one; after the last the first.
    pub(crate) fn next_tombstone(&self, slot: Slot) -> Option<Slot> {
        some(self[slot].tombstone.next).or_else(|| self.oldest_tombstone())
    }

    /// The member that became known first, or first after `slot`.
    pub(crate) fn first(&self) -> Option<Slot> {
        some(self.order.next)
    }

    /// The member that became known last.
    pub(crate) fn last(&self) -> Option<Slot> {
        some(self.order.prev)
    }

    pub(crate) fn next(&self, slot: Slot) -> Option<Slot> {
        some(self[slot].order.next)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> {
        core::iter::successors(self.first(), |&slot| self.next(slot))
    }

    /// Members from where `hash` stands in the shared order, once around.
    pub(super) fn around(&self, hash: u32) -> impl Iterator<Item = Slot> {
        let after = self.shared.range((hash, Slot(0))..);
        after.chain(self.shared.range(..(hash, Slot(0)))).map(|&(_, slot)| slot)
    }

    /// Members whose shared hash begins with the byte `leaf` (P-12).
    pub(crate) fn leaf(&self, leaf: u8) -> impl Iterator<Item = Slot> {
        let first = u32::from(leaf) << 24;
        let last = first | 0x00ff_ffff;
        self.shared.range((first, Slot(0))..=(last, Slot::NONE)).map(|&(_, slot)| slot)
    }

    /// The member as a message or a caller sees it.
    pub(crate) fn entry<'a>(&'a self, member: &'a Member) -> Entry<'a> {
        Entry {
            id: member.id,
            ip: member.ip.as_str(&self.strings),
            port: member.port,
            config_epoch: member.config_epoch,
            heartbeat: member.heartbeat.get(),
            config_heartbeat: member.config_heartbeat.get(),
            version: member.version,
            status: member.status,
            role: self.strings.get(member.role),
            region: self.strings.get(member.region),
            metadata: member.metadata.as_ref().into(),
            detail: Detail::Full,
            reads_packets: member.is(Flags::BINARY),
        }
    }

    /// Takes the configuration part of an entry; the texts must be short enough.
    pub(super) fn configure(&mut self, slot: Slot, entry: &Entry<'_>) {
        let strings = &mut self.strings;
        let (ip, role, region) =
            (Ip::hold(entry.ip, strings), strings.hold(entry.role), strings.hold(entry.region));
        let member = &mut self.slab[slot.0 as usize];
        let old = (member.ip, member.role, member.region);
        (member.ip, member.role, member.region) = (ip, role, region);
        member.port = entry.port;
        if let Some(metadata) = entry.metadata.whole() {
            member.metadata = Some(metadata);
        }
        old.0.release(strings);
        strings.release(old.1);
        strings.release(old.2);
    }

    /// Whether the configuration part of an entry says something else than what is held.
    pub(super) fn differs(&self, member: &Member, entry: &Entry<'_>) -> bool {
        member.port != entry.port
            || member.ip.as_str(&self.strings) != entry.ip
            || self.strings.get(member.role) != entry.role
            || self.strings.get(member.region) != entry.region
            || !same_metadata(member, entry)
    }
}

/// An entry that says nothing about metadata differs from nothing.
fn same_metadata(member: &Member, entry: &Entry<'_>) -> bool {
    match (entry.metadata, &member.metadata) {
        (MetadataPart::Held(said), Some(held)) => {
            alloc::sync::Arc::ptr_eq(said, held) || said == held
        }
        (MetadataPart::Packed(said), Some(held)) => said.bytes() == held.packed(),
        (MetadataPart::Held(said), None) => said.is_empty(),
        (MetadataPart::Packed(said), None) => said.bytes().is_empty(),
        (MetadataPart::Unsaid | MetadataPart::Apart(_) | MetadataPart::Slice { .. }, _) => true,
    }
}

impl core::ops::Index<Slot> for Members {
    type Output = Member;

    fn index(&self, slot: Slot) -> &Member {
        &self.slab[slot.0 as usize]
    }
}

impl core::ops::IndexMut<Slot> for Members {
    fn index_mut(&mut self, slot: Slot) -> &mut Member {
        &mut self.slab[slot.0 as usize]
    }
}

fn some(slot: Slot) -> Option<Slot> {
    (slot != Slot::NONE).then_some(slot)
}

/// Grows by a sixteenth, not by doubling: at any size little memory lies idle.
pub(crate) fn grow<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(items.len() / 16 + 16);
    }
}
