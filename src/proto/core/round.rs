//! A round, and what is due between rounds (P-6, P-7a, P-10 to P-14).

use super::Core;
use crate::proto::detector::{MAX_CHECKS, MAX_PINGS, Verdict};
use crate::proto::joining::ping_newcomers;
use crate::proto::outbox::Content;
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Slot, SlotList};
use crate::types::{Instant, MessageKind, NodeStatus};

/// Tombstones reaped in one round (P-15).
const REAPS_A_ROUND: usize = 16;

/// What drives a core.
impl Core {
    /// One protocol round at once, however soon after the last (the ABI's tick): pings the next
    /// members, raises the own heartbeat, and ends what is due.
    pub fn round(&mut self, now: Instant) {
        self.cx.timed = false;
        self.work(now);
        self.audit();
    }

    fn work(&mut self, now: Instant) {
        if !self.begin_round(now) {
            return;
        }
        self.ping_round();
        self.cx.table.beat();
        self.check_timers();
        let Self { cx, joining, healing, .. } = self;
        joining.round(cx);
        joining.push_round(cx);
        healing.round(cx);
        self.sync_round();
        self.reap_round();
    }

    /// A round that pings every online member and ends nothing (the ABI's `tick_full_broadcast`).
    pub fn round_broadcast(&mut self, now: Instant) {
        if !self.begin_round(now) {
            return;
        }
        let cx = &mut self.cx;
        let mut next = cx.table.first();
        while let Some(slot) = next {
            next = cx.table.next(slot);
            if cx.table.is_online(slot) {
                cx.send(MessageKind::Ping, slot, Content::GOSSIP);
            }
        }
        cx.table.beat();
        self.audit();
    }

    /// Does what is due, rounds included; for a driver that sleeps until [`Core::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.cx.timed = true;
        if now >= self.round_at {
            self.work(now);
        } else {
            self.cx.clock.wake(now);
            self.work_between();
        }
        self.audit();
    }

    /// What is due between two rounds.
    fn work_between(&mut self) {
        if self.leaving.is_some() {
            return;
        }
        self.check_timers();
        if self.news.is_due(&self.cx) {
            self.news.gossip(&mut self.cx);
            if self.is_catching_up() {
                self.sync_round();
            }
        }
    }

    /// When [`Core::handle_timeout`] is due next; a program that calls [`Core::round`] itself need
    /// not ask.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let mut next = self.round_at;
        // After a leave there are only rounds: what else is due is not done any more (P-14).
        if self.leaving.is_some() {
            return Some(next);
        }
        let talks = self.news.len() > 0 || self.is_catching_up();
        if self.cx.config.gossip_interval_ms > 0 && talks {
            next = next.min(self.news.due());
        }
        let awake = self.detector.due().min(self.sync.fetches().due());
        if awake < u64::MAX {
            let wait = awake.saturating_sub(self.cx.awake());
            let now = self.cx.now().as_micros();
            next = next.min(Instant::from_micros(now.saturating_add(wait)));
        }
        Some(next)
    }
}

/// The parts of a round.
impl Core {
    /// Plans the next round. P-10: a node that doubts itself probes half as often; rarer rounds would
    /// also keep it from seeing a partition. Returns whether there is more to do than to leave.
    fn begin_round(&mut self, now: Instant) -> bool {
        self.cx.clock.round(now);
        let interval = u64::from(self.cx.config.round_interval_ms) * 1000;
        let wait = interval * if self.detector.awareness() > 0 { 2 } else { 1 };
        self.round_at = self.cx.later(wait);
        self.budgets.renew();
        if self.leaving.is_some() {
            self.leave_round();
            return false;
        }
        self.refute_round();
        true
    }

    /// P-6: pings the next members.
    fn ping_round(&mut self) {
        let mut targets = SlotList::<MAX_PINGS>::new();
        self.detector.find_targets(&mut self.cx, &mut targets);
        for &slot in targets.iter() {
            if self.never_joined(slot) {
                self.forget(slot);
            } else {
                self.ping(slot);
            }
        }
    }

    /// P-13: whether a node was met and never answered, for so long that it is dropped.
    fn never_joined(&self, slot: Slot) -> bool {
        let member = &self.cx.table[slot];
        let life = u64::from(self.cx.config.join_timeout_ms) * 1000;
        member.status() == NodeStatus::Joining && member.changed().elapsed(self.cx.now()) > life
    }

    fn ping(&mut self, slot: Slot) {
        let Self { cx, sync, detector, .. } = self;
        let digest = sync.rides(cx, slot);
        detector.ping(cx, slot, digest);
    }

    /// Looks at suspicions, probes, pings for others, and fetches that are due.
    fn check_timers(&mut self) {
        self.check_suspicions();
        let mut place = 0;
        while let Some(probe) = self.detector.next_failed(&mut self.cx, &mut place) {
            if self.detector.probe_failed(&mut self.cx, &probe) {
                self.ping(probe.slot);
            }
        }
        let Self { cx, sync, detector, .. } = self;
        detector.check_relays(cx);
        sync.check_fetches(cx, detector);
    }

    fn check_suspicions(&mut self) {
        for _ in 0..MAX_CHECKS {
            let Self { cx, news, detector, healing, .. } = self;
            let Some(slot) = detector.next_suspicion(cx) else { return };
            let verdict = detector.check_suspicion(cx, news, slot, healing.back_awake());
            if verdict == Verdict::Failed {
                self.cx.stats.failures += 1;
                let heartbeat = self.cx.table[slot].heartbeat();
                let claim = Claim { heartbeat, status: NodeStatus::Failed };
                self.make_tombstone(slot, claim, Reason::TimeOut);
            }
        }
    }

    /// Whether we joined of late and know that we lack members. Where rounds are slow, it is looked to
    /// that as often as news is gossiped (P-13).
    fn is_catching_up(&self) -> bool {
        let Self { cx, joining, .. } = self;
        joining.is_fresh(cx) && (self.sync.differed() || joining.is_unsure(cx))
    }

    /// A newcomer sends a digest of its own to a random member each round, and pings those that it
    /// was told of (P-13).
    fn sync_round(&mut self) {
        let Self { cx, joining, sync, .. } = self;
        let fresh = joining.is_fresh(cx);
        let differed = sync.take_differed() && fresh;
        if !differed && !joining.is_unsure(cx) {
            return;
        }
        // Where many join at once, one that all of them know would drown in these.
        if cx.table.online() > 1
            && let Some(slot) = cx.any_online()
            && cx.speaks_packets(slot)
        {
            cx.send(MessageKind::SyncDigest, slot, Content::Digest(None));
        }
        // Where text may have to be fallen back to, the ring's turn tells who reads what ("Forms").
        if fresh && cx.is_packets() {
            ping_newcomers(cx);
        }
    }

    /// P-5: tombstones are forgotten after their time.
    fn reap_round(&mut self) {
        let life = u64::from(self.cx.config.reap_ms) * 1000;
        for _ in 0..REAPS_A_ROUND {
            match self.cx.table.oldest_tombstone() {
                Some(slot) if self.cx.table[slot].changed().elapsed(self.cx.now()) > life => {
                    self.forget(slot);
                }
                _ => return,
            }
        }
    }

    /// P-14: after a leave the rounds only repeat it, for some time.
    fn leave_round(&mut self) {
        let Some(left) = self.leaving.filter(|&left| left > 0) else { return };
        self.leaving = Some(left - 1);
        self.send_leave(self.cx.config.gossip_nodes as usize);
    }

    /// Tells the next `most` members of the ring that we leave.
    pub(super) fn send_leave(&mut self, most: usize) {
        let cx = &mut self.cx;
        for _ in 0..most.min(cx.table.live()) {
            let Some(slot) = cx.table.next_in_ring(&mut cx.rng) else { return };
            cx.send(MessageKind::Leave, slot, Content::Own);
        }
    }
}
