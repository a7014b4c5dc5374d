//! Messages with metadata, built by a program that carries them in a form of its own.

use crate::metadata::get;
use crate::support::*;
use gossip::ffi::testing::c_kind;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, transmute};
use std::ptr;

const SUCCESS: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SUCCESS;
const INVALID: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT;

struct Builder(*mut gossip_message_builder_t);

impl Builder {
    fn new(kind: MessageKind, sender: u8, timestamp: u64) -> Self {
        // SAFETY: an id.
        let builder =
            unsafe { gossip_message_builder_create(&id(sender), c_kind(kind), timestamp) };
        assert!(!builder.is_null());
        Self(builder)
    }

    fn add(&self, entry: &gossip_node_view_t) -> gossip_error_code_t {
        // SAFETY: a builder and a view.
        unsafe { gossip_message_builder_add_entry(self.0, entry) }
    }

    fn set(&self, index: usize, key: &str, value: &str) -> gossip_error_code_t {
        let text = |text: &str| text.as_ptr().cast::<c_char>();
        // SAFETY: a builder, and bytes as many as they say.
        unsafe {
            let (key_at, value_at) = (text(key), text(value));
            gossip_message_builder_set_metadata(
                self.0,
                index,
                key_at,
                key.len(),
                value_at,
                value.len(),
            )
        }
    }

    fn set_none(&self, index: usize) -> gossip_error_code_t {
        // SAFETY: a builder; NULL says that there is none.
        unsafe {
            gossip_message_builder_set_metadata(self.0, index, ptr::null(), 0, ptr::null(), 0)
        }
    }

    fn hand_to(&self, node: &Node) -> gossip_error_code_t {
        // SAFETY: a live core and a builder.
        unsafe { gossip_core_handle_built(node.core, self.0) }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        // SAFETY: destroyed once.
        unsafe { gossip_message_builder_destroy(self.0) };
    }
}

#[test]
fn metadata_comes_with_its_entry_and_goes_when_it_is_said_to() {
    let node = Node::new(1);
    node.befriend(2);
    let ping = Builder::new(MessageKind::Ping, 2, 19);
    assert_eq!(ping.add(&online(2, 20)), SUCCESS);
    assert_eq!(ping.add(&online(3, 5)), SUCCESS);
    assert_eq!(ping.set(0, "zone", "a"), SUCCESS);
    assert_eq!(ping.set(0, "zone", "b"), SUCCESS);
    assert_eq!(ping.set(0, "rack", ""), SUCCESS);
    assert_eq!(ping.hand_to(&node), SUCCESS);
    assert_eq!(get(&node, 2, "zone").as_deref(), Some("b"));
    assert_eq!(get(&node, 2, "rack").as_deref(), Some(""));
    assert_eq!(get(&node, 3, "zone"), None);

    let silent = Builder::new(MessageKind::Ping, 2, 29);
    silent.add(&online(2, 30));
    assert_eq!(silent.hand_to(&node), SUCCESS);
    assert_eq!(get(&node, 2, "zone").as_deref(), Some("b"), "it said nothing about it");

    let empty = Builder::new(MessageKind::Ping, 2, 39);
    empty.add(&online(2, 40));
    assert_eq!(empty.set_none(0), SUCCESS);
    assert_eq!(empty.hand_to(&node), SUCCESS);
    assert_eq!(get(&node, 2, "zone"), None, "it said that there is none");
}

#[test]
fn a_message_may_be_handed_in_again_and_to_others() {
    let nodes = [Node::new(1), Node::new(9)];
    let meet = Builder::new(MessageKind::Meet, 2, 1);
    meet.add(&online(2, 2));
    for node in &nodes {
        assert_eq!(meet.hand_to(node), SUCCESS);
        // SAFETY: a live core and a builder.
        let code = unsafe { gossip_core_handle_built_at(node.core, meet.0, 700) };
        assert_eq!(code, SUCCESS);
        assert!(node.status(2).is_some());
    }
}

#[test]
fn flaws_are_named() {
    let node = Node::new(1);
    for number in [8_u32, 9, 77, u32::MAX] {
        // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
        let kind = unsafe { transmute::<u32, MaybeUninit<gossip_message_type_t>>(number) };
        // SAFETY: an id.
        assert!(unsafe { gossip_message_builder_create(&id(2), kind, 0) }.is_null());
        assert_error(&["gossip_message_builder_create: type is", &number.to_string()]);
    }
    // SAFETY: NULL is refused.
    let none = unsafe { gossip_message_builder_create(ptr::null(), c_kind(MessageKind::Ping), 0) };
    assert!(none.is_null());
    assert_error(&["sender is NULL"]);

    let ping = Builder::new(MessageKind::Ping, 2, 1);
    let mut bad = online(2, 1);
    bad.status = status(77);
    assert_eq!(ping.add(&bad), INVALID);
    assert_error(&["entry->status is 77"]);
    bad = online(2, 1);
    bad.ip = [b'x'.cast_signed() as c_char; 64];
    assert_eq!(ping.add(&bad), INVALID);
    assert_error(&["entry->ip", "NUL"]);
    assert_eq!(ping.set(0, "k", "v"), INVALID);
    assert_error(&["index is 0; the message has 0 entries"]);
    assert_eq!(ping.add(&online(2, 1 << 63)), SUCCESS);
    assert_eq!(ping.set(0, "k", &"v".repeat(65_536)), INVALID);
    assert_error(&["65537", "65536"]);
    assert_eq!(ping.set(0, "k", &"v".repeat(65_537)), INVALID);
    assert_error(&["value_size is 65537"]);
    assert_eq!(ping.hand_to(&node), INVALID);
    assert_error(&["gossip_core_handle_built", "2^63"]);
    // SAFETY: NULL is refused.
    unsafe {
        assert_eq!(gossip_message_builder_add_entry(ping.0, ptr::null()), INVALID);
        assert_error(&["entry is NULL"]);
        assert_eq!(gossip_message_builder_add_entry(ptr::null_mut(), &bad), INVALID);
        assert_error(&["builder is NULL"]);
        let key = c"k".as_ptr();
        let set = gossip_message_builder_set_metadata;
        assert_eq!(set(ping.0, 0, key, 1, ptr::null(), 0), INVALID);
        assert_error(&["value is NULL"]);
        assert_eq!(gossip_core_handle_built(node.core, ptr::null()), INVALID);
        assert_error(&["builder is NULL"]);
        assert_eq!(gossip_core_handle_built(ptr::null_mut(), ping.0), INVALID);
        assert_error(&["core is NULL"]);
        gossip_message_builder_destroy(ptr::null_mut());
    }
}

#[test]
fn entries_are_as_many_as_a_core_takes() {
    let node = Node::new(1);
    let update = Builder::new(MessageKind::Update, 2, 1);
    for _ in 0..4096 {
        assert_eq!(update.add(&online(3, 2)), SUCCESS);
    }
    assert_eq!(update.add(&online(3, 2)), INVALID);
    assert_error(&["4096 entries"]);
    assert_eq!(update.hand_to(&node), SUCCESS);
}

unsafe extern "C-unwind" fn look(message: *const gossip_message_t, seen: *mut c_void) {
    // SAFETY: a message that lives, and the user data of the test.
    let (message, seen) = unsafe { (&*message, &mut *seen.cast::<Vec<(u8, Option<String>)>>()) };
    for index in 0..message.entries_count {
        let entry = message.entries.wrapping_add(index);
        let mut value = [0_u8; 64];
        let mut size = value.len();
        // SAFETY: an entry of this callback, a text and a buffer of that size.
        let put = unsafe {
            let place = value.as_mut_ptr().cast();
            gossip_view_get_metadata(entry, c"zone".as_ptr(), place, &mut size)
        };
        let value = (put == 1).then(|| String::from_utf8_lossy(&value[..size - 1]).into_owned());
        // SAFETY: as above.
        seen.push((unsafe { (*entry).id.data[0] }, value));
    }
}

#[test]
fn a_message_is_lent_with_its_metadata() {
    let ping = Builder::new(MessageKind::Ping, 2, 19);
    ping.add(&online(2, 20));
    ping.add(&online(3, 5));
    ping.set(1, "zone", "c");
    let mut seen: Vec<(u8, Option<String>)> = Vec::new();
    let at = (&raw mut seen).cast();
    // SAFETY: a builder, and a function with what it expects.
    assert_eq!(unsafe { gossip_message_builder_lend(ping.0, Some(look), at) }, SUCCESS);
    assert_eq!(seen, [(2, None), (3, Some("c".to_owned()))]);
    // SAFETY: NULL is refused.
    unsafe {
        assert_eq!(gossip_message_builder_lend(ping.0, None, at), INVALID);
        assert_error(&["callback is NULL"]);
        assert_eq!(gossip_message_builder_lend(ptr::null(), Some(look), at), INVALID);
        assert_error(&["builder is NULL"]);
    }
    assert_eq!(seen.len(), 2);
}

/// What is written of a message that is lent, and read again, is the whole of it.
#[test]
#[cfg(feature = "net")]
fn a_lent_message_is_written_and_read_with_its_metadata() {
    use gossip::ffi::*;
    struct Written {
        serializer: *mut gossip_serializer_t,
        bytes: Vec<u8>,
    }
    unsafe extern "C-unwind" fn write(message: *const gossip_message_t, written: *mut c_void) {
        // SAFETY: the user data of the test.
        let written = unsafe { &mut *written.cast::<Written>() };
        let (mut data, mut size) = (ptr::null_mut(), 0);
        // SAFETY: a serializer and a message that live; the bytes are copied and freed once.
        unsafe {
            let serializer = written.serializer;
            let code = gossip_serializer_serialize(serializer, message, &mut data, &mut size);
            assert_eq!(code, SUCCESS, "{}", last_error());
            written.bytes = std::slice::from_raw_parts(data, size).to_vec();
            gossip_buffer_free(data);
        }
    }
    for name in [c"json", c"binary", c"auto"] {
        let ping = Builder::new(MessageKind::Ping, 2, 19);
        ping.add(&online(2, 20));
        ping.set(0, "zone", "caf\u{e9}");
        // SAFETY: a text, handles that live, and functions with what they expect.
        unsafe {
            let serializer = gossip_serializer_create(name.as_ptr());
            let mut written = Written { serializer, bytes: Vec::new() };
            let at = (&raw mut written).cast();
            assert_eq!(gossip_message_builder_lend(ping.0, Some(write), at), SUCCESS);
            let mut seen: Vec<(u8, Option<String>)> = Vec::new();
            let at = (&raw mut seen).cast();
            let (bytes, size) = (written.bytes.as_ptr(), written.bytes.len());
            let code = gossip_serializer_read(serializer, bytes, size, Some(look), at);
            assert_eq!(code, SUCCESS, "{}", last_error());
            assert_eq!(seen, [(2, Some("caf\u{e9}".to_owned()))]);

            let code = gossip_serializer_read(serializer, bytes, size - 1, Some(look), at);
            assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR);
            let code = gossip_serializer_read(serializer, bytes, size, None, at);
            assert_eq!(code, INVALID);
            assert_error(&["gossip_serializer_read: callback is NULL"]);
            let code = gossip_serializer_read(serializer, ptr::null(), size, Some(look), at);
            assert_eq!(code, INVALID);
            assert_eq!(seen.len(), 1);
            gossip_serializer_destroy(serializer);
        }
    }
}

/// What the callbacks of nested lends write of both messages.
#[cfg(feature = "net")]
struct Nested {
    serializer: *mut gossip::ffi::gossip_serializer_t,
    inner: *const gossip_message_builder_t,
    outer: *const gossip_message_t,
    /// Whether what was written had metadata.
    had: Vec<bool>,
}

#[cfg(feature = "net")]
impl Nested {
    fn write(&mut self, message: *const gossip_message_t) {
        let (mut data, mut size) = (ptr::null_mut(), 0);
        // SAFETY: a serializer and a message that live; the bytes are freed once.
        unsafe {
            let code = gossip::ffi::gossip_serializer_serialize(
                self.serializer,
                message,
                &mut data,
                &mut size,
            );
            assert_eq!(code, SUCCESS, "{}", last_error());
            let text = String::from_utf8_lossy(std::slice::from_raw_parts(data, size));
            self.had.push(text.contains("zone"));
            gossip::ffi::gossip_buffer_free(data);
        }
    }
}

/// For a callback on the same thread.
#[cfg(feature = "net")]
struct Places(*mut Nested, *const gossip_message_t);

// SAFETY: it stays on its thread.
#[cfg(feature = "net")]
unsafe impl Send for Places {}

/// A message is known by its address, and while the innermost callback with a message is its own.
#[test]
#[cfg(feature = "net")]
fn of_nested_lends_the_innermost_message_is_known() {
    unsafe extern "C-unwind" fn within(message: *const gossip_message_t, nested: *mut c_void) {
        // SAFETY: the user data of the test.
        let nested = unsafe { &mut *nested.cast::<Nested>() };
        nested.write(message);
        nested.write(nested.outer);
    }
    unsafe extern "C-unwind" fn around(message: *const gossip_message_t, nested: *mut c_void) {
        // SAFETY: the user data of the test.
        let data = unsafe { &mut *nested.cast::<Nested>() };
        data.outer = message;
        data.write(message);
        // SAFETY: a message that lives.
        let copy = unsafe { *message };
        data.write(&raw const copy);
        // SAFETY: a builder, and a function with what it expects.
        let lent = unsafe { gossip_message_builder_lend(data.inner, Some(within), nested) };
        assert_eq!(lent, SUCCESS);
        data.write(message);
        // A callback that is handed no message does not hide it.
        let node = Node::new(1);
        let (had_tell, had) = std::sync::mpsc::channel();
        let places = Places(nested.cast(), message);
        node.inside(move |handed| {
            let places = &places;
            if let Handed::Event(_) = handed {
                // SAFETY: the user data of the test, and nothing else uses it now.
                let nested = unsafe { &mut *places.0 };
                nested.write(places.1);
                had_tell.send(nested.had.pop()).expect("the test waits");
            }
        });
        node.meet(&view(2));
        assert_eq!(had.try_recv(), Ok(Some(true)));
    }
    let [outer, inner] = [2, 3].map(|number| {
        let ping = Builder::new(MessageKind::Ping, number, 19);
        ping.add(&online(number, 20));
        ping.set(0, "zone", "c");
        ping
    });
    // SAFETY: a text, handles that live, and functions with what they expect.
    unsafe {
        let serializer = gossip::ffi::gossip_serializer_create(c"json".as_ptr());
        let mut nested = Nested { serializer, inner: inner.0, outer: ptr::null(), had: Vec::new() };
        let at = (&raw mut nested).cast();
        assert_eq!(gossip_message_builder_lend(outer.0, Some(around), at), SUCCESS);
        // Its own, a copy; the inner, the outer; the outer again.
        assert_eq!(nested.had, [true, false, true, false, true]);
        gossip::ffi::gossip_serializer_destroy(serializer);
    }
}
