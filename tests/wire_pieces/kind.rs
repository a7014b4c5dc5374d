//! Forms told apart by their first bytes.

use gossip::wire::framing::{begin_frame, end_frame};
use gossip::wire::{Kind, MAX_MESSAGE_BYTES, kind_of};

#[test]
fn forms_are_told_apart() {
    for first in 0..=255 {
        let kind = kind_of(&[first, b'x']);
        assert_eq!(kind == Kind::Binary, first == 0xc1);
        assert_eq!(kind == Kind::Bincode, first == 0xc0);
    }
    assert_eq!(kind_of(b""), Kind::Unknown);
    assert_eq!(kind_of(b"\xef\xbb\xbf{}"), Kind::Json);
    assert_eq!(kind_of(b"\xef{}"), Kind::Unknown);
    let mut frame = vec![];
    let start = begin_frame(&mut frame);
    frame.resize(start + MAX_MESSAGE_BYTES, b' ');
    end_frame(&mut frame, start).expect("at the limit");
    assert_eq!(kind_of(&frame), Kind::Json);
}
