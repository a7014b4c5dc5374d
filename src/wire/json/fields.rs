//! Readers of one value each, whose errors name the field.

use super::reader::TextReader;
use crate::types::NodeId;
use crate::wire::room::Room;
use crate::wire::{Error, MAX_TEXT_BYTES};
use alloc::string::String;

/// Any unsigned number; which of them exist is for the core to say (P-4).
pub(super) fn counter(reader: &mut TextReader<'_>, field: &str) -> Result<u64, Error> {
    integer(reader, field, 0, u64::MAX)
}

/// An integer from `least` to `most`; it must fit a `T` then.
pub(super) fn integer<T: TryFrom<i128>>(
    reader: &mut TextReader<'_>,
    field: &str,
    least: i64,
    most: u64,
) -> Result<T, Error> {
    let number = reader.number(format_args!("an integer for `{field}`"))?;
    let range = i128::from(least)..=i128::from(most);
    let value = number.value().filter(|value| range.contains(value));
    value
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| reader.flaw(format_args!("`{field}` is {number}, not {least} to {most}")))
}

/// An id as 16 bytes of one or two hex digits with commas between.
pub(super) fn id(reader: &mut TextReader<'_>, field: &str) -> Result<NodeId, Error> {
    const WHAT: &str = "16 hex bytes with commas between";
    let string = reader.string(format_args!("{WHAT} for `{field}`"))?;
    let id = match string.plain() {
        Some(text) => read_id(text.bytes()),
        None => read_id(string.chars().map(|c| u8::try_from(c).unwrap_or(b'?'))),
    };
    id.ok_or_else(|| reader.flaw(format_args!("`{field}` is not {WHAT}")))
}

fn read_id(mut text: impl Iterator<Item = u8>) -> Option<NodeId> {
    let mut bytes = [0; 16];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = digit(text.next()?)?;
        let mut next = text.next();
        if let Some(low) = next.and_then(digit) {
            *byte = *byte << 4 | low;
            next = text.next();
        }
        match next {
            Some(b',') if i < 15 => {}
            None if i == 15 => return Some(NodeId::new(bytes)),
            _ => return None,
        }
    }
    None
}

const fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'0'..=b'9' => byte - b'0',
        b'a'..=b'f' => byte - b'a' + 10,
        b'A'..=b'F' => byte - b'A' + 10,
        _ => return None,
    })
}

/// A text of at most [`MAX_TEXT_BYTES`].
pub(super) fn text(
    reader: &mut TextReader<'_>,
    field: &str,
    room: &mut Room,
) -> Result<String, Error> {
    let string = reader.string(format_args!("a string for `{field}`"))?;
    let bytes = string.len();
    if bytes > MAX_TEXT_BYTES {
        return Err(reader.flaw(format_args!(
            "`{field}` has {bytes} bytes, at most {MAX_TEXT_BYTES} are carried"
        )));
    }
    if !room.take(bytes) {
        return Err(reader.too_much());
    }
    Ok(string.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_sixteen_parts_of_one_or_two_digits() {
        let read = |text: &str| read_id(text.bytes());
        let zeros = "0,".repeat(15);
        assert_eq!(read(&(zeros.clone() + "0")), Some(NodeId::ZERO));
        let mut bytes = [0; 16];
        bytes[15] = 0xaf;
        assert_eq!(read(&(zeros.clone() + "aF")), Some(NodeId::new(bytes)));
        for bad in ["", "0", "0,", "00112233445566778899aabbccddeeff", &zeros] {
            assert_eq!(read(bad), None, "{bad}");
        }
        for end in ["", ",", "0,", "0,0", "000", " 0", "+1", "0 ", "g"] {
            assert_eq!(read(&(zeros.clone() + end)), None, "{end}");
        }
    }
}
