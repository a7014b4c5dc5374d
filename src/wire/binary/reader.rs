//! Reading bytes from the front, and where that ended.

use crate::types::{NodeId, varint};
use crate::wire::MAX_TEXT_BYTES;

/// What was read, or what is wrong at the place where the reader stands.
pub(super) type Read<T> = Result<T, &'static str>;

const ENDS: &str = "the packet ends here";

/// The texts that a reader remembers: a role, a region, and an address that is a name.
const CHECKED: usize = 3;

/// A place in a packet.
#[derive(Clone, Copy)]
pub(super) struct PacketReader<'a> {
    /// All of the packet, for what refers back to an earlier place.
    packet: &'a [u8],
    rest: &'a [u8],
    /// The last texts that were checked, each with its place: entries often name the same ones.
    checked: [(usize, &'a str); CHECKED],
    /// Which of them gives way next.
    oldest: usize,
}

impl<'a> PacketReader<'a> {
    /// Stands at `at`, or at the end if that is earlier.
    pub(super) fn new(packet: &'a [u8], at: usize) -> Self {
        let rest = packet.get(at..).unwrap_or_default();
        Self { packet, rest, checked: [(usize::MAX, ""); CHECKED], oldest: 0 }
    }

    /// What is still to be read, to go back to if what comes next is wrong.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Goes back to what [`PacketReader::rest`] gave.
    pub(super) const fn go_back(&mut self, rest: &'a [u8]) {
        debug_assert!(rest.len() >= self.rest.len(), "an earlier place has more behind it");
        self.rest = rest;
    }

    /// Where it stands.
    pub(super) fn at(&self) -> usize {
        debug_assert!(self.rest.len() <= self.packet.len(), "the rest is the end of the packet");
        self.packet.len() - self.rest.len()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Read<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(ENDS)?;
        self.rest = rest;
        Ok(byte)
    }

    #[inline]
    pub(super) fn array<const N: usize>(&mut self) -> Read<[u8; N]> {
        let (array, rest) = self.rest.split_first_chunk::<N>().ok_or(ENDS)?;
        self.rest = rest;
        Ok(*array)
    }

    /// The 16 bytes of an id, in the packet still.
    #[inline]
    pub(super) fn id(&mut self) -> Read<NodeId> {
        // (Copied into a result first, it would have to be read from there in other pieces than those
        // in which it was written, and the processor waits for that.)
        let Some((id, rest)) = self.rest.split_first_chunk::<16>() else { return Err(ENDS) };
        self.rest = rest;
        Ok(NodeId::new(*id))
    }

    pub(super) fn bytes(&mut self, len: usize) -> Read<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or(ENDS)?;
        self.rest = rest;
        Ok(bytes)
    }

    #[inline]
    pub(super) fn varint(&mut self) -> Read<u64> {
        varint::take(&mut self.rest).ok_or("no number in its shortest form")
    }

    pub(super) fn varint32(&mut self) -> Read<u32> {
        let start = self.rest;
        u32::try_from(self.varint()?).map_err(|_| {
            self.rest = start;
            "a number beyond 32 bits"
        })
    }

    /// Bytes with their number before them.
    pub(super) fn counted(&mut self) -> Read<&'a [u8]> {
        let start = self.rest;
        let len = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        self.bytes(len).inspect_err(|_| self.rest = start)
    }

    /// A text that stands here: its length in one byte, then its bytes.
    pub(super) fn text(&mut self) -> Read<&'a str> {
        let place = self.at();
        let text = self.unchecked_text()?;
        self.note(place, text);
        Ok(text)
    }

    fn note(&mut self, place: usize, text: &'a str) {
        if let Some(oldest) = self.checked.get_mut(self.oldest) {
            *oldest = (place, text);
        }
        self.oldest = (self.oldest + 1) % CHECKED;
    }

    /// A text that stands here and was not checked before.
    fn unchecked_text(&mut self) -> Read<&'a str> {
        let (&len, rest) = self.rest.split_first().ok_or(ENDS)?;
        let len = usize::from(len);
        if len > MAX_TEXT_BYTES {
            return Err("a text of more than 63 bytes");
        }
        let (text, rest) = rest.split_at_checked(len).ok_or(ENDS)?;
        let text = core::str::from_utf8(text).map_err(|_| "a text that is not UTF-8")?;
        self.rest = rest;
        Ok(text)
    }

    /// A text that stands at an earlier place, whose offset stands here.
    pub(super) fn reference(&mut self) -> Read<&'a str> {
        let (start, here) = (self.rest, self.at());
        let before = self.packet.get(..here).unwrap_or_default();
        let place = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        // A place that stands for no text is beyond them all.
        let mut checked = self.checked.iter().filter(|_| place < here);
        if let Some(&(_, text)) = checked.find(|(there, _)| *there == place) {
            return Ok(text);
        }
        let mut there =
            Self { packet: before, rest: before.get(place..).unwrap_or_default(), ..*self };
        match there.unchecked_text() {
            Ok(text) => {
                self.note(place, text);
                Ok(text)
            }
            Err(_) => {
                self.rest = start;
                Err("no text stands where this refers to")
            }
        }
    }
}
