//! P-15: nothing grows without a limit.

use crate::support::*;
use NodeStatus::{Failed, Left, Online};
use gossip::proto::{CommandError, Config, ConfigError, Core, Refused};
use gossip::types::{Entry, MessageKind, NodeStatus, NodeView};

fn full_of(members: u32) -> Rig {
    let mut config = Config::own_loop();
    config.max_members = members;
    let mut rig = Rig::with(config);
    (1..=members).for_each(|n| rig.welcome(n));
    assert_eq!(rig.core.len(), members as usize);
    rig.clear();
    rig
}

#[test]
fn when_full_the_oldest_tombstones_go_first() {
    let mut rig = full_of(10);
    for n in [7, 3, 5] {
        rig.says(1, &[claim(n, 9000, if n == 3 { Left } else { Failed })]);
    }
    for (newcomer, goes) in [(20, 7), (21, 3), (22, 5)] {
        rig.says(1, &[claim(newcomer, 1000, Online)]);
        assert_eq!(rig.status(newcomer), Some(Online));
        assert_eq!(rig.status(goes), None);
        assert_eq!(rig.core.len(), 10);
    }
}

#[test]
fn live_members_never_make_room() {
    let mut rig = full_of(10);
    rig.says(1, &[claim(4, 9000, NodeStatus::Suspect)]);
    rig.says(1, &[claim(20, 1000, Online)]);
    rig.hear(MessageKind::Join, 21, &[], &[]).unwrap();
    let met = rig.core.meet(rig.now(), &view(22).as_entry());
    assert_eq!(met, Err(CommandError::Full));
    assert_eq!(rig.core.len(), 10);
    assert!((1..=10).all(|n| rig.status(n).is_some()));
    assert_eq!(rig.core.stats().members_full, 3);
}

#[test]
fn a_message_of_too_many_entries_is_refused_whole() {
    let mut rig = Rig::new();
    rig.welcome(1);
    let many: Vec<NodeView> = (10..).take(Core::MAX_ENTRIES).map(view).collect();
    let taken = rig.hear(MessageKind::Update, 1, &[], &many);
    assert_eq!(taken, Err(Refused::TooManyEntries));
    assert_eq!(rig.core.len(), 1);
    let fits = &many[..Core::MAX_ENTRIES - 1];
    rig.hear(MessageKind::Update, 1, &[], fits).unwrap();
    assert_eq!(rig.core.len(), Core::MAX_ENTRIES);
}

#[test]
fn texts_of_64_bytes_are_refused_and_of_63_taken() {
    for length in [63, 64, 65, 1000] {
        let text = "t".repeat(length);
        for i in 0..3 {
            let mut entry = view(9);
            *[&mut entry.ip, &mut entry.role, &mut entry.region][i] = text.clone();
            let mut rig = Rig::new();
            rig.welcome(1);
            let taken = rig.hear(MessageKind::Update, 1, &[], std::slice::from_ref(&entry));
            if length == 63 {
                taken.unwrap();
                assert_eq!(rig.member(9), Some(entry));
            } else {
                assert_eq!(taken, Err(Refused::Text));
            }
        }
    }
}

#[test]
fn a_core_that_nobody_polls_refuses_messages_and_keeps_its_memory() {
    let mut rig = Rig::new();
    rig.welcome(1);
    let (now, header) = (rig.now(), rig.header(MessageKind::Ping, 1));
    let own = [rig.peer(1)];
    let mut taken = 0;
    let refused = loop {
        match rig.core.handle_message(now, rig.path(1), &header, entries(&own)) {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
        assert!(taken <= 1 << 17, "never full");
    };
    assert_eq!(refused, Refused::Full);
    // Commands and rounds still run; what they would send is dropped and counted.
    for _ in 0..10 {
        rig.core.round(now);
    }
    assert!(rig.core.stats().dropped_transmits > 0);
    rig.drain();
    assert!(rig.sent.len() <= (1 << 16) + 64);
    rig.hear(MessageKind::Ping, 1, &[], &[]).unwrap();
}

#[test]
fn news_about_thousands_leaves_room_for_what_was_never_told() {
    let mut config = Config::own_loop();
    config.sync_nodes = 0;
    let mut rig = Rig::among(config, 3);
    for chunk in (10..4_000u32).collect::<Vec<_>>().chunks(1000) {
        rig.says(1, &chunk.iter().map(|&n| view(n)).collect::<Vec<_>>());
    }
    // A failure that was never told is not what makes room.
    rig.says(1, &[claim(50, 9000, Failed)]);
    for chunk in (4_000..8_000u32).collect::<Vec<_>>().chunks(1000) {
        rig.says(1, &chunk.iter().map(|&n| view(n)).collect::<Vec<_>>());
    }
    let mut told = std::collections::BTreeSet::new();
    for _ in 0..100 {
        for sent in rig.tick_answered() {
            told.extend(sent.entries.into_iter().map(|entry| entry.id));
        }
    }
    assert!(told.contains(&id(50)));
    // The queue holds 1 024 claims, and our own entry is always there.
    assert!((500..=1025).contains(&told.len()), "{}", told.len());
}

#[test]
fn our_own_entry_is_in_every_message_however_much_there_is_to_tell() {
    let mut rig = Rig::new();
    rig.admit(1..=3);
    for chunk in (10..4_000u32).collect::<Vec<_>>().chunks(1000) {
        rig.says(1, &chunk.iter().map(|&n| view(n)).collect::<Vec<_>>());
    }
    rig.clear();
    for _ in 0..100 {
        for sent in rig.tick() {
            assert!(sent.about(0).is_some());
        }
    }
}

#[test]
fn relays_are_limited_and_more_requests_are_declined() {
    let mut rig = Rig::among(Config::own_loop(), 100);
    for n in 2..=100 {
        let subject = rig.member(n).unwrap();
        rig.hear(MessageKind::PingReq, 1, &[subject], &[]).unwrap();
    }
    assert_eq!(rig.sent_of(MessageKind::Ping).len(), 64);
    assert_eq!(rig.sent_to(1, MessageKind::Nack), 35);
}

#[test]
fn one_message_makes_a_bounded_number_of_messages() {
    let mut rig = Rig::among(Config::own_loop(), 200);
    let accusations: Vec<NodeView> =
        (2..=200).map(|n| claim(n, 9000, NodeStatus::Suspect)).collect();
    rig.hear(MessageKind::Update, 1, &accusations, &[]).unwrap();
    // A ping for each suspicion, and nothing that grows with the group.
    assert!(rig.sent.len() <= 2 * accusations.len(), "{}", rig.sent.len());
}

#[test]
fn metadata_past_its_limit_is_refused_and_changes_nothing() {
    let mut rig = Rig::new();
    let own = rig.own();
    let big = "v".repeat(65_536);
    let refused = rig.core.update_metadata(rig.now(), [("a", "b"), ("k", &big)].into_iter());
    assert_eq!(refused, Err(CommandError::MetadataTooLarge(65_539)));
    assert_eq!(rig.own(), own);
    let fits = &big[..65_535];
    rig.core.update_metadata(rig.now(), [("k", fits)].into_iter()).unwrap();
    assert_eq!(rig.own().metadata.unwrap().get("k"), Some(fits));
}

#[test]
fn a_core_is_not_made_of_what_it_cannot_run_with() {
    let now = gossip::types::Instant::ZERO;
    let make = |config, own: &Entry<'_>| Core::new(config, own, 1, now).map(drop);
    let own = view(0);
    let entry = own.as_entry();
    let long = "x".repeat(64);
    assert_eq!(
        make(Config::own_loop(), &Entry { heartbeat: 1 << 63, ..entry }),
        Err(ConfigError::Counter)
    );
    assert_eq!(
        make(Config::own_loop(), &Entry { config_epoch: 1 << 63, ..entry }),
        Err(ConfigError::Counter)
    );
    assert_eq!(make(Config::own_loop(), &Entry { role: &long, ..entry }), Err(ConfigError::Text));
    let mut config = Config::own_loop();
    config.gossip_nodes = 65;
    let error = make(config, &entry).unwrap_err();
    assert_eq!(error.to_string(), "gossip_nodes must be 1 to 64");
    for config in [Config::own_loop(), Config::wan(), Config::local(), Config::quiet()] {
        assert_eq!(make(config, &entry), Ok(()));
    }
    let core = Core::new(Config::own_loop(), &Entry { status: Failed, ..entry }, 1, now).unwrap();
    assert_eq!(core.own().status, Online, "whatever status is given");
}

#[test]
fn after_a_reset_nothing_is_left_but_ourselves() {
    let mut rig = Rig::among(Config::own_loop(), 30);
    rig.until(&[9], 100, |rig| rig.status(9) == Some(NodeStatus::Suspect));
    rig.hear(MessageKind::Join, 99, &[], &[]).unwrap();
    let own = rig.own();
    rig.clear();
    rig.core.reset(rig.now());
    rig.drain();
    assert!(rig.core.is_empty() && rig.told.is_empty());
    assert_eq!(*rig.core.stats(), gossip::proto::Stats::default());
    let fresh = NodeView { heartbeat: 1, config_heartbeat: 1, version: 0, ..own };
    assert_eq!(rig.own(), fresh);
    for _ in 0..100 {
        assert!(rig.tick().is_empty());
    }
}
