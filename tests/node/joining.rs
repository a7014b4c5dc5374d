//! Finding a cluster.

use crate::support::{DEADLINE, address, id, is_whole, join, make, start, status, wait_for};
use gossip::net::{JoinFailure, JoinReason, NodeError};
use gossip::types::{Entry, Header, MessageKind, NodeStatus};
use gossip::wire::{Serializer, binary};
use std::io::ErrorKind;
use std::net::{TcpListener, UdpSocket};
use std::time::{Duration, Instant};

/// An address of this host where nobody listens.
fn refused() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().to_string()
}

/// A packet of a cluster that nobody here is in.
fn foreign(kind: MessageKind, entries: &[Entry<'_>]) -> Vec<u8> {
    let header = Header { sender: id(9), kind, cluster: 99, ..Header::default() };
    let mut packet = Vec::new();
    binary::encode(&header, entries.iter().copied(), &mut packet).unwrap();
    packet
}

/// A socket that takes everything and answers nothing, by UDP or TCP.
struct Silent {
    udp: UdpSocket,
    _tcp: TcpListener,
}

impl Silent {
    fn new() -> Self {
        loop {
            let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
            if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()) {
                return Self { udp, _tcp: tcp };
            }
        }
    }

    fn address(&self) -> String {
        self.udp.local_addr().unwrap().to_string()
    }
}

#[test]
fn one_live_address_among_nine_dead_ones_is_found_at_once() {
    let seed = start(|_| ());
    let silent: Vec<Silent> = (0..4).map(|_| Silent::new()).collect();
    let mut targets: Vec<String> = silent.iter().map(Silent::address).collect();
    targets.extend((0..2).map(|_| refused()));
    // Nobody has these: the second has no way there, the others may be black holes.
    targets.extend(
        ["192.0.2.1:7946", "240.0.0.1:7946", "no-such-host.invalid:7946"].map(String::from),
    );
    for place in [0, 5, 9] {
        let mut targets = targets.clone();
        targets.insert(place, address(&seed));
        let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
        assert_eq!(targets.len(), 10);
        let node = start(|_| ());
        let began = Instant::now();
        let joined = node.join(&targets, DEADLINE).expect("one lives");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(joined.answered, 1);
        wait_for("it is listed", || status(&node, seed.id()) == NodeStatus::Online);
    }
}

#[test]
fn when_nobody_answers_every_target_is_told_of() {
    let silent = Silent::new();
    let (silent, refused) = (silent.address(), refused());
    let targets = [&silent, &refused, "no-such-host.invalid:7946", "10.0.0.1"];
    let node = start(|_| ());
    let began = Instant::now();
    let error = node.join(&targets, Duration::from_millis(1500)).unwrap_err();
    let took = began.elapsed();
    assert!((1400..2500).contains(&took.as_millis()), "{took:?}");
    let text = error.to_string();
    let NodeError::NoAnswer(failures) = error else { panic!("{text}") };
    assert_eq!(failures.iter().map(|failure| &failure.target).collect::<Vec<_>>(), targets);
    assert_eq!(failures[0].reason, JoinReason::NoAnswer(None));
    let kind = ErrorKind::ConnectionRefused;
    assert_eq!(failures[1].reason, JoinReason::NoAnswer(Some(kind)));
    assert!(matches!(failures[2].reason, JoinReason::Unknown(_) | JoinReason::LookUp), "{text}");
    assert!(matches!(failures[3].reason, JoinReason::Malformed(_)));
    assert!(targets.iter().all(|target| text.contains(target)), "{text}");
}

#[test]
fn a_joiner_of_another_cluster_is_told_so() {
    let named = |name: &'static str, serializer: Serializer| {
        start(move |config| {
            config.cluster = name.into();
            config.serializer = serializer;
        })
    };
    let wait = Duration::from_millis(400);
    for serializer in [Serializer::Auto, Serializer::Binary, Serializer::Json] {
        for (joins, asked) in [("green", "blue"), ("green", ""), ("", "blue")] {
            if matches!(serializer, Serializer::Json) && joins.is_empty() {
                continue; // As a node of 1.4.2 would.
            }
            let (node, seed) = (named(joins, serializer.clone()), named(asked, Serializer::Auto));
            let began = Instant::now();
            let error = node.join(&[&address(&seed)], wait).unwrap_err();
            assert!(began.elapsed() >= wait, "it might have been forged");
            let text = error.to_string();
            let NodeError::NoAnswer(failures) = error else { panic!("{text}") };
            assert_eq!(failures[0].reason, JoinReason::OtherCluster, "{joins:?} asks {asked:?}");
            assert!(text.ends_with("both need the same cluster name"), "{text}");
            assert!(node.members().unwrap().is_empty() && seed.members().unwrap().is_empty());
        }
    }
}

#[test]
fn a_stranger_who_feigns_another_cluster_ends_no_join() {
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(DEADLINE)).unwrap();
    let port = udp.local_addr().unwrap().port();
    let node = start(|_| ());
    let target = format!("127.0.0.1:{port}");
    std::thread::scope(|scope| {
        let joined = scope.spawn(|| node.join(&[&target], DEADLINE));
        let (_, from) = udp.recv_from(&mut [0; 2048]).unwrap();
        for kind in [MessageKind::Update, MessageKind::Pong, MessageKind::Join] {
            udp.send_to(&foreign(kind, &[]), from).unwrap();
        }
        wait_for("they came", || node.stats().unwrap().core.refused_cluster == 3);
        drop(udp);
        let seed = start(|config| config.port = port);
        assert_eq!(joined.join().unwrap().expect("an answer").answered, 1);
        assert_eq!(status(&node, seed.id()), NodeStatus::Online);
    });
}

#[test]
fn another_cluster_s_join_is_answered_in_no_more_bytes_and_nothing_else_is() {
    let node = start(|config| config.cluster = "blue".into());
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let ask = |packet: &[u8]| udp.send_to(packet, ("127.0.0.1", node.port())).unwrap();
    let own = Entry { id: id(9), ip: "127.0.0.1", port: 1, ..Entry::default() };
    for kind in [MessageKind::Ping, MessageKind::Update, MessageKind::Leave] {
        ask(&foreign(kind, &[own]));
    }
    // Text that is shorter than any answer to it.
    let sender = ["09"; 16].join(",");
    let text = format!(
        "{{\"sender\":\"{sender}\",\"type\":3,\"timestamp\":0,\"cluster\":99,\"entries\":[]}}"
    );
    let length = u32::try_from(text.len()).unwrap();
    ask(&[&length.to_be_bytes(), text.as_bytes()].concat());
    udp.set_read_timeout(Some(DEADLINE)).unwrap();
    for entries in [&[][..], &[own]] {
        let question = foreign(MessageKind::Join, entries);
        ask(&question);
        let mut answer = [0; 2048];
        let (len, _) = udp.recv_from(&mut answer).unwrap();
        assert!(len <= question.len(), "{len} bytes for {}", question.len());
        let read = binary::decode(&answer[..len]).expect("a packet is answered by one");
        assert_eq!((read.header.kind, read.header.sender), (MessageKind::Update, node.id()));
        assert_eq!(read.entries().count(), 0);
    }
    // What comes after it was dealt with after it.
    ask(b"junk");
    wait_for("all was read", || node.stats().unwrap().datagrams.junk == 1);
    let stats = node.stats().unwrap();
    assert_eq!((stats.core.refused_cluster, stats.datagrams.sent), (6, 2));
    assert!(node.members().unwrap().is_empty());
}

#[test]
fn what_can_have_no_answer_is_not_waited_for() {
    let node = start(|_| ());
    let own = address(&node);
    let began = Instant::now();
    let error = node.join(&[&own, "10.0.0.1", "[::1]:7946", "x:0"], DEADLINE).unwrap_err();
    assert!(began.elapsed() < DEADLINE / 2);
    let NodeError::NoAnswer(failures) = error else { panic!("{error}") };
    assert_eq!(failures[0].reason, JoinReason::OwnNode);
    assert!(matches!(failures[1].reason, JoinReason::Malformed(_)));
    assert_eq!(failures[2].reason, JoinReason::Family);
    assert!(matches!(failures[3].reason, JoinReason::Malformed(_)));
    assert!(node.members().unwrap().is_empty());
    assert_eq!(node.join(&[], DEADLINE).expect("nothing is asked").answered, 0);
    let many = vec!["127.0.0.1:1"; 257];
    assert!(matches!(node.join(&many, DEADLINE), Err(NodeError::TooManyTargets(257))));
}

#[test]
fn a_node_bound_to_all_addresses_knows_itself() {
    let node = start(|config| config.bind_host = "0.0.0.0".into());
    let error = node.join(&[&address(&node)], DEADLINE).unwrap_err();
    let NodeError::NoAnswer(failures) = error else { panic!("{error}") };
    assert_eq!(failures[0].reason, JoinReason::OwnNode);
}

#[test]
fn a_join_without_a_wait_goes_on_in_the_background() {
    let (node, seed) = (start(|_| ()), start(|_| ()));
    let targets = ["x", &address(&seed)];
    let joined = node.join(&targets, Duration::ZERO).expect("one may answer");
    assert_eq!(joined.failures.len(), 1);
    wait_for("both see both", || is_whole_pair(&[&node, &seed]));
    assert!(matches!(node.join(&["x"], Duration::ZERO), Err(NodeError::NoAnswer(_))));
}

fn is_whole_pair(nodes: &[&gossip::net::Node; 2]) -> bool {
    status(nodes[0], nodes[1].id()) == NodeStatus::Online
        && status(nodes[1], nodes[0].id()) == NodeStatus::Online
}

#[test]
fn joining_again_answers_again() {
    let (node, seed) = (start(|_| ()), start(|_| ()));
    for _ in 0..3 {
        join(&node, &seed);
    }
    wait_for("one member each", || node.members().unwrap().len() == 1);
    assert_eq!(seed.members().unwrap().len(), 1);
}

#[test]
fn many_may_join_at_once_from_many_threads() {
    let seed = start(|_| ());
    let node = start(|_| ());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| join(&node, &seed));
        }
    });
    assert_eq!(node.members().unwrap().iter().filter(|m| m.id == seed.id()).count(), 1);
}

#[test]
fn a_node_started_before_its_seed_finds_it() {
    let seed = make(None, |config| config.id = id(1));
    seed.start().unwrap();
    let port = seed.port();
    seed.stop().unwrap();
    // The core gives up after a second; the seeds are tried again all the same.
    let node = start(|config| {
        config.protocol.join_timeout_ms = 1000;
        config.protocol.heal_interval_ms = 500;
    });
    let target = format!("127.0.0.1:{port}");
    assert!(node.join(&[&target], Duration::from_millis(100)).is_err());
    wait_for("it is given up", || node.members().unwrap().is_empty());
    seed.start().unwrap();
    assert_eq!(seed.port(), port);
    wait_for("the seed is found", || status(&node, id(1)) == NodeStatus::Online);
}

#[test]
fn a_name_is_joined_at_all_its_addresses() {
    // Whatever families the name has here, the node listens on one of them.
    for host in ["127.0.0.1", "::1", "::"] {
        let Some(seed) = try_start(host) else { continue };
        let node = try_start(host).expect("as the seed");
        let target = format!("localhost:{}", seed.port());
        let joined = node.join(&[&target], DEADLINE);
        if let (Err(NodeError::NoAnswer(failures)), "::1") = (&joined, host) {
            // A host whose name has no IPv6 address.
            assert_eq!(failures[0].reason, JoinReason::Family);
            continue;
        }
        assert_eq!(joined.expect("an answer").answered, 1, "{host}");
    }
}

fn try_start(host: &str) -> Option<gossip::net::Node> {
    let node = make(None, |config| config.bind_host = host.into());
    node.start().ok().map(|()| node)
}

#[test]
fn nodes_of_both_families_meet_on_a_socket_for_both() {
    let Some(both) = try_start("::") else { return };
    let four = start(|_| ());
    let six = try_start("::1").expect("the host has IPv6");
    let seed = both.port();
    let any = start(|config| config.bind_host = "0.0.0.0".into());
    any.join(&[&format!("127.0.0.1:{seed}")], DEADLINE).expect("by IPv4");
    four.join(&[&format!("127.0.0.1:{seed}")], DEADLINE).expect("by IPv4");
    six.join(&[&format!("[::1]:{seed}")], DEADLINE).expect("by IPv6");
    wait_for("it sees all three", || {
        [&any, &four, &six].iter().all(|node| status(&both, node.id()) == NodeStatus::Online)
    });
    // Who tells no address is listed at the one it speaks from.
    let found = both.find(&any.id()).unwrap().unwrap();
    assert_eq!((found.ip.as_str(), found.port), ("127.0.0.1", i32::from(any.port())));
    let found = six.find(&both.id()).unwrap().unwrap();
    assert_eq!((found.ip.as_str(), found.port), ("::1", i32::from(seed)));
}

#[test]
fn a_cluster_lives_on_ipv6() {
    let Some(first) = try_start("::1") else { return };
    let mut nodes = vec![first];
    for _ in 0..3 {
        let node = try_start("::1").expect("as the first");
        node.join(&[&format!("[::1]:{}", nodes[0].port())], DEADLINE).expect("an answer");
        nodes.push(node);
    }
    wait_for("all see all", || is_whole(&nodes));
}

#[test]
fn every_target_of_a_join_is_told_of() {
    let failure = |target: &str, reason| JoinFailure { target: target.into(), reason };
    let error = NodeError::NoAnswer(vec![
        failure("10.0.0.1:7001", JoinReason::NoAnswer(None)),
        failure("10.0.0.2:7001", JoinReason::NoAnswer(Some(ErrorKind::ConnectionRefused))),
        failure("db-7", JoinReason::Malformed("it has no port")),
    ]);
    assert_eq!(
        error.to_string(),
        "nobody answered: 10.0.0.1:7001: no answer; 10.0.0.2:7001: no answer (connection \
         refused); db-7: it has no port"
    );
}
