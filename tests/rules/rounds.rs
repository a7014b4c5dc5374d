//! P-6: whom a round pings.

use crate::support::*;
use gossip::proto::Config;
use gossip::types::{MessageKind, NodeStatus};
use std::collections::BTreeMap;

fn pinged(sent: &[Sent]) -> Vec<u32> {
    let pings = sent.iter().filter(|sent| sent.kind() == MessageKind::Ping);
    pings.map(|ping| number(&ping.to)).collect()
}

#[test]
fn the_ring_reaches_everyone_within_two_walks() {
    for members in [3u32, 4, 10, 50] {
        let mut rig = Rig::among(Config::own_loop(), members);
        let mut last: BTreeMap<u32, u32> = (1..=members).map(|n| (n, 0)).collect();
        let walk = members.div_ceil(3);
        for round in 1..=20 * walk {
            for n in pinged(&rig.tick_answered()) {
                let since = round - last.insert(n, round).unwrap();
                assert!(since <= 2 * walk, "{members} members: {n} waited {since} rounds");
            }
        }
        assert!(last.values().all(|&at| 20 * walk - at < 2 * walk));
    }
}

#[test]
fn one_walk_visits_each_member_once() {
    let mut rig = Rig::among(Config::own_loop(), 30);
    // The walk in hand ends somewhere; ten rounds from its border are one walk of 30 members.
    let walks: Vec<u32> = (0..20).flat_map(|_| pinged(&rig.tick_answered())).collect();
    let is_walk = |walk: &[u32]| walk.iter().collect::<std::collections::BTreeSet<_>>().len() == 30;
    assert!(walks.windows(30).any(is_walk));
    // The order is new in each walk.
    let start = walks.windows(30).position(is_walk).unwrap() % 30;
    let next: Vec<u32> = (0..10).flat_map(|_| pinged(&rig.tick_answered())).collect();
    assert_ne!(walks[start..start + 30], next[..30]);
}

#[test]
fn a_round_pings_gossip_nodes_distinct_members() {
    for fan_out in [1u32, 3, 8, 64] {
        let mut config = Config::own_loop();
        config.gossip_nodes = fan_out;
        let mut rig = Rig::among(config, 10);
        for _ in 0..50 {
            let mut nodes = pinged(&rig.tick_answered());
            nodes.sort_unstable();
            nodes.dedup();
            assert_eq!(nodes.len(), fan_out.min(10) as usize);
        }
    }
}

#[test]
fn a_round_raises_the_own_heartbeat_by_one() {
    let mut rig = Rig::among(Config::own_loop(), 3);
    let start = rig.own().heartbeat;
    for round in 1..=10 {
        rig.tick_answered();
        assert_eq!(rig.own().heartbeat, start + round);
    }
}

#[test]
fn newcomers_stand_at_random_places() {
    let mut waits = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let mut rig = Rig::seeded(Config::own_loop(), seed);
        rig.admit(1..=30);
        rig.welcome(99);
        let wait = (0..20).find(|_| pinged(&rig.tick_answered()).contains(&99));
        waits.insert(wait.expect("pinged within two walks"));
    }
    assert!(waits.len() > 5, "{waits:?}");
}

#[test]
fn tombstones_are_not_in_the_ring() {
    let mut rig = Rig::among(Config::own_loop(), 10);
    rig.says(1, &[claim(4, 9000, NodeStatus::Failed), claim(5, 9000, NodeStatus::Left)]);
    let nodes: Vec<u32> = (0..20).flat_map(|_| pinged(&rig.tick_answered())).collect();
    // Healing tries the failed one now and then (P-11), the left one never.
    assert!(!nodes.contains(&5));
    assert!(nodes.iter().filter(|&&n| n == 4).count() <= 1, "{nodes:?}");
}

#[test]
fn a_core_alone_has_nothing_to_say() {
    let mut rig = Rig::new();
    for _ in 0..20 {
        assert!(rig.tick().is_empty());
    }
}

#[test]
fn a_broadcast_round_pings_every_online_member_and_ends_nothing() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(5, 9000, NodeStatus::Suspect), claim(6, 9000, NodeStatus::Failed)]);
    rig.clear();
    rig.ms += 60_000;
    let now = rig.now();
    rig.core.round_broadcast(now);
    rig.drain();
    let mut nodes = pinged(&rig.sent);
    nodes.sort_unstable();
    let online: Vec<u32> = (1..=20).filter(|n| ![5, 6].contains(n)).collect();
    assert_eq!(nodes, online);
    assert!(rig.told.is_empty());
}

#[test]
fn timers_of_the_core_come_at_the_round_interval() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let mut rounds = 0;
    let end = rig.ms + 10_000;
    while rig.ms < end {
        rig.rounds = (rig.ms - 1_000_000) / ROUND;
        rounds += rig.wake_answered();
    }
    assert!((98..=102).contains(&rounds), "{rounds} rounds in 10 s");
}
