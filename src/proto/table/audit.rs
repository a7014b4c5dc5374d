//! A recount of what a status and a configuration entail.

use super::{Flags, Slot, Table};
use crate::proto::audit::{Audit, ensure};
use crate::types::NodeStatus;

impl Table {
    /// Recounts the lists, the ring, the digest and the suspicions.
    pub(crate) fn audit(&self) -> Audit {
        self.members.audit()?;
        let (mut online, mut live, mut accused) = (0, 0, 0);
        for slot in self.slots() {
            let member = &self[slot];
            online += usize::from(member.status == NodeStatus::Online);
            live += usize::from(!member.status.is_gone());
            accused += usize::from(member.is(Flags::ACCUSED));
            let in_ring = self.ring.contains(slot);
            ensure(in_ring != member.status.is_gone(), "the ring is not that of live members")?;
            self.audit_suspicion(slot)?;
        }
        let all = self.slots().map(|slot| &self[slot]).chain([self.own()]);
        ensure(self.hashes.are_of(all), "the digest is not that of the members")?;
        ensure(online == self.online, "online members are miscounted")?;
        ensure(live == self.ring.len(), "the ring has another length")?;
        ensure(accused == self.accused(), "a suspicion has no member")?;
        let doubts = self.suspicions.all().iter().filter(|suspicion| suspicion.is_doubt());
        ensure(doubts.count() == self.doubts(), "doubts are miscounted")
    }

    fn audit_suspicion(&self, slot: Slot) -> Audit {
        let (status, found) = (self[slot].status, self.suspicions.get(slot));
        ensure(found.is_some() == self[slot].is(Flags::ACCUSED), "a suspicion without a flag")?;
        match (status, found) {
            (NodeStatus::Suspect, None) => Err("a suspect has no suspicion"),
            (_, None) => Ok(()),
            (status, Some(found)) => {
                ensure(found.slot == slot, "a suspicion is of another member")?;
                let fits = match status {
                    NodeStatus::Suspect => !found.is_doubt(),
                    NodeStatus::Online => found.is_doubt(),
                    _ => false,
                };
                ensure(fits, "a suspicion does not fit its member's status")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::audit::Case;
    use crate::proto::table::{Claim, Suspicion};
    use crate::types::{Entry, Heartbeat, Instant, NodeId};
    use NodeStatus::{Failed, Online, Suspect};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    /// Members: online, doubted, suspect, and failed.
    fn table() -> Table {
        let (now, mut rng) = (Instant::ZERO, SmallRng::seed_from_u64(1));
        let entry = |number: u8| Entry {
            id: NodeId::new([number; 16]),
            heartbeat: 5,
            status: Online,
            ..Entry::default()
        };
        let mut table = Table::new(&entry(9), now, 7);
        for number in 0..4 {
            table.add(&entry(number), now, &mut rng);
        }
        let stamp = Heartbeat::ZERO.after(7);
        for slot in [Slot(1), Slot(2)] {
            table.doubt(Suspicion::new(slot, 0, stamp, 0));
        }
        for (slot, status) in [(Slot(2), Suspect), (Slot(3), Failed)] {
            table.set_claim(slot, Claim { heartbeat: stamp, status }, now, &mut rng);
        }
        table
    }

    #[test]
    fn each_broken_relation_is_found() {
        assert_eq!(table().audit(), Ok(()));
        let breaks: [Case<fn(&mut Table)>; 11] = [
            (|t| t.members.own.id = NodeId::new([1; 16]), "this node lists its own id"),
            (|t| t.ring.remove(Slot(1)), "the ring is not that of live members"),
            (|t| t.members[Slot(0)].config_epoch = 3, "the digest is not that of the members"),
            (|t| t.online += 1, "online members are miscounted"),
            (
                |t| t.ring.insert(Slot(9), &mut SmallRng::seed_from_u64(1)),
                "the ring has another length",
            ),
            (
                |t| t.suspicions.insert(Suspicion::new(Slot(3), 0, Heartbeat::ZERO, 0)),
                "a suspicion without a flag",
            ),
            (
                |t| t.suspicions.insert(Suspicion::new(Slot(7), 0, Heartbeat::ZERO, 0)),
                "a suspicion has no member",
            ),
            (|t| t.suspicions.doubts += 1, "doubts are miscounted"),
            (
                |t| {
                    t.suspicions.remove(Slot(2));
                    t[Slot(2)].flags.set(Flags::ACCUSED, false);
                },
                "a suspect has no suspicion",
            ),
            (|t| t.suspicions.list.swap(0, 1), "a suspicion is of another member"),
            (|t| t.suspicions.list(Slot(1)), "a suspicion does not fit its member's status"),
        ];
        for (breaks, otherwise) in breaks {
            let mut table = table();
            breaks(&mut table);
            assert_eq!(table.audit(), Err(otherwise));
        }
    }
}
