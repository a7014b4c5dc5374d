//! Writing, by hand: the bytes are fixed, and one pass over borrowed texts needs no serializer.

use crate::types::{Detail, Entry, Header, NodeId};
use crate::wire::{Error, MAX_ENTRIES, append_all, check_length};
use alloc::vec::Vec;

/// Writes a message to the end of `out`, without a length prefix.
///
/// Left is written failed, since the old format has no word for it, and an entry that says nothing
/// about metadata is written with `{}`, since the old library always writes the key. So is one whose
/// metadata travels apart, which a text cannot say.
///
/// # Errors
/// [`Error::Kind`], [`Error::Claim`], [`Error::TooManyEntries`] or [`Error::TooLarge`]; `out` is as before then.
///
/// ```
/// use gossip::types::{Header, MessageKind};
/// let mut out = Vec::new();
/// let header = Header { kind: MessageKind::Update, timestamp: 7, ..Header::default() };
/// gossip::wire::json::encode(&header, [], &mut out).unwrap();
/// assert!(out.starts_with(br#"{"entries":[],"sender":"00,00,"#));
/// assert!(out.ends_with(br#"00","timestamp":7,"type":5}"#));
/// ```
pub fn encode<'a>(
    header: &Header,
    entries: impl IntoIterator<Item = Entry<'a>>,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    append_all(out, |out, start| {
        begin_message(out);
        for (index, entry) in entries.into_iter().enumerate() {
            if index == MAX_ENTRIES {
                return Err(Error::TooManyEntries);
            }
            if index > 0 {
                out.push(b',');
            }
            encode_entry(&entry, out)?;
            check_length(out, start)?;
        }
        end_message(header, out)?;
        check_length(out, start)
    })
}

/// Writes what stands before the entries.
pub(crate) fn begin_message(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"entries\":[");
}

/// Writes what stands behind the entries.
pub(crate) fn end_message(header: &Header, out: &mut Vec<u8>) -> Result<(), Error> {
    if !header.kind.is_struct() {
        return Err(Error::Kind(header.kind));
    }
    out.extend_from_slice(b"],\"sender\":");
    id(&header.sender, out);
    out.extend_from_slice(b",\"timestamp\":");
    unsigned(header.timestamp, out);
    out.extend_from_slice(b",\"type\":");
    unsigned(header.kind as u64, out);
    if header.wire > 0 {
        out.extend_from_slice(b",\"wire\":");
        unsigned(header.wire.into(), out);
    }
    if header.cluster > 0 {
        out.extend_from_slice(b",\"cluster\":");
        unsigned(header.cluster.into(), out);
    }
    out.push(b'}');
    Ok(())
}

/// Whether the key is written that nodes of 1.4.2 do not have: without it the heartbeat stands for it.
pub(super) const fn has_config_heartbeat(entry: &Entry<'_>) -> bool {
    entry.config_heartbeat > 0 && entry.config_heartbeat != entry.heartbeat
}

/// Writes one entry; nothing on an error.
pub(crate) fn encode_entry(entry: &Entry<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    if entry.detail == Detail::Claim {
        return Err(Error::Claim);
    }
    out.extend_from_slice(b"{\"config_epoch\":");
    unsigned(entry.config_epoch, out);
    if has_config_heartbeat(entry) {
        out.extend_from_slice(b",\"config_heartbeat\":");
        unsigned(entry.config_heartbeat, out);
    }
    out.extend_from_slice(b",\"heartbeat\":");
    unsigned(entry.heartbeat, out);
    out.extend_from_slice(b",\"id\":");
    id(&entry.id, out);
    out.extend_from_slice(b",\"ip\":");
    text(entry.ip, out);
    out.extend_from_slice(b",\"metadata\":{");
    let pairs = entry.metadata.pairs().into_iter().flatten();
    for (index, (key, value)) in pairs.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        text(key, out);
        out.push(b':');
        text(value, out);
    }
    out.extend_from_slice(b"},\"port\":");
    if entry.port < 0 {
        out.push(b'-');
    }
    unsigned(u64::from(entry.port.unsigned_abs()), out);
    out.extend_from_slice(b",\"region\":");
    text(entry.region, out);
    out.extend_from_slice(b",\"role\":");
    text(entry.role, out);
    out.extend_from_slice(b",\"status\":");
    unsigned(u64::from(entry.status.to_v1()), out);
    out.extend_from_slice(b",\"suspicion_count\":0,\"version\":");
    unsigned(entry.version, out);
    out.push(b'}');
    Ok(())
}

fn id(id: &NodeId, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b','; 3 * 16 + 1];
    for (place, byte) in text[1..].chunks_exact_mut(3).zip(id.as_bytes()) {
        place[0] = DIGITS[usize::from(byte >> 4)];
        place[1] = DIGITS[usize::from(byte & 15)];
    }
    text[0] = b'"';
    text[3 * 16] = b'"';
    out.extend_from_slice(&text);
}

fn unsigned(value: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value;
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Writes a string with its quotes. Only what must be is escaped: UTF-8 and `/` go as they are.
fn text(value: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain = 0;
    for (index, byte) in value.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&value.as_bytes()[plain..index]);
        plain = index + 1;
        escape(byte, out);
    }
    out.extend_from_slice(&value.as_bytes()[plain..]);
    out.push(b'"');
}

fn escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.push(b'0' + (byte >> 4));
            out.push(b"0123456789abcdef"[usize::from(byte & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// An id: sixteen bytes of two digits and the commas between, without its quotes.
const ID_BYTES: usize = 47;

/// What an entry takes in a text, exactly.
#[must_use]
pub fn entry_bytes(entry: &Entry<'_>) -> usize {
    const FIXED: usize = concat!(
        r#"{"config_epoch":,"heartbeat":,"id":"","ip":,"metadata":{},"port":,"region":,"role":"#,
        r#","status":0,"suspicion_count":0,"version":}"#
    )
    .len();
    let numbers =
        [entry.config_epoch, entry.heartbeat, entry.version, entry.port.unsigned_abs().into()];
    let mut bytes: usize = numbers.into_iter().map(digit_bytes).sum();
    if has_config_heartbeat(entry) {
        bytes += r#","config_heartbeat":"#.len() + digit_bytes(entry.config_heartbeat);
    }
    let texts = text_bytes(entry.ip) + text_bytes(entry.region) + text_bytes(entry.role);
    let pairs = entry.metadata.pairs().into_iter().flatten();
    // A colon and a comma for each pair, but no comma behind the last.
    let pairs: usize = pairs.map(|(key, value)| text_bytes(key) + text_bytes(value) + 2).sum();
    let minus = usize::from(entry.port < 0);
    FIXED + ID_BYTES + bytes + minus + texts + pairs.saturating_sub(1)
}

/// The most bytes of what stands behind the entries.
pub(crate) const fn header_bytes() -> usize {
    const FIXED: usize =
        r#"],"sender":"","timestamp":,"type":0,"wire":255,"cluster":4294967295}"#.len();
    FIXED + ID_BYTES + 20
}

const fn digit_bytes(value: u64) -> usize {
    match value.checked_ilog10() {
        None => 1,
        Some(log) => log as usize + 1,
    }
}

/// A text with its quotes and escapes.
fn text_bytes(text: &str) -> usize {
    2 + text.bytes().map(escaped_bytes).sum::<usize>()
}

const fn escaped_bytes(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 8 | 9 | 10 | 12 | 13 => 2,
        0..0x20 => 6,
        _ => 1,
    }
}
