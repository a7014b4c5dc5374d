//! The format of one message, in both directions.

#[cfg(feature = "bincode")]
use super::bincode;
use super::{Error, MAX_MESSAGE_BYTES, Scratch, append_all, binary, json};
use crate::types::{Detail, Entry, Header, Message, MessageKind, NodeView};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A format of the program's own. Called on any thread, with no lock held.
pub trait Custom: Send + Sync {
    /// Appends a message to `out`; `false` if it has no such form.
    ///
    /// What a C struct has no room for need not be carried, and the kind is one that a C struct can
    /// have.
    fn encode(&self, header: &Header, entries: &[Entry<'_>], out: &mut Vec<u8>) -> bool;

    /// Reads a message and gives it to `take`, at most once; `false` if the bytes are none.
    fn decode(&self, bytes: &[u8], take: &mut dyn FnMut(&Header, &[Entry<'_>])) -> bool;
}

/// The format that one message is written in, or that some bytes are read in.
#[derive(Clone)]
#[non_exhaustive]
pub enum Format {
    /// JSON text.
    Text {
        /// Whether this side reads packets. Text says so where it is written. Where it is read, the
        /// sender's own `wire` key is ignored unless this is set.
        packets: bool,
    },
    /// A packet.
    Packet,
    /// What a packet says, as bincode writes it.
    #[cfg(feature = "bincode")]
    Bincode,
    /// The program's own functions.
    Custom(Arc<dyn Custom>),
}

impl Format {
    /// Whether a message in it has the nonce and all else of a packet. Such a message also stands alone
    /// in a datagram; the other formats have a length before them.
    #[must_use]
    pub const fn is_packet(&self) -> bool {
        match self {
            Self::Packet => true,
            #[cfg(feature = "bincode")]
            Self::Bincode => true,
            Self::Text { .. } | Self::Custom(_) => false,
        }
    }

    /// Writes a message to the end of `out`, without a length before it.
    ///
    /// # Errors
    /// Says why it cannot be written; `out` is as before then.
    pub fn encode(
        &self,
        header: &Header,
        entries: &[Entry<'_>],
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        match self {
            Self::Text { packets } => {
                let wire = if *packets { binary::VERSION } else { 0 };
                let header = Header { wire, ..for_struct(header) };
                json::encode(&header, entries.iter().map(whole), out)
            }
            Self::Packet => binary::encode(&reading(header), entries.iter().copied(), out),
            #[cfg(feature = "bincode")]
            Self::Bincode => bincode::encode(&reading(header), entries.iter().copied(), out),
            Self::Custom(custom) => append_all(out, |out, start| {
                let is_written = custom.encode(&for_struct(header), entries, out);
                let is_small = out.len().saturating_sub(start) <= MAX_MESSAGE_BYTES;
                if is_written && is_small { Ok(()) } else { Err(Error::Custom) }
            }),
        }
    }

    /// Reads a message and gives it to `take`, once.
    pub(super) fn decode(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
        take: &mut dyn FnMut(&Header, &[Entry<'_>]),
    ) -> Result<(), Error> {
        match self {
            Self::Text { packets } => {
                let mut message = json::decode(bytes)?;
                if !packets {
                    message.header.wire = 0;
                }
                give(&message, scratch, take);
                Ok(())
            }
            Self::Packet => decode_packet(bytes, scratch, take),
            #[cfg(feature = "bincode")]
            Self::Bincode => {
                give(&bincode::decode(bytes)?, scratch, take);
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
}

fn give(message: &Message, scratch: &mut Scratch, take: &mut dyn FnMut(&Header, &[Entry<'_>])) {
    let entries = message.entries.iter().map(NodeView::as_entry);
    scratch.with(entries, |entries| take(&message.header, entries));
}

fn decode_packet(
    bytes: &[u8],
    scratch: &mut Scratch,
    take: &mut dyn FnMut(&Header, &[Entry<'_>]),
) -> Result<(), Error> {
    let mut entries = scratch.take_entries();
    let mut texts = core::mem::take(&mut scratch.texts);
    let header = binary::decode_into(bytes, &mut texts, &mut entries);
    if let Ok(header) = &header {
        take(header, &entries);
    }
    scratch.keep_entries(entries);
    scratch.texts = texts;
    header.map(drop)
}

/// A header that says which packets are read here.
fn reading(header: &Header) -> Header {
    Header { wire: header.wire.max(binary::VERSION), ..*header }
}

/// A header for a format without the kinds that exist in packets alone: there they are updates.
fn for_struct(header: &Header) -> Header {
    let kind = if header.kind.is_struct() { header.kind } else { MessageKind::Update };
    Header { kind, ..*header }
}

/// An entry for a format that has no claims alone. Whoever made it has the configuration too.
fn whole<'a>(entry: &Entry<'a>) -> Entry<'a> {
    Entry { detail: Detail::Full, ..*entry }
}
