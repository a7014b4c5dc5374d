//! Suspicions: confirmed, opened to everybody, ended (P-9, P-9a; SWIM 4.2, Lifeguard IV-B).

use super::Detector;
use super::accusing::report_suspicion;
use crate::proto::context::{Context, MAX_JUMP};
use crate::proto::healing::Healing;
use crate::proto::news::News;
use crate::proto::outbox::Content;
use crate::proto::rules::Rule;
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Slot, Suspicion, timeout};
use crate::types::{Entry, Heartbeat, MessageKind, NodeStatus};

/// Suspicions looked at in one wake-up; the rest waits for the next (P-15).
pub(crate) const MAX_CHECKS: usize = 256;
/// Accused members that we hold online and look at for ourselves at a time; the accusation of one more
/// is not followed (P-15).
const MAX_DOUBTS: usize = 256;
/// The longest suspicion is at least this many times the shortest, however slow the rounds are.
const MAX_OF_MIN: u64 = 4;

/// What a look at a suspicion came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It goes on.
    Open,
    /// Its time is up: the member has failed.
    Failed,
}

/// A member that accuses another, with what its accusation rests on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Accuser {
    pub(crate) slot: Slot,
    /// It runs 1.4.2's rules, so that its word counts little.
    pub(crate) old: bool,
    /// It told this node in particular (P-9a), as it tells the observers.
    pub(crate) told_us: bool,
}

impl Detector {
    /// Our own probe of a member failed for good.
    pub(super) fn accuse(&mut self, cx: &mut Context, slot: Slot, stamp: Heartbeat) {
        cx.stats.suspicions += 1;
        self.suspect(cx, slot, stamp);
        cx.table[slot].reason = Reason::Probe;
        if let Some(suspicion) = cx.table.suspicion_mut(slot) {
            suspicion.watching = true;
            suspicion.accused_by_us = true;
        }
        report_suspicion(cx, slot);
        self.watch(cx, slot);
    }

    /// An accused member has answered us, though it may not know of the newest stamp yet. That ends a
    /// doubt; a suspicion begins anew, if the answer is proved to be one.
    pub(super) fn clear_by_answer(&mut self, cx: &mut Context, slot: Slot, proved: bool) {
        if cx.table.is_online(slot) {
            return cx.table.end_doubt(slot);
        }
        if !proved {
            return;
        }
        self.note_loss(&cx.table, slot);
        if let Some(suspicion) = cx.table.suspicion_mut(slot) {
            suspicion.restart(cx.clock.awake());
        }
    }

    /// A gossiped suspicion: we show it and wait longer than the members that watch.
    pub(crate) fn apply_suspicion(
        &mut self,
        cx: &mut Context,
        news: &mut News,
        slot: Slot,
        said: Claim,
    ) {
        match cx.table[slot].status() {
            NodeStatus::Online => {
                self.suspect(cx, slot, said.heartbeat);
                if let Some(suspicion) = cx.table.suspicion_mut(slot) {
                    suspicion.told = true;
                }
                news.push(&mut cx.table, slot);
            }
            NodeStatus::Suspect => cx.table[slot].restamp(said.heartbeat),
            _ => {}
        }
    }

    /// A member that we hold online says by its own ping that another does not answer.
    pub(crate) fn apply_accusation(
        &mut self,
        cx: &mut Context,
        entry: &Entry<'_>,
        accuser: Accuser,
        healing: &Healing,
    ) {
        let Some(heartbeat) = Heartbeat::new(entry.heartbeat) else { return };
        let Some(slot) = cx.table.slot(&entry.id) else { return };
        let held = cx.table[slot].claim();
        let said = Claim { heartbeat, status: entry.status };
        if accuser.old || heartbeat.since(held.heartbeat) > MAX_JUMP {
            return self.probe_soon(&mut cx.table, slot);
        }
        match held.status {
            NodeStatus::Online if said > held => {
                if cx.table.doubts() >= MAX_DOUBTS {
                    return;
                }
                self.doubt(cx, slot, heartbeat);
            }
            NodeStatus::Suspect if said > held => cx.table[slot].restamp(heartbeat),
            NodeStatus::Suspect => {}
            NodeStatus::Failed if healing.doubts(cx, slot) => return,
            NodeStatus::Failed if said > held => {
                // It was seen after our stamp and is silent now: our verdict stands, at that stamp.
                cx.table[slot].restamp(heartbeat);
                return cx.send(MessageKind::Update, accuser.slot, Content::Told(slot));
            }
            NodeStatus::Online | NodeStatus::Failed | NodeStatus::Left if said < held => {
                // We know better: the accuser is told what we hold.
                return cx.send(MessageKind::Update, accuser.slot, Content::Told(slot));
            }
            _ => return,
        }
        self.confirm(cx, slot, accuser);
    }

    /// One more member accuses another.
    fn confirm(&mut self, cx: &mut Context, slot: Slot, accuser: Accuser) {
        let Accuser { slot: accuser, told_us, .. } = accuser;
        let Some(suspicion) = cx.table.suspicion_mut(slot) else { return };
        let confirmed = suspicion.confirm(accuser);
        let excused = confirmed && suspicion.accused_by_us && !suspicion.excused;
        suspicion.excused |= excused;
        let looks = told_us || suspicion.is_doubt();
        let begins =
            told_us && !suspicion.watching || looks && suspicion.ping_over == suspicion.start;
        suspicion.watching |= told_us;
        self.timers.insert((cx.awake(), slot));
        if excused {
            // Another finds it dead too, so our own failed probe was no fault of ours (P-10).
            self.awareness.improve();
        }
        if begins {
            self.watch(cx, slot);
        }
    }

    /// Our own probe of a member failed that others suspect already.
    pub(super) fn confirm_ourselves(&mut self, cx: &mut Context, slot: Slot) {
        let Some(suspicion) = cx.table.suspicion_mut(slot) else { return };
        suspicion.accused_by_us = true;
        let begins = !core::mem::replace(&mut suspicion.watching, true);
        self.timers.insert((cx.awake(), slot));
        report_suspicion(cx, slot);
        if begins {
            self.watch(cx, slot);
        }
    }

    /// The next suspicion that wants to be looked at.
    pub(crate) fn next_suspicion(&mut self, cx: &Context) -> Option<Slot> {
        let &(at, slot) = self.timers.first()?;
        if at > cx.awake() {
            return None;
        }
        self.timers.pop_first();
        Some(slot)
    }

    /// Looks at a suspicion that is due. `since` is when this node learned last that it had been held
    /// failed itself, in awake time: what was silent until then may have been our fault (P-9).
    pub(crate) fn check_suspicion(
        &mut self,
        cx: &mut Context,
        news: &mut News,
        slot: Slot,
        since: u64,
    ) -> Verdict {
        let Some(mut suspicion) = cx.table.suspicion(slot).cloned() else { return Verdict::Open };
        let (awake, grace) = (cx.awake(), cx.grace());
        let mut next = if suspicion.is_doubt() {
            u64::MAX
        } else {
            match self.check_end(cx, &mut suspicion, since) {
                Outcome::Waits(next) => next,
                Outcome::Failed => return Verdict::Failed,
                Outcome::TakenOver => {
                    self.take_over(cx, suspicion);
                    return Verdict::Open;
                }
            }
        };
        if suspicion.watching || suspicion.is_doubt() {
            next = next.min(self.check_watch(cx, &mut suspicion, grace));
        }
        let open = !suspicion.is_doubt() && !suspicion.told;
        if open && let Some(tell) = opens(cx, &suspicion) {
            if awake >= tell {
                suspicion.told = true;
                news.push(&mut cx.table, slot);
            } else {
                next = next.min(tell);
            }
        }
        cx.table.keep_suspicion(suspicion);
        self.timers.insert((next.max(awake + 1), slot));
        Verdict::Open
    }

    /// Whether the time of a suspicion is over.
    fn check_end(&self, cx: &Context, suspicion: &mut Suspicion, since: u64) -> Outcome {
        let (awake, grace) = (cx.awake(), cx.grace());
        let end = self.end(cx, suspicion, since);
        if awake < end {
            suspicion.end_found = None;
            return Outcome::Waits(end);
        }
        let found = *suspicion.end_found.get_or_insert(awake);
        if awake >= found + grace {
            if !suspicion.watching {
                return Outcome::TakenOver;
            }
            // Nobody is failed on hearsay alone: our own ping has to have gone unanswered too.
            if suspicion.accused_by_us {
                return Outcome::Failed;
            }
        }
        if awake < found + grace.max(1) {
            return Outcome::Waits(found + grace.max(1));
        }
        // Only the outcome of our ping is waited for.
        Outcome::Waits(suspicion.ping_over)
    }

    /// When a suspicion ends, in awake time.
    fn end(&self, cx: &Context, suspicion: &Suspicion, since: u64) -> u64 {
        let (min, max) = suspicion_bounds(cx, suspicion.slot);
        let start = suspicion.start.max(since);
        if !suspicion.watching {
            return start + max + max / 2;
        }
        let lasts = timeout(min, max, suspicion.confirmations(), confirmations(cx));
        let least = self.least_watch(cx, suspicion.slot).min(max);
        (start + lasts).max(suspicion.watched_from + least)
    }
}

/// What the look at the end of a suspicion came to.
enum Outcome {
    /// To be looked at again at this time.
    Waits(u64),
    Failed,
    /// The members that were told to watch have not ended it.
    TakenOver,
}

/// How many accusers beyond the first end a suspicion in the shortest time (P-9).
fn confirmations(cx: &Context) -> u32 {
    let members = if cx.holds(Rule::FewConfirm) { cx.table.online() as u32 } else { u32::MAX };
    cx.config.confirmations.min(members)
}

/// When a suspicion is told to everybody; `None` while too few confirm it (P-9a).
fn opens(cx: &Context, suspicion: &Suspicion) -> Option<u64> {
    if !cx.holds(Rule::Observers) {
        return Some(suspicion.start);
    }
    let confirmed = suspicion.confirmations() >= confirmations(cx);
    confirmed.then(|| suspicion.start + open_after(cx))
}

/// How old a suspicion is before our messages to all accuse its subject, in microseconds.
pub(crate) fn open_after(cx: &Context) -> u64 {
    2 * u64::from(cx.config.observer_timeout_ms) * 1000
}

/// Shortest and longest time that a suspicion of this member may take here.
fn suspicion_bounds(cx: &Context, slot: Slot) -> (u64, u64) {
    let pace = cx.clock.pace().max(cx.table[slot].slowest_pace());
    // A quarter less, so that jitter does not add a round.
    let rounds = u64::from(cx.config.suspicion_min_rounds) * pace - pace / 4;
    let plain = (u64::from(cx.config.suspicion_min_ms) * 1000).max(rounds);
    let slow = cx.table.suspicion(slot).map_or(0, |suspicion| suspicion.slow);
    let min = plain.max(slow);
    let factor = u64::from(cx.config.suspicion_max_factor);
    let max = u64::from(cx.config.suspicion_min_ms) * 1000 * factor;
    (min, max.max(MAX_OF_MIN * min))
}
