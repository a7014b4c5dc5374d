//! Peers of 1.4.2: how they are told apart, and how far they are believed.

use crate::support::*;
use NodeStatus::{Failed, Online, Suspect};
use gossip::proto::Config;
use gossip::types::{
    Entry, Header, MessageKind, MetadataPart, MetadataStamp, NodeStatus, NodeView, Path,
};

/// A message as a node of 1.4.2 makes it: the timestamp is its heartbeat.
fn says(rig: &mut Rig, kind: MessageKind, n: u32, after: &[NodeView]) {
    let own = rig.peer(n);
    let header = Header { timestamp: own.heartbeat, ..rig.header(kind, n) };
    let mut entries = vec![own];
    entries.extend_from_slice(after);
    rig.take(Path::Struct, &header, &entries).expect("a good message");
}

/// Node 1 is an old peer; 2 to `n` are new ones.
fn with_an_old_peer(n: u32) -> Rig {
    let mut rig = Rig::new();
    says(&mut rig, MessageKind::Ping, 1, &[]);
    (2..=n).for_each(|n| rig.welcome(n));
    for _ in 0..50 {
        round(&mut rig, &[]);
    }
    rig.clear();
    rig
}

/// A round in which all answer but some, node 1 as an old peer.
fn round(rig: &mut Rig, silent: &[u32]) {
    for ping in rig.tick() {
        if ping.kind() != MessageKind::Ping || silent.contains(&number(&ping.to)) {
            continue;
        }
        if ping.to == id(1) {
            says(rig, MessageKind::Pong, 1, &[]);
        } else {
            rig.answer(&ping);
        }
    }
}

#[test]
fn our_timestamp_is_one_less_than_the_heartbeat_of_our_entry() {
    let mut rig = with_an_old_peer(5);
    for _ in 0..10 {
        rig.tick();
    }
    assert!(rig.sent.len() >= 30);
    for sent in &rig.sent {
        assert_eq!(sent.header.timestamp + 1, sent.about(0).unwrap().heartbeat);
    }
}

/// Node 1 as old or new, by what it sends first; whether it is then sent its own entry once suspect.
fn is_told_its_own(first: impl Fn(&mut Rig)) -> bool {
    let mut rig = Rig::new();
    rig.admit(2..=5);
    first(&mut rig);
    rig.says(2, &[claim(1, 90_000, Suspect)]);
    rig.clear();
    for _ in 0..20 {
        rig.tick_but(&[1]);
    }
    let to_it: Vec<_> = rig.sent.iter().filter(|sent| sent.to == id(1)).collect();
    assert!(!to_it.is_empty());
    to_it.iter().any(|sent| sent.about(1).is_some())
}

#[test]
fn an_old_peer_never_gets_an_entry_with_its_own_id() {
    assert!(!is_told_its_own(|rig| says(rig, MessageKind::Ping, 1, &[])));
}

#[test]
fn the_timestamp_one_below_the_entry_marks_a_new_peer() {
    assert!(is_told_its_own(|rig| rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap()));
}

#[test]
fn a_kind_that_only_we_have_marks_a_new_peer() {
    assert!(is_told_its_own(|rig| {
        says(rig, MessageKind::Ping, 1, &[]);
        says(rig, MessageKind::Nack, 1, &[]);
    }));
}

#[test]
fn the_mark_is_remembered() {
    assert!(is_told_its_own(|rig| {
        rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
        says(rig, MessageKind::Pong, 1, &[]);
    }));
}

#[test]
fn what_an_older_program_in_its_place_asks_shows_that() {
    for kind in [MessageKind::Ping, MessageKind::Meet, MessageKind::Join] {
        assert!(!is_told_its_own(|rig| {
            rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
            says(rig, kind, 1, &[]);
        }));
    }
}

#[test]
fn a_node_whose_heartbeat_is_0_cannot_mark_its_messages() {
    assert!(is_told_its_own(|rig| {
        rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
        let header = Header { timestamp: 0, ..rig.header(MessageKind::Join, 1) };
        rig.take(Path::Struct, &header, &[claim(1, 0, Online)]).unwrap();
    }));
}

#[test]
fn hearsay_in_text_that_changes_nothing_is_no_later_configuration() {
    let mut rig = with_an_old_peer(3);
    // Node 2 changes its region, and says so in a packet after old ones told what it was.
    let own = rig.peer(2);
    let before = NodeView { heartbeat: own.heartbeat + 9, config_heartbeat: 0, ..own.clone() };
    says(&mut rig, MessageKind::Ping, 1, &[before]);
    assert_eq!(rig.heartbeat(2), own.heartbeat + 9);
    let after = NodeView {
        heartbeat: own.heartbeat + 10,
        config_heartbeat: own.heartbeat + 1,
        region: "us".into(),
        ..own
    };
    let header = Header { interval_us: 100_000, wire: 1, ..rig.header(MessageKind::Update, 2) };
    rig.take(Path::Packet(address(2)), &header, &[after]).unwrap();
    assert_eq!(rig.core.find(&id(2)).unwrap().region, "us");
}

#[test]
fn an_old_peers_accusation_only_makes_us_probe_that_node_soon() {
    for status in [Suspect, Failed] {
        let mut rig = with_an_old_peer(40);
        says(&mut rig, MessageKind::Ping, 1, &[claim(30, 9000, status)]);
        assert_eq!(rig.status(30), Some(Online));
        assert!(rig.told.is_empty());
        let sent = rig.tick();
        assert!(sent.iter().any(|sent| sent.is_to(30, MessageKind::Ping)), "{status:?}");
    }
}

#[test]
fn an_old_peers_sign_of_life_of_others_is_believed() {
    let mut rig = with_an_old_peer(5);
    says(&mut rig, MessageKind::Ping, 1, &[claim(3, 9000, Online)]);
    assert_eq!(rig.heartbeat(3), 9000);
}

#[test]
fn an_old_suspects_answer_clears_it_and_is_spread_one_past_the_stamp() {
    let mut rig = with_an_old_peer(10);
    rig.says(2, &[claim(1, 90_000, Suspect)]);
    assert_eq!(rig.status(1), Some(Suspect));
    let pinged =
        (0..20).any(|_| rig.tick_but(&[1]).iter().any(|sent| sent.is_to(1, MessageKind::Ping)));
    assert!(pinged);
    rig.clear();
    // It cannot refute: its heartbeat stays below the stamp.
    says(&mut rig, MessageKind::Pong, 1, &[]);
    assert_eq!(rig.changes(1), [(Suspect, Online)]);
    assert_eq!(rig.heartbeat(1), 90_001);
    let sent = rig.tick_but(&[1]);
    let pings: Vec<_> =
        sent.iter().filter(|sent| sent.kind() == MessageKind::Ping && sent.to != id(1)).collect();
    assert!(pings.iter().any(|ping| {
        ping.about(1).is_some_and(|entry| (entry.heartbeat, entry.status) == (90_001, Online))
    }));
}

#[test]
fn an_old_suspects_ping_alone_does_not_clear_it() {
    let mut rig = with_an_old_peer(10);
    rig.says(2, &[claim(1, 90_000, Suspect)]);
    says(&mut rig, MessageKind::Ping, 1, &[]);
    assert_eq!(rig.status(1), Some(Suspect));
}

#[test]
fn a_new_suspects_answer_without_a_refutation_does_not_clear_it() {
    let mut rig = with_an_old_peer(10);
    rig.says(3, &[claim(2, 90_000, Suspect)]);
    for _ in 0..20 {
        rig.tick_but(&[1]);
    }
    assert_eq!(rig.status(2), Some(Suspect));
}

#[test]
fn an_old_nodes_leave_of_another_is_about_that_one() {
    let mut rig = with_an_old_peer(10);
    let header = Header { timestamp: 1000 + rig.rounds, ..rig.header(MessageKind::Leave, 1) };
    rig.take(Path::Struct, &header, &[view(4)]).unwrap();
    assert_eq!(rig.status(4), Some(NodeStatus::Left));
    assert_eq!(rig.status(1), Some(Online), "the teller stays");
}

#[test]
fn old_peers_are_told_random_members() {
    let mut rig = Rig::among(Config::own_loop(), 30);
    says(&mut rig, MessageKind::Ping, 1, &[]);
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!(pong.entries.len(), 3, "our own entry and sync_nodes others");
}

/// Whether node 1, an old peer, is told of node 2 within some rounds.
fn is_told_of_node_2(rig: &mut Rig) -> bool {
    rig.clear();
    // So few that node 2 is not missed.
    for _ in 0..4 {
        says(rig, MessageKind::Ping, 1, &[]);
        rig.tick();
    }
    assert_eq!(rig.status(2), Some(Online));
    rig.sent.iter().any(|sent| sent.to == id(1) && sent.about(2).is_some())
}

#[test]
fn old_peers_are_not_told_of_a_member_whose_metadata_is_still_to_come() {
    let mut rig = with_an_old_peer(3);
    assert!(is_told_of_node_2(&mut rig));
    // Node 2 says in a packet that it has metadata now, too long to go with it.
    let own = rig.peer(2);
    let header = Header { interval_us: 100_000, wire: 1, ..rig.header(MessageKind::Update, 2) };
    let stamp = MetadataStamp { bytes: 5000, hash: 1 };
    let entry = Entry {
        heartbeat: own.heartbeat + 1,
        config_heartbeat: own.heartbeat + 1,
        metadata: MetadataPart::Apart(stamp),
        ..own.as_entry()
    };
    let (now, path) = (rig.now(), Path::Packet(address(2)));
    rig.core.handle_message(now, path, &header, std::iter::once(entry)).expect("a good message");
    assert!(!is_told_of_node_2(&mut rig), "an old peer would take it for none");
}

#[test]
fn an_old_peer_is_told_of_a_failure_one_past_the_suspicion() {
    // It takes an entry only with a higher heartbeat, and it has that of the suspicion already.
    let mut rig = with_an_old_peer(4);
    while rig.status(2) != Some(Failed) {
        round(&mut rig, &[2]);
    }
    let heartbeat = rig.heartbeat(2);
    rig.clear();
    for _ in 0..10 {
        round(&mut rig, &[2]);
    }
    let told = |n: u32| {
        let about = |sent: &Sent| sent.about(2).filter(|_| sent.to == id(n)).cloned();
        rig.sent.iter().find_map(about).expect("it is told")
    };
    assert_eq!((told(1).status, told(1).heartbeat), (Failed, heartbeat + 1));
    assert_eq!((told(3).status, told(3).heartbeat), (Failed, heartbeat));
    assert_eq!(rig.heartbeat(2), heartbeat);
}
