//! What the program is told, and what it may do meanwhile.

use crate::support::{
    DEADLINE, Recorder, address, cluster, id, join, make, start, start_with, status, wait_for,
};
use gossip::net::{Change, Handler, Node, NodeError};
use gossip::types::NodeStatus::{Failed, Left, Online, Unknown};
use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

#[test]
fn every_change_is_told_once_in_order() {
    let watcher = Arc::new(Recorder::default());
    let seed = start_with(Some(watcher.clone()), |_| ());
    let node = start(|config| config.id = id(9));
    join(&node, &seed);
    watcher.wait("it is online", |change| change.node.status == Online);
    node.update_metadata([("zone", "a")].into_iter()).unwrap();
    watcher.wait("its metadata", |change| {
        change.node.metadata.as_deref().is_some_and(|metadata| metadata.get("zone") == Some("a"))
    });
    node.leave(DEADLINE).unwrap();
    watcher.wait("it has left", |change| change.node.status == Left);
    join(&node, &seed);
    wait_for("it is back", || watcher.steps(id(9)).last() == Some(&(Left, Online)));
    drop(node);
    watcher.wait("it has failed", |change| change.node.status == Failed);
    let steps = watcher.steps(id(9));
    assert_eq!(steps[0].0, Unknown);
    assert!(steps.windows(2).all(|two| two[0].1 == two[1].0), "{steps:?}");
    let told = watcher.told().len();
    wait_for("each was in a batch", || watcher.batches().iter().sum::<usize>() == told);
}

/// A node, to be had inside its own callbacks.
type Own = Arc<OnceLock<Arc<Node>>>;

#[test]
fn everything_may_be_called_inside_a_callback() {
    let own = Own::default();
    let (tell, told) = channel();
    let act = {
        let own = own.clone();
        move |change: &Change| {
            let Some(node) = own.get().filter(|_| change.node.status == Online) else { return };
            let all_worked = node.members().is_ok_and(|members| !members.is_empty())
                && node.find(&change.node.id).is_ok_and(|found| found.is_some())
                && node.local().is_ok()
                && node.stats().is_ok()
                && node.peer(&change.node.id).is_ok()
                && node.update_metadata([("seen", "1")].into_iter()).is_ok()
                && node.remove_metadata("seen").is_ok()
                && node.join(&[&format!("127.0.0.1:{}", change.node.port)], DEADLINE).is_ok()
                && matches!(node.start(), Err(NodeError::AlreadyStarted))
                && node.leave(DEADLINE).is_ok();
            let _ = tell.send(all_worked);
        }
    };
    let node = Arc::new(start_with(Some(Recorder::acting(act)), |_| ()));
    assert!(own.set(node.clone()).is_ok());
    let other = start(|_| ());
    join(&other, &node);
    assert_eq!(told.recv_timeout(DEADLINE), Ok(true));
    wait_for("it has left", || status(&other, node.id()) == Left);
    node.stop().unwrap();
}

#[test]
fn stop_inside_a_callback_returns_and_makes_it_the_last_one() {
    let own = Own::default();
    let (tell, told) = channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let act = {
        let (own, calls) = (own.clone(), calls.clone());
        move |_: &Change| {
            if let Some(node) = own.get() {
                calls.fetch_add(1, Ordering::Relaxed);
                let worked = node.stop().is_ok()
                    && node.stop().is_ok()
                    && matches!(node.start(), Err(NodeError::InCallback));
                let _ = tell.send(worked);
            }
        }
    };
    let node = Arc::new(start_with(Some(Recorder::acting(act)), |_| ()));
    assert!(own.set(node.clone()).is_ok());
    let others: Vec<Node> = (0..3).map(|_| start(|_| ())).collect();
    for other in &others {
        let _ = other.join(&[&address(&node)], Duration::ZERO);
    }
    assert_eq!(told.recv_timeout(DEADLINE), Ok(true));
    node.start().expect("the callback has returned");
    assert_eq!(calls.load(Ordering::Relaxed), 1);
    node.stop().unwrap();
}

#[test]
fn dropped_inside_a_callback_it_ends_when_that_returns() {
    let held: Arc<Mutex<Option<Node>>> = Arc::default();
    let (tell, told) = channel();
    let act = {
        let held = held.clone();
        move |_: &Change| {
            if let Some(node) = held.lock().unwrap().take() {
                drop(node);
                let _ = tell.send(());
            }
        }
    };
    let node = start_with(Some(Recorder::acting(act)), |_| ());
    let (at, port) = (address(&node), node.port());
    *held.lock().unwrap() = Some(node);
    let other = start(|_| ());
    let _ = other.join(&[&at], Duration::ZERO);
    told.recv_timeout(DEADLINE).expect("the callback ran");
    wait_for("the port is free", || UdpSocket::bind(("127.0.0.1", port)).is_ok());
}

/// Tells when it is gone, and whether a callback ran then.
struct Watched {
    inside: Arc<AtomicBool>,
    gone: Sender<bool>,
}

impl Handler for Watched {
    fn changed(&self, _: &Change) {
        self.inside.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(50));
        self.inside.store(false, Ordering::SeqCst);
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = self.gone.send(self.inside.load(Ordering::SeqCst));
    }
}

#[test]
fn callbacks_are_over_and_their_owner_is_gone_when_a_drop_returns() {
    for _ in 0..5 {
        let (gone, told) = channel();
        let handler = Arc::new(Watched { inside: Arc::default(), gone });
        let node = start_with(Some(handler), |_| ());
        let other = start(|_| ());
        join(&other, &node);
        drop(node);
        assert_eq!(told.try_recv(), Ok(false));
    }
}

/// Stays in its first callback until it is let go.
struct Stuck {
    ends: Mutex<(Sender<()>, Receiver<()>)>,
    was: AtomicBool,
    then: Recorder,
}

impl Stuck {
    fn new() -> (Arc<Self>, Receiver<()>, Sender<()>) {
        let ((entered, inside), (go, let_go)) = (channel(), channel());
        let ends = Mutex::new((entered, let_go));
        let was = AtomicBool::new(false);
        (Arc::new(Self { ends, was, then: Recorder::default() }), inside, go)
    }
}

impl Handler for Stuck {
    fn changed(&self, change: &Change) {
        if !self.was.swap(true, Ordering::SeqCst) {
            let ends = self.ends.lock().unwrap();
            let _ = ends.0.send(());
            let _ = ends.1.recv_timeout(DEADLINE);
        }
        self.then.changed(change);
    }
}

#[test]
fn a_callback_that_takes_its_time_does_not_make_the_node_silent() {
    let (stuck, inside, go) = Stuck::new();
    let node = start_with(Some(stuck.clone()), |_| ());
    let others = cluster(3, |_| ());
    join(&node, &others[0]);
    inside.recv_timeout(DEADLINE).unwrap();
    // Longer than it takes to fail a node that is silent.
    let until = Instant::now() + Duration::from_secs(5);
    wait_for("all know it", || others.iter().all(|other| status(other, node.id()) == Online));
    while Instant::now() < until {
        for other in &others {
            assert_eq!(status(other, node.id()), Online);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(node.members().unwrap().len(), 3);
    others[0].update_metadata([("zone", "a")].into_iter()).unwrap();
    wait_for("a change waits", || node.stats().unwrap().changes_waiting > 0);
    go.send(()).unwrap();
    for other in &others {
        stuck.then.wait("what waited is told", |change| {
            change.node.id == other.id() && change.node.status == Online
        });
    }
}

#[test]
fn stop_gives_up_within_a_second_on_a_callback_that_does_not_return() {
    let (stuck, inside, go) = Stuck::new();
    let node = start_with(Some(stuck), |_| ());
    let other = start(|_| ());
    join(&other, &node);
    inside.recv_timeout(DEADLINE).unwrap();
    let stopping = Instant::now();
    assert!(matches!(node.stop(), Err(NodeError::InCallback)));
    assert!(stopping.elapsed() < Duration::from_secs(2));
    assert!(matches!(node.start(), Err(NodeError::InCallback)));
    go.send(()).unwrap();
    node.start().expect("the callback has returned");
}

#[test]
fn without_a_handler_nobody_is_told_and_nothing_waits() {
    let node = make(None, |_| ());
    node.start().unwrap();
    join(&start(|_| ()), &node);
    assert_eq!(node.stats().unwrap().changes_waiting, 0);
}
