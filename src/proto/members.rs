//! All known nodes: a slab with a hash index, the order of arrival, the graves, and the order of
//! ids that all nodes share. Finding, adding and removing cost the same at any size.

use super::address::Ip;
use super::hash::{keyed_hash, shared_hash};
use super::member::{Coarse, Flags, Link, Member, Slot};
use super::stats::Reason;
use super::strings::Strings;
use crate::types::{Detail, Entry, Heartbeat, Instant, MetadataPart, NodeId, NodeStatus};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use hashbrown::HashTable;

/// The members, this node itself at [`Members::own`] and in no index.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) own: Member,
    pub(crate) strings: Strings,
    slab: Vec<Member>,
    free: Vec<Slot>,
    index: HashTable<Slot>,
    shared: BTreeSet<(u32, Slot)>,
    order: Link,
    graves: Link,
    len: usize,
    graves_len: usize,
    key: u64,
}

impl Members {
    pub(crate) fn new(own: &Entry<'_>, now: Instant, key: u64) -> Self {
        let mut strings = Strings::new(key);
        let own = member(own, now, &mut strings);
        Self {
            own,
            strings,
            slab: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            shared: BTreeSet::new(),
            order: Link::NONE,
            graves: Link::NONE,
            len: 0,
            graves_len: 0,
            key,
        }
    }

    /// Members, tombstones counted, this node not.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) const fn graves_len(&self) -> usize {
        self.graves_len
    }

    pub(crate) fn slot(&self, id: &NodeId) -> Option<Slot> {
        let hash = keyed_hash(id, self.key);
        self.index.find(hash, |&slot| self[slot].id == *id).copied()
    }

    /// Adds a node that is not listed; it is in no ring yet.
    pub(crate) fn insert(&mut self, entry: &Entry<'_>, now: Instant) -> Slot {
        let member = member(entry, now, &mut self.strings);
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
    pub(crate) fn remove(&mut self, slot: Slot) {
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
    pub(crate) fn rename(&mut self, slot: Slot, id: NodeId) {
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

    /// Puts a member last among the graves; it must be in no ring.
    pub(crate) fn bury(&mut self, slot: Slot) {
        let last = self.graves.prev;
        self[slot].grave = Link { prev: last, next: Slot::NONE };
        match last {
            Slot::NONE => self.graves.next = slot,
            last => self[last].grave.next = slot,
        }
        self.graves.prev = slot;
        self.graves_len += 1;
    }

    /// Takes a gone member out of its grave; one that is not gone has none.
    pub(crate) fn unbury(&mut self, slot: Slot) {
        if !self[slot].status.is_gone() {
            return;
        }
        let Link { prev, next } = self[slot].grave;
        match prev {
            Slot::NONE => self.graves.next = next,
            prev => self[prev].grave.next = next,
        }
        match next {
            Slot::NONE => self.graves.prev = prev,
            next => self[next].grave.prev = prev,
        }
        self[slot].grave = Link::NONE;
        self.graves_len -= 1;
    }

    /// The oldest tombstone.
    pub(crate) fn oldest_grave(&self) -> Option<Slot> {
        some(self.graves.next)
    }

    /// The youngest tombstone.
    pub(crate) fn newest_grave(&self) -> Option<Slot> {
        some(self.graves.prev)
    }

    /// The tombstone after `slot`, which must be one; after the last the first.
    pub(crate) fn next_grave(&self, slot: Slot) -> Option<Slot> {
        some(self[slot].grave.next).or_else(|| self.oldest_grave())
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
    pub(crate) fn around(&self, hash: u32) -> impl Iterator<Item = Slot> {
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

    /// What an entry that tells no configuration says of a member.
    pub(crate) fn claim<'a>(member: &Member) -> Entry<'a> {
        Entry {
            id: member.id,
            config_epoch: member.config_epoch,
            heartbeat: member.heartbeat.get(),
            config_heartbeat: member.config_heartbeat.get(),
            status: member.status,
            detail: Detail::Claim,
            ..Entry::default()
        }
    }

    /// Takes the configuration part of an entry; the texts must be short enough.
    pub(crate) fn configure(&mut self, slot: Slot, entry: &Entry<'_>) {
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
    pub(crate) fn differs(&self, member: &Member, entry: &Entry<'_>) -> bool {
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

fn member(entry: &Entry<'_>, now: Instant, strings: &mut Strings) -> Member {
    let heartbeat = Heartbeat::new(entry.heartbeat).unwrap_or(Heartbeat::MAX);
    Member {
        id: entry.id,
        heartbeat,
        config_epoch: entry.config_epoch,
        config_heartbeat: match Heartbeat::new(entry.config_heartbeat) {
            Some(at) if at > Heartbeat::ZERO => at,
            // Zero would read as a carrier that has no field for it.
            _ => heartbeat.max(Heartbeat::ZERO.after(1)),
        },
        version: entry.version,
        seen: now,
        metadata: entry.metadata.whole(),
        ip: Ip::hold(entry.ip, strings),
        port: entry.port,
        role: strings.hold(entry.role),
        region: strings.hold(entry.region),
        changed: Coarse::of(now),
        anchor: Coarse::of(now),
        anchor_heartbeat: heartbeat.get() as u32,
        pace: 0,
        order: Link::NONE,
        grave: Link::NONE,
        round_trip: 0,
        suspected: Coarse::default(),
        loss: 0,
        flaps: 0,
        slow_ms: 0,
        flags: Flags::default(),
        status: match entry.status {
            NodeStatus::Unknown => NodeStatus::Joining,
            status => status,
        },
        reason: Reason::Command,
        misses: 0,
        sends: 0,
        waiting: 0,
    }
}
