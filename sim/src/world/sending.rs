//! Messages out: checked, counted, and put on their way.

use super::{Flight, World};
use crate::agenda::Due;
use crate::checks::Rule;
use crate::options::Carrier;
use crate::outputs::{Body, Sending};
use crate::peer::Peer;
use gossip::types::NodeId;

impl<P: Peer> World<P> {
    pub(super) fn send(&mut self, from: usize, sending: &Sending) {
        let node = &mut self.nodes[from];
        let blocked = node.stall.is_some_and(|stall| stall.messages_only);
        if blocked && self.now < node.stalled_until {
            let body = self.outputs.body(None);
            node.held.push((sending.clone(), body));
            return;
        }
        self.send_now(from, sending);
    }

    pub(super) fn send_now(&mut self, from: usize, sending: &Sending) {
        let bytes = self.outputs.len();
        self.check_message(from, sending, bytes);
        self.counts.sent(sending.kind, sending.entries, bytes);
        self.nodes[from].sent.0 += 1;
        self.nodes[from].sent.1 += bytes as u64;
        self.trace.number(sending.kind as u64);
        self.trace.number(sending.entries as u64);
        self.trace.bytes(self.outputs.bytes());
        let Some(to) = self.net.find(sending.to, sending.address) else {
            self.counts.nowhere += 1;
            return;
        };
        let left = self.net.leave(self.now, from, bytes);
        let copies = self.net.carry(from, to);
        let arrives = copies != [None, None];
        if self.watch.is_on() {
            let body = self.outputs.body(None);
            let index = |id: &NodeId| self.views.index_of(id);
            self.watch.sent(self.now, (from, to), &body, index, arrives);
        }
        self.counts.lost += u64::from(!arrives);
        self.counts.doubled += u64::from(copies[0].is_some() && copies[1].is_some());
        for delay in copies.into_iter().flatten() {
            let flight = self.take_off(from, bytes);
            self.agenda.plan(left + delay, Due::Reach(to as u32, flight));
        }
    }

    /// A place for the message that is being sent.
    fn take_off(&mut self, from: usize, bytes: usize) -> u32 {
        let source = self.nodes[from].address;
        let bytes = bytes as u32;
        let Some(place) = self.free.pop() else {
            self.flights.push(Flight { source, body: self.outputs.body(None), bytes });
            return (self.flights.len() - 1) as u32;
        };
        let flight = &mut self.flights[place as usize];
        let old = std::mem::replace(&mut flight.body, Body::Bytes(Vec::new()));
        *flight = Flight { source, body: self.outputs.body(Some(old)), bytes };
        place
    }

    fn check_message(&mut self, from: usize, sending: &Sending, bytes: usize) {
        let bad = &mut self.views.violations;
        let most = self.options.limits.entries;
        bad.check(sending.entries <= most, Rule::MessageFits, from, || {
            format!("{:?} of {} entries", sending.kind, sending.entries)
        });
        let fits = sending.error.is_none() && bytes <= self.options.limits.bytes;
        bad.check(fits, Rule::MessageFits, from, || {
            format!("{:?} of {bytes} bytes: {:?}", sending.kind, sending.error)
        });
        let carried = self.options.carrier == Carrier::Packet || sending.kind.is_struct();
        bad.check(carried, Rule::MessageFits, from, || format!("{:?} as a struct", sending.kind));
        let own = sending.sender == self.nodes[from].id;
        bad.check(own, Rule::OwnerRules, from, || format!("sends as {}", sending.sender));
        bad.check(!sending.unknown, Rule::StatusIsValid, from, || "sends unknown".into());
    }
}
