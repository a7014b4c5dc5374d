//! One node in a message: borrowed from it as [`Entry`], owned as [`NodeView`].

use super::{Metadata, MetadataStamp, NodeId, NodeStatus, PackedMetadata, Pairs};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How much of a node an entry tells.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Detail {
    /// All of it.
    #[default]
    Full,
    /// The claim, and which configuration it goes with: address, version, role and region are left
    /// out, for a receiver that has them. Only packets carry such entries.
    Claim,
}

/// What an entry says about metadata.
#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub enum MetadataPart<'a> {
    /// Nothing, and it erases none, as an entry that came as a C struct.
    #[default]
    Unsaid,
    /// All of it, held by the teller.
    Held(&'a Arc<Metadata>),
    /// All of it, in the bytes of a packet.
    Packed(PackedMetadata<'a>),
    /// That there is so much of it that it travels apart, and is to be asked for (P-12a).
    Apart(MetadataStamp),
    /// A part of what travels apart: the bytes of the packed form from
    /// `index * MetadataPart::SLICE_BYTES` on.
    Slice {
        /// Of what it is a part.
        stamp: MetadataStamp,
        /// Which part.
        index: u8,
        /// The bytes.
        bytes: &'a [u8],
    },
}

impl<'a> From<Option<&'a Arc<Metadata>>> for MetadataPart<'a> {
    fn from(held: Option<&'a Arc<Metadata>>) -> Self {
        held.map_or(Self::Unsaid, Self::Held)
    }
}

impl MetadataPart<'_> {
    /// The bytes of each part of metadata that travels apart, but the last.
    pub const SLICE_BYTES: usize = 1024;

    /// The most parts that metadata is divided into.
    pub const MAX_SLICES: usize = Metadata::MAX_PACKED_BYTES / Self::SLICE_BYTES;

    /// Whether there can be such a part of such metadata; a form of messages carries no other.
    #[must_use]
    pub const fn is_within_limits(&self) -> bool {
        match self {
            Self::Unsaid | Self::Held(_) | Self::Packed(_) => true,
            Self::Apart(stamp) => stamp.is_within_limits(),
            Self::Slice { stamp, index, bytes } => {
                stamp.is_within_limits()
                    && (*index as usize) < Self::MAX_SLICES
                    && bytes.len() <= Self::SLICE_BYTES
            }
        }
    }

    /// All of it, to be kept; `None` if it is not here.
    #[must_use]
    pub fn whole(&self) -> Option<Arc<Metadata>> {
        match self {
            Self::Held(held) => Some(Arc::clone(held)),
            Self::Packed(packed) => Some(Arc::new(packed.to_metadata())),
            Self::Unsaid | Self::Apart(_) | Self::Slice { .. } => None,
        }
    }

    /// All pairs, sorted by key; `None` if they are not here.
    pub fn pairs(&self) -> Option<Pairs<'_>> {
        match self {
            Self::Held(held) => Some(held.iter()),
            Self::Packed(packed) => Some(packed.iter()),
            Self::Unsaid | Self::Apart(_) | Self::Slice { .. } => None,
        }
    }

    /// Length and hash of what it tells of; `None` if it says nothing.
    #[must_use]
    pub fn stamp(&self) -> Option<MetadataStamp> {
        match self {
            Self::Unsaid => None,
            Self::Held(held) => Some(held.stamp()),
            Self::Packed(packed) => Some(packed.to_metadata().stamp()),
            Self::Apart(stamp) | Self::Slice { stamp, .. } => Some(*stamp),
        }
    }
}

/// One node as a message, a caller or a getter shows it: a claim (id, heartbeat, status) and the
/// configuration part. Borrowed; numbers are as they came and not yet checked.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Entry<'a> {
    /// Whom it is about.
    pub id: NodeId,
    /// The owner's address text, at most 63 bytes: a numeric address or a name.
    pub ip: &'a str,
    /// The owner's port as it was given; only 1 to 65535 can be sent to.
    pub port: i32,
    /// Orders the configuration part before the heartbeat does (P-1).
    pub config_epoch: u64,
    /// The owner's counter; valid below 2^63.
    pub heartbeat: u64,
    /// The owner's heartbeat at its last change of the configuration part (P-1); 0 where the carrier
    /// has no field for it, and the entry's heartbeat is taken.
    pub config_heartbeat: u64,
    /// Counts changes of the record; carried, never compared.
    pub version: u64,
    /// What is claimed.
    pub status: NodeStatus,
    /// A word for what the node does, at most 63 bytes.
    pub role: &'a str,
    /// A word for where it stands, at most 63 bytes.
    pub region: &'a str,
    /// What it says about metadata; empty metadata says that there is none.
    pub metadata: MetadataPart<'a>,
    /// Whether the configuration part is in it.
    pub detail: Detail,
    /// Whether the teller knows that the node reads packets. Only packets carry it, with the
    /// configuration part.
    pub reads_packets: bool,
}

/// An [`Entry`] that owns its texts.
#[derive(Clone, PartialEq, Debug, Default)]
#[allow(missing_docs, reason = "the fields are Entry's")]
pub struct NodeView {
    pub id: NodeId,
    pub ip: String,
    pub port: i32,
    pub config_epoch: u64,
    pub heartbeat: u64,
    pub config_heartbeat: u64,
    pub version: u64,
    pub status: NodeStatus,
    pub role: String,
    pub region: String,
    pub metadata: Option<Arc<Metadata>>,
    pub apart: Apart,
    pub detail: Detail,
    pub reads_packets: bool,
}

/// What a [`NodeView`] says about metadata that it does not have.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Apart {
    /// Nothing.
    #[default]
    Unsaid,
    /// See [`MetadataPart::Apart`].
    Stamp(MetadataStamp),
    /// See [`MetadataPart::Slice`].
    Slice(MetadataStamp, u8, Vec<u8>),
}

impl NodeView {
    /// Borrows it.
    #[must_use]
    pub fn as_entry(&self) -> Entry<'_> {
        Entry {
            id: self.id,
            ip: &self.ip,
            port: self.port,
            config_epoch: self.config_epoch,
            heartbeat: self.heartbeat,
            config_heartbeat: self.config_heartbeat,
            version: self.version,
            status: self.status,
            role: &self.role,
            region: &self.region,
            metadata: match (&self.metadata, &self.apart) {
                (Some(held), _) => MetadataPart::Held(held),
                (None, Apart::Unsaid) => MetadataPart::Unsaid,
                (None, Apart::Stamp(stamp)) => MetadataPart::Apart(*stamp),
                (None, Apart::Slice(stamp, index, bytes)) => {
                    MetadataPart::Slice { stamp: *stamp, index: *index, bytes }
                }
            },
            detail: self.detail,
            reads_packets: self.reads_packets,
        }
    }
}

impl From<Entry<'_>> for NodeView {
    fn from(entry: Entry<'_>) -> Self {
        Self {
            id: entry.id,
            ip: entry.ip.into(),
            port: entry.port,
            config_epoch: entry.config_epoch,
            heartbeat: entry.heartbeat,
            config_heartbeat: entry.config_heartbeat,
            version: entry.version,
            status: entry.status,
            role: entry.role.into(),
            region: entry.region.into(),
            metadata: entry.metadata.whole(),
            apart: match entry.metadata {
                MetadataPart::Apart(stamp) => Apart::Stamp(stamp),
                MetadataPart::Slice { stamp, index, bytes } => {
                    Apart::Slice(stamp, index, bytes.into())
                }
                _ => Apart::Unsaid,
            },
            detail: entry.detail,
            reads_packets: entry.reads_packets,
        }
    }
}
