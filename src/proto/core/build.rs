//! From decisions to messages: what a message carries, in P-7's order.

use super::super::member::{Flags, Slot};
use super::super::members::Members;
use super::super::outbox::{Content, Decision, Send};
use super::super::output::{Event, Output, Transmit};
use super::{Core, is_packets};
use crate::types::{
    Entry, Form, Header, Heartbeat, MessageKind, MetadataPart, NodeId, NodeStatus, SyncPayload,
};
use rand::RngExt;

/// Accusations of our own in one message.
const MAX_ACCUSATIONS: usize = 6;
/// Members looked at for one that may fill a message.
const RANDOM_LOOKS: usize = 8;

/// One entry of a message that is being handed out.
#[derive(Clone, Copy, Debug)]
pub(in crate::proto) enum Piece {
    /// Our own entry, with the heartbeat of the decision.
    Own(Heartbeat),
    /// What we hold of a member.
    Member(Slot),
}

/// What a [`Transmit`] borrows its entries from.
#[derive(Clone, Copy, Debug)]
pub(in crate::proto) struct Book<'a> {
    members: &'a Members,
    pieces: &'a [Piece],
    /// Metadata goes to proved addresses only (P-7b).
    metadata: bool,
}

impl<'a> Book<'a> {
    pub(in crate::proto) fn entries(self) -> impl ExactSizeIterator<Item = Entry<'a>> + Clone {
        self.pieces.iter().map(move |&piece| {
            let mut entry = match piece {
                Piece::Own(heartbeat) => {
                    let own = self.members.entry(&self.members.own);
                    Entry { heartbeat: heartbeat.get(), ..own }
                }
                Piece::Member(slot) => self.members.entry(&self.members[slot]),
            };
            if !self.metadata {
                entry.metadata = MetadataPart::Unsaid;
            }
            entry
        })
    }
}

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
            _ => false,
        };
        about || send.slot != Slot::NONE && self.members[send.slot].id != send.id
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
        self.pieces.clear();
        self.put_pieces(&send);
        self.stats.count_sent(send.kind);
        let header = self.header(&send);
        if let Some(last) = core::mem::replace(&mut self.last_to, send.to) {
            last.ip.release(&mut self.members.strings);
        }
        let target = match send.slot {
            Slot::NONE => Entry::default(),
            slot => self.members.entry(&self.members[slot]),
        };
        let target = match &self.last_to {
            None => target,
            Some(to) => Entry {
                id: to.id,
                ip: to.ip.as_str(&self.members.strings),
                port: to.port,
                ..target
            },
        };
        let proved = send.slot != Slot::NONE
            && matches!(self.members[send.slot].status, NodeStatus::Online | NodeStatus::Suspect);
        let metadata = proved || !is_packets(&self.config) || send.kind != MessageKind::Pong;
        let book = Book { members: &self.members, pieces: &self.pieces, metadata };
        Transmit { header, target, form: Form::Text, by_stream: false, cluster: 0, book }
    }

    fn header(&mut self, send: &Send) -> Header {
        let packets = is_packets(&self.config);
        let asks = matches!(
            send.kind,
            MessageKind::Ping | MessageKind::Meet | MessageKind::Join | MessageKind::PingReq
        );
        // Of a placeholder the id is not known yet: its nonce is made for no id.
        let member = (send.slot != Slot::NONE).then(|| &self.members[send.slot]);
        let id = member.filter(|member| !member.is(Flags::PLACEHOLDER)).map(|member| member.id);
        let nonce = match send.nonce {
            0 if packets && asks => self.make_nonce(id.unwrap_or_default()),
            nonce if packets => nonce,
            _ => 0,
        };
        Header {
            sender: self.members.own.id,
            kind: send.kind,
            // One less than our entry's heartbeat: an old peer then takes the entry ("Old peers").
            timestamp: send.heartbeat.get().saturating_sub(1),
            nonce,
            interval_us: if packets {
                u32::try_from(self.clock.pace()).unwrap_or(u32::MAX)
            } else {
                0
            },
            sync: match send.content {
                Content::Sync(payload) => payload,
                Content::Gossip { digest: true, .. } => SyncPayload::Digest(self.hashes.top()),
                _ => SyncPayload::None,
            },
            wire: 0,
            wants: false,
        }
    }

    fn put_pieces(&mut self, send: &Send) {
        let own = Piece::Own(send.heartbeat);
        match send.content {
            Content::Own | Content::Sync(_) => self.pieces.push(own),
            Content::About(slot) => self.pieces.extend([Piece::Member(slot), own]),
            Content::Told(slot) => self.pieces.extend([own, Piece::Member(slot)]),
            Content::From(slot) => self.put_list(own, send.slot, slot),
            Content::Leaves { prefix, buckets, skip } => {
                self.put_leaves(own, send.slot, prefix, buckets, skip);
            }
            Content::Gossip { most, notice, .. } => {
                self.put_gossip(own, send.slot, usize::from(most).max(1), notice);
            }
        }
    }

    /// The buddy notice, our accusations, our own entry, queued claims, random members.
    fn put_gossip(&mut self, own: Piece, to: Slot, most: usize, notice: bool) {
        let known = to != Slot::NONE;
        if known && self.members[to].is(Flags::NEW) {
            let status = self.members[to].status;
            if notice || status == NodeStatus::Suspect || status.is_gone() {
                self.pieces.push(Piece::Member(to));
            }
        }
        let room = most.saturating_sub(1 + self.pieces.len()).min(MAX_ACCUSATIONS);
        if room > 0 && self.suspicions.len() > 0 {
            self.put_accusations(to, room);
        }
        self.pieces.push(own);
        let structs = !is_packets(&self.config);
        let random = if structs { self.config.sync_nodes as usize } else { 0 };
        let room = most.saturating_sub(self.pieces.len() + random);
        let limit = self.transmit_limit();
        let (pieces, taken) = (&mut self.pieces, self.piggyback.len() > 0);
        let wanted = |members: &Members, slot: Slot| {
            slot != to && members[slot].status != NodeStatus::Joining
        };
        if taken {
            self.piggyback.take(room, limit, &mut self.members, wanted, |slot| {
                if !is_in(pieces, slot) {
                    pieces.push(Piece::Member(slot));
                }
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
    fn put_accusations(&mut self, to: Slot, room: usize) {
        let start = self.rng.random_range(0..self.suspicions.len());
        let around = self.suspicions.around(start).take(4 * MAX_ACCUSATIONS);
        let accused = around
            .filter(|suspicion| suspicion.told && suspicion.accused_by_us && suspicion.slot != to);
        self.pieces.extend(accused.take(room).map(|suspicion| Piece::Member(suspicion.slot)));
    }

    /// A member held online that is not in the message yet, if a few looks find one.
    fn put_random(&mut self, to: Slot) {
        let (members, pieces) = (&self.members, &self.pieces);
        let fits = |slot: Slot| {
            slot != to && members[slot].status == NodeStatus::Online && !is_in(pieces, slot)
        };
        if let Some(slot) = self.ring.random(&mut self.rng, RANDOM_LOOKS, fits) {
            self.pieces.push(Piece::Member(slot));
        }
    }

    fn put_list(&mut self, own: Piece, to: Slot, from: Slot) {
        self.pieces.push(own);
        let mut next = Some(from);
        for _ in 1..self.config.max_entries {
            let Some(slot) = next else { return };
            if slot != to && self.members[slot].status == NodeStatus::Online {
                self.pieces.push(Piece::Member(slot));
            }
            next = self.members.next(slot);
        }
    }

    fn put_leaves(&mut self, own: Piece, to: Slot, prefix: u8, buckets: u16, skip: u16) {
        self.pieces.push(own);
        let Self { members, pieces, config, .. } = self;
        let leaves = (0..16u8).filter(|bucket| buckets & (1 << bucket) != 0);
        let slots = leaves.flat_map(|bucket| members.leaf((prefix & 15) << 4 | bucket));
        let live = slots.filter(|&slot| {
            slot != to && matches!(members[slot].status, NodeStatus::Online | NodeStatus::Suspect)
        });
        let room = config.max_entries as usize - 1;
        pieces.extend(live.skip(usize::from(skip)).take(room).map(Piece::Member));
    }

    /// Members of some leaves that [`Core::put_leaves`] would tell.
    pub(super) fn leaves_len(&self, prefix: u8, buckets: u16) -> usize {
        let leaves = (0..16u8).filter(|bucket| buckets & (1 << bucket) != 0);
        leaves.map(|bucket| self.members.leaf((prefix & 15) << 4 | bucket).count()).sum()
    }
}

fn is_in(pieces: &[Piece], slot: Slot) -> bool {
    pieces.iter().any(|piece| matches!(piece, Piece::Member(other) if *other == slot))
}
