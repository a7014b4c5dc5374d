//! Packets with what they say or what is wrong with them: the source of
//! `tests/data/wire-binary.json`.

use gossip::types::{
    Apart, Detail, Digest, Header, Message, MessageKind, Metadata, MetadataStamp, NodeId,
    NodeStatus, NodeView, SyncPayload,
};
use gossip::wire::binary;
use std::fmt::Write;
use std::sync::Arc;

/// A packet and what a reader makes of it.
pub struct Vector {
    pub name: &'static str,
    /// The label that the reader expects.
    pub cluster: u32,
    pub bytes: Vec<u8>,
    pub expected: Expected,
}

pub enum Expected {
    /// What it says. Whether our encoder writes it just so.
    Message { message: Box<Message>, is_ours: bool },
    /// The kind of the error, and where it shows if it is one of the bytes.
    Error { kind: &'static str, offset: Option<usize> },
}

pub const LABEL: u32 = 0x82fb_f5cd;

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A node of a usual cluster: its id has its number at the end.
pub fn id(number: u8) -> NodeId {
    let mut bytes: [u8; 16] = core::array::from_fn(|i| 0x10 + i as u8);
    bytes[15] = number;
    NodeId::new(bytes)
}

/// What a node counts from: its clock in milliseconds.
const START: u64 = 1_790_000_000_000;

fn claim(number: u8) -> NodeView {
    NodeView {
        id: id(number),
        config_epoch: 1,
        heartbeat: START + 8_000_000,
        config_heartbeat: START + 1,
        status: NodeStatus::Online,
        detail: Detail::Claim,
        ..NodeView::default()
    }
}

fn node(number: u8) -> NodeView {
    NodeView {
        ip: format!("10.0.1.{number}"),
        port: 7946,
        version: 1_000_000,
        role: "replica".into(),
        region: "eu-west-1".into(),
        detail: Detail::Full,
        ..claim(number)
    }
}

/// A probe by node 1.
fn header() -> Header {
    Header {
        sender: id(1),
        timestamp: START + 7_999_999,
        nonce: 0x0123_4567_89ab_cdef,
        interval_us: 100_000,
        wire: 1,
        ..Header::default()
    }
}

fn message(header: Header, entries: Vec<NodeView>) -> Message {
    Message { header, entries }
}

fn bare(kind: MessageKind, sync: SyncPayload) -> Message {
    message(Header { sender: id(1), wire: 1, kind, sync, ..Header::default() }, vec![])
}

fn encode(message: &Message, cluster: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let entries = message.entries.iter().map(NodeView::as_entry);
    let header = Header { cluster, ..message.header };
    binary::encode(&header, entries, &mut bytes).expect("within the limits");
    bytes
}

fn written(name: &'static str, message: Message) -> Vector {
    labelled(name, 0, message)
}

fn labelled(name: &'static str, cluster: u32, mut message: Message) -> Vector {
    let bytes = encode(&message, cluster);
    message.header.cluster = cluster;
    let expected = Expected::Message { message: Box::new(message), is_ours: true };
    Vector { name, cluster, bytes, expected }
}

/// A packet that our encoder does not write and every reader takes.
fn taken(name: &'static str, bytes: Vec<u8>, message: Message) -> Vector {
    let expected = Expected::Message { message: Box::new(message), is_ours: false };
    Vector { name, cluster: 0, bytes, expected }
}

fn refused(name: &'static str, bytes: Vec<u8>, kind: &'static str) -> Vector {
    Vector { name, cluster: 0, bytes, expected: Expected::Error { kind, offset: None } }
}

fn wrong(name: &'static str, bytes: Vec<u8>, offset: usize) -> Vector {
    let expected = Expected::Error { kind: "invalid", offset: Some(offset) };
    Vector { name, cluster: 0, bytes, expected }
}

/// A packet of node 1 with these flags and this number of entries, then `body`.
fn raw(flags: u16, count: u16, body: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0xc1, 1];
    bytes.extend(flags.to_le_bytes());
    bytes.extend((count << 4).to_le_bytes());
    bytes.extend(id(1).as_bytes());
    bytes.extend(body.concat());
    bytes
}

/// The start of a full entry of the sender: heartbeat 5, epoch 1, configuration of heartbeat 5.
const OWN_FULL: &[u8] = &[0x1a, 5, 1, 0];
/// The same without a configuration, and with something about metadata.
const OWN_SAYS: &[u8] = &[0x32, 5, 1, 0];
/// Version 2, port 7946, and 10.0.0.7, for a shape with a packed IPv4 address.
const AT: &[u8] = &[2, 0x0a, 0x1f, 10, 0, 0, 7];

fn own(heartbeat: u64) -> NodeView {
    NodeView {
        id: id(1),
        config_epoch: 1,
        heartbeat,
        config_heartbeat: heartbeat,
        status: NodeStatus::Online,
        detail: Detail::Claim,
        ..NodeView::default()
    }
}

fn own_full(role: &str, region: &str) -> NodeView {
    NodeView {
        ip: "10.0.0.7".into(),
        port: 7946,
        version: 2,
        role: role.into(),
        region: region.into(),
        detail: Detail::Full,
        ..own(5)
    }
}

/// A ping of node 1 that says nothing but these entries.
fn plain(entries: Vec<NodeView>) -> Message {
    let own = entries.iter().find(|entry| entry.id == id(1));
    let timestamp = own.map_or(0, |own| own.heartbeat - 1);
    message(Header { sender: id(1), timestamp, wire: 1, ..Header::default() }, entries)
}

/// The packet that docs/WIRE.md explains byte by byte.
pub fn example() -> Vector {
    let zone = Metadata::from_pairs([("zone", "a")]).expect("short");
    let entries = vec![claim(1), NodeView { metadata: Some(Arc::new(zone)), ..node(2) }, node(3)];
    let pong = message(Header { kind: MessageKind::Pong, wire: 2, ..header() }, entries);
    labelled("the example of docs/WIRE.md", LABEL, pong)
}

pub fn all() -> Vec<Vector> {
    let mut all = vec![example()];
    all.extend(headers());
    all.extend(entries());
    all.extend(metadata());
    all.extend(foreign());
    all.extend(not_for_us());
    all.extend(broken_headers());
    all.extend(broken_entries());
    all
}

fn headers() -> Vec<Vector> {
    let kind = |kind| Header { kind, ..header() };
    let digest = |prefix| {
        SyncPayload::Digest(Digest {
            prefix,
            hashes: core::array::from_fn(|i| 0x0102_0300 + i as u32),
        })
    };
    let request = SyncPayload::Request { prefix: 3, buckets: 0x8001 };
    let wanted = SyncPayload::Metadata {
        id: id(2),
        stamp: MetadataStamp { bytes: 5_000, hash: 0x1122_3344_5566_7788 },
        parts: 1 << 127 | 0b1_0011,
    };
    vec![
        written("nothing but the head", bare(MessageKind::Update, SyncPayload::None)),
        written("a probe in a quiet cluster", message(header(), vec![claim(1)])),
        labelled(
            "the same with the label of cluster blue",
            LABEL,
            message(header(), vec![claim(1)]),
        ),
        written("its answer", message(kind(MessageKind::Pong), vec![claim(1)])),
        written(
            "the sender reads version 2",
            message(Header { wire: 2, ..header() }, vec![claim(1)]),
        ),
        written(
            "the sender asks for the receiver's configuration",
            message(Header { wants: true, ..header() }, vec![claim(1)]),
        ),
        written(
            "a timestamp that the entries do not imply",
            message(Header { timestamp: 300, ..header() }, vec![claim(1)]),
        ),
        written("a timestamp without an entry of the sender", message(header(), vec![claim(2)])),
        written(
            "no timestamp without an entry of the sender",
            message(Header { timestamp: 0, ..header() }, vec![claim(2)]),
        ),
        written(
            "the highest interval and nonce",
            message(Header { interval_us: u32::MAX, nonce: u64::MAX, ..header() }, vec![claim(1)]),
        ),
        written(
            "a digest that rides on a probe",
            message(Header { sync: digest(None), ..header() }, vec![claim(1)]),
        ),
        written("a digest of a sixteenth", bare(MessageKind::SyncDigest, digest(Some(11)))),
        written("a request for the members of buckets", bare(MessageKind::SyncRequest, request)),
        written("a request for parts of metadata", bare(MessageKind::SyncRequest, wanted)),
        written(
            "one member asks another to probe a third",
            message(kind(MessageKind::PingReq), vec![node(9), claim(1)]),
        ),
        written("it could not", message(kind(MessageKind::Nack), vec![claim(9), claim(1)])),
        written("a meet", message(kind(MessageKind::Meet), vec![node(1)])),
        written("a join", message(kind(MessageKind::Join), vec![node(1)])),
        written("a leave", message(kind(MessageKind::Leave), vec![claim(1)])),
    ]
}

fn entries() -> Vec<Vector> {
    let status = |(number, status)| NodeView { status, ..claim(number) };
    let statuses = [
        (2, NodeStatus::Unknown),
        (3, NodeStatus::Joining),
        (4, NodeStatus::Online),
        (5, NodeStatus::Suspect),
        (6, NodeStatus::Failed),
        (7, NodeStatus::Left),
    ];
    let at = |number, ip: &str| NodeView { ip: ip.into(), ..node(number) };
    let port = |number, port| NodeView { port, ..node(number) };
    let counters = |number, heartbeat, config_heartbeat, config_epoch| NodeView {
        heartbeat,
        config_heartbeat,
        config_epoch,
        ..claim(number)
    };
    vec![
        written(
            "a claim of every status",
            message(header(), statuses.into_iter().map(status).collect()),
        ),
        written(
            "a probe with three entries in full",
            message(header(), vec![node(1), node(2), NodeView { reads_packets: true, ..node(3) }]),
        ),
        written("the sender twice", plain(vec![own(5), own(9)])),
        written(
            "texts of addresses",
            message(
                header(),
                vec![
                    at(1, "255.255.255.255"),
                    at(2, "2001:db8::1:0:0:1"),
                    at(3, "2001:db8:0:1:1:1:1:1"),
                    at(4, "::ffff:192.168.100.200"),
                    at(5, "::1"),
                    at(6, "2001:DB8::1:0:0:1"),
                    at(7, "010.0.0.1"),
                    at(8, "db-8.internal"),
                    at(9, "db-8.internal"),
                    at(10, ""),
                ],
            ),
        ),
        written(
            "ports",
            message(
                header(),
                vec![
                    port(1, 0),
                    port(2, 65_535),
                    port(3, 65_536),
                    port(4, -8),
                    port(5, i32::MIN),
                    port(6, i32::MAX),
                ],
            ),
        ),
        written(
            "counters",
            message(
                header(),
                vec![
                    counters(2, u64::MAX, u64::MAX, u64::MAX),
                    counters(3, 0, u64::MAX, 127),
                    counters(4, 1, 2, 128),
                    counters(5, 1 << 63, 0, 0),
                    counters(6, (1 << 63) - 1, 1 << 56, 1 << 35),
                ],
            ),
        ),
        written(
            "texts",
            message(
                header(),
                vec![
                    NodeView { role: "é".repeat(31) + "x", region: "same".into(), ..node(1) },
                    NodeView { role: "same".into(), region: "same".into(), ..node(2) },
                    NodeView { role: "new".into(), region: "new".into(), ..node(3) },
                    NodeView { role: String::new(), region: String::new(), ..node(4) },
                ],
            ),
        ),
    ]
}

fn metadata() -> Vec<Vector> {
    let stamp = MetadataStamp { bytes: 5_000, hash: 0x1122_3344_5566_7788 };
    let most = MetadataStamp { bytes: 131_072, hash: 0 };
    let pairs = Metadata::from_pairs([("slots", "0-5460"), ("app", "demo \"q\" \\ é"), ("", "")]);
    let pairs = Some(Arc::new(pairs.expect("short")));
    let with = |entry: NodeView, apart| NodeView { apart, ..entry };
    vec![
        written("metadata", message(header(), vec![NodeView { metadata: pairs, ..node(1) }])),
        written(
            "metadata without a pair, and no word of any",
            message(
                header(),
                vec![NodeView { metadata: Some(Arc::default()), ..node(2) }, node(1)],
            ),
        ),
        written(
            "metadata that travels apart",
            message(header(), vec![with(node(1), Apart::Stamp(stamp))]),
        ),
        written(
            "parts of it",
            message(
                Header { kind: MessageKind::Update, ..header() },
                vec![
                    with(claim(1), Apart::Slice(stamp, 4, (0..=255).collect())),
                    with(claim(1), Apart::Slice(most, 127, vec![])),
                ],
            ),
        ),
    ]
}

/// What an encoder may write and ours does not.
fn foreign() -> Vec<Vector> {
    let short = plain(vec![own_full("a", "")]);
    let later = |flags, body: &[&[u8]]| {
        let mut bytes = raw(flags, 0, body);
        bytes[1] = 9;
        bytes
    };
    let newer = |wire| {
        let mut message = plain(vec![]);
        message.header.wire = wire;
        message
    };
    vec![
        taken(
            "a later version with flags and an extension that may be ignored",
            later(0xe000, &[&[3], b"new"]),
            newer(9),
        ),
        taken(
            "a later version whose sender reads one that is later still",
            later(0x0010, &[&[33]]),
            newer(33),
        ),
        taken(
            "an extension of version 1",
            raw(0x2000, 1, &[&[0x12, 5, 1, 0], &[0]]),
            plain(vec![own(5)]),
        ),
        taken(
            "an address in text that could be packed",
            raw(0, 1, &[OWN_FULL, &[0, 2, 0x0a, 0x1f, 8], b"10.0.0.7", &[1], b"a", &[0]]),
            short.clone(),
        ),
        taken(
            "a port that would fit two bytes",
            raw(0, 1, &[OWN_FULL, &[5, 2, 0x94, 0x7c, 10, 0, 0, 7, 1], b"a", &[0]]),
            short.clone(),
        ),
        taken(
            "a reference to bytes that only read as a text",
            raw(0, 1, &[OWN_FULL, &[0x11], AT, &[1], b"a", &[6]]),
            plain(vec![own_full(
                "a",
                "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x01\x1a",
            )]),
        ),
        taken(
            "the sender's own id written out",
            raw(0, 1, &[&[2], id(1).as_bytes(), &[5, 1, 0]]),
            plain(vec![own(5)]),
        ),
    ]
}

fn not_for_us() -> Vec<Vector> {
    let probe = message(header(), vec![claim(1)]);
    let changed = |at: usize, byte| {
        let mut bytes = encode(&probe, 0);
        bytes[at] = byte;
        bytes
    };
    let expecting = |cluster, vector: Vector| Vector { cluster, ..vector };
    vec![
        refused("version 0", changed(1, 0), "version"),
        refused("another first half of the version", changed(1, 0x11), "version"),
        refused("a sealed packet", changed(2, 0x0d), "flags"),
        refused("a flag that must be understood and is not", changed(3, 0x01), "flags"),
        refused("a label where none is expected", encode(&probe, LABEL), "cluster"),
        expecting(1, refused("another label", encode(&probe, LABEL), "cluster")),
        expecting(LABEL, refused("no label where one is expected", encode(&probe, 0), "cluster")),
    ]
}

fn broken_headers() -> Vec<Vector> {
    let probe = encode(&message(header(), vec![claim(1)]), 0);
    let changed = |at: usize, byte| {
        let mut bytes = probe.clone();
        bytes[at] = byte;
        bytes
    };
    let longer = [&probe[..], b"x"].concat();
    let stamp = [0x81, 0x80, 0x08, 1, 2, 3, 4, 5, 6, 7, 8];
    vec![
        wrong("no bytes", vec![], 0),
        wrong("another magic byte", changed(0, 0xc0), 0),
        wrong("less than a head", probe[..21].to_vec(), 21),
        wrong("a kind that is none", changed(4, 0x1a), 4),
        wrong("1025 entries", changed(5, 0x40), 4),
        wrong("a label that is cut off", raw(2, 0, &[&[1, 2, 3]]), 22),
        wrong("a label of zero", raw(2, 0, &[&[0; 4]]), 22),
        wrong("an interval beyond 32 bits", raw(8, 0, &[&[0x80, 0x80, 0x80, 0x80, 0x10]]), 22),
        wrong("a number that could be shorter", raw(8, 0, &[&[0x85, 0x00, 1, 1, 1, 1, 1, 1]]), 22),
        wrong("a number beyond 64 bits", raw(0x40, 0, &[&[0xff; 9], &[2]]), 22),
        wrong("a number that does not end", raw(0x40, 0, &[&[0xff; 3]]), 22),
        wrong("an unknown part of the anti-entropy", raw(0x20, 0, &[&[5]]), 22),
        wrong(
            "a request for more metadata than there can be",
            raw(0x20, 0, &[&[4], &[9; 16], &stamp, &[0; 16]]),
            39,
        ),
        wrong("an extension that is cut off", raw(0x2000, 0, &[&[4], b"new"]), 22),
        wrong("a byte too many", longer, probe.len()),
        wrong("less entries than were announced", raw(0, 2, &[&[0x12, 5, 1, 0]]), 26),
    ]
}

fn broken_entries() -> Vec<Vector> {
    let own = |shape: u8, rest: &[&[u8]]| raw(0, 1, &[OWN_FULL, &[shape], &rest.concat()]);
    let says = |rest: &[&[u8]]| raw(0, 1, &[OWN_SAYS, &rest.concat()]);
    let stamp = [0x88, 0x27, 1, 2, 3, 4, 5, 6, 7, 8];
    vec![
        wrong("status 6", raw(0, 1, &[&[0x16, 5, 1, 0]]), 22),
        wrong("an unknown bit of an entry", raw(0, 1, &[&[0x52, 5, 1, 0]]), 22),
        wrong("an id that is cut off", raw(0, 1, &[&[2], &[9; 15]]), 23),
        wrong("an unknown shape", own(0x41, &[AT, &[0, 0]]), 26),
        wrong(
            "a port beyond 32 bits",
            own(5, &[&[2], &[0x80, 0x80, 0x80, 0x80, 0x10], &[10, 0, 0, 7, 0, 0]]),
            28,
        ),
        wrong("an address that is cut off", own(2, &[&[2, 0x0a, 0x1f], &[1; 15]]), 30),
        wrong("a text of 64 bytes", own(1, &[AT, &[64], &[b'a'; 64], &[0]]), 34),
        wrong("a text that is cut off", own(1, &[AT, &[9], b"replica"]), 34),
        wrong("a text that is not UTF-8", own(1, &[AT, &[1, 0xff, 0]]), 34),
        wrong("a reference to itself", own(9, &[AT, &[34, 0]]), 34),
        wrong("a reference to a later place", own(9, &[AT, &[35, 0]]), 34),
        wrong("a reference beyond the end", own(9, &[AT, &[0xff, 0xff, 3, 0]]), 34),
        wrong("a reference to a text that reaches beyond it", own(9, &[AT, &[33, 0]]), 34),
        wrong("a reference to what is no text", own(9, &[AT, &[0, 0]]), 34),
        wrong("metadata whose keys do not ascend", says(&[&[0, 8], b"\x01b\x01x\x01a\x01x"]), 26),
        wrong("metadata that is cut off within", says(&[&[0, 3], b"\x01a\x05"]), 26),
        wrong("metadata that is cut off", says(&[&[0, 9], b"\x01a\x01b"]), 27),
        wrong("an unknown word about metadata", says(&[&[3]]), 26),
        wrong("part 128 of metadata", says(&[&[2], &stamp, &[128, 0]]), 26),
        wrong("a part of 1025 bytes", says(&[&[2], &stamp, &[0, 0x81, 0x08], &[7; 1025]]), 26),
        wrong("more metadata than there can be", says(&[&[1, 0x81, 0x80, 0x08], &[0; 8]]), 27),
    ]
}
