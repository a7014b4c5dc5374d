//! Whole groups in one process, wired in the plainest way: the send callback of one core hands the
//! message to another, however deep that goes and from whatever thread.

use crate::support::*;
use gossip::ffi::testing::raw_status;
use gossip::ffi::*;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

/// The cores by number, set once all are made.
type Wires = Arc<OnceLock<HashMap<u8, usize>>>;

fn group(size: u8) -> (Vec<Node>, Wires) {
    let wires: Wires = Arc::default();
    let nodes: Vec<Node> = (1..=size).map(Node::new).collect();
    for node in &nodes {
        let wires = Arc::clone(&wires);
        node.inside(move |call, message| {
            let Call::Send { target, .. } = call else { return };
            let cores = wires.get().expect("set before the first call");
            if let Some(&core) = cores.get(&target.id.data[0]) {
                // SAFETY: all cores live until the wires were cut, and the message until we return.
                unsafe { gossip_core_handle_message(core as *mut gossip_core_t, message) };
            }
        });
    }
    let cores = (1..=size).zip(&nodes).map(|(number, node)| (number, node.core as usize));
    wires.set(cores.collect()).expect("set once");
    for node in &nodes[1..] {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_join(node.core, &view(1)) };
    }
    (nodes, wires)
}

fn all_see_all(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| {
        let others = node.nodes();
        let own = node.own().id;
        others.len() == nodes.len() - 1
            && others.iter().all(|other| raw_status(other.status) == ONLINE && other.id != own)
    })
}

#[test]
fn sixty_four_nodes_know_each_other_within_twenty_rounds() {
    let (nodes, _wires) = group(64);
    for _ in 0..20 {
        nodes.iter().for_each(|node| node.tick());
    }
    assert!(all_see_all(&nodes));
    assert!(nodes.iter().all(|node| node.own().received_messages > 0));
}

#[test]
fn threads_that_tick_and_deliver_across_each_other_never_wait_in_a_circle() {
    let (nodes, _wires) = group(16);
    let deadline = Instant::now() + Duration::from_secs(20);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        for part in nodes.chunks(4) {
            let stop = &stop;
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    part.iter().for_each(|node| node.tick());
                    thread::yield_now();
                }
            });
        }
        while !all_see_all(&nodes) && Instant::now() < deadline {
            thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(all_see_all(&nodes));
}
