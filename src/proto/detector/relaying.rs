//! Answers, pings made for others, and what helpers say of ours (P-8; SWIM 3.1, Lifeguard IV-A).

use super::Detector;
use crate::proto::context::Context;
use crate::proto::outbox::Content;
use crate::proto::probe::{MAX_RELAYS, Relay};
use crate::proto::table::{Flags, Slot};
use crate::types::{Entry, MessageKind, NodeId, NodeStatus};

impl Detector {
    /// A member answered a question of ours. `nonce` is that of the question, 0 if it had none.
    pub(crate) fn answered(&mut self, cx: &mut Context, slot: Slot, nonce: u64) {
        if nonce != 0 {
            // Accurate to the 16 microseconds that a nonce counts in.
            let round_trip = u64::from(cx.nonce_age(nonce)) << 4;
            cx.table[slot].record_ping(Some(round_trip));
            self.round_trips.add(round_trip);
        }
        self.probe_succeeded(cx, slot, true);
        self.clear_by_answer(cx, slot, nonce != 0);
        cx.table[slot].flags.set(Flags::ASKED, false);
        self.report_answer(cx, slot);
    }

    /// A member asks us to ping another.
    pub(crate) fn ping_for(&mut self, cx: &mut Context, requester: Slot, subject: &NodeId) {
        let Some(slot) = cx.table.slot(subject).filter(|&slot| slot != requester) else {
            return;
        };
        if self.relays.len() >= MAX_RELAYS {
            return cx.send(MessageKind::Nack, requester, Content::About(slot));
        }
        let over = cx.awake() + self.probe_timeout(cx) / 4 * 3;
        self.relays.push(Relay { subject: slot, requester, over });
        cx.send(MessageKind::Ping, slot, Content::GOSSIP);
    }

    /// A member that we pinged for others has answered.
    fn report_answer(&mut self, cx: &mut Context, slot: Slot) {
        let mut place = 0;
        while place < self.relays.len() {
            if self.relays[place].subject == slot {
                let relay = self.relays.swap_remove(place);
                cx.send(MessageKind::Update, relay.requester, Content::About(slot));
            } else {
                place += 1;
            }
        }
    }

    /// Reports the pings made for others that were not answered in time.
    pub(crate) fn check_relays(&mut self, cx: &mut Context) {
        let mut place = 0;
        while place < self.relays.len() {
            if self.relays[place].over <= cx.awake() {
                let Relay { subject, requester, .. } = self.relays.swap_remove(place);
                cx.send(MessageKind::Nack, requester, Content::About(subject));
            } else {
                place += 1;
            }
        }
    }

    /// A helper could not reach the member that we asked about.
    pub(crate) fn nack(&mut self, cx: &mut Context, helper: Slot, subject: &NodeId) {
        let Some(slot) = cx.table.slot(subject) else { return };
        let probe = self.probes.iter_mut().find(|probe| probe.slot == slot);
        if let Some(probe) = probe.filter(|probe| probe.asked(helper)) {
            probe.nacks += 1;
            cx.stats.nacks += 1;
        }
    }

    /// An online entry before the sender's own: a helper saw the answer of the node we asked about.
    pub(crate) fn helper_proof(&mut self, cx: &mut Context, entry: &Entry<'_>, helper: Slot) {
        let Some(slot) = cx.table.slot(&entry.id) else { return };
        let probe = self.probes.iter().find(|probe| probe.slot == slot);
        let proves = probe
            .is_some_and(|probe| probe.asked(helper) && entry.heartbeat >= probe.heartbeat.get());
        if proves && entry.status == NodeStatus::Online {
            self.probe_succeeded(cx, slot, false);
        }
    }
}
