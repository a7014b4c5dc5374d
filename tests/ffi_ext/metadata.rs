//! Metadata of any node: by its key, as a walk, set and taken away.

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

const SUCCESS: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SUCCESS;

/// One value, asked for in two calls.
pub(crate) fn get(node: &Node, number: u8, key: &str) -> Option<String> {
    let key = c_string(key);
    let mut size = usize::MAX;
    // SAFETY: a live core, texts, and a buffer of the size that was asked for.
    unsafe {
        let (id, key) = (&id(number), key.as_ptr());
        assert_eq!(gossip_core_get_metadata(node.core, id, key, ptr::null_mut(), &mut size), 0);
        if size == 0 {
            return None;
        }
        let mut value = vec![1_u8; size];
        let room = value.as_mut_ptr().cast::<c_char>();
        assert_eq!(gossip_core_get_metadata(node.core, id, key, room, &mut size), 1);
        assert_eq!(value.pop(), Some(0));
        Some(String::from_utf8(value).expect("UTF-8"))
    }
}

/// A key and its value.
type Pair = (Vec<u8>, Vec<u8>);

/// All pairs, by a walk that ends after `most` of them.
fn walk(node: &Node, number: u8, most: usize) -> (usize, Vec<Pair>) {
    let mut told = Told { pairs: Vec::new(), most };
    let told_at = (&raw mut told).cast::<c_void>();
    // SAFETY: a live core, and a callback that gets what it expects.
    let count =
        unsafe { gossip_core_each_metadata(node.core, &id(number), Some(on_pair), told_at) };
    (count, told.pairs)
}

struct Told {
    pairs: Vec<Pair>,
    most: usize,
}

unsafe extern "C-unwind" fn on_pair(
    key: *const c_char,
    key_size: usize,
    value: *const c_char,
    value_size: usize,
    told: *mut c_void,
) -> c_int {
    // SAFETY: the user data of `walk`.
    let told = unsafe { &mut *told.cast::<Told>() };
    let text = |start: *const c_char, size: usize| {
        // SAFETY: as many bytes as it says, and a NUL.
        let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), size + 1) };
        assert_eq!(bytes[size], 0);
        bytes[..size].to_vec()
    };
    told.pairs.push((text(key, key_size), text(value, value_size)));
    c_int::from(told.pairs.len() >= told.most)
}

pub(crate) fn set(node: &Node, key: &str, value: &str) -> gossip_error_code_t {
    let (key, value) = (c_string(key), c_string(value));
    // SAFETY: a live core and texts.
    unsafe { gossip_core_set_metadata(node.core, key.as_ptr(), value.as_ptr()) }
}

fn remove(node: &Node, key: &str) -> c_int {
    let key = c_string(key);
    // SAFETY: a live core and a text.
    unsafe { gossip_core_remove_self_metadata(node.core, key.as_ptr()) }
}

fn count(node: &Node, number: u8) -> usize {
    // SAFETY: a live core and an id.
    unsafe { gossip_core_metadata_count(node.core, &id(number)) }
}

fn heartbeat(node: &Node) -> u64 {
    let mut own = view(0);
    // SAFETY: a live core, an id and a view to write to.
    unsafe { gossip_core_find_node(node.core, &id(1), &mut own) };
    own.heartbeat
}

#[test]
fn own_metadata_is_set_found_walked_and_taken_away() {
    let node = Node::new(1);
    assert_eq!((get(&node, 1, "zone"), count(&node, 1)), (None, 0));
    assert_eq!(walk(&node, 1, 9), (0, Vec::new()));
    let before = heartbeat(&node);
    assert_eq!(set(&node, "zone", "b"), SUCCESS);
    assert_eq!(set(&node, "name", "caf\u{e9}"), SUCCESS);
    assert_eq!(set(&node, "zone", ""), SUCCESS);
    assert_eq!(heartbeat(&node), before + 3, "each is a change that others learn of");
    assert_eq!(get(&node, 1, "zone").as_deref(), Some(""));
    assert_eq!(get(&node, 1, "name").as_deref(), Some("caf\u{e9}"));
    assert_eq!(count(&node, 1), 2);
    let pairs = [("name", "caf\u{e9}"), ("zone", "")].map(|(k, v)| (k.into(), v.into()));
    assert_eq!(walk(&node, 1, 9), (2, pairs.to_vec()));
    assert_eq!(walk(&node, 1, 1), (2, pairs[..1].to_vec()));
    assert_eq!((remove(&node, "zone"), remove(&node, "zone")), (1, 0));
    assert_eq!((get(&node, 1, "zone"), count(&node, 1)), (None, 1));
    assert_eq!(last_error(), "");
}

#[test]
fn a_value_that_has_no_room_is_not_cut() {
    let node = Node::new(1);
    set(&node, "key", "value");
    for room in 0..6 {
        let mut value = [b'?'; 8];
        let mut size = room;
        // SAFETY: a live core, texts and a buffer that has more room than it says.
        let put = unsafe {
            let place = value.as_mut_ptr().cast::<c_char>();
            gossip_core_get_metadata(node.core, &id(1), c"key".as_ptr(), place, &mut size)
        };
        if room < 6 {
            assert_eq!((put, size, value), (0, 6, [b'?'; 8]));
            assert_error(&["*value_size", &room.to_string(), "6"]);
        }
    }
}

#[test]
fn the_largest_value_fits_and_one_byte_more_is_refused() {
    let node = Node::new(1);
    let largest = "v".repeat(65_535);
    assert_eq!(set(&node, "k", &largest), SUCCESS);
    assert_eq!(get(&node, 1, "k"), Some(largest.clone()));
    let code = set(&node, "k", &(largest + "v"));
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
    assert_error(&["gossip_core_set_metadata", "65537", "65536"]);
    assert_eq!(get(&node, 1, "k").map(|value| value.len()), Some(65_535));
    let code = set(&node, "config_epoch", "7");
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
}

#[test]
fn text_with_a_nul_within_is_told_by_its_length() {
    let node = Node::new(1);
    node.befriend(2);
    let (key, value) = (b"a\0b", b"\0");
    // SAFETY: a builder, an entry, and bytes as many as they say.
    unsafe {
        let kind = gossip::ffi::testing::c_kind(MessageKind::Ping);
        let builder = gossip_message_builder_create(&id(2), kind, 19);
        gossip_message_builder_add_entry(builder, &online(2, 20));
        let (key_at, value_at) = (key.as_ptr().cast(), value.as_ptr().cast());
        gossip_message_builder_set_metadata(builder, 0, key_at, 3, value_at, 1);
        assert_eq!(gossip_core_handle_built(node.core, builder), SUCCESS);
        gossip_message_builder_destroy(builder);
    }
    assert_eq!(walk(&node, 2, 9), (1, vec![(key.to_vec(), value.to_vec())]));
    assert_eq!(get(&node, 2, "a"), None);
}

#[test]
fn a_node_that_nobody_knows_and_one_that_told_nothing_have_none() {
    let node = Node::new(1);
    node.befriend(2);
    assert_eq!((get(&node, 2, "k"), count(&node, 2)), (None, 0));
    assert_eq!(last_error(), "");
    assert_eq!(count(&node, 9), 0);
    assert_error(&["gossip_core_metadata_count: id is 0909", "no member"]);
    assert_eq!(walk(&node, 9, 9), (0, Vec::new()));
    assert_error(&["gossip_core_each_metadata: id is 0909"]);
}

#[test]
fn every_function_may_be_called_inside_a_walk_which_sees_the_moment_it_began() {
    unsafe extern "C-unwind" fn removes(
        key: *const c_char,
        _: usize,
        _: *const c_char,
        _: usize,
        core: *mut c_void,
    ) -> c_int {
        // SAFETY: the core of the test and a text that ends in NUL.
        unsafe {
            gossip_core_tick(core.cast());
            assert_eq!(gossip_core_remove_self_metadata(core.cast(), key), 1);
        }
        0
    }
    let node = Node::new(1);
    for key in ["a", "b", "c"] {
        set(&node, key, "v");
    }
    // SAFETY: a live core.
    let count =
        unsafe { gossip_core_each_metadata(node.core, &id(1), Some(removes), node.core.cast()) };
    assert_eq!((count, self::count(&node, 1)), (3, 0));
}

#[test]
fn what_unwinds_out_of_a_walk_reaches_the_caller() {
    struct Thrown;
    unsafe extern "C-unwind" fn throws(
        _: *const c_char,
        _: usize,
        _: *const c_char,
        _: usize,
        _: *mut c_void,
    ) -> c_int {
        std::panic::resume_unwind(Box::new(Thrown))
    }
    let node = Node::new(1);
    set(&node, "a", "v");
    let thrown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        // SAFETY: a live core.
        unsafe { gossip_core_each_metadata(node.core, &id(1), Some(throws), ptr::null_mut()) }
    }));
    assert!(thrown.expect_err("it unwinds").is::<Thrown>());
    assert_eq!(count(&node, 1), 1);
}

#[test]
fn an_argument_that_is_null_is_named() {
    let node = Node::new(1);
    let key = CString::default();
    let mut size = 0;
    // SAFETY: NULL is refused.
    unsafe {
        let (core, id, key) = (node.core, &raw const *Box::leak(Box::new(id(1))), key.as_ptr());
        let value = ptr::null_mut();
        gossip_core_get_metadata(ptr::null(), id, key, value, &mut size);
        assert_error(&["core is NULL"]);
        gossip_core_get_metadata(core, ptr::null(), key, value, &mut size);
        assert_error(&["id is NULL"]);
        gossip_core_get_metadata(core, id, ptr::null(), value, &mut size);
        assert_error(&["key is NULL"]);
        gossip_core_get_metadata(core, id, key, value, ptr::null_mut());
        assert_error(&["value_size is NULL"]);
        gossip_core_each_metadata(core, id, None, ptr::null_mut());
        assert_error(&["callback is NULL"]);
        gossip_core_set_metadata(core, key, ptr::null());
        assert_error(&["value is NULL"]);
        gossip_core_set_metadata(core, ptr::null(), key);
        assert_error(&["key is NULL"]);
        gossip_core_remove_self_metadata(core, ptr::null());
        assert_error(&["key is NULL"]);
        drop(Box::from_raw(id.cast_mut()));
    }
}
