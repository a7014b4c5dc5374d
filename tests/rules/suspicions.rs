//! P-9 and P-9a: how long suspicions last, who is told of them, and how they end.

use crate::support::*;
use NodeStatus::{Failed, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{MessageKind, NodeStatus, NodeView};

/// Accuses node 9 by our own probe, with everybody else alive.
fn accused(config: Config, members: u32) -> Rig {
    let mut rig = Rig::among(config, members);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    rig
}

/// Members told of the suspicion in the wake-up that began it.
fn observers(rig: &Rig) -> Vec<u32> {
    let told = rig
        .sent
        .iter()
        .filter(|sent| sent.kind() == MessageKind::Update && sent.entries[0].id == id(9));
    let mut nodes: Vec<u32> = told.map(|sent| number(&sent.to)).collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

#[test]
fn a_failed_probe_makes_suspect_and_only_time_makes_failed() {
    let mut rig = accused(Config::own_loop(), 20);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    assert_eq!(rig.changes(9), [(Online, Suspect), (Suspect, Failed)]);
    let stats = rig.core.stats();
    assert_eq!((stats.suspicions, stats.failures), (1, 1));
    assert!(rig.told.iter().all(|told| told.node.id == id(9)), "nobody else goes out");
}

/// Milliseconds from our suspicion to the failure when so many others confirm it.
fn lasts(config: Config, confirmations: u32) -> u64 {
    let mut rig = accused(config, 20);
    let start = rig.ms;
    let said = rig.member(9).unwrap();
    for accuser in 1..=confirmations {
        rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    rig.ms - start
}

#[test]
fn suspicion_runs_from_its_maximum_down_to_its_minimum_as_others_confirm() {
    // min 1 s, max 6 s: max - (max - min) ln(c + 1) / ln(k + 1), and one round to see it twice.
    for (confirmations, millis) in [(0u32, 6000u64), (1, 3500), (2, 2038), (3, 1000), (5, 1000)] {
        let took = lasts(Config::own_loop(), confirmations);
        assert!((millis..=millis + 250).contains(&took), "{confirmations}: {took} ms");
    }
}

#[test]
fn with_lan_one_accuser_alone_is_given_as_long_and_three_more_a_third() {
    // min 0.3 s, max 6 s.
    for (confirmations, millis) in [(0u32, 6000u64), (1, 3150), (2, 1483), (3, 300), (5, 300)] {
        let took = lasts(Config::lan(), confirmations);
        assert!((millis..=millis + 250).contains(&took), "{confirmations}: {took} ms");
    }
}

#[test]
fn an_accuser_confirms_once() {
    let mut rig = accused(Config::own_loop(), 20);
    let start = rig.ms;
    let said = rig.member(9).unwrap();
    for _ in 0..10 {
        rig.hear(MessageKind::Ping, 1, std::slice::from_ref(&said), &[]).unwrap();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    assert!(rig.ms - start >= 3500);
}

#[test]
fn who_doubts_itself_ends_a_suspicion_after_as_many_pings_as_who_does_not() {
    let mut rig = accused(Config::own_loop(), 20);
    let start = rig.ms;
    let said = rig.member(9).unwrap();
    for accuser in 1..=3 {
        rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
    }
    while rig.status(9) == Some(Suspect) && rig.ms - start < 10_000 {
        // Somebody does not hear from us in time, again and again.
        let accused = NodeView { status: Suspect, ..rig.own() };
        rig.says(1, &[accused]);
        rig.tick_but(&[9]);
    }
    assert_eq!(rig.status(9), Some(Failed));
    // Three times 300 ms, and twice that at a score of 1, which our own probes bring it down to.
    assert!((1_800..=2_800).contains(&(rig.ms - start)), "{} ms", rig.ms - start);
}

#[test]
fn who_is_told_to_watch_late_looks_as_long_as_the_others() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let said = claim(9, rig.heartbeat(9) + 1, Suspect);
    rig.hear(MessageKind::Update, 1, &[], std::slice::from_ref(&said)).unwrap();
    for _ in 0..30 {
        rig.tick_but(&[9]);
    }
    assert_eq!(rig.status(9), Some(Suspect), "who does not watch waits");
    let told = rig.ms;
    for accuser in 2..=5 {
        rig.hear(MessageKind::Update, accuser, std::slice::from_ref(&said), &[]).unwrap();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    // The suspicion is older than the minimum that so many accusers leave, and its first look takes 300 ms.
    assert!((900..=1_300).contains(&(rig.ms - told)), "{} ms", rig.ms - told);
}

/// A round in which every second member answers each second ping alone, and node 9 none.
fn tick_with_loss(rig: &mut Rig, pinged: &mut [u32; 21]) {
    for ping in rig.tick().iter().filter(|sent| sent.kind() == MessageKind::Ping) {
        let to = number(&ping.to);
        pinged[to as usize] += 1;
        if to != 9 && (!to.is_multiple_of(2) || pinged[to as usize].is_multiple_of(2)) {
            rig.answer(ping);
        }
    }
}

#[test]
fn the_more_pings_of_the_living_get_lost_the_longer_a_watcher_looks() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let mut pinged = [0; 21];
    let mut suspected = None;
    for _ in 0..600 {
        if rig.status(9) == Some(Failed) {
            break;
        }
        tick_with_loss(&mut rig, &mut pinged);
        if suspected.is_none() && rig.status(9) == Some(Suspect) {
            suspected = Some(rig.ms);
            let said = rig.member(9).unwrap();
            for accuser in [1, 3, 5] {
                rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
            }
        }
    }
    assert_eq!(rig.status(9), Some(Failed));
    let took = rig.ms - suspected.expect("it was suspected first");
    // Without loss it is the minimum of 1 s. Half of them lost: 13 pings, which are 7 looks of 300 ms.
    assert!((1_500..=3_000).contains(&took), "{took} ms");
}

#[test]
fn hearsay_behind_the_senders_own_entry_confirms_nothing() {
    let mut rig = accused(Config::own_loop(), 20);
    let start = rig.ms;
    let said = rig.member(9).unwrap();
    for teller in 1..=8 {
        rig.hear(MessageKind::Ping, teller, &[], std::slice::from_ref(&said)).unwrap();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    assert!(rig.ms - start >= 6000);
}

#[test]
fn with_nobody_to_ask_the_minimum_is_taken_at_once() {
    let mut rig = Rig::new();
    rig.admit([9].into_iter());
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    let start = rig.ms;
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    let took = rig.ms - start;
    assert!((1000..=1250).contains(&took), "{took} ms");
}

#[test]
fn a_suspicion_does_not_end_in_the_first_wake_up_that_finds_its_time_over() {
    let mut rig = Rig::new();
    rig.admit([9].into_iter());
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    let start = rig.ms;
    while rig.ms - start < 1_000 {
        rig.tick();
    }
    // Its time of 1 s is over, and the program reads what waited only after the round.
    assert_eq!(rig.status(9), Some(Suspect));
    rig.tick();
    assert_eq!(rig.status(9), Some(Failed), "nothing cleared it between");
}

#[test]
fn with_two_others_k_is_two() {
    let mut rig = Rig::new();
    rig.admit([1, 2, 9].into_iter());
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    let (start, said) = (rig.ms, rig.member(9).unwrap());
    for accuser in [1, 2] {
        rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    let took = rig.ms - start;
    assert!((1000..=1250).contains(&took), "{took} ms");
}

#[test]
fn slow_rounds_stretch_the_minimum_to_rounds() {
    let mut rig = Rig::new();
    rig.welcome(9);
    for _ in 0..20 {
        rig.tick_by(2_000);
        for ping in rig.sent.split_off(0) {
            if ping.kind() == MessageKind::Ping {
                rig.answer(&ping);
            }
        }
    }
    while rig.status(9) != Some(Suspect) {
        rig.tick_by(2_000);
    }
    let start = rig.ms;
    while rig.status(9) != Some(Failed) {
        rig.tick_by(2_000);
    }
    assert!(rig.ms - start >= 6_000, "{} ms", rig.ms - start);
}

#[test]
fn a_suspicion_is_told_at_once_to_a_few_observers_and_to_nobody_else() {
    for members in [20, 200] {
        let rig = accused(Config::own_loop(), members);
        let told = observers(&rig).len();
        // One fewer is told where we are one of them ourselves.
        assert!((2..=3).contains(&told), "{members} members: {told}");
        let carriers = rig.sent.iter().filter(|sent| {
            sent.about(9).is_some_and(|entry| entry.status == Suspect) && sent.to != id(9)
        });
        assert_eq!(carriers.count(), told, "nothing else carries it yet");
    }
}

#[test]
fn all_members_agree_on_the_observers() {
    let seen: Vec<Vec<u32>> = (20..30)
        .map(|own| {
            let mut rig = Rig::of(Config::own_loop(), own.into(), &view(own));
            rig.admit((0..50).filter(|&n| n != own));
            rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
            let mut nodes = observers(&rig);
            if nodes.len() < 3 {
                nodes.push(own);
                nodes.sort_unstable();
            }
            nodes
        })
        .collect();
    assert_eq!(seen[0].len(), 3);
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

/// Who holds node 9 online hears it accused before the own entry of node 1.
fn doubted(kind: MessageKind) -> (Rig, NodeView) {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let said = claim(9, 1000 + rig.rounds + 20, Suspect);
    rig.hear(kind, 1, std::slice::from_ref(&said), &[]).unwrap();
    (rig, said)
}

#[test]
fn who_hears_an_accusation_pings_the_accused_with_it_and_holds_it_online() {
    for kind in [MessageKind::Update, MessageKind::Ping] {
        let (rig, said) = doubted(kind);
        assert_eq!((rig.status(9), rig.told.len()), (Some(Online), 0));
        let ping = rig.sent.iter().find(|sent| sent.is_to(9, MessageKind::Ping)).unwrap();
        assert_eq!((ping.entries[0].status, ping.entries[0].heartbeat), (Suspect, said.heartbeat));
        assert_eq!(rig.core.queues().suspicions, 0);
    }
}

#[test]
fn an_accusation_is_listed_when_our_own_ping_goes_unanswered_too() {
    for kind in [MessageKind::Update, MessageKind::Ping] {
        let (mut rig, said) = doubted(kind);
        let start = rig.ms;
        rig.until(&[9], 20, |rig| rig.status(9) == Some(Suspect));
        // The observer time-out, and a ping more.
        assert!((300..=500).contains(&(rig.ms - start)), "{} ms", rig.ms - start);
        assert_eq!(rig.heartbeat(9), said.heartbeat);
        assert_eq!(rig.changes(9), [(Online, Suspect)]);
        // It lasts from when it was told, and only who was told to watch may end it so soon.
        for accuser in [2, 3] {
            rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
        }
        while rig.ms - start < 1300 {
            rig.tick_but(&[9]);
        }
        let watches = kind == MessageKind::Update;
        assert_eq!(rig.status(9), Some(if watches { Failed } else { Suspect }));
    }
}

#[test]
fn an_answer_ends_a_doubt_and_those_who_accuse_hear_of_it() {
    let (mut rig, said) = doubted(MessageKind::Update);
    rig.clear();
    let passed = claim(9, said.heartbeat + 1, Online);
    let header = gossip::types::Header {
        timestamp: passed.heartbeat - 1,
        ..rig.header(MessageKind::Pong, 9)
    };
    rig.take(rig.path(9), &header, std::slice::from_ref(&passed)).unwrap();
    let told: Vec<u32> = rig
        .sent
        .iter()
        .filter(|sent| sent.about(9) == Some(&passed))
        .map(|s| number(&s.to))
        .collect();
    assert!(told.contains(&1), "{told:?}");
    rig.clear();
    for _ in 0..100 {
        rig.tick_answered();
    }
    assert_eq!((rig.status(9), rig.changes(9)), (Some(Online), vec![]));
}

#[test]
fn an_answer_ends_a_doubt_though_it_does_not_pass_the_stamp() {
    let (mut rig, _) = doubted(MessageKind::Update);
    rig.pong(9);
    for _ in 0..100 {
        rig.tick_answered();
    }
    assert_eq!((rig.status(9), rig.changes(9)), (Some(Online), vec![]));
}

#[test]
fn an_answer_that_does_not_pass_the_stamp_begins_a_suspicion_anew() {
    let took = |answers: bool| {
        let mut rig = Rig::among(packets(), 20);
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
        let start = rig.ms;
        let said = claim(9, 1000 + rig.rounds + 500, Suspect);
        for accuser in 1..=3 {
            rig.hear(MessageKind::Ping, accuser, std::slice::from_ref(&said), &[]).unwrap();
        }
        (0..6).for_each(|_| drop(rig.tick_but(&[9])));
        if answers {
            rig.pong(9);
            assert_eq!(rig.status(9), Some(Suspect), "the stamp is far ahead");
        }
        rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
        rig.ms - start
    };
    assert!((1_000..=1_250).contains(&took(false)));
    // Those who accused it before have to say so again.
    assert!(took(true) > 600 + 2_000, "{} ms", took(true));
}

#[test]
fn who_is_suspect_accuses_nobody_and_is_told_who_lives() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.until(&[1], 200, |rig| rig.status(1) == Some(Suspect));
    rig.clear();
    let header = rig.header(MessageKind::Update, 1);
    let own = NodeView { heartbeat: 1000, ..view(1) };
    for (ahead, answers) in [(1000, 0), (-1000, 1)] {
        let said = claim(9, rig.heartbeat(9).strict_add_signed(ahead), Suspect);
        rig.take(rig.path(1), &header, &[said, own.clone()]).unwrap();
        let told = rig.sent.iter().filter(|sent| sent.is_to(1, MessageKind::Update));
        let about = told.filter(|sent| sent.about(9).is_some_and(|entry| entry.status == Online));
        assert_eq!((about.count(), rig.status(9)), (answers, Some(Online)));
    }
    assert_eq!(rig.sent_to(9, MessageKind::Ping), 0);
}

#[test]
fn no_more_than_so_many_accused_are_looked_at_at_once() {
    let mut rig = Rig::among(Config::own_loop(), 400);
    let said: Vec<NodeView> = (2..=400).map(|n| claim(n, 90_000, Suspect)).collect();
    rig.clear();
    rig.hear(MessageKind::Update, 1, &said, &[]).unwrap();
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 256);
}

#[test]
fn a_fresh_answer_clears_the_suspicion_and_the_other_observers_hear_of_it() {
    let mut rig = accused(Config::own_loop(), 20);
    let watchers = observers(&rig);
    rig.clear();
    let said = claim(9, rig.heartbeat(9) + 1, Online);
    let header =
        gossip::types::Header { timestamp: said.heartbeat - 1, ..rig.header(MessageKind::Pong, 9) };
    rig.take(rig.path(9), &header, std::slice::from_ref(&said)).unwrap();
    assert_eq!(rig.changes(9), [(Suspect, Online)]);
    let told: Vec<&Sent> = rig.sent.iter().filter(|sent| sent.about(9) == Some(&said)).collect();
    let mut nodes: Vec<u32> = told.iter().map(|sent| number(&sent.to)).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, watchers);
    assert!(told.iter().all(|sent| sent.kind() == MessageKind::Update));
    for _ in 0..100 {
        rig.tick_answered();
    }
    assert_eq!(rig.status(9), Some(Online), "nothing of it is left");
}

#[test]
fn an_unanswered_ping_of_an_observer_confirms_and_is_told_to_the_others() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let said = claim(9, 1000 + rig.rounds + 20, Suspect);
    rig.hear(MessageKind::Update, 1, &[said], &[]).unwrap();
    rig.clear();
    for _ in 0..8 {
        rig.tick_but(&[9]);
    }
    assert!(!observers(&rig).is_empty(), "we accuse it ourselves now");
    assert_eq!(rig.core.stats().suspicions, 0, "though no probe of ours began it");
}

#[test]
fn a_young_suspicion_is_not_gossiped_and_an_old_one_is() {
    let mut rig = accused(Config::own_loop(), 40);
    let start = rig.ms;
    let mut first = None;
    while rig.ms - start < 1500 {
        let sent = rig.tick_but(&[9]);
        let gossiped = sent.iter().any(|sent| {
            sent.kind() == MessageKind::Ping
                && sent.to != id(9)
                && sent.about(9).is_some_and(|entry| entry.status == Suspect)
        });
        if gossiped && first.is_none() {
            first = Some(rig.ms - start);
        }
    }
    // Two observer time-outs of 300 ms.
    assert!((600..=800).contains(&first.unwrap()), "{first:?}");
}

#[test]
fn a_suspicion_cleared_early_was_never_gossiped_at_all() {
    let mut rig = accused(Config::own_loop(), 40);
    rig.tick_but(&[9]);
    let said = claim(9, rig.heartbeat(9) + 1, Online);
    let header =
        gossip::types::Header { timestamp: said.heartbeat - 1, ..rig.header(MessageKind::Pong, 9) };
    rig.take(rig.path(9), &header, std::slice::from_ref(&said)).unwrap();
    rig.clear();
    let mut config_news = 0;
    for _ in 0..30 {
        for sent in rig.tick_answered() {
            // Random members are told behind the news; those carry what is held anyway.
            let at = sent.entries.iter().position(|entry| entry.id == id(9));
            config_news += usize::from(at == Some(1) && sent.entries.len() > 3);
        }
    }
    assert_eq!(config_news, 0);
}

#[test]
fn those_who_do_not_watch_wait_longer() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let start = rig.ms;
    // Hearsay: behind the sender's own entry.
    rig.says(1, &[claim(9, 1000 + rig.rounds + 500, Suspect)]);
    let mut took = None;
    while took.is_none() && rig.ms - start < 60_000 {
        rig.tick();
        for ping in rig.sent.split_off(0) {
            if ping.kind() == MessageKind::Ping && ping.to != id(9) {
                rig.answer(&ping);
            }
        }
        took = (rig.status(9) == Some(Failed)).then_some(rig.ms - start);
    }
    assert!(took.unwrap() >= 6_000, "{took:?}");
}

#[test]
fn a_failure_is_spread_at_once() {
    let mut rig = accused(Config::own_loop(), 20);
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Failed));
    let sent = rig.tick_but(&[9]);
    let pings: Vec<&Sent> =
        sent.iter().filter(|sent| sent.kind() == MessageKind::Ping && sent.to != id(9)).collect();
    assert!(!pings.is_empty());
    assert!(pings.iter().all(|ping| ping.about(9).unwrap().status == Failed));
}
