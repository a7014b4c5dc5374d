//! Properties: claims commute and are idempotent, and nothing hostile breaks an invariant.

use crate::model::Model;
use crate::support::*;
use gossip::proto::{Config, Core};
use gossip::types::{
    Apart, Detail, Digest, Form, Header, MessageKind, Metadata, MetadataStamp, NodeId, NodeStatus,
    NodeView, Path, SyncPayload,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Nodes that claims are about; nodes 1 to 3 tell.
const SUBJECTS: std::ops::RangeInclusive<u32> = 10..=15;

#[derive(Clone, Debug)]
struct Said {
    teller: u32,
    subject: u32,
    heartbeat: u64,
    status: NodeStatus,
}

fn status() -> impl Strategy<Value = NodeStatus> {
    (0u32..6).prop_map(|raw| NodeStatus::from_raw(raw).expect("six exist"))
}

fn said(status: impl Strategy<Value = NodeStatus>) -> impl Strategy<Value = Said> {
    (1u32..=3, SUBJECTS, 990u64..1040, status).prop_map(|(teller, subject, heartbeat, status)| {
        Said { teller, subject, heartbeat, status }
    })
}

/// A core that holds the tellers and the subjects online, at heartbeat 1000.
fn listening(seed: u64) -> Rig {
    let mut rig = Rig::seeded(Config::own_loop(), seed);
    (1..=3).for_each(|n| rig.welcome(n));
    rig.says(1, &SUBJECTS.map(view).collect::<Vec<_>>());
    rig.clear();
    rig
}

/// Tells claims in groups of `group`, all of a group by the teller of its first.
fn tell(rig: &mut Rig, claims: &[Said], group: usize) {
    for claims in claims.chunks(group) {
        let told: Vec<NodeView> =
            claims.iter().map(|said| claim(said.subject, said.heartbeat, said.status)).collect();
        rig.says(claims[0].teller, &told);
    }
}

fn seen(rig: &Rig) -> Model {
    let held = SUBJECTS.map(|n| {
        let member = rig.member(n).expect("a member");
        (n, (member.heartbeat, member.status))
    });
    Model { held: held.collect() }
}

/// Claims in two orders.
type Orders = (Vec<Said>, Vec<Said>);

fn orders(status: impl Strategy<Value = NodeStatus>) -> impl Strategy<Value = Orders> {
    vec(said(status), 1..60)
        .prop_flat_map(|claims| (Just(claims.clone()), Just(claims).prop_shuffle()))
}

fn follows_the_model(
    (claims, shuffled): &Orders,
    (group, other_group): (usize, usize),
) -> Result<(), TestCaseError> {
    let mut model = Model { held: SUBJECTS.map(|n| (n, (1000, NodeStatus::Online))).collect() };
    for said in claims {
        model.take(said.subject, said.heartbeat, said.status);
    }
    let (mut one, mut other) = (listening(1), listening(2));
    tell(&mut one, claims, group);
    tell(&mut other, shuffled, other_group);
    prop_assert_eq!(&seen(&one), &model);
    prop_assert_eq!(&seen(&other), &model);
    // Told again, nothing changes and nothing is an event.
    one.clear();
    tell(&mut one, shuffled, other_group);
    prop_assert_eq!(&seen(&one), &model);
    prop_assert!(one.told.is_empty(), "{:?}", one.told);
    Ok(())
}

/// Cases of each property; a run is seeded anew, and a failure prints its smallest input.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(64))]

    // A suspicion is no sign of life, so it does not open a grave; hence not all six in one.
    #[test]
    fn claims_in_any_order_in_any_messages_lead_to_the_models_view(
        orders in orders(status().prop_filter("", |&status| status != NodeStatus::Suspect)),
        groups in (1usize..20, 1usize..20),
    ) {
        follows_the_model(&orders, groups)?;
    }

    #[test]
    fn suspicions_in_any_order_in_any_messages_lead_to_the_models_view(
        orders in orders(status().prop_filter("", |status| !status.is_gone())),
        groups in (1usize..20, 1usize..20),
    ) {
        follows_the_model(&orders, groups)?;
    }

    #[test]
    fn the_events_of_a_node_are_a_chain_of_its_statuses(claims in vec(said(status()), 1..60)) {
        let mut rig = listening(1);
        tell(&mut rig, &claims, 3);
        for n in SUBJECTS {
            let mut held = NodeStatus::Online;
            for (old, new) in rig.changes(n) {
                prop_assert_eq!(old, held);
                prop_assert_ne!(old, new);
                held = new;
            }
            prop_assert_eq!(Some(held), rig.status(n));
        }
    }

    #[test]
    fn configurations_in_any_order_lead_to_the_greatest(
        (told, shuffled) in vec((0u64..4, 1001u64..1050), 1..20)
            .prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle())),
    ) {
        // A later configuration comes with a later heartbeat, as owners make them.
        let entry = |(epoch, at): (u64, u64)| NodeView {
            config_epoch: epoch,
            config_heartbeat: at,
            role: format!("{epoch} {at}"),
            ..claim(10, 1000 + epoch * 100 + at, NodeStatus::Online)
        };
        let mut best = (0, 5);
        let mut held = Vec::new();
        for list in [&told, &shuffled] {
            let mut rig = listening(3);
            let mut highest = 1000;
            let mut expected = "replica".to_string();
            best = (0, 5);
            for &said in list {
                let entry = entry(said);
                // What is older as a claim says nothing at all.
                if entry.heartbeat > highest {
                    highest = entry.heartbeat;
                    if said > best {
                        best = said;
                        expected = entry.role.clone();
                    }
                }
                rig.says(2, &[entry]);
                prop_assert_eq!(&rig.member(10).unwrap().role, &expected);
            }
            held.push(rig.member(10).unwrap().heartbeat);
        }
        prop_assert_eq!(held[0], held[1]);
        prop_assert!(best >= (0, 5));
    }
}

/// Something that anybody might send.
#[derive(Clone, Debug)]
struct Junk {
    header: Header,
    path: u8,
    entries: Vec<NodeView>,
    own_at: Option<usize>,
    rounds: u8,
    millis: u64,
}

fn counter() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0u64..3000,
        1 => (1u64 << 32) - 3..(1 << 32) + 3000,
        1 => (1u64 << 63) - 3..(1 << 63) + 3,
        1 => u64::MAX - 3..=u64::MAX,
        1 => any::<u64>(),
    ]
}

/// Own, zero, known and unknown ids.
fn node() -> impl Strategy<Value = NodeId> {
    prop_oneof![
        2 => Just(id(0)),
        1 => Just(NodeId::ZERO),
        6 => (1u32..12).prop_map(id),
        2 => (1_000u32..1_100).prop_map(id),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("10.0.0.0".to_string()),
        Just("0.0.0.0".to_string()),
        Just("localhost".to_string()),
        (0u8..12).prop_map(|n| format!("10.0.0.{n}")),
        "[a-z]{0,63}",
        "[äöß€]{10,32}",
        "[a-z]{64,80}",
    ]
}

fn stamp() -> impl Strategy<Value = MetadataStamp> {
    (prop_oneof![0u32..9_000, any::<u32>()], 0u64..3)
        .prop_map(|(bytes, hash)| MetadataStamp { bytes, hash })
}

fn apart() -> impl Strategy<Value = Apart> {
    prop_oneof![
        2 => Just(Apart::Unsaid),
        1 => stamp().prop_map(Apart::Stamp),
        2 => (stamp(), any::<u8>(), vec(any::<u8>(), 0..1_025))
            .prop_map(|(stamp, index, bytes)| Apart::Slice(stamp, index, bytes)),
    ]
}

prop_compose! {
    fn junk_entry()(
        id in node(),
        (ip, role, region) in (text(), text(), text()),
        port in prop_oneof![Just(7000), any::<i32>()],
        (heartbeat, config_heartbeat, config_epoch) in (counter(), counter(), counter()),
        version in any::<u64>(),
        status in status(),
        metadata in proptest::option::of(vec(("[a-z]{0,3}", "[a-z]{0,9}"), 0..3)),
        apart in apart(),
        detail in prop_oneof![Just(Detail::Full), Just(Detail::Claim)],
        reads_packets in any::<bool>(),
    ) -> NodeView {
        let metadata = metadata.map(|pairs| {
            let mut metadata = Metadata::new();
            pairs.iter().for_each(|(key, value)| metadata.insert(key, value).expect("short"));
            metadata.into()
        });
        NodeView {
            id, ip, port, config_epoch, heartbeat, config_heartbeat, version, status, role, region,
            metadata, apart, detail, reads_packets,
        }
    }
}

prop_compose! {
    fn junk()(
        sender in node(),
        kind in (0u32..10).prop_map(|raw| MessageKind::from_raw(raw).expect("ten exist")),
        timestamp in counter(),
        (nonce, interval_us) in (any::<u64>(), any::<u32>()),
        sync in prop_oneof![
            Just(SyncPayload::None),
            (proptest::option::of(any::<u8>()), any::<[u32; 16]>())
                .prop_map(|(prefix, hashes)| SyncPayload::Digest(Digest { prefix, hashes })),
            (any::<u8>(), any::<u16>())
                .prop_map(|(prefix, buckets)| SyncPayload::Request { prefix, buckets }),
            (node(), stamp(), any::<u128>())
                .prop_map(|(id, stamp, parts)| SyncPayload::Metadata { id, stamp, parts }),
        ],
        wire in (0u8..3, any::<bool>(), prop_oneof![9 => Just(0u32), 1 => any::<u32>()]),
        path in 0u8..5,
        entries in vec(junk_entry(), 0..8),
        own_at in proptest::option::of(0usize..8),
        rounds in 0u8..3,
        millis in prop_oneof![4 => 0u64..300, 1 => 0u64..100_000],
    ) -> Junk {
        let (wire, wants, cluster) = wire;
        let header =
            Header { sender, kind, timestamp, nonce, interval_us, sync, wire, wants, cluster };
        Junk { header, path, entries, own_at, rounds, millis }
    }
}

/// What no outsider may change, and the heartbeat, which may not fall.
fn identity(core: &Core) -> (NodeView, u64) {
    let own = NodeView::from(core.own());
    let heartbeat = own.heartbeat;
    (NodeView { heartbeat: 0, config_heartbeat: 0, version: 0, ..own }, heartbeat)
}

fn survive(mut rig: Rig, all: &[Junk]) -> Result<(), TestCaseError> {
    (1..=6).for_each(|n| rig.welcome(n));
    rig.core.update_metadata(rig.now(), [("zone", "a")].into_iter()).expect("short");
    rig.core.meet(rig.now(), &NodeView { id: NodeId::ZERO, ..view(8) }.as_entry()).expect("met");
    rig.drain();
    let (own, mut heartbeat) = identity(&rig.core);
    for junk in all {
        let mut entries = junk.entries.clone();
        if let Some(at) = junk.own_at.filter(|&at| at < entries.len()) {
            entries[at].id = junk.header.sender;
        }
        let path = match junk.path {
            0 => Path::Struct,
            1 => Path::Stream(Form::Text),
            2 => Path::Stream(Form::Packet),
            3 => Path::Datagram(address(1)),
            _ => Path::Packet(address(2)),
        };
        let known = rig.core.len();
        rig.clear();
        let taken = rig.take(path, &junk.header, &entries);
        prop_assert!(rig.sent.len() <= 16 + 8 * entries.len() + 2 * known, "{}", rig.sent.len());
        prop_assert!(rig.core.len() <= known + entries.len());
        if taken.is_err() {
            prop_assert!(rig.sent.is_empty());
        }
        rig.ms += junk.millis;
        for _ in 0..junk.rounds {
            rig.tick();
        }
        for sent in &rig.sent {
            prop_assert!(sent.entries.len() <= 32 && sent.header.sender == id(0));
        }
        let (same, beats) = identity(&rig.core);
        prop_assert_eq!(&same, &own);
        prop_assert!(beats >= heartbeat, "{} after {}", beats, heartbeat);
        heartbeat = beats;
        let ids: Vec<NodeId> = rig.core.members().map(|member| member.id).collect();
        prop_assert!(!ids.contains(&id(0)));
        prop_assert_eq!(ids.len(), rig.core.len());
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        prop_assert_eq!(distinct.len(), ids.len());
        for member in rig.core.members() {
            prop_assert!(member.status >= NodeStatus::Joining);
            prop_assert!(member.heartbeat < 1 << 63);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn hostile_messages_break_nothing_of_a_struct_core(all in vec(junk(), 1..40)) {
        survive(Rig::new(), &all)?;
    }

    #[test]
    fn hostile_messages_break_nothing_of_a_packet_core(all in vec(junk(), 1..40)) {
        survive(Rig::packets(), &all)?;
    }

    #[test]
    fn hostile_messages_break_nothing_of_a_full_core(all in vec(junk(), 1..40)) {
        let mut config = Config::own_loop();
        config.max_members = 7;
        survive(Rig::with(config), &all)?;
    }
}
