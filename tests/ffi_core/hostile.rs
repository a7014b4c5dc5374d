//! NULL, foreign integers and unterminated texts: no crash, no change, and a text that says why.

use crate::support::*;
use gossip::ffi::testing::{c_text, guard, read_text};
use gossip::ffi::*;
use gossip::proto::Core;
use gossip::types::MessageKind;
use std::ffi::c_char;
use std::mem::{MaybeUninit, transmute};
use std::ptr;

const UNTERMINATED: [c_char; 64] = [b'x' as c_char; 64];

#[test]
fn null_everywhere_does_no_harm() {
    let node = Node::new(1);
    node.befriend(2);
    let mut count = 0;
    let mut out = view(0);
    // SAFETY: NULL is allowed for every argument.
    unsafe {
        assert!(gossip_core_create(ptr::null(), None, None, ptr::null_mut()).is_null());
        assert!(last_error().starts_with("gossip_core_create: self_node is NULL"));
        gossip_core_destroy(ptr::null_mut());
        gossip_core_tick(ptr::null_mut());
        assert!(last_error().starts_with("gossip_core_tick: core is NULL"));
        gossip_core_tick_full_broadcast(ptr::null_mut());
        gossip_core_handle_message(ptr::null_mut(), &message(MessageKind::Ping, 2, 1, &[]));
        gossip_core_handle_message(node.core, ptr::null());
        assert!(last_error().contains("msg is NULL"));
        for call in [gossip_core_meet, gossip_core_join] {
            call(ptr::null_mut(), &view(3));
            call(node.core, ptr::null());
            assert!(last_error().contains("node is NULL"));
        }
        gossip_core_leave(ptr::null_mut(), &id(2));
        gossip_core_leave(node.core, ptr::null());
        assert!(gossip_core_self(ptr::null()).is_null());
        gossip_core_free_self(ptr::null_mut());
        assert!(gossip_core_get_nodes(ptr::null(), ptr::null_mut()).is_null());
        assert!(gossip_core_get_nodes(node.core, ptr::null_mut()).is_null());
        assert!(gossip_core_get_nodes(ptr::null(), &mut count).is_null());
        gossip_core_free_nodes(ptr::null_mut());
        assert_eq!(gossip_core_find_node(ptr::null(), &id(2), &mut out), 0);
        assert_eq!(gossip_core_find_node(node.core, ptr::null(), &mut out), 0);
        assert_eq!(gossip_core_find_node(node.core, &id(2), ptr::null_mut()), 0);
        assert_eq!(gossip_core_size(ptr::null()), 0);
        gossip_core_reset(ptr::null_mut());
        assert!(gossip_core_get_internal(ptr::null_mut()).is_null());
        assert!(!gossip_core_get_internal(node.core).is_null());
        let mut texts = [ptr::null::<c_char>(); 2];
        gossip_core_update_self_metadata(
            ptr::null_mut(),
            texts.as_mut_ptr(),
            texts.as_mut_ptr(),
            2,
        );
        gossip_core_update_self_metadata(node.core, ptr::null_mut(), texts.as_mut_ptr(), 2);
        gossip_core_update_self_metadata(node.core, texts.as_mut_ptr(), ptr::null_mut(), 2);
    }
    assert_eq!(node.size(), 1);
    assert_eq!(out.id, id(0));
    assert!(node.calls().is_empty());
}

/// Checks that a message is not taken, that nothing changed, and that the text has all `words`.
fn refused(node: &Node, message: &gossip_message_t, words: &[&str]) {
    let before = node.own();
    node.hear_raw(message);
    let error = last_error();
    assert!(error.starts_with("gossip_core_handle_message: "), "{error}");
    for word in words {
        assert!(error.contains(word), "{error} lacks {word}");
    }
    assert!(node.calls().is_empty());
    assert_eq!(node.size(), 1);
    assert_eq!(node.own().heartbeat, before.heartbeat);
    assert_eq!(node.own().sent_messages, before.sent_messages);
    assert!(node.find(9).is_none());
}

#[test]
fn a_message_with_a_lie_is_refused_whole() {
    let node = Node::new(1);
    node.befriend(2);
    let good = online(2, 11);
    let ping = |entries: &[gossip_node_view_t]| message(MessageKind::Ping, 2, 11, entries);

    let counted = gossip_message_t { entries: ptr::null_mut(), entries_count: 3, ..ping(&[]) };
    refused(&node, &counted, &["msg->entries is NULL", "3"]);
    for huge in [Core::MAX_ENTRIES + 1, usize::MAX, usize::MAX / 264 + 1] {
        let message = gossip_message_t { entries_count: huge, ..ping(&[good]) };
        refused(&node, &message, &["entries_count", &huge.to_string(), "at most"]);
    }
    for number in [8_u32, 9, 77, 256, 1 << 31, u32::MAX] {
        // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
        let kind = unsafe { transmute::<u32, MaybeUninit<gossip_message_type_t>>(number) };
        let message = gossip_message_t { r#type: kind, ..ping(&[good]) };
        refused(&node, &message, &["msg->type", &number.to_string()]);
    }
    for number in [5, 77, u32::MAX] {
        let bad = gossip_node_view_t { status: status(number), ..online(9, 1) };
        refused(&node, &ping(&[good, bad]), &["msg->entries[1].status", &number.to_string()]);
    }
    for (field, bad) in [
        ("ip", gossip_node_view_t { ip: UNTERMINATED, ..online(9, 1) }),
        ("role", gossip_node_view_t { role: UNTERMINATED, ..online(9, 1) }),
        ("region", gossip_node_view_t { region: UNTERMINATED, ..online(9, 1) }),
    ] {
        refused(&node, &ping(&[good, bad]), &[&format!("msg->entries[1].{field}"), "NUL"]);
    }
    for heartbeat in [1 << 63, u64::MAX] {
        refused(&node, &ping(&[good, online(9, heartbeat)]), &["2^63"]);
        refused(&node, &gossip_message_t { timestamp: heartbeat, ..ping(&[good]) }, &["2^63"]);
    }
}

#[test]
fn an_own_view_or_address_that_is_a_lie_is_refused() {
    let node = Node::new(1);
    node.befriend(2);
    for (word, bad) in [
        ("ip", gossip_node_view_t { ip: UNTERMINATED, ..view(9) }),
        ("role", gossip_node_view_t { role: UNTERMINATED, ..view(9) }),
        ("region", gossip_node_view_t { region: UNTERMINATED, ..view(9) }),
        ("2^63", gossip_node_view_t { heartbeat: 1 << 63, ..view(9) }),
    ] {
        // SAFETY: a view, and no callbacks.
        let core = unsafe { gossip_core_create(&bad, None, None, ptr::null_mut()) };
        assert!(core.is_null());
        assert!(last_error().contains(word), "{}", last_error());
        for call in [gossip_core_meet, gossip_core_join] {
            // SAFETY: a live core and a view.
            unsafe { call(node.core, &bad) };
            assert!(last_error().contains(word), "{}", last_error());
        }
    }
    assert_eq!(node.size(), 1);
    assert!(node.calls().is_empty());
}

#[test]
fn text_that_is_not_utf8_is_read_with_replacements() {
    let node = Node::new(1);
    node.befriend(2);
    let mut role = c_text("rolle");
    role[1] = 0xf6_u8 as c_char;
    let changed = gossip_node_view_t { role, config_epoch: 1, ..online(2, 12) };
    node.hear(MessageKind::Ping, 2, &[changed]);
    assert_eq!(last_error(), "");
    let known = node.find(2).expect("known");
    assert_eq!(read_text(&known.role), "r\u{fffd}lle");

    // What is longer with its replacements is cut.
    role = [0xff_u8 as c_char; 64];
    role[63] = 0;
    let changed = gossip_node_view_t { role, config_epoch: 2, ..online(2, 13) };
    node.hear(MessageKind::Ping, 2, &[changed]);
    assert_eq!(read_text(&node.find(2).expect("known").role), "\u{fffd}".repeat(21));
}

#[test]
fn a_count_of_pairs_that_cannot_be_is_refused() {
    let node = Node::new(1);
    let mut text = [c"a".as_ptr()];
    // SAFETY: the arrays are shorter than the count, which is refused before they are read.
    unsafe {
        gossip_core_update_self_metadata(
            node.core,
            text.as_mut_ptr(),
            text.as_mut_ptr(),
            usize::MAX,
        );
    }
    assert!(last_error().contains("65536"), "{}", last_error());
    assert_eq!(node.own().heartbeat, 1);
}

#[test]
fn an_error_is_gone_with_the_next_call_that_has_none() {
    let node = Node::new(1);
    node.leave(9);
    assert_ne!(last_error(), "");
    // SAFETY: NULL is allowed; freeing keeps the text.
    unsafe { gossip_core_free_nodes(ptr::null_mut()) };
    assert_ne!(last_error(), "");
    node.size();
    assert_eq!(last_error(), "");
    std::thread::scope(|scope| {
        node.leave(9);
        scope.spawn(|| assert_eq!(last_error(), "", "each thread has its own"));
    });
    assert_ne!(last_error(), "");
}

#[test]
fn a_panic_becomes_the_fallback_and_a_text_of_the_function_that_was_called() {
    assert_eq!(guard("gossip_test", 7, || panic!("number {}", 9)), 7);
    assert!(last_error().starts_with("gossip_test: internal error: number 9;"));
    assert_eq!(guard("gossip_test", 7, || 8), 8);
    assert_eq!(last_error(), "");
}

#[test]
fn a_long_error_is_cut_between_characters() {
    for before in ["", "a", "aa"] {
        guard("gossip_test", (), || panic!("{before}{}", "\u{20ac}".repeat(512)));
        let error = last_error();
        assert!((509..512).contains(&error.len()), "{} bytes", error.len());
        assert!(error.contains('\u{20ac}') && !error.contains('\u{fffd}'));
    }
}
