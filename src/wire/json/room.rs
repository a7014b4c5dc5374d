//! How much memory a message may take.

use crate::types::NodeView;
use crate::wire::Error;

/// Counts what is taken for the entries of one message.
///
/// A text of three bytes, `{},`, is an entry of some hundred, so the number of entries alone is no
/// bound that a reader could live with. Together they may take as much as the text has bytes and
/// [`Room::BEYOND`] more. An entry as 1.4.2 writes it takes no more than its text.
pub(super) struct Room {
    left: usize,
}

impl Room {
    /// The bytes that may be taken beyond the length of the text.
    pub(super) const BEYOND: usize = 60 * 1024;
    /// What metadata takes beside its packed form, with what counts its holders.
    pub(super) const METADATA_BYTES: usize = size_of::<crate::types::Metadata>() + 16;
    /// What an entry takes beside its texts and its metadata.
    pub(super) const ENTRY_BYTES: usize = size_of::<NodeView>();

    pub(super) const fn new(text_bytes: usize) -> Self {
        Self { left: text_bytes + Self::BEYOND }
    }

    /// Before some bytes are allocated; whether they may be.
    #[must_use]
    pub(super) fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }

    /// After they were given back.
    pub(super) fn give_back(&mut self, bytes: usize) {
        self.left += bytes;
    }
}

/// What is said of a message that would take more.
pub(super) fn too_much(offset: usize) -> Error {
    let reason = "`entries` that would take far more memory than their text".into();
    Error::Malformed { offset, reason }
}
