//! SWIM, DSN 2002.

use crate::cluster::Cluster;
use crate::support::*;
use NodeStatus::{Failed, Left, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{MessageKind, NodeStatus, NodeView};

fn one_ping() -> Config {
    let mut config = Config::own_loop();
    config.gossip_nodes = 1;
    config
}

/// 3.1: each protocol period a member is chosen and sent a ping, and the answer is an ack.
#[test]
fn each_period_a_ping_goes_out_and_is_answered() {
    let mut cluster = Cluster::of(&one_ping(), 5);
    let answered: u64 = cluster.rigs.iter().map(|rig| rig.core.stats().probes_answered).sum();
    cluster.rounds(50);
    let now: u64 = cluster.rigs.iter().map(|rig| rig.core.stats().probes_answered).sum();
    assert_eq!(now - answered, 5 * 50);
}

/// 3.1: without an ack in time, k members chosen at random are asked to ping the member.
#[test]
fn a_missing_ack_makes_k_random_members_ping() {
    let mut asked = std::collections::BTreeSet::new();
    for seed in 0..10 {
        let mut rig = Rig::seeded(one_ping(), seed);
        rig.admit(1..=30);
        rig.until(&[9], 200, |rig| !rig.sent_of(MessageKind::PingReq).is_empty());
        let requests = rig.sent_of(MessageKind::PingReq);
        assert_eq!(requests.len(), 3);
        asked.extend(requests.iter().map(|sent| sent.to));
    }
    assert!(asked.len() > 10, "random ones");
}

/// 3.1: a member so asked pings on the asker's behalf and passes the ack on.
#[test]
fn an_ack_reaches_the_asker_through_a_third_member() {
    let mut helper = Rig::among(one_ping(), 10);
    let subject = helper.member(9).expect("a member");
    helper.rounds += 1;
    helper.hear(MessageKind::PingReq, 1, &[subject], &[]).expect("a good message");
    helper.pong(9);
    let passed = helper.sent.iter().find(|sent| sent.is_to(1, MessageKind::Update));
    let passed = passed.expect("the ack").clone();

    let mut asker = Rig::seeded(one_ping(), 1);
    asker.admit(2..=10);
    asker.until(&[9], 100, |rig| !rig.sent_of(MessageKind::PingReq).is_empty());
    let (answered, through) = {
        let request = asker.sent_of(MessageKind::PingReq)[0];
        (asker.core.stats().probes_answered, number(&request.to))
    };
    let proof = NodeView { heartbeat: 1000 + asker.rounds, ..passed.entries[0].clone() };
    asker.hear(MessageKind::Update, through, &[proof], &[]).expect("a good message");
    assert_eq!(asker.core.stats().probes_answered, answered + 1);
}

/// 3.1: the load on a member does not grow with the group.
#[test]
fn messages_of_a_member_in_a_period_do_not_grow_with_the_group() {
    let each = |nodes: u32| {
        let mut cluster = Cluster::of(&one_ping(), nodes);
        cluster.rounds(50);
        cluster.messages as f64 / f64::from(nodes * 50)
    };
    let (small, large) = (each(8), each(48));
    assert!(small <= 2.0 && large <= 2.0, "a ping and its ack: {small} and {large}");
}

/// 3.2: a member found failed is told to all by infection.
#[test]
fn a_failure_detected_by_one_is_known_to_all() {
    let mut cluster = Cluster::of(&Config::own_loop(), 24);
    cluster.dead.push(7);
    cluster.rounds(60);
    assert_eq!(cluster.seen_as(7, Failed), 23);
    assert_eq!(cluster.blamed(), [7], "and nobody else is");
}

/// 3.2: joins and voluntary leaves are spread like failures.
#[test]
fn joins_and_leaves_are_known_to_all() {
    let mut cluster = Cluster::of(&Config::own_loop(), 24);
    assert_eq!(cluster.seen_as(23, Online), 23);
    let rig = &mut cluster.rigs[5];
    rig.core.leave(rig.now(), &id(5)).expect("itself");
    rig.drain();
    cluster.rounds(12);
    assert_eq!(cluster.seen_as(5, Left), 23);
}

/// 4.1: membership changes ride on ping and ack and make no messages of their own.
#[test]
fn updates_ride_on_pings_and_acks() {
    let mut rig = Rig::among(one_ping(), 20);
    rig.says(1, &[claim(5, 9000, Left)]);
    rig.clear();
    let sent: Vec<Sent> = (0..5).flat_map(|_| rig.tick_answered()).collect();
    rig.hear(MessageKind::Ping, 2, &[], &[]).expect("a good message");
    assert!(sent.iter().all(|sent| sent.kind() == MessageKind::Ping));
    assert!(sent.iter().all(|sent| sent.about(5).is_some()));
    assert!(rig.sent_of(MessageKind::Pong)[0].about(5).is_some());
}

/// 4.1: an update is sent lambda log n times at most, the least-sent first.
#[test]
fn an_update_is_sent_a_number_of_times_that_grows_with_the_logarithm() {
    let times = |members: u32| {
        let mut config = one_ping();
        config.sync_nodes = 0;
        let mut rig = Rig::among(config, members);
        // The news of those who joined goes out first.
        while rig.tick_answered().iter().any(|sent| sent.entries.len() > 1) {
            rig.clear();
        }
        rig.says(1, &[claim(5, 9000, Left)]);
        rig.clear();
        for _ in 0..60 {
            rig.tick_answered();
        }
        rig.sent.iter().filter(|sent| sent.about(5).is_some()).count()
    };
    // ceil(6 log10(n + 2)); below 64 members as for 64.
    assert_eq!([times(10), times(200), times(2_000)], [11, 14, 20]);
}

/// 4.2: a member that does not answer is suspected first, and pinged and treated like one that lives.
#[test]
fn a_suspect_is_still_pinged_like_a_live_member() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(9, 90_000, Suspect)]);
    rig.clear();
    for _ in 0..14 {
        rig.tick_but(&[9]);
    }
    assert!(rig.sent_to(9, MessageKind::Ping) >= 1);
    assert_eq!(rig.status(9), Some(Suspect));
}

/// 4.2: a suspicion runs out after a time, and the member is then failed.
#[test]
fn a_suspicion_that_nobody_refutes_ends_in_failure() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.until(&[9], 300, |rig| rig.status(9) == Some(Failed));
    assert_eq!(rig.changes(9), [(Online, Suspect), (Suspect, Failed)]);
}

/// 4.2: a member that answers while it is suspected is held alive again, and that is told.
#[test]
fn a_suspect_that_is_heard_is_cleared_at_all() {
    let mut cluster = Cluster::of(&Config::own_loop(), 16);
    let stamp = cluster.own_heartbeat(9) + 50;
    for n in [1u32, 2, 3] {
        let rig = &mut cluster.rigs[n as usize];
        let teller = 12;
        let accused = claim(9, stamp, Suspect);
        let header = gossip::types::Header {
            sender: id(teller),
            kind: MessageKind::Update,
            timestamp: 0,
            ..Default::default()
        };
        let own = rig.member(teller).expect("a member");
        rig.take(gossip::types::Path::Struct, &header, &[own, accused]).expect("a good message");
        assert_eq!(rig.status(9), Some(Suspect));
    }
    cluster.rounds(15);
    assert_eq!(cluster.seen_as(9, Online), 15);
    assert!(cluster.own_heartbeat(9) > stamp, "by its own incarnation number");
}

/// 4.2: only the member itself raises its incarnation number.
#[test]
fn nobody_raises_the_number_of_another_but_by_accusing_it() {
    let mut cluster = Cluster::of(&Config::own_loop(), 12);
    cluster.rounds(30);
    for n in 0..12 {
        let own = cluster.own_heartbeat(n);
        for rig in &cluster.rigs {
            let held = rig.core.find(&id(n)).expect("a member").heartbeat;
            assert!(held <= own);
        }
    }
}

/// 4.2: alive with a higher number overrides suspect, suspect with an equal or higher one overrides
/// alive, and failed overrides both.
#[test]
fn messages_override_each_other_by_number_and_then_by_status() {
    let overrides = |held: (u64, NodeStatus), said: (u64, NodeStatus)| {
        let mut rig = Rig::among(Config::own_loop(), 5);
        rig.says(1, &[claim(3, held.0, held.1)]);
        rig.says(2, &[claim(3, said.0, said.1)]);
        rig.member(3).map(|member| (member.heartbeat, member.status)) == Some(said)
    };
    assert!(overrides((9000, Suspect), (9001, Online)));
    assert!(!overrides((9000, Suspect), (9000, Online)));
    assert!(overrides((9000, Online), (9000, Suspect)));
    assert!(overrides((9000, Online), (9001, Suspect)));
    assert!(!overrides((9001, Online), (9000, Suspect)));
    assert!(overrides((9000, Suspect), (9001, Suspect)));
    assert!(overrides((9000, Suspect), (9000, Failed)));
    assert!(overrides((9000, Online), (9000, Failed)));
}

/// 4.3: members are pinged in a round-robin order that is shuffled after each pass, so that the time to
/// the first detection is bounded.
#[test]
fn every_member_is_pinged_within_two_passes() {
    let mut rig = Rig::among(one_ping(), 25);
    let mut last = [0u32; 26];
    for round in 1..=500u32 {
        for ping in rig.tick_answered() {
            if ping.kind() == MessageKind::Ping {
                let n = number(&ping.to) as usize;
                assert!(round - last[n] < 50, "{n} waited {}", round - last[n]);
                last[n] = round;
            }
        }
    }
    assert!(last[1..].iter().all(|&at| at > 450));
}
