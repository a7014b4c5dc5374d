//! In which form members speak to one another, and by which way.

use crate::net::{Net, address};
use gossip::proto::{Carrier, Config};
use gossip::types::{Entry, Form, Header, MessageKind, NodeStatus, NodeView};

fn texts(net: &Net) -> u64 {
    net.nodes.iter().flatten().map(|node| node.texts).sum()
}

#[test]
fn strangers_begin_in_text_and_go_on_in_packets() {
    let mut net = Net::formed(1, None, &Config::lan(), 12);
    assert!(texts(&net) > 0);
    net.run(5_000);
    let before = texts(&net);
    net.run(20_000);
    assert_eq!(texts(&net), before, "all of it is packets now");
    assert!(net.all_see_all());
}

#[test]
fn one_that_reads_text_alone_is_spoken_to_in_text_and_stays_a_member() {
    let mut net = Net::new(1, None);
    for index in 0..6 {
        net.add(Config::lan());
        net.node(index).text_only = index % 2 == 1;
        if index > 0 {
            net.join(index, 0);
        }
    }
    net.run_until(10_000, Net::all_see_all);
    net.run(60_000);
    assert!(net.all_see_all());
    for node in net.nodes.iter_mut().flatten() {
        let suspected = node.events.iter().any(|(_, _, new)| *new == NodeStatus::Suspect);
        assert!(!suspected, "{:?}", node.events);
    }
}

#[test]
fn a_node_that_goes_back_to_text_is_a_member_again() {
    for seed in 1..6 {
        let mut net = Net::formed(seed, None, &Config::lan(), 6);
        net.run(5_000);
        net.nodes[3] = None;
        net.run(500);
        net.start(3, Config::lan());
        net.node(3).text_only = true;
        net.join(3, 0);
        // Those it did not join through go on with packets until one of their probes fails.
        net.run_until(45_000, Net::all_see_all);
        assert!(net.all_see_all(), "seed {seed}");
        net.run(30_000);
        assert!(net.all_see_all(), "seed {seed}");
    }
}

#[test]
fn an_answer_in_text_does_not_speak_for_one_that_repeats_nonces() {
    let mut net = Net::formed(1, None, &Config::lan(), 4);
    net.run(5_000);
    // The node is gone, and somebody answers for it in text, from its address.
    let victim = net.nodes[3].take().expect("it ran");
    let own = victim.core.own();
    for round in 1..200 {
        let header = Header {
            sender: own.id,
            kind: MessageKind::Pong,
            timestamp: own.heartbeat + round * 3,
            ..Header::default()
        };
        let entry = Entry { heartbeat: own.heartbeat + round * 3 + 1, ..own };
        let mut bytes = Vec::new();
        gossip::wire::json::encode(&header, [entry], &mut bytes).expect("it fits");
        for to in 0..3 {
            net.inject(3, to, Form::Text, bytes.clone());
        }
        net.run(100);
    }
    let gone = |at: usize| net.status(at, 3).is_some_and(NodeStatus::is_gone);
    assert!((0..3).all(gone), "{} did not go", address(3));
}

#[test]
fn where_datagrams_do_not_pass_connections_carry_all() {
    let mut config = Config::lan();
    config.carrier = Carrier::Packets;
    config.has_streams = true;
    let mut net = Net::new(1, None);
    net.cut = |from, to| (from == 2) != (to == 2);
    for index in 0..5 {
        net.add(config.clone());
        if index > 0 {
            net.join(index, 0);
        }
    }
    net.run_until(10_000, Net::all_see_all);
    assert!(net.all_see_all());
    for node in net.nodes.iter_mut().flatten() {
        node.events.clear();
    }
    net.run(60_000);
    assert!(net.all_see_all());
    for node in net.nodes.iter_mut().flatten() {
        assert_eq!(node.events, [], "nothing happens");
    }
    net.set_metadata(2, "k", "v");
    net.set_metadata(1, "k", "v");
    net.run(3_000);
    assert!((0..5).all(|at| net.value(at, 2, "k").is_some() && net.value(at, 1, "k").is_some()));
}

#[test]
fn a_joiner_over_connections_alone_learns_who_its_seed_is() {
    // A connection does not tell where its peer listens, so the answer to a join has to.
    let mut net = Net::new(1, Some(100));
    net.streams_alone = true;
    net.add(Config::lan());
    net.run(10_000);
    for index in 1..4 {
        net.add(Config::lan());
        net.join(index, 0);
        net.run(500);
        assert!(net.all_see_all(), "with {index}");
        assert_eq!(net.core(index).len(), index, "nobody stands for the seed");
    }
}

#[test]
fn a_node_that_restarts_gets_the_list_over_connections_alone() {
    let mut net = Net::new(1, Some(100));
    net.streams_alone = true;
    for index in 0..4 {
        net.add(Config::lan());
        if index > 0 {
            net.join(index, 0);
        }
    }
    net.run(5_000);
    // So soon that nobody missed it: they tell it their claims alone.
    net.nodes[3] = None;
    net.run(50);
    net.start(3, Config::lan());
    net.join(3, 0);
    net.run_until(3_000, Net::all_see_all);
    assert!(net.all_see_all());
}

#[test]
fn messages_of_another_cluster_are_dropped_and_counted() {
    let mut net = Net::new(1, None);
    for cluster in [0, 1, 2] {
        let mut config = Config::lan();
        config.carrier = Carrier::Packets;
        config.cluster = cluster;
        net.add(config);
    }
    net.join(1, 0);
    net.join(2, 0);
    net.join(2, 1);
    net.run(3_000);
    assert_eq!(net.core(0).len(), 0);
    assert!(net.core(0).stats().refused_cluster > 1);
    assert!(net.core(1).stats().refused_cluster > 0);
    assert_eq!(net.status(2, 0), None);
}

#[test]
fn a_group_that_begins_in_text_forms_as_soon_as_one_that_has_packets_alone() {
    let forms = |carrier| {
        let mut config = Config::lan();
        config.carrier = carrier;
        let mut net = Net::new(1, None);
        for index in 0..60 {
            net.add(config.clone());
            if index > 0 {
                net.join(index, 0);
            }
        }
        net.run_until(10_000, Net::all_see_all)
    };
    let (text, packets) = (forms(Carrier::Structs), forms(Carrier::Packets));
    assert!(text <= 2 * packets, "{text} ms, {packets} ms");
}

#[test]
fn members_tell_who_reads_packets() {
    // With a round a second it takes 100 of them until a node has spoken to each of 50.
    let mut net = Net::formed(1, None, &Config::quiet(), 50);
    net.run(3_000);
    let before = texts(&net);
    net.run(60_000);
    assert_eq!(texts(&net), before, "all of it is packets now");
    assert!(net.all_see_all());
}

#[test]
fn a_wrong_word_on_packets_makes_nobody_suspect() {
    let mut net = Net::formed(1, None, &Config::lan(), 3);
    net.run(5_000);
    net.add(Config::lan());
    net.node(3).text_only = true;
    net.run(500);
    let teller = net.node(1).core.own();
    let (sender, timestamp) = (teller.id, teller.heartbeat);
    let header = Header { sender, timestamp, kind: MessageKind::Update, ..Header::default() };
    let reader = NodeView::from(net.node(3).core.own());
    let entry = Entry { reads_packets: true, ..reader.as_entry() };
    let mut bytes = Vec::new();
    gossip::wire::binary::encode(&header, [entry], &mut bytes).expect("it fits");
    net.inject(1, 0, Form::Packet, bytes);
    net.run_until(10_000, Net::all_see_all);
    assert!(net.all_see_all());
    net.run(30_000);
    for node in net.nodes.iter_mut().flatten() {
        let suspected = node.events.iter().any(|(_, _, new)| *new == NodeStatus::Suspect);
        assert!(!suspected, "{:?}", node.events);
    }
}
