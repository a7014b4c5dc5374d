//! Reading a packet: the whole is checked once, then entries are read out of it.

use super::entry::{self, read_stamp};
use super::layout::{COUNT_AT, FLAGS_AT, HEAD_BYTES, MAGIC, SENDER_AT, flag, sync};
use super::reader::{PacketReader, Read};
use super::texts::{TextRoom, Texts};
use crate::types::{Digest, Entry, Header, Message, MessageKind, NodeId, NodeView, SyncPayload};
use crate::wire::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES};
use alloc::vec::Vec;

/// The shortest entry: a byte and three numbers, about the packet's sender.
const LEAST_ENTRY_BYTES: usize = 4;

/// A packet whose every byte was checked.
#[derive(Clone, Debug)]
pub struct Packet<'a> {
    /// All but the entries.
    pub header: Header,
    bytes: &'a [u8],
    /// Where the entries begin.
    entries_at: usize,
    count: usize,
    texts: Texts,
}

/// Reads the header of a packet and checks the rest. Nothing is allocated, unless the packet has
/// more packed addresses than any of 700 bytes can have: then it is their texts, at most 40 KiB.
///
/// [`Header::cluster`] is the label that the packet has; who reads it compares it with its own.
///
/// # Errors
/// [`Error::TooLarge`]; [`Error::Version`] and [`Error::Flags`] for a packet that is not for this
/// reader; [`Error::Invalid`] for bytes that are no packet, also for a packet
/// with bytes behind it.
///
/// ```
/// use gossip::types::{Header, NodeId};
/// use gossip::wire::binary;
/// let header = Header { sender: NodeId::new([7; 16]), nonce: 9, ..Header::default() };
/// let mut bytes = Vec::new();
/// binary::encode(&header, [], &mut bytes).unwrap();
/// assert_eq!(bytes.len(), 30);
/// let packet = binary::decode(&bytes).unwrap();
/// assert_eq!((packet.header.nonce, packet.entries().len()), (9, 0));
/// let error = binary::decode(&bytes[..29]).unwrap_err();
/// assert_eq!(error.to_string(), "at byte 22: the packet ends here");
/// ```
pub fn decode(bytes: &[u8]) -> Result<Packet<'_>, Error> {
    let mut texts = Texts::new();
    let (header, entries_at, count) =
        read_packet(bytes, |reader, head| check_entries(reader, head, &mut texts))?;
    Ok(Packet { header, bytes, entries_at, count, texts })
}

/// Reads a packet and puts its entries behind those in `entries`, in one pass, for who needs each of
/// them once and in a row. Texts of packed addresses go into `texts`.
///
/// # Errors
/// As [`decode`]; then `entries` are as before.
pub fn decode_into<'a>(
    bytes: &'a [u8],
    texts: &'a mut TextRoom,
    entries: &mut Vec<Entry<'a>>,
) -> Result<Header, Error> {
    let before = entries.len();
    let read = read_packet(bytes, |reader, head| {
        read_entries(reader, head, texts.take(head.count), entries)
    });
    match read {
        Ok((header, _, count)) => {
            debug_assert_eq!(entries.len(), before + count, "all entries were read");
            Ok(header)
        }
        Err(error) => {
            entries.truncate(before);
            Err(error)
        }
    }
}

/// Reads a packet: its header, where its entries begin, and how many they are. `read_entries` reads
/// these and gives the heartbeat of the sender's own.
#[inline]
fn read_packet<'a>(
    bytes: &'a [u8],
    read_entries: impl FnOnce(&mut PacketReader<'a>, &PacketHead) -> Read<Option<u64>>,
) -> Result<(Header, usize, usize), Error> {
    if bytes.len() > MAX_MESSAGE_BYTES {
        return Err(Error::TooLarge(bytes.len()));
    }
    let head = read_head(bytes)?;
    let mut reader = PacketReader::new(bytes, HEAD_BYTES);
    read_body(&mut reader, &head, read_entries)
        .map(|(header, entries_at)| (header, entries_at, head.count))
        .map_err(|reason| Error::Invalid { offset: reader.at(), reason })
}

/// What every packet has.
struct PacketHead {
    version: u8,
    flags: u16,
    kind: MessageKind,
    count: usize,
    sender: NodeId,
}

fn read_head(bytes: &[u8]) -> Result<PacketHead, Error> {
    let flaw = |offset, reason| Err(Error::Invalid { offset, reason });
    if bytes.first() != Some(&MAGIC) {
        return flaw(0, "no packet begins with this byte");
    }
    let version = bytes.get(1).copied();
    if let Some(version) = version.filter(|version| !(1..16).contains(version)) {
        return Err(Error::Version(version));
    }
    let Some(head) = bytes.first_chunk::<HEAD_BYTES>() else {
        return flaw(bytes.len(), "the packet ends here");
    };
    let two = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let (flags, count) = (two(FLAGS_AT), two(COUNT_AT));
    if flag::unknown(flags) != 0 {
        return Err(Error::Flags(flag::unknown(flags)));
    }
    let Some(kind) = MessageKind::from_raw((count & 15).into()) else {
        return flaw(COUNT_AT, "no kind of message has this number");
    };
    let count = usize::from(count >> 4);
    if count > MAX_ENTRIES {
        return flaw(COUNT_AT, "more than 1024 entries");
    }
    let mut sender = [0; 16];
    sender.copy_from_slice(&head[SENDER_AT..]);
    Ok(PacketHead { version: head[1], flags, kind, count, sender: NodeId::new(sender) })
}

/// The label of the packet's cluster, 0 for none.
fn read_label(reader: &mut PacketReader<'_>, head: &PacketHead) -> Read<u32> {
    if head.flags & flag::CLUSTER == 0 {
        return Ok(0);
    }
    let start = reader.rest();
    let label = u32::from_le_bytes(reader.array()?);
    if label == 0 {
        reader.go_back(start);
        return Err("a label of zero");
    }
    Ok(label)
}

/// Reads what follows the head: the rest of the header, and where the entries begin.
#[inline]
fn read_body<'a>(
    reader: &mut PacketReader<'a>,
    head: &PacketHead,
    read_entries: impl FnOnce(&mut PacketReader<'a>, &PacketHead) -> Read<Option<u64>>,
) -> Read<(Header, usize)> {
    let cluster = read_label(reader, head)?;
    let flags = head.flags;
    let nonce = if flags & flag::NONCE == 0 { 0 } else { u64::from_le_bytes(reader.array()?) };
    let interval_us = if flags & flag::INTERVAL == 0 { 0 } else { reader.varint32()? };
    let wire = if flags & flag::WIRE == 0 { 0 } else { reader.byte()? };
    let sync = if flags & flag::SYNC == 0 { SyncPayload::None } else { read_sync(reader)? };
    let entries_at = reader.at();
    let own = read_entries(reader, head)?;
    let timestamp = if flags & flag::TIMESTAMP == 0 {
        own.map_or(0, |heartbeat| heartbeat.wrapping_sub(1))
    } else {
        reader.varint()?
    };
    if flags & flag::EXTENSION != 0 {
        reader.counted()?;
    }
    if !reader.is_at_end() {
        return Err("the packet should end here");
    }
    let header = Header {
        sender: head.sender,
        kind: head.kind,
        timestamp,
        nonce,
        interval_us,
        sync,
        cluster,
        wire: wire.max(head.version),
        wants: flags & flag::WANTS != 0,
    };
    Ok((header, entries_at))
}

/// Reads all entries, keeps the texts of packed addresses, and gives the sender's own heartbeat.
#[inline]
fn check_entries(
    reader: &mut PacketReader<'_>,
    head: &PacketHead,
    texts: &mut Texts,
) -> Read<Option<u64>> {
    let mut own = None;
    for _ in 0..head.count {
        let mut entry = Entry::default();
        let claim = entry::read_claim(reader, &head.sender, &mut entry)?;
        if own.is_none() && entry.id == head.sender {
            own = Some(entry.heartbeat);
        }
        if claim.is_full()
            && let Some(text) = entry::read_configuration(reader)?.ip.unpack()
        {
            texts.push(&text, head.count);
        }
        if claim.has_metadata() {
            entry::read_metadata(reader)?;
        }
    }
    Ok(own)
}

/// Reads all entries, and gives the sender's own heartbeat.
#[inline]
fn read_entries<'a>(
    reader: &mut PacketReader<'a>,
    head: &PacketHead,
    mut room: &'a mut [u8],
    entries: &mut Vec<Entry<'a>>,
) -> Read<Option<u64>> {
    let mut own = None;
    // No more than can be in the bytes that there are, whatever the packet says.
    entries.reserve(head.count.min(reader.rest().len() / LEAST_ENTRY_BYTES));
    for _ in 0..head.count {
        // Read where it stays: to copy it there takes longer.
        entries.push(Entry::default());
        let Some(entry) = entries.last_mut() else { break };
        let claim = entry::read_claim(reader, &head.sender, entry)?;
        if own.is_none() && entry.id == head.sender {
            own = Some(entry.heartbeat);
        }
        if claim.is_full() {
            let configuration = entry::read_configuration(reader)?;
            configuration.add_to(entry);
            if let Some(text) = configuration.ip.unpack() {
                let text = text.as_bytes();
                let (place, rest) = core::mem::take(&mut room)
                    .split_at_mut_checked(text.len())
                    .ok_or("more addresses than there are entries")?;
                place.copy_from_slice(text);
                entry.ip = core::str::from_utf8(place).unwrap_or_default();
                room = rest;
            }
        }
        if claim.has_metadata() {
            entry.metadata = entry::read_metadata(reader)?;
        }
    }
    Ok(own)
}

fn read_sync(reader: &mut PacketReader<'_>) -> Read<SyncPayload> {
    let start = reader.rest();
    Ok(match reader.byte()? {
        sync::DIGEST => SyncPayload::Digest(Digest { prefix: None, hashes: read_hashes(reader)? }),
        sync::DIGEST_OF_PREFIX => {
            let prefix = Some(reader.byte()?);
            SyncPayload::Digest(Digest { prefix, hashes: read_hashes(reader)? })
        }
        sync::REQUEST => SyncPayload::Request {
            prefix: reader.byte()?,
            buckets: u16::from_le_bytes(reader.array()?),
        },
        sync::METADATA => SyncPayload::Metadata {
            id: NodeId::new(reader.array()?),
            stamp: read_stamp(reader)?,
            parts: u128::from_le_bytes(reader.array()?),
        },
        _ => {
            reader.go_back(start);
            return Err("no part of the anti-entropy begins with this byte");
        }
    })
}

fn read_hashes(reader: &mut PacketReader<'_>) -> Read<[u32; 16]> {
    let mut hashes = [0; 16];
    for hash in &mut hashes {
        *hash = u32::from_le_bytes(reader.array()?);
    }
    Ok(hashes)
}

impl Packet<'_> {
    /// The entries, in the order in which they travel.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries {
            reader: PacketReader::new(self.bytes, self.entries_at),
            left: self.count,
            sender: self.header.sender,
            texts: &self.texts,
            text_at: 0,
        }
    }

    /// A copy that owns all it says.
    #[must_use]
    pub fn to_message(&self) -> Message {
        Message { header: self.header, entries: self.entries().map(NodeView::from).collect() }
    }
}

/// The entries of a [`Packet`]. To be cloned costs as little as to be made.
#[derive(Clone)]
pub struct Entries<'a> {
    reader: PacketReader<'a>,
    left: usize,
    sender: NodeId,
    texts: &'a Texts,
    text_at: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Entry<'a>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'a>> {
        self.left = self.left.checked_sub(1)?;
        // It was read before, so it can be read again.
        let mut entry = Entry::default();
        let claim = entry::read_claim(&mut self.reader, &self.sender, &mut entry).ok()?;
        if claim.is_full() {
            let configuration = entry::read_configuration(&mut self.reader).ok()?;
            configuration.add_to(&mut entry);
            if !matches!(configuration.ip, entry::PackedIp::Text(_)) {
                (entry.ip, self.text_at) = self.texts.get(self.text_at)?;
            }
        }
        if claim.has_metadata() {
            entry.metadata = entry::read_metadata(&mut self.reader).ok()?;
        }
        Some(entry)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Entries<'_> {}
