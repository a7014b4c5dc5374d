//! A recount of what is lacking.

use super::{Fetches, MAX_FETCHES};
use crate::proto::audit::{Audit, ensure};
use crate::proto::table::{Flags, Table};

impl Fetches {
    /// Whether the members that lack metadata are those that are known here.
    pub(crate) fn audit(&self, table: &Table) -> Audit {
        let lacking = |&slot: &_| table[slot].is(Flags::LACKS);
        let known = table.slots().filter(lacking).all(|slot| self.lack(slot).is_some());
        ensure(known, "what a member lacks is not known")?;
        let count = table.slots().filter(lacking).count();
        ensure(count == self.lacks.len(), "what is lacking is miscounted")?;
        ensure(self.running.len() <= MAX_FETCHES, "too many fetches")
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fetch, Lack};
    use super::*;
    use crate::proto::table::Slot;
    use crate::types::{Entry, Instant, MetadataStamp, NodeId};
    use rand::SeedableRng;
    use rand::rngs::SmallRng;

    #[test]
    fn each_broken_relation_is_found() {
        let own = Entry { id: NodeId::new([9; 16]), ..Entry::default() };
        let mut table = Table::new(&own, Instant::ZERO, 7);
        table.add(&Entry::default(), Instant::ZERO, &mut SmallRng::seed_from_u64(1));
        let lack = Lack { stamp: MetadataStamp { bytes: 9, hash: 9 }, source: Slot(0) };
        let mut fetches = Fetches::default();
        assert_eq!(fetches.audit(&table), Ok(()));
        table[Slot(0)].flags.set(Flags::LACKS, true);
        assert_eq!(fetches.audit(&table), Err("what a member lacks is not known"));
        fetches.add(Slot(0), lack);
        assert_eq!(fetches.audit(&table), Ok(()));
        fetches.running = (0..=MAX_FETCHES).map(|_| Fetch::new(Slot(0), lack)).collect();
        assert_eq!(fetches.audit(&table), Err("too many fetches"));
        fetches.add(Slot(1), lack);
        assert_eq!(fetches.audit(&table), Err("what is lacking is miscounted"));
    }
}
