//! The harness against a toy: it repeats itself, sees every fault, and lets the honest pass.

use crate::checks::Rule;
use crate::cluster::{MS, SECOND};
use crate::faults::Name;
use crate::options::{Carrier, Checks, Drive, Options, Read, Resume, Route, Stall};
use crate::reference::{Constants, Reference};
use crate::report::{buried, detection, wrong_time};
use crate::runner::spread;
use crate::toy::{Toy, fault};
use crate::views::Change;
use crate::world::World;
use gossip::proto::{Config, Core};
use gossip::types::{NodeId, NodeStatus};

fn options(seed: u64) -> Options {
    Options::new(seed, 8, 50 * MS)
}

fn chaos(seed: u64) -> World<Toy<0>> {
    let mut options = options(seed);
    (options.loss, options.duplicate, options.inbox) = (0.1, 0.1, Some(20));
    let mut world = World::new(options);
    world.form();
    let stall = Stall {
        length: 300 * MS,
        period: SECOND,
        resume: Resume::Tick,
        burst: true,
        reader_runs: false,
        messages_only: false,
    };
    world.stall(3, stall);
    world.net.partition(|node| u32::from(node > 4));
    world.stop(1);
    world.run(3 * SECOND);
    world.net.heal();
    world.restart(1, 0, true);
    let _ = world.join(1, 0, Name::Zero);
    world.run(3 * SECOND);
    world
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (one, two, other) = (chaos(7), chaos(7), chaos(8));
    assert_eq!(one.trace(), two.trace());
    assert_eq!((one.counts, &one.views.log), (two.counts, &two.views.log));
    assert_ne!(one.trace(), other.trace());
}

#[test]
fn a_formed_cluster_is_right_and_calm_whatever_it_is_made_of() {
    let settled = |options: Options| {
        let world = World::<Core>::formed(options);
        let violations = &world.views.violations;
        assert_eq!(violations.count, 0, "{:?}", violations.first);
        (world.all_online(), world.longest_news(), world.views.log.len())
    };
    let packets = Options::profile(3, 40, Config::lan());
    // A loop over structs has no old peers beside it either.
    let structs = Options { checks: Checks::Full, ..Options::new(3, 40, 100 * MS) };
    for options in [packets, structs] {
        assert_eq!(settled(options), (true, 0, 0));
    }
    let world = World::<Reference>::formed(Options::reference(3, 40, Constants::LAN));
    assert!(world.all_online() && world.longest_news() == 0);
    assert!(!World::<Toy<0>>::new(options(3)).know_all(), "a toy has to join");
}

#[test]
fn chaos_breaks_no_rule_of_an_honest_node_and_every_fault_takes_place() {
    let world = chaos(9);
    assert_eq!(world.views.violations.count, 0, "{:?}", world.views.violations.first);
    let counts = world.counts;
    assert!(counts.lost > 100 && counts.delivered > 1000 && counts.doubled > 100, "{counts:?}");
    assert!(counts.nowhere > 0 && counts.overflown > 0 && counts.stopped > 0, "{counts:?}");
    assert!(buried(&world.views.log, 0).count() > 10, "the cut must part the halves");
}

fn broken<const FAULT: u8>() -> (u8, Vec<Rule>) {
    let mut options = options(3);
    if FAULT == fault::WAKES {
        options = options.packets();
        options.late = 0;
    }
    let mut world = World::<Toy<FAULT>>::new(options);
    world.join_all(Name::Known);
    world.run(2 * SECOND);
    (FAULT, world.views.violations.first.iter().map(|violation| violation.rule).collect())
}

#[test]
fn the_checkers_see_every_fault() {
    let seen = [
        broken::<1>(),
        broken::<2>(),
        broken::<3>(),
        broken::<4>(),
        broken::<5>(),
        broken::<6>(),
        broken::<7>(),
        broken::<8>(),
        broken::<9>(),
        broken::<10>(),
        broken::<11>(),
        broken::<12>(),
        broken::<13>(),
        broken::<14>(),
        broken::<15>(),
    ];
    let rules = [
        Rule::NotItself,
        Rule::NoDuplicate,
        Rule::OwnHeartbeatRises,
        Rule::EventChain,
        Rule::EventSaysSomething,
        Rule::ListIsTold,
        Rule::ClaimsRise,
        Rule::NothingVanishes,
        Rule::StatusIsValid,
        Rule::MessageFits,
        Rule::MessageFits,
        Rule::WorkIsBounded,
        Rule::WorkIsBounded,
        Rule::OwnerRules,
        Rule::QueueIsBounded,
    ];
    assert_eq!(seen.len(), fault::ALL.count());
    for ((fault, found), rule) in seen.iter().zip(rules) {
        assert!(found.contains(&rule), "fault {fault}: {rule:?} is not among {found:?}");
    }
    assert_eq!(broken::<0>().1, []);
}

#[test]
fn a_stopped_node_is_missed_and_comes_back_by_every_way_of_driving() {
    for drive in [Drive::Ticks, Drive::Timers] {
        for read in [Read::OnArrival, Read::BeforeTick, Read::AfterTick] {
            let mut options = options(5);
            (options.drive, options.read) = (drive, Some(read));
            options.carrier = Carrier::Struct;
            let mut world = World::<Toy<0>>::new(options);
            assert!(world.form().is_some(), "{drive:?} {read:?}");
            world.stop(2);
            let stopped = world.now;
            assert!(world.run_until(4 * SECOND, |w| w.all_gone(2)).is_some());
            let (first, all) = detection(&world.views.log, 2, stopped).expect("all hold it gone");
            assert!(first >= SECOND / 2 && first <= all && all < 2 * SECOND, "{first} {all}");
            assert_eq!(buried(&world.views.log, 0).count(), 0);
            world.start(2);
            assert!(world.run_until(4 * SECOND, World::all_online).is_some());
        }
    }
}

#[test]
fn a_cut_and_a_one_way_loss_let_nothing_through() {
    let mut world = World::<Toy<0>>::new(options(11));
    assert!(world.form().is_some());
    world.net.partition(|node| u32::from(node < 4));
    world.run(3 * SECOND);
    assert!((0..8).all(|a| (0..8).all(|b| {
        let apart = (a < 4) != (b < 4);
        a == b || world.views.status(a, b).is_gone() == apart
    })));
    world.net.heal();
    assert!(world.run_until(2 * SECOND, World::all_online).is_some());
    for peer in 1..8 {
        world.net.set_link_loss(0, peer, 1.0);
    }
    world.run(3 * SECOND);
    assert!(world.all_gone(0), "nobody hears node 0");
    assert_eq!(world.wrong_pair().map(|pair| pair.1), Some(0), "node 0 hears all others");
}

#[test]
fn a_stalled_node_is_still_until_it_goes_on_and_then_makes_up_for_it() {
    for (burst, resume) in [(false, Resume::Read), (true, Resume::Tick)] {
        let mut options = options(13);
        options.jitter = 0;
        let mut world = World::<Toy<0>>::new(options);
        assert!(world.form().is_some());
        let stall = Stall {
            length: 400 * MS,
            period: 0,
            resume,
            burst,
            reader_runs: false,
            messages_only: false,
        };
        world.stall(6, stall);
        world.run(0);
        let before = world.nodes[6].peer_heartbeat();
        world.run(399 * MS);
        assert_eq!(world.nodes[6].peer_heartbeat(), before);
        world.run(2 * MS);
        let made_up = world.nodes[6].peer_heartbeat() - before;
        assert!(if burst { (7..=10).contains(&made_up) } else { (1..=2).contains(&made_up) });
    }
}

#[test]
fn without_time_a_cluster_forms_at_once() {
    for read in [Read::OnArrival, Read::BeforeTick, Read::AfterTick] {
        let mut options = options(17);
        (options.drive, options.read, options.delay) = (Drive::Manual, Some(read), (0, 0));
        let mut world = World::<Toy<0>>::new(options);
        world.join_all(Name::Zero);
        (0..8).for_each(|_| world.step_all());
        assert!(world.all_online(), "{read:?}: {}", world.wrong_text());
        assert_eq!(world.now, 0);
    }
}

#[test]
fn a_message_finds_a_moved_node_by_its_id_alone() {
    for route in [Route::Id, Route::Address] {
        let mut options = options(19);
        (options.route, options.duplicate) = (route, 0.0);
        let mut world = World::<Toy<0>>::new(options);
        assert!(world.form().is_some());
        let old = world.nodes[2].address;
        world.restart(2, 0, true);
        let id = world.nodes[2].id;
        let found = world.net.find(id, Some(old));
        assert_eq!(found, (route == Route::Id).then_some(2));
        let new = world.nodes[2].address;
        assert_eq!(world.net.find(NodeId::ZERO, Some(new)), Some(2));
        assert_eq!(world.net.find(NodeId::ZERO, Some(old)), None);
        assert_eq!(world.net.find(NodeId::ZERO, None), None);
    }
}

#[test]
fn nodes_tick_each_at_its_own_pace() {
    let mut options = options(23);
    options.slowest = 4 * options.interval;
    let mut world = World::<Toy<0>>::new(options);
    world.run(10 * SECOND);
    let beats: Vec<u64> = world.nodes.iter().map(|node| node.peer_heartbeat()).collect();
    for (node, beats) in world.nodes.iter().zip(&beats) {
        let want = 10 * SECOND / node.interval;
        assert!(beats.abs_diff(want) <= 1 + want / 20, "{beats} rounds, not {want}");
    }
    assert!(beats.iter().max() > beats.iter().min().map(|least| least * 3 / 2).as_ref());
}

#[test]
fn wrong_time_and_detection_are_read_off_the_log() {
    let change = |at, observer, new, alive| {
        let old = NodeStatus::Online;
        Change { at, observer, subject: 9, old, new, alive }
    };
    let log = [
        change(10, 1, NodeStatus::Suspect, true),
        change(30, 1, NodeStatus::Failed, true),
        change(35, 2, NodeStatus::Suspect, true),
        change(40, 1, NodeStatus::Online, true),
        change(60, 1, NodeStatus::Failed, false),
        change(90, 2, NodeStatus::Left, false),
    ];
    let sum = wrong_time(&log, (20, 50), |_, _| true);
    assert_eq!((sum.suspect, sum.failed, sum.suspected, sum.buried), (10 + 15, 10, 1, 1));
    assert_eq!(wrong_time(&log, (0, 50), |observer, _| observer == 2).failed, 0);
    assert_eq!(detection(&log, 9, 50), Some((10, 40)));
    assert_eq!(detection(&log, 8, 0), None);
    assert_eq!(buried(&log, 0).count(), 1);
}

#[test]
fn the_spread_of_values_is_their_order_statistics() {
    let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    assert_eq!(spread(&mut values), [1.0, 50.0, 96.0, 100.0]);
    assert_eq!(spread(&mut [4.0]), [4.0; 4]);
    assert_eq!(spread(&mut []), [0.0; 4]);
}
