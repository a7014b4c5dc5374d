//! Lists of changes: all of one call in one, and with a wait many that belong together.

use crate::cluster::Cluster;
use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;

const LISTS: Has = Has { send: true, event: false, changes: true, packet: false };

/// The lists that a node was told since the last time.
fn lists(node: &Node) -> Vec<Vec<gossip_change_t>> {
    let list = |call| match call {
        Call::Changes(list) => Some(list),
        _ => None,
    };
    node.calls().into_iter().filter_map(list).collect()
}

fn brief(list: &[gossip_change_t]) -> Vec<(u8, u32, u32)> {
    list.iter()
        .map(|change| (change.node.id.data[0], change.old_status, change.new_status))
        .collect()
}

fn tick_at(node: &Node, now: u64) {
    // SAFETY: a live core.
    unsafe { gossip_core_tick_at(node.core, now) };
}

#[test]
fn all_changes_of_one_call_come_in_one_list_after_messages_and_events() {
    let node = Node::new(1);
    node.befriend(2);
    // More than one batch of calls holds.
    let entries: Vec<_> = (2..252).map(|number| online(number, 20)).collect();
    node.hear(MessageKind::Ping, 2, &entries);
    let calls = node.calls();
    let events = calls.iter().filter(|call| matches!(call, Call::Event)).count();
    let Some(Call::Changes(list)) = calls.last() else { panic!("the list is the last call") };
    assert_eq!((events, list.len()), (249, 249));
    let expected: Vec<_> = (3..252).map(|number| (number, 0, ONLINE)).collect();
    assert_eq!(brief(list), expected);
    assert!(list.iter().all(|change| change.merged == 1 && change.configuration == 0));
    assert_eq!(calls.iter().filter(|call| matches!(call, Call::Changes(_))).count(), 1);
}

#[test]
fn a_call_that_changes_nothing_tells_nothing() {
    let node = Node::with(&config(1), &view(1), LISTS);
    tick_at(&node, 100);
    node.befriend(2);
    tick_at(&node, 200);
    assert!(lists(&node).is_empty());
    let moved = gossip::ffi::gossip_node_view_t { config_epoch: 1, port: 9, ..online(2, 20) };
    node.hear(MessageKind::Ping, 2, &[moved]);
    let told = lists(&node);
    assert_eq!(told.len(), 1);
    assert_eq!(brief(&told[0]), [(2, ONLINE, ONLINE)]);
    assert_eq!((told[0][0].configuration, told[0][0].node.port, told[0][0].at_ms), (1, 9, 200));
}

#[test]
fn left_is_told_apart_from_failed() {
    let node = Node::with(&config(1), &view(1), LISTS);
    node.befriend(2);
    node.hear(MessageKind::Leave, 2, &[online(2, 20)]);
    let told = lists(&node);
    assert_eq!(brief(&told[0]), [(2, ONLINE, LEFT)]);
    assert_eq!(gossip::ffi::testing::raw_status(told[0][0].node.status), FAILED);
}

#[test]
fn with_a_wait_a_list_comes_when_it_has_settled() {
    let config = gossip_config_t { changes_settle_ms: 250, ..config(1) };
    let node = Node::with(&config, &view(1), LISTS);
    tick_at(&node, 1_000);
    node.meet(&view(2));
    node.hear(MessageKind::Pong, 2, &[online(2, 10)]);
    node.meet(&view(3));
    assert!(lists(&node).is_empty());
    // SAFETY: a live core.
    let due = || unsafe { gossip_core_next_timeout(node.core) };
    tick_at(&node, 1_200);
    assert_eq!(due(), 1_250, "a round would come at 1 300");
    tick_at(&node, 1_249);
    assert!(lists(&node).is_empty());
    // SAFETY: a live core.
    unsafe { gossip_core_handle_timeout_at(node.core, 1_250) };
    let told = lists(&node);
    assert_eq!(told.len(), 1);
    assert_eq!(brief(&told[0]), [(2, 0, ONLINE), (3, 0, JOINING)]);
    assert_eq!((told[0][0].merged, told[0][1].merged), (2, 1));
    assert!(due() > 1_250);
}

#[test]
fn with_a_wait_what_is_undone_is_not_told() {
    let config = gossip_config_t { changes_settle_ms: 50, ..config(1) };
    let node = Node::with(&config, &view(1), LISTS);
    // SAFETY: a live core.
    let settle = |now| unsafe { gossip_core_handle_timeout_at(node.core, now) };
    let leave_and_return = |node: &Node| {
        node.hear(MessageKind::Leave, 3, &[online(3, 20)]);
        node.meet(&view(3));
        node.hear(MessageKind::Pong, 3, &[online(3, 30)]);
    };
    node.befriend(3);
    node.befriend(4);
    settle(50);
    lists(&node);
    leave_and_return(&node);
    let moved = gossip_node_view_t { config_epoch: 1, port: 9, ..online(4, 11) };
    node.hear(MessageKind::Ping, 4, &[moved]);
    settle(100);
    assert_eq!(brief(&lists(&node).concat()), [(4, ONLINE, ONLINE)]);

    // Without a wait each change is told as it was.
    let node = Node::with(&gossip_config_t { changes_settle_ms: 0, ..config }, &view(1), LISTS);
    node.befriend(3);
    leave_and_return(&node);
    let told = brief(&lists(&node).concat());
    assert_eq!(told[told.len() - 2..], [(3, ONLINE, LEFT), (3, LEFT, ONLINE)]);
}

#[test]
fn what_is_held_back_is_not_told_after_destroy() {
    let config = gossip_config_t { changes_settle_ms: 250, ..config(1) };
    let node = Node::with(&config, &view(1), LISTS);
    node.meet(&view(2));
    let log = std::sync::Arc::clone(&node.log);
    drop(node);
    assert!(!lock(&log.calls).iter().any(|call| matches!(call, Call::Changes(_))));
}

/// Ten nodes of thirty crash in the same moment; their suspicions end in different rounds.
#[test]
fn ten_crashes_at_once_are_one_list() {
    let mut cluster = Cluster::new(30, |number| gossip_config_t {
        packets: 1,
        changes_settle_ms: 3_000,
        ..config(number.into())
    });
    cluster.form();
    cluster.run(40_000);
    for node in &cluster.nodes {
        lists(node);
    }
    cluster.alive[20..].fill(false);
    cluster.run(40_000);
    for node in &cluster.nodes[..20] {
        let told = lists(node);
        assert_eq!(told.len(), 1, "{:?}", told.iter().map(|list| brief(list)).collect::<Vec<_>>());
        let mut dead = brief(&told[0]);
        dead.sort_unstable();
        let expected: Vec<_> = (21..31).map(|number| (number, ONLINE, FAILED)).collect();
        assert_eq!(dead, expected);
        let times: Vec<_> = told[0].iter().map(|change| change.at_ms).collect();
        assert!(times.iter().any(|&time| time != times[0]), "they failed at different times");
    }
}

#[test]
fn the_metadata_of_a_change_is_that_of_its_moment() {
    let node = Node::with(&config(1), &view(1), LISTS);
    node.befriend(2);
    let (seen_tell, seen) = std::sync::mpsc::channel();
    node.inside(move |handed| {
        let Handed::Changes(changes, count) = handed else { return };
        // SAFETY: the library hands out valid pointers.
        let last = unsafe { std::slice::from_raw_parts(changes, count) }[count - 1];
        // SAFETY: numbers, which may all be zero.
        let mut info = unsafe { std::mem::zeroed::<gossip_node_info_t>() };
        info.size = size_of::<gossip_node_info_t>();
        // SAFETY: a node of this callback, and a struct with its size.
        let known = unsafe { gossip::ffi::gossip_view_info(&raw const (*last).node, &mut info) };
        seen_tell.send((known, info.metadata_count)).expect("the test waits");
    });
    // SAFETY: a builder, an entry and texts.
    unsafe {
        use gossip::ffi::*;
        let kind = gossip::ffi::testing::c_kind(MessageKind::Ping);
        let builder = gossip_message_builder_create(&id(2), kind, 19);
        gossip_message_builder_add_entry(builder, &online(2, 20));
        let (key, value) = (c"k".as_ptr(), c"v".as_ptr());
        gossip_message_builder_set_metadata(builder, 0, key, 1, value, 1);
        gossip_core_handle_built(node.core, builder);
        gossip_message_builder_destroy(builder);
    }
    assert_eq!(seen.try_recv(), Ok((1, 1)));
}
