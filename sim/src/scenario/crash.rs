//! A node stops, comes back, or starts anew.

use crate::cluster::{MS, SECOND};
use crate::faults::Name;
use crate::options::Options;
use crate::peer::Peer;
use crate::report::{Outcome, buried, detection, wrong_time};
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

/// A cluster that has formed and run calmly for a while.
pub fn calm<P: Peer>(options: Options, bound: u64, outcome: &mut Outcome) -> World<P> {
    let calm = 2 * SECOND.max(5 * options.slowest);
    let mut world = World::new(options.carried());
    let formed = world.form();
    outcome.within("form", formed, 2 * bound);
    world.run(calm);
    world
}

/// Fails for each live node that any called gone, but `out`, and puts the figures.
pub fn nobody_else_is_buried<P: Peer>(world: &World<P>, out: &[usize], outcome: &mut Outcome) {
    for change in buried(&world.views.log, 0).filter(|c| !out.contains(&c.subject)).take(3) {
        outcome.failures.push(format!("a live node was called gone: {change:?}"));
    }
    let sum = wrong_time(&world.views.log, (0, world.now), |_, s| !out.contains(&s));
    outcome.put("wrong suspicions", sum.suspected as f64);
    outcome.put("wrongly gone", sum.buried as f64);
    outcome.put("wrong pair s suspect", sum.suspect as f64 / 1e6);
    outcome.put("wrong pair s gone", sum.failed as f64 / 1e6);
}

/// Stops a node, waits until all hold it failed, lets it go on.
pub fn crash<P: Peer>(options: Options, bound: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, bound, &mut outcome);
    let victim = world.rng.range(0, world.nodes.len() as u64 - 1) as usize;
    let stopped = world.now;
    world.stop(victim);
    let gone = world.run_until(3 * bound, |w| w.all_gone(victim));
    outcome.within("gone at all", gone, bound);
    if let Some((first, _)) = detection(&world.views.log, victim, stopped) {
        outcome.put("gone at the first ms", first as f64 / 1000.0);
    }
    // Longer than the bound, so that nobody forgets it or brings it back.
    world.run(bound);
    outcome.expect(world.all_gone(victim), || "it came back by itself".into());
    nobody_else_is_buried(&world, &[], &mut outcome);
    world.start(victim);
    let back = world.run_until(3 * bound, World::all_online);
    outcome.within("back at all", back, bound);
    stays(&mut world, &mut outcome);
    outcome.close(&world)
}

/// All stay online at all for 10 s.
pub fn stays<P: Peer>(world: &mut World<P>, outcome: &mut Outcome) {
    let from = world.now;
    world.run(10 * SECOND);
    outcome.expect(world.all_online(), || format!("10 s later {}", world.wrong_text()));
    let lost = buried(&world.views.log, from).count();
    outcome.expect(lost == 0, || format!("{lost} times gone in the 10 s after"));
}

/// When a node starts anew.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum When {
    /// This soon after it stopped, before any could fail it.
    Soon(u64),
    /// When all hold it failed, and this much later.
    Failed(u64),
}

/// How a node starts anew.
#[derive(Clone, Copy, Debug)]
pub struct Restart {
    /// When.
    pub when: When,
    /// Whether at a new address.
    pub moved: bool,
    /// How it names its seed.
    pub name: Name,
    /// Its first heartbeat.
    pub heartbeat: u64,
}

/// Ends a node's process and starts a new one with the same id that joins again.
pub fn restart<P: Peer>(options: Options, bound: u64, case: Restart) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, bound, &mut outcome);
    let victim = 1 + world.rng.index(world.nodes.len() - 1);
    world.stop(victim);
    match case.when {
        When::Soon(time) => world.run(time),
        When::Failed(time) => {
            let gone = world.run_until(3 * bound, |w| w.all_gone(victim));
            outcome.within("gone at all", gone, bound);
            world.run(time);
        }
    }
    world.restart(victim, case.heartbeat, case.moved);
    let joined = world.join(victim, 0, case.name);
    outcome.expect(joined.is_ok(), || format!("join: {joined:?}"));
    let back = world.run_until(3 * bound, |w| w.all_online() && w.all_have_address(victim));
    outcome.within("back at all", back, bound);
    stays(&mut world, &mut outcome);
    outcome.expect(world.all_have_address(victim), || "an old address came back".into());
    nobody_else_is_buried(&world, &[victim], &mut outcome);
    outcome.close(&world)
}

/// The restart that this seed stands for; all combinations come up in turn.
pub fn restart_case(seed: u64) -> Restart {
    let when =
        [When::Soon(30 * MS), When::Soon(500 * MS), When::Failed(0), When::Failed(5 * SECOND)];
    Restart {
        when: when[seed as usize % 4],
        moved: seed / 4 % 2 == 1,
        name: [Name::Known, Name::Zero][seed as usize / 8 % 2],
        heartbeat: 0,
    }
}

scenarios! {
    crash_32_each_20_ms: 2, |seed| {
        crash::<Core>(Options::new(seed, 32, 20 * MS), 4 * SECOND)
    };
    crash_8_each_second: 4, |seed| {
        crash::<Core>(Options::new(seed, 8, SECOND), 12 * SECOND)
    };
    crash_32_in_packets: 1, |seed| {
        crash::<Core>(Options::new(seed, 32, 20 * MS).packets(), 4 * SECOND)
    };
    restart_32_each_20_ms: 4, |seed| {
        restart::<Core>(Options::new(seed, 32, 20 * MS), 4 * SECOND, restart_case(seed))
    };
    restart_8_each_second: 8, |seed| {
        restart::<Core>(Options::new(seed, 8, SECOND), 12 * SECOND, restart_case(seed))
    };
    restart_32_in_packets: 4, |seed| {
        let options = Options::new(seed, 32, 20 * MS).packets();
        restart::<Core>(options, 4 * SECOND, restart_case(seed))
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Toy, fault};

    /// The scenarios pass a protocol that tells everybody everything, and fail broken ones.
    #[test]
    fn the_scenarios_can_pass_and_fail() {
        let options = || Options::new(3, 8, 20 * MS);
        let good = crash::<Toy<0>>(options(), 4 * SECOND);
        assert_eq!(good.failures, [""; 0]);
        for seed in 1..=8 {
            let good = restart::<Toy<0>>(options(), 4 * SECOND, restart_case(seed));
            assert_eq!(good.failures, [""; 0], "seed {seed}");
        }
        assert!(!crash::<Toy<{ fault::FORGETS }>>(options(), 4 * SECOND).failures.is_empty());
        assert!(!crash::<Toy<{ fault::UNTOLD }>>(options(), 4 * SECOND).failures.is_empty());
    }
}
