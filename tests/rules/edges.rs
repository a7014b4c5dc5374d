//! Where two rules meet, or a number comes to its end.

use crate::support::*;
use NodeStatus::{Failed, Online, Suspect};
use gossip::proto::{Config, Core};
use gossip::types::{Instant, MessageKind, NodeStatus, NodeView};

/// P-3: heard in each round, the claims of another node with our id are counted and answered no more.
#[test]
fn another_node_with_our_id_that_is_heard_each_round_is_counted() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    for _ in 0..100 {
        let other =
            NodeView { ip: "192.168.9.9".into(), heartbeat: rig.own().heartbeat + 1, ..rig.own() };
        rig.says(1, &[other]);
        rig.tick_answered();
    }
    let stats = rig.core.stats();
    assert!(stats.id_conflicts >= 1, "{stats:?}");
    assert!(stats.refutations <= 10, "{stats:?}");
}

/// P-2: a member whose rounds become much faster is measured anew, though one such measure is a jump.
#[test]
fn a_pace_that_rises_is_learned() {
    for pace in [50, 20, 10, 5, 2] {
        let mut rig = Rig::among(Config::own_loop(), 9);
        let (start, from) = (rig.ms, rig.heartbeat(9));
        let beat = |rig: &Rig| from + (rig.ms - start) / pace;
        for _ in 0..600 {
            // Its scripted answers are older than this, so only their being answers counts.
            let seen = claim(9, beat(&rig), Online);
            rig.says(1, &[seen]);
            rig.tick_answered();
        }
        let (last, seen) = (beat(&rig), rig.ms);
        rig.says(1, &[claim(9, last, Online)]);
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
        let rounds = (rig.ms - seen) / pace;
        let stamp = rig.heartbeat(9);
        assert!(stamp >= last + rounds, "{pace} ms: {stamp} < {last} + {rounds}");
    }
}

/// What was decided to be sent to a member that is forgotten before the driver polls is dropped. Here a
/// round tries a tombstone and reaps it.
#[test]
fn nothing_is_sent_to_a_member_that_was_forgotten_meanwhile() {
    let mut config = Config::own_loop();
    config.reap_ms = 60_000;
    config.heal_interval_ms = 100;
    let mut rig = Rig::among(config, 3);
    rig.says(1, &(1_000..1_040).map(|n| claim(n, 1000, Online)).collect::<Vec<_>>());
    rig.says(1, &(1_000..1_040).map(|n| claim(n, 2000, Failed)).collect::<Vec<_>>());
    for _ in 0..80 {
        for sent in rig.tick_by(1000) {
            assert!(!sent.to.is_zero(), "{sent:?}");
            if sent.kind() == MessageKind::Ping && number(&sent.to) < 1_000 {
                rig.answer(&sent);
            }
        }
    }
}

/// P-13: with news waiting too, the answer to a JOIN of one entry has one.
#[test]
fn a_join_is_answered_by_no_more_than_it_brought_whatever_the_news() {
    for mut rig in [Rig::new(), Rig::packets()] {
        (1..=40).for_each(|n| rig.welcome(n));
        rig.clear();
        rig.hear(MessageKind::Join, 99, &[], &[]).unwrap();
        let pong = rig.sent_of(MessageKind::Pong)[0];
        assert_eq!(pong.entries.len(), 1, "packets: {}, {:?}", rig.packets, pong.entries);
    }
}

/// P-4: a clock at its end stands still.
#[test]
fn the_end_of_the_clock_is_survived() {
    let own = view(0);
    let end = |micros| Instant::from_micros(u64::MAX - micros);
    let mut core = Core::new(Config::own_loop(), &own.as_entry(), 1, end(2)).unwrap();
    for micros in [1, 0, 0] {
        core.round(end(micros));
        assert!(core.poll_timeout().is_some());
    }
}
