use alloc::boxed::Box;
use alloc::vec::Vec;

/// The key-value pairs that a node's owner spreads with it: UTF-8 text, sorted by key.
///
/// Bounded by [`Metadata::MAX_BYTES`], keys and values together.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Metadata {
    pairs: Vec<(Box<str>, Box<str>)>,
    bytes: usize,
}

/// Why a pair was not taken; the metadata is as before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MetadataError {
    /// Keys and values together would pass [`Metadata::MAX_BYTES`]; the field is the size it would have.
    TooLarge(usize),
}

impl Metadata {
    /// The most bytes that keys and values together may have: 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// No pairs.
    #[must_use]
    pub const fn new() -> Self {
        Self { pairs: Vec::new(), bytes: 0 }
    }

    /// Sets one key.
    ///
    /// # Errors
    /// [`MetadataError::TooLarge`] past [`Metadata::MAX_BYTES`]; nothing is changed then.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), MetadataError> {
        let place = self.pairs.binary_search_by(|(have, _)| (**have).cmp(key));
        let old = place.map_or(0, |i| self.pairs[i].0.len() + self.pairs[i].1.len());
        let bytes = self.bytes - old + key.len() + value.len();
        if bytes > Self::MAX_BYTES {
            return Err(MetadataError::TooLarge(bytes));
        }
        match place {
            Ok(i) => self.pairs[i].1 = value.into(),
            Err(i) => self.pairs.insert(i, (key.into(), value.into())),
        }
        self.bytes = bytes;
        Ok(())
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let i = self.pairs.binary_search_by(|(have, _)| (**have).cmp(key)).ok()?;
        Some(&self.pairs[i].1)
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The number of pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether there is no pair.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Keys and values together, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }
}
