//! Transports between cores and sockets.

use crate::serializer::serialize;
use crate::support::*;
use crate::wired::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::testing::c_text;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::mem::{MaybeUninit, forget};
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn entries_are_sent() {
    let wire = Wire::start(UDP);
    let (socket, target) = socket();
    let entries = [online(1, 40), online(2, 50)];
    let message = message(MessageKind::Meet, 1, 7, &entries);
    assert_eq!(wire.send(&message, &target), GOSSIP_ERR_SUCCESS);
    let sent = receive(&socket);
    assert_eq!(sent.replace(",\"wire\":1", ""), serialize(&message).expect("success"));
    assert_ne!(sent, serialize(&message).expect("success"), "it says that packets are read here");
}

#[test]
fn without_a_serializer_nothing_is_sent_and_its_owner_may_destroy_it() {
    let (socket, target) = socket();
    let node = Node::new(1);
    let message = message(MessageKind::Ping, 1, 7, &[]);
    // SAFETY: a text that ends in NUL, and live objects until they are destroyed.
    unsafe {
        let wire = Wire(gossip_transport_create(MaybeUninit::new(UDP), c"127.0.0.1".as_ptr(), 0));
        assert_eq!(wire.send(&message, &target), GOSSIP_ERR_SERIALIZATION_ERROR);
        assert!(last_error().contains("gossip_transport_set_serializer"), "{}", last_error());
        gossip_transport_set_core(wire.0, node.core);
        let serializer = gossip_json_serializer_create();
        gossip_transport_set_serializer(wire.0, serializer);
        gossip_serializer_destroy(serializer);
        assert_eq!(wire.send(&message, &target), GOSSIP_ERR_NETWORK_ERROR, "not started");
        assert_eq!(gossip_transport_port(wire.0), 0);
        assert_eq!(gossip_transport_start(wire.0), GOSSIP_ERR_SUCCESS);
        assert_eq!(gossip_transport_start(wire.0), GOSSIP_ERR_NETWORK_ERROR, "twice");
        assert_eq!(wire.send(&message, &target), GOSSIP_ERR_SUCCESS);
        receive(&socket);
        assert_eq!(gossip_transport_stop(wire.0), GOSSIP_ERR_SUCCESS);
        assert_eq!(gossip_transport_stop(wire.0), GOSSIP_ERR_SUCCESS);
        assert_eq!(gossip_transport_start(wire.0), GOSSIP_ERR_SUCCESS);
    }
}

/// Makes a node's send callback send by its transport, as every program does.
pub(crate) fn wire_up(node: &Node, wire: &Arc<Wire>) {
    let sender = Arc::downgrade(wire);
    node.inside(move |call, handed_out| {
        if let (Call::Send { target, .. }, Some(wire)) = (call, sender.upgrade()) {
            let _ = wire.send(handed_out, target);
            // The last one must not be destroyed here, on its own thread.
            let _ = Arc::into_inner(wire).map(forget);
        }
    });
    wire.serve(node);
}

#[test]
fn two_nodes_find_each_other() {
    for kind in BOTH {
        let (here, there) = (Arc::new(Wire::start(kind)), Arc::new(Wire::start(kind)));
        let (one, two) = (Node::of(&here.view(1)), Node::of(&there.view(2)));
        wire_up(&one, &here);
        wire_up(&two, &there);
        one.meet(&there.view(2));
        wait_for("both see the other online", || {
            one.tick();
            two.tick();
            let is_online = |node: Option<gossip_node_view_t>| {
                node.is_some_and(|node| gossip::ffi::testing::raw_status(node.status) == ONLINE)
            };
            is_online(one.find(2)) && is_online(two.find(1))
        });
        // The transports end first: they hold no callback of the nodes any more then.
        drop((here, there));
    }
}

#[test]
fn metadata_travels_when_sent_inside_the_send_callback() {
    let wire = Arc::new(Wire::start(UDP));
    let (socket, target) = socket();
    let node = Node::of(&wire.view(1));
    let (keys, values) = ([c"zone".as_ptr()], [c"a".as_ptr()]);
    // SAFETY: a live core and arrays of one text each.
    unsafe {
        let (keys, values) = (keys.as_ptr().cast_mut(), values.as_ptr().cast_mut());
        gossip_core_update_self_metadata(node.core, keys, values, 1);
    }
    wire_up(&node, &wire);
    node.meet(&target);
    assert!(receive(&socket).contains(r#""metadata":{"zone":"a"}"#));
}

#[test]
fn core_may_be_destroyed_first_also_while_datagrams_arrive() {
    let (socket, _) = socket();
    let text = serialize(&message(MessageKind::Meet, 2, 9, &[online(2, 9)])).expect("success");
    let mut datagram = u32::try_from(text.len()).expect("small").to_be_bytes().to_vec();
    datagram.extend(text.bytes());
    for round in 0..50 {
        let wire = Wire::start(UDP);
        let node = Node::new(1);
        wire.serve(&node);
        let to = ("127.0.0.1", wire.port());
        for _ in 0..20 {
            socket.send_to(&datagram, to).expect("sent");
        }
        if round % 2 == 0 {
            wait_for("one was taken", || node.find(2).is_some());
        }
        drop(node);
        for _ in 0..20 {
            socket.send_to(&datagram, to).expect("sent");
        }
        let other = Node::new(1);
        wire.serve(&other);
        wait_for("another core takes its place", || {
            socket.send_to(&datagram, to).expect("sent");
            other.find(2).is_some()
        });
        drop(wire);
    }
}

#[test]
fn core_and_transport_may_be_destroyed_inside_a_callback_of_the_transport() {
    for kind in BOTH {
        let peer = Wire::start(kind);
        let wire = Wire::start(kind);
        let target = wire.view(1);
        let mut node = Node::of(&target);
        let (tell, told) = std::sync::mpsc::channel();
        let (core, transport) = (node.core as usize, wire.0 as usize);
        let mut is_first = true;
        node.inside(move |_, _| {
            if core::mem::take(&mut is_first) {
                // SAFETY: each is destroyed once; the test forgets them.
                unsafe {
                    gossip_transport_destroy(transport as *mut gossip_transport_t);
                    gossip_core_destroy(core as *mut gossip::ffi::gossip_core_t);
                }
                let _ = tell.send(());
            }
        });
        wire.serve(&node);
        // The callback destroys both, not their owners here.
        node.handle.core = ptr::null_mut();
        forget(wire);
        let entries = [peer_view(&peer)];
        let meet = message(MessageKind::Meet, 2, 9, &entries);
        assert_eq!(peer.send(&meet, &target), GOSSIP_ERR_SUCCESS);
        told.recv_timeout(DEADLINE).expect("an event of the meet");
        wait_for("the port is free", || {
            let port = u16::try_from(target.port).expect("a port");
            match kind {
                UDP => std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok(),
                _ => std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
            }
        });
        drop(node);
    }
}

fn peer_view(peer: &Wire) -> gossip_node_view_t {
    gossip_node_view_t { heartbeat: 9, status: status(ONLINE), ..peer.view(2) }
}

#[test]
fn send_over_tcp_tells_that_nobody_listens_but_waits_only_outside_of_callbacks() {
    let wire = Arc::new(Wire::start(BOTH[1]));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = closed.local_addr().expect("bound").port();
    drop(closed);
    let dead = gossip_node_view_t { port: port.into(), ..view(2) };
    let ping = message(MessageKind::Ping, 1, 1, &[]);
    // On a busy machine the refusal may come after the bound; then a later send tells of it.
    wait_for("told", || wire.send(&ping, &dead) == GOSSIP_ERR_NETWORK_ERROR);
    assert!(last_error().contains(&format!("127.0.0.1:{port}")), "{}", last_error());

    // To an address for documentation packets vanish, so a send that waits takes its whole time.
    let nowhere = gossip_node_view_t { ip: c_text("192.0.2.1"), ..view(3) };
    let node = Node::new(1);
    let (tell, told) = std::sync::mpsc::channel();
    let sender = Arc::clone(&wire);
    node.inside(move |_, _| {
        let started = Instant::now();
        sender.send(&message(MessageKind::Ping, 1, 1, &[]), &nowhere);
        let _ = tell.send(started.elapsed());
    });
    for number in 4..14 {
        node.meet(&view(number));
    }
    let mut took: Vec<_> = (0..20)
        .map(|_| told.recv_timeout(DEADLINE).expect("an event and a send for each"))
        .collect();
    took.sort_unstable();
    // A busy machine may take the processor away during some of them.
    assert!(took[10] < Duration::from_millis(100), "{took:?}");
}
