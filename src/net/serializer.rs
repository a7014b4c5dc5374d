//! The forms in which a transport writes and reads messages.

use super::Error;
use crate::types::{Detail, Entry, Form, Header, MessageKind};
use crate::wire::binary::TextRoom;
use crate::wire::{self, Kind, binary, json, kind_of};
use std::sync::Arc;

/// How a transport writes and reads messages.
///
/// All but [`Serializer::Auto`] pin it: this form alone is written, and what comes in another one
/// is junk.
#[derive(Clone)]
#[non_exhaustive]
pub enum Serializer {
    /// The text of libgossip 1.4.2.
    Json,
    /// Our packets.
    Binary,
    /// What a packet says, as bincode writes it.
    #[cfg(feature = "bincode")]
    Bincode,
    /// Reads all forms, told apart by their first bytes. Writes what the core decided for the
    /// receiver, and text where nobody decided; its text says that packets are read here.
    Auto,
    /// The program's own functions.
    Custom(Arc<dyn Custom>),
}

/// A form of the program's own. Called on any thread, with no lock held.
pub trait Custom: Send + Sync {
    /// Appends a message to `out`; `false` if it has no such form.
    ///
    /// What a C struct has no room for need not be carried, and the kind is one that a C struct can
    /// have.
    fn encode(&self, header: &Header, entries: &[Entry<'_>], out: &mut Vec<u8>) -> bool;

    /// Reads a message and gives it to `take`, at most once; `false` if the bytes are none.
    fn decode(&self, bytes: &[u8], take: &mut dyn FnMut(&Header, &[Entry<'_>])) -> bool;
}

/// A message to be written.
#[derive(Clone, Copy, Debug)]
pub struct Outgoing<'m> {
    /// All but the entries.
    pub header: &'m Header,
    /// The entries, in the order in which they travel.
    pub entries: &'m [Entry<'m>],
    /// The form that the receiver reads, as the core decided; text for who is not known.
    pub form: Form,
    /// Whether the receiver is known to be no node of 1.4.2, which loses bursts of datagrams.
    pub to_new: bool,
    /// The whole message as a packet, if it was written already. Then there may be no entries, which
    /// is only for who [`Serializer::writes_packets`].
    pub packet: Option<&'m [u8]>,
}

impl<'m> Outgoing<'m> {
    /// A message for somebody of whom nothing is known.
    #[must_use]
    pub const fn new(header: &'m Header, entries: &'m [Entry<'m>]) -> Self {
        Self { header, entries, form: Form::Text, to_new: false, packet: None }
    }
}

/// What one message is written as.
#[derive(Clone, Copy)]
pub(super) enum Written<'s> {
    /// Text that shows this version of packets as being read here, 0 for none.
    Text(u8),
    Packet,
    #[cfg(feature = "bincode")]
    Bincode,
    Custom(&'s dyn Custom),
}

impl Serializer {
    /// Its name, as the C ABI has it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Binary => "binary",
            #[cfg(feature = "bincode")]
            Self::Bincode => "bincode",
            Self::Auto => "auto",
            Self::Custom(_) => "custom",
        }
    }

    /// Writes a message to the end of `out`, whole and without a length before it.
    ///
    /// # Errors
    /// [`Error::Wire`], [`Error::Custom`]; `out` is as before then.
    pub fn encode(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let written = self.written(message.form);
        if let Some(packet) = message.packet {
            if matches!(written, Written::Packet) {
                out.extend_from_slice(packet);
                return Ok(());
            }
            return unpacked(message, packet, |message| self.encode(message, out));
        }
        written.encode(message.header, message.entries, out)
    }

    /// Whether a message that was decided to be a packet is written as one.
    #[must_use]
    pub const fn writes_packets(&self) -> bool {
        matches!(self, Self::Binary | Self::Auto)
    }

    /// Reads a message and gives it to `take`, with the form that it was in.
    ///
    /// # Errors
    /// [`Error::Wire`], [`Error::Custom`] if the bytes are no message of this form.
    pub fn decode<R>(
        &self,
        bytes: &[u8],
        take: impl FnOnce(&Header, &[Entry<'_>]) -> R,
    ) -> Result<R, Error> {
        let mut scratch = Scratch::default();
        let mut take = Some(take);
        let mut result = None;
        self.read(bytes).decode(bytes, &mut scratch, &mut |header, entries| {
            result = take.take().map(|take| take(header, entries));
        })?;
        result.ok_or(Error::Custom)
    }

    /// What a message is written as whose receiver reads `form`.
    pub(super) fn written(&self, form: Form) -> Written<'_> {
        match (self, form) {
            (Self::Json, _) => Written::Text(0),
            (Self::Auto, Form::Text) => Written::Text(binary::VERSION),
            (Self::Binary, _) | (Self::Auto, Form::Packet) => Written::Packet,
            #[cfg(feature = "bincode")]
            (Self::Bincode, _) => Written::Bincode,
            (Self::Custom(custom), _) => Written::Custom(&**custom),
        }
    }

    /// What some bytes are read as.
    pub(super) fn read(&self, bytes: &[u8]) -> Read<'_> {
        match self {
            Self::Json => Read::Text { masks: true },
            Self::Binary => Read::Packet,
            #[cfg(feature = "bincode")]
            Self::Bincode => Read::Bincode,
            Self::Auto => match kind_of(bytes) {
                Kind::Binary => Read::Packet,
                #[cfg(feature = "bincode")]
                Kind::Bincode => Read::Bincode,
                _ => Read::Text { masks: false },
            },
            Self::Custom(custom) => Read::Custom(&**custom),
        }
    }

    /// Whether what is in a datagram stands alone in it, since it tells its own end; other forms have
    /// a length before them.
    pub(super) fn stands_alone(&self, datagram: &[u8]) -> bool {
        match self {
            Self::Json | Self::Custom(_) => false,
            Self::Binary => true,
            #[cfg(feature = "bincode")]
            Self::Bincode => true,
            Self::Auto => !matches!(self.read(datagram), Read::Text { .. }),
        }
    }
}

impl Written<'_> {
    /// Whether it has no length before it in a datagram.
    pub(super) const fn stands_alone(self) -> bool {
        match self {
            Self::Packet => true,
            #[cfg(feature = "bincode")]
            Self::Bincode => true,
            Self::Text(_) | Self::Custom(_) => false,
        }
    }

    /// Writes a message to the end of `out`.
    pub(super) fn encode(
        self,
        header: &Header,
        entries: &[Entry<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self {
            Self::Text(wire) => {
                let header = Header { wire, ..for_struct(header) };
                let entries = entries.iter().map(whole);
                json::encode(&header, entries, out).map_err(Error::Wire)
            }
            Self::Packet => {
                binary::encode(&reading(header), entries.iter().copied(), out).map_err(Error::Wire)
            }
            #[cfg(feature = "bincode")]
            Self::Bincode => wire::bincode::encode(&reading(header), entries.iter().copied(), out)
                .map_err(Error::Wire),
            Self::Custom(custom) => {
                let start = out.len();
                let is_written = custom.encode(&for_struct(header), entries, out);
                if is_written && out.len() - start <= wire::MAX_MESSAGE_BYTES {
                    return Ok(());
                }
                out.truncate(start);
                Err(Error::Custom)
            }
        }
    }
}

/// Runs `body` with a message whose entries are read out of its packet: what was to be written as
/// one is not after all.
#[cold]
pub(super) fn unpacked<R>(
    message: &Outgoing<'_>,
    packet: &[u8],
    body: impl FnOnce(&Outgoing<'_>) -> Result<R, Error>,
) -> Result<R, Error> {
    let packet = binary::decode(packet)?;
    let entries: Vec<Entry<'_>> = packet.entries().collect();
    body(&Outgoing { entries: &entries, packet: None, ..*message })
}

/// A header that says which packets are read here.
fn reading(header: &Header) -> Header {
    Header { wire: header.wire.max(binary::VERSION), ..*header }
}

/// A header for a form without the kinds that exist in packets alone: there they are updates.
pub(super) fn for_struct(header: &Header) -> Header {
    let kind = if header.kind.is_struct() { header.kind } else { MessageKind::Update };
    Header { kind, ..*header }
}

/// An entry for a form that has no claims alone. Who made it has the configuration too.
pub(super) fn whole<'a>(entry: &Entry<'a>) -> Entry<'a> {
    Entry { detail: Detail::Full, ..*entry }
}

/// What some bytes are read as.
#[derive(Clone, Copy)]
pub(super) enum Read<'s> {
    /// Text. One that `masks` does not let on that its sender reads packets: here is nobody who
    /// would write some.
    Text {
        masks: bool,
    },
    Packet,
    #[cfg(feature = "bincode")]
    Bincode,
    Custom(&'s dyn Custom),
}

impl Read<'_> {
    /// Reads a message and gives it to `take`, once.
    pub(super) fn decode(
        self,
        bytes: &[u8],
        scratch: &mut Scratch,
        take: &mut dyn FnMut(&Header, &[Entry<'_>]),
    ) -> Result<(), Error> {
        match self {
            Self::Text { masks } => {
                let mut message = json::decode(bytes)?;
                if masks {
                    message.header.wire = 0;
                }
                let entries = message.entries.iter().map(crate::types::NodeView::as_entry);
                scratch.with(entries, |entries| take(&message.header, entries));
                Ok(())
            }
            Self::Packet => scratch.with_packet(bytes, take),
            #[cfg(feature = "bincode")]
            Self::Bincode => {
                let message = wire::bincode::decode(bytes)?;
                let entries = message.entries.iter().map(crate::types::NodeView::as_entry);
                scratch.with(entries, |entries| take(&message.header, entries));
                Ok(())
            }
            Self::Custom(custom) => {
                let mut is_taken = false;
                let is_message = custom.decode(bytes, &mut |header, entries| {
                    if !core::mem::replace(&mut is_taken, true) {
                        take(header, entries);
                    }
                });
                if is_message && is_taken { Ok(()) } else { Err(Error::Custom) }
            }
        }
    }

    /// Whether what is read has nonces and all else of a packet.
    pub(super) const fn is_packet(self) -> bool {
        match self {
            Self::Packet => true,
            #[cfg(feature = "bincode")]
            Self::Bincode => true,
            Self::Text { .. } | Self::Custom(_) => false,
        }
    }
}

/// An empty vector and room for texts, kept for their memory.
#[derive(Default)]
pub(super) struct Scratch {
    entries: Vec<Entry<'static>>,
    texts: TextRoom,
}

impl Scratch {
    /// The entries that room is kept for, 44 KB.
    const KEPT_ENTRIES: usize = 256;

    /// Reads a packet and gives it to `take`.
    fn with_packet(
        &mut self,
        bytes: &[u8],
        take: &mut dyn FnMut(&Header, &[Entry<'_>]),
    ) -> Result<(), Error> {
        let mut entries: Vec<Entry<'_>> = core::mem::take(&mut self.entries);
        let header = binary::decode_into(bytes, &mut self.texts, &mut entries);
        if let Ok(header) = &header {
            take(header, &entries);
        }
        self.entries = Self::emptied(entries);
        header.map(drop).map_err(Error::Wire)
    }

    /// Runs `body` with some entries in a row.
    pub(super) fn with<'a, R>(
        &mut self,
        entries: impl Iterator<Item = Entry<'a>>,
        body: impl FnOnce(&[Entry<'a>]) -> R,
    ) -> R {
        let mut all: Vec<Entry<'a>> = core::mem::take(&mut self.entries);
        all.extend(entries);
        let result = body(&all);
        self.entries = Self::emptied(all);
        result
    }

    /// Of no entry there is none to borrow from; the memory stays the same.
    fn emptied(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'static>> {
        entries.clear();
        entries.shrink_to(Self::KEPT_ENTRIES);
        entries.into_iter().map(|_| Entry::default()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::NodeId;

    #[test]
    fn the_memory_of_a_scratch_is_used_again() {
        let mut scratch = Scratch::default();
        let entry = Entry { id: NodeId::new([1; 16]), ..Entry::default() };
        scratch.with(core::iter::repeat_n(entry, 40), |entries| assert_eq!(entries.len(), 40));
        let (start, room) = (scratch.entries.as_ptr(), scratch.entries.capacity());
        assert!(room >= 40 && scratch.entries.is_empty());
        scratch.with(core::iter::repeat_n(entry, 3), |entries| {
            assert_eq!(entries.as_ptr().addr(), start.addr());
        });
        assert_eq!(scratch.entries.capacity(), room);
        scratch.with(core::iter::repeat_n(entry, 1000), |_| ());
        assert!(scratch.entries.capacity() <= Scratch::KEPT_ENTRIES);
    }

    #[test]
    fn auto_writes_what_was_decided_and_says_what_it_reads() {
        let header = Header { sender: NodeId::new([1; 16]), nonce: 7, ..Header::default() };
        let message = Outgoing::new(&header, &[]);
        let encode = |serializer: &Serializer, form| {
            let mut out = Vec::new();
            serializer.encode(&Outgoing { form, ..message }, &mut out).expect("small");
            out
        };
        let text = encode(&Serializer::Auto, Form::Text);
        assert!(text.starts_with(b"{"));
        let packet = encode(&Serializer::Auto, Form::Packet);
        assert_eq!(packet, encode(&Serializer::Binary, Form::Text), "pinned");
        assert!(encode(&Serializer::Json, Form::Packet).starts_with(b"{"), "pinned");
        let read = |serializer: &Serializer, bytes: &[u8]| {
            serializer.decode(bytes, |header, _| (header.nonce, header.wire)).ok()
        };
        assert_eq!(read(&Serializer::Auto, &packet), Some((7, binary::VERSION)));
        assert_eq!(read(&Serializer::Binary, &packet), Some((7, binary::VERSION)));
        assert_eq!(read(&Serializer::Json, &packet), None);
        assert_eq!(read(&Serializer::Auto, &text).map(|(nonce, _)| nonce), Some(0));
        assert_eq!(read(&Serializer::Json, &text), Some((0, 0)));
        assert_eq!(read(&Serializer::Binary, &text), None);
    }

    #[test]
    fn kinds_of_packets_alone_are_updates_elsewhere() {
        let header = Header { kind: MessageKind::SyncDigest, ..Header::default() };
        let entry = Entry { detail: Detail::Claim, ip: "10.0.0.1", ..Entry::default() };
        let mut out = Vec::new();
        let message = Outgoing { entries: &[entry], ..Outgoing::new(&header, &[]) };
        Serializer::Json.encode(&message, &mut out).expect("small");
        let read = Serializer::Json.decode(&out, |header, entries| {
            assert_eq!(entries[0].ip, "10.0.0.1");
            header.kind
        });
        assert_eq!(read.ok(), Some(MessageKind::Update));
    }
}
