//! Why a message, a command or a configuration was refused.

use core::fmt;

/// Why a message was not taken. Nothing but a counter was changed by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The sender's id is our own, and it is not an echo that tells us anything.
    OwnId,
    /// The sender's id is zero.
    ZeroId,
    /// More entries than [`super::Core::MAX_ENTRIES`].
    TooManyEntries,
    /// A heartbeat, timestamp or epoch of 2^63 or more (P-4).
    Counter,
    /// A text longer than 63 bytes.
    Text,
    /// This kind cannot come this way.
    Kind,
    /// It is of a cluster with another name.
    Cluster,
    /// The output queue is full: the driver does not poll.
    Full,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OwnId => "the sender is this node itself",
            Self::ZeroId => "the sender's id is zero",
            Self::TooManyEntries => "too many entries",
            Self::Counter => "a counter of 2^63 or more",
            Self::Text => "a text longer than 63 bytes",
            Self::Kind => "a message kind that cannot come this way",
            Self::Cluster => "a message of another cluster",
            Self::Full => "the output queue is full; poll it",
        })
    }
}

impl core::error::Error for Refused {}

/// Why a packet was not taken. Nothing but a counter was changed by it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PacketError {
    /// The bytes are no packet, or one that is not for us.
    Wire(crate::wire::Error),
    /// The message in it was refused.
    Refused(Refused),
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wire(error) => error.fmt(f),
            Self::Refused(refused) => refused.fmt(f),
        }
    }
}

impl core::error::Error for PacketError {}

/// Why a command was refused. Nothing was changed by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum CommandError {
    /// The node is this node itself.
    OwnNode,
    /// No member has this id.
    UnknownNode,
    /// A counter of 2^63 or more (P-4).
    Counter,
    /// A text longer than 63 bytes.
    Text,
    /// Every place is taken by a live member ([`super::Config`]'s `max_members`).
    Full,
    /// Keys and values together would pass the limit; the field is the size it would have.
    MetadataTooLarge(usize),
    /// A lower configuration epoch than the one others may hold; the field is that one (P-1).
    EpochFalls(u64),
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OwnNode => f.write_str("the node is this node itself"),
            Self::UnknownNode => f.write_str("no member has this id"),
            Self::Counter => f.write_str("a counter of 2^63 or more"),
            Self::Text => f.write_str("a text longer than 63 bytes"),
            Self::Full => f.write_str("the member list is full"),
            Self::MetadataTooLarge(bytes) => {
                write!(f, "the metadata would have {bytes} bytes; at most 65536 are carried")
            }
            Self::EpochFalls(epoch) => write!(f, "the epoch may not fall below {epoch}"),
        }
    }
}

impl core::error::Error for CommandError {}

/// A configuration or an own view that cannot be run with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// The own view has a counter of 2^63 or more (P-4).
    Counter,
    /// The own view has a text longer than 63 bytes.
    Text,
    /// Packets are asked for in a build without them (feature `packets`).
    Carrier,
    /// A field is out of range: its name, and the least and the most it may be.
    Range(&'static str, u64, u64),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counter => f.write_str("the own view has a counter of 2^63 or more"),
            Self::Text => f.write_str("the own view has a text longer than 63 bytes"),
            Self::Carrier => f.write_str("this build carries structs alone, no packets"),
            Self::Range(field, least, most) => write!(f, "{field} must be {least} to {most}"),
        }
    }
}

impl core::error::Error for ConfigError {}
