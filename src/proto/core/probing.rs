//! Probes: whom, when late, when failed (P-6, P-8, P-10; SWIM 3.1, Lifeguard IV-A).

use super::super::member::{Flags, Slot};
use super::super::outbox::{Content, Send};
use super::super::probe::{MAX_PROBES, Probe};
use super::super::rules::Rule;
use super::Core;
use crate::types::{MessageKind, NodeStatus};

/// Added to the stamp of a node that speaks and does not hear: only a refutation passes it (P-8).
const DEAF_ROUNDS: u64 = 1 << 20;
/// Members that wait to be probed out of turn (P-15).
const MAX_URGENT: usize = 64;
/// Pings of one round at the most; [`super::Config::gossip_nodes`] is checked against it.
const MAX_PINGS: usize = 64;

impl Core {
    /// P-6: pings the next members of the ring, those that are urgent first.
    pub(super) fn ping_round(&mut self) {
        let most = (self.config.gossip_nodes as usize).min(self.ring.len());
        let mut pinged = [Slot::NONE; MAX_PINGS];
        let mut len = 0;
        // The ring may come round within one round; a few steps more find another member.
        for _ in 0..most + 8 {
            if len == most {
                break;
            }
            let Some(slot) = self.next_to_ping() else { break };
            if !pinged[..len].contains(&slot) {
                pinged[len] = slot;
                len += 1;
            }
        }
        // In a large group none of them is in a cache: the processor waits for all at once.
        for &slot in &pinged[..len] {
            self.members[slot].fetch();
        }
        for &slot in &pinged[..len] {
            if !self.drop_if_never_joined(slot) {
                self.ping(slot);
            }
        }
    }

    fn next_to_ping(&mut self) -> Option<Slot> {
        while let Some(slot) = self.urgent.pop_front() {
            let member = &mut self.members[slot];
            member.flags.set(Flags::URGENT, false);
            if !member.status.is_gone() {
                return Some(slot);
            }
        }
        self.ring.step(&mut self.rng)
    }

    /// P-13: a node that was met and never answered is dropped.
    fn drop_if_never_joined(&mut self, slot: Slot) -> bool {
        let member = &self.members[slot];
        let life = u64::from(self.config.join_timeout_ms) * 1000;
        let drops =
            member.status == NodeStatus::Joining && member.changed.elapsed(self.clock.now()) > life;
        if drops {
            self.forget(slot);
        }
        drops
    }

    /// Pings a member; one that is online is followed as a probe.
    fn ping(&mut self, slot: Slot) {
        let member = &self.members[slot];
        if member.status == NodeStatus::Online
            && !member.is(Flags::PROBED)
            && self.probes.len() < MAX_PROBES
        {
            let awake = self.clock.awake();
            let over = awake + self.timeout_of(slot, self.probe_timeout());
            self.probes.push(Probe::new(slot, member.heartbeat, awake, over));
            self.stats.probes += 1;
            self.probes_due = self.probes_due.min(over);
            self.members[slot].flags.set(Flags::PROBED, true);
        }
        let content =
            Content::Gossip { most: u16::MAX, notice: false, digest: self.digest_rides(slot) };
        let member = &self.members[slot];
        let silent = member.status == NodeStatus::Joining && member.is(Flags::ASKED);
        if silent {
            self.doubt_form(slot);
        }
        self.send(MessageKind::Ping, slot, content);
        if silent {
            self.ping_by_stream(slot);
        }
    }

    /// "Forms": who is silent may not read what others say that it reads.
    fn doubt_form(&mut self, slot: Slot) {
        let member = &mut self.members[slot];
        if !member.is(Flags::PACKETS) {
            member.flags.set(Flags::BINARY, false);
        }
    }

    /// Datagrams may not pass where connections do.
    fn ping_by_stream(&mut self, slot: Slot) {
        if self.config.has_streams && !self.members[slot].is(Flags::STREAM) {
            let content = self.gossip();
            self.decide(Send { by_stream: true, ..Send::new(MessageKind::Ping, slot, content) });
        }
    }

    /// Something said of a member makes us look for ourselves; bounded, and once at a time.
    pub(super) fn probe_soon(&mut self, slot: Slot) {
        let member = &mut self.members[slot];
        if self.urgent.len() < MAX_URGENT && !member.is(Flags::URGENT) && !member.status.is_gone() {
            member.flags.set(Flags::URGENT, true);
            self.urgent.push_back(slot);
        }
    }

    /// How long one stage of a probe takes: the measured round trips within the configured bounds,
    /// never less than most of a round where programs tick, times awareness (P-8, P-10).
    pub(super) fn probe_timeout(&self) -> u64 {
        let pace = self.clock.pace();
        let least = (u64::from(self.config.probe_timeout_min_ms) * 1000).max(self.reading());
        let most = (u64::from(self.config.probe_timeout_max_ms) * 1000).max(pace).max(least);
        self.awareness.stretch(self.round_trip.late().clamp(least, most))
    }

    /// No less than a member needs whose loop reads what came once a round of its own; our next round
    /// still comes before the time ends (P-8).
    pub(super) fn timeout_of(&self, slot: Slot, micros: u64) -> u64 {
        let pace = self.members[slot].slowest_pace();
        micros.max((pace + pace / 4).saturating_sub(self.clock.pace()))
    }

    /// Looks at the probes whose time is over.
    pub(super) fn check_probes(&mut self) {
        let awake = self.clock.awake();
        if awake < self.probes_due {
            return;
        }
        let grace = self.grace();
        let mut i = 0;
        while i < self.probes.len() {
            if self.probes[i].over > awake {
                i += 1;
            } else if !self.probes[i].indirect {
                self.ask_helpers(i);
                i += 1;
            } else {
                let probe = &mut self.probes[i];
                let found = *probe.found.get_or_insert(awake);
                if awake >= found + grace {
                    let probe = self.probes.swap_remove(i);
                    self.members[probe.slot].flags.set(Flags::PROBED, false);
                    self.probe_failed(&probe);
                } else {
                    i += 1;
                }
            }
        }
        let due =
            self.probes.iter().map(|probe| probe.found.map_or(probe.over, |found| found + grace));
        self.probes_due = due.min().unwrap_or(u64::MAX);
    }

    /// The direct ping is late: helpers are asked, and the member is pinged once more.
    fn ask_helpers(&mut self, i: usize) {
        let slot = self.probes[i].slot;
        let over = self.clock.awake() + self.timeout_of(slot, self.probe_timeout());
        let probe = &mut self.probes[i];
        probe.indirect = true;
        probe.over = over;
        self.members[slot].note_ping(None);
        self.doubt_form(slot);
        for _ in 0..self.config.indirect_probes {
            let asked = self.probes[i].helpers;
            let Some(helper) = self.random_helper(slot, &asked) else { break };
            self.probes[i].ask(helper);
            self.send(MessageKind::PingReq, helper, Content::About(slot));
        }
        let content = self.gossip();
        self.send(MessageKind::Ping, slot, content);
        self.ping_by_stream(slot);
    }

    /// A member that can ping another for us; nodes of 1.4.2 do not.
    fn random_helper(&mut self, slot: Slot, asked: &[Slot]) -> Option<Slot> {
        let members = &self.members;
        let fits = |helper: Slot| {
            let member = &members[helper];
            let online = member.status == NodeStatus::Online && !member.is_old();
            online && helper != slot && !asked.contains(&helper)
        };
        self.ring.random(&mut self.rng, super::ONLINE_LOOKS, fits)
    }

    /// Neither the member nor a helper answered in time.
    fn probe_failed(&mut self, probe: &Probe) {
        self.stats.probes_failed += 1;
        let slot = probe.slot;
        match self.members[slot].status {
            NodeStatus::Online => {}
            // Others found it dead too: no sign that the fault is ours.
            NodeStatus::Suspect => return self.confirm_ourselves(slot),
            _ => return,
        }
        let accused = self.suspicions.get(slot, &self.members).is_some();
        if probe.helpers_len > 0 && probe.nacks == 0 && !accused {
            self.awareness.worsen();
        }
        let stamps = self.holds(Rule::Stamps);
        let member = &mut self.members[slot];
        let own_pace = self.clock.pace();
        let stamp =
            if stamps { member.stamp(self.clock.now(), own_pace) } else { member.heartbeat };
        if member.heartbeat <= probe.heartbeat {
            return self.accuse(slot, stamp);
        }
        // It lives, but does it hear? A newer sign of life postpones only so often.
        member.misses += 1;
        if u32::from(member.misses) < self.config.deaf_probes {
            return self.ping(slot);
        }
        member.misses = 0;
        self.accuse(slot, stamp.after(DEAF_ROUNDS));
    }

    /// An answer of the member itself, or a helper's proof of one.
    pub(super) fn probe_succeeded(&mut self, slot: Slot, direct: bool) {
        self.members[slot].misses = 0;
        if !self.members[slot].is(Flags::PROBED) {
            return;
        }
        if let Some(i) = self.probes.iter().position(|probe| probe.slot == slot) {
            let probe = self.probes.swap_remove(i);
            self.members[slot].flags.set(Flags::PROBED, false);
            self.stats.probes_answered += 1;
            self.awareness.improve();
            self.loss.note(probe.indirect);
            if direct && !probe.indirect {
                let round_trip = self.clock.awake() - probe.sent;
                self.round_trip.sample(round_trip);
                if !self.speaks_packets(slot) {
                    self.members[slot].note_ping(Some(round_trip));
                    self.round_trips.add(round_trip);
                }
            }
        }
    }

    /// Stops following a member.
    pub(super) fn end_probe(&mut self, slot: Slot) {
        if self.members[slot].is(Flags::PROBED) {
            self.members[slot].flags.set(Flags::PROBED, false);
            self.probes.retain(|probe| probe.slot != slot);
        }
    }
}
