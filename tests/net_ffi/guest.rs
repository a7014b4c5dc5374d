//! A guest in the process: a forked child may only destroy, and the parent notices nothing.

use crate::support::*;
use crate::wired::*;
use gossip::ffi::gossip_error_code::*;
use gossip::ffi::*;
use gossip::types::MessageKind;

/// Runs the test `name` again in a process that has no other tests, and says whether this is that
/// process.
///
/// A child has only the thread that forked, so a lock of the standard library that another thread
/// held stays locked there for ever. Other tests start and end threads all the time.
fn is_alone(name: &str) -> bool {
    if std::env::var_os("GOSSIP_ALONE").is_some() {
        return true;
    }
    let mut alone = std::process::Command::new(std::env::current_exe().expect("a path"));
    let name = format!("guest::{name}");
    let output = alone.args(["--exact", &name]).env("GOSSIP_ALONE", "1").output().expect("a run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{}: {said}", output.status);
    false
}

#[test]
fn a_forked_child_is_refused_and_destroys_at_once() {
    if !is_alone("a_forked_child_is_refused_and_destroys_at_once") {
        return;
    }
    for kind in BOTH {
        let (one, two) = (Wire::start(kind), Wire::start(kind));
        let node = Node::new(1);
        two.serve(&node);
        let port = one.port();
        for round in 0..20 {
            // A message under way keeps the locks busy.
            let entries = [online(2, round)];
            let meet = message(MessageKind::Meet, 2, round, &entries);
            assert_eq!(one.send(&meet, &two.view(1)), GOSSIP_ERR_SUCCESS);
            in_child(|| {
                let ping = message(MessageKind::Ping, 1, 1, &[]);
                let forbidden = GOSSIP_ERR_OPERATION_NOT_PERMITTED;
                // SAFETY: live transports, destroyed once in this process.
                unsafe {
                    let refused = gossip_transport_start(one.0) == forbidden
                        && last_error().contains("parent of this process")
                        && gossip_transport_stop(one.0) == forbidden
                        && one.send(&ping, &two.view(1)) != GOSSIP_ERR_SUCCESS
                        && gossip_transport_port(one.0) == 0;
                    gossip_transport_set_core(one.0, node.core);
                    gossip_transport_destroy(one.0);
                    gossip_transport_destroy(two.0);
                    refused
                }
            });
        }
        assert_eq!(one.port(), port);
        wait_for("the parent's transports still work", || {
            let entries = [online(3, 99)];
            let meet = message(MessageKind::Meet, 3, 99, &entries);
            assert_eq!(one.send(&meet, &two.view(1)), GOSSIP_ERR_SUCCESS);
            node.find(3).is_some()
        });
    }
}

#[test]
fn a_forked_child_may_make_transports_of_its_own() {
    if !is_alone("a_forked_child_may_make_transports_of_its_own") {
        return;
    }
    let carries_a_message = || {
        let (one, two) = (Wire::start(UDP), Wire::start(UDP));
        let node = Node::new(1);
        two.serve(&node);
        let entries = [online(3, 99)];
        let meet = message(MessageKind::Meet, 3, 99, &entries);
        wait_for("it came", || {
            assert_eq!(one.send(&meet, &two.view(1)), GOSSIP_ERR_SUCCESS);
            node.find(3).is_some()
        });
        (one, two, node)
    };
    // What the parent has runs already, so that none of its threads is just being made.
    let _parents = carries_a_message();
    in_child(|| {
        carries_a_message();
        true
    });
}

std::thread_local! {
    /// Destroyed when its thread ends, after all thread-local data that was used later.
    static LATE: std::cell::RefCell<Option<Wire>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_transport_may_be_destroyed_by_a_thread_local_destructor() {
    for kind in BOTH {
        let thread = std::thread::spawn(move || {
            // Used first, so that its destructor runs last.
            LATE.with_borrow_mut(|late| *late = None);
            let (wire, peer) = (Wire::start(kind), Wire::start(kind));
            let ping = message(MessageKind::Ping, 1, 1, &[]);
            assert_eq!(wire.send(&ping, &peer.view(2)), GOSSIP_ERR_SUCCESS);
            let port = wire.port();
            LATE.with_borrow_mut(|late| *late = Some(wire));
            port
        });
        let port = thread.join().expect("no panic");
        // Not at once: children that other tests forked meanwhile have the socket too.
        wait_for("the port is free", || match kind {
            UDP => std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok(),
            _ => std::net::TcpStream::connect(("127.0.0.1", port)).is_err(),
        });
    }
}
