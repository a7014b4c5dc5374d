//! Unsigned numbers in seven bits a byte, the lowest first; the top bit says that more follow.
//! Only the shortest form of a number is read, so that each has one.

use alloc::vec::Vec;

/// The most bytes of a number.
pub const MAX_BYTES: usize = 10;

/// Writes a number to the end of `out`.
pub fn put(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// The bytes that [`put`] writes.
#[must_use]
pub const fn len(value: u64) -> usize {
    (70 - (value | 1).leading_zeros() as usize) / 7
}

/// Reads a number from the front of `bytes` and moves on; `None`, without moving, at the end, for
/// a number beyond 64 bits, or one that is not in its shortest form.
#[inline]
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, tail) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = tail;
        return Some(u64::from(first));
    }
    let Some(word) = bytes.first_chunk::<8>() else { return take_slowly(bytes) };
    let word = u64::from_le_bytes(*word);
    let ends = !word & 0x8080_8080_8080_8080;
    if ends == 0 {
        return take_slowly(bytes);
    }
    // All bits up to the end of the first byte that says it is the last.
    let word = word & (ends ^ (ends - 1));
    let len = ends.trailing_zeros() as usize / 8 + 1;
    if word >> (8 * (len - 1)) == 0 {
        return None;
    }
    *bytes = &bytes[len..];
    Some(without_top_bits(word))
}

/// The numbers that end within eight bytes of the end of the input, and those of nine or ten bytes.
#[inline(never)]
fn take_slowly(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for (i, &byte) in bytes.iter().take(MAX_BYTES).enumerate() {
        let bits = u64::from(byte & 0x7f);
        if i == MAX_BYTES - 1 && bits > 1 {
            return None;
        }
        value |= bits << (7 * i);
        if byte < 0x80 {
            if byte == 0 && i > 0 {
                return None;
            }
            *bytes = &bytes[i + 1..];
            return Some(value);
        }
    }
    None
}

/// The low seven bits of each byte, together: pairs of bytes, then of pairs, then of fours.
const fn without_top_bits(word: u64) -> u64 {
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
    (word & 0x0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4)
}

/// What [`put`] writes, in the first bytes of an array, and how many they are: for a writer that has
/// its bytes in a place of their own.
#[inline]
#[must_use]
pub fn spread(value: u64) -> ([u8; MAX_BYTES], usize) {
    let mut bytes = [0; MAX_BYTES];
    let len = len(value);
    if len <= 8 {
        let word = (value & 0x0fff_ffff) | ((value & 0x00ff_ffff_f000_0000) << 4);
        let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x0fff_c000_0fff_c000) << 2);
        let word = (word & 0x007f_007f_007f_007f) | ((word & 0x3f80_3f80_3f80_3f80) << 1);
        let more = 0x8080_8080_8080_8080 & ((1 << (8 * (len - 1))) - 1);
        bytes[..8].copy_from_slice(&(word | more).to_le_bytes());
    } else {
        let mut rest = value;
        for byte in &mut bytes[..len - 1] {
            *byte = rest as u8 | 0x80;
            rest >>= 7;
        }
        bytes[len - 1] = rest as u8;
    }
    (bytes, len)
}
