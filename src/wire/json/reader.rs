//! Reading JSON from the front: values are checked and skipped, or found where they stand. Nothing
//! is built and nothing allocated, but the text of an error.

use super::string::Quoted;
use crate::wire::Error;
use alloc::format;
use core::fmt::{self, Arguments};

/// How deep arrays and objects may stand in one another.
const MAX_DEPTH: u8 = 127;

/// A place in a text.
#[derive(Clone)]
pub(super) struct TextReader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u8,
    /// Whether the bracket of an array or an object was read last, and no value of it yet.
    is_opened: bool,
}

impl<'a> TextReader<'a> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, is_opened: false }
    }

    pub(super) const fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// The bytes that are not read yet.
    pub(super) fn left(&self) -> usize {
        debug_assert!(self.at <= self.text.len(), "no more is read than there is");
        self.text.len() - self.at
    }

    /// The number of bytes that were read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The same text at another place.
    pub(super) fn moved_to(&self, at: usize) -> Self {
        Self { at, ..self.clone() }
    }

    /// Skips white space; the next byte, which stays.
    #[inline]
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    /// An error about what was read so far.
    pub(super) fn flaw(&self, reason: Arguments<'_>) -> Error {
        Error::Malformed { offset: self.at, reason: format!("{reason}") }
    }

    /// The error of a message that would take more than there is room for.
    pub(super) fn too_much(&self) -> Error {
        self.flaw(format_args!("`entries` that would take far more memory than their text"))
    }

    /// An error about what comes next.
    pub(super) fn unexpected(&mut self, expected: Arguments<'_>) -> Error {
        let Some(next) = self.peek() else {
            return self.flaw(format_args!("the text ends, not {expected}"));
        };
        self.at += 1;
        let found = match next {
            b'"' => "a string",
            b'{' => "an object",
            b'[' => "an array",
            b'-' | b'0'..=b'9' => "a number",
            b'n' => "null",
            b't' | b'f' => "true or false",
            _ => return self.flaw(format_args!("`{}`, not {expected}", next.escape_ascii())),
        };
        self.flaw(format_args!("{found}, not {expected}"))
    }

    /// Reads an opening bracket of the kind that was seen.
    fn open(&mut self) -> Result<(), Error> {
        self.at += 1;
        self.depth += 1;
        self.is_opened = true;
        if self.depth > MAX_DEPTH {
            return Err(self.flaw(format_args!("recursion limit exceeded")));
        }
        Ok(())
    }

    /// Starts to read an object or an array; `what` it is to be.
    pub(super) fn begin(&mut self, bracket: u8, what: Arguments<'_>) -> Result<(), Error> {
        if self.peek() == Some(bracket) { self.open() } else { Err(self.unexpected(what)) }
    }

    /// Moves to the next value of an array or object that was begun, or to its end, which is read.
    #[inline]
    fn has_next(&mut self, end: u8) -> Result<bool, Error> {
        let is_first = core::mem::take(&mut self.is_opened);
        match self.peek() {
            Some(byte) if byte == end => {
                debug_assert!(self.depth > 0, "each closing bracket has its opening one");
                self.at += 1;
                self.depth -= 1;
                Ok(false)
            }
            Some(b',') if !is_first => {
                self.at += 1;
                if self.peek() == Some(end) {
                    self.at += 1;
                    return Err(self.flaw(format_args!("a trailing comma")));
                }
                Ok(true)
            }
            Some(_) if is_first => Ok(true),
            _ => Err(self.unexpected(format_args!("`,` or `{}`", char::from(end)))),
        }
    }

    /// Moves to the next value of an array; whether there is one.
    pub(super) fn next_value(&mut self) -> Result<bool, Error> {
        self.has_next(b']')
    }

    /// Moves to the next key of an object; whether there is one.
    #[inline]
    pub(super) fn has_key(&mut self) -> Result<bool, Error> {
        self.has_next(b'}')
    }

    /// Reads a key with the colon behind it.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Quoted<'a>, Error> {
        let key = self.string(format_args!("a key"))?;
        if self.peek() != Some(b':') {
            return Err(self.unexpected(format_args!("`:`")));
        }
        self.at += 1;
        Ok(key)
    }

    /// Moves to the next value of an object; its key, if there is one.
    #[inline]
    pub(super) fn next_key(&mut self) -> Result<Option<Quoted<'a>>, Error> {
        if self.has_key()? { self.key().map(Some) } else { Ok(None) }
    }

    /// Reads a string; `what` it is to be.
    #[inline]
    pub(super) fn string(&mut self, what: Arguments<'_>) -> Result<Quoted<'a>, Error> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected(what));
        }
        let rest = self.text.get(self.at + 1..).unwrap_or_default();
        match Quoted::read(rest) {
            Ok(string) => {
                self.at += string.raw_bytes() + 2;
                Ok(string)
            }
            Err((read, reason)) => {
                self.at += 1 + read;
                Err(self.flaw(format_args!("{reason}")))
            }
        }
    }

    /// Reads a number, as it is written.
    pub(super) fn number(&mut self, what: Arguments<'_>) -> Result<Number<'a>, Error> {
        if !matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            return Err(self.unexpected(what));
        }
        let start = self.at;
        let is_negative = self.text.get(start) == Some(&b'-');
        self.at += usize::from(is_negative);
        let starts_with_zero = self.text.get(self.at) == Some(&b'0');
        let digits = self.digits();
        if digits == 0 || (starts_with_zero && digits > 1) {
            return Err(self.flaw(format_args!("no number")));
        }
        let integer = self.text.get(self.at - digits..self.at).unwrap_or_default();
        let mut is_integer = true;
        if self.text.get(self.at) == Some(&b'.') {
            is_integer = false;
            self.at += 1;
            if self.digits() == 0 {
                return Err(self.flaw(format_args!("no number")));
            }
        }
        let has_exponent = matches!(self.text.get(self.at), Some(b'e' | b'E'));
        if has_exponent {
            is_integer = false;
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if self.digits() == 0 {
                return Err(self.flaw(format_args!("no number")));
            }
        }
        // Most numbers are too short to be too large for a reader of the other side.
        if has_exponent || digits > 300 {
            let text = self.text.get(start..self.at).unwrap_or_default();
            let value = core::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
            if !value.is_some_and(f64::is_finite) {
                return Err(self.flaw(format_args!("a number out of range")));
            }
        }
        Ok(Number { is_negative, is_integer, digits: integer })
    }

    /// Moves over digits; how many they were.
    #[inline]
    fn digits(&mut self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += len;
        len
    }

    /// Reads a value of any kind, checks it, and forgets it.
    pub(super) fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(b'"') => self.string(format_args!("")).map(drop),
            Some(b'-' | b'0'..=b'9') => self.number(format_args!("")).map(drop),
            Some(b'[') => {
                self.open()?;
                while self.next_value()? {
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'{') => {
                self.open()?;
                while self.next_key()?.is_some() {
                    self.skip()?;
                }
                Ok(())
            }
            _ => self.skip_word(),
        }
    }

    fn skip_word(&mut self) -> Result<(), Error> {
        for word in [&b"null"[..], b"true", b"false"] {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
        }
        Err(self.unexpected(format_args!("a value")))
    }

    /// Reads the end of the text.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        if self.peek().is_none() {
            Ok(())
        } else {
            Err(self.unexpected(format_args!("the end of the text")))
        }
    }
}

/// A number as it is written.
pub(super) struct Number<'a> {
    pub(super) is_negative: bool,
    /// Whether it is written without a fraction and an exponent.
    pub(super) is_integer: bool,
    /// The digits before those.
    pub(super) digits: &'a [u8],
}

impl Number<'_> {
    /// Its value; `None` if it is not written as an integer or has more than 64 bits.
    pub(super) fn value(&self) -> Option<i128> {
        if !self.is_integer {
            return None;
        }
        let mut value = 0_u64;
        for digit in self.digits {
            value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        }
        let value = i128::from(value);
        Some(if self.is_negative { -value } else { value })
    }
}

impl fmt::Display for Number<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Some(value) => write!(f, "{value}"),
            None if self.is_integer => write!(f, "a number of more than 64 bits"),
            None => write!(f, "no integer"),
        }
    }
}
