//! What nodes know of each other.

use crate::support::{
    DEADLINE, Recorder, address, cluster, id, is_whole, join, start, start_with, status, wait_for,
};
use gossip::net::{Node, Serializer};
use gossip::types::NodeStatus::{self, Failed, Left, Online, Suspect};
use std::sync::Arc;
use std::time::Duration;

/// What the others hold of one node.
fn all_hold(nodes: &[Node], of: gossip::types::NodeId, what: NodeStatus) -> bool {
    nodes.iter().all(|node| node.id() == of || status(node, of) == what)
}

#[test]
fn a_crash_is_found_by_all_and_nobody_else_is_failed() {
    let mut nodes = cluster(8, |_| ());
    let gone = nodes.remove(3);
    let of = gone.id();
    drop(gone);
    let took = wait_for("failed at all", || all_hold(&nodes, of, Failed));
    assert!(took < Duration::from_secs(8), "{took:?}");
    for node in &nodes {
        let online =
            node.members().unwrap().iter().filter(|member| member.status == Online).count();
        assert_eq!(online, nodes.len() - 1);
    }
}

#[test]
fn a_leave_is_listed_as_one_and_a_join_brings_back() {
    let nodes = cluster(5, |_| ());
    let of = nodes[2].id();
    nodes[2].leave(DEADLINE).unwrap();
    wait_for("left at all", || all_hold(&nodes, of, Left));
    assert_eq!(nodes[2].local().unwrap().status, Left);
    // Who has left asks nobody anything any more.
    let before = nodes[2].stats().unwrap().core.probes;
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(nodes[2].stats().unwrap().core.probes, before);
    assert!(all_hold(&nodes, of, Left));
    nodes[2].leave(DEADLINE).expect("again is nothing new");
    join(&nodes[2], &nodes[0]);
    wait_for("all see all", || is_whole(&nodes));
}

#[test]
fn a_leave_and_a_stop_take_no_longer_than_asked() {
    let nodes = cluster(3, |config| config.protocol.round_interval_ms = 5000);
    let of = nodes[0].id();
    let began = std::time::Instant::now();
    nodes[0].leave(Duration::from_millis(400)).unwrap();
    nodes[0].stop().unwrap();
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    wait_for("left at all", || all_hold(&nodes, of, Left));
    let alone = start(|_| ());
    let began = std::time::Instant::now();
    alone.leave(DEADLINE).unwrap();
    assert!(began.elapsed() < DEADLINE / 10, "there is nobody to tell");
}

#[test]
fn metadata_spreads_changes_and_goes() {
    let nodes = cluster(4, |config| config.metadata.insert("zone", "a").unwrap());
    let of = nodes[1].id();
    let all_have = |key: &str, value: Option<&str>| {
        nodes.iter().all(|node| {
            let found = node.find(&of).unwrap().unwrap();
            found.metadata.as_deref().and_then(|metadata| metadata.get(key)) == value
        })
    };
    wait_for("what it began with", || all_have("zone", Some("a")));
    nodes[1].update_metadata([("zone", "b"), ("load", "0.7")].into_iter()).unwrap();
    wait_for("the change", || all_have("zone", Some("b")) && all_have("load", Some("0.7")));
    assert!(nodes[1].remove_metadata("load").unwrap());
    wait_for("the end of one", || all_have("load", None) && all_have("zone", Some("b")));
    nodes[1].update_metadata([("config_epoch", "7")].into_iter()).unwrap();
    wait_for("the epoch", || {
        nodes.iter().all(|node| node.find(&of).unwrap().unwrap().config_epoch == 7)
    });
    let error = nodes[1].update_metadata([("config_epoch", "6")].into_iter()).unwrap_err();
    assert!(error.to_string().contains("may not fall below 7"), "{error}");
}

#[test]
fn much_metadata_spreads_too() {
    for serializer in [Serializer::Auto, Serializer::Json, Serializer::Binary] {
        let nodes = cluster(3, |config| config.serializer = serializer.clone());
        let value = "v".repeat(20_000);
        let pairs = [("one", value.as_str()), ("two", &value), ("three", &value)];
        nodes[0].update_metadata(pairs.into_iter()).unwrap();
        let of = nodes[0].id();
        wait_for("all have it", || {
            nodes.iter().all(|node| {
                let found = node.find(&of).unwrap().unwrap();
                found.metadata.as_deref().and_then(|all| all.get("three")) == Some(&value)
            })
        });
    }
}

#[test]
fn role_region_and_the_advertised_address_are_shown() {
    let node = start(|config| {
        config.id = id(5);
        config.role = "cache".into();
        config.region = "eu-1".into();
        config.bind_host = "0.0.0.0".into();
        config.advertise_host = "127.0.0.9".into();
    });
    let seed = start(|_| ());
    join(&node, &seed);
    wait_for("it is online", || status(&seed, id(5)) == Online);
    let found = seed.find(&id(5)).unwrap().unwrap();
    assert_eq!((found.role.as_str(), found.region.as_str()), ("cache", "eu-1"));
    assert_eq!((found.ip.as_str(), found.port), ("127.0.0.9", i32::from(node.port())));
    assert_eq!(seed.members().unwrap(), [found]);
    assert_eq!(seed.find(&id(6)).unwrap(), None);
    // All of 127/8 is this host, so it is reached there.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(status(&seed, id(5)), Online);
}

#[test]
fn clusters_with_other_names_do_not_mix() {
    let named = |name: &'static str| {
        start(move |config| {
            config.cluster = name.into();
            config.serializer = Serializer::Binary;
        })
    };
    let nodes = [named("blue"), named("blue"), named("green")];
    join(&nodes[1], &nodes[0]);
    assert!(nodes[2].join(&[&address(&nodes[0])], Duration::from_millis(700)).is_err());
    wait_for("blue sees blue", || status(&nodes[0], nodes[1].id()) == Online);
    assert_eq!(nodes[0].members().unwrap().len(), 1);
    assert!(nodes[0].stats().unwrap().core.refused_cluster > 0);
}

#[test]
fn what_is_known_of_the_way_is_shown() {
    let nodes = cluster(2, |config| config.serializer = Serializer::Binary);
    let of = nodes[1].id();
    wait_for("a round trip was measured", || {
        nodes[0].peer(&of).unwrap().is_some_and(|peer| peer.round_trip.is_some())
            && nodes[0].stats().unwrap().core.probes_answered > 0
    });
    assert_eq!(nodes[0].peer(&nodes[0].id()).unwrap(), None);
    let stats = nodes[0].stats().unwrap();
    let traffic = stats.datagrams;
    assert!(traffic.sent > 0 && traffic.bytes_sent > traffic.sent);
    assert!(traffic.received > 0 && traffic.bytes_received > traffic.received);
    assert_eq!((traffic.junk, traffic.unsent, traffic.unaddressed), (0, 0, 0));
}

#[test]
fn junk_is_counted_and_harms_nobody() {
    let nodes = cluster(2, |_| ());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    for junk in [&b"junk"[..], &[0; 400], &[0xff; 100], b"\0\0\0\x02[]", b"\0\0\0\x03{{{"] {
        socket.send_to(junk, ("127.0.0.1", nodes[0].port())).unwrap();
    }
    wait_for("it is counted", || nodes[0].stats().unwrap().datagrams.junk >= 4);
    assert!(is_whole(&nodes));
}

#[test]
fn a_hundred_nodes_in_one_process_find_each_other_and_a_crash() {
    let watcher = Arc::new(Recorder::default());
    let seed = start_with(Some(watcher.clone()), |_| ());
    let mut nodes = vec![seed];
    nodes.extend((1..100).map(|_| start(|_| ())));
    let target = address(&nodes[0]);
    for node in &nodes[1..] {
        node.join(&[&target], Duration::ZERO).unwrap();
    }
    wait_for("all see all", || is_whole(&nodes));
    let gone = nodes.pop().unwrap();
    let of = gone.id();
    drop(gone);
    wait_for("failed at all", || all_hold(&nodes, of, Failed));
    watcher
        .wait("the program is told", |change| change.node.id == of && change.node.status == Failed);
    let steps = watcher.steps(of);
    assert!(steps.windows(2).all(|two| two[0].1 == two[1].0), "{steps:?}");
    assert!(nodes.iter().all(|node| {
        let members = node.members().unwrap();
        members.iter().all(|member| member.id == of || matches!(member.status, Online | Suspect))
    }));
}
