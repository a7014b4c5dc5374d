//! Joining without any time passing: how many rounds until all hold all online.

use crate::faults::Name;
use crate::options::{Drive, Options, Read, Route};
use crate::peer::Peer;
use crate::report::Outcome;
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

/// How they join.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the fields are those of Options, and join's arguments")]
pub struct Join {
    pub nodes: usize,
    pub bound: u32,
    pub meet: bool,
    pub name: Name,
    pub read: Read,
    pub route: Route,
}

/// 64 nodes, by the seed's id, read at once.
pub const JOIN: Join = Join {
    nodes: 64,
    bound: 20,
    meet: false,
    name: Name::Known,
    read: Read::OnArrival,
    route: Route::Address,
};

/// All join through one, then loops run in turn until all hold all online.
pub fn join<P: Peer>(seed: u64, case: Join) -> Outcome {
    let mut options = Options::new(seed, case.nodes, 100_000);
    (options.drive, options.read, options.delay) = (Drive::Manual, Some(case.read), (0, 0));
    options.route = case.route;
    let mut world = World::<P>::new(options);
    let mut outcome = Outcome::default();
    for index in 1..case.nodes {
        let done = if case.meet {
            world.meet(index, 0, case.name)
        } else {
            world.join(index, 0, case.name)
        };
        outcome.expect(done.is_ok(), || format!("node {index}: {done:?}"));
        world.settle();
    }
    let mut rounds = 0;
    while rounds < 3 * case.bound && !world.all_online() {
        world.step_all();
        rounds += 1;
    }
    outcome.put("rounds", f64::from(rounds));
    outcome.expect(rounds <= case.bound, || {
        format!("{rounds} rounds, bound {}; {}", case.bound, world.wrong_text())
    });
    let listed = (0..case.nodes).map(|index| world.listed(index)).min();
    outcome.expect(listed == Some(case.nodes - 1), || format!("one lists {listed:?}"));
    // It stays so: nothing of the joining may come back later.
    (0..5).for_each(|_| world.step_all());
    outcome.expect(world.all_online(), || format!("later {}", world.wrong_text()));
    let sent = world.counts.messages as f64 / case.nodes as f64;
    outcome.put("messages/node", sent);
    outcome.close(&world)
}

scenarios! {
    join_64: 2, |seed| join::<Core>(seed, JOIN);
    join_64_read_in_the_loop: 2, |seed| {
        let read = if seed % 2 == 0 { Read::BeforeTick } else { Read::AfterTick };
        join::<Core>(seed, Join { read, ..JOIN })
    };
    join_64_with_the_zero_id: 2, |seed| {
        join::<Core>(seed, Join { name: Name::Zero, ..JOIN })
    };
    join_64_with_a_made_up_id: 2, |seed| {
        let read = if seed % 2 == 0 { Read::OnArrival } else { Read::BeforeTick };
        join::<Core>(seed, Join { name: Name::MadeUp, read, ..JOIN })
    };
    meet_64: 2, |seed| {
        let (name, read) = if seed % 2 == 0 {
            (Name::Zero, Read::AfterTick)
        } else {
            (Name::Known, Read::OnArrival)
        };
        join::<Core>(seed, Join { meet: true, name, read, route: Route::Id, ..JOIN })
    };
    join_256: 1, |seed| join::<Core>(seed, Join { nodes: 256, bound: 40, ..JOIN });
    meet_256_read_in_the_loop: 1, |seed| {
        let read = Read::BeforeTick;
        join::<Core>(seed, Join { nodes: 256, bound: 40, meet: true, read, ..JOIN })
    };
    a_small_cluster_joins: 6, |seed| {
        let nodes = 2 + seed as usize % 8;
        join::<Core>(seed, Join { nodes, ..JOIN })
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::Toy;

    /// The scenario passes a protocol that tells everybody everything, and fails one that says nothing.
    #[test]
    fn the_scenario_can_pass_and_fail() {
        let good = join::<Toy<0>>(1, Join { nodes: 12, ..JOIN });
        assert_eq!(good.failures, [""; 0]);
        let bad = join::<Toy<{ crate::toy::fault::UNTOLD }>>(1, Join { nodes: 12, ..JOIN });
        assert!(!bad.failures.is_empty());
    }
}
