//! P-13: meeting, joining, placeholders, and how a newcomer gets the list.

use crate::support::*;
use NodeStatus::{Joining, Online, Unknown};
use gossip::proto::{CommandError, Config};
use gossip::types::{Header, MessageKind, NodeId, NodeStatus, NodeView, Path};

/// A node as a program knows it before it spoke: an address, and perhaps an id.
fn seed(n: u32, id: NodeId) -> NodeView {
    NodeView { id, ip: view(n).ip, port: 7000, ..NodeView::default() }
}

fn join(rig: &mut Rig, node: &NodeView) {
    rig.core.join(rig.now(), &node.as_entry()).expect("a good seed");
    rig.drain();
}

#[test]
fn a_node_met_is_joining_and_told_before_it_is_written_to() {
    for (kind, is_join) in [(MessageKind::Meet, false), (MessageKind::Join, true)] {
        let mut rig = Rig::new();
        let now = rig.now();
        let node = view(1);
        let done = if is_join {
            rig.core.join(now, &node.as_entry())
        } else {
            rig.core.meet(now, &node.as_entry())
        };
        done.unwrap();
        rig.drain();
        assert_eq!(rig.changes(1), [(Unknown, Joining)]);
        assert_eq!(rig.sent.len(), 1);
        assert!(rig.sent[0].is_to(1, kind));
        assert_eq!(rig.sent[0].entries, [rig.own()]);
    }
}

#[test]
fn an_answer_makes_it_online_whatever_id_was_made_up() {
    for made_up in [NodeId::ZERO, id(0xdead), id(1)] {
        for mut rig in [Rig::new(), Rig::packets()] {
            join(&mut rig, &seed(1, made_up));
            let join = rig.sent[0].clone();
            let header = Header { nonce: join.header.nonce, ..rig.header(MessageKind::Pong, 1) };
            let own = rig.peer(1);
            rig.take(rig.path(1), &header, &[own]).unwrap();
            assert_eq!(rig.core.len(), 1, "{made_up} is gone");
            assert_eq!(rig.status(1), Some(Online));
        }
    }
}

#[test]
fn localhost_and_the_loopback_address_are_one_placeholder() {
    for (given, told) in [("localhost", "127.0.0.1"), ("127.0.0.1", "localhost")] {
        let mut rig = Rig::new();
        join(&mut rig, &NodeView { ip: given.into(), ..seed(1, id(0xbeef)) });
        let own = NodeView { ip: told.into(), ..rig.peer(1) };
        rig.take(Path::Struct, &rig.header(MessageKind::Pong, 1), &[own]).unwrap();
        assert_eq!((rig.core.len(), rig.status(1)), (1, Some(Online)));
    }
}

#[test]
fn two_seeds_without_ids_are_two_placeholders() {
    let mut rig = Rig::new();
    join(&mut rig, &seed(1, NodeId::ZERO));
    join(&mut rig, &seed(2, NodeId::ZERO));
    assert_eq!(rig.core.len(), 2);
    join(&mut rig, &seed(2, NodeId::ZERO));
    assert_eq!(rig.core.len(), 2, "the same address again is the same one");
    for n in [2, 1] {
        rig.hear(MessageKind::Pong, n, &[], &[]).unwrap();
    }
    assert_eq!((rig.core.len(), rig.status(1), rig.status(2)), (2, Some(Online), Some(Online)));
}

#[test]
fn a_placeholder_of_a_node_known_from_others_is_merged() {
    let mut rig = Rig::new();
    rig.welcome(3);
    join(&mut rig, &seed(1, id(0xbeef)));
    rig.says(3, &[claim(1, 1000, Online)]);
    assert_eq!(rig.core.len(), 3);
    rig.hear(MessageKind::Pong, 1, &[], &[]).unwrap();
    assert_eq!(rig.core.len(), 2);
    assert_eq!(rig.status(0xbeef), None);
}

#[test]
fn a_placeholder_that_gets_its_id_by_an_unbelieved_leave_is_told() {
    let mut rig = Rig::new();
    join(&mut rig, &seed(1, id(0xdead)));
    let own = NodeView { heartbeat: 1 << 62, ..rig.peer(1) };
    rig.take(Path::Struct, &rig.header(MessageKind::Leave, 1), &[own]).unwrap();
    assert_eq!((rig.core.len(), rig.status(1)), (1, Some(Joining)));
    assert_eq!(rig.changes(1), [(Unknown, Joining)]);
}

#[test]
fn a_met_node_that_others_vouch_for_keeps_its_id() {
    let mut rig = Rig::new();
    rig.welcome(2);
    join(&mut rig, &view(1));
    rig.hear(MessageKind::Ping, 2, &[claim(1, 1100, Online)], &[]).unwrap();
    assert_eq!(rig.status(1), Some(Online));
    // Somebody else writes from its address.
    rig.take(Path::Packet(address(1)), &rig.header(MessageKind::Ping, 8), &[]).unwrap();
    assert_eq!((rig.status(1), rig.status(8)), (Some(Online), None));
}

#[test]
fn our_own_address_and_id_are_not_met() {
    let mut rig = Rig::new();
    let now = rig.now();
    for node in [view(0), NodeView { id: NodeId::ZERO, ..view(0) }] {
        assert_eq!(rig.core.meet(now, &node.as_entry()), Err(CommandError::OwnNode));
        assert_eq!(rig.core.join(now, &node.as_entry()), Err(CommandError::OwnNode));
    }
    assert!(rig.core.is_empty());
}

#[test]
fn a_join_is_repeated_to_all_seeds_until_one_answers() {
    let mut rig = Rig::new();
    for n in 1..=3 {
        join(&mut rig, &seed(n, NodeId::ZERO));
    }
    let mut last = rig.ms;
    let mut waits = Vec::new();
    for _ in 0..300 {
        let sent = rig.tick();
        let joins = sent.iter().filter(|sent| sent.kind() == MessageKind::Join);
        let ips: std::collections::BTreeSet<_> = joins.map(|sent| sent.ip.clone()).collect();
        if !ips.is_empty() {
            assert_eq!(ips.len(), 3, "to all in parallel");
            waits.push(rig.ms - last);
            last = rig.ms;
        }
    }
    assert!(waits.len() >= 6 && waits.is_sorted() && waits[0] <= 500, "{waits:?}");
    assert!(
        waits.iter().all(|&wait| wait <= 5_500),
        "ever more rarely, but not for ever: {waits:?}"
    );
    rig.hear(MessageKind::Pong, 2, &[], &[]).unwrap();
    rig.clear();
    for _ in 0..100 {
        rig.tick();
    }
    let repeats = rig.sent.iter().filter(|sent| sent.kind() == MessageKind::Join);
    assert!(repeats.clone().all(|sent| sent.ip != view(2).ip), "not to the one that answered");
}

#[test]
fn nodes_that_join_at_once_ask_again_at_different_times() {
    let again = |seed| {
        let mut rig = Rig::seeded(packets(), seed);
        join(&mut rig, &view(1));
        rig.clear();
        (1..10).find(|_| !rig.tick().iter().all(|sent| sent.kind() != MessageKind::Join))
    };
    let rounds: Vec<u32> = (0..60).map(|seed| again(seed).expect("it asks again")).collect();
    for round in 1..=4 {
        let share = rounds.iter().filter(|&&at| at == round).count();
        assert!(share > 3, "{share} of 60 in round {round}");
    }
    assert!(rounds.iter().all(|round| (1..=4).contains(round)));
}

/// A newcomer that node 1 has answered and told of the nodes 2 to 99.
fn newcomer() -> Rig {
    let mut rig = Rig::packets();
    join(&mut rig, &view(1));
    rig.pong(1);
    rig.clear();
    let others: Vec<NodeView> = (2..100).map(view).collect();
    rig.says(1, &others);
    rig
}

#[test]
fn a_newcomer_pings_those_that_it_is_told_of_at_once_and_each_round_as_many_and_no_more() {
    let mut rig = newcomer();
    let told = rig.sent.split_off(0);
    let pings = |sent: &[Sent]| {
        sent.iter().filter(|sent| sent.kind() == MessageKind::Ping && sent.to != id(1)).count()
    };
    assert_eq!(pings(&told), 13);
    told.iter().filter(|sent| sent.kind() == MessageKind::Ping).for_each(|ping| rig.answer(ping));
    for _ in 0..20 {
        rig.clear();
        let sent = rig.tick();
        assert!(pings(&sent) <= 13 + 3);
        for ping in sent.iter().filter(|sent| sent.kind() == MessageKind::Ping) {
            rig.answer(ping);
        }
    }
    assert!((1..100).all(|n| rig.status(n) == Some(Online)), "all have answered by then");
}

#[test]
fn who_is_no_newcomer_pings_in_its_ring_alone() {
    let mut rig = newcomer();
    for _ in 0..101 {
        rig.tick_answered();
    }
    rig.clear();
    rig.says(1, &(100..200).map(view).collect::<Vec<_>>());
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 0);
    let sent = rig.tick();
    assert_eq!(sent.iter().filter(|sent| sent.kind() == MessageKind::Ping).count(), 3);
}

#[test]
fn where_rounds_are_slow_a_newcomer_catches_up_between_them() {
    let mut config = Config::quiet();
    config.carrier = gossip::proto::Carrier::Packets;
    let mut rig = Rig::with(config);
    join(&mut rig, &view(1));
    rig.pong(1);
    rig.says(1, &(2..60).map(view).collect::<Vec<_>>());
    let (from, mut rounds) = (rig.ms, 0);
    while !(1..60).all(|n| rig.status(n) == Some(Online)) {
        rounds += rig.wake_answered();
        assert!(rig.ms < from + 60_000, "never");
    }
    assert!(rounds <= 2 && rig.ms <= from + 2_000, "{rounds} rounds, {} ms", rig.ms - from);
}

#[test]
fn a_newcomer_that_knows_one_member_alone_leaves_it_in_peace() {
    let mut rig = newcomer();
    rig.clear();
    for _ in 0..20 {
        rig.tick();
    }
    let digests = rig.sent.iter().filter(|sent| sent.is_to(1, MessageKind::SyncDigest));
    assert_eq!(digests.count(), 0);
}

#[test]
fn a_node_that_never_answers_is_dropped_and_one_that_does_is_not() {
    let mut rig = Rig::new();
    join(&mut rig, &seed(1, id(1)));
    join(&mut rig, &seed(2, id(2)));
    rig.hear(MessageKind::Pong, 2, &[], &[]).unwrap();
    while rig.ms < 1_000_000 + 59_000 {
        rig.tick_but(&[1]);
    }
    assert_eq!(rig.status(1), Some(Joining));
    while rig.ms < 1_000_000 + 64_000 {
        rig.tick_but(&[1]);
    }
    assert_eq!((rig.status(1), rig.status(2)), (None, Some(Online)));
    rig.clear();
    for _ in 0..100 {
        rig.tick_answered();
    }
    assert!(rig.sent.iter().all(|sent| sent.ip != view(1).ip), "and left alone");
}

#[test]
fn a_join_is_answered_by_no_more_than_it_brought() {
    for mut rig in [Rig::new(), Rig::packets()] {
        rig.admit(1..=40);
        rig.hear(MessageKind::Join, 99, &[], &[]).unwrap();
        let pongs = rig.sent_of(MessageKind::Pong);
        assert_eq!(pongs.len(), 1);
        let most = if rig.packets { 1 } else { 2 };
        assert!(pongs[0].entries.len() <= most, "{:?}", pongs[0]);
    }
}

#[test]
fn a_joiner_that_struct_callers_vouch_for_is_pushed_the_whole_list() {
    let mut rig = Rig::among(Config::own_loop(), 200);
    rig.hear(MessageKind::Join, 999, &[], &[]).unwrap();
    let mut told = std::collections::BTreeSet::new();
    let mut rounds = 0;
    while told.len() < 201 && rounds < 20 {
        rounds += 1;
        for sent in rig.tick_answered() {
            assert!(sent.entries.len() <= 32);
            if sent.is_to(999, MessageKind::Update) {
                told.extend(sent.entries.iter().map(|entry| number(&entry.id)));
            }
        }
    }
    assert_eq!(told, (0..=200).collect(), "all but itself, within {rounds} rounds");
    rig.clear();
    for _ in 0..20 {
        rig.tick_answered();
    }
    assert_eq!(rig.sent_to(999, MessageKind::Update), 0, "once");
}

#[test]
fn nothing_is_pushed_to_an_address_that_has_not_answered() {
    let mut rig = Rig::among(Config::own_loop(), 100);
    rig.clear();
    let header = rig.header(MessageKind::Join, 999);
    let own = rig.peer(999);
    let from = Path::Datagram(address(999));
    rig.take(from, &header, std::slice::from_ref(&own)).unwrap();
    for _ in 0..50 {
        rig.tick_but(&[999]);
    }
    assert_eq!(rig.sent_to(999, MessageKind::Update), 0);
    let pong = rig.header(MessageKind::Pong, 999);
    rig.take(from, &pong, &[own]).unwrap();
    rig.tick_answered();
    assert!(rig.sent_to(999, MessageKind::Update) > 0);
}

/// Carries everything between two packet cores until neither says anything; gives the entries carried.
fn exchange(a: &mut Rig, b: &mut Rig) -> usize {
    let mut carried = 0;
    for _ in 0..100 {
        let mut quiet = true;
        for flip in [false, true] {
            let (from, to) = if flip { (&mut *b, &mut *a) } else { (&mut *a, &mut *b) };
            let own = from.own();
            for sent in from.sent.split_off(0) {
                if sent.ip == to.own().ip {
                    quiet = false;
                    carried += sent.entries.len();
                    let path = Path::Packet(format!("{}:{}", own.ip, own.port).parse().unwrap());
                    to.take(path, &sent.header, &sent.entries).unwrap();
                }
            }
        }
        if quiet {
            return carried;
        }
    }
    panic!("they never fall silent")
}

#[test]
fn in_packets_a_joiner_pulls_the_list_from_the_first_to_answer() {
    let mut seed_node = Rig::packets();
    (1..=300).for_each(|n| seed_node.welcome(n));
    seed_node.clear();
    let mut joiner = Rig::of(packets(), 3, &view(5_000));
    join(&mut joiner, &NodeView { id: NodeId::ZERO, ..view(0) });
    for _ in 0..6 {
        exchange(&mut joiner, &mut seed_node);
        joiner.tick();
        seed_node.tick();
    }
    assert_eq!(joiner.status(0), Some(Online));
    assert_eq!(joiner.core.len(), 301, "all of the list and the seed");
    assert_eq!(seed_node.status(5_000), Some(Online));
}

#[test]
fn an_answer_that_a_forger_made_up_does_not_end_the_join() {
    let mut rig = Rig::packets();
    join(&mut rig, &seed(1, NodeId::ZERO));
    rig.hear(MessageKind::Pong, 1, &[], &[]).unwrap();
    assert_ne!(rig.status(1), Some(Online));
    rig.clear();
    for _ in 0..10 {
        rig.tick_but(&[1]);
    }
    let joins = rig.sent_of(MessageKind::Join);
    assert!(!joins.is_empty());
    let ping = joins[0].clone();
    let header = Header { nonce: ping.header.nonce, ..rig.header(MessageKind::Pong, 1) };
    let own = rig.peer(1);
    rig.take(rig.path(1), &header, &[own]).unwrap();
    assert_eq!(rig.status(1), Some(Online));
}

#[test]
fn commands_check_what_they_are_given() {
    let mut rig = Rig::new();
    let now = rig.now();
    let long = "x".repeat(64);
    let bad = [
        (NodeView { heartbeat: 1 << 63, ..view(1) }, CommandError::Counter),
        (NodeView { config_epoch: u64::MAX, ..view(1) }, CommandError::Counter),
        (NodeView { ip: long.clone(), ..view(1) }, CommandError::Text),
        (NodeView { role: long.clone(), ..view(1) }, CommandError::Text),
        (NodeView { region: long, ..view(1) }, CommandError::Text),
    ];
    for (node, error) in bad {
        assert_eq!(rig.core.meet(now, &node.as_entry()), Err(error));
        rig.drain();
        assert!(rig.core.is_empty() && rig.sent.is_empty() && rig.told.is_empty());
    }
}

/// Where a thousand join at once, the turn of one in the ring may be far.
#[test]
fn one_that_is_not_proved_and_pings_is_asked_for_the_proof_at_once() {
    let mut rig = Rig::packets();
    rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
    assert_eq!(rig.status(1), Some(Joining));
    assert_eq!((rig.sent_to(1, MessageKind::Pong), rig.sent_to(1, MessageKind::Ping)), (1, 1));
    assert_eq!(rig.sent_of(MessageKind::Ping)[0].entries.len(), 1, "our own entry alone");
    rig.pong(1);
    assert_eq!(rig.status(1), Some(Online));
    rig.clear();
    rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
    assert_eq!(rig.sent_to(1, MessageKind::Ping), 0, "once it is proved no more");
}
