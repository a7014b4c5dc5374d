//! From decisions to messages: what a message carries, in P-7's order.

use super::super::fetch::Fetches;
use super::super::member::{Flags, Member, Slot};
use super::super::members::Members;
use super::super::outbox::{Content, Decision, Send};
use super::super::output::{Event, Output, Transmit};
use super::super::rules::Rule;
use super::book::{Book, Piece};
use super::{Core, PACKETS};
use crate::types::{
    Detail, Entry, Form, Header, Heartbeat, MessageKind, NodeId, NodeStatus, SyncPayload,
};
use crate::wire::binary;
use rand::RngExt;

/// Accusations of our own in one message.
const MAX_ACCUSATIONS: usize = 6;
/// The most entries of a message to an old node, so that it fits a datagram.
const OLD_ENTRIES: u32 = 6;
/// Members looked at for one that may fill a message.
const RANDOM_LOOKS: usize = 8;

impl Core {
    /// The next thing to do, in the order of the decisions; `None` when there is nothing left.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        loop {
            match self.outbox.pop()? {
                Decision::Event { slot, id, old, new, heartbeat } => {
                    return Some(Output::Event(self.build_event(slot, id, old, new, heartbeat)));
                }
                Decision::Send(send) if self.is_stale(&send) => {
                    if let Some(to) = send.to {
                        to.ip.release(&mut self.members.strings);
                    }
                }
                Decision::Send(send) => return Some(Output::Transmit(self.build_message(send))),
            }
        }
    }

    /// Whether the member that a message is for, or about, was forgotten since.
    fn is_stale(&self, send: &Send) -> bool {
        let gone = |slot: Slot| self.members[slot].id.is_zero() && !self.is_listed(slot);
        let about = match send.content {
            Content::About(slot) | Content::Told(slot) | Content::From(slot) => gone(slot),
            Content::AskParts(slot) => self.fetches.question(slot).is_none(),
            _ => false,
        };
        // What only packets carry is of no use to a member that has turned out to read text.
        let packets = matches!(
            send.content,
            Content::Digest(_)
                | Content::AskLeaves { .. }
                | Content::AskParts(_)
                | Content::Part(..)
                | Content::Leaves { .. }
        );
        about
            || packets && !self.speaks_packets(send.slot)
            || send.slot != Slot::NONE && self.members[send.slot].id != send.id
    }

    /// Whether the member of the zero id is listed at this place.
    fn is_listed(&self, slot: Slot) -> bool {
        self.members.slot(&NodeId::ZERO) == Some(slot)
    }

    fn build_event(
        &self,
        slot: Slot,
        id: NodeId,
        old_status: NodeStatus,
        new: NodeStatus,
        heartbeat: Heartbeat,
    ) -> Event<'_> {
        // The node may have been forgotten since; then what was decided is all there is to tell.
        let held = (self.members[slot].id == id).then(|| &self.members[slot]);
        let entry = held.map_or(Entry { id, ..Entry::default() }, |held| self.members.entry(held));
        let node = Entry { status: new, heartbeat: heartbeat.get(), ..entry };
        Event { node, old_status }
    }

    fn build_message(&mut self, send: Send) -> Transmit<'_> {
        let form = match (send.form, self.form_to(send.slot)) {
            (Some(Form::Packet), _) | (_, Form::Packet) if PACKETS => Form::Packet,
            _ => Form::Text,
        };
        let header = self.header(&send, form);
        let proved = send.slot != Slot::NONE
            && matches!(self.members[send.slot].status, NodeStatus::Online | NodeStatus::Suspect);
        let joins = matches!(send.kind, MessageKind::Meet | MessageKind::Join);
        let metadata = proved || joins;
        self.pieces.clear();
        self.room = match form {
            Form::Text => usize::MAX,
            Form::Packet => self.config.packet_bytes as usize - binary::header_bytes(&header),
        };
        self.put_pieces(&send, form, metadata);
        self.stats.count_sent(send.kind);
        if let Some(last) = core::mem::replace(&mut self.last_to, send.to) {
            last.ip.release(&mut self.members.strings);
        }
        let (members, fetches) = (&self.members, &self.fetches);
        let target = match send.slot {
            Slot::NONE => Entry::default(),
            slot => members.entry(&members[slot]),
        };
        let target = match &self.last_to {
            None => target,
            Some(to) => {
                Entry { id: to.id, ip: to.ip.as_str(&members.strings), port: to.port, ..target }
            }
        };
        let to_new = send.slot != Slot::NONE && members[send.slot].is(Flags::NEW);
        let to_old = send.slot != Slot::NONE && members[send.slot].is_old();
        let book = Book { members, fetches, pieces: &self.pieces, form, metadata, to_old };
        Transmit { header, target, form, by_stream: send.by_stream, to_new, book }
    }

    fn header(&mut self, send: &Send, form: Form) -> Header {
        let packet = PACKETS && form == Form::Packet;
        let asks = matches!(
            send.kind,
            MessageKind::Ping | MessageKind::Meet | MessageKind::Join | MessageKind::PingReq
        );
        // Of a placeholder the id is not known yet: its nonce is made for no id.
        let member = (send.slot != Slot::NONE).then(|| &self.members[send.slot]);
        let id = member.filter(|member| !member.is(Flags::PLACEHOLDER)).map(|member| member.id);
        let nonce = match send.nonce {
            0 if packet && asks => self.make_nonce(id.unwrap_or_default()),
            nonce if packet => nonce,
            _ => 0,
        };
        Header {
            sender: self.members.own.id,
            kind: send.kind,
            // One less than our entry's heartbeat: an old peer then takes the entry ("Old peers").
            timestamp: send.heartbeat.get().saturating_sub(1),
            nonce,
            interval_us: if packet {
                u32::try_from(self.clock.pace()).unwrap_or(u32::MAX)
            } else {
                0
            },
            sync: self.sync_payload(send.content),
            cluster: self.config.cluster,
            wire: if packet { binary::VERSION } else { 0 },
            wants: send.wants,
        }
    }

    /// What a message carries beside entries.
    fn sync_payload(&self, content: Content) -> SyncPayload {
        match content {
            Content::Digest(None) | Content::Gossip { digest: true, .. } => {
                SyncPayload::Digest(self.hashes.top())
            }
            Content::Digest(Some(prefix)) => SyncPayload::Digest(self.hashes.bucket(prefix)),
            Content::AskLeaves { prefix, buckets } => SyncPayload::Request { prefix, buckets },
            Content::AskParts(slot) => {
                let id = self.members[slot].id;
                let question = self.fetches.question(slot);
                question.map_or(SyncPayload::None, |(stamp, parts)| SyncPayload::Metadata {
                    id,
                    stamp,
                    parts,
                })
            }
            _ => SyncPayload::None,
        }
    }

    /// How much of ourselves a message tells: all to who may lack it, and to everybody for some
    /// messages after a change (P-12a).
    fn own_detail(&mut self, send: &Send, form: Form) -> Detail {
        let tells = matches!(send.content, Content::Own | Content::Gossip { .. });
        let joins = matches!(send.kind, MessageKind::Meet | MessageKind::Join);
        let stranger =
            send.slot == Slot::NONE || self.members[send.slot].status != NodeStatus::Online;
        if form == Form::Text || send.full || joins || stranger {
            return Detail::Full;
        }
        if tells && self.own_full > 0 {
            self.own_full -= 1;
            return Detail::Full;
        }
        Detail::Claim
    }

    fn put_pieces(&mut self, send: &Send, form: Form, metadata: bool) {
        let own = Piece::Own(send.heartbeat, self.own_detail(send, form));
        let draft = Draft { form, metadata };
        // What a message is about is in it whatever its size; that is bounded.
        match send.content {
            Content::Own
            | Content::Digest(_)
            | Content::AskLeaves { .. }
            | Content::AskParts(_) => {
                self.pieces.push(own);
            }
            Content::About(slot) => {
                self.pieces.extend([Piece::Member(slot, Detail::Claim), own]);
            }
            Content::Told(slot) => {
                self.pieces.extend([own, Piece::Member(slot, Detail::Claim)]);
            }
            Content::Part(..) | Content::Leaves { .. } if !PACKETS => {}
            Content::Part(slot, index) => self.pieces.extend([own, Piece::Part(slot, index)]),
            Content::From(slot) => self.put_list(own, send.slot, slot),
            Content::Leaves { .. } => self.put_leaves(own, send, draft),
            Content::Gossip { most, notice, .. } => {
                let entries = self.config.max_entries as usize;
                let most = usize::from(most).max(1);
                let most = match form {
                    Form::Packet => most,
                    Form::Text => most.min(entries),
                };
                self.put_gossip(own, send.slot, most, notice, draft);
            }
        }
    }

    /// Adds a piece if there is room for its bytes.
    fn put(&mut self, piece: Piece, draft: Draft) -> bool {
        let fits = draft.fits(piece, &mut self.room, &self.members, &self.fetches);
        if fits {
            self.pieces.push(piece);
        }
        fits
    }

    /// What the receiver is told of itself (P-7): that it is suspect, failed, left or accused, or what it
    /// was if what it just told us is older.
    fn put_notice(&mut self, to: Slot, older: bool, draft: Draft) {
        let status = self.members[to].status;
        let accused = self.suspicions.get(to, &self.members).map(|accused| accused.stamp);
        if !self.holds(if accused.is_some() { Rule::Notice } else { Rule::Reminder }) {
            return;
        }
        let piece = if older || status.is_gone() {
            Piece::Member(to, Detail::Full)
        } else if status == NodeStatus::Suspect {
            Piece::Member(to, Detail::Claim)
        } else if let Some(stamp) = accused {
            Piece::Accused(to, stamp)
        } else {
            return;
        };
        self.put(piece, draft);
    }

    /// The notice to the receiver, our accusations, our own entry, queued claims, random members.
    fn put_gossip(&mut self, own: Piece, to: Slot, most: usize, notice: bool, draft: Draft) {
        let known = to != Slot::NONE;
        let most =
            if known && self.members[to].is_old() { most.min(OLD_ENTRIES as usize) } else { most };
        // Its room is kept first.
        draft.fits(own, &mut self.room, &self.members, &self.fetches);
        if known && self.members[to].is(Flags::NEW) {
            self.put_notice(to, notice, draft);
        }
        let room = most.saturating_sub(1 + self.pieces.len()).min(MAX_ACCUSATIONS);
        if room > 0 && self.suspicions.len() > 0 {
            self.put_accusations(to, room, draft);
        }
        self.pieces.push(own);
        let structs = !self.speaks_packets(to) && draft.form == Form::Text;
        let random = if structs { self.config.sync_nodes as usize } else { 0 };
        let entries = most.saturating_sub(self.pieces.len() + random);
        if self.piggyback.len() > 0 {
            let limit = self.transmit_limit();
            let Self { pieces, room, fetches, .. } = self;
            let wanted = |members: &Members, slot: Slot| {
                slot != to
                    && members[slot].status != NodeStatus::Joining
                    && can_tell(draft.form, &members[slot])
            };
            self.piggyback.take(entries, limit, &mut self.members, wanted, |members, slot| {
                if is_in(pieces, slot) {
                    return true;
                }
                let full = members[slot].is(Flags::NEW_CONFIG);
                let detail = if full { Detail::Full } else { Detail::Claim };
                let piece = Piece::Member(slot, detail);
                let fits = draft.fits(piece, room, members, fetches);
                if fits {
                    pieces.push(piece);
                }
                fits
            });
        }
        for _ in 0..random {
            if self.pieces.len() >= most {
                break;
            }
            self.put_random(to);
        }
    }

    /// What we accuse by our own probes and everybody may know; others each time, if they are many.
    fn put_accusations(&mut self, to: Slot, most: usize, draft: Draft) {
        let start = self.rng.random_range(0..self.suspicions.len());
        let since = self.clock.awake().saturating_sub(self.open_after());
        let Self { suspicions, pieces, room, members, fetches, .. } = self;
        let around = suspicions.around(start).take(4 * MAX_ACCUSATIONS);
        let accused = around.filter(|suspicion| {
            let accuses = suspicion.watching && suspicion.accused_by_us;
            accuses && suspicion.start <= since && suspicion.slot != to
        });
        for suspicion in accused.take(most) {
            let piece = Piece::Member(suspicion.slot, Detail::Claim);
            if draft.fits(piece, room, members, fetches) {
                pieces.push(piece);
            }
        }
    }

    /// A member held online that is not in the message yet, if a few looks find one.
    fn put_random(&mut self, to: Slot) {
        let (members, pieces) = (&self.members, &self.pieces);
        let fits = |slot: Slot| {
            slot != to
                && members[slot].status == NodeStatus::Online
                && can_tell(Form::Text, &members[slot])
                && !is_in(pieces, slot)
        };
        if let Some(slot) = self.ring.random(&mut self.rng, RANDOM_LOOKS, fits) {
            self.pieces.push(Piece::Member(slot, Detail::Full));
        }
    }

    /// The most entries of a message of structs to a member.
    pub(super) fn entries_to(&self, slot: Slot) -> usize {
        let most = self.config.max_entries;
        (if self.members[slot].is_old() { most.min(OLD_ENTRIES) } else { most }) as usize
    }

    fn put_list(&mut self, own: Piece, to: Slot, from: Slot) {
        self.pieces.push(own);
        let mut next = Some(from);
        for _ in 1..self.entries_to(to) {
            let Some(slot) = next else { return };
            let member = &self.members[slot];
            let told = member.status == NodeStatus::Online && can_tell(Form::Text, member);
            if slot != to && told {
                self.pieces.push(Piece::Member(slot, Detail::Full));
            }
            next = self.members.next(slot);
        }
    }

    /// As many members of some leaves as there is room for; the rest goes in the next message.
    fn put_leaves(&mut self, own: Piece, send: &Send, draft: Draft) {
        let Content::Leaves { prefix, buckets, skip, left } = send.content else { return };
        self.pieces.push(own);
        let Self { members, fetches, pieces, room, .. } = self;
        draft.fits(own, room, members, fetches);
        let leaves = (0..16u8).filter(|bucket| buckets & (1 << bucket) != 0);
        let slots = leaves.flat_map(|bucket| members.leaf((prefix & 15) << 4 | bucket));
        let live = slots.filter(|&slot| {
            let status = members[slot].status;
            slot != send.slot && matches!(status, NodeStatus::Online | NodeStatus::Suspect)
        });
        let (mut told, mut is_full) = (skip, false);
        for slot in live.skip(usize::from(skip)) {
            let piece = Piece::Member(slot, Detail::Full);
            is_full = !draft.fits(piece, room, members, fetches);
            if is_full {
                break;
            }
            pieces.push(piece);
            told = told.saturating_add(1);
        }
        if is_full && left > 0 && told > skip {
            let content = Content::Leaves { prefix, buckets, skip: told, left: left - 1 };
            self.send(send.kind, send.slot, content);
        }
    }

    /// Whether there is a member of some leaves that may have to be told.
    pub(super) fn has_leaves(&self, prefix: u8, buckets: u16) -> bool {
        let mut leaves = (0..16u8).filter(|bucket| buckets & (1 << bucket) != 0);
        leaves.any(|bucket| self.members.leaf((prefix & 15) << 4 | bucket).next().is_some())
    }
}

/// How a message that is being put together is written.
#[derive(Clone, Copy, Debug)]
struct Draft {
    form: Form,
    metadata: bool,
}

impl Draft {
    /// Takes the bytes of a piece from the room, if there are so many.
    fn fits(self, piece: Piece, room: &mut usize, members: &Members, fetches: &Fetches) -> bool {
        let Self { form, metadata } = self;
        if !PACKETS || form == Form::Text {
            return true;
        }
        let book = Book { members, fetches, pieces: &[], form, metadata, to_old: false };
        let entry = book.packed_entry(piece);
        let bytes = binary::entry_bytes(&entry, matches!(piece, Piece::Own(..)));
        let fits = bytes <= *room;
        if fits {
            *room -= bytes;
        }
        fits
    }
}

/// Whether what we hold of a member can be told in a form. A text has no word for metadata that is
/// still to be fetched, and an old peer would take what we held before for the newest, or that
/// there is none ("Old peers").
fn can_tell(form: Form, member: &Member) -> bool {
    form == Form::Packet || !member.is(Flags::LACKS) || member.status != NodeStatus::Online
}

fn is_in(pieces: &[Piece], slot: Slot) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Member(other, _) if *other == slot))
}
