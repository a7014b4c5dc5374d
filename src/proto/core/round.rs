//! A round, and what is done in rounds besides probing (P-6, P-11 to P-14).

use super::super::member::{Flags, Slot};
use super::super::outbox::{Content, Send};
use super::Core;
use super::exchange::{LISTS_A_ROUND, NEWCOMER_PINGS};
use super::fetching::PARTS_A_ROUND;
use crate::types::{Instant, MessageKind, NodeStatus};
use rand::RngExt;

/// Meets and joins that are looked at in one round (P-15).
const JOINS_A_ROUND: usize = 4;
/// How long a list waits for the newcomer's address to be proved at least, in microseconds.
const PUSH_WAIT: u64 = 10_000_000;
/// The first and the longest wait before a meet or a join is repeated, in microseconds.
const JOIN_WAITS: (u64, u64) = (100_000, 5_000_000);
/// Newcomers that are given the list at a time; one more is left to gossip (P-15).
const MAX_PUSHES: usize = 64;
/// Messages of all lists that wait to be pushed; past it one list at a time (P-15).
const MAX_PUSH_MESSAGES: usize = 1024;
/// Messages of a pushed list in one round, over all newcomers (P-15).
const PUSHES_A_ROUND: usize = 32;
/// Of these to one newcomer, so that its socket can hold them.
const PUSHES_TO_ONE: usize = 8;
/// How much more often failed members are tried while the last failure is fresh.
const FRESH_FACTOR: u64 = 4;
/// Tombstones reaped in one round (P-15).
const REAPS_A_ROUND: usize = 16;
/// Tombstones that healing passes over in one round (P-15).
const HEAL_LOOKS: usize = 8;

/// A meet or join that was not answered yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    pub(super) slot: Slot,
    pub(super) kind: MessageKind,
    pub(super) at: Instant,
    pub(super) wait: u64,
}

/// A newcomer that is given the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Push {
    pub(super) to: Slot,
    pub(super) from: Slot,
    /// The last one when it came; later ones are news to everybody.
    pub(super) last: Slot,
    /// Whether its address is proved; until then nothing is pushed.
    pub(super) proved: bool,
    /// When we stop waiting for that.
    pub(super) until: Instant,
}

impl Core {
    /// One protocol round at once, however soon after the last (the ABI's tick): pings the next
    /// members, raises the own heartbeat, and ends what is due.
    pub fn round(&mut self, now: Instant) {
        self.timed = false;
        self.work(now);
    }

    fn work(&mut self, now: Instant) {
        self.clock.round(now);
        self.plan_round();
        if self.leaving.is_some() {
            return self.leave_round();
        }
        self.refute_round();
        self.ping_round();
        self.beat();
        self.check_timers();
        self.join_round();
        self.push_round();
        self.heal_round();
        self.sync_round();
        self.reap_round();
    }

    /// A round that pings every online member and ends nothing (the ABI's `tick_full_broadcast`).
    pub fn round_broadcast(&mut self, now: Instant) {
        self.clock.round(now);
        self.plan_round();
        if self.leaving.is_some() {
            return self.leave_round();
        }
        self.refute_round();
        let mut next = self.members.first();
        while let Some(slot) = next {
            next = self.members.next(slot);
            if self.members[slot].status == NodeStatus::Online {
                let content = self.gossip();
                self.send(MessageKind::Ping, slot, content);
            }
        }
        self.beat();
    }

    /// Does what is due, rounds included; for a driver that sleeps until [`Core::poll_timeout`].
    pub fn handle_timeout(&mut self, now: Instant) {
        self.timed = true;
        if now >= self.round_at {
            return self.work(now);
        }
        self.clock.wake(now);
        if self.leaving.is_some() {
            return;
        }
        self.check_timers();
        if self.config.gossip_interval_ms > 0 && now >= self.gossip_at {
            self.gossip_at = self.in_ms(self.config.gossip_interval_ms);
            self.gossip_news();
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
        let talks = self.piggyback.len() > 0 || self.is_catching_up();
        if self.config.gossip_interval_ms > 0 && talks {
            next = next.min(self.gossip_at);
        }
        let relays = self.relays.iter().map(|relay| relay.over).min().unwrap_or(u64::MAX);
        let timers = self.timers.first().map_or(u64::MAX, |&(at, _)| at);
        let awake = self.probes_due.min(relays).min(timers).min(self.fetches.due());
        if awake < u64::MAX {
            let wait = awake.saturating_sub(self.clock.awake());
            next = next.min(Instant::from_micros(self.now().as_micros().saturating_add(wait)));
        }
        Some(next)
    }

    fn check_timers(&mut self) {
        self.check_suspicions();
        self.check_probes();
        self.check_relays();
        self.check_fetches();
    }

    /// P-10: a node that doubts itself probes half as often; rarer rounds would also keep it from
    /// seeing a partition.
    fn plan_round(&mut self) {
        let interval = u64::from(self.config.round_interval_ms) * 1000;
        let wait = interval * if self.awareness.score() > 0 { 2 } else { 1 };
        self.round_at = self.later(wait);
        self.asked_claimants = 0;
        self.asked_leaves = 0;
        self.lists_left = LISTS_A_ROUND;
        self.proofs_left = NEWCOMER_PINGS as u32;
        self.parts_left = PARTS_A_ROUND;
    }

    fn beat(&mut self) {
        let own = &mut self.members.own;
        own.heartbeat = own.heartbeat.after(1);
        own.version = own.version.wrapping_add(1);
    }

    /// P-7a: news go out between rounds too.
    fn gossip_news(&mut self) {
        if self.piggyback.len() == 0 {
            return;
        }
        for _ in 0..self.config.gossip_nodes {
            let Some(slot) = self.random_online(|_| true) else { return };
            let content = self.gossip();
            self.send(MessageKind::Update, slot, content);
        }
    }

    /// P-13: repeats what was not answered, to all in parallel, ever more rarely.
    fn join_round(&mut self) {
        for _ in 0..self.joins.len().min(JOINS_A_ROUND) {
            let Some(mut join) = self.joins.pop_front() else { return };
            if !self.members[join.slot].is(Flags::JOINS) {
                // It was answered, or its node was forgotten.
                continue;
            }
            if self.now() >= join.at {
                self.send(join.kind, join.slot, Content::Own);
                if self.config.has_streams {
                    // Datagrams may not pass at all.
                    let send = Send::new(join.kind, join.slot, Content::Own);
                    self.decide(Send { by_stream: true, ..send });
                }
                join.wait = (join.wait * 2).min(JOIN_WAITS.1);
                join.at = self.join_time(join.wait);
            }
            self.joins.push_back(join);
        }
    }

    /// When to ask again: from a quarter of the wait to seven quarters, each node at a time of its own,
    /// since many may have asked at once.
    fn join_time(&self, wait: u64) -> Instant {
        let share = self.secret.0 % 1024;
        self.later((wait / 4 + wait * 3 / 2 * share / 1024).min(JOIN_WAITS.1))
    }

    pub(super) fn plan_join(&mut self, slot: Slot, kind: MessageKind) {
        let wait = JOIN_WAITS.0.max(2 * self.clock.pace());
        let at = self.join_time(wait);
        self.members[slot].flags.set(Flags::JOINS, true);
        self.joins.push_back(Join { slot, kind, at, wait });
    }

    /// The node answered; in packets we now pull the list from it (P-13).
    pub(super) fn join_answered(&mut self, slot: Slot) {
        if !self.members[slot].is(Flags::JOINS) {
            return;
        }
        self.members[slot].flags.set(Flags::JOINS, false);
        self.sync_with = Some(slot);
        self.fresh_until = self.in_ms(self.config.sync_interval_ms);
    }

    /// A newcomer is to get the list, if there is anything to tell; in packets it pulls instead.
    pub(super) fn plan_push(&mut self, to: Slot, proved: bool) {
        if self.speaks_packets(to) || self.online <= 1 {
            return;
        }
        let (Some(from), Some(last)) = (self.members.first(), self.members.last()) else { return };
        let wait = PUSH_WAIT.max(10 * self.clock.pace());
        let until = self.later(wait);
        self.pushes.retain(|other| other.to != to);
        let messages = self.members.len() / (self.entries_to(to) - 1) + 1;
        if (self.pushes.len() + 1) * messages <= MAX_PUSH_MESSAGES.max(messages)
            && self.pushes.len() < MAX_PUSHES
        {
            self.pushes.push_back(Push { to, from, last, proved, until });
        }
    }

    fn push_round(&mut self) {
        let newcomers = self.pushes.len();
        for i in 0..PUSHES_A_ROUND.min(newcomers * PUSHES_TO_ONE) {
            let Some(mut push) = self.pushes.pop_front() else { return };
            if self.speaks_packets(push.to) {
                // It has shown that it can pull the list.
                continue;
            }
            if i >= newcomers && self.members[push.to].is_old() {
                // An old node loses what comes in a burst.
                self.pushes.push_back(push);
                continue;
            }
            if self.members[push.to].status == NodeStatus::Online {
                push.proved = true;
            } else if self.now() > push.until {
                continue;
            }
            if push.proved {
                self.send(MessageKind::Update, push.to, Content::From(push.from));
                let mut next = Some(push.from);
                for _ in 1..self.entries_to(push.to) {
                    let more = next.filter(|&slot| slot != push.last);
                    next = more.and_then(|slot| self.members.next(slot));
                }
                let Some(from) = next else { continue };
                push.from = from;
            }
            self.pushes.push_back(push);
        }
    }

    /// P-11: how often we try a failed member so that the cluster tries each once in the interval.
    fn heal_period(&self) -> u64 {
        let mut interval = u64::from(self.config.heal_interval_ms) * 1000;
        let newest = self.members.newest_grave().map(|slot| self.members[slot].changed);
        if newest.is_some_and(|died| died.elapsed(self.now()) < 2 * interval) {
            // Most silences are short: a fresh failure is tried more often.
            interval /= FRESH_FACTOR;
        }
        interval * (self.online as u64 + 1) / (self.members.graves_len() as u64).max(1)
    }

    /// A new tombstone may bring the next try forward.
    pub(super) fn plan_heal(&mut self) {
        let wait = self.random_below(self.heal_period());
        let at = self.later(wait);
        if self.members.graves_len() <= 1 || at < self.heal_at {
            self.heal_at = at;
        }
    }

    fn heal_round(&mut self) {
        if self.members.graves_len() == 0 || self.now() < self.heal_at {
            return;
        }
        let period = self.heal_period();
        let wait = period * 3 / 4 + self.random_below(period / 4);
        self.heal_at = self.later(wait);
        let mut last = self.heal_last;
        for _ in 0..HEAL_LOOKS.min(self.members.graves_len()) {
            let is_grave = last != Slot::NONE && self.members[last].status.is_gone();
            let next = if is_grave { self.members.next_grave(last) } else { None };
            let Some(slot) = next.or_else(|| self.members.oldest_grave()) else { return };
            last = slot;
            let member = &self.members[slot];
            if member.status == NodeStatus::Failed && !member.is(Flags::MOVED) {
                let content = self.gossip();
                self.send(MessageKind::Ping, slot, content);
                break;
            }
        }
        self.heal_last = last;
    }

    /// Another node that speaks from the address of the one we tried last has taken it over.
    pub(super) fn note_heal_answer(&mut self, slot: Slot) {
        let last = self.heal_last;
        if last == Slot::NONE || last == slot || !self.members[last].status.is_gone() {
            return;
        }
        let (tried, speaks) = (&self.members[last], &self.members[slot]);
        let strings = &self.members.strings;
        let named = !speaks.ip.as_str(strings).is_empty();
        let same =
            tried.port == speaks.port && tried.ip.as_str(strings) == speaks.ip.as_str(strings);
        if named && same {
            self.members[last].flags.set(Flags::MOVED, true);
        }
    }

    /// P-5: tombstones are forgotten after their time.
    fn reap_round(&mut self) {
        let life = u64::from(self.config.reap_ms) * 1000;
        for _ in 0..REAPS_A_ROUND {
            match self.members.oldest_grave() {
                Some(slot) if self.members[slot].changed.elapsed(self.now()) > life => {
                    self.forget(slot);
                }
                _ => return,
            }
        }
    }

    /// P-14: after a leave the rounds only repeat it, for some time.
    pub(super) fn leave_round(&mut self) {
        let Some(left) = self.leaving.filter(|&left| left > 0) else { return };
        self.leaving = Some(left - 1);
        self.send_leaves_on(self.config.gossip_nodes as usize);
    }

    pub(super) fn send_leaves_on(&mut self, most: usize) {
        for _ in 0..most.min(self.ring.len()) {
            let Some(slot) = self.ring.step(&mut self.rng) else { return };
            self.send(MessageKind::Leave, slot, Content::Own);
        }
    }

    pub(super) fn random_below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.rng.random_range(0..bound) }
    }

    fn in_ms(&self, ms: u32) -> Instant {
        self.later(u64::from(ms) * 1000)
    }
}
