//! Calls from several threads: nobody waits for another's callback, and one runs at a time.

use crate::support::*;
use gossip::ffi::*;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const DEADLINE: Duration = Duration::from_secs(20);

/// A node whose first callback waits until it is let go, in a thread of its own.
fn stuck(node: &Arc<Node>) -> (mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (entered_tell, entered) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let mut first = true;
    let wait = Mutex::new(wait);
    node.inside(move |_, _| {
        if std::mem::take(&mut first) {
            entered_tell.send(()).expect("the test waits");
            lock(&wait).recv_timeout(DEADLINE).expect("let go");
        }
    });
    let runner = Arc::clone(node);
    let thread = thread::spawn(move || runner.meet(&view(2)));
    entered.recv_timeout(DEADLINE).expect("the callback runs");
    (go, thread)
}

#[test]
fn callbacks_join_the_queue_of_the_thread_that_runs_them() {
    let node = Arc::new(Node::new(1));
    let (go, thread) = stuck(&node);
    node.meet(&view(3));
    assert_eq!(node.size(), 2, "the call is done");
    assert_eq!(node.briefs(), [(2, "event")], "its callbacks wait");
    go.send(()).expect("it waits");
    thread.join().expect("no panic");
    assert_eq!(node.briefs(), [(2, "send"), (3, "event"), (3, "send")]);
}

#[test]
fn a_full_queue_drops_messages_and_no_event() {
    let node = Arc::new(Node::new(1));
    let (go, thread) = stuck(&node);
    let mut met = 0;
    for round in 0..20_u8 {
        for number in 3..200 {
            let mut other = view(number);
            other.id.data[1] = round;
            other.port = 10_000 + i32::from(round) * 200 + i32::from(number);
            node.meet(&other);
            met += 1;
        }
    }
    assert_eq!(node.size(), met + 1);
    go.send(()).expect("it waits");
    thread.join().expect("no panic");
    let briefs = node.briefs();
    let events = briefs.iter().filter(|(_, what)| *what == "event").count();
    let sends = briefs.len() - events;
    assert_eq!(events, met + 1);
    assert!((512..=1025).contains(&sends), "{sends} messages");
    assert_eq!(node.own().sent_messages, u64::try_from(met).expect("small") + 1);
}

#[test]
fn one_callback_runs_at_a_time_and_all_run() {
    const THREADS: u8 = 4;
    const CALLS: u8 = 50;
    let node = Arc::new(Node::new(1));
    let busy = AtomicBool::new(false);
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    node.inside(move |_, _| {
        assert!(!busy.swap(true, Ordering::SeqCst), "two callbacks at once");
        counted.fetch_add(1, Ordering::SeqCst);
        thread::yield_now();
        busy.store(false, Ordering::SeqCst);
    });
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let node = &node;
            scope.spawn(move || {
                for call in 0..CALLS {
                    node.meet(&view(2 + thread * CALLS + call));
                }
            });
        }
    });
    let expected = usize::from(THREADS) * usize::from(CALLS) * 2;
    assert_eq!(runs.load(Ordering::SeqCst), expected);
    assert_eq!(node.calls().len(), expected);
}

#[test]
fn destroy_waits_for_a_callback_of_another_thread() {
    let node = Arc::new(Node::new(1));
    let (go, thread) = stuck(&node);
    let (done_tell, done) = mpsc::channel();
    let core = node.core as usize;
    let destroyer = thread::spawn(move || {
        // SAFETY: destroyed once; the thread in the callback has made its call before.
        unsafe { gossip_core_destroy(core as *mut gossip_core_t) };
        done_tell.send(()).expect("the test waits");
    });
    assert!(done.recv_timeout(Duration::from_millis(50)).is_err(), "a callback still runs");
    go.send(()).expect("it waits");
    done.recv_timeout(DEADLINE).expect("destroyed");
    destroyer.join().expect("no panic");
    thread.join().expect("no panic");
    assert_eq!(node.briefs(), [(2, "event")], "no callback after that");
    let mut node = Arc::into_inner(node).expect("the threads ended");
    node.handle.core = std::ptr::null_mut();
}

#[test]
fn a_thread_local_destructor_may_destroy() {
    thread_local! { static NODE: std::cell::RefCell<Option<Node>> = const { std::cell::RefCell::new(None) }; }
    thread::spawn(|| {
        NODE.set(Some(Node::new(1)));
        NODE.with_borrow(|node| node.as_ref().expect("set").meet(&view(2)));
    })
    .join()
    .expect("no panic");
}
