//! Transports and the forms in which they write and read.

use crate::support::*;
use crate::transport::wire_up;
use crate::wired::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::testing::{raw_kind, raw_status};
use gossip::ffi::*;
use gossip::ffi::{
    gossip_core_get_peer_stats, gossip_core_get_stats, gossip_peer_stats_t, gossip_stats_t,
};
use gossip::types::{Detail, Entry, Header, MessageKind, NodeId, NodeStatus};
use gossip::wire::{Kind, binary, framing, json, kind_of};
use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::net::UdpSocket;
use std::sync::Arc;

/// A serializer by its name, destroyed when dropped.
pub(crate) struct Named(pub(crate) *mut gossip_serializer_t);

impl Named {
    pub(crate) fn new(name: &str) -> Self {
        let name = CString::new(name).expect("no NUL");
        // SAFETY: a text that ends in NUL.
        let serializer = unsafe { gossip_serializer_create(name.as_ptr()) };
        assert!(!serializer.is_null(), "{}", last_error());
        Self(serializer)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        // SAFETY: destroyed once.
        unsafe { gossip_serializer_destroy(self.0) }
    }
}

fn pinned(kind: gossip_transport_type_t, name: &str) -> Arc<Wire> {
    let wire = Wire::start(kind);
    // SAFETY: both are alive; the transport keeps what it needs.
    unsafe { gossip_transport_set_serializer(wire.0, Named::new(name).0) };
    Arc::new(wire)
}

fn names() -> Vec<&'static str> {
    let mut count = usize::MAX;
    // SAFETY: a place to write to; the array has as many texts as it says and is never freed.
    unsafe {
        let names = gossip_serializer_names(&mut count);
        let names = std::slice::from_raw_parts(names, count);
        assert!(!gossip_serializer_names(std::ptr::null_mut()).is_null(), "no count is wanted");
        names.iter().map(|&name| CStr::from_ptr(name).to_str().expect("UTF-8")).collect()
    }
}

#[test]
fn serializers_are_made_by_their_names() {
    for name in ["json", "binary", "auto"] {
        assert!(names().contains(&name));
    }
    for name in names() {
        let serializer = Named::new(name);
        // SAFETY: a live serializer, whose name lives as long.
        let said = unsafe { CStr::from_ptr(gossip_serializer_name(serializer.0)) };
        assert_eq!(said.to_str(), Ok(name));
    }
    let names = names();
    // SAFETY: texts that end in NUL, or NULL.
    unsafe {
        for unknown in [c"", c"Json", c"json ", c"yaml", c"\xff"] {
            assert!(gossip_serializer_create(unknown.as_ptr()).is_null());
            for name in &names {
                assert!(last_error().contains(&format!("\"{name}\"")), "{}", last_error());
            }
        }
        assert!(gossip_serializer_create(std::ptr::null()).is_null());
        assert!(last_error().starts_with("gossip_serializer_create: name is NULL; pass \"json\""));
        assert!(CStr::from_ptr(gossip_serializer_name(std::ptr::null())).is_empty());
    }
}

#[test]
fn every_form_comes_back_as_it_was() {
    let entries = [online(1, 40), online(2, 50)];
    let sent = message(MessageKind::Meet, 1, 39, &entries);
    for name in names() {
        let serializer = Named::new(name);
        let (mut data, mut size) = (std::ptr::null_mut(), 0);
        let mut read = message(MessageKind::Ping, 9, 9, &[]);
        // SAFETY: a live serializer, a message whose entries live, and places to write to; what is
        // made is freed once.
        unsafe {
            let code = gossip_serializer_serialize(serializer.0, &sent, &mut data, &mut size);
            assert_eq!(code, GOSSIP_ERR_SUCCESS, "{name}");
            let code = gossip_serializer_deserialize(serializer.0, data, size, &mut read);
            assert_eq!(code, GOSSIP_ERR_SUCCESS, "{name}: {}", last_error());
            let views = std::slice::from_raw_parts(read.entries, read.entries_count);
            assert_eq!(views.len(), 2);
            for (view, entry) in views.iter().zip(&entries) {
                assert_eq!((view.id.data, view.heartbeat), (entry.id.data, entry.heartbeat));
                assert_eq!((view.ip, view.role), (entry.ip, entry.role));
                assert_eq!(raw_status(view.status), raw_status(entry.status));
            }
            assert_eq!((raw_kind(read.r#type), read.timestamp), (2, 39));
            let other = if name == "json" { "binary" } else { "json" };
            let code = gossip_serializer_deserialize(Named::new(other).0, data, size, &mut read);
            let is_text = kind_of(std::slice::from_raw_parts(data, size)) == Kind::Json;
            assert_eq!(code == GOSSIP_ERR_SUCCESS, other == "json" && is_text, "{name}, {other}");
            gossip_buffer_free(data);
            gossip_message_free_entries(&mut read);
            assert!(read.entries.is_null() && read.entries_count == 0);
            gossip_message_free_entries(&mut read);
            gossip_message_free_entries(std::ptr::null_mut());
            gossip_buffer_free(std::ptr::null_mut());
        }
    }
}

#[test]
fn an_entry_without_its_configuration_has_no_struct() {
    let id = NodeId::new([7; 16]);
    let claim = Entry { id, heartbeat: 5, detail: Detail::Claim, ..Entry::default() };
    let full = Entry { ip: "10.0.0.1", port: 5, detail: Detail::Full, ..claim };
    let header = Header { sender: id, kind: MessageKind::SyncDigest, ..Header::default() };
    let mut bytes = Vec::new();
    binary::encode(&header, [claim, full, claim], &mut bytes).expect("small");
    let mut read = message(MessageKind::Ping, 9, 9, &[]);
    // SAFETY: a live serializer, as many bytes as said, and a message to write to.
    unsafe {
        let serializer = Named::new("auto");
        let (data, size) = (bytes.as_ptr(), bytes.len());
        let code = gossip_serializer_deserialize(serializer.0, data, size, &mut read);
        assert_eq!(code, GOSSIP_ERR_SUCCESS);
        assert_eq!((read.entries_count, (*read.entries).port), (1, 5));
        assert_eq!(raw_kind(read.r#type), MessageKind::Update as u32, "8 has no name in C");
        gossip_message_free_entries(&mut read);
    }
}

/// What a peer without this library writes: a meet of the node 7, which says that it reads `wire`.
fn meet(form: Kind, wire: u8, port: u16) -> Vec<u8> {
    let id = NodeId::new([7; 16]);
    let entry = Entry {
        id,
        ip: "127.0.0.1",
        port: port.into(),
        heartbeat: 5,
        status: NodeStatus::Online,
        ..Entry::default()
    };
    let header = Header { sender: id, kind: MessageKind::Meet, wire, ..Header::default() };
    let mut datagram = Vec::new();
    match form {
        Kind::Binary => binary::encode(&header, [entry], &mut datagram).expect("small"),
        _ => {
            let start = framing::begin_frame(&mut datagram);
            json::encode(&header, [entry], &mut datagram).expect("small");
            framing::end_frame(&mut datagram, start).expect("small");
        }
    }
    datagram
}

/// The form of the answer to a meet.
fn answer(socket: &UdpSocket, to: u16, datagram: &[u8]) -> Kind {
    let mut buffer = [0; 65536];
    socket.send_to(datagram, ("127.0.0.1", to)).expect("sent");
    loop {
        let (bytes, _) = socket.recv_from(&mut buffer).expect("within the deadline");
        let form = kind_of(&buffer[..bytes]);
        let kind = match form {
            Kind::Binary => binary::decode(&buffer[..bytes]).expect("a packet").header.kind,
            _ => {
                let frame = framing::frames(&buffer[..bytes]).next().expect("a frame");
                let header = json::decode(frame).expect("a message").header;
                assert_eq!(header.wire, binary::VERSION, "its text says what is read here");
                header.kind
            }
        };
        if kind == MessageKind::Pong {
            return form;
        }
    }
}

#[test]
fn auto_answers_in_the_form_that_the_peer_reads() {
    for (form, wire, expected) in [
        (Kind::Json, 0, Kind::Json),
        (Kind::Json, 1, Kind::Binary),
        (Kind::Binary, 1, Kind::Binary),
    ] {
        let wire_of_node = Arc::new(Wire::start(UDP));
        let node = Node::of(&wire_of_node.view(1));
        wire_up(&node, &wire_of_node);
        let (socket, target) = socket();
        let port = u16::try_from(target.port).expect("a port");
        let got = answer(&socket, wire_of_node.port(), &meet(form, wire, port));
        assert_eq!(got, expected, "{form:?} with wire {wire}");
    }
}

fn stats(node: &Node) -> gossip_stats_t {
    // SAFETY: zero is a value of each field.
    let mut stats: gossip_stats_t = unsafe { std::mem::zeroed() };
    stats.size = size_of::<gossip_stats_t>();
    // SAFETY: a live core and a struct with its size.
    unsafe { gossip_core_get_stats(node.core, &mut stats) };
    stats
}

fn reads_packets(node: &Node, number: u8) -> bool {
    // SAFETY: zero is a value of each field.
    let mut peer: gossip_peer_stats_t = unsafe { std::mem::zeroed() };
    peer.size = size_of::<gossip_peer_stats_t>();
    // SAFETY: a live core, an id, and a struct with its size.
    unsafe { gossip_core_get_peer_stats(node.core, &id(number), &mut peer) };
    peer.packets == 1
}

fn is_online(node: Option<gossip_node_view_t>) -> bool {
    node.is_some_and(|node| raw_status(node.status) == ONLINE)
}

/// Two programs of version 1 that tick until they see each other and `end` holds.
fn two_programs(here: &Arc<Wire>, there: &Arc<Wire>, end: impl Fn(&Node, &Node) -> bool) {
    let (one, two) = (Node::of(&here.view(1)), Node::of(&there.view(2)));
    wire_up(&one, here);
    wire_up(&two, there);
    one.meet(&there.view(2));
    wait_for("both see the other online, and more", || {
        one.tick();
        two.tick();
        is_online(one.find(2)) && is_online(two.find(1)) && end(&one, &two)
    });
    for node in [&one, &two] {
        let stats = stats(node);
        let counted = stats.sent_bytes.iter().sum::<u64>() > 0;
        assert!(counted && stats.received_bytes.iter().sum::<u64>() > 0, "bytes are counted");
    }
}

#[test]
fn two_programs_of_version_1_end_with_packets() {
    for kind in BOTH {
        let (here, there) = (Arc::new(Wire::start(kind)), Arc::new(Wire::start(kind)));
        let before = Cell::new((0, 0));
        two_programs(&here, &there, |one, two| {
            // The pings since the last look; as text each has more than 300 bytes.
            let stats = stats(one);
            let (count, bytes) = (stats.sent[0], stats.sent_bytes[0]);
            let (count_before, bytes_before) = before.replace((count, bytes));
            let small = bytes - bytes_before < 200 * (count - count_before);
            small && reads_packets(one, 2) && reads_packets(two, 1)
        });
    }
}

#[test]
fn pinned_forms_make_a_cluster_and_text_shows_nothing_of_packets() {
    for kind in BOTH {
        for name in names() {
            let (here, there) = (pinned(kind, name), pinned(kind, name));
            two_programs(&here, &there, |one, _| name == "json" || reads_packets(one, 2));
        }
        let (here, there) = (pinned(kind, "json"), Arc::new(Wire::start(kind)));
        two_programs(&here, &there, |_, _| true);
    }
}

#[test]
fn a_pinned_transport_takes_no_other_form() {
    for (name, foreign) in [("json", Kind::Binary), ("binary", Kind::Json)] {
        let wire = pinned(UDP, name);
        let node = Node::new(1);
        wire.serve(&node);
        let (socket, target) = socket();
        let port = u16::try_from(target.port).expect("a port");
        let send = |form| socket.send_to(&meet(form, 0, port), ("127.0.0.1", wire.port()));
        wait_for("it is refused", || {
            send(foreign).expect("sent");
            stats(&node).refused_malformed > 0
        });
        assert!(node.find(7).is_none());
        let own = if foreign == Kind::Json { Kind::Binary } else { Kind::Json };
        wait_for("its own form is taken", || {
            send(own).expect("sent");
            node.find(7).is_some()
        });
    }
}

#[test]
fn one_large_text_goes_in_one_datagram_and_a_large_packet_in_several() {
    let entries: Vec<_> = (1..=100).map(|number| online(number, number.into())).collect();
    let large = message(MessageKind::Ping, 1, 1, &entries);
    let mut buffer = [0; 65536];

    let (socket, target) = socket();
    let wire = Wire::start(UDP);
    assert_eq!(wire.send(&large, &target), GOSSIP_ERR_SUCCESS);
    let (bytes, _) = socket.recv_from(&mut buffer).expect("within the deadline");
    let frames: Vec<_> = framing::frames(&buffer[..bytes])
        .map(|frame| json::decode(frame).expect("a message"))
        .collect();
    assert!(frames.len() > 10);
    assert_eq!(frames.iter().map(|frame| frame.entries.len()).sum::<usize>(), 100);

    let wire = pinned(UDP, "binary");
    assert_eq!(wire.send(&large, &target), GOSSIP_ERR_SUCCESS);
    let (mut told, mut kinds) = (0, Vec::new());
    while told < 100 {
        let (bytes, _) = socket.recv_from(&mut buffer).expect("within the deadline");
        assert!(bytes <= 1400);
        let packet = binary::decode(&buffer[..bytes]).expect("a packet");
        told += packet.entries().len();
        kinds.push(packet.header.kind);
    }
    assert_eq!(kinds[0], MessageKind::Ping);
    assert!(kinds.len() > 1 && kinds[1..].iter().all(|&kind| kind == MessageKind::Update));
}

#[test]
fn metadata_reaches_the_other_node_in_every_form() {
    for name in names() {
        let (here, there) = (pinned(UDP, name), pinned(UDP, name));
        let (one, two) = (Node::of(&here.view(1)), Node::of(&there.view(2)));
        wire_up(&one, &here);
        wire_up(&two, &there);
        // More than fits a datagram of the usual size.
        let value = CString::new("v".repeat(5000)).expect("no NUL");
        let (keys, values) = ([c"key".as_ptr()], [value.as_ptr()]);
        // SAFETY: a live core and arrays of one text each.
        unsafe {
            let (keys, values) = (keys.as_ptr().cast_mut(), values.as_ptr().cast_mut());
            gossip_core_update_self_metadata(one.core, keys, values, 1);
        }
        one.meet(&there.view(2));
        let count = || {
            // SAFETY: a live core and an id.
            unsafe { gossip::ffi::gossip_core_metadata_count(two.core, &id(1)) }
        };
        wait_for(name, || {
            one.tick();
            two.tick();
            count() == 1
        });
    }
}
