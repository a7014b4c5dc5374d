//! P-2, P-3: stamps, and what others say of us.

use crate::support::*;
use NodeStatus::{Failed, Joining, Left, Online, Suspect, Unknown};
use gossip::proto::{Config, Refused};
use gossip::types::{MessageKind, NodeStatus, NodeView, Path};

fn said_of_us(rig: &Rig, ahead: u64, status: NodeStatus) -> NodeView {
    NodeView { heartbeat: rig.own().heartbeat + ahead, status, ..rig.own() }
}

#[test]
fn refutes_accusations_with_a_newer_heartbeat() {
    for status in [Suspect, Failed, Left] {
        for ahead in [0, 1, 17] {
            let mut rig = Rig::among(Config::own_loop(), 5);
            let said = said_of_us(&rig, ahead, status);
            rig.says(1, std::slice::from_ref(&said));
            assert_eq!(rig.own().heartbeat, said.heartbeat + 1, "{status:?} {ahead}");
            assert_eq!(rig.own().status, Online);
            assert_eq!(rig.core.stats().refutations, 1);
        }
    }
}

#[test]
fn older_accusations_of_us_change_nothing() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = rig.own();
    let said = NodeView { heartbeat: own.heartbeat - 1, status: Failed, ..own.clone() };
    rig.says(1, &[said]);
    assert_eq!(rig.own(), own);
    assert!(rig.sent.is_empty());
}

#[test]
fn refutes_at_most_once_a_round_and_passes_the_highest_in_the_next() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let start = rig.own().heartbeat;
    for ahead in [10, 30, 20] {
        let said = NodeView { heartbeat: start + ahead, status: Suspect, ..rig.own() };
        rig.says(1, &[said]);
    }
    assert_eq!(rig.own().heartbeat, start + 11);
    assert_eq!(rig.core.stats().refutations, 1);
    let sent = rig.tick();
    assert_eq!(rig.core.stats().refutations, 2);
    assert_eq!(sent[0].about(0).unwrap().heartbeat, start + 31);
    rig.tick();
    assert_eq!(rig.core.stats().refutations, 2, "nothing is left to refute");
}

/// Where a round takes a second, one that comes just after another would run out before the next.
#[test]
fn a_second_claim_in_a_long_round_is_refuted_100_ms_later() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    (0..6).for_each(|_| drop(rig.tick_by(1_000)));
    for (wait, refuted) in [(0, 1), (99, 1), (1, 2), (150, 3)] {
        rig.ms += wait;
        let said = NodeView { heartbeat: rig.own().heartbeat + 5, status: Suspect, ..rig.own() };
        rig.says(1, &[said]);
        assert_eq!(rig.core.stats().refutations, refuted, "{wait} ms later");
    }
}

#[test]
fn an_online_claim_about_us_that_is_newer_is_passed() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let said = said_of_us(&rig, 500, Online);
    rig.says(1, std::slice::from_ref(&said));
    assert_eq!(rig.own().heartbeat, said.heartbeat + 1);
}

#[test]
fn an_echo_of_our_own_entry_is_ignored() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = rig.own();
    for _ in 0..3 {
        rig.says(1, std::slice::from_ref(&own));
    }
    assert_eq!(rig.own(), own);
    assert_eq!(rig.core.stats().refutations, 0);
    assert!(rig.told.is_empty() && rig.sent.is_empty());
}

#[test]
fn joining_and_unknown_claims_about_us_are_old_views_and_no_accusations() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    for status in [Joining, Unknown] {
        let own = rig.own();
        rig.says(1, &[NodeView { status, ..own.clone() }]);
        assert_eq!(rig.own(), own);
    }
}

#[test]
fn nothing_from_outside_changes_our_own_entry_but_its_heartbeat() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = rig.own();
    for (i, status) in [Online, Suspect, Failed, Left, Joining].into_iter().enumerate() {
        let other = NodeView {
            ip: "192.168.9.9".into(),
            port: 1,
            role: "other".into(),
            region: "other".into(),
            config_epoch: 99,
            config_heartbeat: 1 << 20,
            heartbeat: own.heartbeat + 10 * i as u64,
            status,
            ..own.clone()
        };
        rig.says(1, std::slice::from_ref(&other));
        rig.hear(MessageKind::Ping, 2, &[other], &[]).unwrap();
        rig.tick_answered();
    }
    let now = rig.own();
    let same = NodeView {
        heartbeat: now.heartbeat,
        config_heartbeat: now.config_heartbeat,
        version: now.version,
        ..own
    };
    assert_eq!(now, same);
    assert_eq!(rig.core.len(), 5, "and never puts us into our own list");
    assert!(rig.core.members().all(|member| member.id != id(0)));
}

#[test]
fn a_refutation_goes_at_once_to_who_told_us_and_in_the_next_round_first() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let said = said_of_us(&rig, 3, Suspect);
    rig.says(7, std::slice::from_ref(&said));
    let update = rig.sent.iter().find(|sent| sent.is_to(7, MessageKind::Update)).unwrap();
    assert_eq!(update.entries[0].id, id(0));
    assert_eq!(update.entries[0].heartbeat, said.heartbeat + 1);
    let sent = rig.tick();
    assert!(sent.iter().all(|sent| sent.entries[0].id == id(0)));
}

#[test]
fn refuting_a_far_claim_needs_an_answer_to_us() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = rig.own();
    let said = said_of_us(&rig, (1 << 32) + 1, Failed);
    rig.says(1, std::slice::from_ref(&said));
    assert_eq!(rig.own(), own, "a packet nobody asked for cannot push us");
    assert_eq!(rig.core.stats().dropped_entries, 1);
    let sent = rig.tick();
    assert!(sent.iter().any(|sent| sent.is_to(1, MessageKind::Ping)), "its teller is asked");
    rig.hear(MessageKind::Pong, 1, &[], std::slice::from_ref(&said)).unwrap();
    assert_eq!(rig.own().heartbeat, said.heartbeat + 1);
}

#[test]
fn another_node_with_our_id_is_counted_and_does_not_make_us_jump_for_ever() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    for round in 0..100 {
        if round % 5 == 0 {
            let other = NodeView { ip: "192.168.9.9".into(), ..said_of_us(&rig, 1, Online) };
            rig.says(1, &[other]);
        }
        rig.tick_answered();
    }
    let stats = rig.core.stats();
    assert!((1..=2).contains(&stats.id_conflicts), "{stats:?}");
    assert!(stats.refutations <= 4, "{stats:?}");
}

#[test]
fn a_message_in_our_own_name_is_refused() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = rig.own();
    let header = rig.header(MessageKind::Ping, 0);
    let taken = rig.take(Path::Struct, &header, &[NodeView { port: 9, ..own.clone() }]);
    assert_eq!(taken, Err(Refused::OwnId));
    assert_eq!(rig.own(), own);
}

#[test]
fn a_restarted_node_learns_what_it_was_from_one_answer() {
    let mut rig = Rig::new();
    rig.welcome(1);
    let own = rig.own();
    let past = NodeView { heartbeat: 50_000, status: Failed, ip: "10.9.9.9".into(), ..own };
    rig.hear(MessageKind::Pong, 1, &[past], &[]).unwrap();
    assert_eq!(rig.own().heartbeat, 50_001);
    assert_eq!(rig.own().config_heartbeat, 50_001, "its address of today is the newer one");
    assert_eq!(rig.own().ip, view(0).ip);
}

/// Lets node 9, that makes a round each `pace` milliseconds, fall silent until it is suspected; gives
/// the stamp, the last heartbeat seen, and the rounds it would have made since.
fn stamp_after_silence(pace: u64) -> (u64, u64, u64) {
    let mut rig = Rig::among(Config::own_loop(), 8);
    let start = rig.ms;
    for _ in 0..100 {
        // Its own answers are older than this, and do not count.
        rig.says(1, &[claim(9, 5_000 + (rig.ms - start) / pace, Online)]);
        rig.tick_answered();
    }
    rig.says(1, &[claim(9, 5_000 + (rig.ms - start) / pace, Online)]);
    let (last, seen) = (rig.heartbeat(9), rig.ms);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    (rig.heartbeat(9), last, (rig.ms - seen) / pace)
}

#[test]
fn a_suspicion_is_stamped_as_of_now_by_the_suspects_own_pace() {
    for pace in [20, 100, 500] {
        let (stamp, last, rounds) = stamp_after_silence(pace);
        let (least, most) = (last + rounds, last + rounds * 3 / 2 + 3);
        assert!((least..=most).contains(&stamp), "{pace} ms: {stamp} not in {least}..={most}");
    }
}

#[test]
fn a_late_sighting_cannot_clear_a_suspicion_and_a_newer_sign_of_life_can() {
    let mut rig = Rig::among(Config::own_loop(), 9);
    rig.until(&[9], 100, |rig| rig.status(9) == Some(Suspect));
    let stamp = rig.heartbeat(9);
    rig.says(1, &[claim(9, stamp - 1, Online)]);
    rig.says(2, &[claim(9, stamp, Online)]);
    assert_eq!(rig.status(9), Some(Suspect));
    rig.says(2, &[claim(9, stamp + 1, Online)]);
    assert_eq!(rig.status(9), Some(Online));
}

#[test]
fn in_packets_the_owners_interval_is_its_pace() {
    let mut rig = Rig::packets();
    (1..=9).for_each(|n| rig.welcome(n));
    for _ in 0..60 {
        rig.tick_but(&[9]);
        if rig.status(9) == Some(Online) {
            let mut header = rig.header(MessageKind::Update, 9);
            header.interval_us = 10_000;
            let own = NodeView { heartbeat: 1000 + rig.rounds, ..view(9) };
            if rig.rounds < 10 {
                rig.take(Path::Packet(address(9)), &header, &[own]).unwrap();
            }
        }
    }
    let (rounds, stamp) = (rig.rounds, rig.heartbeat(9));
    assert_ne!(rig.status(9), Some(Online));
    // At 10 ms a round it makes ten while we make one.
    assert!(stamp > 1009 + 30, "{stamp} after {rounds} rounds of ours");
}
