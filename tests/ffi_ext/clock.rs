//! Time that the program gives: a run is a function of its seed and its calls.

use crate::cluster::Cluster;
use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::mem::size_of;

/// The time of a core in milliseconds.
fn now_ms(node: &Node) -> u64 {
    // SAFETY: numbers, which may all be zero.
    let mut stats = unsafe { std::mem::zeroed::<gossip::ffi::gossip_stats_t>() };
    stats.size = size_of::<gossip::ffi::gossip_stats_t>();
    // SAFETY: a live core and a struct with its size.
    unsafe { gossip::ffi::gossip_core_get_stats(node.core, &mut stats) };
    stats.now_ms
}

fn tick_at(node: &Node, now: u64) {
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(node.core, now) };
}

fn next_timeout(node: &Node) -> u64 {
    // SAFETY: a live core.
    unsafe { gossip_core_next_timeout(node.core) }
}

/// A small life, and all that was sent in it.
fn life(seed: u64) -> Vec<(u32, Vec<u8>, u8)> {
    let node = Node::with(&config(seed), &view(1), ALL);
    let mut sent = Vec::new();
    for number in 2..30 {
        node.meet(&view(number));
        node.hear(MessageKind::Pong, number, &[online(number, 10)]);
    }
    for round in 1..200 {
        tick_at(&node, round * 100);
        if round % 7 == 0 {
            let number = 2 + u8::try_from(round % 28).expect("small");
            let message = message(MessageKind::Ping, number, 10 + round, &[]);
            // SAFETY: a live core and a message.
            unsafe { gossip_core_handle_message_at(node.core, &message, round * 100 + 3) };
        }
        for call in node.calls() {
            if let Call::Send { kind, bytes, target } = call {
                sent.push((kind, bytes, target));
            }
        }
    }
    sent
}

#[test]
fn the_same_seed_and_calls_give_the_same_messages() {
    let sent = life(7);
    assert!(sent.len() > 300, "{} messages", sent.len());
    assert!(sent == life(7));
    assert!(sent != life(8));
}

#[test]
fn the_same_seeds_give_the_same_packets_of_a_whole_cluster() {
    let run = || {
        let mut cluster = Cluster::new(5, |number| gossip_config_t {
            packets: 1,
            ..config(u64::from(number) * 11)
        });
        cluster.loss_percent = 10;
        cluster.form();
        let mut stats = Vec::new();
        for node in &cluster.nodes {
            stats.push(crate::stats::numbers(&crate::stats::stats(node)));
        }
        (cluster.now, stats)
    };
    assert_eq!(run(), run());
}

#[test]
fn a_core_with_a_manual_clock_lives_by_it_alone() {
    let node = Node::new(1);
    assert_eq!(now_ms(&node), 0);
    std::thread::sleep(std::time::Duration::from_millis(2));
    node.tick();
    assert_eq!(now_ms(&node), 0);
    tick_at(&node, 5_000);
    node.meet(&view(2));
    assert_eq!(now_ms(&node), 5_000);
    tick_at(&node, 4_000);
    assert_eq!(now_ms(&node), 5_000, "never backwards");
    tick_at(&node, u64::MAX);
    tick_at(&node, 1);
    assert_eq!(now_ms(&node), u64::MAX / 1000);
}

#[test]
fn a_core_with_the_system_s_clock_takes_the_later_time() {
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let node = Node::with(&lan, &view(1), ALL);
    let before = now_ms(&node);
    tick_at(&node, before + 1_000_000);
    assert!(now_ms(&node) >= before + 1_000_000);
    tick_at(&node, 1);
    assert!(now_ms(&node) >= before + 1_000_000);
}

#[test]
fn timeouts_come_when_they_were_announced() {
    let node = Node::new(1);
    node.befriend(2);
    node.befriend(3);
    let (mut now, mut rounds, mut repeated) = (0, 0, 0);
    for _ in 0..200 {
        let due = next_timeout(&node);
        assert!(due >= now && due != GOSSIP_NEVER);
        // Too early: nothing is done, and it stays due.
        if due > now + 1 {
            // SAFETY: a live core.
            unsafe { gossip_core_handle_timeout_at(node.core, due - 1) };
            assert!(node.calls().is_empty());
        }
        now = due;
        // SAFETY: a live core.
        unsafe { gossip_core_handle_timeout_at(node.core, now) };
        // What ends may bring about something that is due at once.
        repeated = if next_timeout(&node) > now { 0 } else { repeated + 1 };
        assert!(repeated < 3, "it does what is due");
        rounds += usize::from(!node.calls().is_empty());
        for number in [2, 3] {
            node.hear(MessageKind::Ping, number, &[online(number, 11 + now / 50)]);
            node.calls();
        }
    }
    assert!(rounds > 30, "{rounds} rounds");
}

#[test]
fn with_the_system_s_clock_the_time_until_then_is_told() {
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let node = Node::with(&lan, &view(1), ALL);
    assert_eq!(next_timeout(&node), 0, "the first round is due at once");
    // SAFETY: a live core.
    unsafe { gossip_core_handle_timeout(node.core) };
    let wait = next_timeout(&node);
    assert!((1..=100).contains(&wait), "{wait} ms");
    std::thread::sleep(std::time::Duration::from_millis(wait));
    assert_eq!(next_timeout(&node), 0);
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { gossip_core_next_timeout(std::ptr::null()) }, GOSSIP_NEVER);
}

#[test]
fn time_alone_finds_a_dead_node() {
    let node = Node::new(1);
    node.befriend(2);
    let mut now = 0;
    while node.status(2) != Some(FAILED) {
        now = next_timeout(&node);
        assert!(now < 30_000, "it is {:?} after 30 s", node.status(2));
        // SAFETY: a live core.
        unsafe { gossip_core_handle_timeout_at(node.core, now) };
    }
    assert!(now >= 1_000);
}
