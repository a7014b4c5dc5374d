//! What a text takes, without writing it.

use super::encode::has_config_heartbeat;
use crate::types::Entry;

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
    let mut bytes: usize = numbers.into_iter().map(digits).sum();
    if has_config_heartbeat(entry) {
        bytes += r#","config_heartbeat":"#.len() + digits(entry.config_heartbeat);
    }
    let texts = text(entry.ip) + text(entry.region) + text(entry.role);
    let pairs = entry.metadata.pairs().into_iter().flatten();
    // A colon and a comma for each pair, but no comma behind the last.
    let pairs: usize = pairs.map(|(key, value)| text(key) + text(value) + 2).sum();
    let minus = usize::from(entry.port < 0);
    FIXED + ID_BYTES + bytes + minus + texts + pairs.saturating_sub(1)
}

/// The most bytes of what stands behind the entries.
pub(crate) const fn header_bytes() -> usize {
    const FIXED: usize =
        r#"],"sender":"","timestamp":,"type":0,"wire":255,"cluster":4294967295}"#.len();
    FIXED + ID_BYTES + 20
}

const fn digits(value: u64) -> usize {
    match value.checked_ilog10() {
        None => 1,
        Some(log) => log as usize + 1,
    }
}

/// A text with its quotes and escapes.
fn text(text: &str) -> usize {
    2 + text.bytes().map(escaped).sum::<usize>()
}

const fn escaped(byte: u8) -> usize {
    match byte {
        b'"' | b'\\' | 8 | 9 | 10 | 12 | 13 => 2,
        0..0x20 => 6,
        _ => 1,
    }
}
