//! Arguments that no program should pass: NULL everywhere, and handles of a parent in a child.

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::mem::{size_of, zeroed};
use std::ptr;

/// Calls each function that takes a core with this one; the error texts that it led to.
fn all(core: *mut gossip_core_t) -> Vec<String> {
    let (id, key) = (id(2), c"k".as_ptr());
    let message = message(MessageKind::Ping, 2, 1, &[]);
    let mut errors = Vec::new();
    // SAFETY: a core that lives, or is NULL; the structs have their sizes; the buffers are NULL.
    unsafe {
        let mut stats = zeroed::<gossip_stats_t>();
        stats.size = size_of::<gossip_stats_t>();
        let mut peer = zeroed::<gossip_peer_stats_t>();
        peer.size = size_of::<gossip_peer_stats_t>();
        let mut info = zeroed::<gossip_node_info_t>();
        info.size = size_of::<gossip_node_info_t>();
        let mut size = 0;
        let builder = gossip_message_builder_create(&id, zeroed(), 1);
        let mut call = |function: &mut dyn FnMut()| {
            function();
            errors.push(last_error());
        };
        let none = ptr::null_mut();
        call(&mut || gossip_core_tick_at(core, 1));
        call(&mut || gossip_core_handle_message_at(core, &message, 1));
        call(&mut || gossip_core_handle_timeout(core));
        call(&mut || gossip_core_handle_timeout_at(core, 1));
        call(&mut || assert_eq!(gossip_core_next_timeout(core), GOSSIP_NEVER));
        call(&mut || assert_eq!(gossip_core_get_metadata(core, &id, key, none, &mut size), 0));
        call(&mut || assert_eq!(gossip_core_metadata_count(core, &id), 0));
        call(&mut || assert_ne!(gossip_core_set_metadata(core, key, key) as u32, 0));
        call(&mut || assert_eq!(gossip_core_remove_self_metadata(core, key), 0));
        call(&mut || assert_ne!(gossip_core_get_stats(core, &mut stats) as u32, 0));
        call(&mut || assert_eq!(gossip_core_get_peer_stats(core, &id, &mut peer), 0));
        call(&mut || assert_eq!(gossip_core_node_info(core, &id, &mut info), 0));
        call(&mut || {
            assert_eq!(gossip::ffi::gossip_core_cleanup_expired(core, 0), 0);
        });
        call(&mut || assert_ne!(gossip_core_handle_built(core, builder) as u32, 0));
        call(&mut || assert_ne!(gossip_core_handle_built_at(core, builder, 1) as u32, 0));
        call(&mut || {
            let code = gossip_core_handle_packet(core, key.cast(), 1, c"::1".as_ptr(), 1);
            assert_ne!(code as u32, 0);
        });
        call(&mut || {
            let code = gossip_core_handle_packet_at(core, key.cast(), 1, c"::1".as_ptr(), 1, 1);
            assert_ne!(code as u32, 0);
        });
        gossip_message_builder_destroy(builder);
        assert_eq!((stats.known_nodes, peer.now_ms, info.now_ms), (0, 0, 0));
    }
    errors
}

#[test]
fn null_for_a_core_is_an_error_everywhere() {
    let errors = all(ptr::null_mut());
    assert_eq!(errors.len(), 17);
    for error in errors {
        assert!(error.starts_with("gossip_core_") && error.contains("core is NULL"), "{error}");
    }
}

#[test]
#[cfg(unix)]
fn a_core_of_the_parent_is_an_error_everywhere_in_a_forked_child() {
    let node = Node::new(1);
    node.befriend(2);
    // SAFETY: an id.
    let builder = unsafe { gossip_message_builder_create(&id(2), zeroed_kind(), 1) } as usize;
    let core = node.core as usize;
    in_child(move || {
        let refused = all(core as *mut gossip_core_t).iter().all(|error| error.contains("forked"));
        let builder = builder as *mut gossip_message_builder_t;
        // SAFETY: a builder, which is only destroyed.
        let code = unsafe { gossip_message_builder_add_entry(builder, &online(2, 2)) };
        let told = last_error().contains("forked");
        // SAFETY: a builder, which is only destroyed.
        unsafe { gossip_message_builder_lend(builder, Some(never), ptr::null_mut()) };
        let told = told && last_error().contains("forked");
        // SAFETY: destroyed once in this process.
        unsafe { gossip_message_builder_destroy(builder) };
        refused && told && code == gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED
    });
    // SAFETY: destroyed once in this process.
    unsafe { gossip_message_builder_destroy(builder as *mut gossip_message_builder_t) };
}

unsafe extern "C-unwind" fn never(_: *const gossip_message_t, _: *mut std::ffi::c_void) {
    panic!("a forked child may not look at it");
}

fn zeroed_kind() -> std::mem::MaybeUninit<gossip_message_type_t> {
    gossip::ffi::testing::c_kind(MessageKind::Ping)
}

#[test]
fn a_message_with_a_flaw_is_refused_at_a_given_time_too() {
    let node = Node::new(1);
    let counted = gossip_message_t {
        entries: ptr::null_mut(),
        entries_count: 3,
        ..message(MessageKind::Ping, 2, 1, &[])
    };
    // SAFETY: a live core and a message without entries.
    unsafe {
        gossip_core_handle_message_at(node.core, &counted, 5);
        assert_error(&["gossip_core_handle_message_at", "msg->entries is NULL"]);
        gossip_core_handle_message_at(node.core, ptr::null(), 5);
        assert_error(&["msg is NULL"]);
    }
    assert_eq!(crate::stats::stats(&node).now_ms, 0, "a time that came to nothing");
}
