//! What is said of others, and what we make of it (P-1, P-4, P-5).

use super::super::member::{Claim, Coarse, Flags, Slot};
use super::super::outbox::{Content, Send};
use super::super::stats::Reason;
use super::super::sync::leaf;
use super::{Core, MAX_JUMP, PACKETS};
use crate::types::{
    Detail, Entry, Form, Header, Heartbeat, MessageKind, MetadataPart, NodeStatus, Path,
};

/// Pings of one round to nodes that claims too far ahead are about (P-15).
const MAX_CLAIMANTS: u32 = 8;
/// Requests of one round for configurations that claims go with (P-15).
const MAX_LEAVES: u32 = 8;

/// Who says something, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller {
    /// The sender's place; [`Slot::NONE`] if it is no member.
    pub(super) slot: Slot,
    /// The sender is held online.
    pub(super) online: bool,
    /// The sender runs 1.4.2's rules.
    pub(super) old: bool,
    /// The entry is the sender's own.
    pub(super) direct: bool,
    /// The message answers one of ours, so the sender's address is proved.
    pub(super) answers: bool,
    /// It was a packet, with what only packets carry.
    pub(super) packet: bool,
    /// We lack the configuration that goes with what the sender says of itself.
    pub(super) lacks: bool,
    pub(super) kind: MessageKind,
    pub(super) path: Path,
}

/// What a newer configuration changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Changed {
    /// Nothing that a program sees.
    Nothing,
    /// Metadata that is still to be fetched, and nothing else.
    MetadataApart,
    /// Something that is there.
    Shown,
}

impl Teller {
    /// Whether the carrier vouches for who speaks: a struct caller, or a TCP connection.
    pub(super) const fn is_vouched(&self) -> bool {
        matches!(self.path, Path::Struct | Path::Stream)
    }

    /// P-8: who speaks unasked may not hear. One that was failed is believed when it answers, or when it
    /// joins anew.
    const fn may_be_deaf(&self) -> bool {
        let joins = matches!(self.kind, MessageKind::Meet | MessageKind::Join);
        let unasked = self.direct && self.packet && !self.answers && !joins;
        unasked && matches!(self.path, Path::Packet(_))
    }

    /// The form of the message, for its answer.
    pub(super) const fn form(&self, header: &Header) -> Option<Form> {
        let packets = PACKETS && (self.packet || header.wire > 0);
        if packets { Some(Form::Packet) } else { None }
    }
}

impl Core {
    /// Takes one entry of a message.
    pub(super) fn learn(&mut self, entry: &Entry<'_>, teller: &Teller) {
        if entry.id == self.members.own.id {
            return self.hear_about_us(entry, teller);
        }
        // A part of metadata comes beside the claim.
        if PACKETS
            && let MetadataPart::Slice { stamp, index, bytes } = entry.metadata
            && let Some(slot) = self.members.slot(&entry.id).filter(|_| teller.online)
        {
            self.hear_part(slot, stamp, index, bytes);
        }
        let Some(heartbeat) = Heartbeat::new(entry.heartbeat).filter(|_| !entry.id.is_zero())
        else {
            self.stats.dropped_entries += 1;
            return;
        };
        let Some(slot) = self.members.slot(&entry.id) else {
            return self.learn_stranger(entry, teller);
        };
        let said = Claim { heartbeat, status: entry.status };
        if !self.is_known(slot, said, entry, teller) {
            self.note_form(slot, entry, teller);
            self.learn_claim(slot, said, entry, teller);
        }
    }

    /// Whether hearsay says no more than what we hold, as most of it does: then nothing is to be done.
    fn is_known(&self, slot: Slot, said: Claim, entry: &Entry<'_>, teller: &Teller) -> bool {
        let held = &self.members[slot];
        !teller.direct
            && entry.detail == Detail::Claim
            && said.status == NodeStatus::Online
            && said <= held.claim()
            && !held.status.is_gone()
            && !self.lacks_configuration(slot, entry)
    }

    /// P-5: an unknown node. Accusations of one add nothing.
    fn learn_stranger(&mut self, entry: &Entry<'_>, teller: &Teller) {
        let says_alive =
            matches!(entry.status, NodeStatus::Unknown | NodeStatus::Joining | NodeStatus::Online);
        if !says_alive || !(teller.direct || teller.online) || entry.detail == Detail::Claim {
            return;
        }
        let believed = match teller.path {
            Path::Struct => true,
            Path::Stream => teller.direct,
            Path::Datagram(_) | Path::Packet(_) => teller.direct && teller.answers,
        };
        let status = if believed { entry.status } else { NodeStatus::Joining };
        let Some(slot) = self.add(&Entry { status, ..*entry }) else { return };
        self.note_form(slot, entry, teller);
        self.set_reason(slot, if teller.direct { Reason::Heard } else { Reason::Told });
        if teller.direct || teller.online {
            self.note_metadata(slot, &entry.metadata, teller.slot);
        }
        let member = &mut self.members[slot];
        member.flags.set(Flags::HEARD, teller.direct);
        if !teller.direct && !believed {
            member.flags.set(Flags::VOUCHED, true);
            // A joining member has no pace; the field remembers who vouched first.
            member.anchor_heartbeat = teller.slot.0;
            if PACKETS && self.proofs_left > 0 && self.now() < self.fresh_until {
                self.proofs_left -= 1;
                self.ping_newcomer(slot);
            }
        }
    }

    /// "Forms": a member's word that a node reads packets counts until that has spoken itself.
    fn note_form(&mut self, slot: Slot, entry: &Entry<'_>, teller: &Teller) {
        let member = &mut self.members[slot];
        if entry.reads_packets && teller.online && !member.is(Flags::HEARD) {
            member.flags.set(Flags::BINARY, true);
        }
    }

    /// Lists a node that is not listed, raises the event, and makes it news.
    pub(super) fn add(&mut self, entry: &Entry<'_>) -> Option<Slot> {
        if self.members.len() >= self.config.max_members as usize {
            let Some(oldest) = self.members.oldest_grave() else {
                self.stats.members_full += 1;
                return None;
            };
            self.forget(oldest);
        }
        let slot = self.members.insert(entry, self.now());
        self.ring.insert(slot, &mut self.rng);
        self.hashes.toggle(&self.members[slot]);
        if self.members[slot].status == NodeStatus::Online {
            self.online += 1;
            self.members[slot].flags.set(Flags::NEW_CONFIG, true);
            self.piggyback.push(slot, &mut self.members);
        }
        self.event(slot, NodeStatus::Unknown);
        Some(slot)
    }

    fn learn_claim(&mut self, slot: Slot, said: Claim, entry: &Entry<'_>, teller: &Teller) {
        let member = &self.members[slot];
        let held = member.claim();
        let unheard = member.status == NodeStatus::Joining && !member.is(Flags::HEARD);
        let own_word = unheard && teller.direct;
        if !own_word && said.heartbeat.since(held.heartbeat) > MAX_JUMP {
            // P-4: only the subject's own answer may carry such a jump.
            if !(teller.direct && teller.answers) {
                self.stats.dropped_entries += 1;
                return self.ask_claimant(slot, entry, teller);
            }
        }
        match said.status {
            // A claim that it joins says nothing about a node that we know better.
            NodeStatus::Unknown | NodeStatus::Joining => {}
            NodeStatus::Online => {
                let newer = said > held || own_word;
                if newer && self.is_mixture(slot, entry, teller) {
                    return self.ask_claimant(slot, entry, teller);
                }
                if newer && held.status == NodeStatus::Failed && teller.may_be_deaf() {
                    // Where it speaks from: it may have moved.
                    let to = self.answer_to(entry.id, slot, Some(entry), teller.path);
                    let content = Content::Gossip { most: 1, notice: false, digest: false };
                    let ping = Send::new(MessageKind::Ping, slot, content);
                    return self.decide(Send { to, ..ping });
                }
                if newer && (held.status != NodeStatus::Joining || self.admits(slot, teller)) {
                    self.take_alive(slot, said, entry, teller);
                } else {
                    self.take_late_configuration(slot, entry, teller);
                    if held.status.is_gone() {
                        self.tell_grave(slot, teller);
                    }
                }
                self.ask_configuration(slot, entry, teller);
            }
            NodeStatus::Suspect if said > held && teller.online => {
                if teller.old {
                    self.probe_soon(slot);
                } else {
                    self.hear_suspicion(slot, said);
                }
            }
            NodeStatus::Failed | NodeStatus::Left if said > held && teller.online => {
                if teller.old {
                    self.probe_soon(slot);
                } else if held.status != NodeStatus::Joining {
                    self.bury(slot, said);
                    self.set_reason(slot, Reason::Told);
                }
            }
            // We saw it later than its accuser: worth a look of our own.
            NodeStatus::Failed if held.status == NodeStatus::Online => self.probe_soon(slot),
            NodeStatus::Suspect | NodeStatus::Failed | NodeStatus::Left => {}
        }
    }

    /// A sign of life that our tombstone is newer than: the stamps of several accusers differ, and a
    /// node that refuted one must hear of the highest, from us itself or by gossip.
    fn tell_grave(&mut self, slot: Slot, teller: &Teller) {
        let asks = matches!(teller.kind, MessageKind::Ping | MessageKind::Meet | MessageKind::Join);
        if !teller.direct {
            if teller.online && self.is_old_grave(slot) {
                if self.asked_claimants < MAX_CLAIMANTS {
                    self.asked_claimants += 1;
                    let content = self.gossip();
                    self.send(MessageKind::Ping, slot, content);
                }
            } else if teller.online && !self.members[slot].is(Flags::QUEUED) {
                self.piggyback.push(slot, &mut self.members);
            }
        } else if !asks && self.members[slot].is(Flags::NEW) {
            // What asks gets the notice with its answer.
            self.send(MessageKind::Update, slot, Content::Told(slot));
        }
    }

    /// Hearsay of a newer life with a lower epoch: the owner started anew with a configuration that
    /// only its own word can put in place. Taking the heartbeat alone would make the old
    /// configuration look new.
    fn is_mixture(&self, slot: Slot, entry: &Entry<'_>, teller: &Teller) -> bool {
        let held = &self.members[slot];
        !teller.direct
            && held.status != NodeStatus::Joining
            && entry.config_epoch < held.config_epoch
    }

    /// P-4: a claim too far ahead, of the subject or of a member, makes us ask the subject, where the
    /// claim says that it is; so many a round and no more.
    fn ask_claimant(&mut self, slot: Slot, entry: &Entry<'_>, teller: &Teller) {
        if self.asked_claimants >= MAX_CLAIMANTS || !(teller.direct || teller.online) {
            return;
        }
        self.asked_claimants += 1;
        let told = entry.detail == Detail::Full;
        let to = told.then(|| self.to(entry.id, entry.ip, entry.port));
        self.decide(Send { to, ..Send::new(MessageKind::Ping, slot, Content::Own) });
    }

    /// P-5: whether a joining node is believed to be online now.
    fn admits(&mut self, slot: Slot, teller: &Teller) -> bool {
        if teller.direct {
            return teller.is_vouched() || teller.answers;
        }
        if teller.path == Path::Struct {
            return teller.online;
        }
        let member = &mut self.members[slot];
        if teller.online && !member.is(Flags::VOUCHED) {
            member.flags.set(Flags::VOUCHED, true);
            member.anchor_heartbeat = teller.slot.0;
        }
        teller.online && member.anchor_heartbeat != teller.slot.0
    }

    /// A newer sign of life, with what it says of the configuration.
    pub(super) fn take_alive(
        &mut self,
        slot: Slot,
        said: Claim,
        entry: &Entry<'_>,
        teller: &Teller,
    ) {
        let now = self.now();
        let old = self.members[slot].status;
        // The hashes are over status and configuration, which a mere sign of life leaves alone.
        let hashed = old != NodeStatus::Online || entry.detail == Detail::Full;
        if hashed {
            self.hashes.toggle(&self.members[slot]);
        }
        let changed = self.take_configuration(slot, entry, teller);
        let member = &mut self.members[slot];
        member.heartbeat = said.heartbeat;
        if entry.detail == Detail::Full {
            member.version = entry.version;
        }
        member.seen = now;
        if old == NodeStatus::Online {
            member.learn_pace(now, teller.direct);
            if hashed {
                self.hashes.toggle(&self.members[slot]);
            }
            self.pass_doubt(slot, teller.direct);
            match changed {
                Changed::Nothing => return,
                // Of what comes later the program is told then.
                Changed::MetadataApart => {}
                Changed::Shown => self.event(slot, old),
            }
            self.members[slot].flags.set(Flags::NEW_CONFIG, true);
            self.piggyback.push(slot, &mut self.members);
            return;
        }
        member.anchor_here(now);
        if changed != Changed::Nothing || old == NodeStatus::Joining {
            member.flags.set(Flags::NEW_CONFIG, true);
        }
        if old == NodeStatus::Suspect && teller.direct {
            self.tell_cleared(slot);
        }
        self.come_online(slot, old);
        self.set_reason(slot, if teller.direct { Reason::Heard } else { Reason::Told });
    }

    /// The status side of a sign of life; the hashes were toggled before the change.
    fn come_online(&mut self, slot: Slot, old: NodeStatus) {
        let mut news = true;
        if matches!(old, NodeStatus::Suspect | NodeStatus::Failed) {
            let member = &mut self.members[slot];
            member.flaps = member.flaps.saturating_add(1);
        }
        match old {
            NodeStatus::Suspect => {
                news =
                    self.suspicions.get(slot, &self.members).is_none_or(|suspicion| suspicion.told);
                self.note_silence(slot, false);
                self.note_loss(slot);
                self.end_suspicion(slot);
            }
            NodeStatus::Failed | NodeStatus::Left => {
                self.note_silence(slot, true);
                self.members.unbury(slot);
                self.ring.insert(slot, &mut self.rng);
            }
            _ => {}
        }
        let now = self.now();
        let member = &mut self.members[slot];
        member.status = NodeStatus::Online;
        member.changed = Coarse::of(now);
        member.misses = 0;
        member.flags.set(Flags::VOUCHED, false);
        member.flags.set(Flags::MOVED, false);
        self.online += 1;
        self.hashes.toggle(&self.members[slot]);
        self.event(slot, old);
        if news {
            self.piggyback.push(slot, &mut self.members);
        } else {
            self.piggyback.drop(slot, &mut self.members);
        }
    }

    /// P-1's order of the configuration part; says whether it changed. The owner's own word goes
    /// by its heartbeat alone, so that a node that restarted with a lower epoch is believed.
    fn take_configuration(&mut self, slot: Slot, entry: &Entry<'_>, teller: &Teller) -> Changed {
        if entry.detail == Detail::Claim {
            return Changed::Nothing;
        }
        let (at, dated) = match Heartbeat::new(entry.config_heartbeat) {
            Some(at) if at > Heartbeat::ZERO => (at, true),
            _ => (Heartbeat::new(entry.heartbeat).unwrap_or_default(), false),
        };
        let member = &self.members[slot];
        let unheard = member.status == NodeStatus::Joining;
        let newer = unheard
            || if teller.direct {
                at > member.config_heartbeat || entry.config_epoch > member.config_epoch
            } else {
                (entry.config_epoch, at) > (member.config_epoch, member.config_heartbeat)
            };
        if !newer {
            return Changed::Nothing;
        }
        let changed = self.members.differs(&self.members[slot], entry);
        if changed {
            self.members.configure(slot, entry);
        }
        let member = &mut self.members[slot];
        // What is told without a date and is no change is no later change either.
        if dated || changed || unheard || entry.config_epoch != member.config_epoch {
            member.config_heartbeat = at;
        }
        member.config_epoch = entry.config_epoch;
        self.note_metadata(slot, &entry.metadata, teller.slot);
        if changed {
            Changed::Shown
        } else if self.members[slot].is(Flags::LACKS) {
            Changed::MetadataApart
        } else {
            Changed::Nothing
        }
    }

    /// A configuration that comes after the claim that it goes with. Only packets tell which of two
    /// configurations is newer whatever the heartbeats are.
    fn take_late_configuration(&mut self, slot: Slot, entry: &Entry<'_>, teller: &Teller) {
        let status = self.members[slot].status;
        let told = teller.packet && teller.online && entry.detail == Detail::Full;
        if !told || status == NodeStatus::Joining {
            return;
        }
        self.hashes.toggle(&self.members[slot]);
        let changed = self.take_configuration(slot, entry, teller);
        self.hashes.toggle(&self.members[slot]);
        if changed != Changed::Nothing {
            self.members[slot].flags.set(Flags::NEW_CONFIG, true);
            self.piggyback.push(slot, &mut self.members);
        }
        if changed == Changed::Shown {
            self.event(slot, status);
        }
    }

    /// A claim alone that goes with a configuration that we lack: the teller has it, and tells it
    /// with those of a few others (P-12a).
    fn ask_configuration(&mut self, slot: Slot, entry: &Entry<'_>, teller: &Teller) {
        let asks = teller.packet && teller.online && !teller.direct;
        if !asks || self.asked_leaves >= MAX_LEAVES || !self.lacks_configuration(slot, entry) {
            return;
        }
        self.asked_leaves += 1;
        let leaf = leaf(&entry.id);
        let question = Content::AskLeaves { prefix: leaf >> 4, buckets: 1 << (leaf & 15) };
        self.send(MessageKind::SyncRequest, teller.slot, question);
    }

    /// A message of the member itself that says nothing newer, or has no entry of it.
    pub(super) fn hear(&mut self, slot: Slot, teller: &Teller) {
        let member = &mut self.members[slot];
        member.flags.set(Flags::HEARD, true);
        member.flags.set(Flags::PLACEHOLDER, false);
        let joins = member.status == NodeStatus::Joining && (teller.is_vouched() || teller.answers);
        if joins {
            self.hashes.toggle(&self.members[slot]);
            self.members[slot].flags.set(Flags::NEW_CONFIG, true);
            self.come_online(slot, NodeStatus::Joining);
            self.set_reason(slot, Reason::Heard);
        }
    }

    /// A node of 1.4.2 cannot refute. Its answer is the proof, and the witness spreads it one past
    /// the stamp, or past what other old ones were told of its failure ("Old peers").
    pub(super) fn witness(&mut self, slot: Slot) {
        let member = &mut self.members[slot];
        let old = member.status;
        if old != NodeStatus::Suspect && old != NodeStatus::Failed {
            return;
        }
        member.heartbeat = member.heartbeat.after(if old == NodeStatus::Suspect { 1 } else { 2 });
        let now = self.clock.now();
        let member = &mut self.members[slot];
        member.seen = now;
        member.anchor_here(now);
        if old == NodeStatus::Suspect {
            self.hashes.toggle(&self.members[slot]);
        }
        self.come_online(slot, old);
        self.piggyback.push(slot, &mut self.members);
    }

    /// Failed or left: the member becomes a tombstone and that is spread (P-5, P-9, P-14).
    pub(super) fn bury(&mut self, slot: Slot, claim: Claim) {
        let old = self.members[slot].status;
        if old.is_gone() {
            // The grave stays where it is; only the claim is newer.
            self.set_status(slot, claim);
        } else {
            self.hashes.toggle(&self.members[slot]);
            match old {
                NodeStatus::Online => {
                    self.online -= 1;
                    self.end_suspicion(slot);
                }
                NodeStatus::Suspect => self.end_suspicion(slot),
                _ => {}
            }
            self.ring.remove(slot);
            self.end_probe(slot);
            self.set_status(slot, claim);
            self.members.bury(slot);
            self.plan_heal();
        }
        if old != claim.status {
            self.event(slot, old);
            self.piggyback.push(slot, &mut self.members);
        }
    }
}
