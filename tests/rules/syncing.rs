//! P-12: digests find what was missed, at a cost that does not grow with the group.

use crate::support::*;
use NodeStatus::Online;
use gossip::types::{Digest, Form, Header, MessageKind, NodeStatus, NodeView, Path, SyncPayload};

/// What repairing took.
#[derive(Debug, Default)]
struct Cost {
    messages: usize,
    entries: usize,
    seconds: u64,
}

/// Whether a digest is in a message or rides on it.
fn has_digest(sent: &Sent) -> bool {
    matches!(sent.header.sync, SyncPayload::Digest(_))
}

fn is_sync(sent: &Sent, answering: bool) -> bool {
    matches!(sent.kind(), MessageKind::SyncDigest | MessageKind::SyncRequest)
        || answering && sent.kind() == MessageKind::Update
}

/// Two packet cores, nodes 0 and 5 000, that hold the same `members` and each other.
fn pair(members: u32) -> [Rig; 2] {
    let mut pair = [Rig::packets(), Rig::of(packets(), 8, &view(5_000))];
    for (i, rig) in pair.iter_mut().enumerate() {
        (1..=members).for_each(|n| rig.welcome(n));
        rig.welcome([5_000, 0][i]);
        for _ in 0..10 {
            rig.tick_answered();
        }
        rig.clear();
    }
    // What a scripted answer said of the other one's configuration is what it says itself.
    pair
}

/// Carries the anti-entropy's messages between the two and nothing else, whomever a first digest was
/// for, until `is` holds.
fn repair(pair: &mut [Rig; 2], is: impl Fn(&[Rig; 2]) -> bool) -> Cost {
    let mut cost = Cost::default();
    let start = pair[0].ms;
    while !is(pair) && pair[0].ms - start < 60_000 {
        for from in 0..2 {
            let sent = pair[from].tick_answered();
            pair[from].clear();
            let mut digests: Vec<Sent> = sent.into_iter().filter(has_digest).collect();
            for digest in &mut digests {
                carry(pair, from, digest, &mut cost);
            }
        }
    }
    cost.seconds = (pair[0].ms - start) / 1000;
    cost
}

fn carry(pair: &mut [Rig; 2], from: usize, sent: &Sent, cost: &mut Cost) {
    let mut waiting = vec![(from, sent.clone())];
    while let Some((from, sent)) = waiting.pop() {
        cost.messages += 1;
        cost.entries += sent.entries.len();
        assert!(cost.messages < 1_000, "they never agree");
        let to = 1 - from;
        let path = Path::Packet(address(if from == 0 { 0 } else { 5_000 }));
        pair[to].clear();
        pair[to].take(path, &sent.header, &sent.entries).unwrap();
        let answers = pair[to].sent.split_off(0);
        waiting.extend(answers.into_iter().filter(|sent| is_sync(sent, true)).map(|s| (to, s)));
    }
}

/// Node 17 changed its role, and only the first of the two heard of it.
fn one_missed(members: u32) -> Cost {
    let mut pair = pair(members);
    let rounds = pair[0].rounds;
    let changed = NodeView {
        heartbeat: 1000 + rounds + 100,
        config_heartbeat: 1000 + rounds + 100,
        role: "primary".into(),
        ..view(17)
    };
    let header =
        Header { timestamp: changed.heartbeat - 1, ..pair[0].header(MessageKind::Update, 17) };
    pair[0].take(Path::Packet(address(17)), &header, &[changed]).unwrap();
    assert_eq!(pair[0].member(17).unwrap().role, "primary");
    assert_eq!(pair[1].member(17).unwrap().role, "replica");
    repair(&mut pair, |pair| pair[1].member(17).unwrap().role == "primary")
}

#[test]
fn digests_find_and_repair_one_missed_update_whatever_the_size_is() {
    for members in [500, 2_000] {
        let cost = one_missed(members);
        assert!(cost.seconds <= 30, "{members}: {cost:?}");
        assert!(cost.messages <= 12, "{members}: {cost:?}");
        // A leaf holds a 256th of the members, and each side sends its own.
        assert!(cost.entries <= 16 + members as usize / 256 * 6, "{members}: {cost:?}");
    }
}

#[test]
fn digests_bring_members_that_the_other_never_heard_of() {
    let mut pair = pair(300);
    for n in [7_001, 7_002, 7_003] {
        pair[0].welcome(n);
    }
    pair[0].clear();
    repair(&mut pair, |pair| [7_001, 7_002, 7_003].iter().all(|&n| pair[1].status(n).is_some()));
    for n in [7_001, 7_002, 7_003] {
        assert!(pair[1].status(n).is_some(), "{n}");
    }
}

#[test]
fn where_nothing_differs_one_digest_ends_it() {
    let mut rig = Rig::packets();
    (1..=50).for_each(|n| rig.welcome(n));
    let mut digest = None;
    for _ in 0..300 {
        let sent = rig.tick_answered();
        digest = digest.or(sent.into_iter().find(has_digest));
    }
    let SyncPayload::Digest(top) = digest.expect("one in ten seconds").header.sync else {
        panic!("a digest carries one")
    };
    assert_eq!(top.prefix, None);
    rig.clear();
    let header =
        Header { sync: SyncPayload::Digest(top), ..rig.header(MessageKind::SyncDigest, 3) };
    let own = NodeView { config_heartbeat: 5, ..rig.peer(3) };
    rig.take(rig.path(3), &header, &[own]).unwrap();
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
}

#[test]
fn digests_go_out_every_sync_interval_to_one_member() {
    let mut rig = Rig::packets();
    (1..=50).for_each(|n| rig.welcome(n));
    for _ in 0..6_000 {
        rig.tick_answered();
    }
    let digests: Vec<_> = rig.sent.iter().filter(|sent| has_digest(sent)).collect();
    assert!(digests.iter().all(|sent| sent.kind() == MessageKind::Ping), "they ride on probes");
    assert!((50..=75).contains(&digests.len()), "{} in 600 s", digests.len());
    let receivers: std::collections::BTreeSet<_> = digests.iter().map(|sent| sent.to).collect();
    assert!(receivers.len() > 20, "random ones");
}

#[test]
fn the_digest_does_not_change_with_heartbeats_alone_nor_with_suspicion() {
    let mut rig = Rig::packets();
    (1..=20).for_each(|n| rig.welcome(n));
    let mut tops: Vec<Digest> = Vec::new();
    let mut suspected = false;
    for round in 0..1_200 {
        let sent = rig.tick_answered();
        if rig.status(9) == Some(NodeStatus::Failed) {
            // That does change it, and in this round already.
            break;
        }
        for sent in sent {
            if let SyncPayload::Digest(digest) = sent.header.sync {
                tops.push(digest);
            }
        }
        if round == 600 {
            // The suspect never refutes while it is asked for; its status is not part of the digest.
            rig.says(2, &[claim(9, 50_000, NodeStatus::Suspect)]);
            suspected = rig.status(9) == Some(NodeStatus::Suspect);
        }
    }
    assert!(suspected && tops.len() >= 5);
    assert!(tops.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_request_is_answered_with_the_members_of_its_buckets_only() {
    let mut rig = Rig::packets();
    (1..=400).for_each(|n| rig.welcome(n));
    let mut told = std::collections::BTreeSet::new();
    for prefix in 0..16 {
        rig.clear();
        let sync = SyncPayload::Request { prefix, buckets: u16::MAX };
        let header = Header { sync, ..rig.header(MessageKind::SyncRequest, 3) };
        let own = rig.peer(3);
        rig.take(rig.path(3), &header, &[own]).unwrap();
        for update in rig.sent_of(MessageKind::Update) {
            assert!(update.entries.len() <= 32);
            for entry in update.entries.iter().filter(|entry| entry.id != id(0)) {
                assert!(told.insert(entry.id), "each member in one bucket");
            }
        }
    }
    assert_eq!(told.len(), 399, "all but the one that asks");
}

#[test]
fn only_so_many_lists_are_begun_in_a_round() {
    let mut rig = Rig::packets();
    (1..=400).for_each(|n| rig.welcome(n));
    for _ in 0..2 {
        rig.tick_answered();
        rig.clear();
        for _ in 0..40 {
            for prefix in 0..16 {
                let sync = SyncPayload::Request { prefix, buckets: 1 };
                let header = Header { sync, ..rig.header(MessageKind::SyncRequest, 3) };
                let own = rig.peer(3);
                rig.take(rig.path(3), &header, &[own]).unwrap();
            }
        }
        let lists = rig.sent_of(MessageKind::Update);
        assert!((200..=256).contains(&lists.len()), "{}", lists.len());
        // Nor is a digest of the whole answered, which others can do as well.
        rig.clear();
        let sync = SyncPayload::Digest(Digest { prefix: None, hashes: [7; 16] });
        let header = Header { sync, ..rig.header(MessageKind::SyncDigest, 3) };
        let own = rig.peer(3);
        rig.take(rig.path(3), &header, &[own]).unwrap();
        assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    }
}

#[test]
fn strangers_and_struct_callers_get_no_list_by_digest() {
    let mut rig = Rig::packets();
    (1..=40).for_each(|n| rig.welcome(n));
    rig.clear();
    let sync = SyncPayload::Request { prefix: 0, buckets: u16::MAX };
    let header = Header { sync, ..rig.header(MessageKind::SyncRequest, 99) };
    let own = rig.peer(99);
    rig.take(rig.path(99), &header, &[own]).unwrap();
    assert!(rig.sent.is_empty());
    assert_ne!(rig.status(99), Some(Online));
    let taken = rig.take(Path::Struct, &rig.header(MessageKind::SyncRequest, 3), &[]);
    assert_eq!(taken, Err(gossip::proto::Refused::Kind));
    let header = rig.header(MessageKind::SyncDigest, 3);
    let taken = rig.take(Path::Stream(Form::Text), &header, &[]);
    assert_eq!(taken, Err(gossip::proto::Refused::Kind));
}

#[test]
fn a_digest_is_taken_over_a_connection_too() {
    let mut rig = Rig::packets();
    (1..=40).for_each(|n| rig.welcome(n));
    rig.clear();
    let sync = SyncPayload::Request { prefix: 0, buckets: u16::MAX };
    let header = Header { sync, ..rig.header(MessageKind::SyncRequest, 3) };
    rig.take(Path::Stream(Form::Packet), &header, &[]).unwrap();
    assert!(rig.sent.iter().any(|sent| sent.is_to(3, MessageKind::Update)));
}

#[test]
fn struct_callers_send_no_digests() {
    let mut rig = Rig::among(gossip::proto::Config::own_loop(), 20);
    for _ in 0..1_000 {
        rig.tick_answered();
    }
    assert!(rig.sent.iter().all(|sent| sent.kind().is_struct()));
    assert!(rig.sent.iter().all(|sent| sent.header.sync == SyncPayload::None));
}
