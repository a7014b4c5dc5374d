//! Suspicions: begun, reported, and what they leave behind (P-9, P-9a, P-9b).

use super::Detector;
use crate::proto::context::Context;
use crate::proto::outbox::Content;
use crate::proto::rules::Rule;
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Coarse, Flags, Slot, Suspicion, Table};
use crate::types::{Heartbeat, MessageKind, NodeStatus};

/// The most that P-9b adds for short silences, as a multiple of the minimum and in milliseconds, whichever
/// is more.
const MAX_SLOW_FACTOR: u64 = 3;
const SHORT_SLOW_MS: u64 = 3_000;
/// The most that a failure is remembered for like a suspicion that was cleared, in milliseconds.
const SHORT_FAILURE_MS: u64 = 2_000;
/// How long P-9b remembers, in microseconds.
const SLOW_LIFE: u64 = 3_600_000_000;
/// The longest suspicion minimum that P-9b gives, in milliseconds.
const MAX_SLOW_MS: u64 = 30_000;

impl Detector {
    /// An online member is accused: what is known of it is kept from here on.
    pub(super) fn doubt(&mut self, cx: &mut Context, slot: Slot, stamp: Heartbeat) {
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

    /// A suspect lives though it did not answer our pings: they or the answers were lost.
    pub(crate) fn note_loss(&mut self, table: &Table, slot: Slot) {
        if table.suspicion(slot).is_some_and(|suspicion| suspicion.accused_by_us) {
            self.loss.note(true);
        }
    }
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
