//! The choice of a format for each message.

use super::format::{Custom, Format};
use super::{Error, Kind, Scratch, binary, kind_of};
use crate::types::{Entry, Form, Header};
use alloc::sync::Arc;
use alloc::vec::Vec;

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
    /// Says why it cannot be written; `out` is as before then.
    pub fn encode(&self, message: &Outgoing<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
        let format = self.format_for(message.form);
        if let Some(packet) = message.packet {
            if matches!(format, Format::Packet) {
                out.extend_from_slice(packet);
                return Ok(());
            }
            return unpacked(message, packet, |message| self.encode(message, out));
        }
        format.encode(message.header, message.entries, out)
    }

    /// Whether a message that was decided to be a packet is written as one.
    #[must_use]
    pub const fn writes_packets(&self) -> bool {
        matches!(self, Self::Binary | Self::Auto)
    }

    /// Reads a message and gives it to `take`, with the form that it was in.
    ///
    /// # Errors
    /// Says why the bytes are no message of this form.
    pub fn decode<R>(
        &self,
        bytes: &[u8],
        take: impl FnOnce(&Header, &[Entry<'_>]) -> R,
    ) -> Result<R, Error> {
        let mut scratch = Scratch::default();
        let mut take = Some(take);
        let mut result = None;
        self.format_of(bytes).decode(bytes, &mut scratch, &mut |header, entries| {
            result = take.take().map(|take| take(header, entries));
        })?;
        result.ok_or(Error::Custom)
    }

    /// The format to write for a receiver that reads `form`.
    #[must_use]
    pub fn format_for(&self, form: Form) -> Format {
        match (self, form) {
            (Self::Json, _) => Format::Text { packets: false },
            (Self::Auto, Form::Text) => Format::Text { packets: true },
            (Self::Binary, _) | (Self::Auto, Form::Packet) => Format::Packet,
            #[cfg(feature = "bincode")]
            (Self::Bincode, _) => Format::Bincode,
            (Self::Custom(custom), _) => Format::Custom(custom.clone()),
        }
    }

    /// The format to read some bytes in.
    #[must_use]
    pub fn format_of(&self, bytes: &[u8]) -> Format {
        match self {
            Self::Json => Format::Text { packets: false },
            Self::Binary => Format::Packet,
            #[cfg(feature = "bincode")]
            Self::Bincode => Format::Bincode,
            Self::Auto => match kind_of(bytes) {
                Kind::Binary => Format::Packet,
                #[cfg(feature = "bincode")]
                Kind::Bincode => Format::Bincode,
                _ => Format::Text { packets: true },
            },
            Self::Custom(custom) => Format::Custom(custom.clone()),
        }
    }
}

/// Runs `body` with a message whose entries are read out of its packet, to write it in another format
/// after all.
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
