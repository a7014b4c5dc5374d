//! Ids, texts, entries and headers of the bytes of an input.

use arbitrary::{Result, Unstructured};
use gossip::types::{
    Apart, Detail, Digest, Header, MessageKind, Metadata, MetadataStamp, NodeId, NodeStatus,
    NodeView, SyncPayload,
};
use std::sync::Arc;

/// The id of a node by its number. Ids of different numbers lie in different buckets of a digest.
pub(crate) fn id(number: u8) -> NodeId {
    let mut bytes = [0x5a; 16];
    bytes[0] = number.wrapping_mul(0x35);
    bytes[15] = number;
    NodeId::new(bytes)
}

/// The address of a node by its number.
pub(crate) fn ip(number: u8) -> String {
    format!("10.0.0.{number}")
}

/// A node as it tells of itself first.
pub(crate) fn view(number: u8) -> NodeView {
    NodeView {
        id: id(number),
        ip: ip(number),
        port: 7000,
        heartbeat: 1000,
        config_heartbeat: 1000,
        status: NodeStatus::Online,
        role: "replica".to_owned(),
        region: "eu".to_owned(),
        ..NodeView::default()
    }
}

/// Mostly one of sixteen nodes; also the zero id, and any.
pub(crate) fn any_id(u: &mut Unstructured<'_>) -> Result<NodeId> {
    Ok(match u.arbitrary::<u8>()? {
        number @ 0..=239 => id(number % 16),
        240..=247 => NodeId::ZERO,
        _ => NodeId::new(u.arbitrary()?),
    })
}

/// A counter as nodes have it, at a limit, or any.
pub(crate) fn any_counter(u: &mut Unstructured<'_>) -> Result<u64> {
    let low = u64::from(u.arbitrary::<u16>()?);
    Ok(match low % 16 {
        0 => u64::MAX - low / 16,
        1 => (1 << 63) - 1 - low / 16,
        2 => (1 << 63) + low / 16,
        3 => (1 << 32) + low,
        4 => u.arbitrary()?,
        5 => 0,
        _ => 900 + low / 16,
    })
}

/// A text: an address, a word, or any of up to 80 bytes.
pub(crate) fn any_text(u: &mut Unstructured<'_>) -> Result<String> {
    const TEXTS: [&str; 12] = [
        "",
        "0.0.0.0",
        "::",
        "localhost",
        "10.0.0.300",
        "FE80::1",
        "fe80::1%eth0",
        "replica",
        "\u{0}",
        "\"\\\n",
        "010.0.0.1",
        "ääääääääääääääääääääääääääääääää",
    ];
    let choice = u.arbitrary::<u8>()?;
    Ok(match choice {
        0..=119 => ip(choice % 16),
        120..=219 => TEXTS[usize::from(choice) % TEXTS.len()].to_owned(),
        _ => {
            let length = u.int_in_range(0..=80)?.min(u.len());
            String::from_utf8_lossy(u.bytes(length)?).into_owned()
        }
    })
}

fn any_stamp(u: &mut Unstructured<'_>) -> Result<MetadataStamp> {
    let bytes = if u.arbitrary()? { u.int_in_range(0..=9_000)? } else { u.arbitrary()? };
    Ok(MetadataStamp { bytes, hash: u.int_in_range(0..=3)? })
}

/// Metadata of up to four pairs, one of which may be long.
pub(crate) fn any_metadata(u: &mut Unstructured<'_>) -> Result<Metadata> {
    let mut metadata = Metadata::new();
    for _ in 0..u.int_in_range(0..=4)? {
        let (key, mut value) = (any_text(u)?, any_text(u)?);
        if u.ratio(1, 8)? {
            value = "v".repeat(u.int_in_range(0..=20_000)?);
        }
        // What has no room is left out.
        let _ = metadata.insert(&key, &value);
    }
    Ok(metadata)
}

fn any_apart(u: &mut Unstructured<'_>) -> Result<Apart> {
    Ok(match u.int_in_range(0..=3)? {
        0 => Apart::Stamp(any_stamp(u)?),
        1 => {
            let length = u.int_in_range(0..=1_025)?.min(u.len());
            Apart::Slice(any_stamp(u)?, u.arbitrary()?, u.bytes(length)?.to_vec())
        }
        _ => Apart::Unsaid,
    })
}

fn any_status(u: &mut Unstructured<'_>) -> Result<NodeStatus> {
    Ok(NodeStatus::from_raw(u.int_in_range(0..=5)?).unwrap_or_default())
}

/// An entry: a claim about a node as it is first, or any.
pub(crate) fn any_entry(u: &mut Unstructured<'_>) -> Result<NodeView> {
    let flags = u.arbitrary::<u8>()?;
    let claim = NodeView {
        id: any_id(u)?,
        heartbeat: any_counter(u)?,
        status: any_status(u)?,
        detail: if flags & 1 == 0 { Detail::Full } else { Detail::Claim },
        reads_packets: flags & 2 != 0,
        ..view(flags >> 4)
    };
    if flags & 12 != 0 {
        return Ok(NodeView { ip: ip(claim.id.as_bytes()[15]), ..claim });
    }
    Ok(NodeView {
        ip: any_text(u)?,
        role: any_text(u)?,
        region: any_text(u)?,
        port: if u.arbitrary()? { 7000 } else { u.arbitrary()? },
        config_epoch: any_counter(u)?,
        config_heartbeat: any_counter(u)?,
        version: u.arbitrary()?,
        metadata: if u.arbitrary()? { Some(Arc::new(any_metadata(u)?)) } else { None },
        apart: any_apart(u)?,
        ..claim
    })
}

/// Up to `most` entries; as often as not the sender's own is among them.
pub(crate) fn any_entries(
    u: &mut Unstructured<'_>,
    sender: NodeId,
    most: usize,
) -> Result<Vec<NodeView>> {
    let count = u.int_in_range(0..=most)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        if u.is_empty() {
            break;
        }
        entries.push(any_entry(u)?);
    }
    if u.arbitrary()? && !entries.is_empty() {
        let at = u.choose_index(entries.len())?;
        entries[at].id = sender;
    }
    Ok(entries)
}

fn any_sync(u: &mut Unstructured<'_>) -> Result<SyncPayload> {
    Ok(match u.int_in_range(0..=7)? {
        0 => SyncPayload::Digest(Digest { prefix: None, hashes: u.arbitrary()? }),
        1 => SyncPayload::Digest(Digest { prefix: Some(u.arbitrary()?), hashes: u.arbitrary()? }),
        2 => SyncPayload::Request { prefix: u.arbitrary()?, buckets: u.arbitrary()? },
        3 => SyncPayload::Metadata { id: any_id(u)?, stamp: any_stamp(u)?, parts: u.arbitrary()? },
        _ => SyncPayload::None,
    })
}

/// A header of any kind of message.
pub(crate) fn any_header(u: &mut Unstructured<'_>) -> Result<Header> {
    let flags = u.arbitrary::<u8>()?;
    Ok(Header {
        sender: any_id(u)?,
        kind: MessageKind::ALL[u.choose_index(MessageKind::ALL.len())?],
        timestamp: any_counter(u)?,
        nonce: if flags & 1 == 0 { 77 } else { u.arbitrary()? },
        interval_us: if flags & 2 == 0 { 100_000 } else { u.arbitrary()? },
        sync: any_sync(u)?,
        cluster: if flags & 12 == 0 { u.arbitrary()? } else { 0 },
        wire: flags >> 6,
        wants: flags & 16 != 0,
    })
}
