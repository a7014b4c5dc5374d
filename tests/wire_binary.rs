//! The packet form: what is written is read as it was, and what it takes.
#![allow(unreachable_pub, reason = "a test program has no public surface")]

#[path = "wire/messages.rs"]
mod messages;
#[path = "wire/render.rs"]
mod render;
#[path = "wire/vectors.rs"]
mod vectors;

use gossip::types::{
    Apart, Detail, Entry, Header, Message, Metadata, MetadataStamp, NodeId, NodeStatus, NodeView,
};
use gossip::wire::{Error, MAX_ENTRIES, MAX_MESSAGE_BYTES, binary, bincode, json};
use messages::{any_entry, any_header, any_message};
use proptest::prelude::*;
use std::sync::Arc;
use vectors::{Expected, Vector};

fn encode(message: &Message) -> Vec<u8> {
    let mut out = Vec::new();
    let entries = message.entries.iter().map(NodeView::as_entry);
    binary::encode(&message.header, entries, &mut out).expect("within the limits");
    out
}

fn decode(bytes: &[u8]) -> Message {
    binary::decode(bytes).unwrap_or_else(|error| panic!("{error}: {bytes:02x?}")).to_message()
}

/// A message as it is read: its sender reads at least the version that it writes.
fn read_as(message: &Message) -> Message {
    let mut message = message.clone();
    message.header.wire = message.header.wire.max(binary::VERSION);
    message
}

fn id(number: u8) -> NodeId {
    let mut bytes = [0x5a; 16];
    bytes[15] = number;
    NodeId::new(bytes)
}

/// The clock in milliseconds, at which nodes start to count.
const START: u64 = 1_790_000_000_000;

fn node(number: u8) -> NodeView {
    NodeView {
        id: id(number),
        ip: format!("10.0.1.{number}"),
        port: 7946,
        config_epoch: 1,
        heartbeat: START + 8_000_000,
        config_heartbeat: START + 40,
        version: 1_000_000,
        status: NodeStatus::Online,
        role: "replica".into(),
        region: "eu-west-1".into(),
        ..NodeView::default()
    }
}

fn claim(number: u8) -> NodeView {
    let node = node(number);
    NodeView {
        detail: Detail::Claim,
        ip: String::new(),
        port: 0,
        version: 0,
        role: String::new(),
        region: String::new(),
        ..node
    }
}

fn ping(entries: Vec<NodeView>) -> Message {
    let header = Header {
        sender: id(0),
        nonce: 0x0123_4567_89ab_cdef,
        interval_us: 100_000,
        timestamp: START + 8_000_000 - 1,
        ..Header::default()
    };
    Message { header, entries }
}

#[test]
fn sizes_are_those_that_were_aimed_at() {
    let probe = encode(&ping(vec![claim(0)])).len();
    assert_eq!(probe, 45);
    let mut labelled = ping(vec![claim(0)]);
    labelled.header.cluster = 7;
    assert_eq!(encode(&labelled).len(), probe + 4);

    let known = encode(&ping(vec![node(0)])).len();
    let one_more = encode(&ping(vec![node(0), node(1)])).len() - known;
    assert_eq!(one_more, 40);

    let claims = encode(&ping((0..7).map(claim).collect())).len();
    assert_eq!(claims, probe + 6 * 28);

    let text =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/wire-1.4.2/ping3.json"));
    let mut message = json::decode(&text.expect("a sample")).expect("a message");
    for entry in &mut message.entries {
        entry.metadata = None;
    }
    let (nonce, interval_us) = (1 << 60, 100_000);
    message.header = Header { nonce, interval_us, ..message.header };
    assert_eq!(encode(&message).len(), 130);
    let mut text = Vec::new();
    let entries = message.entries.iter().map(NodeView::as_entry);
    json::encode(&message.header, entries, &mut text).expect("small");
    assert_eq!(text.len(), 706);
}

#[test]
fn the_example_of_the_documents_is_a_vector() {
    let document = std::fs::read_to_string(path("docs/WIRE.md")).expect("the document");
    let block = document.split("```text\n").nth(1).and_then(|rest| rest.split("```").next());
    let hex: String = block.expect("the example").lines().map(|line| line[6..54].trim()).collect();
    assert_eq!(hex.replace(' ', ""), vectors::hex(&vectors::example().bytes));
}

#[test]
fn labels_keep_clusters_apart() {
    let mut message = ping(vec![claim(0)]);
    for cluster in [0, 5, u32::MAX] {
        message.header.cluster = cluster;
        assert_eq!(decode(&encode(&message)).header.cluster, cluster);
    }
}

#[test]
fn what_is_beyond_the_limits_is_not_written_and_leaves_the_buffer_as_it_was() {
    let long = NodeView { role: "r".repeat(64), ..node(1) };
    let stamp = MetadataStamp { bytes: Metadata::MAX_PACKED_BYTES as u32 + 1, hash: 0 };
    let good = MetadataStamp { bytes: 5, hash: 0 };
    let with = |apart| NodeView { apart, ..claim(1) };
    let large = Metadata::from_pairs([("k", "v".repeat(65_000).as_str())]).expect("it fits");
    let large = NodeView { metadata: Some(Arc::new(large)), ..node(1) };
    for (entries, error) in [
        (vec![node(0), long], Error::Text(64)),
        (vec![with(Apart::Stamp(stamp))], Error::Part),
        (vec![with(Apart::Slice(stamp, 0, vec![]))], Error::Part),
        (vec![with(Apart::Slice(good, 128, vec![]))], Error::Part),
        (vec![with(Apart::Slice(good, 127, vec![0; 1025]))], Error::Part),
        (vec![claim(1); MAX_ENTRIES + 1], Error::TooManyEntries),
        (vec![large; 17], Error::TooLarge(0)),
    ] {
        let mut out = b"before".to_vec();
        let entries = entries.iter().map(NodeView::as_entry);
        let refused = binary::encode(&Header::default(), entries, &mut out).unwrap_err();
        match refused {
            Error::TooLarge(bytes) => assert!(bytes > MAX_MESSAGE_BYTES),
            refused => assert_eq!(refused, error),
        }
        assert_eq!(out, b"before");
    }
    encode(&ping(vec![claim(1); MAX_ENTRIES]));
}

#[test]
fn many_packed_addresses_are_read_in_order() {
    for count in [1, 6, 7, 15, 16, 40, 1024] {
        let entries: Vec<_> = (0..count)
            .map(|n| {
                let ip = if n % 3 == 0 {
                    format!("10.9.{}.{}", n / 256, n % 256)
                } else {
                    format!("2001:db8:{n:x}::aaaa:bbbb")
                };
                NodeView { ip, ..node(n as u8) }
            })
            .collect();
        let message = read_as(&ping(entries));
        assert_eq!(decode(&encode(&message)), message, "{count}");
    }
}

#[test]
fn a_text_is_written_once() {
    let message = read_as(&ping(vec![node(0), NodeView { ip: "replica".into(), ..node(1) }]));
    let bytes = encode(&message);
    let count = bytes.windows(7).filter(|window| window == b"replica").count();
    assert_eq!(count, 1);
    assert_eq!(decode(&bytes), message);
}

fn path(of: &str) -> String {
    format!("{}/{of}", env!("CARGO_MANIFEST_DIR"))
}

/// The offset and the kind of an error, as the vectors name them.
/// Reads a packet as a node with this label does.
fn read(bytes: &[u8], cluster: u32) -> Result<Message, (&'static str, Option<usize>)> {
    let message = binary::decode(bytes).map_err(|error| named(&error))?.to_message();
    if message.header.cluster == cluster { Ok(message) } else { Err(("cluster", None)) }
}

fn named(error: &Error) -> (&'static str, Option<usize>) {
    match error {
        Error::Version(_) => ("version", None),
        Error::Flags(_) => ("flags", None),
        Error::Invalid { offset, .. } => ("invalid", Some(*offset)),
        other => panic!("{other}"),
    }
}

#[test]
fn vectors_are_read_and_written_as_they_say() {
    let vectors = vectors::all();
    assert!(vectors.len() >= 60);
    for Vector { name, cluster, bytes, expected } in vectors {
        let read = read(&bytes, cluster);
        match expected {
            Expected::Message { message, is_ours } => {
                let read = read.unwrap_or_else(|error| panic!("{name}: {error:?}"));
                assert_eq!(read, *message, "{name}");
                assert_eq!(encode(&read) == bytes, is_ours, "{name}");
            }
            Expected::Error { kind, offset } => {
                assert_eq!(read.err(), Some((kind, offset)), "{name}");
            }
        }
    }
}

/// `GOSSIP_WRITE=1 cargo test --test wire_binary` writes the file anew.
#[test]
fn vectors_are_those_of_the_file() {
    let (path, text) = (path("tests/data/wire-binary.json"), render::file(&vectors::all()));
    if std::env::var_os("GOSSIP_WRITE").is_some() {
        std::fs::write(&path, &text).expect("the file can be written");
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == text,
        "{path} is stale; run: GOSSIP_WRITE=1 cargo test --test wire_binary"
    );
}

/// Runs the decoder that was written from docs/WIRE.md alone over a file of vectors.
fn assert_decoded(vectors: &str) {
    let script = path("tests/wire/decode.py");
    let output = std::process::Command::new("python3")
        .args([&script, vectors])
        .output()
        .unwrap_or_else(|error| panic!("python3 (3.9 or later) is needed for {script}: {error}"));
    let (out, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{errors}");
}

#[test]
fn another_decoder_reads_the_vectors() {
    assert_decoded(&path("tests/data/wire-binary.json"));
}

/// What both make of the same wrong bytes is the same, the offset of an error included.
#[test]
fn another_decoder_agrees_about_corrupted_packets() {
    let mut random = 7_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % below
    };
    let originals = vectors::all();
    let corrupted = (0..3_000).map(|_| {
        let Vector { name, cluster, mut bytes, .. } =
            vectors::all().swap_remove(next(originals.len()));
        for _ in 0..=next(3) {
            if !bytes.is_empty() {
                let at = next(bytes.len());
                bytes[at] = if next(2) == 0 { next(256) as u8 } else { bytes[at] ^ 1 << next(8) };
            }
        }
        if next(4) == 0 {
            bytes.truncate(next(bytes.len() + 1));
        }
        let expected = match read(&bytes, cluster) {
            Ok(message) => Expected::Message { message: Box::new(message), is_ours: false },
            Err((kind, offset)) => Expected::Error { kind, offset },
        };
        Vector { name, cluster, bytes, expected }
    });
    let corrupted: Vec<_> = corrupted.collect();
    let read = corrupted.iter().filter(|v| matches!(v.expected, Expected::Message { .. })).count();
    assert!((300..2_700).contains(&read), "{read} were read");
    let file = format!("{}/corrupted.json", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&file, render::file(&corrupted)).expect("a writable target folder");
    assert_decoded(&file);
}

/// Prints what a usual packet costs; `cargo test --release --test wire_binary -- --ignored
/// --nocapture speed`.
#[test]
#[ignore = "it measures; nothing can fail"]
fn speed() {
    let six = ping((0..6).map(claim).collect());
    let full = ping((0..6).map(node).collect());
    for (name, message) in [("6 claims", &six), ("6 full entries", &full)] {
        let bytes = encode(message);
        let written = per_encode(message, |header, entries, out| {
            binary::encode(header, entries.iter().copied(), out)
        });
        let checked = per_call(|| {
            let packet = binary::decode(std::hint::black_box(&bytes)).expect("a packet");
            std::hint::black_box(&packet);
        });
        let packet = binary::decode(&bytes).expect("a packet");
        let walked = per_call(|| {
            let packet = std::hint::black_box(&packet);
            packet.entries().for_each(|entry| {
                std::hint::black_box(entry.heartbeat);
            });
        });
        println!(
            "binary, {name}: {} bytes, encode {written:.1} ns, decode {checked:.1} ns, walk \
             {walked:.1} ns",
            bytes.len()
        );
    }
    speed_of_owned(
        "json",
        &full,
        |header, entries, out| json::encode(header, entries.iter().copied(), out),
        json::decode,
    );
    speed_of_owned(
        "bincode",
        &full,
        |header, entries, out| bincode::encode(header, entries.iter().copied(), out),
        bincode::decode,
    );
}

fn speed_of_owned(
    name: &str,
    message: &Message,
    encode: impl Fn(&Header, &[Entry<'_>], &mut Vec<u8>) -> Result<(), Error>,
    decode: impl Fn(&[u8]) -> Result<Message, Error>,
) {
    let mut bytes = Vec::new();
    let entries: Vec<_> = message.entries.iter().map(NodeView::as_entry).collect();
    encode(&message.header, &entries, &mut bytes).expect("small");
    let written = per_encode(message, encode);
    let read = per_call(|| {
        std::hint::black_box(decode(std::hint::black_box(&bytes)).expect("a message"));
    });
    println!(
        "{name}, 6 full entries: {} bytes, encode {written:.1} ns, decode {read:.1} ns",
        bytes.len()
    );
}

fn per_encode(
    message: &Message,
    encode: impl Fn(&Header, &[Entry<'_>], &mut Vec<u8>) -> Result<(), Error>,
) -> f64 {
    let mut out = Vec::with_capacity(4096);
    let entries: Vec<_> = message.entries.iter().map(NodeView::as_entry).collect();
    per_call(|| {
        out.clear();
        let entries = std::hint::black_box(&entries);
        encode(&message.header, entries, &mut out).expect("small");
        std::hint::black_box(&out);
    })
}

/// The best of some measures, in nanoseconds.
fn per_call(mut call: impl FnMut()) -> f64 {
    const CALLS: u32 = 100_000;
    let measure = |_| {
        let started = std::time::Instant::now();
        (0..CALLS).for_each(|_| call());
        started.elapsed().as_secs_f64() * 1e9 / f64::from(CALLS)
    };
    (0..20).map(measure).fold(f64::INFINITY, f64::min)
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was(message in any_message()) {
        let bytes = encode(&message);
        prop_assert!(binary::is_packet(&bytes));
        let packet = binary::decode(&bytes).expect("it was written");
        prop_assert_eq!(packet.entries().len(), message.entries.len());
        prop_assert_eq!(packet.to_message(), read_as(&message));
    }

    #[test]
    fn sizes_are_bounds_and_close_to_the_truth(
        header in any_header(), entries in prop::collection::vec(any_entry(), 0..8),
    ) {
        let mut bytes = Vec::new();
        binary::encode(&header, [], &mut bytes).expect("small");
        prop_assert!(bytes.len() <= binary::header_bytes(&header));
        for (n, entry) in entries.iter().enumerate() {
            let before = bytes.len();
            bytes.clear();
            let so_far = entries[..=n].iter().map(NodeView::as_entry);
            binary::encode(&header, so_far, &mut bytes).expect("small");
            // A timestamp that the entries imply is no longer written behind them.
            let bound = binary::entry_bytes(&entry.as_entry(), entry.id == header.sender) + 10;
            prop_assert!(bytes.len() <= before + bound);
        }
        let bound: usize = entries
            .iter()
            .map(|entry| binary::entry_bytes(&entry.as_entry(), entry.id == header.sender))
            .sum();
        prop_assert!(bytes.len() <= binary::header_bytes(&header) + bound);
    }

    #[test]
    fn sizes_of_usual_entries_are_nearly_right(numbers in prop::collection::vec(0..200_u8, 1..20)) {
        let mut entries = vec![node(0)];
        for number in numbers {
            let before = encode(&ping(entries.clone())).len();
            let entry = if number % 3 == 0 { claim(number) } else { node(number) };
            let bound = binary::entry_bytes(&entry.as_entry(), number == 0);
            entries.push(entry);
            let took = encode(&ping(entries.clone())).len() - before;
            prop_assert!(took <= bound && bound <= took + 24, "{} for {}", bound, took);
        }
    }
}
