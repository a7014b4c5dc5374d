//! The failure detector: probes, the pings that helpers make, suspicions, and what it knows of itself
//! and of the ways to others (P-6, P-8 to P-10; SWIM 3.1 and 4.2, Lifeguard IV).

mod accusing;
#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;
mod probing;
mod relaying;
mod suspecting;
mod watching;

pub(crate) use accusing::{clear_doubt, record_silence, report_cleared};
pub(crate) use probing::MAX_PINGS;
pub(crate) use suspecting::{Accuser, MAX_CHECKS, Verdict, open_after};

use super::awareness::Awareness;
use super::context::Context;
use super::probe::{Loss, Probe, Relay, RoundTrip, RoundTrips};
use super::table::{Flags, Slot, Table};
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;

/// Members that wait to be probed out of turn (P-15).
const MAX_URGENT: usize = 64;

/// Probes, suspicions, and what their answers taught.
#[derive(Debug)]
pub(crate) struct Detector {
    probes: Vec<Probe>,
    /// When the first probe wants to be looked at, in awake time.
    probes_due: u64,
    relays: Vec<Relay>,
    /// Members to be probed out of turn.
    urgent: VecDeque<Slot>,
    /// When each suspicion wants to be looked at, in awake time.
    timers: BTreeSet<(u64, Slot)>,
    round_trip: RoundTrip,
    round_trips: RoundTrips,
    awareness: Awareness,
    loss: Loss,
}

impl Detector {
    pub(crate) fn new(awareness_max: u32) -> Self {
        Self {
            probes: Vec::new(),
            probes_due: u64::MAX,
            relays: Vec::new(),
            urgent: VecDeque::new(),
            timers: BTreeSet::new(),
            round_trip: RoundTrip::default(),
            round_trips: RoundTrips::default(),
            awareness: Awareness::new(awareness_max),
            loss: Loss::default(),
        }
    }

    /// When the first of the timers is over, in awake time.
    pub(crate) fn due(&self) -> u64 {
        let relays = self.relays.iter().map(|relay| relay.over).min().unwrap_or(u64::MAX);
        let timers = self.timers.first().map_or(u64::MAX, |&(at, _)| at);
        self.probes_due.min(relays).min(timers)
    }

    /// Probes in flight.
    pub(crate) const fn probes(&self) -> usize {
        self.probes.len()
    }

    /// Pings made for others that were not answered yet.
    pub(crate) const fn relays(&self) -> usize {
        self.relays.len()
    }

    /// How far this node doubts itself (P-10).
    pub(crate) const fn awareness(&self) -> u32 {
        self.awareness.score()
    }

    /// Somebody did not hear from this node in time, or it did not hear from others (P-10).
    pub(crate) fn worsen(&mut self) {
        self.awareness.worsen();
    }

    /// The time in microseconds that so many thousandths of the answered probes did not pass.
    pub(crate) fn round_trip(&self, permille: u32) -> Option<u64> {
        self.round_trips.at(permille)
    }

    /// The time after which an answer is late, in microseconds.
    pub(crate) const fn late(&self) -> u64 {
        self.round_trip.late()
    }

    /// Takes a member that is forgotten out of everything here.
    pub(crate) fn forget(&mut self, table: &mut Table, slot: Slot) {
        self.end_probe(table, slot);
        self.relays.retain(|relay| relay.subject != slot && relay.requester != slot);
        self.urgent.retain(|&other| other != slot);
    }

    /// Forgets the timers of members that were all forgotten.
    pub(crate) fn reset(&mut self) {
        self.timers.clear();
    }

    /// Stops following a member.
    pub(crate) fn end_probe(&mut self, table: &mut Table, slot: Slot) {
        if table[slot].is(Flags::PROBED) {
            table[slot].flags.set(Flags::PROBED, false);
            self.probes.retain(|probe| probe.slot != slot);
        }
    }

    /// Something said of a member makes us look for ourselves; bounded, and once at a time.
    pub(crate) fn probe_soon(&mut self, table: &mut Table, slot: Slot) {
        let member = &mut table[slot];
        if self.urgent.len() < MAX_URGENT && !member.is(Flags::URGENT) && !member.status().is_gone()
        {
            member.flags.set(Flags::URGENT, true);
            self.urgent.push_back(slot);
        }
    }

    /// How long one stage of a probe takes: the measured round trips within the configured bounds,
    /// never less than most of a round where programs tick, times awareness (P-8, P-10).
    fn probe_timeout(&self, cx: &Context) -> u64 {
        let pace = cx.clock.pace();
        let least = (u64::from(cx.config.probe_timeout_min_ms) * 1000).max(cx.reading());
        let most = (u64::from(cx.config.probe_timeout_max_ms) * 1000).max(pace).max(least);
        self.awareness.stretch(self.round_trip.late().clamp(least, most))
    }
}

/// No less than a member needs whose loop reads what came once a round of its own; our next round
/// still comes before the time ends (P-8).
fn timeout_of(cx: &Context, slot: Slot, micros: u64) -> u64 {
    let pace = cx.table[slot].slowest_pace();
    micros.max((pace + pace / 4).saturating_sub(cx.clock.pace()))
}
