//! Probes: whom, when late, when failed (P-6, P-8, P-10; SWIM 3.1, Lifeguard IV-A).

use super::{Detector, timeout_of};
use crate::proto::context::Context;
use crate::proto::outbox::{Content, Send};
use crate::proto::probe::{MAX_PROBES, Probe};
use crate::proto::rules::Rule;
use crate::proto::table::{Flags, Slot, SlotList, Table};
use crate::types::{MessageKind, NodeStatus};

/// Added to the stamp of a node that speaks and does not hear: only a refutation passes it (P-8).
const DEAF_ROUNDS: u64 = 1 << 20;
/// Pings of one round at the most; `gossip_nodes` is checked against it.
pub(crate) const MAX_PINGS: usize = 64;

impl Detector {
    /// P-6: the next members of the ring, those that are urgent first.
    pub(crate) fn find_targets(&mut self, cx: &mut Context, targets: &mut SlotList<MAX_PINGS>) {
        let most = (cx.config.gossip_nodes as usize).min(cx.table.live());
        // The ring may come round within one round; a few steps more find another member.
        for _ in 0..most + 8 {
            if targets.len() == most {
                break;
            }
            let Some(slot) = self.next_target(cx) else { break };
            if !targets.contains(&slot) {
                targets.push(slot);
            }
        }
        // In a large group none of them is in a cache: the processor waits for all at once.
        targets.iter().for_each(|&slot| cx.table[slot].fetch());
    }

    fn next_target(&mut self, cx: &mut Context) -> Option<Slot> {
        while let Some(slot) = self.urgent.pop_front() {
            let member = &mut cx.table[slot];
            member.flags.set(Flags::URGENT, false);
            if !member.status().is_gone() {
                return Some(slot);
            }
        }
        cx.table.next_in_ring(&mut cx.rng)
    }

    /// Pings a member; one that is online is followed as a probe. A `digest` may ride along (P-12).
    pub(crate) fn ping(&mut self, cx: &mut Context, slot: Slot, digest: bool) {
        let member = &cx.table[slot];
        if member.status() == NodeStatus::Online
            && !member.is(Flags::PROBED)
            && self.probes.len() < MAX_PROBES
        {
            let over = cx.awake() + timeout_of(cx, slot, self.probe_timeout(cx));
            self.probes.push(Probe::new(slot, member.heartbeat(), cx.awake(), over));
            cx.stats.probes += 1;
            self.probes_due = self.probes_due.min(over);
            cx.table[slot].flags.set(Flags::PROBED, true);
        }
        let content = Content::Gossip { most: u16::MAX, notice: false, digest };
        let member = &cx.table[slot];
        let silent = member.status() == NodeStatus::Joining && member.is(Flags::ASKED);
        if silent {
            doubt_form(&mut cx.table, slot);
        }
        cx.send(MessageKind::Ping, slot, content);
        if silent {
            ping_by_stream(cx, slot);
        }
    }

    /// Looks at the probes whose time is over, from the place `from` on; gives the first that neither
    /// the member nor a helper answered. `None` after the last.
    pub(crate) fn next_failed(&mut self, cx: &mut Context, from: &mut usize) -> Option<Probe> {
        let awake = cx.awake();
        if awake < self.probes_due {
            return None;
        }
        let grace = cx.grace();
        while *from < self.probes.len() {
            let probe = &mut self.probes[*from];
            if probe.over <= awake && !probe.indirect {
                self.ask_helpers(cx, *from);
            } else if probe.over <= awake && awake >= *probe.found.get_or_insert(awake) + grace {
                let probe = self.probes.swap_remove(*from);
                cx.table[probe.slot].flags.set(Flags::PROBED, false);
                return Some(probe);
            }
            *from += 1;
        }
        let due =
            self.probes.iter().map(|probe| probe.found.map_or(probe.over, |found| found + grace));
        self.probes_due = due.min().unwrap_or(u64::MAX);
        None
    }

    /// The direct ping is late: helpers are asked, and the member is pinged once more.
    fn ask_helpers(&mut self, cx: &mut Context, place: usize) {
        let slot = self.probes[place].slot;
        let over = cx.awake() + timeout_of(cx, slot, self.probe_timeout(cx));
        let probe = &mut self.probes[place];
        probe.indirect = true;
        probe.over = over;
        cx.table[slot].record_ping(None);
        doubt_form(&mut cx.table, slot);
        for _ in 0..cx.config.indirect_probes {
            let Some(helper) = cx.table.random_helper(&mut cx.rng, slot, &probe.helpers) else {
                break;
            };
            probe.ask(helper);
            cx.send(MessageKind::PingReq, helper, Content::About(slot));
        }
        cx.send(MessageKind::Ping, slot, Content::GOSSIP);
        ping_by_stream(cx, slot);
    }

    /// Neither the member nor a helper answered in time. Returns whether the member is to be pinged
    /// again at once: it speaks, and may not hear.
    pub(crate) fn probe_failed(&mut self, cx: &mut Context, probe: &Probe) -> bool {
        cx.stats.probes_failed += 1;
        let slot = probe.slot;
        match cx.table[slot].status() {
            NodeStatus::Online => {}
            // Others found it dead too: no sign that the fault is ours.
            NodeStatus::Suspect => {
                self.confirm_ourselves(cx, slot);
                return false;
            }
            _ => return false,
        }
        let accused = cx.table.suspicion(slot).is_some();
        if probe.helpers_len > 0 && probe.nacks == 0 && !accused {
            self.awareness.worsen();
        }
        let member = &cx.table[slot];
        let stamp = if cx.holds(Rule::Stamps) {
            member.stamp(cx.now(), cx.clock.pace())
        } else {
            member.heartbeat()
        };
        let member = &mut cx.table[slot];
        if member.heartbeat() <= probe.heartbeat {
            self.accuse(cx, slot, stamp);
            return false;
        }
        // It lives, but does it hear? A newer sign of life postpones only so often.
        member.misses += 1;
        if u32::from(member.misses) < cx.config.deaf_probes {
            return true;
        }
        member.misses = 0;
        self.accuse(cx, slot, stamp.after(DEAF_ROUNDS));
        false
    }

    /// An answer of the member itself, or a helper's proof of one.
    pub(super) fn probe_succeeded(&mut self, cx: &mut Context, slot: Slot, direct: bool) {
        cx.table[slot].misses = 0;
        if !cx.table[slot].is(Flags::PROBED) {
            return;
        }
        if let Some(place) = self.probes.iter().position(|probe| probe.slot == slot) {
            let probe = self.probes.swap_remove(place);
            cx.table[slot].flags.set(Flags::PROBED, false);
            cx.stats.probes_answered += 1;
            self.awareness.improve();
            self.loss.note(probe.indirect);
            if direct && !probe.indirect {
                let round_trip = cx.awake() - probe.sent;
                self.round_trip.sample(round_trip);
                if !cx.speaks_packets(slot) {
                    cx.table[slot].record_ping(Some(round_trip));
                    self.round_trips.add(round_trip);
                }
            }
        }
    }
}

/// "Forms": a member that is silent may not read what others say that it reads.
fn doubt_form(table: &mut Table, slot: Slot) {
    let member = &mut table[slot];
    if !member.is(Flags::PACKETS) {
        member.flags.set(Flags::BINARY, false);
    }
}

/// Datagrams may not pass where connections do.
fn ping_by_stream(cx: &mut Context, slot: Slot) {
    if cx.config.has_streams && !cx.table[slot].is(Flags::STREAM) {
        let ping = Send::new(MessageKind::Ping, slot, Content::GOSSIP);
        cx.decide(Send { by_stream: true, ..ping });
    }
}
