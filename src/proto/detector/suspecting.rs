//! Suspicions: begun, confirmed, ended (P-9, P-9a; SWIM 4.2, Lifeguard IV-B).

use super::Detector;
use crate::proto::context::{Context, MAX_JUMP};
use crate::proto::healing::Healing;
use crate::proto::news::News;
use crate::proto::outbox::Content;
use crate::proto::rules::Rule;
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Coarse, Flags, Slot, Suspicion, Table, timeout};
use crate::types::{Entry, Heartbeat, MessageKind, NodeStatus};

/// Suspicions looked at in one wake-up; the rest waits for the next (P-15).
pub(crate) const MAX_CHECKS: usize = 256;
/// Accused members that we hold online and look at for ourselves at a time; the accusation of one more
/// is not followed (P-15).
const MAX_DOUBTS: usize = 256;
/// The most that P-9b adds for short silences, as a multiple of the minimum and in milliseconds, whichever
/// is more.
const MAX_SLOW_FACTOR: u64 = 3;
const SHORT_SLOW_MS: u64 = 3_000;
/// The most that a failure is remembered for like a suspicion that was cleared, in milliseconds.
const SHORT_FAILURE_MS: u64 = 2_000;
/// How long P-9b remembers, in microseconds.
const SLOW_LIFE: u64 = 3_600_000_000;
/// The longest suspicion is at least this many times the shortest, however slow the rounds are.
const MAX_OF_MIN: u64 = 4;
/// The longest suspicion minimum that P-9b gives, in milliseconds.
const MAX_SLOW_MS: u64 = 30_000;

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

    /// An online member is accused: what is known of it is kept from here on.
    fn doubt(&mut self, cx: &mut Context, slot: Slot, stamp: Heartbeat) {
        if let Some(doubt) = cx.table.suspicion_mut(slot) {
            doubt.stamp = doubt.stamp.max(stamp);
            return;
        }
        let start = cx.awake();
        cx.table.doubt(Suspicion::new(slot, start, stamp, earned_silence(cx, slot)));
        self.timers.insert((start, slot));
    }

    /// An online member becomes suspect.
    pub(super) fn suspect(&mut self, cx: &mut Context, slot: Slot, stamp: Heartbeat) {
        let old = cx.table[slot].status();
        if old != NodeStatus::Online {
            return;
        }
        self.doubt(cx, slot, stamp);
        let heartbeat = stamp.max(cx.table[slot].heartbeat());
        let claim = Claim { heartbeat, status: NodeStatus::Suspect };
        cx.set_claim(slot, claim);
        cx.event(slot, old);
        cx.table[slot].reason = Reason::Told;
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

    /// A suspect lives though it did not answer our pings: they or the answers were lost.
    pub(crate) fn note_loss(&mut self, table: &Table, slot: Slot) {
        if table.suspicion(slot).is_some_and(|suspicion| suspicion.accused_by_us) {
            self.loss.note(true);
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

/// P-9a: the suspicion is reported to the members that watch its subject.
pub(super) fn report_suspicion(cx: &mut Context, slot: Slot) {
    if cx.holds(Rule::Observers) {
        let observers = cx.observers(slot);
        cx.update(&observers, Content::About(slot));
    }
}

/// P-9a: an accused member that we watch has answered; its accusers and the others that watch it may
/// have missed that.
pub(crate) fn report_cleared(cx: &mut Context, slot: Slot) {
    let Some(suspicion) = cx.table.suspicion(slot).filter(|suspicion| suspicion.watching) else {
        return;
    };
    let suspicion = suspicion.clone();
    let observers = cx.observers(slot);
    cx.update(&observers, Content::Told(slot));
    for accuser in suspicion.told_by().iter().filter(|accuser| !observers.contains(accuser)) {
        cx.send(MessageKind::Update, *accuser, Content::Told(slot));
    }
}

/// A newer sign of life of an online member, which may be doubted.
pub(crate) fn clear_doubt(cx: &mut Context, slot: Slot, direct: bool) {
    let doubt = cx.table.suspicion(slot);
    if doubt.is_some_and(|doubt| doubt.stamp < cx.table[slot].heartbeat()) {
        if direct {
            report_cleared(cx, slot);
        }
        cx.table.end_doubt(slot);
    }
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

/// P-9b: the suspicion minimum that an online member has earned, in microseconds. After a failure
/// it counts only for a node that fell silent again at once; none counts for ever.
fn earned_silence(cx: &Context, slot: Slot) -> u64 {
    let member = &cx.table[slot];
    let slow = u64::from(member.slow_ms) * 1000;
    let online_for = member.changed().elapsed(cx.now());
    let silent_for = cx.now().since(member.seen).as_micros() as u64;
    let active = online_for.saturating_sub(silent_for);
    let forgotten = online_for > SLOW_LIFE || member.is(Flags::SLOW_FAILED) && active * 2 >= slow;
    if forgotten || !cx.holds(Rule::SlowNodes) { 0 } else { slow }
}

/// P-9b: the member was silent this long and lives. What it had earned before, and has just needed,
/// it keeps if that is more.
pub(crate) fn record_silence(cx: &mut Context, slot: Slot, failed: bool) {
    let suspicion = cx.table.suspicion(slot);
    let had = suspicion.map_or(0, |suspicion| suspicion.slow) / 1000;
    let changed: Coarse = cx.table[slot].changed();
    let silent = match suspicion {
        Some(suspicion) => cx.awake().saturating_sub(suspicion.start),
        None => changed.elapsed(cx.now()),
    } / 1000;
    let least = u64::from(cx.config.suspicion_min_ms);
    // Before it was failed it was silent, too: through a probe and a suspicion.
    let whole = silent + least + 2 * u64::from(cx.config.probe_timeout_min_ms);
    let (earned, failed) = if !failed {
        ((silent * 5 / 2).min((least * MAX_SLOW_FACTOR).max(SHORT_SLOW_MS)), false)
    } else if whole * 3 / 2 <= SHORT_FAILURE_MS {
        (whole * 3 / 2, false)
    } else {
        ((silent * 3 / 2).min(MAX_SLOW_MS), true)
    };
    let earned = earned.min(u64::from(u16::MAX));
    if earned >= had {
        let member = &mut cx.table[slot];
        member.slow_ms = earned as u16;
        member.flags.set(Flags::SLOW_FAILED, failed);
    }
}
