//! Messages, their kinds, and how they travel.

use super::{MetadataStamp, NodeId, NodeView};
use alloc::vec::Vec;
use core::net::SocketAddr;

/// What a message is for. The numbers 0 to 5 are the ABI's; 6 and 7 reach C structs as bare
/// numbers; 8 and 9 exist in packets alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[repr(u8)]
pub enum MessageKind {
    /// A probe.
    #[default]
    Ping = 0,
    /// The answer to a probe, a meet or a join (SWIM's ack).
    Pong = 1,
    /// Makes the sender known to the receiver.
    Meet = 2,
    /// Like meet, and asks for the member list (P-13).
    Join = 3,
    /// Its sender leaves (P-14).
    Leave = 4,
    /// Carries entries and asks for no answer.
    Update = 5,
    /// Asks the receiver to probe the node of the first entry (SWIM 3.1).
    PingReq = 6,
    /// "I could not reach the node of the first entry" (Lifeguard IV-A).
    Nack = 7,
    /// Hashes of what the sender holds (P-12).
    SyncDigest = 8,
    /// Asks for the members of some buckets (P-12, P-13), or for metadata (P-12a).
    SyncRequest = 9,
}

impl MessageKind {
    /// All kinds, each at the place of its number.
    pub const ALL: [Self; 10] = [
        Self::Ping,
        Self::Pong,
        Self::Meet,
        Self::Join,
        Self::Leave,
        Self::Update,
        Self::PingReq,
        Self::Nack,
        Self::SyncDigest,
        Self::SyncRequest,
    ];

    /// Reads the number of the ABI and the wire; `None` if no kind has it.
    #[must_use]
    pub const fn from_raw(raw: u32) -> Option<Self> {
        if (raw as usize) < Self::ALL.len() { Some(Self::ALL[raw as usize]) } else { None }
    }

    /// Whether a C struct or a JSON message can carry it. These kinds have the lowest numbers.
    #[must_use]
    pub const fn is_struct(self) -> bool {
        match self {
            Self::Ping | Self::Pong | Self::Meet | Self::Join | Self::Leave | Self::Update => true,
            Self::PingReq | Self::Nack => true,
            Self::SyncDigest | Self::SyncRequest => false,
        }
    }
}

/// A message without its entries.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Header {
    /// Who says it.
    pub sender: NodeId,
    /// What it is for.
    pub kind: MessageKind,
    /// The sender's heartbeat as old nodes read it; see "Old peers" in docs/PROTOCOL.md.
    pub timestamp: u64,
    /// Ties an answer to its question (P-7b); 0 where the carrier has no field for it.
    pub nonce: u64,
    /// The sender's round interval in microseconds (P-2); 0 where the carrier has no field for it.
    pub interval_us: u32,
    /// The anti-entropy part (P-12): in the two kinds for it, and a digest may ride on a ping.
    pub sync: SyncPayload,
    /// The hash of the sender's cluster's name; 0 for none, and where the carrier has no field for it.
    pub cluster: u32,
    /// The highest version of the binary form that the sender reads; 0 if it does not say.
    pub wire: u8,
    /// Whether the sender lacks the receiver's configuration and asks for it (P-12a).
    pub wants: bool,
}

/// Hashes over 16 buckets of members (P-12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Digest {
    /// `None` for the whole id space, else which sixteenth of it the buckets divide.
    pub prefix: Option<u8>,
    /// One hash a bucket.
    pub hashes: [u32; 16],
}

/// What a message of the anti-entropy carries beside entries.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SyncPayload {
    /// Nothing.
    #[default]
    None,
    /// With [`MessageKind::SyncDigest`].
    Digest(Digest),
    /// With [`MessageKind::SyncRequest`]: the buckets of `prefix` whose members are wanted.
    Request {
        /// Which sixteenth of the id space.
        prefix: u8,
        /// One bit a bucket of it.
        buckets: u16,
    },
    /// With [`MessageKind::SyncRequest`]: parts of a node's metadata are wanted (P-12a).
    Metadata {
        /// Whose.
        id: NodeId,
        /// Which metadata.
        stamp: MetadataStamp,
        /// One bit a part.
        parts: u128,
    },
}

impl SyncPayload {
    /// Whether it asks for metadata that there can be; a form of messages carries no other.
    #[must_use]
    pub const fn is_within_limits(&self) -> bool {
        match self {
            Self::None | Self::Digest(_) | Self::Request { .. } => true,
            Self::Metadata { stamp, .. } => stamp.is_within_limits(),
        }
    }
}

/// A message that owns its entries.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Message {
    /// All but the entries.
    pub header: Header,
    /// The entries, in the order in which they travel.
    pub entries: Vec<NodeView>,
}

/// The form in which a message is written as bytes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Form {
    /// The text of libgossip 1.4.2, which every node reads.
    #[default]
    Text,
    /// Our packets.
    Packet,
}

/// How a message came, which decides how far it is believed and where its answer goes (P-5, P-7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Path {
    /// A caller carried it as a struct and vouches for its transport.
    Struct,
    /// A datagram from this address in a form without nonces: the text of libgossip 1.4.2.
    Datagram(SocketAddr),
    /// A connection, which vouches for the sender's own entry, in this form.
    Stream(Form),
    /// One of our own packets in a datagram from this address.
    Packet(SocketAddr),
}

impl Path {
    /// Whether the message came as one of our packets, with what only packets carry.
    #[must_use]
    pub const fn is_packet(self) -> bool {
        matches!(self, Self::Packet(_) | Self::Stream(Form::Packet))
    }

    /// Whether it came by a connection.
    #[must_use]
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Stream(_))
    }
}
