use super::{MAX_ENTRIES, MAX_MESSAGE_BYTES};
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
    /// More entries to write than [`MAX_ENTRIES`].
    TooManyEntries,
    /// This kind of message exists in packets alone and cannot be written as text.
    Kind(MessageKind),
    /// The text is not a message (the peer's fault).
    Malformed {
        /// How many bytes had been read when it was found.
        offset: usize,
        /// What was found and what was expected, with the field's name where there is one.
        reason: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => {
                write!(f, "a message of {bytes} bytes; at most {MAX_MESSAGE_BYTES} are carried")
            }
            Self::TooManyEntries => {
                write!(f, "a message of more than {MAX_ENTRIES} entries")
            }
            Self::Kind(kind) => write!(f, "a message of kind {kind:?} cannot travel as JSON"),
            Self::Malformed { offset, reason } => write!(f, "at byte {offset}: {reason}"),
        }
    }
}

impl core::error::Error for Error {}
