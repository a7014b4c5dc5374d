//! P-1, P-4, P-5: what is believed about others.

use crate::support::*;
use NodeStatus::{Failed, Joining, Left, Online, Suspect, Unknown};
use gossip::proto::{Config, Refused};
use gossip::types::{MessageKind, NodeStatus, NodeView, Path};

/// A core that holds node 1 (who tells) and node 2 (told of) online.
fn told_of_two() -> Rig {
    let mut rig = Rig::new();
    rig.welcome(1);
    rig.welcome(2);
    rig.clear();
    rig
}

#[test]
fn higher_heartbeat_wins_whatever_the_statuses_are() {
    for (low, high) in [(Left, Online), (Failed, Online), (Online, Suspect), (Suspect, Online)] {
        let mut rig = told_of_two();
        rig.says(1, &[claim(2, 2000, low)]);
        assert_eq!((rig.heartbeat(2), rig.status(2)), (2000, Some(low)));
        rig.says(1, &[claim(2, 2001, high)]);
        assert_eq!((rig.heartbeat(2), rig.status(2)), (2001, Some(high)), "{low:?} {high:?}");
    }
}

#[test]
fn at_equal_heartbeats_online_suspect_failed_left_win_in_this_order() {
    let mut rig = told_of_two();
    for status in [Online, Suspect, Failed, Left] {
        rig.says(1, &[claim(2, 2000, status)]);
        assert_eq!(rig.status(2), Some(status));
    }
    for status in [Unknown, Joining, Online, Suspect, Failed] {
        rig.says(1, &[claim(2, 2000, status)]);
        assert_eq!(rig.status(2), Some(Left), "{status:?}");
    }
    let steps = [(Online, Suspect), (Suspect, Failed), (Failed, Left)];
    assert_eq!(rig.changes(2), steps);
}

#[test]
fn an_older_claim_changes_nothing_and_raises_no_event() {
    let mut rig = told_of_two();
    let held = rig.member(2);
    for status in [Unknown, Joining, Online, Suspect, Failed, Left] {
        rig.says(1, &[claim(2, 999, status)]);
        assert_eq!(rig.member(2), held, "{status:?}");
    }
    assert!(rig.told.is_empty());
}

#[test]
fn configuration_is_ordered_by_epoch_before_its_heartbeat() {
    let mut rig = told_of_two();
    let told = |epoch, at, role: &str, heartbeat| NodeView {
        config_epoch: epoch,
        config_heartbeat: at,
        role: role.into(),
        ..claim(2, heartbeat, Online)
    };
    rig.says(1, &[told(3, 1500, "epoch three", 2000)]);
    assert_eq!(rig.member(2).unwrap().role, "epoch three");
    rig.says(1, &[told(2, 1900, "lower epoch", 2001)]);
    assert_eq!(rig.member(2).unwrap().role, "epoch three");
    assert_eq!(rig.heartbeat(2), 2000, "a lower epoch is the owner's to tell");
    assert_eq!(rig.sent_to(2, MessageKind::Ping), 1, "so it is asked");
    rig.says(1, &[told(3, 1400, "older change", 2002)]);
    assert_eq!(rig.member(2).unwrap().role, "epoch three");
    rig.says(1, &[told(3, 1600, "later change", 2003)]);
    assert_eq!(rig.member(2).unwrap().role, "later change");
    let changes: Vec<_> = rig.told.iter().map(|told| told.node.role.as_str()).collect();
    assert_eq!(changes, ["epoch three", "later change"], "one event a change");
}

#[test]
fn without_a_configuration_heartbeat_the_entrys_is_taken() {
    let mut rig = told_of_two();
    let told = |role: &str, heartbeat| NodeView {
        config_heartbeat: 0,
        role: role.into(),
        ..claim(2, heartbeat, Online)
    };
    rig.says(1, &[told("new", 1700)]);
    assert_eq!(rig.member(2).unwrap().role, "new");
    rig.says(1, &[told("newer", 1701)]);
    assert_eq!(rig.member(2).unwrap().role, "newer");
}

#[test]
fn a_lower_epoch_of_our_own_is_refused_and_its_command_changes_nothing() {
    let mut rig = Rig::new();
    let now = rig.now();
    rig.core.update_metadata(now, [("config_epoch", "7")].into_iter()).unwrap();
    assert_eq!(rig.own().config_epoch, 7);
    let before = rig.own();
    let refused = rig.core.update_metadata(now, [("a", "b"), ("config_epoch", "6")].into_iter());
    assert_eq!(refused.unwrap_err().to_string(), "the epoch may not fall below 7");
    assert_eq!(rig.own(), before);
    for _ in 0..5 {
        rig.tick();
    }
    assert_eq!(rig.own().config_epoch, 7, "the library itself never changes it");
}

#[test]
fn a_struct_that_has_no_metadata_erases_none() {
    let mut rig = told_of_two();
    let mut metadata = gossip::types::Metadata::new();
    metadata.insert("zone", "a").unwrap();
    let with = NodeView {
        config_heartbeat: 1500,
        metadata: Some(metadata.into()),
        ..claim(2, 2000, Online)
    };
    rig.says(1, &[with]);
    let without =
        NodeView { config_heartbeat: 1600, role: "moved".into(), ..claim(2, 2001, Online) };
    rig.says(1, &[without]);
    let held = rig.member(2).unwrap();
    assert_eq!(held.role, "moved");
    assert_eq!(held.metadata.unwrap().get("zone"), Some("a"));
}

#[test]
fn counters_of_2_to_the_63_are_refused_whole() {
    for counter in [1u64 << 63, u64::MAX] {
        let mut rig = told_of_two();
        let held = rig.member(2);
        let bad = [
            NodeView { heartbeat: counter, ..claim(2, 0, Online) },
            NodeView { config_heartbeat: counter, ..claim(2, 2000, Online) },
            NodeView { config_epoch: counter, ..claim(2, 2000, Online) },
        ];
        for entry in bad {
            let both = [claim(3, 1000, Online), entry];
            let taken = rig.hear(MessageKind::Update, 1, &[], &both);
            assert_eq!(taken, Err(Refused::Counter));
        }
        let mut header = rig.header(MessageKind::Ping, 1);
        header.timestamp = counter;
        assert_eq!(rig.take(Path::Struct, &header, &[view(1)]), Err(Refused::Counter));
        assert_eq!(rig.member(2), held);
        assert_eq!(rig.status(3), None, "nothing of a refused message is taken");
        assert_eq!(rig.core.stats().refused_messages, 4);
    }
}

#[test]
fn a_jump_of_more_than_2_to_the_32_is_not_applied_but_its_subject_is_asked() {
    let far = 1000 + (1 << 32) + 1;
    for status in [Online, Suspect, Failed, Left] {
        let mut rig = told_of_two();
        let held = rig.member(2);
        rig.says(1, &[claim(2, far, status)]);
        assert_eq!(rig.member(2), held, "{status:?}");
        assert_eq!(rig.sent_to(2, MessageKind::Ping), 1);
        assert!(rig.told.is_empty());
    }
}

#[test]
fn a_jump_of_2_to_the_32_exactly_is_applied() {
    let mut rig = told_of_two();
    let far = 1000 + (1 << 32);
    rig.says(1, &[claim(2, far, Online)]);
    assert_eq!(rig.heartbeat(2), far);
}

#[test]
fn only_the_subjects_own_answer_carries_a_far_jump() {
    let far = claim(2, 1 << 40, Online);
    let mut rig = told_of_two();
    let header = rig.header(MessageKind::Ping, 2);
    rig.take(Path::Struct, &header, std::slice::from_ref(&far)).unwrap();
    assert_eq!(rig.heartbeat(2), 1000, "a ping of it is no answer");
    assert_eq!(rig.sent_to(2, MessageKind::Ping), 1, "but makes us ask");
    let header = rig.header(MessageKind::Pong, 2);
    rig.take(Path::Struct, &header, &[far]).unwrap();
    assert_eq!(rig.heartbeat(2), 1 << 40);
}

#[test]
fn in_packets_a_far_jump_needs_the_nonce_of_our_question() {
    let mut rig = Rig::packets();
    rig.welcome(1);
    rig.welcome(2);
    rig.clear();
    let far = claim(2, 1 << 40, Online);
    let mut header = rig.header(MessageKind::Pong, 2);
    rig.take(Path::Packet(address(2)), &header, std::slice::from_ref(&far)).unwrap();
    assert_eq!(rig.heartbeat(2), 1000, "a made-up nonce proves nothing");
    let ping = rig.sent_of(MessageKind::Ping)[0].clone();
    assert_eq!(ping.to, id(2));
    header.nonce = ping.header.nonce;
    rig.take(Path::Packet(address(2)), &header, &[far]).unwrap();
    assert_eq!(rig.heartbeat(2), 1 << 40);
}

#[test]
fn questions_about_far_claims_are_limited_in_a_round() {
    let mut rig = Rig::among(Config::own_loop(), 40);
    let far: Vec<_> = (2..=40).map(|n| claim(n, 1 << 50, Failed)).collect();
    rig.says(1, &far);
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 8);
    rig.says(1, &far);
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 8, "the limit is one of the round");
    rig.tick();
    rig.clear();
    rig.says(1, &far);
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 8);
}

#[test]
fn a_tombstone_stays_at_claims_that_are_not_newer() {
    for gone in [Failed, Left] {
        let mut rig = told_of_two();
        rig.says(1, &[claim(2, 2000, gone)]);
        rig.clear();
        for heartbeat in [1, 1999, 2000] {
            rig.says(1, &[claim(2, heartbeat, Online)]);
            let header = rig.header(MessageKind::Ping, 2);
            rig.take(Path::Struct, &header, &[claim(2, heartbeat, Online)]).unwrap();
        }
        assert_eq!(rig.status(2), Some(gone));
        assert!(rig.told.is_empty());
        assert_eq!(rig.core.len(), 2, "a tombstone is still listed");
        rig.says(1, &[claim(2, 2001, Online)]);
        assert_eq!(rig.changes(2), [(gone, Online)]);
    }
}

#[test]
fn accusations_of_unknown_nodes_add_nothing() {
    for status in [Suspect, Failed, Left] {
        let mut rig = told_of_two();
        rig.says(1, &[claim(9, 2000, status)]);
        rig.hear(MessageKind::Update, 1, &[claim(9, 2000, status)], &[]).unwrap();
        assert_eq!(rig.status(9), None, "{status:?}");
        assert!(rig.told.is_empty());
    }
}

#[test]
fn a_struct_caller_vouches_for_unknown_nodes_that_an_online_member_tells_of() {
    let mut rig = told_of_two();
    rig.says(1, &[claim(9, 50, Online)]);
    assert_eq!(rig.changes(9), [(Unknown, Online)]);
}

#[test]
fn those_who_are_no_online_members_bring_nobody_in() {
    let mut rig = told_of_two();
    let header = rig.header(MessageKind::Update, 8);
    rig.take(Path::Struct, &header, &[claim(9, 50, Online)]).unwrap();
    assert_eq!(rig.status(9), None, "a stranger's word");
    rig.says(1, &[claim(2, 2000, Failed)]);
    let header = rig.header(MessageKind::Update, 2);
    rig.take(Path::Struct, &header, &[claim(2, 1000, Online), claim(9, 50, Online)]).unwrap();
    assert_eq!(rig.status(9), None, "a tombstone's word");
}

#[test]
fn from_packets_an_unknown_node_joins_until_two_members_vouch_for_it() {
    let mut rig = Rig::packets();
    (1..=2).for_each(|n| rig.welcome(n));
    rig.clear();
    rig.says(1, &[claim(9, 50, Online)]);
    assert_eq!(rig.status(9), Some(Joining));
    rig.says(1, &[claim(9, 51, Online)]);
    assert_eq!(rig.status(9), Some(Joining), "the same one twice is one");
    rig.says(2, &[claim(9, 52, Online)]);
    assert_eq!(rig.status(9), Some(Online));
    assert_eq!(rig.changes(9), [(Unknown, Joining), (Joining, Online)]);
}

#[test]
fn from_packets_an_unknown_node_joins_until_it_answers_itself() {
    let mut rig = Rig::packets();
    rig.welcome(1);
    rig.clear();
    rig.says(1, &[claim(9, 50, Online)]);
    rig.hear(MessageKind::Ping, 9, &[], &[]).unwrap();
    assert_eq!(rig.status(9), Some(Joining), "anybody can send a ping in its name");
    rig.hear(MessageKind::Pong, 9, &[], &[]).unwrap();
    assert_eq!(rig.status(9), Some(Joining), "or a pong with a made-up nonce");
    rig.until(&[], 10, |rig| rig.status(9) == Some(Online));
}

#[test]
fn entries_with_a_zero_id_are_passed_over_and_counted() {
    let mut rig = told_of_two();
    let zero = NodeView { id: gossip::types::NodeId::ZERO, ..view(9) };
    rig.says(1, &[zero]);
    assert_eq!(rig.core.len(), 2);
    assert_eq!(rig.core.stats().dropped_entries, 1);
    let header = gossip::types::Header {
        sender: gossip::types::NodeId::ZERO,
        ..rig.header(MessageKind::Ping, 1)
    };
    assert_eq!(rig.take(Path::Struct, &header, &[]), Err(Refused::ZeroId));
}
