//! A guest in the process: a forked child may only destroy, and never waits for a lock.
#![cfg(unix)]

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Calls everything with a core of the parent; whether each call refused.
fn all_refused(core: *mut gossip_core_t) -> bool {
    let mut count = 7;
    let mut out = view(0);
    // SAFETY: a core that was not destroyed in this process, and places to write to.
    unsafe {
        gossip_core_tick(core);
        let said = last_error().contains("fork");
        gossip_core_tick_full_broadcast(core);
        gossip_core_handle_message(core, &message(MessageKind::Ping, 2, 9, &[online(2, 9)]));
        gossip_core_meet(core, &view(3));
        gossip_core_join(core, &view(4));
        gossip_core_leave(core, &id(2));
        gossip_core_reset(core);
        said && gossip_core_self(core).is_null()
            && gossip_core_get_nodes(core, &mut count).is_null()
            && count == 0
            && gossip_core_find_node(core, &id(2), &mut out) == 0
            && gossip_core_size(core) == 0
    }
}

#[test]
fn a_forked_child_is_refused_and_destroys_at_once() {
    let node = Arc::new(Node::new(1));
    node.befriend(2);
    let stop = Arc::new(AtomicBool::new(false));
    // Holds the lock most of the time, so that many children inherit it held.
    let busy = {
        let (node, stop) = (Arc::clone(&node), Arc::clone(&stop));
        thread::spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                node.size();
            }
        })
    };
    for _ in 0..100 {
        in_child(|| {
            let refused = all_refused(node.core);
            // SAFETY: destroyed once in this process.
            unsafe { gossip_core_destroy(node.core) };
            refused
        });
    }
    stop.store(true, Ordering::Relaxed);
    busy.join().expect("no panic");
    assert_eq!(node.size(), 1, "the parent's core is as before");
    node.tick();
    assert_eq!(last_error(), "");
}

#[test]
fn a_forked_child_may_make_cores_of_its_own() {
    let node = Node::new(1);
    in_child(|| {
        // SAFETY: a view, no callbacks, and the core is destroyed once.
        unsafe {
            let core = gossip_core_create(&view(2), None, None, ptr::null_mut());
            gossip_core_meet(core, &view(3));
            let works = gossip_core_size(core) == 1 && gossip_core_size(node.core) == 0;
            gossip_core_destroy(core);
            works
        }
    });
}

#[test]
fn a_child_forked_in_a_callback_makes_no_more_calls() {
    let node = Node::new(1);
    let mut forked = None;
    let (tell, told) = std::sync::mpsc::channel();
    node.inside(move |call, _| match forked {
        // The parent goes on; in the child this callback must have been the last one.
        Some(0) => {
            // SAFETY: ends the child that was called although it should not be.
            unsafe { libc::_exit(3) }
        }
        Some(_) => {}
        None => {
            assert_eq!(call.brief(), (2, "event"));
            // SAFETY: the child returns from the callback and ends soon after.
            let pid = unsafe { libc::fork() };
            forked = Some(pid);
            tell.send(pid).expect("the test waits");
        }
    });
    node.meet(&view(2));
    let pid = told.recv().expect("forked");
    if pid == 0 {
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, into a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(status, 0);
    assert_eq!(node.briefs(), [(2, "event"), (2, "send")]);
}
