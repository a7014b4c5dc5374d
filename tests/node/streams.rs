//! Nodes between which no datagram passes.

use crate::support::{DEADLINE, Recorder, id, start_with, status, wait_for};
use gossip::net::{Node, Serializer};
use gossip::types::NodeStatus::{Failed, Online};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// An address that connections reach a node by, and datagrams do not.
struct Relay {
    port: u16,
    /// The port of the node.
    to: Arc<AtomicU16>,
}

impl Relay {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Arc::new(AtomicU16::new(0));
        let target = to.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                match TcpStream::connect(("127.0.0.1", target.load(Ordering::SeqCst))) {
                    Ok(node) => carry(stream, node),
                    Err(_) => drop(stream),
                }
            }
        });
        Self { port, to }
    }

    /// A node that tells this address as its own.
    fn node(&self, number: u8, serializer: &Serializer) -> Node {
        let node = start_with(Some(Arc::new(Recorder::default())), |config| {
            config.id = id(number);
            config.advertise_host = "127.0.0.1".into();
            config.advertise_port = self.port;
            config.serializer = serializer.clone();
        });
        self.to.store(node.port(), Ordering::SeqCst);
        node
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

/// Carries bytes both ways until either side ends.
fn carry(one: TcpStream, other: TcpStream) {
    let (mut from, mut to) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    let ways = [(one, other), (to.try_clone().unwrap(), from.try_clone().unwrap())];
    drop((from.flush(), to.flush()));
    for (mut reading, mut writing) in ways {
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reading.read(&mut bytes) {
                if writing.write_all(&bytes[..count]).is_err() {
                    break;
                }
            }
            let _ = reading.shutdown(Shutdown::Both);
            let _ = writing.shutdown(Shutdown::Both);
        });
    }
}

#[test]
fn a_cluster_forms_and_finds_a_crash_where_only_connections_pass() {
    for serializer in [Serializer::Auto, Serializer::Json, Serializer::Binary] {
        let relays: Vec<Relay> = (0..3).map(|_| Relay::new()).collect();
        let mut nodes: Vec<Node> =
            relays.iter().zip(1..).map(|(relay, number)| relay.node(number, &serializer)).collect();
        for node in &nodes[1..] {
            let joined = node.join(&[&relays[0].address()], DEADLINE).expect("an answer by TCP");
            assert_eq!(joined.answered, 1);
        }
        let see = |nodes: &[Node]| {
            nodes.iter().all(|node| {
                (1..=3).all(|number| id(number) == node.id() || status(node, id(number)) == Online)
            })
        };
        wait_for("all see all", || see(&nodes));
        // Longer than it takes to fail a node that is silent.
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(100));
            assert!(see(&nodes), "{}", serializer.name());
        }
        assert!(nodes[0].stats().unwrap().streams.received > 0);
        drop(nodes.pop());
        wait_for("the crash is found", || nodes.iter().all(|node| status(node, id(3)) == Failed));
    }
}
