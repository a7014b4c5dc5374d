//! Lifeguard, 2018.

use crate::cluster::Cluster;
use crate::support::*;
use NodeStatus::{Failed, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{MessageKind, NodeStatus, NodeView};

fn accuse_us(rig: &mut Rig) {
    let accused = NodeView { status: Suspect, ..rig.own() };
    rig.says(1, &[accused]);
}

/// IV-A: the score rises when a probe fails and when a suspicion of the member itself is refuted.
#[test]
fn failed_probes_and_refutations_raise_the_score() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    accuse_us(&mut rig);
    assert_eq!(rig.core.awareness(), 1);
    let failed = rig.core.stats().probes_failed;
    let scores: Vec<u32> = (0..20)
        .map(|_| {
            rig.tick();
            rig.core.awareness()
        })
        .collect();
    assert!(rig.core.stats().probes_failed > failed);
    assert!(scores.last() > Some(&1), "{scores:?}");
}

/// IV-A: the score falls when a probe succeeds.
#[test]
fn probes_that_succeed_lower_the_score() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    accuse_us(&mut rig);
    rig.tick_answered();
    assert_eq!(rig.core.awareness(), 0);
}

/// IV-A: the score stays between 0 and S.
#[test]
fn the_score_is_saturated() {
    let mut config = Config::own_loop();
    config.awareness_max = 8;
    let mut rig = Rig::among(config, 20);
    let mut highest = 0;
    for _ in 0..60 {
        accuse_us(&mut rig);
        rig.tick();
        highest = highest.max(rig.core.awareness());
        assert!(rig.core.awareness() <= 8);
    }
    assert_eq!(highest, 8);
    for _ in 0..60 {
        rig.tick_answered();
    }
    assert_eq!(rig.core.awareness(), 0);
}

/// IV-A: a helper that gets no ack in time sends a nack, so that the prober knows that it is heard.
#[test]
fn helpers_send_a_nack_before_the_prober_gives_up() {
    let mut cluster = Cluster::of(&Config::own_loop(), 12);
    cluster.dead.push(9);
    cluster.rounds(30);
    let stats = cluster.rigs.iter().map(|rig| rig.core.stats());
    assert!(stats.clone().map(|stats| stats.nacks).sum::<u64>() > 0);
    // With nacks nobody blames itself for a node that is dead.
    assert!(cluster.rigs.iter().all(|rig| rig.core.awareness() == 0));
}

/// IV-A: a missing nack makes the prober doubt itself, a nack that came does not.
#[test]
fn only_missing_nacks_count_against_the_prober() {
    let doubt = |nacks: bool| {
        let mut rig = Rig::among(Config::own_loop(), 20);
        let subject = rig.member(9).expect("a member");
        rig.until(&[9], 60, |rig| !rig.sent_of(MessageKind::PingReq).is_empty());
        let helpers: Vec<u32> =
            rig.sent_of(MessageKind::PingReq).iter().map(|sent| number(&sent.to)).collect();
        if nacks {
            for helper in helpers {
                rig.hear(MessageKind::Nack, helper, std::slice::from_ref(&subject), &[])
                    .expect("good");
            }
        }
        let mut highest = 0;
        while rig.status(9) == Some(Online) {
            // Nobody answers in these rounds, so that no success hides the score.
            rig.tick();
            highest = highest.max(rig.core.awareness());
            assert!(rig.rounds < 200);
        }
        (highest, rig.core.stats().nacks)
    };
    assert_eq!(doubt(true), (0, 3));
    assert_eq!(doubt(false), (1, 0));
}

/// IV-A: probe interval and time-out are multiplied by the score plus one.
#[test]
fn a_member_that_doubts_itself_probes_more_rarely_by_its_own_timers() {
    let interval = |doubts: bool| {
        let mut rig = Rig::among(Config::own_loop(), 20);
        if doubts {
            accuse_us(&mut rig);
            assert_eq!(rig.core.awareness(), 1);
        }
        rig.ms += 1000;
        rig.core.handle_timeout(rig.now());
        rig.drain();
        // The next round is planned by the score at this one.
        let mut due = rig.core.poll_timeout().expect("rounds never end");
        let heartbeat = rig.own().heartbeat;
        while rig.own().heartbeat == heartbeat {
            rig.core.handle_timeout(due);
            rig.drain();
            if rig.own().heartbeat == heartbeat {
                due = rig.core.poll_timeout().expect("rounds never end");
            }
        }
        due.since(rig.now()).as_millis()
    };
    assert_eq!(interval(false), 100);
    assert_eq!(interval(true), 200);
}

/// IV-B: a suspicion begins with the maximum and comes down with each independent accuser, by the
/// logarithm, to the minimum at K of them.
#[test]
fn confirmations_shorten_a_suspicion_by_their_logarithm() {
    let lasts = |confirmations: u32| {
        let mut rig = Rig::among(Config::own_loop(), 20);
        rig.until(&[9], 100, |rig| rig.status(9) == Some(Suspect));
        let (start, said) = (rig.ms, rig.member(9).expect("a member"));
        for accuser in 1..=confirmations {
            rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).expect("good");
        }
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
        (rig.ms - start) as f64
    };
    for confirmations in 0..=3u32 {
        let share = f64::from(confirmations + 1).ln() / 4f64.ln();
        let expected = 6000.0 - 5000.0 * share;
        let took = lasts(confirmations);
        assert!((expected - 1.0..expected + 251.0).contains(&took), "{confirmations}: {took} ms");
    }
}

/// IV-B: a member that hears of nobody else's suspicion doubts itself and waits the longest.
#[test]
fn an_accuser_without_confirmation_waits_the_longest() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.until(&[9], 100, |rig| rig.status(9) == Some(Suspect));
    let start = rig.ms;
    while rig.ms - start < 5_900 {
        rig.tick_but(&[9]);
    }
    assert_eq!(rig.status(9), Some(Suspect));
}

/// IV-C: who pings a suspect tells it of the suspicion first, so that it can refute at once.
#[test]
fn a_suspect_hears_of_its_suspicion_with_the_next_ping() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(9, 90_000, Suspect)]);
    rig.clear();
    rig.until(&[9], 30, |rig| rig.sent_to(9, MessageKind::Ping) > 0);
    let ping = rig.sent.iter().find(|sent| sent.is_to(9, MessageKind::Ping)).expect("a ping");
    let first = &ping.entries[0];
    assert_eq!((first.id, first.status, first.heartbeat), (id(9), Suspect, 90_000));
}

/// IV-C: the suspect refutes within the round trip.
#[test]
fn a_suspect_that_is_told_refutes_in_its_answer() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let accused = NodeView { heartbeat: rig.own().heartbeat + 40, status: Suspect, ..rig.own() };
    rig.clear();
    rig.hear(MessageKind::Ping, 2, std::slice::from_ref(&accused), &[]).expect("good");
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!(pong.to, id(2));
    assert_eq!(pong.about(0).expect("its own entry").heartbeat, accused.heartbeat + 1);
}

/// V: a slow member makes nobody else look failed, and is not failed itself once it is back.
#[test]
fn slow_members_fail_nobody_who_is_healthy() {
    let mut cluster = Cluster::of(&Config::own_loop(), 24);
    for _ in 0..6 {
        // Four members stand still for 0.8 s, then run for 1.2 s.
        cluster.dead = vec![3, 4, 5, 6];
        cluster.rounds(8);
        cluster.dead.clear();
        cluster.rounds(12);
    }
    let failed: Vec<u32> = cluster
        .rigs
        .iter()
        .flat_map(|rig| &rig.told)
        .filter(|told| told.node.status == Failed)
        .map(|told| number(&told.node.id))
        .collect();
    assert!(failed.iter().all(|n| (3..=6).contains(n)), "{failed:?}");
    cluster.rounds(60);
    for n in 3..=6 {
        assert_eq!(cluster.seen_as(n, Online), 23);
    }
}
