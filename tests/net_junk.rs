//! A flood of junk. A program of its own, since it measures the memory of the process.
#![cfg(target_os = "linux")]

mod net_support;

use gossip::net::Protocol;
use net_support::{address, framed, message, resident, start, timestamps, wait_for};
use std::net::UdpSocket;

/// A small generator, so that each run sends the same.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn junk(state: &mut u64) -> Vec<u8> {
    let random = next(state);
    match random % 5 {
        // Bytes of any kind.
        0 => (0..random % 300).map(|_| next(state).to_le_bytes()[0]).collect(),
        // A length that is not there.
        1 => b"\xff\xff\xff\xff{}".to_vec(),
        // A message whose end is wrong, so that all of it is read for nothing.
        2 => {
            let mut datagram = framed(&message(random), 0);
            datagram.pop();
            datagram.push(b'#');
            datagram
        }
        // Deep nesting.
        3 => {
            let text = "[".repeat(800);
            [&800_u32.to_be_bytes()[..], text.as_bytes()].concat()
        }
        // Frames of nothing.
        _ => vec![0; 400],
    }
}

/// How many datagrams are sent before the transport must have caught up. More than a socket's
/// buffer holds, so that each burst overruns it; what the buffer holds is read in any case, however
/// little the transport gets to run.
const BURST: usize = 500;

#[test]
fn flood_of_junk_does_not_grow_the_process() {
    let (transport, collector) = start(Protocol::Udp, "127.0.0.1", 0);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let to = address(&transport);
    let mut state = 1;
    let mut burst = || {
        for _ in 0..BURST {
            let _ = socket.send_to(&junk(&mut state), to);
        }
        wait_for("a message comes through", || {
            socket.send_to(&framed(&message(7), 0), to).unwrap();
            collector.len() > 0
        });
        assert!(timestamps(&collector.take(1)).iter().all(|timestamp| *timestamp == 7));
    };
    burst();
    let before = resident();
    (0..200_000 / BURST).for_each(|_| burst());
    let counters = transport.counters();
    assert!(counters.junk > 10_000, "{counters:?}");
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 * 1024 * 1024, "{grown} bytes");
}
