//! Suspicions: begun, watched, confirmed, ended (P-9, P-9a, P-9b).

use super::super::member::{Claim, Flags, Slot};
use super::super::outbox::Content;
use super::super::rules::Rule;
use super::super::stats::Reason;
use super::super::suspicion::{Suspicion, timeout};
use super::Core;
use super::claims::Teller;
use crate::types::{Entry, Heartbeat, MessageKind, NodeStatus};

/// Suspicions looked at in one wake-up; the rest waits for the next (P-15).
const MAX_CHECKS: usize = 256;
/// Accused members that we hold online and look at for ourselves at a time; the accusation of one more
/// is not followed (P-15).
const MAX_DOUBTS: usize = 256;
/// How often a watcher looks before it ends a suspicion, in times of `observer_timeout_ms`; and the most
/// looks, each with all the time that it gets, however much is lost.
const MIN_LOOKS: u64 = 3;
const MAX_LOOKS: u64 = 16;
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

impl Core {
    /// Our own probe of a member failed for good.
    pub(super) fn accuse(&mut self, slot: Slot, stamp: Heartbeat) {
        self.stats.suspicions += 1;
        self.suspect(slot, stamp);
        self.set_reason(slot, Reason::Probe);
        if let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) {
            suspicion.watching = true;
            suspicion.accused_by_us = true;
        }
        self.tell_observers(slot);
        self.watch(slot);
    }

    /// An online member is accused: what is known of it is kept from here on.
    fn doubt(&mut self, slot: Slot, stamp: Heartbeat) {
        if let Some(doubt) = self.suspicions.get_mut(slot, &self.members) {
            doubt.stamp = doubt.stamp.max(stamp);
            return;
        }
        let start = self.clock.awake();
        let doubt = Suspicion::new(slot, start, stamp, self.earned_silence(slot));
        self.suspicions.insert(doubt, &mut self.members);
        self.timers.insert((start, slot));
    }

    /// An online member becomes suspect.
    fn suspect(&mut self, slot: Slot, stamp: Heartbeat) {
        let old = self.members[slot].status;
        if old != NodeStatus::Online {
            return;
        }
        self.doubt(slot, stamp);
        self.suspicions.list(slot, &self.members);
        self.online -= 1;
        let heartbeat = stamp.max(self.members[slot].heartbeat);
        self.set_status(slot, Claim { heartbeat, status: NodeStatus::Suspect });
        self.event(slot, old);
        self.set_reason(slot, Reason::Told);
    }

    /// An accused member has answered us, though it may not know of the newest stamp yet. That ends a
    /// doubt; a suspicion begins anew, if the answer is proved to be one.
    pub(super) fn pass_answer(&mut self, slot: Slot, proved: bool) {
        if self.members[slot].status == NodeStatus::Online {
            return self.end_suspicion(slot);
        }
        if !proved {
            return;
        }
        self.note_loss(slot);
        let awake = self.clock.awake();
        if let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) {
            suspicion.restart(awake);
        }
    }

    /// A newer sign of life of an online member, which may be doubted.
    pub(super) fn pass_doubt(&mut self, slot: Slot, direct: bool) {
        let doubt = self.suspicions.get(slot, &self.members);
        if doubt.is_some_and(|doubt| doubt.stamp < self.members[slot].heartbeat) {
            if direct {
                self.tell_cleared(slot);
            }
            self.end_suspicion(slot);
        }
    }

    /// A gossiped suspicion: we show it and wait longer than those who watch.
    pub(super) fn hear_suspicion(&mut self, slot: Slot, said: Claim) {
        match self.members[slot].status {
            NodeStatus::Online => {
                self.suspect(slot, said.heartbeat);
                if let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) {
                    suspicion.told = true;
                }
                self.piggyback.push(slot, &mut self.members);
            }
            NodeStatus::Suspect => self.members[slot].heartbeat = said.heartbeat,
            _ => {}
        }
    }

    /// A member says by its own ping that another does not answer.
    pub(super) fn hear_accusation(&mut self, entry: &Entry<'_>, teller: &Teller) {
        let Some(heartbeat) = Heartbeat::new(entry.heartbeat) else { return };
        let Some(slot) = self.members.slot(&entry.id) else { return };
        let held = self.members[slot].claim();
        let said = Claim { heartbeat, status: entry.status };
        if !teller.online {
            // Who is suspect itself may accuse others since it does not hear them.
            let suspect = teller.slot != Slot::NONE
                && self.members[teller.slot].status == NodeStatus::Suspect;
            if suspect && held.status == NodeStatus::Online && said < held {
                self.send(MessageKind::Update, teller.slot, Content::Told(slot));
            }
            return;
        }
        if teller.old || heartbeat.since(held.heartbeat) > super::MAX_JUMP {
            return self.probe_soon(slot);
        }
        let told_us = teller.kind == MessageKind::Update;
        match held.status {
            NodeStatus::Online if said > held => {
                if self.suspicions.doubts() >= MAX_DOUBTS {
                    return;
                }
                self.doubt(slot, heartbeat);
            }
            NodeStatus::Suspect if said > held => self.members[slot].heartbeat = heartbeat,
            NodeStatus::Suspect => {}
            NodeStatus::Failed if self.is_old_grave(slot) => return,
            NodeStatus::Failed if said > held => {
                // It was seen after our stamp and is silent now: our verdict stands, at that stamp.
                self.set_status(slot, Claim { heartbeat, status: NodeStatus::Failed });
                self.send(MessageKind::Update, teller.slot, Content::Told(slot));
                return;
            }
            NodeStatus::Online | NodeStatus::Failed | NodeStatus::Left if said < held => {
                // We know better: the accuser is told what we hold.
                self.send(MessageKind::Update, teller.slot, Content::Told(slot));
                return;
            }
            _ => return,
        }
        let awake = self.clock.awake();
        let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) else { return };
        let confirmed = suspicion.confirm(teller.slot);
        let excused = confirmed && suspicion.accused_by_us && !suspicion.excused;
        suspicion.excused |= excused;
        let looks = told_us || suspicion.is_doubt();
        let begins =
            told_us && !suspicion.watching || looks && suspicion.ping_over == suspicion.start;
        suspicion.watching |= told_us;
        self.timers.insert((awake, slot));
        if excused {
            // Another finds it dead too, so our own failed probe was no fault of ours (P-10).
            self.awareness.improve();
        }
        if begins {
            self.watch(slot);
        }
    }

    /// Our own probe of a member failed that others suspect already.
    pub(super) fn confirm_ourselves(&mut self, slot: Slot) {
        let awake = self.clock.awake();
        let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) else { return };
        suspicion.accused_by_us = true;
        let begins = !core::mem::replace(&mut suspicion.watching, true);
        self.timers.insert((awake, slot));
        self.tell_observers(slot);
        if begins {
            self.watch(slot);
        }
    }

    /// P-9a: the suspicion is told to those who watch this node.
    fn tell_observers(&mut self, slot: Slot) {
        if !self.holds(Rule::Observers) {
            return;
        }
        let id = self.members[slot].id;
        let (observers, len) = self.observers(&id, slot);
        for &observer in &observers[..len] {
            self.send(MessageKind::Update, observer, Content::About(slot));
        }
    }

    /// P-9a: an accused member that we watch has answered; those who accuse it and the others who watch
    /// it may have missed that.
    pub(super) fn tell_cleared(&mut self, slot: Slot) {
        let Some(suspicion) = self.suspicions.get(slot, &self.members) else { return };
        if !suspicion.watching {
            return;
        }
        let suspicion = suspicion.clone();
        let id = self.members[slot].id;
        let (observers, len) = self.observers(&id, slot);
        let observers = &observers[..len];
        let accusers = suspicion.told_by().iter().filter(|accuser| !observers.contains(accuser));
        for &told in observers.iter().chain(accusers) {
            self.send(MessageKind::Update, told, Content::Told(slot));
        }
    }

    /// Pings a suspect and waits for the answer.
    fn watch(&mut self, slot: Slot) {
        let awake = self.clock.awake();
        let over = awake + self.observer_timeout(slot);
        if let Some(suspicion) = self.suspicions.get_mut(slot, &self.members) {
            suspicion.watched_from = awake;
            suspicion.ping_over = over;
            suspicion.ping_found = None;
            self.timers.insert((over, slot));
        }
        let content = self.gossip();
        self.send(MessageKind::Ping, slot, content);
    }

    /// How long a watcher looks at the least: longer if it doubts itself, and as often, two pings each time,
    /// as the loss asks for that it sees.
    fn least_watch(&self, slot: Slot) -> u64 {
        let usual = MIN_LOOKS * u64::from(self.config.observer_timeout_ms) * 1000;
        let looks = self.loss.pings().div_ceil(2).min(MAX_LOOKS);
        self.awareness.stretch(usual).max(looks * self.observer_timeout(slot))
    }

    /// A suspect lives whose pings by us went unanswered: they or the answers were lost.
    pub(super) fn note_loss(&mut self, slot: Slot) {
        let suspicion = self.suspicions.get(slot, &self.members);
        if suspicion.is_some_and(|suspicion| suspicion.accused_by_us) {
            self.loss.note(true);
        }
    }

    /// How old a suspicion is before our messages to all accuse its subject, in microseconds.
    pub(super) fn open_after(&self) -> u64 {
        2 * u64::from(self.config.observer_timeout_ms) * 1000
    }

    fn observer_timeout(&self, slot: Slot) -> u64 {
        let least = u64::from(self.config.observer_timeout_ms) * 1000;
        self.timeout_of(slot, self.awareness.stretch(least.max(self.reading())))
    }

    /// Shortest and longest time that a suspicion of this member may take here.
    fn suspicion_bounds(&self, slot: Slot) -> (u64, u64) {
        let member = &self.members[slot];
        let pace = self.clock.pace().max(member.slowest_pace());
        // A quarter less, so that jitter does not add a round.
        let rounds = u64::from(self.config.suspicion_min_rounds) * pace - pace / 4;
        let plain = (u64::from(self.config.suspicion_min_ms) * 1000).max(rounds);
        let slow = self.suspicions.get(slot, &self.members).map_or(0, |suspicion| suspicion.slow);
        let min = plain.max(slow);
        let factor = u64::from(self.config.suspicion_max_factor);
        let max = u64::from(self.config.suspicion_min_ms) * 1000 * factor;
        (min, max.max(MAX_OF_MIN * min))
    }

    /// P-9b: the suspicion minimum that an online member has earned, in microseconds. After a failure
    /// it counts only for a node that fell silent again at once; none counts for ever.
    fn earned_silence(&self, slot: Slot) -> u64 {
        let member = &self.members[slot];
        let slow = u64::from(member.slow_ms) * 1000;
        let online_for = member.changed.elapsed(self.now());
        let silent_for = self.now().since(member.seen).as_micros() as u64;
        let active = online_for.saturating_sub(silent_for);
        let forgotten =
            online_for > SLOW_LIFE || member.is(Flags::SLOW_FAILED) && active * 2 >= slow;
        if forgotten || !self.holds(Rule::SlowNodes) { 0 } else { slow }
    }

    /// Looks at the suspicions that are due.
    pub(super) fn check_suspicions(&mut self) {
        let awake = self.clock.awake();
        for _ in 0..MAX_CHECKS {
            match self.timers.first() {
                Some(&(at, slot)) if at <= awake => {
                    self.timers.pop_first();
                    self.check_suspicion(slot, awake);
                }
                _ => return,
            }
        }
    }

    fn check_suspicion(&mut self, slot: Slot, awake: u64) {
        let Some(mut suspicion) = self.suspicions.get(slot, &self.members).cloned() else { return };
        let grace = self.grace();
        if suspicion.is_doubt() {
            let next = self.check_watch(slot, &mut suspicion, awake, grace);
            self.suspicions.keep(suspicion, &self.members);
            self.timers.insert((next.max(awake + 1), slot));
            return;
        }
        let (min, max) = self.suspicion_bounds(slot);
        let members = if self.holds(Rule::FewConfirm) { self.online as u32 } else { u32::MAX };
        let k = self.config.confirmations.min(members);
        let start = suspicion.start.max(self.back_awake);
        let end = if suspicion.watching {
            let lasts = timeout(min, max, suspicion.confirmations(), k);
            (start + lasts).max(suspicion.watched_from + self.least_watch(slot).min(max))
        } else {
            start + max + max / 2
        };
        if awake >= end {
            let found = *suspicion.end_found.get_or_insert(awake);
            if awake >= found + grace {
                if !suspicion.watching {
                    return self.take_over(slot, suspicion);
                }
                // Nobody is failed on hearsay alone: our own ping has to have gone unanswered too.
                if suspicion.accused_by_us {
                    return self.fail(slot);
                }
            }
        } else {
            suspicion.end_found = None;
        }
        let mut next = match suspicion.end_found {
            None => end,
            Some(found) if awake < found + grace.max(1) => found + grace.max(1),
            // Only the outcome of our ping is waited for.
            Some(_) => suspicion.ping_over,
        };
        if suspicion.watching {
            next = next.min(self.check_watch(slot, &mut suspicion, awake, grace));
        }
        let confirmed = suspicion.confirmations() >= k;
        let observed = self.holds(Rule::Observers);
        if !suspicion.told && (confirmed || !observed) {
            let tell = suspicion.start + if observed { self.open_after() } else { 0 };
            if awake >= tell {
                suspicion.told = true;
                self.piggyback.push(slot, &mut self.members);
            } else {
                next = next.min(tell);
            }
        }
        self.suspicions.keep(suspicion, &self.members);
        self.timers.insert((next.max(awake + 1), slot));
    }

    /// Those who were told to watch have not ended it: they may be gone, so we watch ourselves.
    fn take_over(&mut self, slot: Slot, mut suspicion: Suspicion) {
        suspicion.watching = true;
        suspicion.start = self.clock.awake();
        suspicion.end_found = None;
        self.suspicions.keep(suspicion, &self.members);
        self.tell_observers(slot);
        self.watch(slot);
    }

    /// The ping of a watcher: unanswered it confirms the suspicion, and the next one is made.
    fn check_watch(
        &mut self,
        slot: Slot,
        suspicion: &mut Suspicion,
        awake: u64,
        grace: u64,
    ) -> u64 {
        if awake < suspicion.ping_over {
            return suspicion.ping_over;
        }
        let Some(found) = suspicion.ping_found else {
            // Late, not yet failed: one more ping, as loss is likelier than death.
            suspicion.ping_found = Some(awake);
            let content = self.gossip();
            self.send(MessageKind::Ping, slot, content);
            return awake + grace.max(1);
        };
        if awake < found + grace {
            return found + grace.max(1);
        }
        suspicion.accused_by_us = true;
        suspicion.ping_found = None;
        if suspicion.is_doubt() {
            self.suspect(slot, suspicion.stamp);
            if !suspicion.watching {
                return awake;
            }
        }
        suspicion.ping_over = awake + self.observer_timeout(slot);
        self.tell_observers(slot);
        let content = self.gossip();
        self.send(MessageKind::Ping, slot, content);
        suspicion.ping_over
    }

    /// The time is up.
    fn fail(&mut self, slot: Slot) {
        self.stats.failures += 1;
        let heartbeat = self.members[slot].heartbeat;
        self.bury(slot, Claim { heartbeat, status: NodeStatus::Failed });
        self.set_reason(slot, Reason::TimeOut);
    }

    /// Forgets a suspicion; the caller changes the status.
    pub(super) fn end_suspicion(&mut self, slot: Slot) {
        self.suspicions.remove(slot, &mut self.members);
    }

    /// P-9b: the member was silent this long and lives. What it had earned before, and has just needed,
    /// it keeps if that is more.
    pub(super) fn note_silence(&mut self, slot: Slot, failed: bool) {
        let suspicion = self.suspicions.get(slot, &self.members);
        let had = suspicion.map_or(0, |suspicion| suspicion.slow) / 1000;
        let silent = match suspicion {
            Some(suspicion) => self.clock.awake().saturating_sub(suspicion.start),
            None => self.members[slot].changed.elapsed(self.now()),
        } / 1000;
        let least = u64::from(self.config.suspicion_min_ms);
        // Before it was failed it was silent, too: through a probe and a suspicion.
        let whole = silent + least + 2 * u64::from(self.config.probe_timeout_min_ms);
        let (earned, failed) = if !failed {
            ((silent * 5 / 2).min((least * MAX_SLOW_FACTOR).max(SHORT_SLOW_MS)), false)
        } else if whole * 3 / 2 <= SHORT_FAILURE_MS {
            (whole * 3 / 2, false)
        } else {
            ((silent * 3 / 2).min(MAX_SLOW_MS), true)
        };
        let earned = earned.min(u64::from(u16::MAX));
        if earned >= had {
            let member = &mut self.members[slot];
            member.slow_ms = earned as u16;
            member.flags.set(Flags::SLOW_FAILED, failed);
        }
    }
}
