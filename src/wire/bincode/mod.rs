//! The form of Rust programs that have bincode already: bincode 2 in its standard configuration.
//!
//! A byte that tells it from the other forms, then a header, then the entries as a list; the structs
//! are in docs/WIRE.md. It is larger and slower than a packet, and says the same.

mod shapes;

use super::kind::BINCODE_MAGIC;
use super::room::Room;
use super::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, append_all, check_length};
use crate::types::{Detail, Entry, Header, Message, MetadataPart};
use ::bincode::config::{self, Config};
use ::bincode::enc::write::Writer;
use ::bincode::error::EncodeError;
use ::bincode::serde::{borrow_decode_from_slice, encode_into_writer};
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};
use shapes::{HeaderShape, NodeShape};

const TOO_MUCH: &str = "entries that would take far more memory than their bytes";

fn configuration() -> impl Config {
    config::standard().with_limit::<MAX_MESSAGE_BYTES>()
}

/// Writes a message to the end of `out`.
///
/// # Errors
/// [`Error::TooManyEntries`], also for entries that [`decode`] would not take (some hundred claims),
/// [`Error::TooLarge`], [`Error::Text`] or [`Error::Part`]; `out` is as before then.
///
/// ```
/// use gossip::types::{Header, Message, MessageKind};
/// use gossip::wire::bincode;
/// let header = Header { kind: MessageKind::Update, nonce: 5, ..Header::default() };
/// let mut bytes = Vec::new();
/// bincode::encode(&header, [], &mut bytes).unwrap();
/// assert_eq!(bincode::decode(&bytes), Ok(Message { header, entries: vec![] }));
/// ```
pub fn encode<'a>(
    header: &Header,
    entries: impl IntoIterator<Item = Entry<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    append_all(out, |out, start| {
        out.push(BINCODE_MAGIC);
        if !header.sync.is_within_limits() {
            return Err(Error::Part);
        }
        put(&HeaderShape::of(header), out);
        let entries_at = out.len();
        let (mut count, mut taken) = (0, 0);
        for entry in entries {
            if count == MAX_ENTRIES {
                return Err(Error::TooManyEntries);
            }
            count += 1;
            taken += owned_bytes(&entry)?;
            put(&NodeShape::of(&entry), out);
            check_length(out, start)?;
        }
        let end = out.len();
        put(&(count as u64), out);
        // The number of entries is known only now, and belongs before them.
        let count_bytes = out.len() - end;
        out.get_mut(entries_at..).unwrap_or_default().rotate_right(count_bytes);
        check_length(out, start)?;
        let has_room = Room::new(out.len() - start).take(taken);
        if has_room { Ok(()) } else { Err(Error::TooManyEntries) }
    })
}

struct AppendTo<'o>(&'o mut Vec<u8>);

impl Writer for AppendTo<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

fn put(value: &impl Serialize, out: &mut Vec<u8>) {
    // A writer that takes everything, and values of known lengths: nothing here can fail.
    let _ = encode_into_writer(value, AppendTo(out), configuration());
}

/// Reads one message.
///
/// It takes no more memory than its bytes and 64 KiB; more entries than that allows are refused.
///
/// # Errors
/// [`Error::TooLarge`] beyond [`MAX_MESSAGE_BYTES`], else [`Error::Invalid`], whose offset is where
/// the header or the entry begins that is wrong.
pub fn decode(bytes: &[u8]) -> Result<Message, Error> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Error::TooLarge(bytes.len()));
    }
    let Some((&BINCODE_MAGIC, rest)) = bytes.split_first() else {
        return Err(Error::Invalid { offset: 0, reason: "not the first byte of this form" });
    };
    let mut rest = rest;
    read_message(&mut rest, Room::new(bytes.len()))
        .map_err(|reason| Error::Invalid { offset: bytes.len() - rest.len(), reason })
}

fn read_message(rest: &mut &[u8], mut room: Room) -> Result<Message, &'static str> {
    let header = take(rest, |head: HeaderShape| head.to_header())?;
    let count = take(rest, |count: u64| {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > MAX_ENTRIES { Err("more than 1024 entries") } else { Ok(count) }
    })?;
    if !room.take(count * Room::ENTRY_BYTES) {
        return Err(TOO_MUCH);
    }
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        entries.push(take(rest, |node: NodeShape<'_>| {
            let entry = node.to_entry()?;
            let bytes = owned_bytes(&entry).map_err(|_| "a text or a part beyond its limits")?;
            if room.take(bytes - Room::ENTRY_BYTES) { Ok(entry.into()) } else { Err(TOO_MUCH) }
        })?);
    }
    if rest.is_empty() { Ok(Message { header, entries }) } else { Err("it should end here") }
}

/// Reads a value and makes something of it; `rest` moves on only if that goes well.
fn take<'a, T: Deserialize<'a>, U>(
    rest: &mut &'a [u8],
    make: impl FnOnce(T) -> Result<U, &'static str>,
) -> Result<U, &'static str> {
    let read = borrow_decode_from_slice::<T, _>(rest, configuration());
    let (value, bytes) = read.map_err(|_| "bincode reads nothing here")?;
    let made = make(value)?;
    *rest = rest.get(bytes..).unwrap_or_default();
    Ok(made)
}

/// What an entry takes where it is owned; an error for one that is beyond the limits.
fn owned_bytes(entry: &Entry<'_>) -> Result<usize, Error> {
    let mut bytes = Room::ENTRY_BYTES;
    if entry.detail == Detail::Full {
        for text in [entry.ip, entry.role, entry.region] {
            if text.len() > MAX_TEXT_BYTES {
                return Err(Error::Text(text.len()));
            }
            bytes += text.len();
        }
    }
    if !entry.metadata.is_within_limits() {
        return Err(Error::Part);
    }
    Ok(bytes
        + match entry.metadata {
            MetadataPart::Unsaid | MetadataPart::Apart(_) => 0,
            MetadataPart::Held(held) => Room::METADATA_BYTES + held.packed().len(),
            MetadataPart::Packed(packed) => Room::METADATA_BYTES + packed.bytes().len(),
            MetadataPart::Slice { bytes, .. } => bytes.len(),
        })
}
