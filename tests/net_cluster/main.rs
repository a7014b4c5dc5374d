//! Eight nodes on real sockets, each ticked every 50 ms, as a C program runs them.
#![cfg(all(feature = "ffi", feature = "net", unix))]

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../ffi_core/support.rs"]
mod support;
#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../net_ffi/wired.rs"]
mod wired;

use gossip::ffi::gossip_error_code::GOSSIP_ERR_SUCCESS;
use gossip::ffi::testing::raw_status;
use gossip::ffi::{gossip_transport_start, gossip_transport_stop, gossip_transport_type_t};
use std::sync::Arc;
use std::time::{Duration, Instant};
use support::{Call, FAILED, Node, ONLINE};
use wired::{BOTH, Wire};

const NODES: u8 = 8;
const ROUND: Duration = Duration::from_millis(50);

struct Cluster {
    // The transports end first: then no callback of the nodes runs any more.
    wires: Vec<Arc<Wire>>,
    nodes: Vec<Node>,
}

impl Cluster {
    fn start(kind: gossip_transport_type_t) -> Self {
        let wires: Vec<_> = (0..NODES).map(|_| Arc::new(Wire::start(kind))).collect();
        let numbered = || wires.iter().zip(1..);
        let nodes: Vec<_> = numbered().map(|(wire, n)| Node::of(&wire.view(n))).collect();
        for (wire, node) in wires.iter().zip(&nodes) {
            let sender = Arc::clone(wire);
            node.inside(move |call, handed_out| {
                if let Call::Send { target, .. } = call {
                    let _ = sender.send(handed_out, target);
                }
            });
            wire.serve(node);
        }
        for node in &nodes[1..] {
            // SAFETY: a live core and a view.
            unsafe { gossip::ffi::gossip_core_join(node.core, &wires[0].view(1)) }
        }
        Self { wires, nodes }
    }

    /// Whether node number `of` has this status at all the others.
    fn all_see(&self, of: u8, status: u32) -> bool {
        let mut others = self.nodes.iter().zip(1..).filter(|(_, number)| *number != of);
        others
            .all(|(node, _)| node.find(of).is_some_and(|found| raw_status(found.status) == status))
    }

    /// Whether node number `of` has this status at any other.
    fn any_sees(&self, of: u8, status: u32) -> bool {
        let mut others = self.nodes.iter().zip(1..).filter(|(_, number)| *number != of);
        others
            .any(|(node, _)| node.find(of).is_some_and(|found| raw_status(found.status) == status))
    }

    /// Whether every node sees all the others online.
    fn is_whole(&self) -> bool {
        (1..=NODES).all(|number| self.all_see(number, ONLINE))
    }

    /// Runs rounds until `condition` holds, and returns how long that took.
    fn run_until(&self, what: &str, bound: Duration, condition: impl Fn() -> bool) -> Duration {
        let started = Instant::now();
        while !condition() {
            let took = started.elapsed();
            assert!(took < bound, "{what}: not within {bound:?}: {}", self.picture());
            for node in &self.nodes {
                node.tick();
                node.calls();
            }
            std::thread::sleep(ROUND);
        }
        started.elapsed()
    }

    /// One line a node: the status of each other one.
    fn picture(&self) -> String {
        let line = |node: &Node| {
            let status = |number| node.find(number).map_or(9, |found| raw_status(found.status));
            (1..=NODES).map(|number| status(number).to_string()).collect::<String>()
        };
        self.nodes.iter().map(line).collect::<Vec<_>>().join(" ")
    }
}

fn cluster_sees_a_stop_and_a_return(kind: gossip_transport_type_t) {
    let cluster = Cluster::start(kind);
    // The bounds are those promised for an idle machine, and as much again for a busy one.
    let whole = cluster.run_until("all know all", Duration::from_secs(6), || cluster.is_whole());
    let stopped = &cluster.wires[4];
    // SAFETY: a live transport.
    assert_eq!(unsafe { gossip_transport_stop(stopped.0) }, GOSSIP_ERR_SUCCESS);
    let seen = cluster
        .run_until("the stop is seen", Duration::from_secs(8), || cluster.all_see(5, FAILED));
    let others = [1, 2, 3, 4, 6, 7, 8];
    let mut at_others = cluster.nodes.iter().zip(1..).filter(|(_, number)| *number != 5);
    assert!(
        at_others.all(|(node, own)| others.iter().filter(|other| **other != own).all(|other| {
            node.find(*other).is_some_and(|found| raw_status(found.status) != FAILED)
        })),
        "nobody else is failed: {}",
        cluster.picture()
    );
    // SAFETY: a live transport.
    assert_eq!(unsafe { gossip_transport_start(stopped.0) }, GOSSIP_ERR_SUCCESS);
    let back =
        cluster.run_until("the return is seen", Duration::from_secs(16), || cluster.is_whole());
    println!("{kind:?}: whole after {whole:?}, stop seen after {seen:?}, back after {back:?}");
}

#[test]
fn cluster_over_udp_sees_a_stop_and_a_return() {
    cluster_sees_a_stop_and_a_return(BOTH[0]);
}

#[test]
fn cluster_over_tcp_sees_a_stop_and_a_return() {
    cluster_sees_a_stop_and_a_return(BOTH[1]);
}

/// Junk of several kinds: no frame, a length that lies, broken text, deep nesting, empty frames.
fn junk(number: usize) -> Vec<u8> {
    let framed = |text: &[u8]| {
        let bytes = u32::try_from(text.len()).expect("small");
        [&bytes.to_be_bytes()[..], text].concat()
    };
    match number % 5 {
        0 => number.to_le_bytes().repeat(20),
        1 => b"\xff\xff\xff\xff{}".to_vec(),
        2 => framed(b"{\"entries\":[{\"id\":\"zz\"}],\"type\":0}"),
        3 => framed("[".repeat(900).as_bytes()),
        _ => vec![0; 400],
    }
}

#[test]
fn flood_of_junk_fails_nobody() {
    let cluster = Cluster::start(BOTH[0]);
    cluster.run_until("all know all", Duration::from_secs(6), || cluster.is_whole());
    let before = resident();
    let port = cluster.wires[0].port();
    let flood = std::thread::spawn(move || {
        let (socket, _) = wired::socket();
        for number in 0..200_000 {
            let _ = socket.send_to(&junk(number), ("127.0.0.1", port));
        }
    });
    let nobody_failed = || !(1..=NODES).any(|number| cluster.any_sees(number, FAILED));
    cluster.run_until("the flood ends", Duration::from_secs(60), || {
        assert!(nobody_failed(), "{}", cluster.picture());
        flood.is_finished()
    });
    flood.join().expect("no panic");
    cluster.run_until("all know all", Duration::from_secs(10), || {
        assert!(nobody_failed(), "{}", cluster.picture());
        cluster.is_whole()
    });
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes");
}

/// The memory of this process that is resident, in bytes; 0 where it cannot be known.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
