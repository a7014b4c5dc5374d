//! What is written and read, in the order of the fields.

use crate::types::{
    Detail, Digest, Entry, Header, MessageKind, MetadataPart, MetadataStamp, NodeId, NodeStatus,
    PackedMetadata, SyncPayload,
};
use serde::{Deserialize, Serialize, Serializer};

/// All of a message but its entries.
#[derive(Serialize, Deserialize)]
pub(super) struct HeaderShape {
    sender: [u8; 16],
    kind: u8,
    timestamp: u64,
    nonce: u64,
    interval_us: u32,
    cluster: u32,
    wire: u8,
    wants: bool,
    sync: Sync,
}

#[derive(Serialize, Deserialize)]
enum Sync {
    None,
    Digest { prefix: Option<u8>, hashes: [u32; 16] },
    Request { prefix: u8, buckets: u16 },
    Metadata { id: [u8; 16], stamp: Stamp, parts: u128 },
}

#[derive(Serialize, Deserialize)]
struct Stamp {
    bytes: u32,
    hash: u64,
}

/// An entry.
#[derive(Serialize, Deserialize)]
pub(super) struct NodeShape<'a> {
    id: [u8; 16],
    status: u8,
    heartbeat: u64,
    config_epoch: u64,
    config_heartbeat: u64,
    #[serde(borrow)]
    configuration: Option<ConfigurationShape<'a>>,
    #[serde(borrow)]
    metadata: Said<'a>,
}

/// What a claim leaves out.
#[derive(Serialize, Deserialize)]
struct ConfigurationShape<'a> {
    ip: &'a str,
    port: i32,
    version: u64,
    role: &'a str,
    region: &'a str,
    reads_packets: bool,
}

#[derive(Serialize, Deserialize)]
enum Said<'a> {
    Nothing,
    Whole(#[serde(serialize_with = "as_bytes")] &'a [u8]),
    Apart(Stamp),
    Slice(Stamp, u8, #[serde(serialize_with = "as_bytes")] &'a [u8]),
}

/// At once, and not byte by byte; what is written is the same.
fn as_bytes<S: Serializer>(bytes: &&[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}

impl HeaderShape {
    pub(super) const fn of(header: &Header) -> Self {
        Self {
            sender: *header.sender.as_bytes(),
            kind: header.kind as u8,
            timestamp: header.timestamp,
            nonce: header.nonce,
            interval_us: header.interval_us,
            cluster: header.cluster,
            wire: header.wire,
            wants: header.wants,
            sync: match header.sync {
                SyncPayload::None => Sync::None,
                SyncPayload::Digest(Digest { prefix, hashes }) => Sync::Digest { prefix, hashes },
                SyncPayload::Request { prefix, buckets } => Sync::Request { prefix, buckets },
                SyncPayload::Metadata { id, stamp, parts } => {
                    Sync::Metadata { id: *id.as_bytes(), stamp: Stamp::of(stamp), parts }
                }
            },
        }
    }

    pub(super) fn to_header(&self) -> Result<Header, &'static str> {
        let sync = match &self.sync {
            Sync::None => SyncPayload::None,
            &Sync::Digest { prefix, hashes } => SyncPayload::Digest(Digest { prefix, hashes }),
            &Sync::Request { prefix, buckets } => SyncPayload::Request { prefix, buckets },
            Sync::Metadata { id, stamp, parts } => SyncPayload::Metadata {
                id: NodeId::new(*id),
                stamp: stamp.to_stamp(),
                parts: *parts,
            },
        };
        if !sync.is_within_limits() {
            return Err("more metadata than there can be");
        }
        Ok(Header {
            sender: NodeId::new(self.sender),
            kind: MessageKind::from_raw(self.kind.into()).ok_or("no kind of message")?,
            timestamp: self.timestamp,
            nonce: self.nonce,
            interval_us: self.interval_us,
            cluster: self.cluster,
            wire: self.wire,
            wants: self.wants,
            sync,
        })
    }
}

impl Stamp {
    const fn of(stamp: MetadataStamp) -> Self {
        Self { bytes: stamp.bytes, hash: stamp.hash }
    }

    const fn to_stamp(&self) -> MetadataStamp {
        MetadataStamp { bytes: self.bytes, hash: self.hash }
    }
}

impl<'a> NodeShape<'a> {
    pub(super) fn of(entry: &Entry<'a>) -> Self {
        let Entry { ip, port, version, role, region, reads_packets, .. } = *entry;
        Self {
            id: *entry.id.as_bytes(),
            status: entry.status as u8,
            heartbeat: entry.heartbeat,
            config_epoch: entry.config_epoch,
            config_heartbeat: entry.config_heartbeat,
            configuration: match entry.detail {
                Detail::Claim => None,
                Detail::Full => {
                    Some(ConfigurationShape { ip, port, version, role, region, reads_packets })
                }
            },
            metadata: match entry.metadata {
                MetadataPart::Unsaid => Said::Nothing,
                MetadataPart::Held(held) => Said::Whole(held.packed()),
                MetadataPart::Packed(packed) => Said::Whole(packed.bytes()),
                MetadataPart::Apart(stamp) => Said::Apart(Stamp::of(stamp)),
                MetadataPart::Slice { stamp, index, bytes } => {
                    Said::Slice(Stamp::of(stamp), index, bytes)
                }
            },
        }
    }

    /// What it says; the lengths of texts and parts are not checked yet.
    pub(super) fn to_entry(&self) -> Result<Entry<'a>, &'static str> {
        let claim = Entry {
            id: NodeId::new(self.id),
            config_epoch: self.config_epoch,
            heartbeat: self.heartbeat,
            config_heartbeat: self.config_heartbeat,
            status: NodeStatus::from_raw(self.status.into()).ok_or("no status")?,
            metadata: self.metadata.to_part()?,
            detail: Detail::Claim,
            ..Entry::default()
        };
        let Some(configuration) = &self.configuration else { return Ok(claim) };
        let &ConfigurationShape { ip, port, version, role, region, reads_packets } = configuration;
        let detail = Detail::Full;
        Ok(Entry { ip, port, version, role, region, reads_packets, detail, ..claim })
    }
}

impl<'a> Said<'a> {
    fn to_part(&self) -> Result<MetadataPart<'a>, &'static str> {
        Ok(match self {
            Self::Nothing => MetadataPart::Unsaid,
            Self::Whole(bytes) => PackedMetadata::new(bytes)
                .map(MetadataPart::Packed)
                .map_err(|_| "metadata that is not in its packed form")?,
            Self::Apart(stamp) => MetadataPart::Apart(stamp.to_stamp()),
            Self::Slice(stamp, index, bytes) => {
                MetadataPart::Slice { stamp: stamp.to_stamp(), index: *index, bytes }
            }
        })
    }
}
