//! Reading one entry.

use super::address;
use super::layout::{head, metadata, shape};
use super::reader::{Read, Reader};
use super::size::unzigzag;
use crate::types::{
    Detail, Entry, Metadata, MetadataPart, MetadataStamp, NodeId, NodeStatus, PackedMetadata,
};

/// An entry as it stands in a packet.
pub(super) struct Raw<'a> {
    /// All of it; `ip` is empty if the address is packed.
    pub(super) entry: Entry<'a>,
    pub(super) address: Address,
}

/// An address whose text stands nowhere.
pub(super) enum Address {
    None,
    V4([u8; 4]),
    V6([u8; 16]),
}

impl Address {
    pub(super) fn text(&self) -> Option<address::AddressText> {
        match *self {
            Self::None => None,
            Self::V4(octets) => Some(address::v4_text(octets)),
            Self::V6(octets) => Some(address::v6_text(octets)),
        }
    }
}

/// Reads an entry of a packet of `sender`.
#[inline]
pub(super) fn read<'a>(reader: &mut Reader<'a>, sender: &NodeId) -> Read<Raw<'a>> {
    let start = *reader;
    let head = reader.byte()?;
    let status = NodeStatus::from_raw((head & head::STATUS).into());
    let Some(status) = status.filter(|_| head & head::UNKNOWN == 0) else {
        *reader = start;
        return Err("no entry begins with this byte");
    };
    let shape = if head & head::FULL == 0 { None } else { Some(read_shape(reader)?) };
    let id = if head & head::OWN == 0 { NodeId::new(reader.array()?) } else { *sender };
    let heartbeat = reader.varint()?;
    let config_epoch = reader.varint()?;
    let config_heartbeat = heartbeat.wrapping_sub(reader.varint()?);
    let entry = Entry {
        id,
        config_epoch,
        heartbeat,
        config_heartbeat,
        status,
        detail: Detail::Claim,
        ..Entry::default()
    };
    let mut raw = Raw { entry, address: Address::None };
    if let Some(shape) = shape {
        read_configuration(reader, shape, &mut raw)?;
    }
    if head & head::METADATA != 0 {
        raw.entry.metadata = read_metadata(reader)?;
    }
    Ok(raw)
}

fn read_shape(reader: &mut Reader<'_>) -> Read<u8> {
    let start = *reader;
    let shape = reader.byte()?;
    if shape & shape::UNKNOWN != 0 {
        *reader = start;
        return Err("no configuration has this shape");
    }
    Ok(shape)
}

fn read_configuration<'a>(reader: &mut Reader<'a>, shape: u8, raw: &mut Raw<'a>) -> Read<()> {
    let Raw { entry, address } = raw;
    entry.detail = Detail::Full;
    entry.version = reader.varint()?;
    entry.port = if shape & shape::WIDE_PORT == 0 {
        u16::from_le_bytes(reader.array()?).into()
    } else {
        let start = *reader;
        let port = unzigzag(reader.varint()?);
        port.ok_or("a port beyond 32 bits").inspect_err(|_| *reader = start)?
    };
    match shape & shape::IP {
        shape::IP_V4 => *address = Address::V4(reader.array()?),
        shape::IP_V6 => *address = Address::V6(reader.array()?),
        shape::IP_REFERENCE => entry.ip = reader.reference()?,
        _ => entry.ip = reader.text()?,
    }
    entry.role = read_text(reader, shape & shape::ROLE_REFERENCE != 0)?;
    entry.region = read_text(reader, shape & shape::REGION_REFERENCE != 0)?;
    Ok(())
}

fn read_text<'a>(reader: &mut Reader<'a>, refers: bool) -> Read<&'a str> {
    if refers { reader.reference() } else { reader.text() }
}

fn read_metadata<'a>(reader: &mut Reader<'a>) -> Read<MetadataPart<'a>> {
    let start = *reader;
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
            if is_part(&part) { Ok(part) } else { Err("a part of metadata beyond its limits") }
        }
        _ => Err("nothing about metadata begins with this byte"),
    };
    part.inspect_err(|_| *reader = start)
}

pub(super) fn read_stamp(reader: &mut Reader<'_>) -> Read<MetadataStamp> {
    let start = *reader;
    let bytes = reader.varint32()?;
    let stamp = MetadataStamp { bytes, hash: u64::from_le_bytes(reader.array()?) };
    if !is_stamp(&stamp) {
        *reader = start;
        return Err("more metadata than there can be");
    }
    Ok(stamp)
}

/// Whether there can be metadata of that length.
pub(super) fn is_stamp(stamp: &MetadataStamp) -> bool {
    stamp.bytes as usize <= Metadata::MAX_PACKED_BYTES
}

/// Whether there can be such a part of metadata.
pub(super) fn is_part(part: &MetadataPart<'_>) -> bool {
    match part {
        MetadataPart::Apart(stamp) => is_stamp(stamp),
        MetadataPart::Slice { stamp, index, bytes } => {
            is_stamp(stamp)
                && *index <= metadata::LAST_SLICE
                && bytes.len() <= MetadataPart::SLICE_BYTES
        }
        _ => true,
    }
}
