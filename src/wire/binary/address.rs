//! Address texts in four or sixteen bytes: those, and only those, that are written back the same.

use core::net::Ipv6Addr;

/// The longest text of an IPv4 address in bytes.
pub(super) const V4_TEXT_BYTES: usize = 15;
/// The longest text of an address in bytes: eight groups of four digits and seven colons.
pub(super) const TEXT_BYTES: usize = 39;

/// Each octet in decimal with a dot behind it, and the length of both.
static DECIMALS: [[u8; 5]; 256] = decimals();

const fn decimals() -> [[u8; 5]; 256] {
    let mut all = [[0; 5]; 256];
    let mut value = 0;
    while value < all.len() {
        let digits = [value / 100, value / 10 % 10, value % 10];
        let (mut len, mut at) = (
            0,
            if value >= 100 {
                0
            } else if value >= 10 {
                1
            } else {
                2
            },
        );
        while at < digits.len() {
            all[value][len] = b'0' + digits[at] as u8;
            (len, at) = (len + 1, at + 1);
        }
        all[value][len] = b'.';
        all[value][4] = len as u8 + 1;
        value += 1;
    }
    all
}

/// An address text while it is written.
#[derive(Clone, Copy)]
pub(crate) struct AddressText {
    bytes: [u8; TEXT_BYTES],
    len: usize,
}

impl AddressText {
    const EMPTY: Self = Self { bytes: [0; TEXT_BYTES], len: 0 };

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }

    /// A number in lower-case hex, without leading zeros.
    fn hex(&mut self, value: u16) {
        let digits = (4 - value.leading_zeros() / 4).max(1);
        for place in (0..digits).rev() {
            self.push(b"0123456789abcdef"[usize::from(value >> (4 * place)) & 15]);
        }
    }

    fn dotted(&mut self, octets: [u8; 4]) {
        // Put together in one place: written one after the other, each part waits for the last.
        let (mut text, mut len) = (0_u128, 0);
        for octet in octets {
            let [digits @ .., bytes] = DECIMALS[usize::from(octet)];
            text |= u128::from(u32::from_le_bytes(digits)) << (8 * len);
            len += usize::from(bytes);
        }
        if let Some(place) = self.bytes.get_mut(self.len..self.len + 16) {
            place.copy_from_slice(&text.to_le_bytes());
            // No dot behind the last one.
            self.len += len - 1;
        }
    }

    fn groups(&mut self, groups: &[u16]) {
        for (i, &group) in groups.iter().enumerate() {
            if i > 0 {
                self.push(b':');
            }
            self.hex(group);
        }
    }
}

/// The text of an IPv4 address: four numbers in decimal with dots between.
pub(crate) fn v4_text(octets: [u8; 4]) -> AddressText {
    let mut text = AddressText::EMPTY;
    text.dotted(octets);
    text
}

/// The text of an IPv6 address as RFC 5952 recommends it: lower-case hex without leading zeros, the
/// first of the longest runs of two or more zero groups as `::`, and an IPv4 address behind
/// `::ffff:` in its own form.
pub(super) fn v6_text(octets: [u8; 16]) -> AddressText {
    let mut text = AddressText::EMPTY;
    let address = Ipv6Addr::from(octets);
    if let Some(v4) = address.to_ipv4_mapped() {
        b"::ffff:".iter().for_each(|&byte| text.push(byte));
        text.dotted(v4.octets());
        return text;
    }
    let groups = address.segments();
    let (start, len) = longest_zeros(&groups);
    if len < 2 {
        text.groups(&groups);
        return text;
    }
    text.groups(groups.get(..start).unwrap_or_default());
    text.push(b':');
    text.push(b':');
    text.groups(groups.get(start + len..).unwrap_or_default());
    text
}

/// Start and length of the first of the longest runs of zeros.
fn longest_zeros(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (i, &group) in groups.iter().enumerate() {
        run = if group == 0 { (run.0, run.1 + 1) } else { (i + 1, 0) };
        if run.1 > best.1 {
            best = run;
        }
    }
    best
}

/// The four bytes of a text that [`v4_text`] writes: an IPv4 address as every parser takes it.
pub(crate) fn parse_v4(text: &str) -> Option<[u8; 4]> {
    // Most texts that are no address end here.
    if text.len() > V4_TEXT_BYTES || !text.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let mut octets = [0; 4];
    let mut rest = text.bytes();
    for (at, octet) in octets.iter_mut().enumerate() {
        let (mut value, mut digits) = (0_u32, 0);
        let is_last = loop {
            match rest.next() {
                // A second digit after a zero would be lost.
                Some(digit @ b'0'..=b'9') if digits == 0 || (value > 0 && digits < 3) => {
                    value = value * 10 + u32::from(digit - b'0');
                    digits += 1;
                }
                Some(b'.') => break false,
                None => break true,
                Some(_) => return None,
            }
        };
        if digits == 0 || is_last != (at == 3) {
            return None;
        }
        *octet = u8::try_from(value).ok()?;
    }
    Some(octets)
}

/// The sixteen bytes of a text that [`v6_text`] writes and that is longer than they are.
pub(super) fn parse_v6(text: &str) -> Option<[u8; 16]> {
    if text.len() < 16 || text.len() > TEXT_BYTES || !text.contains(':') {
        return None;
    }
    let octets = text.parse::<Ipv6Addr>().ok()?.octets();
    (v6_text(octets).as_bytes() == text.as_bytes()).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use core::net::Ipv4Addr;
    use proptest::prelude::*;

    #[test]
    fn only_texts_that_come_back_the_same_are_packed() {
        for text in ["0.0.0.0", "10.0.0.7", "255.255.255.255", "127.0.0.1"] {
            let octets = parse_v4(text).expect("an address");
            assert_eq!(v4_text(octets).as_bytes(), text.as_bytes());
        }
        for text in [
            "",
            "1",
            "1.2.3",
            "1.2.3.",
            ".1.2.3",
            "1..2.3",
            "01.2.3.4",
            "1.2.3.4.5",
            "1.2.3.256",
            "1.2.3.4 ",
            "1.2.3.x",
            "1.2.3.00",
            "1.2.3.0004",
            "+1.2.3.4",
            "1000.2.3.4",
        ] {
            assert_eq!(parse_v4(text), None, "{text}");
        }
        for text in ["2001:db8::2:3:4:5", "::ffff:10.20.30.40", "fe80::1234:5678:9abc"] {
            let octets = parse_v6(text).expect("an address");
            assert_eq!(v6_text(octets).as_bytes(), text.as_bytes());
        }
        for text in [
            "2001:DB8::1:2:3:4:5",
            "2001:0db8::1:2:3:4:5",
            "2001:db8:0:0:0:0:0:1",
            "::ffff:a14:1e28",
            "db-7.rack-2.example:1",
            "fe80::1234:5678:9abc%eth0",
            "::1",
        ] {
            assert_eq!(parse_v6(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_those_of_the_standard_library(
            octets: [u8; 16], zeros in prop::collection::vec(0..8_usize, 0..8), mapped: bool,
        ) {
            let mut octets = octets;
            for zero in zeros {
                octets[2 * zero..2 * zero + 2].fill(0);
            }
            if mapped {
                octets[..12].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
            }
            let text = Ipv6Addr::from(octets).to_string();
            prop_assert!(v6_text(octets).as_bytes() == text.as_bytes(), "{}", text);
            let packed = (text.len() >= 16).then_some(octets);
            prop_assert_eq!(parse_v6(&text), packed);
            let four = [octets[0], octets[5], octets[10], octets[15]];
            let text = Ipv4Addr::from(four).to_string();
            prop_assert!(v4_text(four).as_bytes() == text.as_bytes(), "{}", text);
            prop_assert_eq!(parse_v4(&text), Some(four));
        }
    }
}
