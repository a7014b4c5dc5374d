//! What is said of others, and what we make of it (P-1, P-4, P-5).

use super::Core;
use super::origin::Origin;
use crate::proto::budgets::Budget;
use crate::proto::context::{MAX_JUMP, PACKETS};
use crate::proto::detector::{Accuser, clear_doubt, report_cleared};
use crate::proto::hashes::leaf;
use crate::proto::joining::ping_newcomer;
use crate::proto::outbox::{Content, Send};
use crate::proto::stats::Reason;
use crate::proto::table::{Claim, Flags, Slot};
use crate::types::{Detail, Entry, Heartbeat, MessageKind, MetadataPart, NodeStatus, Path};

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

/// Entries.
impl Core {
    /// Takes one entry of a message.
    pub(super) fn apply_entry(&mut self, entry: &Entry<'_>, origin: &Origin) {
        if entry.id == self.id() {
            return self.observe_own_claim(entry, origin);
        }
        // A part of metadata comes beside the claim.
        if PACKETS
            && let MetadataPart::Slice { stamp, index, bytes } = entry.metadata
            && let Some(slot) = self.cx.table.slot(&entry.id).filter(|_| origin.online)
        {
            let Self { cx, sync, detector, .. } = self;
            sync.apply_part(cx, detector, slot, (stamp, index, bytes));
        }
        let Some(heartbeat) = Heartbeat::new(entry.heartbeat).filter(|_| !entry.id.is_zero())
        else {
            self.cx.stats.dropped_entries += 1;
            return;
        };
        let Some(slot) = self.cx.table.slot(&entry.id) else {
            return self.apply_unknown(entry, origin);
        };
        let said = Claim { heartbeat, status: entry.status };
        if !self.is_known(slot, said, entry, origin) {
            self.record_form(slot, entry, origin);
            self.apply_claim(slot, said, entry, origin);
        }
    }

    /// Whether hearsay says no more than what we hold, as most of it does: then nothing is to be done.
    fn is_known(&self, slot: Slot, said: Claim, entry: &Entry<'_>, origin: &Origin) -> bool {
        let held = &self.cx.table[slot];
        !origin.direct
            && entry.detail == Detail::Claim
            && said.status == NodeStatus::Online
            && said <= held.claim()
            && !held.status().is_gone()
            && !(PACKETS && self.cx.table.lacks_configuration(slot, entry))
    }

    /// P-5: an unknown node. Accusations of one add nothing.
    fn apply_unknown(&mut self, entry: &Entry<'_>, origin: &Origin) {
        let says_alive =
            matches!(entry.status, NodeStatus::Unknown | NodeStatus::Joining | NodeStatus::Online);
        if !says_alive || !(origin.direct || origin.online) || entry.detail == Detail::Claim {
            return;
        }
        let believed = match origin.path {
            Path::Struct => true,
            Path::Stream(_) => origin.direct,
            Path::Datagram(_) | Path::Packet(_) => origin.direct && origin.answers,
        };
        let status = if believed { entry.status } else { NodeStatus::Joining };
        let Some(slot) = self.add(&Entry { status, ..*entry }) else { return };
        self.record_form(slot, entry, origin);
        self.cx.table[slot].reason = if origin.direct { Reason::Heard } else { Reason::Told };
        self.apply_metadata(slot, entry, origin);
        let member = &mut self.cx.table[slot];
        member.flags.set(Flags::HEARD, origin.direct);
        if !origin.direct && !believed {
            self.joining.vouch(slot, origin.slot);
            let fresh = PACKETS && self.joining.is_fresh(&self.cx);
            if fresh && self.budgets.spend(Budget::Proofs) {
                ping_newcomer(&mut self.cx, slot);
            }
        }
    }

    /// Metadata that an entry tells of may have to be fetched.
    fn apply_metadata(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) {
        let Self { cx, sync, detector, .. } = self;
        sync.apply_metadata(cx, detector, slot, (&entry.metadata, origin.slot));
    }

    /// "Forms": a member's word that a node reads packets counts until that has spoken itself.
    fn record_form(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) {
        let member = &mut self.cx.table[slot];
        if entry.reads_packets && origin.online && !member.is(Flags::HEARD) {
            member.flags.set(Flags::BINARY, true);
        }
    }

    fn apply_claim(&mut self, slot: Slot, said: Claim, entry: &Entry<'_>, origin: &Origin) {
        let member = &self.cx.table[slot];
        let held = member.claim();
        let unheard = held.status == NodeStatus::Joining && !member.is(Flags::HEARD);
        let own_word = unheard && origin.direct;
        let jumps = !own_word && said.heartbeat.since(held.heartbeat) > MAX_JUMP;
        if jumps && !(origin.direct && origin.answers) {
            // P-4: only the subject's own answer may carry such a jump.
            self.cx.stats.dropped_entries += 1;
            return self.ask_claimant(slot, entry, origin);
        }
        match said.status {
            // A claim that it joins says nothing about a node that we know better.
            NodeStatus::Unknown | NodeStatus::Joining => {}
            NodeStatus::Online => {
                self.apply_online(slot, said, (entry, said > held || own_word), origin);
            }
            NodeStatus::Suspect | NodeStatus::Failed | NodeStatus::Left
                if said > held && origin.online =>
            {
                if origin.old {
                    self.detector.probe_soon(&mut self.cx.table, slot);
                } else if said.status == NodeStatus::Suspect {
                    let Self { cx, news, detector, .. } = self;
                    detector.apply_suspicion(cx, news, slot, said);
                } else if held.status != NodeStatus::Joining {
                    self.make_tombstone(slot, said, Reason::Told);
                }
            }
            // We saw it later than its accuser: worth a look of our own.
            NodeStatus::Failed if held.status == NodeStatus::Online => {
                self.detector.probe_soon(&mut self.cx.table, slot);
            }
            NodeStatus::Suspect | NodeStatus::Failed | NodeStatus::Left => {}
        }
    }

    /// A claim that a member is online; `newer` than what is held, or not.
    fn apply_online(
        &mut self,
        slot: Slot,
        said: Claim,
        (entry, newer): (&Entry<'_>, bool),
        origin: &Origin,
    ) {
        let held = self.cx.table[slot].claim();
        if newer && self.is_mixture(slot, entry, origin) {
            return self.ask_claimant(slot, entry, origin);
        }
        if newer && held.status == NodeStatus::Failed && origin.may_be_deaf() {
            // The ping goes where it speaks from: it may have moved.
            let cx = &mut self.cx;
            let to = cx.answer_to(entry.id, slot, Some(entry), origin.path);
            let content = Content::Gossip { most: 1, notice: false, digest: false };
            let ping = Send::new(MessageKind::Ping, slot, content);
            return cx.decide(Send { to, ..ping });
        }
        if newer && (held.status != NodeStatus::Joining || self.admits(slot, origin)) {
            self.apply_alive(slot, said, entry, origin);
        } else {
            self.apply_late_configuration(slot, entry, origin);
            if held.status.is_gone() {
                self.repeat_tombstone(slot, origin);
            }
        }
        self.ask_configuration(slot, entry, origin);
    }
}

/// Doubtful claims.
impl Core {
    /// A sign of life that our tombstone is newer than: the stamps of several accusers differ, and a
    /// node that refuted one must hear of the highest, from us itself or by gossip.
    fn repeat_tombstone(&mut self, slot: Slot, origin: &Origin) {
        let cx = &mut self.cx;
        if !origin.direct {
            if origin.online && self.healing.doubts(cx, slot) {
                if self.budgets.spend(Budget::Claimants) {
                    cx.send(MessageKind::Ping, slot, Content::GOSSIP);
                }
            } else if origin.online && !cx.table[slot].is(Flags::QUEUED) {
                self.news.push(&mut cx.table, slot);
            }
        } else if !origin.asks() && cx.table[slot].is(Flags::NEW) {
            // What asks gets the notice with its answer.
            cx.send(MessageKind::Update, slot, Content::Told(slot));
        }
    }

    /// Hearsay of a newer life with a lower epoch: the owner started anew with a configuration that
    /// only its own word can put in place. Taking the heartbeat alone would make the old
    /// configuration look new.
    fn is_mixture(&self, slot: Slot, entry: &Entry<'_>, origin: &Origin) -> bool {
        let held = &self.cx.table[slot];
        !origin.direct
            && held.status() != NodeStatus::Joining
            && entry.config_epoch < held.config_epoch()
    }

    /// P-4: a claim too far ahead, of the subject or of a member, makes us ask the subject, where the
    /// claim says that it is; so many a round and no more.
    fn ask_claimant(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) {
        let counts = origin.direct || origin.online;
        if !counts || !self.budgets.spend(Budget::Claimants) {
            return;
        }
        let cx = &mut self.cx;
        let told = entry.detail == Detail::Full;
        let to = told.then(|| cx.table.address(entry));
        cx.decide(Send { to, ..Send::new(MessageKind::Ping, slot, Content::Own) });
    }

    /// P-5: whether a joining node is believed to be online now.
    fn admits(&mut self, slot: Slot, origin: &Origin) -> bool {
        if origin.direct {
            return origin.is_vouched() || origin.answers;
        }
        if origin.path == Path::Struct {
            return origin.online;
        }
        origin.online && self.joining.vouch(slot, origin.slot)
    }

    /// A member says by its own ping that another does not answer.
    pub(super) fn observe_accusation(&mut self, entry: &Entry<'_>, origin: &Origin) {
        let Self { cx, healing, detector, .. } = self;
        if origin.online {
            let told_us = origin.kind == MessageKind::Update;
            let accuser = Accuser { slot: origin.slot, old: origin.old, told_us };
            return detector.apply_accusation(cx, entry, accuser, healing);
        }
        // A member that is suspect itself may accuse others since it does not hear them.
        let Some(heartbeat) = Heartbeat::new(entry.heartbeat) else { return };
        let Some(slot) = cx.table.slot(&entry.id) else { return };
        let held = cx.table[slot].claim();
        let newer = held > Claim { heartbeat, status: entry.status };
        let suspect = cx.table.status(origin.slot) == Some(NodeStatus::Suspect);
        if suspect && held.status == NodeStatus::Online && newer {
            cx.send(MessageKind::Update, origin.slot, Content::Told(slot));
        }
    }
}

/// Claims that are believed.
impl Core {
    /// A newer sign of life, with what it says of the configuration.
    fn apply_alive(&mut self, slot: Slot, said: Claim, entry: &Entry<'_>, origin: &Origin) {
        let now = self.cx.now();
        let old = self.cx.table[slot].status();
        let changed = self.apply_configuration(slot, entry, origin);
        let Self { cx, news, .. } = self;
        let member = &mut cx.table[slot];
        member.see(said.heartbeat, now);
        if entry.detail == Detail::Full {
            member.version = entry.version;
        }
        if old == NodeStatus::Online {
            member.learn_pace(now, origin.direct);
            if member.is(Flags::ACCUSED) {
                clear_doubt(cx, slot, origin.direct);
            }
            // Of what comes later the program is told then.
            if changed == Changed::Shown {
                cx.event(slot, old);
            }
            if changed != Changed::Nothing {
                news.push_configuration(&mut cx.table, slot);
            }
            return;
        }
        member.anchor_here(now);
        if changed != Changed::Nothing || old == NodeStatus::Joining {
            member.flags.set(Flags::NEW_CONFIG, true);
        }
        if old == NodeStatus::Suspect && origin.direct {
            report_cleared(cx, slot);
        }
        self.come_online(slot);
        self.cx.table[slot].reason = if origin.direct { Reason::Heard } else { Reason::Told };
    }

    /// P-1's order of the configuration part; says whether it changed. The owner's own word goes
    /// by its heartbeat alone, so that a node that restarted with a lower epoch is believed.
    fn apply_configuration(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) -> Changed {
        if entry.detail == Detail::Claim {
            return Changed::Nothing;
        }
        let (at, dated) = match Heartbeat::new(entry.config_heartbeat) {
            Some(at) if at > Heartbeat::ZERO => (at, true),
            _ => (Heartbeat::new(entry.heartbeat).unwrap_or_default(), false),
        };
        let member = &self.cx.table[slot];
        let held = (member.config_epoch(), member.config_heartbeat());
        let newer = member.status() == NodeStatus::Joining
            || if origin.direct {
                at > held.1 || entry.config_epoch > held.0
            } else {
                (entry.config_epoch, at) > held
            };
        if !newer {
            return Changed::Nothing;
        }
        let changed = self.cx.table.set_configuration(slot, entry, at, dated);
        self.apply_metadata(slot, entry, origin);
        if changed {
            Changed::Shown
        } else if self.cx.table[slot].is(Flags::LACKS) {
            Changed::MetadataApart
        } else {
            Changed::Nothing
        }
    }

    /// A configuration that comes after the claim that it goes with. Only packets tell which of two
    /// configurations is newer whatever the heartbeats are.
    fn apply_late_configuration(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) {
        let status = self.cx.table[slot].status();
        let told = origin.packet && origin.online && entry.detail == Detail::Full;
        if !told || status == NodeStatus::Joining {
            return;
        }
        let changed = self.apply_configuration(slot, entry, origin);
        if changed != Changed::Nothing {
            self.news.push_configuration(&mut self.cx.table, slot);
        }
        if changed == Changed::Shown {
            self.cx.event(slot, status);
        }
    }

    /// A claim alone that goes with a configuration that we lack: the sender has it, and tells it
    /// with those of a few others (P-12a).
    fn ask_configuration(&mut self, slot: Slot, entry: &Entry<'_>, origin: &Origin) {
        let asks = PACKETS && origin.packet && origin.online && !origin.direct;
        if asks
            && self.cx.table.lacks_configuration(slot, entry)
            && self.budgets.spend(Budget::Configurations)
        {
            let leaf = leaf(&entry.id);
            let question = Content::AskLeaves { prefix: leaf >> 4, buckets: 1 << (leaf & 15) };
            self.cx.send(MessageKind::SyncRequest, origin.slot, question);
        }
    }

    /// A message of the member itself that says nothing newer, or has no entry of it.
    pub(super) fn observe_member(&mut self, slot: Slot, proved: bool) {
        let member = &mut self.cx.table[slot];
        member.flags.set(Flags::HEARD, true);
        member.flags.set(Flags::PLACEHOLDER, false);
        if proved && member.status() == NodeStatus::Joining {
            member.flags.set(Flags::NEW_CONFIG, true);
            self.come_online(slot);
            self.cx.table[slot].reason = Reason::Heard;
        }
    }
}
