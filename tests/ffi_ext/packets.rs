//! Packets in and out of cores without any transport of the library.

use crate::cluster::Cluster;
use crate::support::*;
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use gossip::types::MessageKind;
use gossip::wire::{binary, framing, json};
use std::ffi::CStr;
use std::ptr;

const SUCCESS: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SUCCESS;

fn packets(seed: u8) -> gossip_config_t {
    gossip_config_t { packets: 1, ..config(seed.into()) }
}

fn hand(node: &Node, bytes: &[u8], ip: &CStr, port: u16) -> gossip_error_code_t {
    // SAFETY: a live core, bytes as many as they say, and a text.
    unsafe { gossip_core_handle_packet(node.core, bytes.as_ptr(), bytes.len(), ip.as_ptr(), port) }
}

/// The datagrams that a node sent since the last time.
fn sent(node: &Node) -> Vec<(Vec<u8>, String, u16)> {
    let packet = |call| match call {
        Call::Packet(bytes, ip, port) => Some((bytes, ip, port)),
        _ => None,
    };
    node.calls().into_iter().filter_map(packet).collect()
}

#[test]
fn a_cluster_forms_by_packets_with_loss_and_buries_its_dead() {
    let mut cluster = Cluster::new(7, packets);
    cluster.loss_percent = 5;
    cluster.form();
    crate::metadata::set(&cluster.nodes[3], "zone", "b");
    cluster.run(10_000);
    for node in &cluster.nodes {
        assert_eq!(crate::metadata::get(node, 4, "zone").as_deref(), Some("b"));
    }
    cluster.alive[6] = false;
    cluster.run(15_000);
    for node in &cluster.nodes[..6] {
        assert_eq!(node.status(7), Some(FAILED));
    }
    assert!(cluster.is_formed());
    assert_eq!(cluster.refused, [""; 0]);
}

#[test]
fn packets_of_another_cluster_are_refused() {
    let named = |name: &CStr, number: u8| {
        let config = gossip_config_t { cluster: name.as_ptr(), ..packets(number) };
        Node::with(&config, &view(number), PACKETS)
    };
    let (blue, green) = (named(c"blue", 1), named(c"green", 2));
    blue.join(&view(2));
    let (bytes, ip, port) = sent(&blue).pop().expect("a join");
    assert_eq!((ip.as_str(), port), ("127.0.0.1", 7002));
    assert!(binary::is_packet(&bytes));
    let refused = hand(&green, &bytes, c"127.0.0.1", 7001);
    assert_eq!(refused, gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR);
    assert_ne!(last_error(), "");
    assert_eq!(crate::stats::stats(&green).refused_cluster, 1);
    assert_eq!(green.status(1), None);
    let other = named(c"blue", 3);
    assert_eq!(hand(&other, &bytes, c"127.0.0.1", 7001), SUCCESS);
}

/// A node that carries structs speaks JSON to a stranger, and packets once that is known to read
/// them.
#[test]
fn nodes_without_the_packets_flag_begin_with_text_and_go_over_to_packets() {
    let mut cluster = Cluster::new(4, |number| config(number.into()));
    cluster.nodes[1].join(&view(1));
    let first = sent(&cluster.nodes[1]).pop().expect("a join").0;
    assert_eq!(first[0], 0, "a frame of text");
    let text = framing::frames(&first).next().expect("a frame");
    let message = json::decode(text).expect("JSON");
    assert_eq!(message.header.kind, MessageKind::Join);
    cluster.form();
    cluster.run(5_000);
    cluster.nodes[0].calls();
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(cluster.nodes[0].core, cluster.now + 1) };
    let last = sent(&cluster.nodes[0]);
    assert!(!last.is_empty() && last.iter().all(|(bytes, ..)| binary::is_packet(bytes)));
}

#[test]
fn several_frames_of_text_in_a_datagram_are_taken_and_the_bad_ones_told() {
    let node = Node::with(&config(1), &view(1), PACKETS);
    let frame = |text: &[u8]| {
        let mut out = Vec::new();
        let start = framing::begin_frame(&mut out);
        out.extend_from_slice(text);
        framing::end_frame(&mut out, start).expect("small");
        out
    };
    let meet = |number: u8| {
        let zeros = format!("{number:02x},").repeat(16);
        let id = zeros.trim_end_matches(',');
        let entry = format!(
            "{{\"config_epoch\":0,\"heartbeat\":5,\"id\":\"{id}\",\"ip\":\"127.0.0.1\",\
             \"metadata\":{{\"k\":\"v{number}\"}},\"port\":{},\"region\":\"\",\"role\":\"\",\
             \"status\":2,\"suspicion_count\":0,\"version\":0}}",
            7000 + u16::from(number)
        );
        frame(
            format!("{{\"entries\":[{entry}],\"sender\":\"{id}\",\"timestamp\":4,\"type\":2}}")
                .as_bytes(),
        )
    };
    let good = [meet(2), meet(3)].concat();
    assert_eq!(hand(&node, &good, c"127.0.0.1", 7002), SUCCESS);
    assert_eq!(crate::metadata::get(&node, 3, "k").as_deref(), Some("v3"));
    let bad = [meet(4), frame(b"{]"), meet(5)].concat();
    let code = hand(&node, &bad, c"127.0.0.1", 7002);
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR);
    assert_error(&["gossip_core_handle_packet", "at byte"]);
    assert!(node.status(4).is_some() && node.status(5).is_some());
    let stats = crate::stats::stats(&node);
    assert_eq!(stats.received[MessageKind::Meet as usize], 4);
    assert!(stats.received_bytes[MessageKind::Meet as usize] > 800);
    assert_eq!(stats.refused_malformed, 1);
}

#[test]
fn garbage_is_refused_and_changes_nothing_but_a_counter() {
    let node = Node::with(&packets(1), &view(1), PACKETS);
    let other = Node::with(&packets(2), &view(2), PACKETS);
    other.join(&view(1));
    let good = sent(&other).pop().expect("a join").0;
    let mut tried = 0;
    for cut in 0..good.len() {
        let code = hand(&node, &good[..cut], c"127.0.0.1", 7002);
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR, "{cut}");
        tried += 1;
    }
    for noise in [&b"\0"[..], b"\0\0\0\x09{}", b"GET / HTTP/1.1\r\n", &[0xff; 3000], b"{}"] {
        let code = hand(&node, noise, c"127.0.0.1", 7002);
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR);
        tried += 1;
    }
    assert_eq!(crate::stats::stats(&node).refused_messages, tried);
    assert_eq!(node.status(2), None);
    assert!(node.calls().is_empty());
    assert_eq!(hand(&node, &good, c"127.0.0.1", 7002), SUCCESS);
    assert!(node.status(2).is_some());
}

#[test]
fn arguments_that_cannot_be_are_named() {
    let node = Node::with(&packets(1), &view(1), PACKETS);
    let invalid = gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT;
    for ip in [c"", c"localhost", c"10.0.0", c"::1%lo", c"\xff"] {
        assert_eq!(hand(&node, b"x", ip, 1), invalid);
        assert_error(&["gossip_core_handle_packet: ip is", "numeric"]);
    }
    assert_eq!(hand(&node, b"x", c"::1", 0), invalid);
    assert_error(&["port is 0"]);
    let ip = c"::1".as_ptr();
    // SAFETY: NULL is refused.
    unsafe {
        assert_eq!(gossip_core_handle_packet(ptr::null_mut(), [1].as_ptr(), 1, ip, 1), invalid);
        assert_error(&["core is NULL"]);
        assert_eq!(gossip_core_handle_packet(node.core, ptr::null(), 1, ip, 1), invalid);
        assert_error(&["bytes is NULL"]);
        let bytes = [1].as_ptr();
        assert_eq!(gossip_core_handle_packet(node.core, bytes, 1, ptr::null(), 1), invalid);
        assert_error(&["ip is NULL"]);
    }
}

#[test]
fn a_message_is_sent_once_though_the_program_has_both_functions() {
    let both = Has { packet: true, ..ALL };
    let node = Node::with(&packets(1), &view(1), both);
    node.join(&view(2));
    let calls = node.calls();
    let count = |is: fn(&Call) -> bool| calls.iter().filter(|call| is(call)).count();
    assert_eq!(count(|call| matches!(call, Call::Packet(..))), 1);
    assert_eq!(count(|call| matches!(call, Call::Send { .. })), 0);
    assert_eq!(count(|call| matches!(call, Call::Event | Call::Changes(_))), 2);
}

#[test]
fn what_cannot_be_sent_to_is_dropped_and_counted() {
    let node = Node::with(&packets(1), &view(1), PACKETS);
    let join = |number: u8, ip: &str, port: i32| {
        node.join(&gossip_node_view_t { ip: c_text(ip), port, ..view(number) });
    };
    let nowhere = [("db-7.internal", 7002), ("10.0.0.7", 0), ("::1", -1), ("::1", 70_000), ("", 5)];
    for (number, (ip, port)) in (10..).zip(nowhere) {
        join(number, ip, port);
    }
    assert!(sent(&node).is_empty());
    assert_eq!(crate::stats::stats(&node).dropped_calls, 5);
    let longest = "fff1:fff2:fff3:fff4:fff5:fff6:fff7:fff8";
    for (number, (ip, shown)) in (20..).zip([
        ("2001:DB8::7", "2001:db8::7"),
        ("localhost", "127.0.0.1"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("255.255.255.255", "255.255.255.255"),
        (longest, longest),
    ]) {
        join(number, ip, 7009);
        let (_, ip, port) = sent(&node).pop().expect("a join");
        assert_eq!((ip.as_str(), port), (shown, 7009));
    }
}

/// To others it comes as several datagrams; who may be a node of 1.4.2 loses bursts.
#[test]
fn a_message_too_long_for_a_datagram_of_text_is_several_frames() {
    let node = Node::with(&config(1), &view(1), PACKETS);
    for number in 2..40 {
        node.befriend(number);
    }
    crate::metadata::set(&node, "long", &"x".repeat(3_000));
    let mut largest = 0;
    let mut updates = 0;
    for round in 1..20 {
        // SAFETY: a live core.
        unsafe { gossip_core_tick_at(node.core, round * 100) };
        for (bytes, ..) in sent(&node) {
            let mut whole = 0;
            for text in framing::frames(&bytes) {
                let message = json::decode(text).expect("JSON");
                updates += usize::from(message.header.kind == MessageKind::Update);
                assert!(text.len() <= 1396 || message.entries.len() == 1);
                assert_eq!(message.header.wire, binary::VERSION, "it shows what it reads");
                largest = largest.max(text.len());
                whole += 4 + text.len();
            }
            assert_eq!(whole, bytes.len());
        }
    }
    assert!((3_000..4_000).contains(&largest), "{largest} bytes");
    assert!(updates > 0);
}
