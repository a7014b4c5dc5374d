//! The key-value pairs of a node, in the packed form in which they travel.

use super::{fnv, varint};
use alloc::vec::Vec;
use core::fmt;

/// The key-value pairs that a node's owner spreads with it: UTF-8 text, sorted by key.
///
/// Kept packed, in the form in which they travel: for each pair the key's length, the key, the
/// value's length, the value; lengths as [`varint`]s, keys ascending and all different. Bounded by
/// [`Metadata::MAX_BYTES`], keys and values together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metadata {
    packed: Vec<u8>,
    len: usize,
    bytes: usize,
    hash: u64,
}

impl Default for Metadata {
    fn default() -> Self {
        Self::new()
    }
}

/// What tells one packed [`Metadata`] from another without having it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct MetadataStamp {
    /// The length of the packed form, at most [`Metadata::MAX_PACKED_BYTES`].
    pub bytes: u32,
    /// FNV-1a, 64 bits, over the packed form.
    pub hash: u64,
}

impl MetadataStamp {
    /// Whether there can be metadata of that length.
    #[must_use]
    pub const fn is_within_limits(&self) -> bool {
        self.bytes as usize <= Metadata::MAX_PACKED_BYTES
    }
}

/// Why metadata was not taken; what there was is as before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum MetadataError {
    /// Keys and values together would pass [`Metadata::MAX_BYTES`]; the field is the size it would have.
    TooLarge(usize),
    /// The bytes are no packed metadata; the field is where that shows.
    Malformed(usize),
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => write!(
                f,
                "the metadata would have {bytes} bytes; at most {} are carried",
                Metadata::MAX_BYTES
            ),
            Self::Malformed(at) => write!(f, "no packed metadata at its byte {at}"),
        }
    }
}

impl core::error::Error for MetadataError {}

impl Metadata {
    /// The most bytes that keys and values together may have: 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The most bytes of the packed form: short pairs have lengths nearly as long as themselves.
    pub const MAX_PACKED_BYTES: usize = 2 * Self::MAX_BYTES;

    /// No pairs.
    #[must_use]
    pub const fn new() -> Self {
        Self { packed: Vec::new(), len: 0, bytes: 0, hash: fnv::EMPTY_64 }
    }

    /// Metadata of these pairs in any order; of equal keys the last one counts.
    ///
    /// # Errors
    /// [`MetadataError::TooLarge`] past [`Metadata::MAX_BYTES`].
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, MetadataError> {
        Self::from_list(pairs.into_iter().collect())
    }

    /// What [`Metadata::from_pairs`] does, once and not for each kind of iterator.
    fn from_list(mut sorted: Vec<(&str, &str)>) -> Result<Self, MetadataError> {
        // Stable, so that of equal keys the last one stays last.
        sorted.sort_by_key(|&(key, _)| key);
        let mut metadata = Self::new();
        for (i, &(key, value)) in sorted.iter().enumerate() {
            if sorted.get(i + 1).is_none_or(|&(next, _)| next != key) {
                metadata.append(key, value)?;
            }
        }
        metadata.hash = fnv::hash_64(&metadata.packed);
        Ok(metadata)
    }

    /// Metadata of its packed form.
    ///
    /// # Errors
    /// As [`PackedMetadata::new`].
    pub fn from_packed(packed: Vec<u8>) -> Result<Self, MetadataError> {
        let checked = PackedMetadata::new(&packed)?;
        let (len, bytes) = (checked.len, checked.text_bytes());
        let hash = fnv::hash_64(&packed);
        Ok(Self { packed, len, bytes, hash })
    }

    /// These pairs and those of `self` that have other keys.
    ///
    /// # Errors
    /// As [`Metadata::from_pairs`].
    pub fn with<'a>(
        &self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, MetadataError> {
        fn shorter<'s, 'l: 's>(pair: (&'l str, &'l str)) -> (&'s str, &'s str) {
            pair
        }
        Self::from_pairs(self.iter().chain(pairs.into_iter().map(shorter)))
    }

    /// The pairs of `self` without that of `key`; `None` if it has none.
    #[must_use]
    pub fn without(&self, key: &str) -> Option<Self> {
        self.get(key)?;
        Self::from_pairs(self.iter().filter(|&(have, _)| have != key)).ok()
    }

    /// Sets one key.
    ///
    /// # Errors
    /// [`MetadataError::TooLarge`] past [`Metadata::MAX_BYTES`]; nothing is changed then.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), MetadataError> {
        *self = self.with([(key, value)])?;
        Ok(())
    }

    /// The key must be greater than all keys so far; the hash is the caller's to renew.
    fn append(&mut self, key: &str, value: &str) -> Result<(), MetadataError> {
        let bytes = self.bytes + key.len() + value.len();
        if bytes > Self::MAX_BYTES {
            return Err(MetadataError::TooLarge(bytes));
        }
        for text in [key, value] {
            varint::put(text.len() as u64, &mut self.packed);
            self.packed.extend_from_slice(text.as_bytes());
        }
        self.len += 1;
        self.bytes = bytes;
        Ok(())
    }

    /// The value of `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|&(have, _)| have == key).map(|(_, value)| value)
    }

    /// All pairs, sorted by key.
    pub fn iter(&self) -> Pairs<'_> {
        Pairs { rest: &self.packed, left: self.len }
    }

    /// The number of pairs.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no pair.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keys and values together, in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The form in which it travels.
    #[must_use]
    pub fn packed(&self) -> &[u8] {
        &self.packed
    }

    /// Length and hash of the packed form.
    #[must_use]
    pub fn stamp(&self) -> MetadataStamp {
        MetadataStamp { bytes: self.packed.len() as u32, hash: self.hash }
    }
}

/// The packed form of [`Metadata`] in somebody's bytes, checked: reading pairs cannot fail.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PackedMetadata<'a> {
    bytes: &'a [u8],
    len: usize,
}

impl<'a> PackedMetadata<'a> {
    /// No pairs.
    pub const NONE: Self = Self { bytes: &[], len: 0 };

    /// Checks some bytes; an empty slice is no pairs.
    ///
    /// # Errors
    /// [`MetadataError::Malformed`] for a length past the end or not in its shortest form, text
    /// that is not UTF-8, or keys that do not ascend; [`MetadataError::TooLarge`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, MetadataError> {
        let (mut rest, mut len, mut text_bytes) = (bytes, 0, 0);
        let mut last: Option<&str> = None;
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            let pair = text(&mut rest).zip(text(&mut rest));
            let (key, value) = pair.ok_or(MetadataError::Malformed(at))?;
            if last.is_some_and(|last| last >= key) {
                return Err(MetadataError::Malformed(at));
            }
            last = Some(key);
            len += 1;
            text_bytes += key.len() + value.len();
            if text_bytes > Metadata::MAX_BYTES {
                return Err(MetadataError::TooLarge(text_bytes));
            }
        }
        Ok(Self { bytes, len })
    }

    /// All pairs, sorted by key.
    pub fn iter(self) -> Pairs<'a> {
        Pairs { rest: self.bytes, left: self.len }
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Keys and values together, in bytes.
    fn text_bytes(self) -> usize {
        self.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// A copy that owns them.
    #[must_use]
    pub fn to_metadata(self) -> Metadata {
        Metadata {
            packed: self.bytes.to_vec(),
            len: self.len,
            bytes: self.text_bytes(),
            hash: fnv::hash_64(self.bytes),
        }
    }
}

/// The next text of a packed form; `None`, and `rest` anywhere, if there is none.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(varint::take(rest)?).ok()?;
    let (text, tail) = rest.split_at_checked(len)?;
    *rest = tail;
    core::str::from_utf8(text).ok()
}

/// The pairs of a [`Metadata`] or a [`PackedMetadata`], sorted by key.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        Some((text(&mut self.rest)?, text(&mut self.rest)?))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Pairs<'_> {}
