//! P-14: leaving, and telling that another left.

use crate::support::*;
use NodeStatus::{Joining, Left, Online, Suspect};
use gossip::proto::{CommandError, Config};
use gossip::types::{Header, MessageKind, NodeStatus, NodeView};

fn leave(rig: &mut Rig, n: u32) {
    rig.clear();
    rig.core.leave(rig.now(), &id(n)).expect("a known node");
    rig.drain();
}

#[test]
fn after_leaving_rounds_only_repeat_it_for_some_rounds() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let own = rig.own();
    leave(&mut rig, 0);
    assert_eq!((rig.own().status, rig.own().heartbeat), (Left, own.heartbeat + 1));
    assert!(!rig.sent.is_empty(), "it is said at once");
    let heartbeat = rig.own().heartbeat;
    for _ in 0..10 {
        assert_eq!(rig.tick().len(), 3);
    }
    assert!(rig.sent.iter().all(|sent| sent.kind() == MessageKind::Leave));
    assert!(rig.sent.iter().all(|sent| sent.about(0).unwrap().status == Left));
    for _ in 0..20 {
        assert!(rig.tick().is_empty(), "then it is silent");
    }
    assert_eq!(rig.own().heartbeat, heartbeat);
    assert!(rig.told.is_empty(), "and nobody else went out");
}

#[test]
fn after_leaving_nothing_but_rounds_is_due() {
    let mut config = Config::own_loop();
    config.gossip_interval_ms = 50;
    let mut rig = Rig::among(config, 5);
    // A probe is on its way, and news wait for the next gossip.
    rig.tick();
    rig.says(1, &[view(9)]);
    leave(&mut rig, 0);
    for _ in 0..20 {
        let due = rig.core.poll_timeout().expect("rounds never end");
        rig.core.handle_timeout(due);
        rig.drain();
        assert!(rig.core.poll_timeout() > Some(due), "a driver would not sleep");
    }
}

#[test]
fn one_who_left_answers_questions_with_its_leave_and_believes_nothing() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    leave(&mut rig, 0);
    let members: Vec<NodeView> = rig.core.members().map(NodeView::from).collect();
    rig.clear();
    let accused = NodeView { status: Suspect, heartbeat: 1 << 30, ..rig.own() };
    rig.hear(MessageKind::Ping, 2, &[], &[accused, claim(3, 9000, Left), view(77)]).unwrap();
    assert_eq!(rig.sent.len(), 1);
    assert!(rig.sent[0].is_to(2, MessageKind::Leave));
    rig.clear();
    rig.says(2, &[claim(3, 9000, Left)]);
    assert!(rig.sent.is_empty());
    assert_eq!(rig.core.members().map(NodeView::from).collect::<Vec<_>>(), members);
}

#[test]
fn meeting_somebody_comes_back_past_the_leave() {
    for met in [1, 99] {
        let mut rig = Rig::among(Config::own_loop(), 5);
        leave(&mut rig, 0);
        let left = rig.own().heartbeat;
        rig.core.meet(rig.now(), &view(met).as_entry()).unwrap();
        rig.drain();
        assert_eq!(rig.own().status, Online);
        assert!(rig.own().heartbeat > left);
        let sent = rig.tick();
        assert!(sent.iter().any(|sent| sent.kind() == MessageKind::Ping));
        assert!(sent.iter().all(|sent| sent.kind() != MessageKind::Leave));
    }
}

#[test]
fn a_leave_means_that_its_sender_leaves() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    rig.rounds += 1;
    rig.clear();
    let own = NodeView { status: Left, ..rig.peer(2) };
    rig.take(rig.path(2), &rig.header(MessageKind::Leave, 2), &[own]).unwrap();
    assert_eq!(rig.changes(2), [(Online, Left)]);
    let sent = rig.tick_answered();
    let pings: Vec<_> = sent.iter().filter(|sent| sent.kind() == MessageKind::Ping).collect();
    assert!(pings.iter().all(|ping| ping.about(2).unwrap().status == Left), "and that is spread");
}

#[test]
fn an_older_leave_changes_nothing() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    let own = claim(2, 1001, Left);
    let header = Header { timestamp: 1000, ..rig.header(MessageKind::Leave, 2) };
    rig.take(rig.path(2), &header, &[own]).unwrap();
    assert_eq!(rig.status(2), Some(Online));
}

#[test]
fn a_leave_of_a_node_that_was_only_met_ends_its_joining() {
    let mut rig = Rig::new();
    rig.core.meet(rig.now(), &view(2).as_entry()).unwrap();
    rig.drain();
    rig.rounds += 1;
    let own = NodeView { status: Left, ..rig.peer(2) };
    rig.take(rig.path(2), &rig.header(MessageKind::Leave, 2), &[own]).unwrap();
    assert_eq!(rig.status(2), Some(Left));
    assert_eq!(rig.changes(2)[0].1, Joining);
}

#[test]
fn telling_that_another_left_keeps_the_teller_and_uses_no_leave() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    let own = rig.own();
    leave(&mut rig, 5);
    assert_eq!(rig.changes(5), [(Online, Left)]);
    assert_eq!(rig.own(), own);
    for _ in 0..5 {
        rig.tick_answered();
    }
    assert!(rig.sent_of(MessageKind::Leave).is_empty(), "an old peer would take it as ours");
    assert!(rig.sent.iter().any(|sent| sent.about(5).is_some_and(|entry| entry.status == Left)));
}

#[test]
fn a_live_node_refutes_the_leave_that_was_told_of_it_and_is_back() {
    let mut rig = Rig::among(Config::own_loop(), 20);
    leave(&mut rig, 5);
    let stamp = rig.heartbeat(5);
    // What it says of itself meanwhile is older than the stamp.
    rig.hear(MessageKind::Ping, 5, &[], &[]).unwrap();
    assert_eq!(rig.status(5), Some(Left));
    let pong = rig.sent_of(MessageKind::Pong)[0];
    assert_eq!((pong.entries[0].id, pong.entries[0].heartbeat), (id(5), stamp), "it is told so");
    let back = claim(5, stamp + 1, Online);
    let header = Header { timestamp: stamp, ..rig.header(MessageKind::Update, 5) };
    rig.take(rig.path(5), &header, &[back]).unwrap();
    assert_eq!(rig.status(5), Some(Online));
}

#[test]
fn only_known_nodes_can_be_told_to_have_left() {
    let mut rig = Rig::among(Config::own_loop(), 5);
    assert_eq!(rig.core.leave(rig.now(), &id(99)), Err(CommandError::UnknownNode));
    leave(&mut rig, 5);
    rig.clear();
    leave(&mut rig, 5);
    assert!(rig.told.is_empty() && rig.sent.is_empty(), "twice is once");
}
