//! P-7, P-7a, P-7b: what PING and PONG carry, where answers go, and what a nonce proves.

use crate::support::*;
use NodeStatus::{Failed, Left, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{Header, MessageKind, NodeStatus, NodeView, Path};
use std::collections::BTreeMap;

#[test]
fn a_ping_carries_own_entry_then_news_then_random_members() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(5, 9000, Failed)]);
    for ping in rig.tick().iter().filter(|sent| sent.kind() == MessageKind::Ping) {
        let order: Vec<u32> = ping.entries.iter().map(|entry| number(&entry.id)).collect();
        assert_eq!(order[..2], [0, 5], "own entry, then the news");
        assert_eq!(order.len(), 4, "then sync_nodes random members");
        assert!(ping.entries[2..].iter().all(|entry| entry.status == Online));
        assert!(!order.contains(&number(&ping.to)), "never the receiver without need");
    }
}

#[test]
fn a_suspect_is_told_first_what_we_hold_of_it() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.says(1, &[claim(5, 9000, Suspect)]);
    rig.clear();
    rig.until(&[], 20, |rig| rig.sent_to(5, MessageKind::Ping) > 0);
    let ping = rig.sent.iter().find(|sent| sent.is_to(5, MessageKind::Ping)).unwrap();
    assert_eq!(ping.entries[0], rig.member(5).unwrap(), "the buddy notice");
    assert_eq!(ping.entries[1].id, id(0));
}

#[test]
fn answers_tell_a_node_that_it_was_held_suspect_or_gone() {
    for status in [Suspect, Failed, Left] {
        let mut rig = Rig::among(Config::own_loop(), 20);
        rig.says(1, &[claim(5, 9000, status)]);
        rig.clear();
        rig.hear(MessageKind::Ping, 5, &[], &[]).unwrap();
        let pong = rig.sent_of(MessageKind::Pong)[0];
        assert_eq!((pong.entries[0].id, pong.entries[0].status), (id(5), status));
        assert_eq!(pong.entries[0].heartbeat, 9000);
    }
}

#[test]
fn a_restarted_node_is_told_what_it_was_in_the_first_answer() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.clear();
    let header = Header { timestamp: 0, ..rig.header(MessageKind::Meet, 5) };
    let reborn = NodeView { heartbeat: 1, ip: "10.7.7.7".into(), ..view(5) };
    rig.take(Path::Struct, &header, &[reborn]).unwrap();
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!(pong.ip, "10.7.7.7", "it goes where the sender's own entry says");
    assert_eq!(pong.about(5), rig.member(5).as_ref());
    assert_eq!(rig.member(5).unwrap().ip, view(5).ip, "an old claim moves nobody");
}

#[test]
fn own_accusations_stand_before_the_own_entry() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    rig.until(&[9], 100, |rig| rig.status(9) == Some(Suspect));
    let sent: Vec<Sent> = (0..12).flat_map(|_| rig.tick_but(&[9])).collect();
    let others = |sent: &&Sent| sent.kind() == MessageKind::Ping && sent.to != id(9);
    let accusing = |ping: &&Sent| {
        let at = |n| ping.entries.iter().position(|entry| entry.id == id(n));
        at(9).is_some_and(|accused| accused < at(0).unwrap())
    };
    assert!(sent.iter().filter(others).any(|ping| accusing(&ping)));
}

#[test]
fn a_message_has_no_more_entries_than_configured_and_none_twice() {
    let mut config = Config::own_loop();
    config.max_entries = 8;
    let mut rig = Rig::among(config, 60);
    let news: Vec<NodeView> = (2..40).map(|n| claim(n, 9000, Failed)).collect();
    rig.says(1, &news);
    for _ in 0..20 {
        rig.tick_but(&[3]);
    }
    for sent in &rig.sent {
        assert!(sent.entries.len() <= 8, "{sent:?}");
        let mut ids: Vec<_> = sent.entries.iter().map(|entry| entry.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), sent.entries.len(), "{sent:?}");
    }
    assert!(rig.sent.iter().any(|sent| sent.entries.len() == 8), "the room is used");
}

#[test]
fn news_is_sent_a_limited_number_of_times() {
    let mut config = Config::own_loop();
    config.sync_nodes = 0;
    // ceil(6 * log10(66)): a small group is taken for one of 64.
    let limit = 11;
    let mut rig = Rig::among(config, 20);
    rig.says(1, &[claim(5, 9000, Left)]);
    for _ in 0..40 {
        rig.tick_answered();
    }
    let times = rig.sent.iter().filter(|sent| sent.about(5).is_some()).count();
    assert_eq!(times, limit);
}

#[test]
fn the_least_sent_news_goes_first() {
    let mut config = Config::own_loop();
    config.sync_nodes = 0;
    config.max_entries = 4;
    let mut rig = Rig::among(config, 40);
    rig.says(1, &(2..=10).map(|n| claim(n, 9000, Left)).collect::<Vec<_>>());
    rig.clear();
    // Three messages with room for three each: every one of the nine has been sent once.
    let mut sent = BTreeMap::new();
    for ping in rig.tick().iter().filter(|sent| sent.kind() == MessageKind::Ping) {
        for entry in &ping.entries[1..] {
            *sent.entry(number(&entry.id)).or_insert(0) += 1;
        }
    }
    assert_eq!(sent, (2..=10).map(|n| (n, 1)).collect());
    rig.says(1, &[claim(30, 9000, Left)]);
    let first = &rig.tick()[0];
    assert_eq!(number(&first.entries[1].id), 30, "what was never sent comes first");
}

#[test]
fn an_answer_goes_to_the_address_in_the_senders_own_entry_for_structs() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    rig.clear();
    let header = rig.header(MessageKind::Ping, 2);
    let own = NodeView { ip: "10.3.3.3".into(), port: 99, ..rig.peer(2) };
    rig.take(Path::Struct, &header, &[own]).unwrap();
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!((pong.to, pong.ip.as_str(), pong.port), (id(2), "10.3.3.3", 99));
    assert_eq!(
        rig.member(2).unwrap().ip,
        view(2).ip,
        "an equal configuration heartbeat is an echo"
    );
}

#[test]
fn an_answer_goes_to_where_the_packet_came_from() {
    let mut rig = Rig::packets();
    (1..=3).for_each(|n| rig.welcome(n));
    rig.clear();
    let header = rig.header(MessageKind::Ping, 2);
    let own = rig.peer(2);
    rig.take(Path::Packet("192.168.1.1:555".parse().unwrap()), &header, &[own]).unwrap();
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!((pong.ip.as_str(), pong.port), ("192.168.1.1", 555));
    assert_eq!(pong.header.nonce, header.nonce, "with the nonce of the question");
    assert_eq!(rig.member(2).unwrap().ip, view(2).ip, "and nobody moved by that");
}

#[test]
fn an_update_asks_for_no_answer() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    rig.says(1, &[claim(2, 9000, Online)]);
    rig.hear(MessageKind::Pong, 1, &[], &[]).unwrap();
    assert!(rig.sent.is_empty());
}

#[test]
fn nonces_differ_between_questions_and_between_receivers() {
    let mut rig = Rig::packets();
    (1..=10).for_each(|n| rig.welcome(n));
    rig.clear();
    for _ in 0..30 {
        rig.tick_answered();
    }
    let mut nonces: Vec<u64> =
        rig.sent_of(MessageKind::Ping).iter().map(|ping| ping.header.nonce).collect();
    let questions = nonces.len();
    assert!(questions >= 90 && !nonces.contains(&0));
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), questions);
}

#[test]
fn a_pong_with_a_wrong_nonce_proves_nothing() {
    let mut rig = Rig::packets();
    (1..=10).for_each(|n| rig.welcome(n));
    for _ in 0..20 {
        rig.tick_answered();
    }
    let answered = rig.core.stats().probes_answered;
    for ping in rig.tick() {
        let n = number(&ping.to);
        for nonce in [0, 1, ping.header.nonce ^ 1, ping.header.nonce ^ (1 << 40)] {
            let header = Header { nonce, ..rig.header(MessageKind::Pong, n) };
            let own = rig.peer(n);
            rig.take(rig.path(n), &header, &[own]).unwrap();
        }
    }
    assert_eq!(rig.core.stats().probes_answered, answered);
}

#[test]
fn a_nonce_made_for_one_node_does_not_serve_another() {
    let mut rig = Rig::packets();
    (1..=10).for_each(|n| rig.welcome(n));
    let answered = rig.core.stats().probes_answered;
    let sent = rig.tick();
    let pings: Vec<&Sent> = sent.iter().filter(|sent| sent.kind() == MessageKind::Ping).collect();
    let n = number(&pings[0].to);
    let header = Header { nonce: pings[1].header.nonce, ..rig.header(MessageKind::Pong, n) };
    let own = rig.peer(n);
    rig.take(rig.path(n), &header, &[own]).unwrap();
    assert_eq!(rig.core.stats().probes_answered, answered);
}

#[test]
fn an_old_nonce_proves_nothing_any_more() {
    let mut rig = Rig::packets();
    rig.welcome(1);
    rig.clear();
    rig.hear(MessageKind::Join, 9, &[], &[]).unwrap();
    let ping = rig.sent.iter().find(|sent| sent.is_to(9, MessageKind::Ping)).unwrap().clone();
    rig.ms += 70_000;
    let header = Header { nonce: ping.header.nonce, ..rig.header(MessageKind::Pong, 9) };
    let own = rig.peer(9);
    rig.take(rig.path(9), &header, &[own]).unwrap();
    assert_eq!(rig.status(9), Some(NodeStatus::Joining));
}

#[test]
fn structs_carry_no_nonce_and_no_interval() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let sent = rig.tick();
    assert!(!sent.is_empty());
    assert!(sent.iter().all(|sent| sent.header.nonce == 0 && sent.header.interval_us == 0));
    let mut rig = Rig::packets();
    rig.welcome(1);
    rig.tick_answered();
    let sent = rig.tick();
    assert!(sent.iter().all(|sent| sent.header.interval_us == 100_000), "{sent:?}");
}

#[test]
fn a_stranger_gets_at_most_three_times_what_it_sent() {
    for entries in 1..=4usize {
        let mut rig = Rig::packets();
        (1..=40).for_each(|n| rig.welcome(n));
        rig.clear();
        let mut told = vec![NodeView { ip: "10.200.0.1".into(), ..view(900) }];
        told.extend((901..).take(entries - 1).map(view));
        let header = rig.header(MessageKind::Ping, 900);
        let from = Path::Packet("10.200.0.1:7000".parse().unwrap());
        rig.take(from, &header, &told).unwrap();
        let got: usize =
            rig.sent.iter().filter(|sent| sent.ip == "10.200.0.1").map(|s| s.entries.len()).sum();
        assert!((1..=3 * entries).contains(&got), "{got} entries for {entries}");
    }
}

#[test]
fn metadata_goes_to_proved_addresses_only() {
    let mut rig = Rig::packets();
    rig.welcome(1);
    let now = rig.now();
    rig.core.update_metadata(now, [("key", "value")].into_iter()).unwrap();
    rig.clear();
    rig.hear(MessageKind::Ping, 9, &[], &[]).unwrap();
    rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
    let pongs = rig.sent_of(MessageKind::Pong);
    assert!(pongs[0].about(0).unwrap().metadata.is_none());
    assert!(pongs[1].about(0).unwrap().metadata.is_some());
}

#[test]
fn news_goes_out_between_rounds_and_silence_without_news() {
    let mut config = packets();
    config.round_interval_ms = 1000;
    config.gossip_interval_ms = 200;
    let mut rig = Rig::with(config);
    (1..=20).for_each(|n| rig.welcome(n));
    for _ in 0..60 {
        rig.tick_by(1000);
        for ping in rig.sent.clone() {
            if ping.kind() == MessageKind::Ping {
                rig.answer(&ping);
            }
        }
        let now = rig.now();
        rig.core.handle_timeout(now);
        rig.drain();
        rig.clear();
    }
    rig.ms += 200;
    let now = rig.now();
    rig.core.handle_timeout(now);
    rig.drain();
    assert!(rig.sent_of(MessageKind::Update).is_empty(), "nothing new, nothing said");
    rig.says(1, &[claim(5, 90_000, Left)]);
    let due = rig.core.poll_timeout().unwrap();
    assert!(due.since(now).as_millis() <= 200);
    rig.ms += 200;
    let now = rig.now();
    rig.core.handle_timeout(now);
    rig.drain();
    let updates = rig.sent_of(MessageKind::Update);
    assert!((1..=3).contains(&updates.len()), "to gossip_nodes random members");
    assert!(updates.iter().all(|update| update.about(5).unwrap().status == Left));
}
