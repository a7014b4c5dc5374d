//! NULL, foreign integers and unterminated texts: a code, and a text that says why.

use crate::support::*;
use crate::wired::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::c_char;
use std::mem::{MaybeUninit, transmute};
use std::ptr;

const UNTERMINATED: [c_char; 64] = [b'x' as c_char; 64];

#[test]
fn null_everywhere_does_no_harm() {
    let wire = Wire::start(UDP);
    let ping = message(MessageKind::Ping, 1, 1, &[]);
    let serializer = gossip_json_serializer_create();
    let mut data = ptr::null_mut();
    let mut size = 0;
    let mut out = ping;
    let invalid = GOSSIP_ERR_INVALID_ARGUMENT;
    // SAFETY: NULL is allowed for every argument.
    unsafe {
        gossip_serializer_destroy(ptr::null_mut());
        let serialize = gossip_serializer_serialize;
        assert_eq!(serialize(ptr::null(), &ping, &mut data, &mut size), invalid);
        assert!(last_error().starts_with("gossip_serializer_serialize: serializer is NULL"));
        assert_eq!(serialize(serializer, ptr::null(), &mut data, &mut size), invalid);
        assert_eq!(serialize(serializer, &ping, ptr::null_mut(), &mut size), invalid);
        assert_eq!(serialize(serializer, &ping, &mut data, ptr::null_mut()), invalid);
        let deserialize = gossip_serializer_deserialize;
        assert_eq!(deserialize(ptr::null(), b"{}".as_ptr(), 2, &mut out), invalid);
        assert_eq!(deserialize(serializer, ptr::null(), 0, &mut out), invalid);
        assert_eq!(deserialize(serializer, ptr::null(), 2, &mut out), invalid);
        assert_eq!(deserialize(serializer, b"{}".as_ptr(), 2, ptr::null_mut()), invalid);
        assert_eq!(deserialize(serializer, b"{}".as_ptr(), usize::MAX, &mut out), invalid);
        gossip_serializer_destroy(serializer);

        let any = MaybeUninit::new(UDP);
        assert!(gossip_transport_create(any, ptr::null(), 1).is_null());
        assert!(last_error().starts_with("gossip_transport_create: host is NULL"));
        assert!(gossip_transport_factory_create(any, ptr::null(), 1).is_null());
        gossip_transport_destroy(ptr::null_mut());
        assert_eq!(gossip_transport_start(ptr::null_mut()), invalid);
        assert_eq!(gossip_transport_stop(ptr::null_mut()), invalid);
        assert_eq!(gossip_transport_port(ptr::null()), 0);
        assert_eq!(gossip_transport_send_message(ptr::null_mut(), &ping, &view(2)), invalid);
        assert_eq!(gossip_transport_send_message(wire.0, ptr::null(), &view(2)), invalid);
        assert_eq!(gossip_transport_send_message(wire.0, &ping, ptr::null()), invalid);
        gossip_transport_set_core(ptr::null_mut(), ptr::null_mut());
        gossip_transport_set_core(wire.0, ptr::null_mut());
        gossip_transport_set_serializer(ptr::null_mut(), ptr::null_mut());
        gossip_transport_set_serializer(wire.0, ptr::null_mut());
    }
    let (socket, target) = socket();
    assert_eq!(wire.send(&ping, &target), GOSSIP_ERR_SUCCESS, "still in order");
    receive(&socket);
}

fn foreign(raw: u32) -> MaybeUninit<gossip_transport_type_t> {
    // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
    unsafe { transmute::<u32, MaybeUninit<gossip_transport_type_t>>(raw) }
}

#[test]
fn foreign_types_and_hosts_are_refused() {
    for raw in [2_u32, 77, u32::MAX] {
        // SAFETY: a text with NUL.
        let transport = unsafe { gossip_transport_create(foreign(raw), c"127.0.0.1".as_ptr(), 1) };
        assert!(transport.is_null());
        assert!(last_error().contains(&format!("type is {raw}")), "{}", last_error());
    }
    for host in [c"", c"localhost", c"example.org", c"127.0.0.256", c"\xff"] {
        // SAFETY: a text with NUL.
        let transport = unsafe { gossip_transport_create(MaybeUninit::new(UDP), host.as_ptr(), 1) };
        assert!(transport.is_null(), "{host:?}");
        assert!(last_error().contains("numeric"), "{}", last_error());
    }
}

#[test]
fn targets_that_cannot_be_are_refused() {
    let wire = Wire::start(UDP);
    let ping = message(MessageKind::Ping, 1, 1, &[]);
    let refused = |target: &gossip_node_view_t, expected: &str| {
        assert_eq!(wire.send(&ping, target), GOSSIP_ERR_INVALID_ARGUMENT);
        assert!(last_error().contains(expected), "{}", last_error());
    };
    for port in [0, -1, 65536, 70000, i32::MIN, i32::MAX] {
        refused(&gossip_node_view_t { port, ..view(2) }, &format!("the port is {port}"));
    }
    for ip in ["", "example.org", "127.0.0.1.1"] {
        refused(&gossip_node_view_t { ip: c_text(ip), ..view(2) }, &format!("\"{ip}\""));
    }
    refused(&gossip_node_view_t { ip: UNTERMINATED, ..view(2) }, "numeric");
}

#[test]
fn messages_that_cannot_be_are_refused() {
    let wire = Wire::start(UDP);
    let (_socket, target) = socket();
    let refused = |message: &gossip_message_t, expected: &str| {
        assert_eq!(wire.send(message, &target), GOSSIP_ERR_INVALID_ARGUMENT);
        assert!(last_error().contains(expected), "{}", last_error());
        let code = crate::serializer::serialize(message).expect_err("refused");
        assert_eq!(code, GOSSIP_ERR_INVALID_ARGUMENT);
        assert!(last_error().contains(expected), "{}", last_error());
    };
    for raw in [8_u32, 77, u32::MAX] {
        let mut message = message(MessageKind::Ping, 1, 1, &[]);
        // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
        message.r#type = unsafe { transmute::<u32, MaybeUninit<_>>(raw) };
        refused(&message, &format!("msg->type is {raw}"));
    }
    for raw in [5, 77, u32::MAX] {
        let entries = [view(1), gossip_node_view_t { status: status(raw), ..view(2) }];
        let message = message(MessageKind::Ping, 1, 1, &entries);
        refused(&message, &format!("msg->entries[1].status is {raw}"));
    }
    let entries = [gossip_node_view_t { role: UNTERMINATED, ..view(2) }];
    refused(&message(MessageKind::Ping, 1, 1, &entries), "msg->entries[0].role has no NUL");
    let mut many = message(MessageKind::Ping, 1, 1, &entries);
    many.entries_count = usize::MAX;
    refused(&many, "msg->entries_count is");
}
