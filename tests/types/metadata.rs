//! The limits and the packed form of metadata.

use gossip::types::{Metadata, MetadataError, PackedMetadata};
use proptest::prelude::*;
use std::collections::BTreeMap;

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
fn the_packed_form_stays_within_its_bound_with_the_shortest_pairs() {
    let letters = || (0..=127_u8).map(char::from);
    let mut keys = vec![String::new()];
    keys.extend(letters().map(String::from));
    keys.extend(letters().flat_map(|a| letters().map(move |b| String::from_iter([a, b]))));
    let mut bytes: usize = keys.iter().map(String::len).sum();
    'full: for a in letters() {
        for (b, c) in letters().flat_map(|b| letters().map(move |c| (b, c))) {
            if bytes + 3 > Metadata::MAX_BYTES {
                break 'full;
            }
            bytes += 3;
            keys.push(String::from_iter([a, b, c]));
        }
    }
    let pairs = keys.iter().map(|key| (key.as_str(), ""));
    let metadata = Metadata::from_pairs(pairs).expect("it fits");
    assert!(metadata.packed().len() > Metadata::MAX_BYTES * 3 / 2);
    assert!(metadata.packed().len() <= Metadata::MAX_PACKED_BYTES);
}

#[test]
fn an_absent_key_has_no_value() {
    let mut metadata = Metadata::new();
    assert!(metadata.is_empty());
    assert_eq!(metadata, Metadata::default());
    metadata.insert("", "empty key").expect("it is short");
    assert_eq!(metadata.get(""), Some("empty key"));
    assert_eq!(metadata.get("k"), None);
    assert!(!metadata.is_empty());
    assert_eq!(metadata.without("k"), None);
    assert_eq!(metadata.without(""), Some(Metadata::new()));
}

#[test]
fn bytes_that_are_no_packed_form_are_refused() {
    let good = Metadata::from_pairs([("a", "1"), ("b", "22")]).expect("short");
    assert_eq!(good.packed(), b"\x01a\x011\x01b\x0222");
    for bad in [
        &b"\x01"[..],
        b"\x01a",
        b"\x01a\x05x",
        b"\x01a\x80\x00",
        b"\x01\xff\x00",
        b"\x01b\x00\x01a\x00",
        b"\x01a\x00\x01a\x00",
        b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    ] {
        assert!(PackedMetadata::new(bad).is_err(), "{bad:?}");
    }
}

proptest! {
    /// Against a map that does the obvious thing.
    #[test]
    fn behaves_as_a_sorted_map(pairs in prop::collection::vec(("[a-d]{0,2}", ".{0,6}"), 0..40)) {
        let mut metadata = Metadata::new();
        let mut model: BTreeMap<String, String> = BTreeMap::new();
        for (key, value) in &pairs {
            prop_assert_eq!(metadata.insert(key, value), Ok(()));
            model.insert(key.clone(), value.clone());
        }
        let at_once = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        prop_assert_eq!(Metadata::from_pairs(at_once), Ok(metadata.clone()));
        prop_assert!(metadata.iter().eq(model.iter().map(|(k, v)| (k.as_str(), v.as_str()))));
        prop_assert_eq!(metadata.len(), model.len());
        let bytes: usize = model.iter().map(|(k, v)| k.len() + v.len()).sum();
        prop_assert_eq!(metadata.bytes(), bytes);
        for (key, value) in &model {
            prop_assert_eq!(metadata.get(key), Some(value.as_str()));
        }
        let packed = PackedMetadata::new(metadata.packed()).expect("its own form");
        prop_assert_eq!(packed.to_metadata(), metadata.clone());
        prop_assert_eq!(Metadata::from_packed(metadata.packed().to_vec()), Ok(metadata));
    }
}
