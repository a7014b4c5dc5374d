//! A node leaves, is said to leave, or is said to have left when it is dead.

use crate::cluster::{MS, SECOND};
use crate::faults::Name;
use crate::options::{Drive, Options};
use crate::peer::Peer;
use crate::report::{Outcome, buried};
use crate::scenario::crash::{calm, nobody_else_is_buried, stays};
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

const ROUNDS: u64 = 12;

fn all_list<P: Peer>(world: &World<P>, outcome: &mut Outcome) {
    let least = (0..world.nodes.len()).map(|index| world.listed(index)).min();
    let want = world.nodes.len() - 1;
    outcome.expect(least == Some(want), || format!("one lists {least:?}, not {want}"));
}

/// A node leaves by itself, goes on ticking or is stopped after some rounds, and comes back.
fn leave_own<P: Peer>(options: Options, stop: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let (interval, jitter) = (options.interval, options.jitter);
    let mut world = calm::<P>(options, 4 * SECOND, &mut outcome);
    let who = 1 + world.rng.index(world.nodes.len() - 1);
    let left = world.leave(who, who);
    outcome.expect(left.is_ok(), || format!("leave: {left:?}"));
    let rounds = ROUNDS * (interval + jitter);
    let gone = world.run_until(3 * rounds, |w| w.all_gone(who));
    outcome.within("gone at all", gone, rounds);
    if let Some(time) = gone {
        outcome.put("rounds", time as f64 / interval as f64);
    }
    if stop {
        world.stop(who);
    }
    world.run(20 * SECOND);
    outcome.expect(world.all_gone(who), || "it came back by itself".into());
    all_list(&world, &mut outcome);
    nobody_else_is_buried(&world, &[who], &mut outcome);
    if stop {
        world.start(who);
    }
    world.set_left(who, false);
    let back = world.join(who, 0, Name::Known);
    outcome.expect(back.is_ok(), || format!("join: {back:?}"));
    let back = world.run_until(12 * SECOND, World::all_online);
    outcome.within("back at all", back, 4 * SECOND);
    stays(&mut world, &mut outcome);
    outcome.close(&world)
}

/// Without time: rounds are counted exactly.
fn leave_by_rounds<P: Peer>(seed: u64, nodes: usize) -> Outcome {
    let mut outcome = Outcome::default();
    let mut options = Options::new(seed, nodes, 100 * MS);
    (options.drive, options.delay) = (Drive::Manual, (0, 0));
    let mut world = World::<P>::new(options);
    world.join_all(Name::Known);
    for _ in 0..40 {
        if !world.all_online() {
            world.step_all();
        }
    }
    outcome.expect(world.all_online(), || world.wrong_text());
    let who = world.rng.index(nodes);
    let _ = world.leave(who, who);
    world.settle();
    let mut rounds = 0;
    while rounds < 3 * ROUNDS && !world.all_gone(who) {
        world.step_all();
        rounds += 1;
    }
    outcome.put("rounds", rounds as f64);
    outcome.expect(rounds <= ROUNDS, || format!("{rounds} rounds, bound {ROUNDS}"));
    (0..10).for_each(|_| world.step_all());
    outcome.expect(world.all_gone(who), || "it came back by itself".into());
    outcome.expect(world.all_online(), || world.wrong_text());
    all_list(&world, &mut outcome);
    outcome.close(&world)
}

/// A live node is said to leave: the word spreads, the node says otherwise, the teller stays.
fn leave_of_a_live_node<P: Peer>(options: Options) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, 4 * SECOND, &mut outcome);
    let pair = world.rng.sample(world.nodes.len(), 2);
    let (teller, who) = (pair[0], pair[1]);
    let from = world.now;
    let left = world.leave(teller, who);
    outcome.expect(left.is_ok(), || format!("leave: {left:?}"));
    outcome.expect(world.views.status(teller, who).is_gone(), || "the teller keeps it".into());
    let back = world.run_until(12 * SECOND, World::all_online);
    outcome.within("back at all", back, 4 * SECOND);
    world.run(SECOND);
    let heard = buried(&world.views.log, from).filter(|c| c.observer != teller).count();
    outcome.put("others that heard it", heard as f64);
    outcome.expect(heard > 0, || "nobody else heard that it left".into());
    nobody_else_is_buried(&world, &[who], &mut outcome);
    stays(&mut world, &mut outcome);
    outcome.close(&world)
}

/// A dead node is said to leave, before or after the others know; then it comes back.
fn leave_of_a_dead_node<P: Peer>(options: Options, known: bool) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, 4 * SECOND, &mut outcome);
    let pair = world.rng.sample(world.nodes.len(), 2);
    let (teller, who) = (pair[0], pair[1]);
    world.stop(who);
    if known {
        world.run_until(8 * SECOND, |w| w.all_gone(who));
    }
    let left = world.leave(teller, who);
    outcome.expect(left.is_ok(), || format!("leave: {left:?}"));
    let gone = world.run_until(8 * SECOND, |w| w.all_gone(who));
    outcome.within("gone at all", gone, 2 * SECOND);
    world.run(10 * SECOND);
    outcome.expect(world.all_gone(who), || "it came back by itself".into());
    all_list(&world, &mut outcome);
    nobody_else_is_buried(&world, &[who], &mut outcome);
    world.start(who);
    let back = world.run_until(12 * SECOND, World::all_online);
    outcome.within("back at all", back, 4 * SECOND);
    stays(&mut world, &mut outcome);
    outcome.close(&world)
}

scenarios! {
    leave_own_by_rounds: 4, |seed| leave_by_rounds::<Core>(seed, 32);
    leave_own_each_100_ms: 4, |seed| {
        leave_own::<Core>(Options::new(seed, 16, 100 * MS), seed % 2 == 0)
    };
    leave_own_in_packets: 2, |seed| {
        leave_own::<Core>(Options::new(seed, 16, 100 * MS).packets(), seed % 2 == 0)
    };
    leave_of_a_live_node_is_refuted: 4, |seed| {
        let options = Options::new(seed, 16, 50 * MS);
        leave_of_a_live_node::<Core>(if seed % 4 == 3 { options.packets() } else { options })
    };
    leave_of_a_dead_node_is_believed: 4, |seed| {
        let options = Options::new(seed, 16, 50 * MS);
        let options = if seed % 4 == 3 { options.packets() } else { options };
        leave_of_a_dead_node::<Core>(options, seed % 2 == 0)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Toy, fault};

    #[test]
    fn the_scenarios_can_pass_and_fail() {
        let options = || Options::new(6, 8, 50 * MS);
        let none = [""; 0];
        assert_eq!(leave_own::<Toy<0>>(options(), false).failures, none);
        assert_eq!(leave_own::<Toy<0>>(options(), true).failures, none);
        assert_eq!(leave_by_rounds::<Toy<0>>(6, 8).failures, none);
        assert_eq!(leave_of_a_live_node::<Toy<0>>(options()).failures, none);
        assert_eq!(leave_of_a_dead_node::<Toy<0>>(options(), false).failures, none);
        type Mute = Toy<{ fault::UNTOLD }>;
        assert!(!leave_own::<Mute>(options(), false).failures.is_empty());
        assert!(!leave_of_a_live_node::<Mute>(options()).failures.is_empty());
        assert!(!leave_of_a_dead_node::<Mute>(options(), false).failures.is_empty());
        assert!(!leave_by_rounds::<Mute>(6, 8).failures.is_empty());
    }
}
