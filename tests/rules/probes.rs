//! P-8, P-10: probes, helpers, nacks, stalls, and how far a node doubts itself.

use crate::support::*;
use NodeStatus::{Failed, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{Header, Instant, MessageKind, NodeStatus};

/// Runs rounds in which `silent` does not answer until helpers are asked about it; gives them.
fn helpers_asked(rig: &mut Rig, silent: u32) -> Vec<u32> {
    let asks =
        |sent: &Sent| sent.kind() == MessageKind::PingReq && sent.entries[0].id == id(silent);
    rig.clear();
    rig.until(&[silent], 60, |rig| rig.sent.iter().any(asks));
    rig.sent.iter().filter(|sent| asks(sent)).map(|sent| number(&sent.to)).collect()
}

#[test]
fn a_late_probe_asks_helpers_who_are_other_online_members() {
    for count in [0u32, 1, 3, 8] {
        let mut config = Config::own_loop();
        config.indirect_probes = count;
        let mut rig = Rig::among(config, 20);
        if count == 0 {
            rig.until(&[9], 60, |rig| rig.status(9) == Some(Suspect));
            assert!(rig.sent_of(MessageKind::PingReq).is_empty());
            continue;
        }
        let mut helpers = helpers_asked(&mut rig, 9);
        helpers.sort_unstable();
        helpers.dedup();
        assert_eq!(helpers.len(), count as usize);
        assert!(!helpers.contains(&9));
    }
}

#[test]
fn no_helper_is_asked_while_the_answer_is_in_time() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    for _ in 0..200 {
        rig.tick_answered();
    }
    assert!(rig.sent_of(MessageKind::PingReq).is_empty());
    assert_eq!(rig.core.stats().probes_failed, 0);
    assert!(rig.core.stats().probes_answered >= 590);
}

#[test]
fn a_helpers_proof_ends_the_probe() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let helper = helpers_asked(&mut rig, 9)[0];
    let answered = rig.core.stats().probes_answered;
    let proof = rig.peer(9);
    rig.hear(MessageKind::Update, helper, &[proof], &[]).unwrap();
    assert_eq!(rig.core.stats().probes_answered, answered + 1);
}

#[test]
fn a_proof_of_nobody_we_asked_ends_no_probe() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let helpers = helpers_asked(&mut rig, 9);
    let other = (1..=20).find(|n| *n != 9 && !helpers.contains(n)).unwrap();
    let answered = rig.core.stats().probes_answered;
    let proof = rig.peer(9);
    rig.hear(MessageKind::Update, other, &[proof], &[]).unwrap();
    assert_eq!(rig.core.stats().probes_answered, answered);
}

#[test]
fn an_old_sighting_of_a_helper_is_no_proof() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let helper = helpers_asked(&mut rig, 9)[0];
    let answered = rig.core.stats().probes_answered;
    let mut held = rig.member(9).unwrap();
    held.heartbeat -= 1;
    rig.hear(MessageKind::Update, helper, &[held], &[]).unwrap();
    assert_eq!(rig.core.stats().probes_answered, answered);
}

#[test]
fn nacks_of_helpers_are_counted_and_spare_our_awareness() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let subject = rig.member(9).unwrap();
    for helper in helpers_asked(&mut rig, 9) {
        rig.hear(MessageKind::Nack, helper, std::slice::from_ref(&subject), &[]).unwrap();
    }
    assert_eq!(rig.core.stats().nacks, 3);
    assert_eq!(rig.status(9), Some(Online), "a nack accuses nobody");
    rig.until(&[9], 60, |rig| rig.status(9) == Some(Suspect));
    assert_eq!(rig.core.awareness(), 0);
}

#[test]
fn nacks_of_nodes_that_were_not_asked_do_not_count() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let helpers = helpers_asked(&mut rig, 9);
    let other = (1..=20).find(|n| *n != 9 && !helpers.contains(n)).unwrap();
    let subject = rig.member(9).unwrap();
    rig.hear(MessageKind::Nack, other, &[subject], &[]).unwrap();
    assert_eq!(rig.core.stats().nacks, 0);
}

#[test]
fn a_failed_probe_without_nacks_makes_us_doubt_ourselves() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    // Everybody falls silent: the fault is ours as likely as not.
    for _ in 0..12 {
        rig.tick();
    }
    assert!(rig.core.stats().probes_failed > 0);
    assert!(rig.core.awareness() > 0);
    let silent = rig.core.awareness();
    for _ in 0..20 {
        rig.tick_answered();
    }
    assert!(rig.core.awareness() < silent, "and probes that succeed give it back");
}

#[test]
fn awareness_stays_within_its_maximum() {
    for most in [0, 1, 4] {
        let mut config = Config::own_loop();
        config.awareness_max = most;
        let mut rig = Rig::among(config, 30);
        for _ in 0..100 {
            rig.tick();
            assert!(rig.core.awareness() <= most);
        }
    }
}

#[test]
fn having_to_refute_makes_us_doubt_ourselves() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let accused = gossip::types::NodeView { status: Suspect, ..rig.own() };
    rig.says(1, &[accused]);
    assert_eq!(rig.core.awareness(), 1);
}

#[test]
fn probes_of_nodes_that_others_find_dead_too_leave_awareness_alone() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    helpers_asked(&mut rig, 9);
    let accusation = claim(9, 1000 + rig.rounds + 50, Suspect);
    for accuser in [1, 2] {
        rig.hear(MessageKind::Update, accuser, std::slice::from_ref(&accusation), &[]).unwrap();
    }
    for _ in 0..10 {
        rig.tick_but(&[9]);
        assert_eq!(rig.core.awareness(), 0);
    }
    assert_eq!(rig.status(9), Some(Suspect));
}

/// Rounds from the first ping of a member to the question about it, when nobody answers.
fn rounds_to_helpers(doubts: bool) -> u64 {
    let mut rig = Rig::among(Config::own_loop(), 60);
    for _ in 0..4 {
        if doubts {
            let accused = gossip::types::NodeView { status: Suspect, ..rig.own() };
            rig.says(1, &[accused]);
        }
        rig.tick_but(if doubts { &ALL } else { &[] });
    }
    assert_eq!(rig.core.awareness() >= 4, doubts);
    let earlier = rig.sent.clone();
    let is_new = |sent: &&Sent| {
        sent.kind() == MessageKind::Ping && !earlier.iter().any(|other| other.to == sent.to)
    };
    let sent = rig.tick();
    let subject = sent.iter().find(is_new).expect("60 members are not pinged in 5 rounds").to;
    let start = rig.rounds;
    let asks = |sent: &Sent| sent.kind() == MessageKind::PingReq && sent.entries[0].id == subject;
    rig.until(&ALL, 100, |rig| rig.sent.iter().any(asks));
    rig.rounds - start
}

/// All scripted nodes.
const ALL: [u32; 60] = {
    let mut all = [0; 60];
    let mut n = 0;
    while n < 60 {
        all[n] = n as u32 + 1;
        n += 1;
    }
    all
};

#[test]
fn a_node_that_doubts_itself_waits_longer_before_it_asks_helpers() {
    let (calm, doubting) = (rounds_to_helpers(false), rounds_to_helpers(true));
    assert!(doubting >= 4 * calm, "{doubting} against {calm}");
}

#[test]
fn a_newer_sign_of_life_of_any_kind_postpones() {
    let mut config = Config::own_loop();
    config.deaf_probes = 100;
    let mut rig = Rig::among(config, 9);
    for _ in 0..100 {
        rig.tick_but(&[9]);
        let seen = rig.peer(9);
        rig.says(1, &[seen]);
    }
    assert_eq!(rig.status(9), Some(Online));
    assert!(rig.core.stats().probes_failed > 0);
}

#[test]
fn a_node_that_speaks_and_never_answers_is_suspected_for_good() {
    let mut rig = Rig::among(Config::own_loop(), 9);
    let speaks = |rig: &mut Rig| {
        rig.tick_but(&[9]);
        rig.hear(MessageKind::Ping, 9, &[], &[]).unwrap();
    };
    for _ in 0..100 {
        speaks(&mut rig);
        if rig.status(9) != Some(Online) {
            break;
        }
    }
    assert_eq!(rig.status(9), Some(Suspect));
    assert!(rig.heartbeat(9) > 1000 + rig.rounds + 100_000, "a stamp that talk does not pass");
    for _ in 0..200 {
        speaks(&mut rig);
    }
    assert_eq!(rig.status(9), Some(Failed), "a deaf node must go");
}

#[test]
fn a_deaf_node_that_hears_again_passes_its_stamp() {
    let mut rig = Rig::among(Config::own_loop(), 9);
    for _ in 0..100 {
        rig.tick_but(&[9]);
        if rig.status(9) == Some(Suspect) {
            break;
        }
        rig.hear(MessageKind::Ping, 9, &[], &[]).unwrap();
    }
    let stamp = rig.heartbeat(9);
    let refuted = claim(9, stamp + 1, Online);
    let header = Header { timestamp: stamp, ..rig.header(MessageKind::Update, 9) };
    rig.take(rig.path(9), &header, &[refuted]).unwrap();
    assert_eq!(rig.status(9), Some(Online));
}

#[test]
fn one_long_gap_between_calls_accuses_nobody() {
    for gap in [1_000u64, 10_000, 3_600_000, 100 * 86_400_000] {
        let mut rig = Rig::among(Config::own_loop(), 20);
        // Probes are in flight when the stall begins, and their answers are read after the round.
        let sent = rig.tick();
        rig.tick_by(gap);
        for ping in &sent {
            rig.answer(ping);
        }
        for _ in 0..100 {
            rig.tick_answered();
        }
        assert!(rig.told.iter().all(|told| told.node.status == Online), "{gap} ms: {:?}", rig.told);
        assert_eq!(rig.core.stats().suspicions, 0, "{gap} ms");
    }
}

#[test]
fn a_stall_that_comes_again_and_again_accuses_nobody() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    for _ in 0..50 {
        let mut waiting = rig.tick();
        waiting.extend(rig.tick_by(1_800));
        for ping in waiting.iter().filter(|sent| sent.kind() == MessageKind::Ping) {
            rig.answer(ping);
        }
        for _ in 0..10 {
            rig.tick_answered();
        }
    }
    assert_eq!(rig.core.stats().suspicions, 0);
}

#[test]
fn a_program_that_ticks_before_it_reads_accuses_nobody() {
    for interval in [20u64, 100, 1_000] {
        let mut rig = Rig::among(Config::own_loop(), 20);
        let mut waiting: Vec<Sent> = Vec::new();
        for _ in 0..200 {
            // The answers to the last round are read only after this one was made.
            let sent = rig.tick_by(interval);
            for ping in waiting.iter().filter(|sent| sent.kind() == MessageKind::Ping) {
                rig.answer(ping);
            }
            waiting = sent;
        }
        assert_eq!(rig.core.stats().suspicions, 0, "{interval} ms");
    }
}

#[test]
fn time_that_runs_backwards_changes_nothing() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let held: Vec<_> = rig.core.members().map(gossip::types::NodeView::from).collect();
    for back in [1, 1000, u64::MAX] {
        let earlier = Instant::from_millis(rig.ms.saturating_sub(back));
        rig.core.round(earlier);
        rig.drain();
        rig.core.handle_timeout(earlier);
        rig.drain();
    }
    let now: Vec<_> = rig.core.members().map(gossip::types::NodeView::from).collect();
    assert_eq!(held, now);
    assert!(rig.told.is_empty());
    let due = rig.core.poll_timeout().unwrap();
    assert!(due >= rig.now());
}

#[test]
fn a_helper_pings_the_subject_and_passes_its_answer_on() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let subject = rig.member(9).unwrap();
    rig.hear(MessageKind::PingReq, 1, &[subject], &[]).unwrap();
    assert_eq!(rig.sent_to(9, MessageKind::Ping), 1);
    assert_eq!(rig.sent_to(1, MessageKind::Update), 0);
    rig.rounds += 1;
    rig.pong(9);
    let proof = rig.sent.iter().find(|sent| sent.is_to(1, MessageKind::Update)).unwrap();
    let order: Vec<u32> = proof.entries.iter().map(|entry| number(&entry.id)).collect();
    assert_eq!(order, [9, 0], "the subject's entry before our own");
    assert_eq!(proof.entries[0].heartbeat, 1000 + rig.rounds);
}

#[test]
fn a_helper_that_gets_no_answer_says_so_in_time() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let subject = rig.member(9).unwrap();
    rig.hear(MessageKind::PingReq, 1, &[subject], &[]).unwrap();
    // Within one probe time-out, so that the requester has it before it gives up.
    rig.tick_by(100);
    rig.tick_by(100);
    let nack = rig.sent.iter().find(|sent| sent.is_to(1, MessageKind::Nack)).unwrap();
    assert_eq!(nack.entries[0].id, id(9));
}

#[test]
fn strangers_and_tombstones_get_no_relay() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(2, 9000, Failed)]);
    rig.clear();
    let subject = rig.member(9).unwrap();
    let header = rig.header(MessageKind::PingReq, 2);
    rig.take(rig.path(2), &header, &[subject.clone(), claim(2, 1000, Online)]).unwrap();
    let mut packets = Rig::packets();
    packets.welcome(9);
    packets.clear();
    packets.hear(MessageKind::PingReq, 77, &[subject], &[]).unwrap();
    assert_eq!(rig.sent_to(9, MessageKind::Ping) + packets.sent_to(9, MessageKind::Ping), 0);
}

#[test]
fn a_request_about_an_unknown_node_sends_nothing_to_it() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.hear(MessageKind::PingReq, 1, &[claim(77, 1000, Suspect)], &[]).unwrap();
    assert!(rig.sent.iter().all(|sent| sent.to != id(77)));
}

/// With rounds of a second a program that ticks may read the answer a round later; a driver with
/// timers reads it when it comes.
#[test]
fn with_timers_a_probe_waits_for_the_answer_and_not_for_the_reader() {
    let mut config = Config::own_loop();
    config.round_interval_ms = 1_000;
    let asked_after = |timers: bool| {
        let mut rig = Rig::among(config.clone(), 5);
        for _ in 0..6 {
            let pings = rig.tick_by(1_000);
            pings
                .iter()
                .filter(|sent| sent.kind() == MessageKind::Ping)
                .for_each(|ping| rig.answer(ping));
        }
        rig.clear();
        (0..300).find(|_| {
            rig.ms += 20;
            let now = rig.now();
            if timers {
                rig.core.handle_timeout(now);
            } else if rig.ms.is_multiple_of(1_000) {
                rig.core.round(now);
            }
            rig.drain();
            !rig.sent_of(MessageKind::PingReq).is_empty()
        })
    };
    let (timers, ticks) = (asked_after(true), asked_after(false));
    let (timers, ticks) = (timers.expect("it asks"), ticks.expect("it asks"));
    assert!(timers + 30 < ticks, "{timers} {ticks}");
}
