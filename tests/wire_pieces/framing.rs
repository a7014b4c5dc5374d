//! Frames of datagrams and of streams.

use gossip::wire::framing::{FrameReader, begin_frame, end_frame, frames};
use gossip::wire::{Error, MAX_MESSAGE_BYTES};

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let start = begin_frame(&mut out);
    out.extend_from_slice(payload);
    end_frame(&mut out, start).expect("small");
    out
}

#[test]
fn incomplete_last_frame_of_a_datagram_is_dropped() {
    let mut datagram = framed(b"one");
    datagram.extend(framed(b""));
    datagram.extend(framed(b"three"));
    for cut in 0..datagram.len() {
        let whole = frames(&datagram[..cut]).count();
        let expected = usize::from(cut >= 7) + usize::from(cut >= 11);
        assert_eq!(whole, expected, "cut at {cut}");
    }
    assert_eq!(frames(&datagram).collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
}

#[test]
fn lying_length_of_a_datagram_ends_it() {
    assert_eq!(frames(b"\xff\xff\xff\xff{}").count(), 0);
    assert_eq!(frames(b"\0\0\0\x03{}").count(), 0);
}

#[test]
fn stream_gives_the_same_frames_wherever_it_is_cut() {
    let mut stream = framed(b"first");
    stream.extend(framed(b""));
    stream.extend(framed(b"third one"));
    for first in 0..=stream.len() {
        for second in first..=stream.len() {
            let mut reader = FrameReader::default();
            let mut got = vec![];
            for part in [&stream[..first], &stream[first..second], &stream[second..]] {
                reader.push(part);
                while let Some(frame) = reader.next_frame().expect("small") {
                    got.push(frame.to_vec());
                }
            }
            assert_eq!(got, [&b"first"[..], b"", b"third one"]);
            assert_eq!(reader.pending(), 0);
        }
    }
}

#[test]
fn announced_length_reserves_nothing_and_is_limited() {
    let mut reader = FrameReader::default();
    reader.push(&u32::try_from(MAX_MESSAGE_BYTES).expect("fits").to_be_bytes());
    assert_eq!(reader.next_frame(), Ok(None));
    assert!(reader.capacity() < 1024);

    let mut reader = FrameReader::default();
    reader.push(b"\0\x10\0\x01");
    assert_eq!(reader.next_frame(), Err(Error::TooLarge(MAX_MESSAGE_BYTES + 1)));
    reader.push(b"more");
    assert_eq!(reader.next_frame(), Err(Error::TooLarge(MAX_MESSAGE_BYTES + 1)));
}

#[test]
fn room_of_a_large_frame_is_given_back() {
    let mut reader = FrameReader::default();
    reader.push(&framed(&vec![b' '; MAX_MESSAGE_BYTES]));
    assert!(reader.next_frame().expect("at the limit").is_some());
    reader.push(&[]);
    assert!(reader.capacity() <= 16 * 1024);
}

#[test]
fn frame_beyond_the_limit_is_not_written() {
    let mut out = Vec::new();
    let start = begin_frame(&mut out);
    out.resize(start + MAX_MESSAGE_BYTES + 1, b' ');
    assert_eq!(end_frame(&mut out, start), Err(Error::TooLarge(MAX_MESSAGE_BYTES + 1)));
}
