//! From decisions to messages: what a message carries, in P-7's order.

use super::book::{Book, Piece};
use super::context::{Context, PACKETS};
use super::detector::open_after;
use super::fetch::Fetches;
use super::joining::{OLD_ENTRIES, entries_to};
use super::news::News;
use super::outbox::{Content, Send, To};
use super::output::Transmit;
use super::rules::Rule;
use super::sync::{Sync, leaves};
use super::table::{Flags, Member, Slot, Table};
use crate::types::{Detail, Entry, Form, Header, MessageKind, NodeStatus, SyncPayload};
use crate::wire::binary;
use alloc::vec::Vec;
use rand::RngExt;

/// Accusations of our own in one message.
const MAX_ACCUSATIONS: usize = 6;
/// Members looked at for one that may fill a message.
const RANDOM_LOOKS: usize = 8;

/// Room for the message in hand.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pieces: Vec<Piece>,
    /// The bytes that the message being put together has room for.
    room: usize,
    /// The address of the message handed out last, whose text it may hold.
    last_to: Option<To>,
}

/// How a message that is being put together is written, and for whom.
#[derive(Clone, Copy, Debug)]
struct Draft {
    form: Form,
    metadata: bool,
    to: Slot,
}

impl Builder {
    /// Makes a message of a decision.
    pub(crate) fn build<'a>(
        &'a mut self,
        cx: &'a mut Context,
        news: &mut News,
        sync: &'a Sync,
        send: Send,
    ) -> Transmit<'a> {
        let form = match (send.form, cx.form_to(send.slot)) {
            (Some(Form::Packet), _) | (_, Form::Packet) if PACKETS => Form::Packet,
            _ => Form::Text,
        };
        let header = header(cx, sync, &send, form);
        let status = cx.table.status(send.slot);
        let proved = matches!(status, Some(NodeStatus::Online | NodeStatus::Suspect));
        let joins = matches!(send.kind, MessageKind::Meet | MessageKind::Join);
        let metadata = proved || joins;
        self.pieces.clear();
        self.room = match form {
            Form::Text => usize::MAX,
            Form::Packet => cx.config.packet_bytes as usize - binary::header_bytes(&header),
        };
        let draft = Draft { form, metadata, to: send.slot };
        self.put_pieces(cx, news, sync.fetches(), (&send, draft));
        cx.stats.count_sent(send.kind);
        if let Some(last) = core::mem::replace(&mut self.last_to, send.to) {
            cx.table.release(last.ip);
        }
        let table = &cx.table;
        let member = (send.slot != Slot::NONE).then(|| &cx.table[send.slot]);
        let target = member.map_or_else(Entry::default, |member| cx.table.entry(member));
        let target = match &self.last_to {
            None => target,
            Some(to) => Entry { id: to.id, ip: cx.table.text(&to.ip), port: to.port, ..target },
        };
        let to_new = member.is_some_and(|member| member.is(Flags::NEW));
        let to_old = member.is_some_and(Member::is_old);
        let (fetches, pieces) = (sync.fetches(), &self.pieces[..]);
        let book = Book { table, fetches, pieces, form, metadata, to_old };
        Transmit { header, target, form, by_stream: send.by_stream, to_new, book }
    }

    fn put_pieces(
        &mut self,
        cx: &mut Context,
        news: &mut News,
        fetches: &Fetches,
        (send, draft): (&Send, Draft),
    ) {
        let own = Piece::Own(send.heartbeat, own_detail(&cx.table, news, send, draft.form));
        // What a message is about is in it whatever its size; that is bounded.
        match send.content {
            Content::Own
            | Content::Digest(_)
            | Content::AskLeaves { .. }
            | Content::AskParts(_) => self.pieces.push(own),
            Content::About(slot) => {
                self.pieces.extend([Piece::Member(slot, Detail::Claim), own]);
            }
            Content::Told(slot) => {
                self.pieces.extend([own, Piece::Member(slot, Detail::Claim)]);
            }
            Content::Part(..) | Content::Leaves { .. } if !PACKETS => {}
            Content::Part(slot, index) => self.pieces.extend([own, Piece::Part(slot, index)]),
            Content::From(slot) => self.put_list(cx, own, draft.to, slot),
            Content::Leaves { .. } => self.put_leaves(cx, fetches, own, (send, draft)),
            Content::Gossip { most, notice, .. } => {
                let most = usize::from(most).max(1);
                let most = match draft.form {
                    Form::Packet => most,
                    Form::Text => most.min(cx.config.max_entries as usize),
                };
                let is_old = draft.to != Slot::NONE && cx.table[draft.to].is_old();
                let most = if is_old { most.min(OLD_ENTRIES) } else { most };
                self.put_gossip(cx, news, fetches, (own, most, notice, draft));
            }
        }
    }

    /// Adds a piece if there is room for its bytes.
    fn put(&mut self, table: &Table, fetches: &Fetches, piece: Piece, draft: Draft) -> bool {
        let fits = draft.fits(piece, &mut self.room, table, fetches);
        if fits {
            self.pieces.push(piece);
        }
        fits
    }

    /// The notice to the receiver, our accusations, our own entry, queued claims, random members.
    fn put_gossip(
        &mut self,
        cx: &mut Context,
        news: &mut News,
        fetches: &Fetches,
        (own, most, notice, draft): (Piece, usize, bool, Draft),
    ) {
        let to = draft.to;
        // Its room is kept first.
        draft.fits(own, &mut self.room, &cx.table, fetches);
        if to != Slot::NONE
            && cx.table[to].is(Flags::NEW)
            && let Some(piece) = self::notice(cx, to, notice)
        {
            self.put(&cx.table, fetches, piece, draft);
        }
        let room = most.saturating_sub(1 + self.pieces.len()).min(MAX_ACCUSATIONS);
        if room > 0 && cx.table.accused() > 0 {
            self.put_accusations(cx, fetches, room, draft);
        }
        self.pieces.push(own);
        let structs = !cx.speaks_packets(to) && draft.form == Form::Text;
        let random = if structs { cx.config.sync_nodes as usize } else { 0 };
        let entries = most.saturating_sub(self.pieces.len() + random);
        if news.len() > 0 {
            self.put_news(cx, news, fetches, (entries, draft));
        }
        for _ in 0..random {
            if self.pieces.len() >= most {
                break;
            }
            self.put_random(cx, to);
        }
    }

    /// Queued claims, as many as are wanted and fit.
    fn put_news(
        &mut self,
        cx: &mut Context,
        news: &mut News,
        fetches: &Fetches,
        (most, draft): (usize, Draft),
    ) {
        let limit = cx.transmit_limit();
        let Self { pieces, room, .. } = self;
        let wanted = |table: &Table, slot: Slot| {
            let member = &table[slot];
            slot != draft.to
                && member.status() != NodeStatus::Joining
                && can_tell(draft.form, member)
        };
        news.take(most, limit, &mut cx.table, wanted, |table, slot| {
            if is_in(pieces, slot) {
                return true;
            }
            let full = table[slot].is(Flags::NEW_CONFIG);
            let piece = Piece::Member(slot, if full { Detail::Full } else { Detail::Claim });
            let fits = draft.fits(piece, room, table, fetches);
            if fits {
                pieces.push(piece);
            }
            fits
        });
    }

    /// What we accuse by our own probes and everybody may know; others each time, if they are many.
    fn put_accusations(&mut self, cx: &mut Context, fetches: &Fetches, most: usize, draft: Draft) {
        let start = cx.rng.random_range(0..cx.table.accused());
        let since = cx.awake().saturating_sub(open_after(cx));
        let around = cx.table.suspicions_around(start).take(4 * MAX_ACCUSATIONS);
        let accused = around.filter(|suspicion| {
            let accuses = suspicion.watching && suspicion.accused_by_us;
            accuses && suspicion.start <= since && suspicion.slot != draft.to
        });
        for suspicion in accused.take(most) {
            self.put(&cx.table, fetches, Piece::Member(suspicion.slot, Detail::Claim), draft);
        }
    }

    /// A member held online that is not in the message yet, if a few looks find one.
    fn put_random(&mut self, cx: &mut Context, to: Slot) {
        let pieces = &self.pieces;
        let found = cx.table.random_online(&mut cx.rng, RANDOM_LOOKS, |slot, member| {
            slot != to && can_tell(Form::Text, member) && !is_in(pieces, slot)
        });
        if let Some(slot) = found {
            self.pieces.push(Piece::Member(slot, Detail::Full));
        }
    }

    /// Members in the order in which they became known.
    fn put_list(&mut self, cx: &Context, own: Piece, to: Slot, from: Slot) {
        self.pieces.push(own);
        let mut next = Some(from);
        for _ in 1..entries_to(cx, to) {
            let Some(slot) = next else { return };
            if slot != to && cx.table.is_online(slot) && can_tell(Form::Text, &cx.table[slot]) {
                self.pieces.push(Piece::Member(slot, Detail::Full));
            }
            next = cx.table.next(slot);
        }
    }

    /// As many members of some leaves as there is room for; the rest goes in the next message.
    fn put_leaves(
        &mut self,
        cx: &mut Context,
        fetches: &Fetches,
        own: Piece,
        (send, draft): (&Send, Draft),
    ) {
        let Content::Leaves { prefix, buckets, skip, left } = send.content else { return };
        self.pieces.push(own);
        let Self { pieces, room, .. } = self;
        draft.fits(own, room, &cx.table, fetches);
        let live = leaves(&cx.table, prefix, buckets).filter(|&slot| {
            let status = cx.table[slot].status();
            slot != send.slot && matches!(status, NodeStatus::Online | NodeStatus::Suspect)
        });
        let (mut told, mut is_full) = (skip, false);
        for slot in live.skip(usize::from(skip)) {
            let piece = Piece::Member(slot, Detail::Full);
            is_full = !draft.fits(piece, room, &cx.table, fetches);
            if is_full {
                break;
            }
            pieces.push(piece);
            told = told.saturating_add(1);
        }
        if is_full && left > 0 && told > skip {
            let content = Content::Leaves { prefix, buckets, skip: told, left: left - 1 };
            cx.send(send.kind, send.slot, content);
        }
    }
}

fn header(cx: &Context, sync: &Sync, send: &Send, form: Form) -> Header {
    let packet = PACKETS && form == Form::Packet;
    let asks = matches!(
        send.kind,
        MessageKind::Ping | MessageKind::Meet | MessageKind::Join | MessageKind::PingReq
    );
    // Of a placeholder the id is not known yet: its nonce is made for no id.
    let member = (send.slot != Slot::NONE).then(|| &cx.table[send.slot]);
    let id = member.filter(|member| !member.is(Flags::PLACEHOLDER)).map(Member::id);
    let nonce = match send.nonce {
        0 if packet && asks => cx.make_nonce(id.unwrap_or_default()),
        nonce if packet => nonce,
        _ => 0,
    };
    let interval_us = if packet { u32::try_from(cx.clock.pace()).unwrap_or(u32::MAX) } else { 0 };
    Header {
        sender: cx.table.own().id(),
        kind: send.kind,
        // One less than our entry's heartbeat: an old peer then takes the entry ("Old peers").
        timestamp: send.heartbeat.get().saturating_sub(1),
        nonce,
        interval_us,
        sync: sync_payload(&cx.table, sync, send.content),
        cluster: cx.config.cluster,
        wire: if packet { binary::VERSION } else { 0 },
        wants: send.wants,
    }
}

/// What a message carries beside entries.
fn sync_payload(table: &Table, sync: &Sync, content: Content) -> SyncPayload {
    match content {
        Content::Digest(None) | Content::Gossip { digest: true, .. } => {
            SyncPayload::Digest(table.digest(None))
        }
        Content::Digest(prefix) => SyncPayload::Digest(table.digest(prefix)),
        Content::AskLeaves { prefix, buckets } => SyncPayload::Request { prefix, buckets },
        Content::AskParts(slot) => {
            let id = table[slot].id();
            let question = sync.fetches().question(slot);
            question.map_or(SyncPayload::None, |(stamp, parts)| SyncPayload::Metadata {
                id,
                stamp,
                parts,
            })
        }
        _ => SyncPayload::None,
    }
}

/// How much of ourselves a message tells: all to a receiver that may lack it, and to everybody for
/// some messages after a change (P-12a).
fn own_detail(table: &Table, news: &mut News, send: &Send, form: Form) -> Detail {
    let tells = matches!(send.content, Content::Own | Content::Gossip { .. });
    let joins = matches!(send.kind, MessageKind::Meet | MessageKind::Join);
    let stranger = !table.is_online(send.slot);
    if form == Form::Text || send.full || joins || stranger || tells && news.tells_own() {
        Detail::Full
    } else {
        Detail::Claim
    }
}

/// What the receiver is told of itself (P-7): that it is suspect, failed, left or accused, or what it
/// was if what it just told us is older.
fn notice(cx: &Context, to: Slot, older: bool) -> Option<Piece> {
    let member = &cx.table[to];
    let status = member.status();
    if !older && status == NodeStatus::Online && !member.is(Flags::ACCUSED) {
        return None;
    }
    let accused = cx.table.suspicion(to).map(|accused| accused.stamp);
    if !cx.holds(if accused.is_some() { Rule::Notice } else { Rule::Reminder }) {
        return None;
    }
    if older || status.is_gone() {
        Some(Piece::Member(to, Detail::Full))
    } else if status == NodeStatus::Suspect {
        Some(Piece::Member(to, Detail::Claim))
    } else {
        accused.map(|stamp| Piece::Accused(to, stamp))
    }
}

impl Draft {
    /// Takes the bytes of a piece from the room, if there are so many.
    fn fits(self, piece: Piece, room: &mut usize, table: &Table, fetches: &Fetches) -> bool {
        let Self { form, metadata, .. } = self;
        if !PACKETS || form == Form::Text {
            return true;
        }
        let book = Book { table, fetches, pieces: &[], form, metadata, to_old: false };
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
    form == Form::Packet || !member.is(Flags::LACKS) || member.status() != NodeStatus::Online
}

fn is_in(pieces: &[Piece], slot: Slot) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Member(other, _) if *other == slot))
}
