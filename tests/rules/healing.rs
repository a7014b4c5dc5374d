//! P-5's end of tombstones, P-11: trying failed members again.

use crate::support::*;
use NodeStatus::{Failed, Left, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{MessageKind, NodeStatus, NodeView};

/// A core among `online` members, told of `failed` more that failed, after `minutes` of calm.
fn with_graves(online: u32, failed: u32, status: NodeStatus, minutes: u64) -> Rig {
    let mut rig = Rig::among(Config::own_loop(), online);
    let dead = 1_000..1_000 + failed;
    for chunk in dead.collect::<Vec<_>>().chunks(30) {
        rig.says(1, &chunk.iter().map(|&n| claim(n, 1000, Online)).collect::<Vec<_>>());
        rig.says(1, &chunk.iter().map(|&n| claim(n, 2000, status)).collect::<Vec<_>>());
    }
    calm(&mut rig, minutes * 60_000);
    rig
}

/// Rounds each second in which all who are alive answer; gives the pings of tombstones in each.
fn calm(rig: &mut Rig, millis: u64) -> Vec<usize> {
    let end = rig.ms + millis;
    let mut tries = Vec::new();
    while rig.ms < end {
        rig.clear();
        let sent = rig.tick_by(1000);
        let pings = || sent.iter().filter(|sent| sent.kind() == MessageKind::Ping);
        tries.push(pings().filter(|ping| number(&ping.to) >= 1_000).count());
        for ping in pings().filter(|ping| (1..1_000).contains(&number(&ping.to))) {
            rig.answer(ping);
        }
    }
    tries
}

#[test]
fn alone_with_one_failed_member_it_is_tried_each_thirty_seconds() {
    // With one member alive besides us, half of the tries are ours.
    let mut rig = with_graves(1, 1, Failed, 10);
    let tries: usize = calm(&mut rig, 3_600_000).iter().sum();
    assert!((55..=90).contains(&tries), "{tries} in an hour");
}

#[test]
fn the_cluster_tries_each_failed_member_about_once_in_thirty_seconds() {
    for (online, failed) in [(9u32, 1u32), (9, 5), (29, 10)] {
        let mut rig = with_graves(online, failed, Failed, 10);
        let tries: usize = calm(&mut rig, 7_200_000).iter().sum();
        // What one core does times the number of cores.
        let seconds = 7_200.0 * f64::from(failed) / (tries as f64 * f64::from(online + 1));
        assert!((20.0..=45.0).contains(&seconds), "{online} {failed}: each {seconds} s");
    }
}

#[test]
fn there_is_never_more_than_one_such_ping_a_round() {
    let mut rig = with_graves(2, 200, Failed, 0);
    let tries = calm(&mut rig, 300_000);
    assert!(tries.iter().all(|&tries| tries <= 1));
    assert!(tries.iter().sum::<usize>() > 100, "but it is used");
}

#[test]
fn every_failed_member_is_tried_in_turn() {
    let mut rig = with_graves(2, 10, Failed, 10);
    let mut tried = std::collections::BTreeSet::new();
    for _ in 0..600 {
        calm(&mut rig, 1000);
        tried.extend(rig.sent.iter().map(|sent| number(&sent.to)).filter(|&n| n >= 1_000));
    }
    assert_eq!(tried.len(), 10);
}

#[test]
fn nodes_that_left_are_not_tried() {
    let mut rig = with_graves(2, 5, Left, 1);
    assert_eq!(calm(&mut rig, 600_000).iter().sum::<usize>(), 0);
}

#[test]
fn a_try_tells_the_failed_node_what_it_is_held_to_be_and_its_refutation_brings_it_back() {
    let mut rig = Rig::among(Config::own_loop(), 2);
    // It has spoken, so it is known to be no old peer, which would list itself.
    rig.welcome(1_000);
    rig.says(1, &[claim(1_000, 2000, Failed)]);
    for _ in 0..600 {
        if calm(&mut rig, 1000) == [1] {
            break;
        }
    }
    let ping = rig.sent.iter().find(|sent| sent.to == id(1_000)).expect("a try").clone();
    assert_eq!((ping.entries[0].id, ping.entries[0].status), (id(1_000), Failed));
    rig.clear();
    let back = NodeView { heartbeat: 2001, ..view(1_000) };
    let header = gossip::types::Header { timestamp: 2000, ..rig.header(MessageKind::Pong, 1_000) };
    rig.take(rig.path(1_000), &header, &[back]).unwrap();
    assert_eq!(rig.changes(1_000), [(Failed, Online)]);
}

#[test]
fn an_address_that_is_another_nodes_now_is_not_tried_again() {
    let mut rig = with_graves(2, 1, Failed, 1);
    while calm(&mut rig, 1000) != [1] {}
    let other = NodeView { ip: view(1_000).ip, heartbeat: 1, ..view(2_000) };
    let header = gossip::types::Header { timestamp: 0, ..rig.header(MessageKind::Pong, 2_000) };
    rig.take(rig.path(2_000), &header, std::slice::from_ref(&other)).unwrap();
    let mut tries = 0;
    for _ in 0..1_200 {
        rig.clear();
        for ping in rig.tick_by(1000) {
            tries += usize::from(ping.to == id(1_000));
            if ping.kind() == MessageKind::Ping && ping.to != id(1_000) {
                rig.answer(&ping);
            }
        }
    }
    assert_eq!(tries, 0);
}

#[test]
fn tombstones_are_forgotten_after_the_reap_time_and_not_before() {
    let mut config = Config::own_loop();
    config.reap_ms = 600_000;
    let mut rig = Rig::among(config, 3);
    rig.says(1, &(1_000..1_040).map(|n| claim(n, 1000, Online)).collect::<Vec<_>>());
    rig.says(1, &(1_000..1_040).map(|n| claim(n, 2000, Failed)).collect::<Vec<_>>());
    calm(&mut rig, 590_000);
    assert_eq!(rig.core.len(), 43);
    calm(&mut rig, 20_000);
    assert_eq!(rig.core.len(), 3);
    assert!(rig.told.is_empty(), "that is no event");
    rig.says(1, &[claim(1_000, 1, Online)]);
    assert_eq!(rig.status(1_000), Some(Online), "and it may come again as a new one");
}

/// A node that hears nothing goes on to speak: only an answer shows that it hears.
#[test]
fn a_failed_node_that_speaks_unasked_is_back_when_it_answers() {
    let mut rig = Rig::with(packets());
    rig.admit(1..=5);
    rig.says(2, &[claim(1, rig.heartbeat(1), Failed)]);
    assert_eq!(rig.status(1), Some(Failed));
    rig.tick_but(&[1]);
    rig.clear();
    rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
    assert!(rig.peer(1).heartbeat > rig.heartbeat(1), "what it says is newer");
    assert_eq!(rig.status(1), Some(Failed));
    assert_eq!(rig.sent_to(1, MessageKind::Ping), 1);
    rig.pong(1);
    assert_eq!(rig.status(1), Some(Online));
}

/// Node 9 has failed here, and a member says that we have failed ourselves.
fn back_from_a_cut(stamp: u64) -> Rig {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    rig.ms += 1000;
    let said = NodeView { status: Failed, heartbeat: stamp, ..rig.own() };
    rig.hear(MessageKind::Ping, 1, &[said], &[]).unwrap();
    rig.clear();
    rig
}

#[test]
fn who_was_failed_itself_tells_of_no_failure_of_before() {
    // Whether we have to refute it or have passed it already.
    for stamp in [1, 90_000] {
        let mut rig = back_from_a_cut(stamp);
        for _ in 0..20 {
            rig.tick_but(&[9]);
        }
        let tells = |sent: &&Sent| {
            sent.to != id(9) && sent.about(9).is_some_and(|entry| entry.status == Failed)
        };
        assert_eq!(rig.sent.iter().filter(tells).count(), 0);
        // An older sign of life of it that others have makes us ask it, with what we hold.
        rig.clear();
        rig.says(2, &[claim(9, 1000, Online)]);
        let asked = rig.sent.iter().find(|sent| sent.is_to(9, MessageKind::Ping)).unwrap();
        assert_eq!(asked.about(9).unwrap().status, Failed);
        rig.tick_but(&[9]);
        assert_eq!(rig.sent.iter().filter(tells).count(), 0);
        // What fails from then on is told again.
        rig.until(&[8, 9], 200, |rig| rig.status(8) == Some(Failed));
        rig.clear();
        rig.tick_but(&[8, 9]);
        assert!(rig.sent.iter().any(|sent| sent.about(8).is_some_and(|e| e.status == Failed)));
    }
}

#[test]
fn suspicions_of_who_was_failed_itself_begin_anew() {
    let lasts = |told: bool| {
        let mut rig = Rig::among(Config::own_loop(), 20);
        for _ in 0..60 {
            rig.tick_answered();
        }
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
        let start = rig.ms;
        while rig.ms - start < 4_000 {
            rig.tick_but(&[9]);
        }
        if told {
            let said = NodeView { status: Failed, ..rig.own() };
            rig.hear(MessageKind::Ping, 1, &[said], &[]).unwrap();
        }
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
        rig.ms - start
    };
    assert!((6_000..=6_250).contains(&lasts(false)));
    assert!((10_000..=10_250).contains(&lasts(true)));
}

#[test]
fn a_failed_member_that_speaks_is_asked_with_what_it_was_failed_for() {
    let mut rig = Rig::packets();
    rig.admit(1..=20);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    rig.rounds += 100;
    rig.clear();
    rig.hear(MessageKind::Ping, 9, &[], &[]).unwrap();
    assert_eq!(rig.status(9), Some(Failed), "it may not hear");
    let asked = rig.sent.iter().find(|sent| sent.is_to(9, MessageKind::Ping)).unwrap();
    assert_eq!(asked.about(9).unwrap().status, Failed);
    assert!(asked.entries.len() <= 2, "its address is not proved: {:?}", asked.entries);
}
