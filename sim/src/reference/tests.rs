//! What the model does, beside the papers.

use super::*;
use crate::cluster::{MS, SECOND};
use crate::options::{Options, Resume, Stall};
use crate::report::detection;
use crate::world::World;

fn formed(constants: Constants) -> World<Reference> {
    let mut world = World::new(Options::reference(5, 32, constants));
    assert!(world.form().is_some(), "{}", world.wrong_text());
    world
}

/// `alpha * log10(n)` seconds, and the time until a probe has failed.
#[test]
fn a_crash_is_found_when_the_suspicion_is_over() {
    for constants in [Constants::SWIM, Constants::LAN] {
        let mut world = formed(constants);
        world.stop(7);
        let stopped = world.now;
        assert!(world.run_until(60 * SECOND, |world| world.all_gone(7)).is_some());
        let (first, _) = detection(&world.views.log, 7, stopped).expect("it was found");
        let least = (constants.alpha * 32_f64.log10() * 1e6) as u64;
        assert!((least..least + 5 * SECOND).contains(&first), "{first} of {least}");
    }
}

#[test]
fn confirmations_shorten_a_suspicion_and_a_live_node_refutes() {
    let mut suspicion =
        Suspicion { start: 0, least: 1000, most: 6000, k: 3, from: vec![NodeId::ZERO] };
    assert_eq!(suspicion.end(), 6000);
    suspicion.from.push(NodeId::new([1; 16]));
    assert_eq!(suspicion.end(), 3500);
    suspicion.from.extend([NodeId::new([2; 16]), NodeId::new([3; 16])]);
    assert_eq!(suspicion.end(), 1000);
    let mut world = formed(Constants::LAN);
    world.net.loss = 0.25;
    world.run(120 * SECOND);
    assert!(world.views.log.iter().any(|change| change.new == NodeStatus::Suspect));
    world.net.loss = 0.0;
    assert!(world.run_until(60 * SECOND, World::all_online).is_some());
}

/// A node whose messages are blocked suspects one that it could not ping, and while they are
/// blocked again that suspicion runs out, although it was refuted.
#[test]
fn one_whose_messages_are_blocked_fails_a_healthy_one() {
    let mut world = World::<Reference>::new(Options::reference(3, 32, Constants::SWIM));
    assert!(world.form().is_some());
    let stall = Stall {
        length: 20 * SECOND,
        period: 20 * SECOND + MS,
        resume: Resume::Tick,
        burst: false,
        reader_runs: false,
        messages_only: true,
    };
    world.stall(4, stall);
    world.run(70 * SECOND);
    let wrong = |c: &&crate::views::Change| c.observer == 4 && c.new == NodeStatus::Failed;
    assert!(world.views.log.iter().any(|change| wrong(&change)));
}
