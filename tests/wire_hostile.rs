//! Bytes that mean harm, in every form: the answer is an error or a message within the limits, there
//! is no panic, and at no moment more is allocated than the bytes' own number and 64 KiB.
//!
//! A million messages of each form are corrupted, or as many as `GOSSIP_CORRUPTIONS` says. The seed is
//! printed by a failure, with the bytes.
#![allow(unreachable_pub, reason = "a test program has no public surface")]

#[path = "wire/counting.rs"]
mod counting;
#[path = "wire/vectors.rs"]
#[allow(dead_code, reason = "what a vector is to be read as is another test's")]
mod vectors;

use gossip::types::{Detail, Entry, Message, NodeView};
use gossip::wire::{
    Error, MAX_ENTRIES, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, binary, bincode, framing, json,
};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use vectors::{Expected, hex};

/// What may be allocated beyond the length of the input.
const BEYOND: usize = 64 * 1024;

/// A form: how it is read, and how it is written.
struct Form {
    name: &'static str,
    read: fn(&[u8]) -> Result<Option<Message>, Error>,
    write: fn(&Message) -> Result<Vec<u8>, Error>,
}

const FORMS: [Form; 3] = [
    Form {
        name: "json",
        read: |bytes| json::decode(bytes).map(Some),
        write: |message| {
            let mut out = Vec::new();
            json::encode(&message.header, entries(message), &mut out).map(|()| out)
        },
    },
    Form {
        name: "binary",
        read: |bytes| {
            let packet = binary::decode(bytes)?;
            assert_eq!(packet.entries().count(), packet.entries().len());
            Ok(None)
        },
        write: |message| {
            let mut out = Vec::new();
            binary::encode(&message.header, entries(message), &mut out).map(|()| out)
        },
    },
    Form {
        name: "bincode",
        read: |bytes| bincode::decode(bytes).map(Some),
        write: |message| {
            let mut out = Vec::new();
            bincode::encode(&message.header, entries(message), &mut out).map(|()| out)
        },
    },
];

fn entries(message: &Message) -> impl Iterator<Item = Entry<'_>> {
    message.entries.iter().map(NodeView::as_entry)
}

/// Messages in that form: those of the vectors, as far as it has room for them.
fn originals(form: &Form) -> Vec<Vec<u8>> {
    let mut originals: Vec<Vec<u8>> = Vec::new();
    for vector in vectors::all() {
        match vector.expected {
            _ if form.name == "binary" => originals.push(vector.bytes),
            Expected::Message { mut message, .. } => {
                if form.name == "json" {
                    message.entries.iter_mut().for_each(|entry| entry.detail = Detail::Full);
                }
                originals.extend((form.write)(&message));
            }
            Expected::Error { .. } => {}
        }
    }
    if form.name == "json" {
        for sample in ["meet", "ping3", "pong", "leave"] {
            let path =
                format!("{}/tests/data/wire-1.4.2/{sample}.json", env!("CARGO_MANIFEST_DIR"));
            originals.push(std::fs::read(path).expect("a stored sample"));
        }
    }
    assert!(originals.len() >= 30, "{}: {}", form.name, originals.len());
    originals
}

/// Reads some bytes as that form and checks what comes of it; whether it was a message.
fn check(form: &Form, bytes: &[u8], about: &dyn std::fmt::Display) -> bool {
    let (read, peak) = counting::peak_of(|| (form.read)(bytes));
    assert!(
        peak <= bytes.len() + BEYOND,
        "{} took {peak} bytes for {}; {about}: {}",
        form.name,
        bytes.len(),
        hex(&bytes[..bytes.len().min(4_000)])
    );
    match read {
        Ok(message) => {
            if let Some(message) = &message {
                assert_within_limits(form, message, about);
            }
            true
        }
        Err(error) => {
            assert!(error.to_string().len() < 1_000, "{}: {error}; {about}", form.name);
            if let Error::Malformed { offset, .. } | Error::Invalid { offset, .. } = error {
                assert!(offset <= bytes.len(), "{}: {error}; {about}", form.name);
            }
            false
        }
    }
}

fn assert_within_limits(form: &Form, message: &Message, about: &dyn std::fmt::Display) {
    assert!(message.entries.len() <= MAX_ENTRIES);
    for entry in &message.entries {
        for text in [&entry.ip, &entry.role, &entry.region] {
            assert!(text.len() <= MAX_TEXT_BYTES, "{}; {about}", form.name);
        }
        assert!(entry.as_entry().metadata.is_within_limits(), "{}; {about}", form.name);
    }
    // What was taken can be written, and means the same then.
    let again = (form.write)(message).unwrap_or_else(|e| panic!("{}: {e}; {about}", form.name));
    assert_eq!((form.read)(&again).as_ref(), Ok(&Some(message.clone())), "{}; {about}", form.name);
}

#[test]
fn every_truncation_is_an_error_or_a_message() {
    for form in &FORMS {
        let originals = originals(form);
        for original in &originals {
            for cut in 0..original.len() {
                let read = check(form, &original[..cut], &cut);
                // Nothing at all is an empty message in JSON, and a packet with a byte too many is a
                // packet without it.
                let may_be = originals.iter().any(|whole| *whole == original[..cut]);
                let is_empty = form.name == "json" && cut == 0;
                assert!(!read || may_be || is_empty, "{} cut at {cut}", form.name);
            }
        }
    }
}

/// How many messages of each form are corrupted.
fn corruptions() -> u64 {
    let asked = std::env::var("GOSSIP_CORRUPTIONS").ok();
    asked.map_or(1_000_000, |count| count.parse().expect("GOSSIP_CORRUPTIONS is a number"))
}

fn corrupt_all(form: &Form) {
    let originals = originals(form);
    let mut messages = 0;
    for seed in 0..corruptions() {
        let bytes = corrupted(&originals, &mut SmallRng::seed_from_u64(seed));
        messages += u64::from(check(form, &bytes, &format_args!("seed {seed}")));
    }
    let share = messages as f64 / corruptions() as f64;
    println!("{}: {messages} of {} were messages all the same", form.name, corruptions());
    assert!((0.01..0.9).contains(&share), "{}: {share}; these corruptions test little", form.name);
}

#[test]
fn corrupted_json_is_an_error_or_a_message() {
    corrupt_all(&FORMS[0]);
}

#[test]
fn corrupted_packets_are_errors_or_messages() {
    corrupt_all(&FORMS[1]);
}

#[test]
fn corrupted_bincode_is_an_error_or_a_message() {
    corrupt_all(&FORMS[2]);
}

/// One to four changes of one message, some of them with pieces of another.
fn corrupted(originals: &[Vec<u8>], rng: &mut SmallRng) -> Vec<u8> {
    let mut bytes = originals[rng.random_range(0..originals.len())].clone();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..=bytes.len());
        let end = (at + rng.random_range(0..=16)).min(bytes.len());
        match rng.random_range(0..8) {
            0 | 1 if at < bytes.len() => bytes[at] ^= 1 << rng.random_range(0..8),
            2 if at < bytes.len() => bytes[at] = rng.next_u32() as u8,
            3 => bytes
                .insert(at, *[0, 0x7f, 0x80, 0xff, b'"', b'{', b'9'].get(end % 7).unwrap_or(&0)),
            4 => drop(bytes.drain(at..end)),
            5 => bytes.truncate(at),
            6 => {
                let piece = bytes[at..end].to_vec();
                let count = rng.random_range(1..40);
                bytes.splice(at..at, piece.repeat(count));
            }
            _ => {
                let other = &originals[rng.random_range(0..originals.len())];
                let from = rng.random_range(0..=other.len());
                let to = (from + rng.random_range(0..=64)).min(other.len());
                bytes.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// `start`, then as often as fits into so many bytes `piece`, then `end`.
fn filled(start: &str, piece: &str, end: &str, bytes: usize) -> String {
    let count = bytes.saturating_sub(start.len() + end.len()) / piece.len();
    [start, &piece.repeat(count), end].concat()
}

#[test]
fn texts_that_would_grow_do_not() {
    let entry = r#"{"entries":[{"metadata":{"#;
    let id = "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0";
    let long = "e".repeat(63);
    let shapes = [
        (r#"{"entries":["#, "{},".to_owned(), "{}]}"),
        (r#"{"entries":["#, format!(r#"{{"id":"{id}"}},"#), "{}]}"),
        (
            r#"{"entries":["#,
            format!(r#"{{"ip":"{long}","role":"{long}","region":"{long}"}},"#),
            "{}]}",
        ),
        (r#"{"entries":["#, format!(r#"{{"ip":"{}"}},"#, r"\u00e9".repeat(31)), "{}]}"),
        (r#"{"entries":["#, r#"{"metadata":{"":""}},"#.to_owned(), "{}]}"),
        (r#"{"entries":["#, r#"{"metadata":{"b":"","a":""}},"#.to_owned(), "{}]}"),
        (r#"{"entries":[{}],"entries":["#, "{},".to_owned(), "{}]}"),
        ("{", r#""entries":[{},{},{},{},{},{},{},{},{}],"#.to_owned(), r#""x":1}"#),
        ("{", r#""entries":[{"metadata":{"a":"1","a":"2"}}],"#.to_owned(), r#""x":1}"#),
        (r#"{"entries":[{"#, r#""metadata":{"a":"1234567890"},"#.to_owned(), r#""x":1}]}"#),
        (entry, r#""":"","#.to_owned(), r#""":""}}]}"#),
        (entry, r#""b":"","a":"","#.to_owned(), r#""":""}}]}"#),
        (entry, r#""\u0061":"\n","#.to_owned(), r#""":""}}]}"#),
        (r#"{"entries":[{"metadata":{"z":"","k":""#, "v".to_owned(), r#""}}]}"#),
        (r#"{"entries":[{"metadata":{"z":"","k":""#, r"\n".to_owned(), r#""}}]}"#),
        (r#"{"x":""#, "x".to_owned(), r#"\n"}"#),
        (r#"{"x":""#, r"\n".to_owned(), r#""}"#),
        (r#"{"entries":[{"role":""#, r"\n".to_owned(), r#""}]}"#),
        (r#"{"sender":""#, "0,".to_owned(), r#"0"}"#),
        (r#"{""#, "k".to_owned(), r#"":1}"#),
        ("", "[".to_owned(), ""),
        (r#"{"x":"#, "9".to_owned(), "}"),
        (r#"{"type":"#, "9".to_owned(), "}"),
        (r#"{"x":["#, "1,".to_owned(), "1]}"),
    ];
    for bytes in [100, 1_400, 3_000, 64_000, 130_000, 400_000, MAX_MESSAGE_BYTES] {
        for (start, piece, end) in &shapes {
            let text = filled(start, piece, end, bytes);
            check(&FORMS[0], text.as_bytes(), &format_args!("{start}{piece} to {bytes}"));
        }
        let keys: Vec<_> = (0..bytes / 9).rev().map(|n| format!(r#""{n:x}":"""#)).collect();
        let text = format!("{entry}{}}}}}]}}", keys.join(","));
        check(&FORMS[0], text.as_bytes(), &format_args!("{} keys", keys.len()));
    }
}

#[test]
fn the_largest_messages_of_each_form_are_read_in_their_memory() {
    let entry = |number: usize| NodeView {
        ip: format!("2001:db8::{number:x}:aaaa:bbbb:cccc"),
        role: format!("role {number} {}", "r".repeat(40)),
        ..NodeView::default()
    };
    for form in &FORMS {
        let mut read = 0;
        for count in [300, 390, 600, MAX_ENTRIES] {
            let entries = (0..count).map(entry).collect();
            let message = Message { entries, ..Message::default() };
            let Ok(bytes) = (form.write)(&message) else { continue };
            assert!(check(form, &bytes, &count), "{} with {count}", form.name);
            read = count;
        }
        assert_eq!(read, if form.name == "bincode" { 390 } else { MAX_ENTRIES });
    }
}

#[test]
fn announced_lengths_reserve_nothing() {
    let mut head = vec![0xc0];
    head.extend([0; 25]);
    assert_eq!(bincode::decode(&head).map(|message| message.entries.len()), Ok(0));
    head.pop();
    for count in [
        &[250][..],
        &[251, 0xff, 3],
        &[251, 0xff, 0xff],
        &[253, 255, 255, 255, 255, 255, 255, 255, 255],
    ] {
        check(&FORMS[2], &[&head[..], count].concat(), &"a count");
    }
    for bytes in [&[0x12, 0xff, 0xff, 0xff, 0x7f][..], &[0x32, 5, 1, 0, 0, 0xff, 0xff, 0x7f]] {
        let head = [0xc1, 1, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        check(&FORMS[1], &[&head[..], bytes].concat(), &"a length");
    }
}

/// The read path of a stream: what is held is what came, and nothing that was announced.
#[test]
fn streams_of_corrupted_frames_hold_no_more_than_came() {
    let originals: Vec<_> = FORMS.iter().flat_map(originals).collect();
    for seed in 0..corruptions() / 20 {
        let mut rng = SmallRng::seed_from_u64(seed);
        let mut stream = Vec::new();
        for _ in 0..4 {
            let start = framing::begin_frame(&mut stream);
            stream.extend(corrupted(&originals, &mut rng));
            framing::end_frame(&mut stream, start).expect("small");
        }
        let at = rng.random_range(0..stream.len());
        stream[at] ^= 1 << rng.random_range(0..8);
        let ((), peak) = counting::peak_of(|| {
            let mut reader = framing::FrameReader::default();
            for part in stream.chunks(1 + seed as usize % 700) {
                reader.push(part);
                while let Ok(Some(frame)) = reader.next_frame() {
                    for form in &FORMS {
                        let _ = (form.read)(frame);
                    }
                }
            }
        });
        // A buffer that doubles, and while it moves both of its places.
        assert!(peak <= 3 * stream.len() + BEYOND, "{peak} for {}; seed {seed}", stream.len());
    }
}
