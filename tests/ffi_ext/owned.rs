//! drop_user_data: exactly once, after the last callback, under no lock, and never in a child.

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

fn destroy(core: usize) {
    // SAFETY: each test destroys a core once.
    unsafe { gossip_core_destroy(core as *mut gossip_core_t) };
}

#[test]
fn dropped_by_destroy_before_it_returns() {
    let node = Node::new(1);
    node.befriend(2);
    node.tick();
    let log = Arc::clone(&node.log);
    assert_eq!(log.drops(), 0);
    drop(node);
    assert_eq!(log.drops(), 1);
    assert_eq!(Arc::strong_count(&log), 1);
}

#[test]
fn destroyed_inside_a_callback_it_is_dropped_when_that_one_returns() {
    for has in [Has { changes: false, ..ALL }, Has { send: false, event: false, ..ALL }] {
        let node = Node::with(&config(1), &view(1), has);
        let (core, log) = (node.core as usize, Arc::clone(&node.log));
        let runs = Arc::new(AtomicUsize::new(0));
        let (counted, inside) = (Arc::clone(&runs), Arc::downgrade(&log));
        node.inside(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            destroy(core);
            assert_eq!(inside.upgrade().expect("held by the core").drops(), 0);
        });
        node.meet(&view(2));
        assert_eq!((runs.load(Ordering::SeqCst), log.drops()), (1, 1));
        node.forget();
    }
}

/// Stands for a C++ exception: a foreign unwinding to the library all the same.
struct Thrown;

#[test]
fn destroyed_and_thrown_inside_a_callback_it_is_dropped_on_the_way_out() {
    let node = Node::new(1);
    let core = node.core as usize;
    node.inside(move |_| {
        destroy(core);
        resume_unwind(Box::new(Thrown));
    });
    let thrown = catch_unwind(AssertUnwindSafe(|| node.meet(&view(2)))).expect_err("it unwinds");
    assert!(thrown.is::<Thrown>());
    assert_eq!(node.forget().drops(), 1);
}

#[test]
fn destroy_on_another_thread_waits_for_the_callback_and_then_drops() {
    let node = Arc::new(Node::new(1));
    let (core, log) = (node.core as usize, Arc::clone(&node.log));
    let (entered_tell, entered) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let mut first = true;
    node.inside(move |_| {
        if std::mem::take(&mut first) {
            entered_tell.send(()).expect("the test waits");
            lock(&wait).recv_timeout(DEADLINE).expect("let go");
        }
    });
    let runner = Arc::clone(&node);
    let thread = thread::spawn(move || runner.meet(&view(2)));
    entered.recv_timeout(DEADLINE).expect("the callback runs");
    let (done_tell, done) = mpsc::channel();
    let watched = Arc::clone(&log);
    let destroyer = thread::spawn(move || {
        destroy(core);
        done_tell.send(watched.drops()).expect("the test waits");
    });
    assert!(done.recv_timeout(Duration::from_millis(50)).is_err(), "a callback still runs");
    assert_eq!(log.drops(), 0);
    go.send(()).expect("it waits");
    assert_eq!(done.recv_timeout(DEADLINE), Ok(1), "dropped before destroy returned");
    destroyer.join().expect("no panic");
    thread.join().expect("no panic");
    Arc::into_inner(node).expect("the threads ended").forget();
}

#[test]
fn a_drop_function_may_call_the_library() {
    unsafe extern "C-unwind" fn calls_back(core: *mut std::ffi::c_void) {
        // SAFETY: another core, which lives.
        unsafe { gossip_core_tick(core.cast()) };
    }
    let other = Node::new(9);
    let functions = gossip::ffi::gossip_callbacks_t {
        user_data: other.core.cast(),
        drop_user_data: Some(calls_back),
        on_send: None,
        on_event: None,
        on_changes: None,
        ..callbacks(&Arc::default(), ALL)
    };
    let mut wrong = config(1);
    wrong.lambda = 0;
    assert!(create(&wrong, &view(1), &functions).is_null());
    assert_error(&["lambda"]);
    let core = create(&config(1), &view(1), &functions);
    destroy(core as usize);
}

#[test]
#[cfg(feature = "net")]
fn a_core_of_which_a_transport_holds_a_share_is_dropped_by_destroy_too() {
    let node = Node::new(1);
    let log = Arc::clone(&node.log);
    let kind = MaybeUninit::new(gossip_transport_type_t::GOSSIP_TRANSPORT_UDP);
    // SAFETY: a text, and a core and a transport that live.
    let transport = unsafe {
        let transport = gossip_transport_create(kind, c"127.0.0.1".as_ptr(), 0);
        gossip_transport_set_core(transport, node.core);
        transport
    };
    drop(node);
    assert_eq!(log.drops(), 1);
    // SAFETY: it is destroyed once.
    unsafe { gossip_transport_destroy(transport) };
    assert_eq!(log.drops(), 1);
}

#[test]
#[cfg(unix)]
fn a_forked_child_drops_nothing() {
    let node = Node::new(1);
    node.befriend(2);
    let (core, log) = (node.core as usize, Arc::clone(&node.log));
    let seen = Arc::clone(&log);
    in_child(move || {
        destroy(core);
        seen.drops() == 0
    });
    node.hear(MessageKind::Ping, 2, &[online(2, 20)]);
    drop(node);
    assert_eq!(log.drops(), 1);
}
