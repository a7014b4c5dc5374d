//! Reading, straight from the text into the message.

use super::fields::{Id, Integer, Pairs, Skip, Text};
use crate::types::{Message, MessageKind, NodeStatus, NodeView};
use crate::wire::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES};
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;
use core::fmt;
use serde::de::Visitor;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess};

/// Reads one message, without a length prefix.
///
/// White space around it, a byte order mark and one closing NUL are allowed. Empty input and any
/// text that is no object is an all-default message, a ping from the zero id, as it was for the old
/// reader; the core refuses it. An entry without metadata says nothing about metadata, and so does
/// one with `{}`: the old library's C layer writes that for every node, also for those that have
/// some, so it must erase none.
///
/// # Errors
/// [`Error::TooLarge`] beyond [`MAX_MESSAGE_BYTES`], else [`Error::Malformed`]: no valid JSON,
/// nested deeper than 127, a value of the wrong type or out of its range, a text longer than
/// [`crate::wire::MAX_TEXT_BYTES`], more entries than [`MAX_ENTRIES`], or more metadata than
/// [`crate::types::Metadata::MAX_BYTES`].
///
/// ```
/// use gossip::types::MessageKind;
/// let message = gossip::wire::json::decode(br#"{ "type": 2, "color": ["red"] }"#).unwrap();
/// assert_eq!(message.header.kind, MessageKind::Meet);
/// let error = gossip::wire::json::decode(br#"{"type":8}"#).unwrap_err();
/// assert_eq!(error.to_string(), "at byte 9: `type` is 8, not 0 to 7");
/// ```
pub fn decode(bytes: &[u8]) -> Result<Message, Error> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Error::TooLarge(bytes.len()));
    }
    let skipped = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let text = &bytes[skipped..];
    let text = text.strip_suffix(b"\0").unwrap_or(text);
    if text.is_empty() {
        return Ok(Message::default());
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let message = reader.deserialize_any(MessageVisitor);
    message.and_then(|message| reader.end().map(|()| message)).map_err(|error| Error::Malformed {
        offset: skipped + offset(text, error.line(), error.column()),
        reason: reason(&error),
    })
}

/// The offset of a place that is given as a line and a column, both counted from 1.
fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column).min(text.len())
}

/// The error's text without its line and column, which the offset says better.
fn reason(error: &serde_json::Error) -> alloc::string::String {
    let mut text = error.to_string();
    if let Some(end) = text.rfind(" at line ") {
        text.truncate(end);
    }
    text
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum MessageKey {
    Entries,
    Sender,
    Timestamp,
    Type,
    #[serde(other)]
    Unknown,
}

struct MessageVisitor;

impl<'de> Visitor<'de> for MessageVisitor {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        let mut message = Message::default();
        while let Some(key) = map.next_key()? {
            match key {
                MessageKey::Entries => message.entries = map.next_value_seed(Entries)?,
                MessageKey::Sender => message.header.sender = map.next_value_seed(Id("sender"))?,
                MessageKey::Timestamp => {
                    message.header.timestamp =
                        map.next_value_seed(Integer::counter("timestamp"))?;
                }
                MessageKey::Type => {
                    let raw = map.next_value_seed(Integer::up_to("type", 7))?;
                    message.header.kind = MessageKind::from_raw(raw).unwrap_or_default();
                }
                MessageKey::Unknown => map.next_value::<Skip>().map(drop)?,
            }
        }
        Ok(message)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Message, A::Error> {
        while seq.next_element::<Skip>()?.is_some() {}
        Ok(Message::default())
    }

    fn visit_unit<E>(self) -> Result<Message, E> {
        Ok(Message::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Message, E> {
        Ok(Message::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Message, E> {
        Ok(Message::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Message, E> {
        Ok(Message::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Message, E> {
        Ok(Message::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Message, E> {
        Ok(Message::default())
    }
}

/// The array of entries.
struct Entries;

impl<'de> DeserializeSeed<'de> for Entries {
    type Value = Vec<NodeView>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<NodeView>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array for `entries`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(EntryText(entry)) = seq.next_element()? {
            if entries.len() == MAX_ENTRIES {
                return Err(A::Error::custom(format!("more than {MAX_ENTRIES} `entries`")));
            }
            entries.push(entry);
        }
        Ok(entries)
    }
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EntryKey {
    ConfigEpoch,
    Heartbeat,
    Id,
    Ip,
    Metadata,
    Port,
    Region,
    Role,
    Status,
    Version,
    #[serde(other)]
    Unknown,
}

struct EntryText(NodeView);

impl<'de> Deserialize<'de> for EntryText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntryVisitor).map(Self)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = NodeView;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object for each of `entries`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeView, A::Error> {
        let mut entry = NodeView::default();
        while let Some(key) = map.next_key()? {
            read_field(&mut entry, &key, &mut map)?;
        }
        Ok(entry)
    }
}

fn read_field<'de, A: MapAccess<'de>>(
    entry: &mut NodeView,
    key: &EntryKey,
    map: &mut A,
) -> Result<(), A::Error> {
    match key {
        EntryKey::ConfigEpoch => {
            entry.config_epoch = map.next_value_seed(Integer::counter("config_epoch"))?;
        }
        EntryKey::Heartbeat => {
            entry.heartbeat = map.next_value_seed(Integer::counter("heartbeat"))?;
        }
        EntryKey::Id => entry.id = map.next_value_seed(Id("id"))?,
        EntryKey::Ip => entry.ip = map.next_value_seed(Text("ip"))?,
        EntryKey::Metadata => entry.metadata = map.next_value_seed(Pairs)?,
        EntryKey::Port => {
            let port = Integer::new("port", i64::from(i32::MIN), i32::MAX as u64);
            entry.port = map.next_value_seed(port)?;
        }
        EntryKey::Region => entry.region = map.next_value_seed(Text("region"))?,
        EntryKey::Role => entry.role = map.next_value_seed(Text("role"))?,
        EntryKey::Status => {
            let raw = map.next_value_seed(Integer::up_to("status", 4))?;
            entry.status = NodeStatus::from_raw(raw).unwrap_or_default();
        }
        EntryKey::Version => entry.version = map.next_value_seed(Integer::counter("version"))?,
        EntryKey::Unknown => map.next_value::<Skip>().map(drop)?,
    }
    Ok(())
}
