//! A recount of the joins and of the lists that are pushed.

use super::{Joining, MAX_PUSHES};
use crate::proto::audit::{Audit, ensure};
use crate::proto::table::{Flags, Table};

impl Joining {
    /// Whether each member that waits for an answer is asked again, and each list has a receiver.
    pub(crate) fn audit(&self, table: &Table) -> Audit {
        let waits = |slot| self.joins.iter().any(|join| join.slot == slot);
        let mut asked = table.slots().filter(|&slot| table[slot].is(Flags::JOINS));
        ensure(asked.all(waits), "a join is not repeated")?;
        ensure(self.pushes.len() <= MAX_PUSHES, "too many lists are pushed")?;
        let listed = self.pushes.iter().all(|push| table.is_listed(push.to));
        ensure(listed, "a list goes to a member that is forgotten")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Push;
    use super::*;
    use crate::proto::table::Slot;
    use crate::types::{Entry, Instant, NodeId};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    #[test]
    fn each_broken_relation_is_found() {
        let now = Instant::ZERO;
        let own = Entry { id: NodeId::new([9; 16]), ..Entry::default() };
        let mut table = Table::new(&own, now, 7);
        table.add(&Entry::default(), now, &mut SmallRng::seed_from_u64(1));
        table.add(&Entry { id: NodeId::new([1; 16]), ..own }, now, &mut SmallRng::seed_from_u64(1));
        table.remove(Slot(1));
        let push = |to| Push { to, from: to, last: to, proved: false, until: now };
        let mut joining = Joining::new(now);
        joining.pushes.push_back(push(Slot(0)));
        assert_eq!(joining.audit(&table), Ok(()));
        joining.pushes.push_back(push(Slot(1)));
        assert_eq!(joining.audit(&table), Err("a list goes to a member that is forgotten"));
        joining.pushes = (0..=MAX_PUSHES).map(|_| push(Slot(0))).collect();
        assert_eq!(joining.audit(&table), Err("too many lists are pushed"));
        table[Slot(0)].flags.set(Flags::JOINS, true);
        assert_eq!(joining.audit(&table), Err("a join is not repeated"));
    }
}
