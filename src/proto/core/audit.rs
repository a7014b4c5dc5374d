//! The recount of all parts after inputs and rounds, in debug builds and in the simulator.

use super::Core;
use crate::proto::audit::{Audit, ensure};
use crate::proto::outbox::MAX_WAITING;
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
        if !self.on {
            return false;
        }
        self.skipped += 1;
        let due = members <= SMALL || self.skipped >= members / 16;
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
        self.news.piggyback.audit(table)?;
        self.detector.audit(table)?;
        self.joining.audit(table)?;
        self.healing.audit(table)?;
        self.sync.fetches().audit(table)?;
        let most = self.cx.config.max_members as usize;
        ensure(table.len() <= most, "more members than max_members")?;
        // A message that comes while so many wait is refused, and none has more entries than this.
        let most = MAX_WAITING + 4 * Self::MAX_ENTRIES;
        ensure(self.cx.outbox.len() <= most, "the output queue is too long")?;
        let left = table.own().status() == NodeStatus::Left;
        ensure(left == self.leaving.is_some(), "this node has left and has not")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Config;
    use crate::proto::audit::Case;
    use crate::proto::joining::Joining;
    use crate::proto::table::{Claim, Flags, Slot};
    use crate::types::{Entry, Heartbeat, Instant, NodeId};

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
        let breaks: [Case<fn(&mut Core)>; 9] = [
            (|c| c.cx.table[Slot(1)].flags.set(Flags::ACCUSED, true), "a suspicion without a flag"),
            (|c| c.cx.table[Slot(1)].waiting = 77, "a claim has another's place"),
            (|c| c.cx.table[Slot(0)].flags.set(Flags::PROBED, true), "probes are miscounted"),
            (|c| c.joining = Joining::new(Instant::ZERO), "a join is not repeated"),
            (
                |c| {
                    let heartbeat = Heartbeat::ZERO.after(9);
                    c.cx.set_claim(Slot(1), Claim { heartbeat, status: NodeStatus::Failed });
                    c.news.drop(&mut c.cx.table, Slot(1));
                    c.healing.round(&mut c.cx);
                    c.cx.table.remove(Slot(1));
                },
                "a member that is forgotten is tried",
            ),
            (
                |c| c.cx.table[Slot(1)].flags.set(Flags::LACKS, true),
                "what a member lacks is not known",
            ),
            (|c| c.cx.config.max_members = 2, "more members than max_members"),
            (
                |c| (0..90_000).for_each(|_| c.cx.event(Slot(1), NodeStatus::Online)),
                "the output queue is too long",
            ),
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
