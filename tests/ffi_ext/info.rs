//! All that is known of a node, from outside and inside its callbacks.

use crate::metadata::set;
use crate::support::*;
use gossip::ffi::testing::raw_status;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::{c_char, c_int, c_void};
use std::mem::{offset_of, size_of, zeroed};
use std::sync::{Arc, Mutex};
use std::{ptr, slice};

fn empty() -> gossip_node_info_t {
    // SAFETY: numbers, which may all be zero.
    let info = unsafe { zeroed::<gossip_node_info_t>() };
    gossip_node_info_t { size: size_of::<gossip_node_info_t>(), ..info }
}

fn info(node: &Node, number: u8) -> Option<gossip_node_info_t> {
    let mut info = empty();
    // SAFETY: a live core, an id and a struct with its size.
    let known = unsafe { gossip_core_node_info(node.core, &id(number), &mut info) };
    (known == 1).then_some(info)
}

fn view_info(view: *const gossip_node_view_t) -> Option<gossip_node_info_t> {
    let mut info = empty();
    // SAFETY: a view and a struct with its size.
    (unsafe { gossip_view_info(view, &mut info) } == 1).then_some(info)
}

/// What a view's metadata says about a key.
fn view_get(view: *const gossip_node_view_t, key: &str) -> Option<String> {
    let key = c_string(key);
    let mut value = [0_u8; 64];
    let mut size = value.len();
    let place = value.as_mut_ptr().cast::<c_char>();
    // SAFETY: a view, a text and a buffer of that size.
    let put = unsafe { gossip_view_get_metadata(view, key.as_ptr(), place, &mut size) };
    (put == 1).then(|| String::from_utf8(value[..size - 1].to_vec()).expect("UTF-8"))
}

unsafe extern "C-unwind" fn count_pair(
    _: *const c_char,
    _: usize,
    _: *const c_char,
    _: usize,
    count: *mut c_void,
) -> c_int {
    // SAFETY: the counter of the test.
    unsafe { *count.cast::<usize>() += 1 };
    0
}

#[test]
fn a_node_is_told_with_all_that_its_struct_lacks() {
    let node = Node::new(1);
    node.befriend(2);
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(node.core, 3_000) };
    set(&node, "zone", "b");
    let own = info(&node, 1).expect("it knows itself");
    assert_eq!((own.is_self, own.status, own.has_metadata), (1, ONLINE, 1));
    assert_eq!((own.metadata_count, own.metadata_bytes), (1, 5));
    assert_eq!((own.now_ms, own.seen_ms), (3_000, 3_000));
    assert_eq!(own.config_heartbeat, own.node.heartbeat);
    let other = info(&node, 2).expect("known");
    assert_eq!((other.is_self, other.status, other.has_metadata), (0, ONLINE, 0));
    assert_eq!((other.now_ms, other.seen_ms), (3_000, 0));
    assert_eq!((other.suspicion_count, other.suspected_ms), (0, GOSSIP_NEVER));
    assert_eq!(other.node.id, id(2));
    assert!(info(&node, 9).is_none());
}

#[test]
fn one_that_left_is_told_apart_from_one_that_failed() {
    let node = Node::new(1);
    node.befriend(2);
    node.hear(MessageKind::Leave, 2, &[online(2, 20)]);
    let left = info(&node, 2).expect("known");
    assert_eq!((left.status, raw_status(left.node.status)), (LEFT, FAILED));
}

#[test]
fn an_older_struct_gets_no_more_than_it_has() {
    let node = Node::new(1);
    let size = offset_of!(gossip_node_info_t, now_ms);
    let mut older = gossip_node_info_t { size, now_ms: 77, ..empty() };
    // SAFETY: it has more bytes than it says.
    assert_eq!(unsafe { gossip_core_node_info(node.core, &id(1), &mut older) }, 1);
    assert_eq!((older.now_ms, older.node.id), (77, id(1)));
    older.size = 7;
    // SAFETY: such a size is refused.
    assert_eq!(unsafe { gossip_core_node_info(node.core, &id(1), &mut older) }, 0);
    assert_error(&["info->size is 7"]);
    // SAFETY: NULL is refused.
    unsafe {
        assert_eq!(gossip_core_node_info(node.core, ptr::null(), &mut older), 0);
        assert_error(&["id is NULL"]);
        assert_eq!(gossip_core_node_info(node.core, &id(1), ptr::null_mut()), 0);
        assert_error(&["info is NULL"]);
    }
}

#[test]
fn target_entries_events_and_changes_are_known_inside_their_callbacks() {
    let node = Node::new(1);
    set(&node, "zone", "b");
    node.befriend(2);
    // A second node with the same ids of others, so that one core is not taken for another.
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    node.inside(move |handed| {
        let mut seen = lock(&noted);
        match handed {
            Handed::Send(message, target) => {
                // SAFETY: the library hands out valid structs.
                let entries =
                    unsafe { slice::from_raw_parts((*message).entries, (*message).entries_count) };
                let to = view_info(target).expect("the target");
                assert_eq!((to.node.id, to.is_self), (id(2), 0));
                for entry in entries {
                    let about = view_info(entry).expect("an entry");
                    assert_eq!(about.node.id, entry.id);
                    if about.is_self == 1 {
                        assert_eq!(about.metadata_count, 1);
                        assert_eq!(view_get(entry, "zone").as_deref(), Some("b"));
                        let mut count = 0_usize;
                        let at = (&raw mut count).cast();
                        // SAFETY: an entry of this callback and a counter.
                        let pairs =
                            unsafe { gossip_view_each_metadata(entry, Some(count_pair), at) };
                        assert_eq!((pairs, count), (1, 1));
                        seen.push("own entry");
                    }
                    let copy = *entry;
                    assert!(view_info(&copy).is_none());
                    assert_error(&["gossip_view_info", "not a copy"]);
                }
                assert!(view_info(target.wrapping_byte_add(8)).is_none());
                seen.push("send");
            }
            Handed::Event(event) => {
                let about = view_info(event).expect("the event's node");
                assert_eq!((about.node.id, about.status), (id(2), LEFT));
                assert!(view_get(event, "zone").is_none());
                seen.push("event");
            }
            Handed::Changes(changes, count) => {
                // SAFETY: the library hands out valid pointers.
                let list = unsafe { slice::from_raw_parts(changes, count) };
                for &change in list {
                    // SAFETY: as above.
                    let about = view_info(unsafe { &raw const (*change).node });
                    assert_eq!(about.map(|about| about.status), Some(LEFT));
                }
                seen.push("changes");
            }
            Handed::Packet => unreachable!("it has no such function"),
        }
    });
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(node.core, 100) };
    node.hear(MessageKind::Leave, 2, &[online(2, 20)]);
    let seen = lock(&seen);
    for word in ["own entry", "send", "event", "changes"] {
        assert!(seen.contains(&word), "no {word}");
    }
    assert_eq!(seen.iter().filter(|&&word| word == "event").count(), 1);
}

#[test]
fn outside_of_callbacks_no_view_is_known() {
    let view = view(1);
    assert!(view_info(&view).is_none());
    assert_error(&["view is not a node"]);
    assert!(view_info(ptr::null()).is_none());
    assert_error(&["view is NULL"]);
    assert!(view_get(&view, "k").is_none());
    // SAFETY: a view; NULL is refused.
    assert_eq!(unsafe { gossip_view_each_metadata(&view, None, ptr::null_mut()) }, 0);
    assert_error(&["callback is NULL"]);
}
