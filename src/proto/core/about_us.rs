//! What others say of us, and how we refute it (P-3).

use super::super::address::{is_unspecified, same_host};
use super::super::member::Slot;
use super::super::outbox::Content;
use super::claims::Teller;
use super::{Core, MAX_JUMP};
use crate::types::{Detail, Entry, Heartbeat, Instant, MessageKind, NodeStatus, Path};
use core::time::Duration;

/// Another node with our id is looked for this long after a refutation.
const CONFLICT_WINDOW: Duration = Duration::from_secs(10);

/// A claim that comes in the round in which we jumped is passed no sooner than this after the jump.
const JUMP_PAUSE: Duration = Duration::from_millis(100);

/// What was refuted lately.
#[derive(Debug, Default)]
pub(super) struct Refutation {
    /// Whether we jumped in this round already, and when last.
    jumped: bool,
    jumped_at: Instant,
    /// The highest claim that is still to be passed; jumped past in the next round.
    past: Option<Heartbeat>,
    /// Whether a claim that is to be passed tells of a configuration that is not ours.
    another_life: bool,
    /// When a claim with an address that we never had was refuted.
    foreign: Option<Instant>,
    /// Until when such claims are not refuted any more.
    conflict_until: Option<Instant>,
}

impl Core {
    pub(super) fn hear_about_us(&mut self, entry: &Entry<'_>, teller: &Teller) {
        let Some(said) = Heartbeat::new(entry.heartbeat) else { return };
        let own = self.members.own.heartbeat;
        let configured = Heartbeat::new(entry.config_heartbeat).unwrap_or_default();
        if configured > self.members.own.config_heartbeat && configured < own {
            self.configure_anew();
        }
        if entry.status == NodeStatus::Failed && teller.slot != Slot::NONE {
            self.forgive();
        }
        let online = entry.status == NodeStatus::Online;
        let foreign = online && self.is_foreign(entry);
        let refutes = if online { said > own || (said == own && foreign) } else { said >= own };
        // What nobody can prove: joining and unknown claims are old views of us, not accusations.
        let accuses =
            online || matches!(entry.status, NodeStatus::Suspect) || entry.status.is_gone();
        if !refutes || !(accuses || said > own) {
            return;
        }
        if said.since(own) > MAX_JUMP && !self.may_jump(teller) {
            self.stats.dropped_entries += 1;
            return;
        }
        if foreign && self.is_conflict() {
            return;
        }
        if entry.status == NodeStatus::Suspect && !self.refute.jumped {
            // Somebody did not hear from us in time; of a failure or an older life that says nothing.
            self.awareness.worsen();
        }
        self.refute.another_life |= self.tells_another_configuration(entry);
        self.refute_past(said, teller.slot);
    }

    /// We were cut off from others, who failed us; so those that we failed or suspect since may live.
    /// What we hear of it for some time is of the same failure.
    fn forgive(&mut self) {
        let config = &self.config;
        let pause = u64::from(config.suspicion_min_ms) * u64::from(config.suspicion_max_factor);
        if self.now().since(self.back_at).as_millis() < u128::from(pause) {
            return;
        }
        self.back_at = self.now();
        self.back_awake = self.clock.awake();
        self.piggyback.drop_failed(&mut self.members);
    }

    /// Whether a member failed before we were back ourselves. It is asked, and not told of.
    pub(super) fn is_old_grave(&self, slot: Slot) -> bool {
        let member = &self.members[slot];
        member.status == NodeStatus::Failed
            && member.changed.elapsed(self.now())
                > self.now().since(self.back_at).as_micros() as u64
    }

    /// What we say of our configuration is newer than what we said in another life.
    fn configure_anew(&mut self) {
        self.hashes.toggle(&self.members.own);
        self.members.own.config_heartbeat = self.members.own.heartbeat;
        self.hashes.toggle(&self.members.own);
        self.own_full = self.transmit_limit();
    }

    fn tells_another_configuration(&self, entry: &Entry<'_>) -> bool {
        let own = self.own();
        let told = entry.detail == Detail::Full;
        self.is_foreign(entry)
            || told && (own.role != entry.role || own.region != entry.region)
            || entry.config_heartbeat > own.config_heartbeat
            || entry.config_epoch != own.config_epoch
    }

    /// P-4 for ourselves: after a restart we may have to jump far, but only on the word of a node
    /// that answers us, never on that of a packet nobody asked for.
    fn may_jump(&mut self, teller: &Teller) -> bool {
        if teller.answers || teller.path == Path::Struct && teller.kind == MessageKind::Pong {
            return true;
        }
        if teller.slot != Slot::NONE {
            self.probe_soon(teller.slot);
        }
        false
    }

    fn is_foreign(&self, entry: &Entry<'_>) -> bool {
        let own = self.own();
        if entry.detail == Detail::Claim {
            return false;
        }
        if own.port != entry.port {
            return true;
        }
        !is_unspecified(own.ip) && !same_host(own.ip, entry.ip)
    }

    /// An online claim with an address that we never had is an echo of our past once; heard again
    /// soon after our refutation it is another node with our id.
    fn is_conflict(&mut self) -> bool {
        let now = self.now();
        if self.refute.conflict_until.is_some_and(|until| now < until) {
            return true;
        }
        let recent = self.refute.foreign.filter(|&then| now.since(then) < CONFLICT_WINDOW);
        let again = recent.is_some_and(|then| self.refuted_since(then));
        if recent.is_none() || again {
            self.refute.foreign = Some(now);
        }
        if again {
            self.stats.id_conflicts += 1;
            self.refute.conflict_until = Some(now.after(CONFLICT_WINDOW));
        }
        again
    }

    /// Whether others have had three rounds to hear of a refutation made at `then`.
    fn refuted_since(&self, then: Instant) -> bool {
        self.now().since(then).as_micros() > 3 * u128::from(self.clock.pace())
    }

    fn refute_past(&mut self, said: Heartbeat, teller: Slot) {
        if self.refute.jumped && self.now().since(self.refute.jumped_at) < JUMP_PAUSE {
            self.refute.past = self.refute.past.max(Some(said));
            return;
        }
        self.refute.jumped = true;
        self.refute.jumped_at = self.now();
        self.stats.refutations += 1;
        self.members.own.heartbeat = said.after(1);
        if core::mem::take(&mut self.refute.another_life) {
            self.configure_anew();
        }
        self.tell_observers_of_us(teller);
    }

    /// Our own entry goes at once to those who may be about to end a suspicion of us.
    fn tell_observers_of_us(&mut self, teller: Slot) {
        let id = self.members.own.id;
        let (observers, len) = self.observers(&id, Slot::NONE);
        for &slot in &observers[..len] {
            self.send(MessageKind::Update, slot, Content::Own);
        }
        if teller != Slot::NONE && !observers[..len].contains(&teller) {
            self.send(MessageKind::Update, teller, Content::Own);
        }
    }

    /// A new round: what could not be refuted in the last one is refuted now.
    pub(super) fn refute_round(&mut self) {
        self.refute.jumped = false;
        if let Some(past) = self.refute.past.take()
            && past >= self.members.own.heartbeat
        {
            self.refute_past(past, Slot::NONE);
        }
    }
}
