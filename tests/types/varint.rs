//! Numbers of seven bits a byte.

use gossip::types::varint::{len, put, spread, take};
use proptest::prelude::*;

#[test]
fn only_the_shortest_form_is_read() {
    let long = [0x80, 0, 1, 1, 1, 1, 1, 1];
    for bad in [&[][..], &[0x80], &[0x80, 0], &[0xff; 10], &[0xff; 11], &long] {
        let mut rest = bad;
        assert_eq!(take(&mut rest), None);
        assert_eq!(rest.len(), bad.len());
    }
    let mut top: &[u8] = &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    assert_eq!(take(&mut top), Some(u64::MAX));
}

proptest! {
    #[test]
    fn reads_back(value: u64, shift in 0_u32..64) {
        let value = value >> shift;
        let mut bytes = Vec::new();
        put(value, &mut bytes);
        prop_assert_eq!(bytes.len(), len(value));
        let (spread, len) = spread(value);
        prop_assert_eq!(&spread[..len], &bytes[..]);
        let mut rest = &bytes[..];
        prop_assert_eq!(take(&mut rest), Some(value));
        prop_assert!(rest.is_empty());
        bytes.extend([0x80; 9]);
        let mut rest = &bytes[..];
        prop_assert_eq!(take(&mut rest), Some(value));
        prop_assert_eq!(rest.len(), 9);
    }
}
