//! A recount of the slab, the index, the orders and the tombstones.

use super::{Members, shared_hash};
use crate::proto::audit::{Audit, ensure};
use crate::proto::table::Slot;

impl Members {
    /// Recounts each list of members.
    pub(in crate::proto::table) fn audit(&self) -> Audit {
        ensure(self.slot(&self.own.id).is_none(), "this node lists its own id")?;
        ensure(self.len + self.free.len() == self.slab.len(), "a place is neither free nor taken")?;
        ensure(self.index.len() == self.len, "the index has another length")?;
        ensure(self.shared.len() == self.len, "the shared order has another length")?;
        let (mut listed, mut gone) = (0, 0);
        for slot in self.slots().take(self.len + 1) {
            listed += 1;
            gone += usize::from(self[slot].status.is_gone());
            let id = self[slot].id;
            ensure(self.slot(&id) == Some(slot), "an id is not found at its place")?;
            let place = (shared_hash(&id), slot);
            ensure(self.shared.contains(&place), "a member has no place in the shared order")?;
        }
        ensure(listed == self.len, "the order of arrival has another length")?;
        ensure(gone == self.tombstones_len, "tombstones are miscounted")?;
        let mut next = self.tombstones.next;
        for _ in 0..self.tombstones_len {
            ensure(next != Slot::NONE, "the list of tombstones is too short")?;
            ensure(self[next].status.is_gone(), "a tombstone is no tombstone")?;
            next = self[next].tombstone.next;
        }
        ensure(next == Slot::NONE, "the list of tombstones is too long")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Link, NodeId};
    use super::*;
    use crate::proto::audit::Case;
    use crate::types::{Entry, Instant, NodeStatus};

    fn entry(number: u8) -> Entry<'static> {
        Entry { id: NodeId::new([number; 16]), heartbeat: 5, ..Entry::default() }
    }

    /// Three members, the last two of them tombstones.
    fn members() -> Members {
        let mut members = Members::new(&entry(9), Instant::ZERO, 7);
        for number in 1..=4 {
            members.insert(&entry(number), Instant::ZERO);
        }
        members.remove(Slot(3));
        for slot in [Slot(1), Slot(2)] {
            members.bury(slot);
            members[slot].status = NodeStatus::Failed;
        }
        members
    }

    #[test]
    fn each_broken_list_is_found() {
        assert_eq!(members().audit(), Ok(()));
        let breaks: [Case<fn(&mut Members)>; 11] = [
            (|m| m.own.id = NodeId::new([1; 16]), "this node lists its own id"),
            (|m| m.free.clear(), "a place is neither free nor taken"),
            (|m| m.index.clear(), "the index has another length"),
            (|m| m.shared.clear(), "the shared order has another length"),
            (|m| m[Slot(0)].id = NodeId::new([8; 16]), "an id is not found at its place"),
            (
                |m| {
                    let place = *m.shared.first().expect("three of them");
                    m.shared.remove(&place);
                    m.shared.insert((place.0, Slot(3)));
                },
                "a member has no place in the shared order",
            ),
            (|m| m[Slot(1)].order.next = Slot::NONE, "the order of arrival has another length"),
            (|m| m[Slot(1)].status = NodeStatus::Online, "tombstones are miscounted"),
            (|m| m[Slot(1)].tombstone.next = Slot::NONE, "the list of tombstones is too short"),
            (
                |m| m.tombstones = Link { prev: Slot(2), next: Slot(0) },
                "a tombstone is no tombstone",
            ),
            (|m| m[Slot(2)].tombstone.next = Slot(1), "the list of tombstones is too long"),
        ];
        for (breaks, otherwise) in breaks {
            let mut members = members();
            breaks(&mut members);
            assert_eq!(members.audit(), Err(otherwise));
        }
    }
}
