//! Reading the parts of an entry.

use super::address::{self, AddressText};
use super::layout::{head, metadata, shape};
use super::reader::{PacketReader, Read};
use super::size::unzigzag;
use crate::types::{
    Detail, Entry, MetadataPart, MetadataStamp, NodeId, NodeStatus, PackedMetadata,
};

/// The first byte of an entry: what else is in it.
#[derive(Clone, Copy)]
pub(super) struct EntryHead(u8);

/// The middle of an entry that is more than a claim.
pub(super) struct Configuration<'a> {
    reads_packets: bool,
    version: u64,
    port: i32,
    pub(super) ip: PackedIp<'a>,
    role: &'a str,
    region: &'a str,
}

/// An address as it stands in a packet.
#[derive(Clone, Copy)]
pub(super) enum PackedIp<'a> {
    Text(&'a str),
    V4([u8; 4]),
    V6([u8; 16]),
}

impl PackedIp<'_> {
    /// The text of a packed one, which stands nowhere.
    pub(super) fn unpack(&self) -> Option<AddressText> {
        match *self {
            Self::Text(_) => None,
            Self::V4(octets) => Some(address::v4_text(octets)),
            Self::V6(octets) => Some(address::v6_text(octets)),
        }
    }
}

/// Reads the start of an entry of a packet of `sender` into a default one.
#[inline(always)]
pub(super) fn read_claim(
    reader: &mut PacketReader<'_>,
    sender: &NodeId,
    entry: &mut Entry<'_>,
) -> Read<EntryHead> {
    let start = reader.rest();
    let head = reader.byte()?;
    let status = NodeStatus::from_raw((head & head::STATUS).into());
    let Some(status) = status.filter(|_| head & head::UNKNOWN == 0) else {
        reader.go_back(start);
        return Err("no entry begins with this byte");
    };
    entry.status = status;
    entry.detail = Detail::Claim;
    entry.id = if head & head::OWN == 0 { reader.id()? } else { *sender };
    entry.heartbeat = reader.varint()?;
    entry.config_epoch = reader.varint()?;
    entry.config_heartbeat = entry.heartbeat.wrapping_sub(reader.varint()?);
    Ok(EntryHead(head))
}

impl EntryHead {
    pub(super) const fn is_full(self) -> bool {
        self.0 & head::FULL != 0
    }

    pub(super) const fn has_metadata(self) -> bool {
        self.0 & head::METADATA != 0
    }
}

impl<'a> Configuration<'a> {
    /// Adds what it says to an entry, but a packed address.
    pub(super) fn add_to(&self, entry: &mut Entry<'a>) {
        entry.detail = Detail::Full;
        entry.reads_packets = self.reads_packets;
        entry.version = self.version;
        entry.port = self.port;
        if let PackedIp::Text(ip) = self.ip {
            entry.ip = ip;
        }
        entry.role = self.role;
        entry.region = self.region;
    }
}

/// Reads what follows the start of an entry that is more than a claim.
pub(super) fn read_configuration<'a>(reader: &mut PacketReader<'a>) -> Read<Configuration<'a>> {
    let start = reader.rest();
    let shape = reader.byte()?;
    if shape & shape::UNKNOWN != 0 {
        reader.go_back(start);
        return Err("no configuration begins with this byte");
    }
    Ok(Configuration {
        reads_packets: shape & shape::READS_PACKETS != 0,
        version: reader.varint()?,
        port: read_port(reader, shape & shape::WIDE_PORT != 0)?,
        ip: match shape & shape::IP {
            shape::IP_V4 => PackedIp::V4(reader.array()?),
            shape::IP_V6 => PackedIp::V6(reader.array()?),
            shape::IP_REFERENCE => PackedIp::Text(reader.reference()?),
            _ => PackedIp::Text(reader.text()?),
        },
        role: read_text(reader, shape & shape::ROLE_REFERENCE != 0)?,
        region: read_text(reader, shape & shape::REGION_REFERENCE != 0)?,
    })
}

fn read_port(reader: &mut PacketReader<'_>, is_wide: bool) -> Read<i32> {
    if !is_wide {
        return Ok(u16::from_le_bytes(reader.array()?).into());
    }
    let start = reader.rest();
    let port = unzigzag(reader.varint()?);
    port.ok_or("a port beyond 32 bits").inspect_err(|_| reader.go_back(start))
}

fn read_text<'a>(reader: &mut PacketReader<'a>, refers: bool) -> Read<&'a str> {
    if refers { reader.reference() } else { reader.text() }
}

/// Reads what an entry says about metadata.
pub(super) fn read_metadata<'a>(reader: &mut PacketReader<'a>) -> Read<MetadataPart<'a>> {
    let start = reader.rest();
    let part = match reader.byte()? {
        metadata::WHOLE => {
            let packed = PackedMetadata::new(reader.counted()?).ok();
            packed.map(MetadataPart::Packed).ok_or("metadata that is not in its packed form")
        }
        metadata::APART => Ok(MetadataPart::Apart(read_stamp(reader)?)),
        metadata::SLICE => {
            let (stamp, index) = (read_stamp(reader)?, reader.byte()?);
            let bytes = reader.counted()?;
            let part = MetadataPart::Slice { stamp, index, bytes };
            if part.is_within_limits() {
                Ok(part)
            } else {
                Err("a part of metadata beyond its limits")
            }
        }
        _ => Err("nothing about metadata begins with this byte"),
    };
    part.inspect_err(|_| reader.go_back(start))
}

pub(super) fn read_stamp(reader: &mut PacketReader<'_>) -> Read<MetadataStamp> {
    let start = reader.rest();
    let stamp = MetadataStamp { bytes: reader.varint32()?, hash: 0 };
    if !stamp.is_within_limits() {
        reader.go_back(start);
        return Err("more metadata than there can be");
    }
    Ok(MetadataStamp { hash: u64::from_le_bytes(reader.array()?), ..stamp })
}
