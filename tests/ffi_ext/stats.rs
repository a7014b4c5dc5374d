//! Statistics of a core and of one peer, and what is forgotten.

use crate::cluster::Cluster;
use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::mem::{size_of, zeroed};
use std::ptr;

pub(crate) fn stats(node: &Node) -> gossip_stats_t {
    // SAFETY: numbers, which may all be zero.
    let mut stats = unsafe { zeroed::<gossip_stats_t>() };
    stats.size = size_of::<gossip_stats_t>();
    // SAFETY: a live core and a struct with its size.
    let code = unsafe { gossip_core_get_stats(node.core, &mut stats) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SUCCESS, "{}", last_error());
    stats
}

/// All numbers of the struct.
pub(crate) fn numbers(stats: &gossip_stats_t) -> Vec<u64> {
    let count = size_of::<gossip_stats_t>() / 8;
    // SAFETY: the struct has nothing but numbers of eight bytes.
    unsafe { std::slice::from_raw_parts((&raw const *stats).cast::<u64>(), count) }.to_vec()
}

fn peer(node: &Node, number: u8) -> Option<gossip_peer_stats_t> {
    // SAFETY: numbers, which may all be zero.
    let mut stats = unsafe { zeroed::<gossip_peer_stats_t>() };
    stats.size = size_of::<gossip_peer_stats_t>();
    // SAFETY: a live core, an id and a struct with its size.
    let known = unsafe { gossip_core_get_peer_stats(node.core, &id(number), &mut stats) };
    (known == 1).then_some(stats)
}

fn tick_at(node: &Node, now: u64) {
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(node.core, now) };
}

#[test]
fn messages_are_counted_by_type_and_nodes_by_status() {
    let node = Node::new(1);
    node.befriend(2);
    node.befriend(3);
    node.meet(&view(4));
    tick_at(&node, 1_000);
    let stats = stats(&node);
    assert_eq!((stats.now_ms, stats.known_nodes), (1_000, 3));
    assert_eq!(stats.nodes_by_status, [0, 1, 2, 0, 0, 0, 0, 0]);
    assert_eq!(stats.received[MessageKind::Pong as usize], 2);
    assert_eq!(stats.received_messages, 2);
    assert_eq!(stats.sent[MessageKind::Meet as usize], 4, "three, and one again");
    assert_eq!(stats.sent.iter().sum::<u64>(), stats.sent_messages);
    assert!(stats.sent[MessageKind::Ping as usize] >= 2);
    assert_eq!(stats.sent_bytes.iter().sum::<u64>(), 0, "structs have no size on the wire");
    assert!(stats.heartbeat > 1);
    assert_eq!(stats.queued_joins, 1);
    node.leave(3);
    assert_eq!(self::stats(&node).nodes_by_status, [0, 1, 1, 0, 0, 1, 0, 0]);
}

#[test]
fn what_is_refused_is_counted_by_its_reason() {
    let node = Node::new(1);
    node.hear(MessageKind::Ping, 1, &[online(1, 3)]);
    node.hear(MessageKind::Ping, 0, &[]);
    node.hear(MessageKind::Ping, 2, &[online(2, 1 << 63)]);
    let stats = stats(&node);
    assert_eq!(stats.refused_sender, 2);
    assert_eq!(stats.refused_content, 1);
    assert_eq!(stats.refused_messages, 3);
}

#[test]
fn an_older_struct_gets_what_it_has_and_a_newer_one_zeros() {
    #[repr(C)]
    struct Newer {
        known: gossip_stats_t,
        tail: [u64; 2],
    }
    let node = Node::new(1);
    node.befriend(2);
    let mut newer = Newer { known: stats(&node), tail: [7; 2] };
    newer.known.size = size_of::<Newer>();
    // SAFETY: as many bytes as it says.
    unsafe { gossip_core_get_stats(node.core, (&raw mut newer).cast()) };
    assert_eq!((newer.known.size, newer.tail), (size_of::<Newer>(), [0; 2]));
    newer.known.size = 32;
    newer.known.known_nodes = 77;
    newer.known.sent_messages = 77;
    // SAFETY: it has more bytes than it says.
    unsafe { gossip_core_get_stats(node.core, (&raw mut newer).cast()) };
    assert_eq!((newer.known.known_nodes, newer.known.sent_messages), (1, 77));
    for size in [0, 8, 15, 33, usize::MAX] {
        newer.known.size = size;
        // SAFETY: such a size is refused.
        let code = unsafe { gossip_core_get_stats(node.core, (&raw mut newer).cast()) };
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
        assert_error(&["gossip_core_get_stats: stats->size", &size.to_string()]);
    }
    // SAFETY: NULL is refused.
    let code = unsafe { gossip_core_get_stats(node.core, ptr::null_mut()) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
}

#[test]
fn a_peer_is_measured() {
    let mut cluster = Cluster::new(4, |number| gossip_config_t {
        packets: 1,
        cluster: c"blue".as_ptr(),
        ..config(number.into())
    });
    cluster.form();
    cluster.run(5_000);
    let node = &cluster.nodes[0];
    let known = peer(node, 2).expect("known");
    assert!((2_000..=10_000).contains(&known.round_trip_us), "{} us", known.round_trip_us);
    assert!((50_000..=200_000).contains(&known.interval_us), "{} us", known.interval_us);
    assert_eq!((known.status, known.packets, known.accusers, known.flaps), (ONLINE, 1, 0, 0));
    assert_eq!((known.loss_permille, known.suspected_ms), (0, GOSSIP_NEVER));
    assert!(known.now_ms <= cluster.now && known.now_ms + 200 > cluster.now);
    assert!(known.seen_ms + 1_000 > known.now_ms);
    let all = stats(node);
    assert!((2_000..=10_000).contains(&all.round_trip_p50_us), "{}", all.round_trip_p50_us);
    assert!(all.round_trip_p50_us <= all.round_trip_p99_us);
    assert!(all.round_trip_p99_us <= all.round_trip_p999_us);
    assert!(all.probes >= all.probes_answered && all.probes_answered > 10);
    let ping = MessageKind::Ping as usize;
    assert!(all.sent_bytes[ping] > 40 * all.sent[ping]);
    assert!(all.received_bytes[ping] > 40 * all.received[ping]);
    // SAFETY: a live core and an id.
    assert!(peer(node, 1).is_none() && peer(node, 77).is_none());

    cluster.alive[1] = false;
    while cluster.nodes[0].status(2) != Some(SUSPECT) {
        cluster.run(50);
        assert!(cluster.now < 60_000, "never suspected");
    }
    let suspect = peer(&cluster.nodes[0], 2).expect("known");
    assert!(suspect.accusers > 0 && suspect.status == SUSPECT);
    assert!(suspect.suspected_ms + 200 > suspect.now_ms);
    assert!(suspect.seen_ms + 200 < suspect.now_ms);
}

#[test]
fn gone_nodes_are_forgotten_when_told_and_not_before() {
    let node = Node::new(1);
    for number in 2..5 {
        node.befriend(number);
    }
    // SAFETY: a live core, in all of the calls.
    let cleanup = |older_than| unsafe { gossip_core_cleanup_expired(node.core, older_than) };
    tick_at(&node, 1_000);
    node.leave(2);
    node.leave(3);
    tick_at(&node, 11_000);
    node.leave(4);
    node.calls();
    assert_eq!(cleanup(20_000), 0);
    assert_eq!(cleanup(5_000), 2);
    assert_eq!((node.status(2), node.status(4)), (None, Some(FAILED)));
    assert_eq!(cleanup(0), 1);
    assert_eq!(stats(&node).known_nodes, 0);
    let events = node.calls().iter().filter(|call| matches!(call, Call::Event)).count();
    assert_eq!(events, 0);
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { gossip_core_cleanup_expired(ptr::null_mut(), 0) }, 0);
}
