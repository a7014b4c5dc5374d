//! Where an entry comes from, which decides how far it is believed (P-5, P-8, "Old peers").

use super::Core;
use crate::proto::context::PACKETS;
use crate::proto::table::{Flags, Slot};
use crate::types::{Entry, Form, Header, MessageKind, NodeId, NodeStatus, Path};

/// The member that says something, and how it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
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

impl Origin {
    /// Whether the carrier vouches for the sender: a struct caller, or a TCP connection.
    pub(super) const fn is_vouched(&self) -> bool {
        matches!(self.path, Path::Struct | Path::Stream(_))
    }

    /// P-8: a node that speaks unasked may not hear. One that was failed is believed when it answers,
    /// or when it joins anew.
    pub(super) const fn may_be_deaf(&self) -> bool {
        let joins = matches!(self.kind, MessageKind::Meet | MessageKind::Join);
        let unasked = self.direct && self.packet && !self.answers && !joins;
        unasked && matches!(self.path, Path::Packet(_))
    }

    /// Whether the message asks for an answer about its sender.
    pub(super) const fn asks(&self) -> bool {
        matches!(self.kind, MessageKind::Ping | MessageKind::Meet | MessageKind::Join)
    }

    /// The form of the message, for its answer.
    pub(super) const fn form(&self, header: &Header) -> Option<Form> {
        let packets = PACKETS && (self.packet || header.wire > 0);
        if packets { Some(Form::Packet) } else { None }
    }
}

impl Core {
    /// Where the entries of a message come from; `own` is the sender's own entry.
    pub(super) fn origin(&self, header: &Header, own: Option<&Entry<'_>>, path: Path) -> Origin {
        let slot = self.cx.table.slot(&header.sender).unwrap_or(Slot::NONE);
        let member = (slot != Slot::NONE).then(|| &self.cx.table[slot]);
        let packet = PACKETS && path.is_packet();
        // "Old peers": the mark, a kind that only we have, or packets show a new one.
        let marked = own.is_some_and(|own| header.timestamp.checked_add(1) == Some(own.heartbeat));
        let shows_new =
            marked || header.kind as u8 >= MessageKind::PingReq as u8 || packet || header.wire > 0;
        // What an old one asks has the heartbeat of its entry as the timestamp; 0 is too low for a mark.
        let asks = matches!(header.kind, MessageKind::Ping | MessageKind::Meet | MessageKind::Join);
        let shows_old = !shows_new
            && asks
            && own.is_some_and(|own| own.heartbeat > 0 && header.timestamp == own.heartbeat);
        Origin {
            slot,
            online: member.is_some_and(|member| member.status() == NodeStatus::Online),
            old: shows_old || !shows_new && !member.is_some_and(|member| member.is(Flags::NEW)),
            direct: false,
            answers: header.kind == MessageKind::Pong && self.answers(header, slot, path, packet),
            packet,
            lacks: PACKETS && own.is_some_and(|own| self.cx.table.lacks_configuration(slot, own)),
            kind: header.kind,
            path,
        }
    }

    /// Whether a pong answers a question of ours: by the nonce where it has one.
    fn answers(&self, header: &Header, slot: Slot, path: Path, packet: bool) -> bool {
        let has = |flag| slot != Slot::NONE && self.cx.table[slot].is(flag);
        match path {
            Path::Struct => has(Flags::ASKED),
            // A question in text has no nonce, whatever form its answer has.
            _ if packet && header.nonce != 0 => {
                self.cx.is_own_nonce(header.sender, header.nonce)
                    || self.cx.is_own_nonce(NodeId::ZERO, header.nonce)
            }
            Path::Stream(_) => has(Flags::ASKED),
            // A node that has once shown that it repeats nonces always does.
            Path::Datagram(_) | Path::Packet(_) => has(Flags::ASKED) && !has(Flags::PACKETS),
        }
    }
}
