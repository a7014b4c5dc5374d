//! How much memory the entries of a message may take where they are read to be owned.

use crate::types::{Metadata, NodeView};

/// Counts what is taken for the entries of one message.
///
/// A text of three bytes, `{},`, is an entry of nearly two hundred, so the number of entries alone
/// is no bound that a reader could live with. Together they may take as much as the message has
/// bytes and [`Room::BEYOND`] more. Entries as 1.4.2 writes them always do with that.
pub(super) struct Room {
    left: usize,
}

impl Room {
    /// The bytes that may be taken beyond the length of the message.
    pub(super) const BEYOND: usize = 62 * 1024;
    /// What metadata takes beside its packed form, with what counts its holders.
    pub(super) const METADATA_BYTES: usize = size_of::<Metadata>() + 2 * size_of::<usize>();
    /// What an entry takes beside its texts and its metadata.
    pub(super) const ENTRY_BYTES: usize = size_of::<NodeView>();

    /// For a message of so many bytes.
    pub(super) const fn new(bytes: usize) -> Self {
        Self { left: bytes + Self::BEYOND }
    }

    /// Before some bytes are allocated; whether they may be.
    #[must_use]
    pub(super) const fn take(&mut self, bytes: usize) -> bool {
        let has_room = bytes <= self.left;
        if has_room {
            self.left -= bytes;
        }
        has_room
    }

    /// After they were given back.
    #[cfg(feature = "json")]
    pub(super) const fn give_back(&mut self, bytes: usize) {
        self.left += bytes;
    }
}
