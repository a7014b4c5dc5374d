//! Questions and answers between two nodes: pong, ping-req, nack, digests (P-7, P-8, P-12).

use super::super::hash::code;
use super::super::member::{Flags, Slot};
use super::super::outbox::{Content, Send, To};
use super::super::probe::{MAX_RELAYS, Relay};
use super::super::rules::Rule;
use super::claims::Teller;
use super::{Core, is_packets};
use crate::types::{Detail, Digest, Entry, Form, Header, MessageKind, NodeId, NodeStatus, Path};
use core::net::SocketAddr;

/// Messages of entries that one sync request is answered with; the rest waits for the next (P-15).
const MAX_SYNC_MESSAGES: u16 = 64;
/// Messages of entries that all sync requests of a round begin (P-15); who asks beyond them asks
/// another member in its next round.
pub(super) const LISTS_A_ROUND: u32 = 256;
/// Pings of one round, beside those of the ring, by which a newcomer proves whom it was told of; and as
/// many at the moment in which it is told.
pub(super) const NEWCOMER_PINGS: usize = 13;
/// A nonce is answered within this time, in units of 16 microseconds.
const NONCE_LIFE: u32 = 60_000_000 >> 4;

/// The text of an address, without an allocation.
#[derive(Debug)]
pub(super) struct AddressText {
    bytes: [u8; 48],
    len: usize,
}

impl AddressText {
    pub(super) fn of(address: SocketAddr) -> Self {
        let mut text = Self { bytes: [0; 48], len: 0 };
        // The longest IPv6 text has 45 bytes, so this cannot fail.
        let _ = core::fmt::write(&mut text, format_args!("{}", address.ip().to_canonical()));
        text
    }

    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.len]).unwrap_or("")
    }
}

impl core::fmt::Write for AddressText {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let place = self.bytes.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

impl Core {
    /// Where an answer goes (P-7): the address that the message came from; for structs, and over
    /// connections, that in the sender's own entry. `None` is the member's own address.
    pub(super) fn answer_to(
        &mut self,
        sender: NodeId,
        slot: Slot,
        own_entry: Option<&Entry<'_>>,
        path: Path,
    ) -> Option<To> {
        let held = (slot != Slot::NONE).then(|| &self.members[slot]);
        let strings = &self.members.strings;
        match path {
            Path::Struct | Path::Stream => {
                let entry = own_entry.filter(|entry| entry.detail == Detail::Full)?;
                let same = held.is_some_and(|held| {
                    held.port == entry.port && held.ip.as_str(strings) == entry.ip
                });
                if same { None } else { Some(self.to(sender, entry.ip, entry.port)) }
            }
            Path::Datagram(from) | Path::Packet(from) => {
                if held.is_some_and(|held| held.ip.is_at(held.port, from, strings)) {
                    return None;
                }
                let text = AddressText::of(from);
                Some(self.to(sender, text.as_str(), from.port().into()))
            }
        }
    }

    /// P-7, P-7b: answers a ping, a meet or a join.
    pub(super) fn pong(
        &mut self,
        header: &Header,
        slot: Slot,
        own_entry: Option<&Entry<'_>>,
        teller: &Teller,
        entries: usize,
    ) {
        let held = (slot != Slot::NONE).then(|| &self.members[slot]);
        // The sender learns what it was if what it just told us is older than what we hold.
        let notice = match (held, own_entry) {
            (Some(held), Some(said)) => {
                said.heartbeat < held.heartbeat.get() || said.config_epoch < held.config_epoch
            }
            _ => false,
        };
        let proved = held.is_some_and(|held| held.status == NodeStatus::Online);
        let mut most = usize::from(u16::MAX);
        if header.kind == MessageKind::Join {
            // Our own entry, and what the joiner was if it has to know; the list follows when its
            // address is proved.
            most = 1;
        } else if !proved || !(teller.is_vouched() || teller.answers || teller.online) {
            // About three times the bytes that came; a packet's entries may be much longer than ours.
            most = most.min(if teller.packet { 1 } else { (3 * entries).max(1) });
        }
        let to = self.answer_to(header.sender, slot, own_entry, teller.path);
        let content = Content::Gossip { most: most as u16, notice, digest: false };
        self.decide(Send {
            to,
            nonce: header.nonce,
            form: teller.form(header),
            by_stream: teller.path == Path::Stream && self.config.has_streams,
            // Who meets or joins need not know who we are, and over a connection not even where.
            full: header.wants || matches!(header.kind, MessageKind::Meet | MessageKind::Join),
            wants: teller.lacks,
            ..Send::new(MessageKind::Pong, slot, content)
        });
    }

    /// The sender answered what we asked it.
    pub(super) fn answered(&mut self, slot: Slot, nonce: u64) {
        if nonce != 0 {
            // Right to the 16 microseconds that a nonce counts in.
            let now = (self.clock.now().as_micros() >> 4) as u32;
            let round_trip = u64::from(now.wrapping_sub((nonce >> 32) as u32)) << 4;
            self.members[slot].note_ping(Some(round_trip));
            self.round_trips.add(round_trip);
        }
        self.probe_succeeded(slot, true);
        self.pass_answer(slot, nonce != 0);
        self.members[slot].flags.set(Flags::ASKED, false);
        self.join_answered(slot);
        let mut i = 0;
        while i < self.relays.len() {
            if self.relays[i].subject == slot {
                let relay = self.relays.swap_remove(i);
                self.send(MessageKind::Update, relay.requester, Content::About(slot));
            } else {
                i += 1;
            }
        }
    }

    /// A member asks us to ping another.
    pub(super) fn ping_req(&mut self, requester: Slot, subject: &NodeId, teller: &Teller) {
        if !teller.online {
            return;
        }
        let Some(slot) = self.members.slot(subject).filter(|&slot| slot != requester) else {
            return;
        };
        if self.relays.len() >= MAX_RELAYS {
            return self.send(MessageKind::Nack, requester, Content::About(slot));
        }
        let over = self.clock.awake() + self.probe_timeout() / 4 * 3;
        self.relays.push(Relay { subject: slot, requester, over });
        let content = self.gossip();
        self.send(MessageKind::Ping, slot, content);
    }

    /// Says of pings made for others that there was no answer.
    pub(super) fn check_relays(&mut self) {
        let awake = self.clock.awake();
        let mut i = 0;
        while i < self.relays.len() {
            if self.relays[i].over <= awake {
                let relay = self.relays.swap_remove(i);
                self.send(MessageKind::Nack, relay.requester, Content::About(relay.subject));
            } else {
                i += 1;
            }
        }
    }

    pub(super) fn nack(&mut self, helper: Slot, subject: &NodeId) {
        let Some(slot) = self.members.slot(subject) else { return };
        let probe = self.probes.iter_mut().find(|probe| probe.slot == slot);
        if let Some(probe) = probe.filter(|probe| probe.asked(helper)) {
            probe.nacks += 1;
            self.stats.nacks += 1;
        }
    }

    /// An online entry before the sender's own: a helper saw the answer of the node we asked about.
    pub(super) fn helper_proof(&mut self, entry: &Entry<'_>, teller: &Teller) {
        let Some(slot) = self.members.slot(&entry.id) else { return };
        let probe = self.probes.iter().find(|probe| probe.slot == slot);
        let proves =
            probe.is_some_and(|p| p.asked(teller.slot) && entry.heartbeat >= p.heartbeat.get());
        if proves && entry.status == NodeStatus::Online {
            self.probe_succeeded(slot, false);
        }
    }

    /// P-7b: ties an answer to its question without keeping the question: the time, and a code over
    /// it and the receiver that only we can make.
    pub(super) fn make_nonce(&self, id: NodeId) -> u64 {
        let time = (self.clock.now().as_micros() >> 4) as u32;
        u64::from(time) << 32 | u64::from(code(self.secret, &id, time))
    }

    pub(super) fn is_own_nonce(&self, id: NodeId, nonce: u64) -> bool {
        let time = (nonce >> 32) as u32;
        let age = ((self.clock.now().as_micros() >> 4) as u32).wrapping_sub(time);
        nonce as u32 == code(self.secret, &id, time) && age < NONCE_LIFE
    }

    /// P-12: every sync interval the top digest rides on a probe of an online member.
    pub(super) fn digest_rides(&mut self, slot: Slot) -> bool {
        let rides = self.holds(Rule::Digests)
            && self.speaks_packets(slot)
            && self.now() >= self.sync_at
            && self.members[slot].status == NodeStatus::Online;
        if rides {
            let interval = u64::from(self.config.sync_interval_ms) * 1000;
            // Staggered: between three and five quarters of the interval.
            let wait = interval * 3 / 4 + self.random_below(interval / 2);
            self.sync_at = self.later(wait);
        }
        rides
    }

    /// Whether we joined of late and know that we lack members. Where rounds are slow, it is looked to
    /// that as often as news is gossiped (P-13).
    pub(super) fn is_catching_up(&self) -> bool {
        self.now() < self.fresh_until && (self.differed || self.is_unsure())
    }

    /// A newcomer sends a digest of its own to a random member each round, and pings those that it
    /// was told of.
    pub(super) fn sync_round(&mut self) {
        let fresh = self.now() < self.fresh_until;
        let differed = core::mem::take(&mut self.differed) && fresh;
        if !differed && !self.is_unsure() {
            return;
        }
        // Where many join at once, one that all of them know would drown in these.
        if self.online > 1
            && let Some(slot) = self.random_online(|_| true)
            && self.speaks_packets(slot)
        {
            self.send_digest(slot);
        }
        // Where text may have to be fallen back to, the ring's turn tells who reads what ("Forms").
        if fresh && is_packets(&self.config) {
            self.ping_newcomers();
        }
    }

    fn ping_newcomers(&mut self) {
        let members = &self.members;
        let joining = |slot: &Slot| members[*slot].status == NodeStatus::Joining;
        let around = self.ring.around(&mut self.rng).take(super::ONLINE_LOOKS);
        let mut found = [Slot::NONE; NEWCOMER_PINGS];
        let mut len = 0;
        for slot in around.filter(joining).take(NEWCOMER_PINGS) {
            found[len] = slot;
            len += 1;
        }
        for &slot in &found[..len] {
            self.ping_newcomer(slot);
        }
    }

    /// A ping beside those of the ring. It counts as no question to a silent member, whose form would be
    /// doubted ("Forms"): its nonce is proof enough.
    pub(super) fn ping_newcomer(&mut self, slot: Slot) {
        if self.form_to(slot) == Form::Packet {
            let asked = self.members[slot].is(Flags::ASKED);
            self.send(MessageKind::Ping, slot, Content::Own);
            self.members[slot].flags.set(Flags::ASKED, asked);
        }
    }

    /// Whether much of what we were told waits for a second member to vouch for it (P-5), as after
    /// a join; then another digest brings that sooner than probes would.
    fn is_unsure(&self) -> bool {
        let sure = self.online + self.suspicions.listed() + self.joins.len();
        let spare = if self.now() < self.fresh_until { 0 } else { self.online / 64 + 1 };
        self.ring.len() > sure + spare
    }

    pub(super) fn send_digest(&mut self, slot: Slot) {
        self.send(MessageKind::SyncDigest, slot, Content::Digest(None));
    }

    /// The buckets that differ are looked into; the members of leaves that differ are exchanged.
    pub(super) fn hear_digest(&mut self, slot: Slot, digest: &Digest) {
        if self.lists_left == 0 {
            return;
        }
        let differing = self.hashes.differing(digest);
        let Some(prefix) = digest.prefix else {
            for bucket in (0..16u8).filter(|bucket| differing & (1 << bucket) != 0) {
                self.send(MessageKind::SyncDigest, slot, Content::Digest(Some(bucket)));
            }
            return;
        };
        if differing != 0 {
            self.differed = true;
            let question = Content::AskLeaves { prefix: prefix & 15, buckets: differing };
            self.send(MessageKind::SyncRequest, slot, question);
            self.send_leaves(slot, prefix & 15, differing);
        }
    }

    pub(super) fn send_leaves(&mut self, slot: Slot, prefix: u8, buckets: u16) {
        if self.lists_left > 0 && self.has_leaves(prefix, buckets) {
            self.lists_left -= 1;
            let left = MAX_SYNC_MESSAGES - 1;
            let content = Content::Leaves { prefix, buckets, skip: 0, left };
            self.send(MessageKind::Update, slot, content);
        }
    }
}
