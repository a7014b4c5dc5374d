//! A serializer of the program's own functions, and what it must not be able to do.

use crate::support::*;
use crate::transport::wire_up;
use crate::wired::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use gossip::types::MessageKind;
use gossip::wire::framing;
use std::ffi::{CStr, c_char, c_void};
use std::mem::{MaybeUninit, size_of, transmute};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// What the functions count and do; the user data.
#[derive(Default)]
struct Program {
    encoded: AtomicI64,
    decoded: AtomicI64,
    /// Blocks that were made and not released yet.
    held: AtomicI64,
    dropped: AtomicI64,
    /// What decode gives instead of what it read.
    answer: Answer,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Answer {
    #[default]
    Right,
    Code(u32),
    Type(u32),
    Status(u32),
    Unterminated,
    Count(usize),
    NoEntries,
    Latin1,
    Metadata,
}

fn program<'a>(user_data: *mut c_void) -> &'a Program {
    // SAFETY: the user data of every serializer here is a program that lives long enough.
    unsafe { &*user_data.cast::<Program>() }
}

fn code(raw: u32) -> MaybeUninit<gossip_error_code_t> {
    // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
    unsafe { transmute(raw) }
}

/// As bytes: the struct, then the structs of its entries.
unsafe extern "C-unwind" fn encode(
    user_data: *mut c_void,
    msg: *const gossip_message_t,
    data: *mut *mut u8,
    data_size: *mut usize,
) -> MaybeUninit<gossip_error_code_t> {
    let program = program(user_data);
    program.encoded.fetch_add(1, Ordering::SeqCst);
    program.held.fetch_add(1, Ordering::SeqCst);
    let (head, entry) = (size_of::<gossip_message_t>(), size_of::<gossip_node_view_t>());
    // SAFETY: the library hands out a valid message, and the block has room for it.
    unsafe {
        let body = (*msg).entries_count * entry;
        let block = libc::malloc(head + body).cast::<u8>();
        block.copy_from_nonoverlapping(msg.cast(), head);
        if body > 0 {
            block.add(head).copy_from_nonoverlapping((*msg).entries.cast(), body);
        }
        *data = block;
        *data_size = head + body;
    }
    code(0)
}

unsafe extern "C-unwind" fn decode(
    user_data: *mut c_void,
    data: *const u8,
    data_size: usize,
    msg: *mut gossip_message_t,
) -> MaybeUninit<gossip_error_code_t> {
    let program = program(user_data);
    program.decoded.fetch_add(1, Ordering::SeqCst);
    let (head, entry) = (size_of::<gossip_message_t>(), size_of::<gossip_node_view_t>());
    if data_size < head || !(data_size - head).is_multiple_of(entry) {
        return code(2);
    }
    if let Answer::Code(raw) = program.answer {
        return code(raw);
    }
    let count = (data_size - head) / entry;
    program.held.fetch_add(1, Ordering::SeqCst);
    // SAFETY: there are so many bytes, and the block has room for the entries.
    unsafe {
        let block = libc::malloc(count.max(1) * entry).cast::<u8>();
        block.copy_from_nonoverlapping(data.add(head), count * entry);
        msg.cast::<u8>().copy_from_nonoverlapping(data, head);
        (*msg).entries = block.cast();
        let first = &mut *(*msg).entries;
        match program.answer {
            Answer::Right | Answer::Code(_) => {}
            Answer::Type(raw) => (*msg).r#type = transmute::<u32, MaybeUninit<_>>(raw),
            Answer::Status(raw) => first.status = status(raw),
            Answer::Unterminated => first.region = [b'x' as _; 64],
            Answer::Count(count) => (*msg).entries_count = count,
            Answer::NoEntries => {
                program.held.fetch_sub(1, Ordering::SeqCst);
                libc::free((*msg).entries.cast());
                (*msg).entries = ptr::null_mut();
            }
            Answer::Latin1 => {
                first.role = c_text("caf");
                first.role[3] = 0xe9_u8 as _;
            }
            Answer::Metadata => tell_metadata(),
        }
    }
    code(0)
}

/// Says of the first entry what it can be told, and tries what cannot be.
unsafe fn tell_metadata() {
    let set = |index, key: &CStr, value: *const c_char| {
        let (key, size) = (key.as_ptr(), key.count_bytes());
        // SAFETY: texts of these sizes, or NULL.
        unsafe { gossip_serializer_set_metadata(index, key, size, value, 5) }
    };
    assert_eq!(set(0, c"key", c"value".as_ptr()), GOSSIP_ERR_SUCCESS);
    assert_eq!(set(1023, c"key", c"value".as_ptr()), GOSSIP_ERR_SUCCESS, "nobody is there");
    assert_eq!(set(1024, c"key", c"value".as_ptr()), GOSSIP_ERR_INVALID_ARGUMENT);
    assert!(last_error().contains("index is 1024"), "{}", last_error());
    assert_eq!(set(0, c"key", ptr::null()), GOSSIP_ERR_INVALID_ARGUMENT);
    assert!(last_error().contains("value is NULL"), "{}", last_error());
    // SAFETY: no key is allowed.
    let none = unsafe { gossip_serializer_set_metadata(1, ptr::null(), 0, ptr::null(), 0) };
    assert_eq!(none, GOSSIP_ERR_SUCCESS);
}

unsafe extern "C-unwind" fn release(user_data: *mut c_void, memory: *mut c_void) {
    assert!(!memory.is_null());
    program(user_data).held.fetch_sub(1, Ordering::SeqCst);
    // SAFETY: it is from malloc and released once.
    unsafe { libc::free(memory) };
}

unsafe extern "C-unwind" fn drop_user_data(user_data: *mut c_void) {
    program(user_data).dropped.fetch_add(1, Ordering::SeqCst);
}

fn vtable(program: &Program) -> gossip_serializer_vtable_t {
    gossip_serializer_vtable_t {
        size: size_of::<gossip_serializer_vtable_t>(),
        name: c"structs".as_ptr(),
        encode: Some(encode),
        decode: Some(decode),
        release: Some(release),
        user_data: ptr::from_ref(program).cast_mut().cast(),
        drop_user_data: Some(drop_user_data),
    }
}

fn create(program: &Program) -> *mut gossip_serializer_t {
    // SAFETY: a vtable whose functions and data live longer than the serializer.
    let serializer = unsafe { gossip_serializer_create_custom(&vtable(program)) };
    assert!(!serializer.is_null(), "{}", last_error());
    serializer
}

/// A transport that has the only claim on the serializer.
fn wire_of(kind: gossip_transport_type_t, program: &Program) -> Arc<Wire> {
    let wire = Wire::start(kind);
    let serializer = create(program);
    // SAFETY: both are alive; the transport keeps what it needs.
    unsafe {
        gossip_transport_set_serializer(wire.0, serializer);
        assert_eq!(CStr::from_ptr(gossip_serializer_name(serializer)), c"structs");
        gossip_serializer_destroy(serializer);
    }
    Arc::new(wire)
}

#[test]
fn the_program_s_own_form_makes_a_cluster_and_its_data_is_given_back_once() {
    for kind in BOTH {
        let (here, there) = (Program::default(), Program::default());
        {
            let (left, right) = (wire_of(kind, &here), wire_of(kind, &there));
            let (one, two) = (Node::of(&left.view(1)), Node::of(&right.view(2)));
            wire_up(&one, &left);
            wire_up(&two, &right);
            one.meet(&right.view(2));
            // Whoever meets a node lists it before it answers.
            let heard = |program: &Program| program.decoded.load(Ordering::SeqCst) > 0;
            wait_for("both see the other and hear of it", || {
                one.tick();
                two.tick();
                let both = one.find(2).is_some() && two.find(1).is_some();
                both && heard(&here) && heard(&there)
            });
            assert_eq!(here.dropped.load(Ordering::SeqCst), 0);
        }
        for program in [&here, &there] {
            assert!(program.encoded.load(Ordering::SeqCst) > 0);
            assert!(program.decoded.load(Ordering::SeqCst) > 0);
            assert_eq!(program.held.load(Ordering::SeqCst), 0, "each block was released once");
            wait_for("given back", || program.dropped.load(Ordering::SeqCst) == 1);
        }
    }
}

#[test]
fn another_serializer_takes_its_place_and_gives_its_data_back() {
    let program = Program::default();
    let wire = wire_of(UDP, &program);
    // SAFETY: both are alive until they are destroyed.
    unsafe {
        let json = gossip_json_serializer_create();
        gossip_transport_set_serializer(wire.0, json);
        gossip_serializer_destroy(json);
    }
    // The thread of the transport notices it with the next datagram, or when it ends.
    drop(wire);
    assert_eq!(program.dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn what_decode_gives_is_checked_and_a_flaw_is_junk() {
    let answers = [
        Answer::Code(2),
        Answer::Code(77),
        Answer::Type(8),
        Answer::Type(u32::MAX),
        Answer::Status(5),
        Answer::Status(u32::MAX),
        Answer::Unterminated,
        Answer::Count(1025),
        Answer::Count(usize::MAX),
        Answer::NoEntries,
    ];
    for answer in answers {
        let program = Program { answer, ..Program::default() };
        let wire = wire_of(UDP, &program);
        let node = Node::new(1);
        wire.serve(&node);
        let entries = [online(2, 9)];
        let meet = message(MessageKind::Meet, 2, 8, &entries);
        for _ in 0..3 {
            assert_eq!(wire.send(&meet, &wire.view(1)), GOSSIP_ERR_SUCCESS);
        }
        wait_for("they came", || program.decoded.load(Ordering::SeqCst) == 3);
        drop(wire);
        assert_eq!(node.size(), 0, "nothing of it is believed");
        assert_eq!(program.held.load(Ordering::SeqCst), 0, "it is released all the same");
    }
    let program = Program { answer: Answer::Latin1, ..Program::default() };
    let wire = wire_of(UDP, &program);
    let node = Node::new(1);
    wire.serve(&node);
    let entries = [online(2, 9)];
    let meet = message(MessageKind::Meet, 2, 8, &entries);
    wait_for("text that is not UTF-8 is replaced", || {
        assert_eq!(wire.send(&meet, &wire.view(1)), GOSSIP_ERR_SUCCESS);
        node.find(2).is_some()
    });
    assert_eq!(gossip::ffi::testing::read_text(&node.find(2).expect("it").role), "caf\u{fffd}");
}

#[test]
fn a_form_of_the_program_s_own_carries_metadata() {
    let program = Program { answer: Answer::Metadata, ..Program::default() };
    let wire = wire_of(UDP, &program);
    let node = Node::new(1);
    wire.serve(&node);
    let meet_entries = [online(2, 9)];
    let meet = message(MessageKind::Meet, 2, 8, &meet_entries);
    wait_for("it came", || {
        assert_eq!(wire.send(&meet, &wire.view(1)), GOSSIP_ERR_SUCCESS);
        node.find(2).is_some()
    });
    let (mut value, mut size) = ([0; 8], 8);
    let id = meet_entries[0].id;
    // SAFETY: all are alive, and the value has room for 8 bytes.
    let found = unsafe {
        gossip_core_get_metadata(node.core, &id, c"key".as_ptr(), value.as_mut_ptr(), &mut size)
    };
    assert_eq!((found, size), (1, 6));
    // SAFETY: no pointer is followed outside of a decode function.
    let code = unsafe { gossip_serializer_set_metadata(0, ptr::null(), 0, ptr::null(), 0) };
    assert_eq!(code, GOSSIP_ERR_OPERATION_NOT_PERMITTED);
}

#[test]
fn what_encode_gives_is_checked() {
    unsafe extern "C-unwind" fn none(
        _: *mut c_void,
        _: *const gossip_message_t,
        _: *mut *mut u8,
        size: *mut usize,
    ) -> MaybeUninit<gossip_error_code_t> {
        // SAFETY: a place to write to.
        unsafe { *size = 5 };
        code(0)
    }
    unsafe extern "C-unwind" fn refuses(
        _: *mut c_void,
        _: *const gossip_message_t,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> MaybeUninit<gossip_error_code_t> {
        // SAFETY: places to write to; they are not looked at after a failure.
        unsafe { (*data, *size) = (ptr::dangling_mut(), 5) };
        code(u32::MAX)
    }
    unsafe extern "C-unwind" fn much(
        user_data: *mut c_void,
        _: *const gossip_message_t,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> MaybeUninit<gossip_error_code_t> {
        program(user_data).held.fetch_add(1, Ordering::SeqCst);
        // SAFETY: places to write to.
        unsafe { (*data, *size) = (libc::malloc(1).cast(), usize::MAX) };
        code(0)
    }
    let (_socket, target) = socket();
    for function in [none as unsafe extern "C-unwind" fn(_, _, _, _) -> _, refuses, much] {
        let program = Program::default();
        let vtable = gossip_serializer_vtable_t { encode: Some(function), ..vtable(&program) };
        let wire = Wire::start(UDP);
        let ping = message(MessageKind::Ping, 1, 1, &[]);
        // SAFETY: live objects until they are destroyed.
        unsafe {
            let serializer = gossip_serializer_create_custom(&vtable);
            gossip_transport_set_serializer(wire.0, serializer);
            assert_eq!(wire.send(&ping, &target), GOSSIP_ERR_SERIALIZATION_ERROR);
            assert!(last_error().contains("functions of this serializer"), "{}", last_error());
            let (mut data, mut size) = (ptr::null_mut(), 0);
            let code = gossip_serializer_serialize(serializer, &ping, &mut data, &mut size);
            assert_eq!(code, GOSSIP_ERR_SERIALIZATION_ERROR);
            assert!(data.is_null(), "nothing is put anywhere on an error");
            gossip_serializer_destroy(serializer);
        }
        drop(wire);
        assert_eq!(program.held.load(Ordering::SeqCst), 0);
        assert_eq!(program.dropped.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_vtable_that_lacks_something_is_refused_and_its_data_stays_the_caller_s() {
    let program = Program::default();
    let good = vtable(&program);
    let refused = |vtable: &gossip_serializer_vtable_t, expected: &str| {
        // SAFETY: a vtable that is refused, or freed.
        assert!(unsafe { gossip_serializer_create_custom(vtable) }.is_null());
        assert!(last_error().contains(expected), "{}", last_error());
    };
    refused(&gossip_serializer_vtable_t { encode: None, ..good }, "vtable->encode is NULL");
    refused(&gossip_serializer_vtable_t { decode: None, ..good }, "vtable->decode is NULL");
    for size in [0, size_of::<gossip_serializer_vtable_t>() - 1] {
        refused(&gossip_serializer_vtable_t { size, ..good }, "sizeof(gossip_serializer_vtable_t)");
    }
    // SAFETY: NULL is allowed, and what is made is destroyed.
    unsafe {
        assert!(gossip_serializer_create_custom(ptr::null()).is_null());
        assert_eq!(program.dropped.load(Ordering::SeqCst), 0);
        let nameless = gossip_serializer_vtable_t { name: ptr::null(), ..good };
        let serializer = gossip_serializer_create_custom(&nameless);
        assert_eq!(CStr::from_ptr(gossip_serializer_name(serializer)), c"custom");
        gossip_serializer_destroy(serializer);
        assert_eq!(program.dropped.load(Ordering::SeqCst), 1);
    }
}

#[test]
fn a_large_message_is_split_in_the_program_s_own_form_too() {
    let program = Program::default();
    let wire = wire_of(UDP, &program);
    let (socket, target) = socket();
    let entries: Vec<_> = (1..=20).map(|number| online(number, number.into())).collect();
    assert_eq!(wire.send(&message(MessageKind::Ping, 1, 1, &entries), &target), GOSSIP_ERR_SUCCESS);
    let (mut buffer, mut told, mut kinds) = ([0; 65536], 0, Vec::new());
    while told < 20 {
        let (bytes, _) = socket.recv_from(&mut buffer).expect("within the deadline");
        assert!(bytes <= 1400);
        for frame in framing::frames(&buffer[..bytes]) {
            // SAFETY: encode wrote a message there, at whatever place.
            let message = unsafe { frame.as_ptr().cast::<gossip_message_t>().read_unaligned() };
            told += message.entries_count;
            kinds.push(gossip::ffi::testing::raw_kind(message.r#type));
        }
    }
    assert_eq!(kinds[0], 0);
    assert!(kinds.len() > 1 && kinds[1..].iter().all(|&kind| kind == 5));
    assert_eq!(program.held.load(Ordering::SeqCst), 0);
}
