//! Reading, straight from the text into the message.

use super::reader::TextReader;
use super::string::NAME_BYTES;
use super::{fields, metadata};
use crate::types::{Message, MessageKind, NodeStatus, NodeView};
use crate::wire::room::Room;
use crate::wire::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES};
use alloc::vec::Vec;

/// Reads one message, without a length prefix.
///
/// White space around it, a byte order mark and one closing NUL are allowed. Empty input and any
/// text that is no object is an all-default message, a ping from the zero id, as it was for the old
/// reader; the core refuses it. An entry without metadata says nothing about metadata, and so does
/// one with `{}`: the old library's C layer writes that for every node, also for those that have
/// some, so it must erase none.
///
/// A message takes no more memory than its text and 64 KiB, whatever is in it: the entries of a text
/// that would take far more are refused.
///
/// # Errors
/// [`Error::TooLarge`] beyond [`MAX_MESSAGE_BYTES`], else [`Error::Malformed`]: no valid JSON,
/// nested deeper than 127, a value of the wrong type or out of its range, a text longer than
/// [`crate::wire::MAX_TEXT_BYTES`], more entries than [`MAX_ENTRIES`] or than fit its memory, or more
/// metadata than [`crate::types::Metadata::MAX_BYTES`].
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
    read_message(&mut TextReader::new(text)).map_err(|error| match error {
        Error::Malformed { offset, reason } => {
            Error::Malformed { offset: skipped + offset, reason }
        }
        other => other,
    })
}

fn read_message(reader: &mut TextReader<'_>) -> Result<Message, Error> {
    let mut message = Message::default();
    if reader.peek() != Some(b'{') {
        reader.skip()?;
        return reader.end().map(|()| message);
    }
    let header = &mut message.header;
    reader.begin(b'{', format_args!("a message"))?;
    while let Some(key) = reader.next_key()? {
        match key.name(&mut [0; NAME_BYTES]) {
            "entries" => {
                // Of a repeated key the last one counts; the first gives its memory back before.
                message.entries = Vec::new();
                message.entries = read_entries(reader)?;
            }
            "sender" => header.sender = fields::id(reader, "sender")?,
            "timestamp" => header.timestamp = fields::counter(reader, "timestamp")?,
            "type" => {
                let raw = fields::integer(reader, "type", 0, 7)?;
                header.kind = MessageKind::from_raw(raw).unwrap_or_default();
            }
            "wire" => header.wire = fields::integer(reader, "wire", 0, 255)?,
            "cluster" => {
                header.cluster = fields::integer(reader, "cluster", 0, u32::MAX.into())?;
            }
            _ => reader.skip()?,
        }
    }
    reader.end().map(|()| message)
}

/// Below so many bytes room is made for as many entries as 1.4.2 can have written there; else they
/// are counted before.
const USUAL_BYTES: usize = 4096;

fn read_entries(reader: &mut TextReader<'_>) -> Result<Vec<NodeView>, Error> {
    let mut room = Room::new(reader.text_bytes());
    reader.begin(b'[', format_args!("an array for `entries`"))?;
    let mut entries = Vec::new();
    while reader.next_value()? {
        if entries.len() == MAX_ENTRIES {
            return Err(reader.flaw(format_args!("more than {MAX_ENTRIES} `entries`")));
        }
        if entries.len() == entries.capacity() {
            let is_usual = entries.is_empty() && reader.left() < USUAL_BYTES;
            let more = if is_usual {
                reader.left() / Room::ENTRY_BYTES + 1
            } else {
                count_entries(reader.clone())?
            };
            reserve(&mut entries, more, &mut room, reader)?;
        }
        entries.push(read_entry(reader, &mut room)?);
    }
    Ok(entries)
}

/// Makes room for so many more entries, and no other. While they move, they have both their places.
fn reserve(
    entries: &mut Vec<NodeView>,
    more: usize,
    room: &mut Room,
    reader: &TextReader<'_>,
) -> Result<(), Error> {
    let (old, new) = (entries.capacity(), (entries.len() + more).min(MAX_ENTRIES));
    if !room.take(new * Room::ENTRY_BYTES) {
        return Err(reader.too_much());
    }
    entries.reserve_exact(new - entries.len());
    room.give_back(old * Room::ENTRY_BYTES);
    Ok(())
}

/// The number of values of an array from one that was moved to.
fn count_entries(mut reader: TextReader<'_>) -> Result<usize, Error> {
    reader.skip()?;
    let mut count = 1;
    while count <= MAX_ENTRIES && reader.next_value()? {
        reader.skip()?;
        count += 1;
    }
    Ok(count)
}

fn read_entry(reader: &mut TextReader<'_>, room: &mut Room) -> Result<NodeView, Error> {
    let mut entry = NodeView::default();
    reader.begin(b'{', format_args!("an object for each of `entries`"))?;
    while let Some(key) = reader.next_key()? {
        match key.name(&mut [0; NAME_BYTES]) {
            "config_epoch" => entry.config_epoch = fields::counter(reader, "config_epoch")?,
            "config_heartbeat" => {
                entry.config_heartbeat = fields::counter(reader, "config_heartbeat")?;
            }
            "heartbeat" => entry.heartbeat = fields::counter(reader, "heartbeat")?,
            "id" => entry.id = fields::id(reader, "id")?,
            "ip" => entry.ip = fields::text(reader, "ip", room)?,
            "metadata" => entry.metadata = metadata::read(reader, room)?,
            "port" => {
                entry.port = fields::integer(reader, "port", i32::MIN.into(), i32::MAX as u64)?;
            }
            "region" => entry.region = fields::text(reader, "region", room)?,
            "role" => entry.role = fields::text(reader, "role", room)?,
            "status" => {
                let raw = fields::integer(reader, "status", 0, 4)?;
                entry.status = NodeStatus::from_raw(raw).unwrap_or_default();
            }
            "version" => entry.version = fields::counter(reader, "version")?,
            _ => reader.skip()?,
        }
    }
    if entry.config_heartbeat == entry.heartbeat {
        // As if it had been left out, which means the same.
        entry.config_heartbeat = 0;
    }
    Ok(entry)
}
