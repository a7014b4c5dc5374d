//! What the caller of one function sees, as in 1.4.2.

use crate::support::*;
use gossip::ffi::testing::{c_text, raw_status, read_text, text_bytes};
use gossip::ffi::*;
use gossip::types::{MessageKind, NodeStatus};
use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;
use std::ptr;

const PING: u32 = 0;
const PONG: u32 = 1;
const MEET: u32 = 2;

#[test]
fn a_new_node_is_online_and_keeps_its_counters() {
    let own = gossip_node_view_t {
        status: status(FAILED),
        heartbeat: 41,
        version: 5,
        config_epoch: 3,
        ..view(1)
    };
    let node = Node::of(&own);
    let own = node.own();
    assert_eq!(raw_status(own.status), ONLINE);
    assert_eq!((own.heartbeat, own.version, own.config_epoch), (41, 5, 3));
    assert_eq!(own.port, 7001);
    assert_eq!(read_text(&own.ip), "127.0.0.1");
    assert_eq!(read_text(&own.role), "replica");
    assert_eq!((own.sent_messages, own.received_messages), (0, 0));
    assert!(node.calls().is_empty());
}

#[test]
fn meet_raises_its_event_before_it_sends() {
    let node = Node::new(1);
    node.meet(&view(2));
    let calls = node.calls();
    let [Call::Event { node: met, old }, Call::Send { kind, sender, timestamp, entries, target }] =
        &calls[..]
    else {
        panic!("{:?}", calls.iter().map(Call::brief).collect::<Vec<_>>());
    };
    assert_eq!((*old, raw_status(met.status), met.id.data[0]), (UNKNOWN, JOINING, 2));
    assert_eq!((*kind, *sender), (MEET, 1));
    // One less than the entry's: so an old node takes the entry for news.
    assert_eq!((*timestamp, entries[0].heartbeat), (0, node.own().heartbeat));
    assert_eq!((target.id.data[0], target.port), (2, 7002));
    assert_eq!(entries.iter().map(|entry| entry.id.data[0]).collect::<Vec<_>>(), [1]);
    assert_eq!((met.sent_messages, met.received_messages), (0, 0));
    assert_eq!(node.own().sent_messages, 1);
    assert_eq!(node.size(), 1);
}

#[test]
fn meeting_oneself_does_nothing_and_says_so() {
    let node = Node::new(1);
    node.meet(&view(1));
    assert!(last_error().starts_with("gossip_core_meet: "), "{}", last_error());
    assert!(node.calls().is_empty());
    assert_eq!(node.size(), 0);
}

#[test]
fn the_first_answer_makes_a_met_node_online() {
    let node = Node::new(1);
    node.meet(&view(2));
    node.calls();
    node.hear(MessageKind::Pong, 2, &[online(2, 10)]);
    let events: Vec<(u32, u32)> = node
        .calls()
        .iter()
        .filter_map(|call| match call {
            Call::Event { node, old } => Some((*old, raw_status(node.status))),
            Call::Send { .. } => None,
        })
        .collect();
    assert_eq!(events, [(JOINING, ONLINE)]);
    assert_eq!(node.own().received_messages, 1);
}

#[test]
fn a_ping_is_answered_by_a_pong_with_the_own_entry() {
    let node = Node::new(1);
    node.befriend(2);
    node.hear(MessageKind::Ping, 2, &[online(2, 11)]);
    let calls = node.calls();
    let pongs: Vec<_> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Send { kind: PONG, target, entries, sender, .. } => {
                Some((target, entries, sender))
            }
            _ => None,
        })
        .collect();
    let [(target, entries, sender)] = pongs[..] else { panic!("{} pongs", pongs.len()) };
    assert_eq!((target.id.data[0], target.port, *sender), (2, 7002, 1));
    assert!(entries.iter().any(|entry| entry.id.data[0] == 1));
}

#[test]
fn a_round_pings_and_counts_the_heartbeat_up() {
    let node = Node::new(1);
    node.tick();
    assert_eq!(node.own().heartbeat, 2);
    node.befriend(2);
    let before = node.own();
    node.tick();
    let after = node.own();
    assert!(after.heartbeat > before.heartbeat);
    assert!(after.sent_messages > before.sent_messages);
    let pinged = |call: &Call| matches!(call, Call::Send { kind: PING, target, .. } if target.id.data[0] == 2);
    assert!(node.calls().iter().any(pinged));
}

#[test]
fn a_broadcast_pings_every_online_node() {
    let node = Node::new(1);
    // More than the queue takes at once.
    for number in 2..=200 {
        node.befriend(number);
    }
    // SAFETY: a live core.
    unsafe { gossip_core_tick_full_broadcast(node.core) };
    let mut pinged: Vec<u8> = node
        .calls()
        .iter()
        .filter_map(|call| match call {
            Call::Send { kind: PING, target, .. } => Some(target.id.data[0]),
            _ => None,
        })
        .collect();
    pinged.sort_unstable();
    pinged.dedup();
    assert_eq!(pinged, (2..=200).collect::<Vec<u8>>());
}

#[test]
fn lists_are_in_order_of_arrival_and_without_oneself() {
    let node = Node::new(1);
    assert!(node.nodes().is_empty());
    for number in [5, 3, 9] {
        node.befriend(number);
    }
    let numbers: Vec<u8> = node.nodes().iter().map(|view| view.id.data[0]).collect();
    assert_eq!(numbers, [5, 3, 9]);
    assert_eq!(node.size(), 3);
    assert!(node.find(3).is_some());
    assert!(node.find(1).is_some(), "the own id finds oneself");
    assert!(node.find(4).is_none());
}

#[test]
fn what_is_not_found_leaves_the_output_alone() {
    let node = Node::new(1);
    let mut out = view(77);
    let mut count = 5;
    // SAFETY: a live core or NULL, and places to write to.
    unsafe {
        assert_eq!(gossip_core_find_node(node.core, &id(4), &mut out), 0);
        assert_eq!(out.id.data[0], 77);
        assert!(gossip_core_get_nodes(ptr::null(), &mut count).is_null());
        assert_eq!(count, 5);
        assert!(gossip_core_get_nodes(node.core, &mut count).is_null());
        assert_eq!(count, 0);
    }
}

#[test]
fn leaving_of_an_unknown_node_does_nothing_and_says_so() {
    let node = Node::new(1);
    node.leave(9);
    assert!(last_error().starts_with("gossip_core_leave: "), "{}", last_error());
    assert!(node.calls().is_empty());
}

#[test]
fn a_node_that_left_shows_as_failed_and_stays_listed() {
    let node = Node::new(1);
    node.befriend(2);
    node.leave(2);
    assert_eq!(node.find(2).map(|node| raw_status(node.status)), Some(FAILED));
    let failed = |call: &Call| matches!(call, Call::Event { node, old: ONLINE } if raw_status(node.status) == FAILED);
    assert_eq!(node.calls().iter().filter(|call| failed(call)).count(), 1);
    assert_eq!(node.size(), 1);
}

#[test]
fn reset_forgets_nodes_and_counts_without_events() {
    let node = Node::new(1);
    node.befriend(2);
    // SAFETY: a live core.
    unsafe { gossip_core_reset(node.core) };
    let own = node.own();
    assert_eq!((node.size(), own.sent_messages, own.received_messages), (0, 0, 0));
    assert_eq!(own.id, id(1));
    assert!(!node.calls().iter().any(|call| matches!(call, Call::Event { .. })));
}

fn set(node: &Node, pairs: &[(Option<&CStr>, Option<&CStr>)]) {
    let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    let mut keys: Vec<*const c_char> = pairs.iter().map(|(key, _)| pointer(*key)).collect();
    let mut values: Vec<*const c_char> = pairs.iter().map(|(_, value)| pointer(*value)).collect();
    // SAFETY: a live core and arrays of that length.
    unsafe {
        gossip_core_update_self_metadata(
            node.core,
            keys.as_mut_ptr(),
            values.as_mut_ptr(),
            pairs.len(),
        );
    }
}

#[test]
fn metadata_raises_the_heartbeat_and_may_raise_the_epoch() {
    let node = Node::new(1);
    set(&node, &[(Some(c"zone"), Some(c"a")), (None, Some(c"x")), (Some(c"y"), None)]);
    assert_eq!(last_error(), "");
    let own = node.own();
    assert_eq!((own.heartbeat, own.version), (2, 1));
    set(&node, &[(Some(c"config_epoch"), Some(c"12"))]);
    assert_eq!(node.own().config_epoch, 12);
    set(&node, &[(Some(c"config_epoch"), Some(c"11"))]);
    assert!(last_error().contains("12"), "{}", last_error());
    assert_eq!(node.own().config_epoch, 12);
    let before = node.own().heartbeat;
    set(&node, &[]);
    assert_eq!(node.own().heartbeat, before);
}

#[test]
fn metadata_that_is_too_large_is_refused_whole() {
    let node = Node::new(1);
    let long = std::ffi::CString::new(vec![b'x'; 70_000]).expect("no NUL");
    set(&node, &[(Some(c"a"), Some(c"b")), (Some(c"long"), Some(&long))]);
    assert!(last_error().contains("65536"), "{}", last_error());
    assert_eq!(node.own().heartbeat, 1);
}

#[test]
fn without_callbacks_sends_are_counted_all_the_same() {
    let own = view(1);
    // SAFETY: a view, no callbacks, and each pointer used as the functions say.
    unsafe {
        let core = gossip_core_create(&own, None, None, ptr::null_mut());
        gossip_core_meet(core, &view(2));
        let own = gossip_core_self(core);
        assert_eq!((*own).sent_messages, 1);
        gossip_core_free_self(own);
        gossip_core_destroy(core);
    }
}

#[test]
fn texts_come_back_as_they_were_given() {
    let own =
        gossip_node_view_t { role: c_text(&"r".repeat(63)), region: c_text("s\u{fc}d"), ..view(1) };
    let node = Node::of(&own);
    let own = node.own();
    assert_eq!(read_text(&own.role), "r".repeat(63));
    assert_eq!(read_text(&own.region), "s\u{fc}d");
}

#[test]
fn long_texts_are_cut_between_characters_and_terminated() {
    let text = c_text(&"\u{20ac}".repeat(40));
    assert_eq!(text_bytes(&text).len(), 63);
    assert_eq!(read_text(&text), "\u{20ac}".repeat(21));
    let text = c_text(&format!("a{}", "\u{20ac}".repeat(40)));
    assert_eq!(text_bytes(&text).len(), 61);
    assert!(text[61..].iter().all(|&byte| byte == 0));
}

#[test]
fn numbers_have_names() {
    let name = |pointer: *const c_char| {
        // SAFETY: a constant text of the library.
        unsafe { CStr::from_ptr(pointer) }.to_str().expect("ASCII")
    };
    for raw in 0..5 {
        let in_rust = NodeStatus::from_raw(raw).expect("a status").name();
        assert_eq!(name(gossip_status_string(status(raw))), in_rust);
    }
    assert_eq!(name(gossip_status_string(status(77))), "invalid");
    let code = MaybeUninit::new(gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
    assert_eq!(name(gossip_error_string(code)), "invalid argument");
    assert_eq!(name(gossip_version()), env!("CARGO_PKG_VERSION"));
    let parts: Vec<i32> =
        name(gossip_version()).split('.').map(|part| part.parse().expect("digits")).collect();
    assert_eq!(gossip_version_number(), parts[0] * 10_000 + parts[1] * 100 + parts[2]);
}
