//! Making, starting, stopping and dropping nodes.

use crate::support::{DEADLINE, Recorder, address, id, join, make, start, start_with, wait_for};
use gossip::net::{Node, NodeConfig, NodeError};
use gossip::types::{NodeId, NodeStatus};
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn configuration_is_checked_and_the_error_names_the_field() {
    let refused = |adjust: fn(&mut NodeConfig)| {
        let mut config = NodeConfig::default();
        adjust(&mut config);
        Node::new(config, None).err().expect("a bad configuration").to_string()
    };
    let long = |config: &mut NodeConfig| config.role = "r".repeat(64);
    assert_eq!(refused(long), "role has 64 bytes; give at most 63");
    assert!(refused(|config| config.region = "r".repeat(64)).starts_with("region has 64"));
    assert!(refused(|config| config.cluster = "r".repeat(256)).starts_with("cluster has 256"));
    for name in ["", "localhost", "127.0.0"] {
        let mut config = NodeConfig::default();
        config.bind_host = name.into();
        let error = Node::new(config, None).err().expect("no address").to_string();
        assert!(error.starts_with(&format!("bind_host is \"{name}\"")), "{error}");
    }
    assert!(refused(|config| config.advertise_host = "db.example".into()).contains("numeric"));
    assert!(refused(|config| config.advertise_host = "0.0.0.0".into()).contains("can send to"));
    let error = refused(|config| config.protocol.gossip_nodes = 0);
    assert!(error.contains("gossip_nodes must be 1 to 64"), "{error}");
}

#[test]
fn an_id_is_chosen_if_none_is_given_and_kept() {
    let nodes = [make(None, |_| ()), make(None, |_| ())];
    assert!(nodes.iter().all(|node| !node.id().is_zero()));
    assert_ne!(nodes[0].id(), nodes[1].id());
    let given = start(|config| config.id = id(7));
    assert_eq!(given.id(), id(7));
    assert_eq!(given.local().unwrap().id, id(7));
    given.stop().unwrap();
    given.start().unwrap();
    assert_eq!(given.id(), id(7));
}

#[test]
fn udp_and_tcp_share_the_port() {
    let node = start(|_| ());
    let at = ("127.0.0.1", node.port());
    assert_ne!(node.port(), 0);
    assert!(UdpSocket::bind(at).is_err() && TcpListener::bind(at).is_err());
    assert!(node.stats().unwrap().listens_on_tcp);
    drop(node);
    assert!(UdpSocket::bind(at).is_ok() && TcpListener::bind(at).is_ok());
}

#[test]
fn a_port_that_tcp_has_not_is_used_by_udp_alone() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let node = start(|config| config.port = port);
    assert!(!node.stats().unwrap().listens_on_tcp);
    join(&start(|_| ()), &node);
}

#[test]
fn a_port_in_use_is_told_and_the_node_may_be_started_later() {
    let first = start(|_| ());
    let port = first.port();
    let second = make(None, |config| config.port = port);
    let error = second.start().expect_err("the port is the first one's").to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(matches!(second.join(&["127.0.0.1:1"], DEADLINE), Err(NodeError::NotStarted)));
    drop(first);
    second.start().unwrap();
    assert!(matches!(second.start(), Err(NodeError::AlreadyStarted)));
}

#[test]
fn a_node_that_is_not_started_says_so_and_shows_itself() {
    let node = make(None, |config| {
        config.port = 7;
        config.role = "cache".into();
        config.metadata.insert("zone", "a").unwrap();
    });
    assert_eq!(node.port(), 7);
    let own = node.local().unwrap();
    assert_eq!((own.ip.as_str(), own.port, own.role.as_str()), ("127.0.0.1", 7, "cache"));
    assert_eq!(own.metadata.unwrap().get("zone"), Some("a"));
    assert!(node.members().unwrap().is_empty());
    assert_eq!(node.find(&id(9)).unwrap(), None);
    assert!(matches!(node.leave(DEADLINE), Err(NodeError::NotStarted)));
    node.update_metadata([("zone", "b"), ("disk", "ssd")].into_iter()).unwrap();
    assert!(node.remove_metadata("disk").unwrap() && !node.remove_metadata("disk").unwrap());
    assert_eq!(node.local().unwrap().metadata.unwrap().iter().collect::<Vec<_>>(), [("zone", "b")]);
    node.stop().unwrap();
}

#[test]
fn stops_as_often_as_you_like_and_its_members_can_still_be_read() {
    let (node, seed) = (start(|_| ()), start(|_| ()));
    join(&node, &seed);
    let stopping = Instant::now();
    node.stop().unwrap();
    node.stop().unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(2));
    assert_eq!(node.members().unwrap()[0].id, seed.id());
    assert!(node.stats().unwrap().core.sent_messages > 0);
    assert!(matches!(node.join(&["127.0.0.1:1"], DEADLINE), Err(NodeError::NotStarted)));
    node.update_metadata([("late", "1")].into_iter()).unwrap();
    node.start().unwrap();
    assert!(node.members().unwrap().is_empty());
    assert_eq!(node.local().unwrap().metadata.unwrap().get("late"), Some("1"));
}

#[test]
fn a_waiting_join_ends_when_the_node_stops() {
    let node = Arc::new(start(|_| ()));
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let target = silent.local_addr().unwrap().to_string();
    let joining = {
        let node = node.clone();
        std::thread::spawn(move || node.join(&[&target], DEADLINE))
    };
    silent.recv_from(&mut [0; 2000]).expect("it asks");
    node.stop().unwrap();
    assert!(matches!(joining.join().unwrap(), Err(NodeError::NotStarted)));
}

#[cfg(target_os = "linux")]
#[test]
fn threads_are_named_block_signals_and_end_with_the_node() {
    // Other tests of this program have threads of the same names.
    if std::env::var_os("GOSSIP_ALONE").is_none() {
        return alone("life::threads_are_named_block_signals_and_end_with_the_node");
    }
    let node = make(Some(Arc::new(Recorder::default())), |_| ());
    assert_eq!(threads(), []);
    node.start().unwrap();
    let both = [("gossip-events".to_owned(), true), ("gossip-node".to_owned(), true)];
    wait_for("both threads have their names", || threads().len() == 2);
    assert_eq!(threads(), both);
    // A name is looked up by a thread that is gone afterwards.
    assert!(node.join(&["no-such-host.invalid:7"], DEADLINE).is_err());
    wait_for("the look-up ends", || threads() == both);
    let silent = start(|_| ());
    wait_for("one more without callbacks", || threads().len() == 3);
    drop(silent);
    drop(node);
    // The system lists a thread for a moment after it was joined.
    wait_for("all are gone", || threads().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a_forked_child_can_only_drop_what_it_inherited() {
    if std::env::var_os("GOSSIP_ALONE").is_none() {
        return alone("life::a_forked_child_can_only_drop_what_it_inherited");
    }
    let node = start_with(Some(Arc::new(Recorder::default())), |_| ());
    let seed = start(|_| ());
    join(&node, &seed);
    // SAFETY: the child calls nothing that another thread of the parent could have locked.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let refuses = node.is_foreign()
            && matches!(node.start(), Err(NodeError::Forked))
            && matches!(node.stop(), Err(NodeError::Forked))
            && matches!(node.members(), Err(NodeError::Forked))
            && matches!(node.join(&[], DEADLINE), Err(NodeError::Forked))
            && matches!(node.leave(DEADLINE), Err(NodeError::Forked))
            && node.port() == 0;
        drop(node);
        drop(seed);
        // SAFETY: ends the child without running the parent's exit handlers.
        unsafe { libc::_exit(i32::from(!refuses)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, into a local.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    let third = start(|_| ());
    join(&third, &node);
    wait_for("all three go on", || {
        [&node, &seed, &third].iter().all(|node| node.members().unwrap().len() == 2)
    });
}

#[test]
fn a_restarted_node_is_believed_at_once() {
    let watcher = Arc::new(Recorder::default());
    let seed = start_with(Some(watcher.clone()), |_| ());
    let mut before = 0;
    for life in 0..3 {
        // Each time as a new program would start: nothing but the id is kept.
        let node = start(|config| {
            config.id = id(9);
            config.role = format!("life {life}");
        });
        join(&node, &seed);
        let took = wait_for("the new life is seen", || {
            let found = seed.find(&id(9)).unwrap();
            found.is_some_and(|found| {
                found.port == i32::from(node.port()) && found.status == NodeStatus::Online
            })
        });
        assert!(took < Duration::from_secs(5), "{took:?}");
        let found = seed.find(&id(9)).unwrap().unwrap();
        assert_eq!(found.role, format!("life {life}"));
        assert!(found.heartbeat > before);
        before = found.heartbeat;
        drop(node);
    }
    let ids: Vec<NodeId> = seed.members().unwrap().iter().map(|member| member.id).collect();
    assert_eq!(ids, [id(9)]);
}

#[test]
fn the_heartbeat_starts_at_the_wall_clock() {
    let wall = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() as u64;
    let node = start(|_| ());
    let own = node.local().unwrap();
    assert!(own.heartbeat.abs_diff(wall) < 10_000);
    assert!(own.config_heartbeat.abs_diff(wall) < 10_000);
    assert_eq!(address(&node), format!("{}:{}", own.ip, own.port));
}

/// Runs a test of this program in a process of its own.
#[cfg(target_os = "linux")]
fn alone(test: &str) {
    let program = std::env::current_exe().unwrap();
    let mut command = std::process::Command::new(program);
    let status = command.args(["--exact", test]).env("GOSSIP_ALONE", "1").status().unwrap();
    assert!(status.success());
}

/// The library's threads, and whether each blocks the signal for termination.
#[cfg(target_os = "linux")]
fn threads() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let blocked = u64::from_str_radix(&field("SigBlk:"), 16).unwrap_or(0);
        if field("Name:").starts_with("gossip") {
            found.push((field("Name:"), blocked & (1 << 14) != 0));
        }
    }
    found.sort();
    found
}
