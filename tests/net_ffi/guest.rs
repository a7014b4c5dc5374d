//! A guest in the process: a forked child may only destroy, and the parent notices nothing.

use crate::support::*;
use crate::wired::*;
use gossip::ffi::net::*;
use gossip::ffi::types::gossip_error_code::*;
use gossip::types::MessageKind;

/// Runs `child` in a forked child; it must end by itself within seconds and return `true`.
fn in_child(child: impl FnOnce() -> bool) {
    // SAFETY: the child calls only what must work in a forked child, and then ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // SAFETY: alarm and _exit may be called at any time. The alarm ends a child that waits.
        unsafe {
            libc::alarm(10);
            libc::_exit(i32::from(!child()));
        }
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, into a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0, "the child failed or hung");
}

#[test]
fn a_forked_child_is_refused_and_destroys_at_once() {
    for kind in BOTH {
        let (one, two) = (Wire::start(kind), Wire::start(kind));
        let node = Node::new(1);
        two.serve(&node);
        let port = one.port();
        for round in 0..20 {
            // A message under way keeps the locks busy.
            let meet = message(MessageKind::Meet, 2, round, &[online(2, round)]);
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
            let meet = message(MessageKind::Meet, 3, 99, &[online(3, 99)]);
            assert_eq!(one.send(&meet, &two.view(1)), GOSSIP_ERR_SUCCESS);
            node.find(3).is_some()
        });
    }
}

#[test]
fn a_forked_child_may_make_transports_of_its_own() {
    let _parents = Wire::start(UDP);
    in_child(|| {
        let (one, two) = (Wire::start(UDP), Wire::start(UDP));
        let node = Node::new(1);
        two.serve(&node);
        let meet = message(MessageKind::Meet, 3, 99, &[online(3, 99)]);
        one.send(&meet, &two.view(1));
        wait_for("it came", || node.find(3).is_some());
        true
    });
}
