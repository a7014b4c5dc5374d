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

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use alloc::string::String;
    use proptest::prelude::*;

    #[test]
    fn the_limit_holds_and_a_refused_pair_changes_nothing() {
        let mut metadata = Metadata::new();
        let half = "x".repeat(Metadata::MAX_BYTES / 2 - 1);
        metadata.insert("a", &half).expect("half fits");
        metadata.insert("b", &half).expect("the other half fits exactly");
        assert_eq!(metadata.bytes(), Metadata::MAX_BYTES);
        let before = metadata.clone();
        let too_many = Err(MetadataError::TooLarge(Metadata::MAX_BYTES + 1));
        assert_eq!(metadata.insert("c", ""), too_many);
        assert_eq!(metadata.insert("a", &(half.clone() + "x")), too_many);
        assert_eq!(metadata, before);
        metadata.insert("a", "").expect("a shorter value fits");
        assert_eq!(metadata.bytes(), Metadata::MAX_BYTES / 2 + 1);
    }

    #[test]
    fn an_absent_key_has_no_value() {
        let mut metadata = Metadata::new();
        assert!(metadata.is_empty());
        metadata.insert("", "empty key").expect("it is short");
        assert_eq!(metadata.get(""), Some("empty key"));
        assert_eq!(metadata.get("k"), None);
        assert!(!metadata.is_empty());
    }

    proptest! {
        /// Against a map that does the obvious thing.
        #[test]
        fn behaves_as_a_sorted_map(pairs in prop::collection::vec(("[a-d]{0,2}", ".{0,6}"), 0..40)) {
            let mut metadata = Metadata::new();
            let mut model: BTreeMap<String, String> = BTreeMap::new();
            for (key, value) in pairs {
                prop_assert_eq!(metadata.insert(&key, &value), Ok(()));
                model.insert(key, value);
            }
            prop_assert!(metadata.iter().eq(model.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
            prop_assert_eq!(metadata.len(), model.len());
            let bytes: usize = model.iter().map(|(k, v)| k.len() + v.len()).sum();
            prop_assert_eq!(metadata.bytes(), bytes);
            for (key, value) in &model {
                prop_assert_eq!(metadata.get(key), Some(value.as_str()));
            }
        }
    }
}
