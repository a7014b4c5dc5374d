//! Joining: meets and joins until they are answered, and the list that a newcomer is given (P-13).

#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;

use super::context::Context;
use super::outbox::{Content, Send};
use super::table::{Flags, Member, Slot, SlotMap, Table};
use crate::types::{Form, Instant, MessageKind, NodeStatus};
use alloc::collections::VecDeque;

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
/// Pings of one round, beside those of the ring, by which a newcomer proves the members that it was
/// told of; and as many at the moment in which it is told.
pub(crate) const NEWCOMER_PINGS: usize = 13;
/// The most entries of a message to an old node, so that it fits a datagram.
pub(crate) const OLD_ENTRIES: usize = 6;

/// Nodes that we wait for, and nodes that wait for us.
#[derive(Debug)]
pub(crate) struct Joining {
    joins: VecDeque<Join>,
    pushes: VecDeque<Push>,
    /// The member that vouched first for each one that is joining on hearsay (P-5).
    vouchers: SlotMap,
    /// A member to pull the list from when the message in hand has been read.
    pull_from: Option<Slot>,
    /// Until when this node counts as a newcomer, whose list is still to be vouched for (P-5).
    fresh_until: Instant,
}

/// A meet or join that was not answered yet.
#[derive(Clone, Copy, Debug)]
struct Join {
    slot: Slot,
    kind: MessageKind,
    at: Instant,
    wait: u64,
}

/// A newcomer that is given the list.
#[derive(Clone, Copy, Debug)]
struct Push {
    to: Slot,
    from: Slot,
    /// The last one when it came; later ones are news to everybody.
    last: Slot,
    /// Whether its address is proved; until then nothing is pushed.
    proved: bool,
    /// When we stop waiting for that.
    until: Instant,
}

impl Joining {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            joins: VecDeque::new(),
            pushes: VecDeque::new(),
            vouchers: SlotMap::default(),
            pull_from: None,
            fresh_until: now,
        }
    }

    /// Meets and joins that were not answered yet.
    pub(crate) fn joins(&self) -> usize {
        self.joins.len()
    }

    /// Newcomers that are given the list.
    pub(crate) fn pushes(&self) -> usize {
        self.pushes.len()
    }

    /// Whether we joined of late, so that our list is still to be vouched for.
    pub(crate) fn is_fresh(&self, cx: &Context) -> bool {
        cx.now() < self.fresh_until
    }

    /// Whether much of what we were told waits for a second member to vouch for it (P-5), as after
    /// a join; then another digest brings that sooner than probes would.
    pub(crate) fn is_unsure(&self, cx: &Context) -> bool {
        let sure = cx.table.online() + cx.table.suspects() + self.joins.len();
        let spare = if self.is_fresh(cx) { 0 } else { cx.table.online() / 64 + 1 };
        cx.table.live() > sure + spare
    }

    /// Repeats a meet or a join from now on until it is answered.
    pub(crate) fn plan(&mut self, cx: &mut Context, slot: Slot, kind: MessageKind) {
        let wait = JOIN_WAITS.0.max(2 * cx.clock.pace());
        cx.table[slot].flags.set(Flags::JOINS, true);
        self.joins.push_back(Join { slot, kind, at: join_time(cx, wait), wait });
    }

    /// Repeats what was not answered, to all in parallel, ever more rarely.
    pub(crate) fn round(&mut self, cx: &mut Context) {
        for _ in 0..self.joins.len().min(JOINS_A_ROUND) {
            let Some(mut join) = self.joins.pop_front() else { return };
            if !cx.table[join.slot].is(Flags::JOINS) {
                // It was answered, or its node was forgotten.
                continue;
            }
            if cx.now() >= join.at {
                cx.send(join.kind, join.slot, Content::Own);
                if cx.config.has_streams {
                    // Datagrams may not pass at all.
                    let send = Send::new(join.kind, join.slot, Content::Own);
                    cx.decide(Send { by_stream: true, ..send });
                }
                join.wait = (join.wait * 2).min(JOIN_WAITS.1);
                join.at = join_time(cx, join.wait);
            }
            self.joins.push_back(join);
        }
    }

    /// The node answered; in packets we now pull the list from it.
    pub(crate) fn answered(&mut self, cx: &mut Context, slot: Slot) {
        if cx.table[slot].is(Flags::JOINS) {
            cx.table[slot].flags.set(Flags::JOINS, false);
            self.pull_from(slot);
            self.fresh_until = cx.in_ms(cx.config.sync_interval_ms);
        }
    }

    /// The list is to be pulled from a member when the message in hand has been read.
    pub(crate) const fn pull_from(&mut self, slot: Slot) {
        self.pull_from = Some(slot);
    }

    /// The member to pull the list from, once.
    pub(crate) const fn take_pull(&mut self) -> Option<Slot> {
        self.pull_from.take()
    }

    /// A member vouches for one that is joining. Returns whether another one did so before (P-5).
    pub(crate) fn vouch(&mut self, slot: Slot, voucher: Slot) -> bool {
        let first = self.vouchers.get(slot);
        if first.is_none() {
            self.vouchers.insert(slot, voucher.0);
        }
        first.is_some_and(|first| first != voucher.0)
    }

    /// A member has joined, so that nobody has to vouch for it any more.
    pub(crate) fn joined(&mut self, slot: Slot) {
        self.vouchers.remove(slot);
    }

    /// A placeholder that fits, among the first `looks` nodes that we wait for. A member of which others
    /// told us that it is online is none any more: its id is its own.
    pub(crate) fn placeholder(
        &self,
        table: &Table,
        looks: usize,
        fits: impl Fn(&Member) -> bool,
    ) -> Option<Slot> {
        let mut slots = self.joins.iter().take(looks).map(|join| join.slot);
        slots.find(|&slot| {
            let member = &table[slot];
            let waits = member.is(Flags::PLACEHOLDER) && member.status() == NodeStatus::Joining;
            waits && fits(member)
        })
    }

    /// A newcomer is to get the list, if there is anything to tell; in packets it pulls instead.
    pub(crate) fn plan_push(&mut self, cx: &Context, to: Slot, proved: bool) {
        if cx.speaks_packets(to) || cx.table.online() <= 1 {
            return;
        }
        let (Some(from), Some(last)) = (cx.table.first(), cx.table.last()) else { return };
        let until = cx.later(PUSH_WAIT.max(10 * cx.clock.pace()));
        self.pushes.retain(|other| other.to != to);
        let messages = cx.table.len() / (entries_to(cx, to) - 1) + 1;
        if (self.pushes.len() + 1) * messages <= MAX_PUSH_MESSAGES.max(messages)
            && self.pushes.len() < MAX_PUSHES
        {
            self.pushes.push_back(Push { to, from, last, proved, until });
        }
    }

    /// Pushes some messages of the lists.
    pub(crate) fn push_round(&mut self, cx: &mut Context) {
        let newcomers = self.pushes.len();
        for i in 0..PUSHES_A_ROUND.min(newcomers * PUSHES_TO_ONE) {
            let Some(mut push) = self.pushes.pop_front() else { return };
            if cx.speaks_packets(push.to) {
                // It has shown that it can pull the list.
                continue;
            }
            if i >= newcomers && cx.table[push.to].is_old() {
                // An old node loses what comes in a burst.
                self.pushes.push_back(push);
                continue;
            }
            if cx.table.is_online(push.to) {
                push.proved = true;
            } else if cx.now() > push.until {
                continue;
            }
            if push.proved {
                cx.send(MessageKind::Update, push.to, Content::From(push.from));
                let mut next = Some(push.from);
                for _ in 1..entries_to(cx, push.to) {
                    let more = next.filter(|&slot| slot != push.last);
                    next = more.and_then(|slot| cx.table.next(slot));
                }
                let Some(from) = next else { continue };
                push.from = from;
            }
            self.pushes.push_back(push);
        }
    }

    /// Takes a member that is forgotten out of everything but the joins, which pass it over.
    pub(crate) fn forget(&mut self, slot: Slot) {
        self.joined(slot);
        self.pushes.retain(|push| push.to != slot && push.from != slot);
    }

    /// Forgets the lists that are pushed.
    pub(crate) fn reset(&mut self) {
        self.pushes.clear();
    }
}

/// When to ask again: from a quarter of the wait to seven quarters, each node at a time of its own,
/// since many may have asked at once.
fn join_time(cx: &Context, wait: u64) -> Instant {
    cx.later((wait / 4 + wait * 3 / 2 * cx.own_share() / 1024).min(JOIN_WAITS.1))
}

/// The most entries of a message of structs to a member.
pub(crate) fn entries_to(cx: &Context, slot: Slot) -> usize {
    let most = cx.config.max_entries as usize;
    if cx.table[slot].is_old() { most.min(OLD_ENTRIES) } else { most }
}

/// A newcomer pings some of the members that it was told of and that are still joining.
pub(crate) fn ping_newcomers(cx: &mut Context) {
    for &slot in cx.table.random_joining::<NEWCOMER_PINGS>(&mut cx.rng).iter() {
        ping_newcomer(cx, slot);
    }
}

/// A ping beside those of the ring. It counts as no question to a silent member, whose form would be
/// doubted ("Forms"): its nonce is proof enough.
pub(crate) fn ping_newcomer(cx: &mut Context, slot: Slot) {
    if cx.form_to(slot) == Form::Packet {
        let asked = cx.table[slot].is(Flags::ASKED);
        cx.send(MessageKind::Ping, slot, Content::Own);
        cx.table[slot].flags.set(Flags::ASKED, asked);
    }
}
