//! Strings where they stand, with their escapes.

use alloc::string::String;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// More bytes than any key has that means something.
pub(super) const NAME_BYTES: usize = 16;

/// What stands between two quotes, checked.
#[derive(Clone, Copy)]
pub(super) struct Quoted<'a> {
    raw: &'a str,
    has_escapes: bool,
}

impl<'a> Quoted<'a> {
    /// Reads up to the closing quote. The error is how many bytes were read until then, and why.
    #[inline]
    pub(super) fn read(text: &'a [u8]) -> Result<Self, (usize, &'static str)> {
        let mut has_escapes = false;
        let mut at = 0;
        let raw = loop {
            match text.get(at) {
                Some(b'"') => break text.get(..at).unwrap_or_default(),
                Some(b'\\') => {
                    has_escapes = true;
                    at += escape_bytes(text.get(at..).unwrap_or_default())
                        .ok_or((at + 1, "an escape that is none"))?;
                }
                Some(0..0x20) => return Err((at + 1, "a control character in a string")),
                Some(_) => at += 1,
                None => return Err((at, "a string that does not end")),
            }
        };
        match core::str::from_utf8(raw) {
            Ok(raw) => Ok(Self { raw, has_escapes }),
            Err(error) => Err((error.valid_up_to() + 1, "a string that is not UTF-8")),
        }
    }

    /// What it takes in the text, without its quotes.
    pub(super) const fn raw_bytes(&self) -> usize {
        self.raw.len()
    }

    /// What it says, if it stands there as it is.
    pub(super) fn plain(&self) -> Option<&'a str> {
        if self.has_escapes { None } else { Some(self.raw) }
    }

    /// The length of what it says, in bytes.
    pub(super) fn len(&self) -> usize {
        if self.has_escapes { self.chars().map(char::len_utf8).sum() } else { self.raw.len() }
    }

    /// What it says.
    pub(super) fn chars(&self) -> impl Iterator<Item = char> + use<'a> {
        let mut rest = self.raw.chars();
        core::iter::from_fn(move || match rest.next()? {
            '\\' => unescape(&mut rest),
            plain => Some(plain),
        })
    }

    /// What it says, if that is no longer than a name is; else nothing. `place` is for the few names
    /// with escapes.
    #[inline]
    pub(super) fn name<'p>(&self, place: &'p mut [u8; NAME_BYTES]) -> &'p str
    where
        'a: 'p,
    {
        if !self.has_escapes {
            return self.raw;
        }
        let mut len = 0;
        for c in self.chars() {
            let Some(rest) = place.get_mut(len..len + c.len_utf8()) else { return "" };
            c.encode_utf8(rest);
            len += c.len_utf8();
        }
        core::str::from_utf8(place.get(..len).unwrap_or_default()).unwrap_or("")
    }

    /// The order of what two say, by their bytes.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        if self.has_escapes || other.has_escapes {
            // The order of characters is that of their bytes in UTF-8.
            self.chars().cmp(other.chars())
        } else {
            self.raw.cmp(other.raw)
        }
    }

    /// What it says, in no more memory than that takes.
    pub(super) fn to_text(self) -> String {
        if !self.has_escapes {
            return self.raw.into();
        }
        let mut text = String::with_capacity(self.len());
        text.extend(self.chars());
        text
    }

    /// Writes what it says to the end of `out`.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        if self.has_escapes {
            let mut bytes = [0; 4];
            self.chars().for_each(|c| out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes()));
        } else {
            out.extend_from_slice(self.raw.as_bytes());
        }
    }
}

/// The bytes of the escape that begins here; `None` if there is none.
fn escape_bytes(text: &[u8]) -> Option<usize> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(2),
        b'u' => match hex(text.get(2..6)?)? {
            0xd800..=0xdbff => {
                let low = text.get(6..12)?.strip_prefix(b"\\u")?;
                (0xdc00..=0xdfff).contains(&hex(low)?).then_some(12)
            }
            0xdc00..=0xdfff => None,
            _ => Some(6),
        },
        _ => None,
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// The character of a checked escape, whose backslash was read.
fn unescape(rest: &mut core::str::Chars<'_>) -> Option<char> {
    Some(match rest.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let high = hex4(rest)?;
            if !(0xd800..=0xdbff).contains(&high) {
                return char::from_u32(high);
            }
            rest.nth(1)?;
            let low = hex4(rest)?;
            return char::from_u32(0x10000 + ((high & 0x3ff) << 10 | low & 0x3ff));
        }
        same => same,
    })
}

fn hex4(rest: &mut core::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |value, _| Some(value << 4 | rest.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::borrow::ToOwned;

    fn says(text: &str) -> Option<String> {
        Quoted::read(text.as_bytes()).ok().map(Quoted::to_text)
    }

    #[test]
    fn escapes_are_undone() {
        for (text, expected) in [
            ("\"", ""),
            ("plain é\"", "plain é"),
            (r#"a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"),
            (r#"\u0041\u00e9\u20AC""#, "Aé€"),
            (r#"\ud83d\ude00!""#, "😀!"),
        ] {
            let quoted = Quoted::read(text.as_bytes()).expect(text);
            assert_eq!(quoted.to_text(), expected);
            assert_eq!(quoted.len(), expected.len());
            let name = quoted.name(&mut [0; NAME_BYTES]).to_owned();
            assert_eq!(name, if expected.len() <= 16 { expected } else { "" });
            assert_eq!(quoted.raw_bytes() + 1, text.len());
            let mut bytes = Vec::new();
            quoted.append_to(&mut bytes);
            assert_eq!(bytes, expected.as_bytes());
        }
    }

    #[test]
    fn what_is_no_string_is_refused() {
        for text in [
            "",
            "open",
            "tab\t\"",
            r#"\x""#,
            r#"\u12g4""#,
            r#"\u123""#,
            r#"\"#,
            r#"\ud83d""#,
            r#"\ud83dx\ude00""#,
            r#"\ude00""#,
            r#"\ud83d\u0041""#,
            r#"\u+041""#,
        ] {
            assert_eq!(says(text), None, "{text}");
        }
        assert_eq!(Quoted::read(b"ab\xff\"").err(), Some((3, "a string that is not UTF-8")));
    }

    #[test]
    fn order_is_that_of_the_bytes() {
        let read = |text: &'static str| Quoted::read(text.as_bytes()).expect(text);
        for (less, more) in [("a\"", "b\""), (r#"\u0061""#, "b\""), ("é\"", r#"\ud83d\ude00""#)] {
            assert_eq!(read(less).order(&read(more)), Ordering::Less);
            assert_eq!(read(more).order(&read(less)), Ordering::Greater);
        }
        assert_eq!(read("a\"").order(&read(r#"\u0061""#)), Ordering::Equal);
    }
}
