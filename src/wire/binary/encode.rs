//! Writing: an entry's numbers are put together in a place of fixed size, then appended at once.

use super::address;
use super::known::KnownTexts;
use super::layout::{COUNT_AT, FLAGS_AT, MAGIC, flag, head, metadata, shape, sync};
use super::short::{CLAIM_BYTES, FULL_BYTES, Short};
use super::size::zigzag;
use crate::types::{
    Detail, Entry, Header, MetadataPart, MetadataStamp, NodeId, SyncPayload, varint,
};
use crate::wire::{Error, MAX_ENTRIES, MAX_TEXT_BYTES, append_all, check_length};
use alloc::vec::Vec;

/// Writes a packet to the end of `out`.
///
/// A role, region or address name that the packet has already is told by its place. The version
/// that the sender reads ([`Header::wire`]) is [`VERSION`](super::VERSION) at least.
///
/// # Errors
/// [`Error::TooManyEntries`], [`Error::TooLarge`], [`Error::Text`] or [`Error::Part`]; `out` is as
/// before then.
pub fn encode<'a>(
    header: &Header,
    entries: impl IntoIterator<Item = Entry<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    append_all(out, |out, start| {
        let mut flags = put_header(header, out)?;
        let mut writer =
            Writer { out, start, sender: header.sender, own: None, known: KnownTexts::new() };
        let mut count = 0;
        for entry in entries {
            if count == MAX_ENTRIES {
                return Err(Error::TooManyEntries);
            }
            count += 1;
            writer.put_entry(&entry)?;
        }
        let implied = writer.own.map_or(0, |heartbeat: u64| heartbeat.wrapping_sub(1));
        if header.timestamp != implied {
            flags |= flag::TIMESTAMP;
            varint::put(header.timestamp, out);
        }
        debug_assert!(count <= MAX_ENTRIES && header.kind as u8 <= 15, "twelve bits and four");
        let count = (count as u16) << 4 | u16::from(header.kind as u8);
        for (at, value) in [(FLAGS_AT, flags), (COUNT_AT, count)] {
            if let Some(place) = out.get_mut(start + at..start + at + 2) {
                place.copy_from_slice(&value.to_le_bytes());
            }
        }
        check_length(out, start)
    })
}

/// Writes what stands before the entries, with no flags and no count; gives the flags.
fn put_header(header: &Header, out: &mut Vec<u8>) -> Result<u16, Error> {
    let mut flags = if header.wants { flag::WANTS } else { 0 };
    let mut short = Short::with_room::<FULL_BYTES>(out);
    short.put([MAGIC, super::VERSION, 0, 0, 0, 0]);
    short.put(*header.sender.as_bytes());
    if header.cluster != 0 {
        flags |= flag::CLUSTER;
        short.put(header.cluster.to_le_bytes());
    }
    if header.nonce != 0 {
        flags |= flag::NONCE;
        short.put(header.nonce.to_le_bytes());
    }
    if header.interval_us != 0 {
        flags |= flag::INTERVAL;
        short.varint(header.interval_us.into());
    }
    if header.wire > super::VERSION {
        flags |= flag::WIRE;
        short.put([header.wire]);
    }
    short.end();
    if header.sync != SyncPayload::None {
        flags |= flag::SYNC;
        put_sync(&header.sync, out)?;
    }
    Ok(flags)
}

fn put_sync(payload: &SyncPayload, out: &mut Vec<u8>) -> Result<(), Error> {
    match payload {
        SyncPayload::None => {}
        SyncPayload::Digest(digest) => {
            match digest.prefix {
                None => out.push(sync::DIGEST),
                Some(prefix) => out.extend_from_slice(&[sync::DIGEST_OF_PREFIX, prefix]),
            }
            for hash in digest.hashes {
                out.extend_from_slice(&hash.to_le_bytes());
            }
        }
        SyncPayload::Request { prefix, buckets } => {
            out.extend_from_slice(&[sync::REQUEST, *prefix]);
            out.extend_from_slice(&buckets.to_le_bytes());
        }
        SyncPayload::Metadata { id, stamp, parts } => {
            if !stamp.is_within_limits() {
                return Err(Error::Part);
            }
            out.push(sync::METADATA);
            out.extend_from_slice(id.as_bytes());
            put_stamp(stamp, out);
            out.extend_from_slice(&parts.to_le_bytes());
        }
    }
    Ok(())
}

fn put_stamp(stamp: &MetadataStamp, out: &mut Vec<u8>) {
    varint::put(stamp.bytes.into(), out);
    out.extend_from_slice(&stamp.hash.to_le_bytes());
}

/// Appends entries, and knows what stands in the packet so far.
struct Writer<'o> {
    out: &'o mut Vec<u8>,
    /// Where the packet begins in `out`.
    start: usize,
    sender: NodeId,
    /// The heartbeat of the first entry about the sender.
    own: Option<u64>,
    known: KnownTexts,
}

impl Writer<'_> {
    #[inline]
    fn put_entry(&mut self, entry: &Entry<'_>) -> Result<(), Error> {
        let is_own = entry.id == self.sender;
        let mut head = entry.status as u8;
        if is_own {
            head |= head::OWN;
            self.own = self.own.or(Some(entry.heartbeat));
        }
        let says_metadata = !matches!(entry.metadata, MetadataPart::Unsaid);
        if says_metadata {
            head |= head::METADATA;
        }
        if entry.detail == Detail::Full {
            self.put_full(entry, head | head::FULL)?;
        } else {
            let mut short = Short::with_room::<CLAIM_BYTES>(self.out);
            short.put([head]);
            short.claim(entry, is_own);
            short.end();
        }
        if says_metadata {
            self.put_metadata(&entry.metadata)?;
        }
        check_length(self.out, self.start)
    }

    fn put_full(&mut self, entry: &Entry<'_>, head: u8) -> Result<(), Error> {
        for text in [entry.ip, entry.role, entry.region] {
            if text.len() > MAX_TEXT_BYTES {
                return Err(Error::Text(text.len()));
            }
        }
        let mut short = Short::with_room::<FULL_BYTES>(self.out);
        short.put([head]);
        short.claim(entry, head & head::OWN != 0);
        let shape_at = short.at;
        short.put([0]);
        short.varint(entry.version);
        let mut shape = if entry.reads_packets { shape::READS_PACKETS } else { 0 };
        if let Ok(port) = u16::try_from(entry.port) {
            short.put(port.to_le_bytes());
        } else {
            shape |= shape::WIDE_PORT;
            short.varint(zigzag(entry.port));
        }
        if let Some(octets) = address::parse_v4(entry.ip) {
            shape |= shape::IP_V4;
            short.put(octets);
            short.end();
        } else if let Some(octets) = address::parse_v6(entry.ip) {
            shape |= shape::IP_V6;
            short.put(octets);
            short.end();
        } else {
            short.end();
            let refers = self.put_text(entry.ip);
            shape |= if refers { shape::IP_REFERENCE } else { shape::IP_TEXT };
        }
        if self.put_text(entry.role) {
            shape |= shape::ROLE_REFERENCE;
        }
        if self.put_text(entry.region) {
            shape |= shape::REGION_REFERENCE;
        }
        if let Some(place) = self.out.get_mut(shape_at) {
            *place = shape;
        }
        Ok(())
    }

    /// Writes a text, or where it stands if that is shorter; whether it did the latter.
    fn put_text(&mut self, text: &str) -> bool {
        let packet = self.out.get(self.start..).unwrap_or_default();
        if let Some(place) = self.known.find(text, packet) {
            varint::put(place.into(), self.out);
            return true;
        }
        debug_assert!(text.len() <= MAX_TEXT_BYTES, "the length of a text was checked");
        self.known.add(text, packet.len());
        self.out.push(text.len() as u8);
        self.out.extend_from_slice(text.as_bytes());
        false
    }

    fn put_metadata(&mut self, part: &MetadataPart<'_>) -> Result<(), Error> {
        if !part.is_within_limits() {
            return Err(Error::Part);
        }
        let whole = match part {
            MetadataPart::Unsaid => return Ok(()),
            MetadataPart::Held(held) => held.packed(),
            MetadataPart::Packed(packed) => packed.bytes(),
            MetadataPart::Apart(stamp) => {
                self.out.push(metadata::APART);
                put_stamp(stamp, self.out);
                return Ok(());
            }
            MetadataPart::Slice { stamp, index, bytes } => {
                self.out.push(metadata::SLICE);
                put_stamp(stamp, self.out);
                self.out.push(*index);
                self.put_counted(bytes);
                return Ok(());
            }
        };
        self.out.push(metadata::WHOLE);
        self.put_counted(whole);
        Ok(())
    }

    fn put_counted(&mut self, bytes: &[u8]) {
        varint::put(bytes.len() as u64, self.out);
        self.out.extend_from_slice(bytes);
    }
}
