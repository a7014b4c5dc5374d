//! What a message shows of its sender, and what it is answered (P-7, P-12 to P-14).

use super::Core;
use super::origin::Origin;
use crate::proto::context::{MAX_JUMP, PACKETS};
use crate::proto::outbox::{Content, Send};
use crate::proto::rules::Rule;
use crate::proto::stats::Reason;
use crate::proto::sync::{send_leaves, send_parts};
use crate::proto::table::{Claim, Flags, Slot};
use crate::types::{Entry, Header, Heartbeat, MessageKind, NodeStatus, Path, SyncPayload};

/// What is observed.
impl Core {
    pub(super) fn is_joining(&self, slot: Slot) -> bool {
        self.cx.table.status(slot) == Some(NodeStatus::Joining)
    }

    /// The sender's own entry, its answer, and what it shows of itself.
    pub(super) fn observe_sender(
        &mut self,
        header: &Header,
        own: Option<&Entry<'_>>,
        origin: &mut Origin,
    ) {
        if let Some(own) = own {
            // Of itself a node says that it lives; anything else is for others to say.
            if matches!(own.status, NodeStatus::Online | NodeStatus::Joining | NodeStatus::Unknown)
            {
                self.apply_entry(own, &Origin { direct: true, ..*origin });
            }
            if origin.slot == Slot::NONE {
                origin.slot = self.cx.table.slot(&header.sender).unwrap_or(Slot::NONE);
            }
        }
        let slot = origin.slot;
        if slot == Slot::NONE {
            return;
        }
        self.record_forms(header, origin);
        self.record_way(header, origin);
        self.healing.answered(&mut self.cx.table, slot);
        if own.is_none() {
            self.see_without_entry(slot, header);
        }
        self.observe_member(slot, origin.is_vouched() || origin.answers);
        let silent = origin.packet || self.cx.table[slot].is(Flags::PACKETS);
        if header.kind == MessageKind::Pong && (origin.answers || !silent) {
            let nonce = if origin.packet { header.nonce } else { 0 };
            self.detector.answered(&mut self.cx, slot, nonce);
            self.joining.answered(&mut self.cx, slot);
            if origin.answers && origin.old {
                self.witness(slot);
            }
        }
        origin.online = self.cx.table.is_online(slot);
    }

    /// Which rules and which forms the sender knows ("Old peers", "Forms").
    fn record_forms(&mut self, header: &Header, origin: &Origin) {
        let member = &mut self.cx.table[origin.slot];
        if origin.old && member.is(Flags::NEW) {
            // An older program has taken its place.
            member.flags.set(Flags::PACKETS, false);
            member.flags.set(Flags::BINARY, false);
        }
        member.flags.set(Flags::NEW, !origin.old);
        if origin.packet {
            member.flags.set(Flags::PACKETS, true);
            member.pace = header.interval_us.clamp(1_000, 600_000_000);
        } else if origin.path != Path::Struct && header.wire == 0 {
            // An older program may have taken its place: one that reads text alone joins anew, or
            // has fallen silent to our packets.
            let anew = matches!(header.kind, MessageKind::Meet | MessageKind::Join);
            if anew || member.status() != NodeStatus::Online {
                member.flags.set(Flags::PACKETS, false);
                member.flags.set(Flags::BINARY, false);
            }
        }
        if origin.packet || header.wire > 0 {
            member.flags.set(Flags::BINARY, true);
        }
    }

    /// Which way the sender is to be reached: it answers a datagram, or only what comes by a
    /// connection, or had to join by one.
    fn record_way(&mut self, header: &Header, origin: &Origin) {
        let by_stream = origin.path.is_stream();
        let joins = matches!(header.kind, MessageKind::Meet | MessageKind::Join);
        let member = &mut self.cx.table[origin.slot];
        if origin.answers && !by_stream {
            member.flags.set(Flags::STREAM, false);
        } else if by_stream && self.cx.config.has_streams {
            // What was asked both ways and answered in a datagram already says nothing here.
            let silent = origin.answers && member.is(Flags::ASKED);
            if silent || joins {
                member.flags.set(Flags::STREAM, true);
            }
        }
    }

    /// A program that drops entries still shows the sender's heartbeat.
    fn see_without_entry(&mut self, slot: Slot, header: &Header) {
        let Some(heartbeat) = Heartbeat::new(header.timestamp) else { return };
        let now = self.cx.now();
        let member = &mut self.cx.table[slot];
        let jump = heartbeat.since(member.heartbeat());
        if member.status() == NodeStatus::Online && (1..=MAX_JUMP).contains(&jump) {
            member.see(heartbeat, now);
            member.learn_pace(now, true);
        }
    }

    /// P-14: its sender leaves. One that lacks the sender's entry is an old node's leave of another.
    pub(super) fn apply_leave(
        &mut self,
        own: Option<&Entry<'_>>,
        entries: &[Entry<'_>],
        origin: &Origin,
    ) {
        let (slot, heartbeat) = match own {
            Some(own) => (origin.slot, Heartbeat::new(own.heartbeat)),
            None => {
                let about = entries.first().and_then(|entry| self.cx.table.slot(&entry.id));
                let Some(slot) = about.filter(|_| origin.online) else { return };
                (slot, Some(self.leave_stamp(slot)))
            }
        };
        let Some(heartbeat) = heartbeat.filter(|_| slot != Slot::NONE) else { return };
        let held = self.cx.table[slot].claim();
        if heartbeat.since(held.heartbeat) > MAX_JUMP {
            self.cx.stats.dropped_entries += 1;
            return;
        }
        if held.status == NodeStatus::Joining {
            self.observe_member(slot, true);
        }
        let said = Claim { heartbeat, status: NodeStatus::Left };
        if said > self.cx.table[slot].claim() {
            self.make_tombstone(slot, said, Reason::Leave);
        }
    }
}

/// What is answered.
impl Core {
    /// Answers a message whose sender was observed; `entries` is how many it had.
    pub(super) fn answer(
        &mut self,
        header: &Header,
        own: Option<&Entry<'_>>,
        origin: &Origin,
        entries: usize,
    ) {
        let slot = origin.slot;
        if origin.online && origin.packet {
            self.answer_sync(slot, &header.sync);
        }
        match header.kind {
            MessageKind::Ping if slot != Slot::NONE || own.is_some() => {
                self.pong(header, own, origin, entries);
                // Its turn in the ring may be far, where many join at once.
                if origin.packet && self.is_joining(slot) && self.cx.holds(Rule::Proof) {
                    self.prove(slot, origin);
                }
            }
            MessageKind::Meet | MessageKind::Join if slot != Slot::NONE => {
                self.pong(header, own, origin, entries);
                self.greet(slot, origin);
            }
            MessageKind::SyncRequest if origin.online => {
                if let SyncPayload::Request { prefix, buckets } = header.sync {
                    let Self { cx, budgets, .. } = self;
                    send_leaves(cx, budgets, slot, (prefix, buckets));
                }
            }
            _ => {}
        }
    }

    /// A digest, or a request for parts of metadata.
    fn answer_sync(&mut self, slot: Slot, payload: &SyncPayload) {
        let Self { cx, sync, budgets, .. } = self;
        match payload {
            SyncPayload::Digest(digest) => sync.apply_digest(cx, budgets, slot, digest),
            SyncPayload::Metadata { id, stamp, parts } => {
                send_parts(cx, budgets, slot, (id, *stamp, *parts));
            }
            SyncPayload::None | SyncPayload::Request { .. } => {}
        }
    }

    /// P-7, P-7b: answers a ping, a meet or a join.
    fn pong(
        &mut self,
        header: &Header,
        own_entry: Option<&Entry<'_>>,
        origin: &Origin,
        entries: usize,
    ) {
        let cx = &mut self.cx;
        let slot = origin.slot;
        let held = (slot != Slot::NONE).then(|| &cx.table[slot]);
        // The sender learns what it was if what it just told us is older than what we hold.
        let notice = match (held, own_entry) {
            (Some(held), Some(said)) => {
                said.heartbeat < held.heartbeat().get() || said.config_epoch < held.config_epoch()
            }
            _ => false,
        };
        let mut most = usize::from(u16::MAX);
        let proved = cx.table.is_online(slot);
        if header.kind == MessageKind::Join {
            // Our own entry, and what the joiner was if it has to know; the list follows when its
            // address is proved.
            most = 1;
        } else if !proved || !(origin.is_vouched() || origin.answers || origin.online) {
            // About three times the bytes that came; a packet's entries may be much longer than ours.
            most = most.min(if origin.packet { 1 } else { (3 * entries).max(1) });
        }
        let to = cx.answer_to(header.sender, slot, own_entry, origin.path);
        let content = Content::Gossip { most: most as u16, notice, digest: false };
        let pong = Send {
            to,
            nonce: header.nonce,
            form: origin.form(header),
            by_stream: origin.path.is_stream() && cx.config.has_streams,
            // A node that meets or joins need not know who we are, and over a connection not even
            // where.
            full: header.wants || matches!(header.kind, MessageKind::Meet | MessageKind::Join),
            wants: origin.lacks,
            ..Send::new(MessageKind::Pong, slot, content)
        };
        cx.decide(pong);
    }

    /// P-13: the newcomer gets the list: at once where its carrier vouches for it, else when it has
    /// answered the ping that goes out here.
    fn greet(&mut self, slot: Slot, origin: &Origin) {
        let proved = origin.is_vouched() && self.cx.table.is_online(slot);
        if !proved {
            self.prove(slot, origin);
        }
        self.joining.plan_push(&self.cx, slot, proved);
    }

    /// Asks a node whose address is not proved for the answer that proves it (P-13).
    fn prove(&mut self, slot: Slot, origin: &Origin) {
        if origin.old {
            // Not in a burst with the answer, which an old node would lose.
            self.detector.probe_soon(&mut self.cx.table, slot);
        } else {
            self.cx.send(MessageKind::Ping, slot, Content::Own);
        }
    }

    /// What the sender says of itself or of us may call for an answer of its own: our configuration,
    /// which it lacks, or the request for its own.
    pub(super) fn exchange_configurations(&mut self, header: &Header, origin: &Origin) {
        // A question is answered with both.
        let wants = origin.packet && header.wants;
        if !PACKETS || origin.asks() || origin.slot == Slot::NONE || !origin.online {
            return;
        }
        if wants || origin.lacks {
            let send = Send::new(MessageKind::Update, origin.slot, Content::Own);
            let send = Send { wants: origin.lacks, full: wants, ..send };
            self.cx.decide(send);
        }
    }
}
