//! A recount of probes, pings made for others, and timers.

use super::{Detector, MAX_URGENT};
use crate::proto::audit::{Audit, ensure};
use crate::proto::probe::{MAX_PROBES, MAX_RELAYS};
use crate::proto::table::{Flags, Table};

impl Detector {
    /// Recounts what the members' records say of this detector.
    pub(crate) fn audit(&self, table: &Table) -> Audit {
        let flagged = |flag| table.slots().filter(|&slot| table[slot].is(flag)).count();
        let probed = self.probes.iter().all(|probe| table[probe.slot].is(Flags::PROBED));
        ensure(probed, "a probe is of a member that is not probed")?;
        ensure(flagged(Flags::PROBED) == self.probes.len(), "probes are miscounted")?;
        ensure(self.probes.len() <= MAX_PROBES, "too many probes")?;
        let due = self.probes.iter().filter(|probe| probe.found.is_none()).map(|probe| probe.over);
        ensure(
            due.min().is_none_or(|due| self.probes_due <= due),
            "a probe is looked at too late",
        )?;
        ensure(self.relays.len() <= MAX_RELAYS, "too many pings for others")?;
        let urgent = self.urgent.iter().all(|&slot| table[slot].is(Flags::URGENT));
        ensure(urgent, "a member is urgent by one list alone")?;
        ensure(flagged(Flags::URGENT) == self.urgent.len(), "urgent members are miscounted")?;
        ensure(self.urgent.len() <= MAX_URGENT, "too many urgent members")?;
        let has_timer = |slot| self.timers.iter().any(|&(_, timed)| timed == slot);
        let mut accused = table.suspicions_around(0);
        ensure(accused.all(|it| has_timer(it.slot)), "a suspicion has no timer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::audit::Case;
    use crate::proto::probe::{Probe, Relay};
    use crate::proto::table::{Slot, Suspicion};
    use crate::types::{Entry, Heartbeat, Instant, NodeId, NodeStatus};
    use alloc::vec::Vec;
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    /// A member that is probed, urgent and doubted, and another.
    fn detector() -> (Detector, Table) {
        let mut rng = SmallRng::seed_from_u64(1);
        let status = NodeStatus::Online;
        let entry = |number| Entry { id: NodeId::new([number; 16]), status, ..Entry::default() };
        let mut table = Table::new(&entry(9), Instant::ZERO, 7);
        for number in 0..2 {
            table.add(&entry(number), Instant::ZERO, &mut rng);
        }
        let mut detector = Detector::new(0);
        detector.probes.push(Probe::new(Slot(0), Heartbeat::ZERO, 10, 20));
        detector.probes_due = 20;
        table[Slot(0)].flags.set(Flags::PROBED, true);
        detector.probe_soon(&mut table, Slot(0));
        table.doubt(Suspicion::new(Slot(0), 10, Heartbeat::ZERO, 0));
        detector.timers.insert((10, Slot(0)));
        (detector, table)
    }

    /// Adds so many members more.
    fn add(table: &mut Table, many: u16) -> Vec<Slot> {
        let mut rng = SmallRng::seed_from_u64(1);
        let id = |n: u16| [n.to_le_bytes(); 8].as_flattened().try_into().map(NodeId::new);
        let entry = |n| Entry { id: id(n).expect("16 bytes"), ..Entry::default() };
        (300..300 + many).map(|n| table.add(&entry(n), Instant::ZERO, &mut rng)).collect()
    }

    type Break<'a> = &'a dyn Fn(&mut Detector, &mut Table);

    #[test]
    fn each_broken_relation_is_found() {
        let (sound, table) = detector();
        assert_eq!(sound.audit(&table), Ok(()));
        let relay = Relay { subject: Slot(0), requester: Slot(1), over: 0 };
        let breaks: [Case<Break<'_>>; 11] = [
            (
                &|_, t| t[Slot(0)].flags.set(Flags::PROBED, false),
                "a probe is of a member that is not probed",
            ),
            (&|_, t| t[Slot(1)].flags.set(Flags::PROBED, true), "probes are miscounted"),
            (
                &|d, t| {
                    for slot in add(t, 400) {
                        t[slot].flags.set(Flags::PROBED, true);
                        d.probes.push(Probe::new(slot, Heartbeat::ZERO, 10, 20));
                    }
                },
                "too many probes",
            ),
            (&|d, _| d.probes_due = 21, "a probe is looked at too late"),
            (&|d, _| d.relays = alloc::vec![relay; MAX_RELAYS + 1], "too many pings for others"),
            (&|d, _| d.urgent.push_back(Slot(1)), "a member is urgent by one list alone"),
            (&|_, t| t[Slot(1)].flags.set(Flags::URGENT, true), "urgent members are miscounted"),
            (&|d, _| d.urgent.clear(), "urgent members are miscounted"),
            (
                &|d, t| {
                    for slot in add(t, 400) {
                        t[slot].flags.set(Flags::URGENT, true);
                        d.urgent.push_back(slot);
                    }
                },
                "too many urgent members",
            ),
            (&|d, _| d.timers.clear(), "a suspicion has no timer"),
            (&|d, _| d.timers = [(10, Slot(1))].into(), "a suspicion has no timer"),
        ];
        for (breaks, otherwise) in breaks {
            let (mut detector, mut table) = detector();
            breaks(&mut detector, &mut table);
            assert_eq!(detector.audit(&table), Err(otherwise));
        }
    }
}
