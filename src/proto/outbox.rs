//! What the core wants done, kept small until it is polled.

use super::address::Ip;
use super::table::Slot;
use crate::types::{Form, Heartbeat, MessageKind, NodeId, NodeStatus};
use alloc::collections::VecDeque;

/// Things that wait for the driver; a message to send beyond them is dropped and counted. Events
/// are never dropped, since a message that comes while this many wait is refused.
pub(crate) const MAX_WAITING: usize = 1 << 16;

/// A decision, made into a message or an event when it is polled.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision {
    Event { slot: Slot, id: NodeId, old: NodeStatus, new: NodeStatus, heartbeat: Heartbeat },
    Send(Send),
}

/// A message that was decided on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Send {
    pub(crate) kind: MessageKind,
    /// The member it goes to; [`Slot::NONE`] if none has that id.
    pub(crate) slot: Slot,
    /// The id that this member had.
    pub(crate) id: NodeId,
    /// Where it goes if that is not the member's own address.
    pub(crate) to: Option<To>,
    /// Our heartbeat when it was decided.
    pub(crate) heartbeat: Heartbeat,
    pub(crate) content: Content,
    /// The nonce to repeat (P-7b), 0 to make one where the kind asks for an answer.
    pub(crate) nonce: u64,
    /// The form, where it is not that of the member: of the question that this answers.
    pub(crate) form: Option<Form>,
    /// Whether it goes by a connection, where there are any.
    pub(crate) by_stream: bool,
    /// Whether the receiver is asked for its configuration (P-12a).
    pub(crate) wants: bool,
    /// Whether it asked for ours.
    pub(crate) full: bool,
}

impl Send {
    /// A message to a member, at its own address and in its own form; id and heartbeat are set when
    /// it is queued.
    pub(crate) const fn new(kind: MessageKind, slot: Slot, content: Content) -> Self {
        Self {
            kind,
            slot,
            id: NodeId::ZERO,
            to: None,
            heartbeat: Heartbeat::ZERO,
            content,
            nonce: 0,
            form: None,
            by_stream: false,
            wants: false,
            full: false,
        }
    }
}

/// An address that a message came from or a caller gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct To {
    pub(crate) id: NodeId,
    pub(crate) ip: Ip,
    pub(crate) port: i32,
}

/// What a message is to carry beside our own entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Content {
    /// Nothing.
    Own,
    /// The buddy notice, queued claims, and random members; at most so many entries, and as many as
    /// its carrier takes. A digest may ride along (P-12).
    Gossip { most: u16, notice: bool, digest: bool },
    /// One member before our own entry: a subject, an accusation, or a witness.
    About(Slot),
    /// One member after our own entry.
    Told(Slot),
    /// Members in the order in which they became known, from this one on.
    From(Slot),
    /// The members of some leaves of a sixteenth of the id space, but the first `skip`; what does
    /// not fit goes in `left` more messages at the most.
    Leaves { prefix: u8, buckets: u16, skip: u16, left: u16 },
    /// A digest of the whole id space, or of one sixteenth of it (P-12).
    Digest(Option<u8>),
    /// The question for the members of some leaves of a sixteenth.
    AskLeaves { prefix: u8, buckets: u16 },
    /// The question for parts of the metadata of a member (P-12a).
    AskParts(Slot),
    /// A part of the metadata of a member, or of our own for [`Slot::NONE`] (P-12a).
    Part(Slot, u8),
}

impl Content {
    /// All that its carrier takes, without notice or digest.
    pub(crate) const GOSSIP: Self = Self::Gossip { most: u16::MAX, notice: false, digest: false };
}

/// The queue in the order of the decisions.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    queue: VecDeque<Decision>,
}

impl Outbox {
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.queue.len() >= MAX_WAITING
    }

    pub(crate) fn push(&mut self, decision: Decision) {
        self.queue.push_back(decision);
    }

    pub(crate) fn pop(&mut self) -> Option<Decision> {
        self.queue.pop_front()
    }
}
