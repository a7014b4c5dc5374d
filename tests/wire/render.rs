//! Vectors as JSON.

use crate::vectors::{Expected, Vector, hex};
use gossip::types::{Apart, Detail, Message, MetadataStamp, NodeId, NodeView, SyncPayload};
use std::fmt::Write;

/// The whole file.
pub fn file(vectors: &[Vector]) -> String {
    let about = "Packets as docs/WIRE.md tells of them; written by tests/wire_binary.rs.";
    let vectors: Vec<_> = vectors.iter().map(vector).collect();
    format!("{{\n\"about\": {},\n\"vectors\": [\n{}\n]\n}}\n", text(about), vectors.join(",\n"))
}

fn vector(vector: &Vector) -> String {
    let expected = match &vector.expected {
        Expected::Message { message, is_ours } => {
            format!("\"ours\": {is_ours}, \"message\": {}", whole(message))
        }
        Expected::Error { kind, offset: None } => format!("\"error\": {}", text(kind)),
        Expected::Error { kind, offset: Some(offset) } => {
            format!("\"error\": {}, \"offset\": {offset}", text(kind))
        }
    };
    format!(
        "{{\"name\": {}, \"cluster\": {},\n \"hex\": \"{}\",\n {expected}}}",
        text(vector.name),
        vector.cluster,
        hex(&vector.bytes)
    )
}

fn whole(message: &Message) -> String {
    let header = &message.header;
    let entries: Vec<_> = message.entries.iter().map(entry).collect();
    format!(
        "{{\"sender\": {}, \"kind\": {}, \"timestamp\": {}, \"nonce\": {}, \"interval_us\": {}, \
         \"wire\": {}, \"wants\": {}, \"sync\": {},\n  \"entries\": [{}]}}",
        id(&header.sender),
        header.kind as u8,
        header.timestamp,
        header.nonce,
        header.interval_us,
        header.wire,
        header.wants,
        sync(&header.sync),
        entries.join(",\n   ")
    )
}

fn sync(payload: &SyncPayload) -> String {
    match payload {
        SyncPayload::None => "null".into(),
        SyncPayload::Digest(digest) => {
            let prefix = digest.prefix.map_or("null".into(), |prefix| prefix.to_string());
            format!("{{\"digest\": {{\"prefix\": {prefix}, \"hashes\": {:?}}}}}", digest.hashes)
        }
        SyncPayload::Request { prefix, buckets } => {
            format!("{{\"request\": {{\"prefix\": {prefix}, \"buckets\": {buckets}}}}}")
        }
        SyncPayload::Metadata { id: whose, stamp: which, parts } => {
            let (whose, which) = (id(whose), stamp(which));
            format!("{{\"metadata\": {{\"id\": {whose}, {which}, \"parts\": {parts}}}}}")
        }
    }
}

fn entry(entry: &NodeView) -> String {
    let configuration = match entry.detail {
        Detail::Claim => "null".into(),
        Detail::Full => format!(
            "{{\"version\": {}, \"port\": {}, \"ip\": {}, \"role\": {}, \"region\": {}, \
             \"reads_packets\": {}}}",
            entry.version,
            entry.port,
            text(&entry.ip),
            text(&entry.role),
            text(&entry.region),
            entry.reads_packets
        ),
    };
    format!(
        "{{\"id\": {}, \"status\": {}, \"heartbeat\": {}, \"config_epoch\": {}, \
         \"config_heartbeat\": {}, \"configuration\": {configuration}, \"metadata\": {}}}",
        id(&entry.id),
        entry.status as u8,
        entry.heartbeat,
        entry.config_epoch,
        entry.config_heartbeat,
        metadata(entry)
    )
}

fn metadata(entry: &NodeView) -> String {
    match (&entry.metadata, &entry.apart) {
        (Some(metadata), _) => {
            let pairs: Vec<_> =
                metadata.iter().map(|(k, v)| format!("{}: {}", text(k), text(v))).collect();
            let which = stamp(&metadata.stamp());
            format!("{{\"whole\": {{{which}, \"pairs\": {{{}}}}}}}", pairs.join(", "))
        }
        (None, Apart::Unsaid) => "null".into(),
        (None, Apart::Stamp(which)) => format!("{{\"apart\": {{{}}}}}", stamp(which)),
        (None, Apart::Slice(which, index, bytes)) => format!(
            "{{\"slice\": {{{}, \"index\": {index}, \"content\": \"{}\"}}}}",
            stamp(which),
            hex(bytes)
        ),
    }
}

fn stamp(stamp: &MetadataStamp) -> String {
    format!("\"bytes\": {}, \"hash\": {}", stamp.bytes, stamp.hash)
}

fn id(id: &NodeId) -> String {
    format!("\"{id}\"")
}

fn text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\0'..' ' => {
                let _ = write!(quoted, "\\u{:04x}", c as u32);
            }
            _ => quoted.push(c),
        }
    }
    quoted + "\""
}
