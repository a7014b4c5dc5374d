//! Callbacks: without a lock, in order, one at a time, with every function allowed inside.

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn every_function_may_be_called_inside() {
    let node = Arc::new(Node::new(1));
    node.befriend(2);
    // Weak, so that the callback does not keep its own node.
    let weak = Arc::downgrade(&node);
    let depth = AtomicUsize::new(0);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    node.inside(move |_, _| {
        assert_eq!(depth.fetch_add(1, Ordering::SeqCst), 0, "a callback ran inside another");
        if counted.fetch_add(1, Ordering::SeqCst) < 4 {
            let node = weak.upgrade().expect("alive");
            assert_eq!(node.own().id, id(1));
            assert!(node.size() >= 1 && !node.nodes().is_empty() && node.find(2).is_some());
            let number = 10 + u8::try_from(counted.load(Ordering::SeqCst)).expect("small");
            node.tick();
            node.hear(MessageKind::Ping, 2, &[online(2, 20 + u64::from(number))]);
            node.meet(&view(number));
            node.leave(number);
        }
        depth.fetch_sub(1, Ordering::SeqCst);
    });
    node.meet(&view(3));
    assert!(runs.load(Ordering::SeqCst) > 4);
    assert!((11..15).all(|number| node.find(number).is_some()));
}

#[test]
fn what_a_callback_brings_about_runs_after_what_was_there() {
    let node = Arc::new(Node::new(1));
    let weak = Arc::downgrade(&node);
    node.inside(move |call, _| {
        if call.brief() == (2, "event") {
            weak.upgrade().expect("alive").meet(&view(3));
        }
    });
    node.meet(&view(2));
    let order = [(2, "event"), (2, "send"), (3, "event"), (3, "send")];
    assert_eq!(node.briefs(), order);
}

#[test]
fn an_error_is_not_hidden_by_calls_of_callbacks() {
    let node = Arc::new(Node::new(1));
    let weak = Arc::downgrade(&node);
    node.inside(move |_, _| {
        weak.upgrade().expect("alive").size();
    });
    node.meet(&view(2));
    assert_eq!(last_error(), "");
    node.leave(9);
    assert!(last_error().starts_with("gossip_core_leave: "), "{}", last_error());
}

#[test]
fn destroyed_in_a_callback_that_one_is_the_last() {
    for last in 1..=3_usize {
        let node = Node::new(1);
        let core = node.core as usize;
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        node.inside(move |_, _| {
            if counted.fetch_add(1, Ordering::SeqCst) + 1 == last {
                // SAFETY: destroyed once; nothing else uses it from here on.
                unsafe { gossip_core_destroy(core as *mut gossip_core_t) };
            }
        });
        node.meet(&view(2));
        if last == 3 {
            node.meet(&view(3));
        }
        assert_eq!(runs.load(Ordering::SeqCst), last);
        // The core is gone; only the log must not leak its closure into a call.
        let mut gone = node;
        gone.handle.core = ptr::null_mut();
    }
}

/// Stands for a C++ exception: a foreign unwinding to the library all the same.
struct Thrown;

#[test]
fn what_unwinds_out_of_a_callback_reaches_the_caller_and_nothing_is_lost() {
    let node = Node::new(1);
    node.befriend(5);
    let mut first = true;
    node.inside(move |_, _| {
        if std::mem::take(&mut first) {
            resume_unwind(Box::new(Thrown));
        }
    });
    let thrown = catch_unwind(AssertUnwindSafe(|| node.meet(&view(2)))).expect_err("it unwinds");
    assert!(thrown.is::<Thrown>());
    assert_eq!(node.briefs(), [(2, "event")]);
    assert_eq!(node.size(), 2, "the core is whole");
    node.meet(&view(3));
    let order = [(2, "send"), (3, "event"), (3, "send")];
    assert_eq!(node.briefs(), order, "the queue goes on with the next call");
}
