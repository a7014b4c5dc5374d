//! The recount of all parts after inputs and rounds, in debug builds and in the simulator.

use super::Core;
use crate::proto::audit::{Audit, ensure};
use crate::proto::budgets::Budgets;
use crate::proto::context::Context;
use crate::proto::fetch::MAX_FETCHES;
use crate::proto::healing::Healing;
use crate::proto::joining::{Joining, MAX_PUSHES};
use crate::proto::outbox::MAX_WAITING;
use crate::proto::sync::Sync;
use crate::proto::table::{Flags, Slot, Table};
use crate::types::NodeStatus;

/// Up to this many members everything is recounted each time.
const SMALL: usize = 256;

/// When the next audit is due.
#[derive(Debug)]
pub(super) struct Schedule {
    on: bool,
    skipped: usize,
}

impl Schedule {
    /// Debug builds audit from the start.
    pub(super) const fn new() -> Self {
        Self { on: cfg!(debug_assertions), skipped: 0 }
    }

    /// In a large group an audit comes after so many inputs that the work for each stays the same.
    const fn is_due(&mut self, members: usize) -> bool {
        self.skipped += 1;
        let due = self.on && (members <= SMALL || self.skipped >= members / 16);
        if due {
            self.skipped = 0;
        }
        due
    }
}

impl Core {
    /// Recounts the invariants from now on also in a release.
    #[cfg(feature = "switches")]
    pub const fn switch_audit_on(&mut self) {
        self.audits.on = true;
    }

    /// Recounts what the parts keep in step.
    ///
    /// # Panics
    /// If something does not agree: that is a defect of this library.
    pub(super) fn audit(&mut self) {
        if self.audits.is_due(self.cx.table.len()) {
            let found = self.recount();
            assert!(found.is_ok(), "audit: {}", found.unwrap_err());
        }
    }

    fn recount(&self) -> Audit {
        let table = &self.cx.table;
        table.audit()?;
        self.news.audit(table)?;
        self.detector.audit(table)?;
        audit_joining(&self.joining, table)?;
        audit_sync(&self.sync, table)?;
        audit_bounds(&self.cx, &self.healing, &self.budgets)?;
        let left = table.own().status() == NodeStatus::Left;
        ensure(left == self.leaving.is_some(), "this node has left and has not")
    }
}

fn is_listed(table: &Table, slot: Slot) -> bool {
    table.slot(&table[slot].id()) == Some(slot)
}

fn audit_joining(joining: &Joining, table: &Table) -> Audit {
    let joins = table.slots().filter(|&slot| table[slot].is(Flags::JOINS));
    for slot in joins {
        ensure(joining.waits_for(slot), "a join is not repeated")?;
    }
    ensure(joining.pushes() <= MAX_PUSHES, "too many lists are pushed")?;
    let mut pushed = joining.pushed();
    ensure(pushed.all(|slot| is_listed(table, slot)), "a list goes to a member that is forgotten")
}

fn audit_sync(sync: &Sync, table: &Table) -> Audit {
    let mut lacks = 0;
    for slot in table.slots().filter(|&slot| table[slot].is(Flags::LACKS)) {
        lacks += 1;
        ensure(sync.fetches().lack(slot).is_some(), "what a member lacks is not known")?;
    }
    ensure(lacks == sync.fetches().len(), "what is lacking is miscounted")?;
    ensure(sync.fetches().running() <= MAX_FETCHES, "too many fetches")
}

fn audit_bounds(cx: &Context, healing: &Healing, budgets: &Budgets) -> Audit {
    let last = healing.last();
    ensure(
        last == Slot::NONE || is_listed(&cx.table, last),
        "a member that is forgotten is tried",
    )?;
    ensure(budgets.are_within_a_round(), "a budget is larger than that of a round")?;
    let most = cx.config.max_members as usize;
    ensure(cx.table.len() <= most, "more members than max_members")?;
    // A message that comes while so many wait is refused, and none has more entries than this.
    ensure(cx.waiting() <= MAX_WAITING + 4 * Core::MAX_ENTRIES, "the output queue is too long")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Config;
    use crate::proto::budgets::Budget;
    use crate::proto::fetch::Lack;
    use crate::proto::table::Claim;
    use crate::types::{Entry, Heartbeat, Instant, MetadataStamp, NodeId};

    /// A core that knows some members and waits for one.
    fn core() -> Core {
        let entry = |number| Entry {
            id: NodeId::new([number; 16]),
            port: number.into(),
            ip: "10.0.0.1",
            ..Entry::default()
        };
        let mut core = Core::new(Config::lan(), &entry(9), 1, Instant::ZERO).expect("in range");
        for number in 1..4 {
            core.join(Instant::ZERO, &entry(number)).expect("there is room");
        }
        core.come_online(Slot(1));
        core
    }

    #[test]
    fn each_broken_part_is_found() {
        assert_eq!(core().recount(), Ok(()));
        let breaks: [(fn(&mut Core), &str); 11] = [
            (|c| c.cx.table[Slot(1)].waiting = 77, "a claim has another's place"),
            (|c| c.cx.table[Slot(0)].flags.set(Flags::PROBED, true), "probes are miscounted"),
            (|c| c.joining = Joining::new(Instant::ZERO), "a join is not repeated"),
            (
                |c| {
                    c.joining.push_to(Slot(2));
                    c.cx.table.remove(Slot(2));
                },
                "a list goes to a member that is forgotten",
            ),
            (
                |c| (0..=MAX_PUSHES).for_each(|_| c.joining.push_to(Slot(1))),
                "too many lists are pushed",
            ),
            (
                |c| c.cx.table[Slot(1)].flags.set(Flags::LACKS, true),
                "what a member lacks is not known",
            ),
            (
                |c| {
                    let stamp = MetadataStamp { bytes: 9, hash: 9 };
                    c.sync.fetches_mut().add(Slot(1), Lack { stamp, source: Slot(1) });
                },
                "what is lacking is miscounted",
            ),
            (
                |c| {
                    let claim =
                        Claim { heartbeat: Heartbeat::ZERO.after(9), status: NodeStatus::Failed };
                    c.cx.set_claim(Slot(1), claim);
                    c.news.drop(&mut c.cx.table, Slot(1));
                    c.healing.round(&mut c.cx);
                    c.cx.table.remove(Slot(1));
                },
                "a member that is forgotten is tried",
            ),
            (|c| c.budgets.grant(Budget::Lists, 9_999), "a budget is larger than that of a round"),
            (|c| c.cx.config.max_members = 2, "more members than max_members"),
            (|c| c.leaving = Some(3), "this node has left and has not"),
        ];
        for (breaks, otherwise) in breaks {
            let mut core = core();
            breaks(&mut core);
            assert_eq!(core.recount(), Err(otherwise));
        }
    }

    #[test]
    #[should_panic(expected = "audit: this node has left and has not")]
    fn an_input_or_a_round_ends_with_an_audit() {
        let mut core = core();
        core.leaving = Some(3);
        core.round(Instant::ZERO);
    }

    #[test]
    fn a_large_group_is_audited_after_a_sixteenth_of_its_number() {
        let mut schedule = Schedule::new();
        assert!(schedule.is_due(256));
        let due = (0..1_000).filter(|_| schedule.is_due(1_600)).count();
        assert_eq!(due, 10);
    }
}
