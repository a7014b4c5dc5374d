//! A recount of the claims that wait.

use super::{MAX_SENDS, Piggyback};
use crate::proto::audit::{Audit, ensure};
use crate::proto::table::{Flags, Table};

impl Piggyback {
    /// Recounts the queues.
    pub(crate) fn audit(&self, table: &Table) -> Audit {
        let mut queued = 0;
        for slot in table.slots().filter(|&slot| table[slot].is(Flags::QUEUED)) {
            queued += 1;
            let member = &table[slot];
            let place = self.places.get(member.waiting as usize);
            ensure(place.is_some_and(|place| place.slot == slot), "a claim has another's place")?;
            ensure(usize::from(member.sends) < MAX_SENDS, "a claim was sent too often")?;
        }
        ensure(queued == self.len, "claims are miscounted")?;
        let lens = self.queues.iter().map(|queue| queue.len);
        ensure(lens.sum::<usize>() == self.len, "the queues have another length")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::audit::Case;
    use crate::proto::table::Slot;
    use crate::types::{Entry, Instant, NodeId};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    fn queue() -> (Piggyback, Table) {
        let mut rng = SmallRng::seed_from_u64(1);
        let entry = |number| Entry { id: NodeId::new([number; 16]), ..Entry::default() };
        let mut table = Table::new(&entry(9), Instant::ZERO, 7);
        let mut queue = Piggyback::default();
        for number in 0..3 {
            let slot = table.add(&entry(number), Instant::ZERO, &mut rng);
            queue.push(slot, &mut table);
        }
        (queue, table)
    }

    type Break = fn(&mut Piggyback, &mut Table);

    #[test]
    fn each_broken_queue_is_found() {
        let (sound, table) = queue();
        assert_eq!(sound.audit(&table), Ok(()));
        let breaks: [Case<Break>; 4] = [
            (|_, t| t[Slot(1)].waiting = 2, "a claim has another's place"),
            (|_, t| t[Slot(1)].sends = u8::MAX, "a claim was sent too often"),
            (|_, t| t[Slot(1)].flags.set(Flags::QUEUED, false), "claims are miscounted"),
            (|q, _| q.queues[0].len = 7, "the queues have another length"),
        ];
        for (breaks, otherwise) in breaks {
            let (mut queue, mut table) = queue();
            breaks(&mut queue, &mut table);
            assert_eq!(queue.audit(&table), Err(otherwise));
        }
    }
}
