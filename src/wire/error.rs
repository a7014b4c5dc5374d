//! Why bytes were not read, or a message not written.

use super::{MAX_ENTRIES, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES};
use crate::types::MessageKind;
use alloc::string::String;
use core::fmt;

/// Why bytes were not read, or a message not written. Nothing was changed by it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than [`MAX_MESSAGE_BYTES`]; the field is how many there are. A frame with such a
    /// length cannot be skipped safely in a stream, so its connection is lost.
    TooLarge(usize),
    /// More entries to write than [`MAX_ENTRIES`], or than a reader of bincode would take.
    TooManyEntries,
    /// This kind of message exists in packets alone and cannot be written as text.
    Kind(MessageKind),
    /// An entry that leaves the configuration out exists in packets alone and cannot be written as
    /// text.
    Claim,
    /// A text to write that is longer than [`MAX_TEXT_BYTES`]; the field is its length.
    Text(usize),
    /// A part of metadata to write that is beyond the limits of metadata.
    Part,
    /// The text is not a message (the peer's fault).
    Malformed {
        /// How many bytes had been read when it was found.
        offset: usize,
        /// What was found and what was expected, with the field's name where there is one.
        reason: String,
    },
    /// The bytes are not a packet, or not bincode's (the peer's fault).
    Invalid {
        /// Where that shows.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A packet of a version whose first half is not ours, or of version 0: written by a program
    /// that is newer by more than this one can read.
    Version(u8),
    /// A packet with flags that must be understood and are not; the field has these alone.
    Flags(u16),
    /// The functions of a serializer of the program's own failed, or wrote more than
    /// [`MAX_MESSAGE_BYTES`].
    Custom,
    /// The message was written, but an entry without its metadata: with it the entry has so many
    /// bytes.
    MetadataLeftOut(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => {
                write!(f, "a message of {bytes} bytes; at most {MAX_MESSAGE_BYTES} are carried")
            }
            Self::TooManyEntries => {
                write!(f, "a message of more entries than are carried ({MAX_ENTRIES} at most)")
            }
            Self::Kind(kind) => write!(f, "a message of kind {kind:?} cannot travel as JSON"),
            Self::Claim => write!(f, "an entry without its configuration cannot travel as JSON"),
            Self::Text(bytes) => {
                write!(f, "a text of {bytes} bytes; at most {MAX_TEXT_BYTES} are carried")
            }
            Self::Part => write!(f, "a part of metadata that is beyond its limits"),
            Self::Malformed { offset, reason } => write!(f, "at byte {offset}: {reason}"),
            Self::Invalid { offset, reason } => write!(f, "at byte {offset}: {reason}"),
            Self::Version(version) => write!(f, "a packet of version {version}, not 1 to 15"),
            Self::Flags(flags) => write!(f, "a packet with unknown flags {flags:#06x}"),
            Self::Custom => f.write_str(
                "the functions of this serializer gave an error, or more than 1 MiB; look there",
            ),
            Self::MetadataLeftOut(bytes) => write!(
                f,
                "an entry has {bytes} bytes, too many for one piece; it was sent without its \
                 metadata, so have less of it"
            ),
        }
    }
}

impl core::error::Error for Error {}
