//! A cluster is cut in two and finds itself again without a call from any program.

use crate::cluster::{MS, SECOND};
use crate::options::Options;
use crate::peer::Peer;
use crate::report::Outcome;
use crate::scenario::crash::{calm, stays};
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

/// A partition into two sides.
#[derive(Clone, Copy, Debug)]
pub struct Split {
    /// Nodes on the smaller side.
    pub side: usize,
    /// How long it lasts.
    pub time: u64,
    /// Within this both sides are whole again after it.
    pub heal: u64,
}

/// Cuts, checks that both sides gave the other up and kept their own, and waits for the return.
pub fn partition<P: Peer>(options: Options, cut: Split, bound: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, bound, &mut outcome);
    let count = world.nodes.len();
    let side = world.rng.sample(count, cut.side);
    world.net.partition(|node| u32::from(side.contains(&node)));
    world.run(cut.time);
    let apart = |a: usize, b: usize| side.contains(&a) != side.contains(&b);
    let pairs = || (0..count).flat_map(|a| (0..count).map(move |b| (a, b))).filter(|(a, b)| a != b);
    let wrong = pairs().filter(|(a, b)| world.views.status(*a, *b).is_gone() != apart(*a, *b));
    let wrong: Vec<_> = wrong.map(|(a, b)| (a, b, world.views.status(a, b))).collect();
    outcome.expect(wrong.is_empty(), || {
        format!("{} pairs are wrong at the end of the cut, the first {:?}", wrong.len(), wrong[0])
    });
    let inside =
        world.views.log.iter().filter(|c| c.new.is_gone() && !apart(c.observer, c.subject));
    let inside = inside.count();
    outcome.expect(inside == 0, || format!("{inside} times gone on the same side"));
    world.net.heal();
    let whole = world.run_until(2 * cut.heal, World::all_online);
    outcome.within("whole again", whole, cut.heal);
    stays(&mut world, &mut outcome);
    outcome.close(&world)
}

const HALVES: Split = Split { side: 10, time: 12 * SECOND, heal: 40 * SECOND };

scenarios! {
    partition_20_in_halves: 3, |seed| {
        let interval = [20, 50, 100][seed as usize % 3] * MS;
        partition::<Core>(Options::new(seed, 20, interval), HALVES, 5 * SECOND)
    };
    partition_20_in_packets: 1, |seed| {
        partition::<Core>(Options::new(seed, 20, 50 * MS).packets(), HALVES, 5 * SECOND)
    };
    /// Nodes of different paces stamp what they suspect by the suspect's pace (P-2).
    partition_20_of_mixed_paces: 2, |seed| {
        let mut options = Options::new(seed, 20, 25 * MS);
        options.slowest = 200 * MS;
        partition::<Core>(
            if seed % 2 == 0 { options.packets() } else { options },
            HALVES,
            6 * SECOND,
        )
    };
    a_node_alone_on_its_side_returns: 2, |seed| {
        let cut = Split { side: 1, ..HALVES };
        partition::<Core>(Options::new(seed, 20, 100 * MS), cut, 5 * SECOND)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::{Toy, fault};

    #[test]
    fn the_scenario_can_pass_and_fail() {
        let options = || Options::new(4, 8, 50 * MS);
        let cut = Split { side: 4, time: 5 * SECOND, heal: 5 * SECOND };
        let good = partition::<Toy<0>>(options(), cut, 4 * SECOND);
        assert_eq!(good.failures, [""; 0]);
        let bad = partition::<Toy<{ fault::UNTOLD }>>(options(), cut, 4 * SECOND);
        assert!(bad.failures.iter().any(|failure| failure.contains("whole again")));
    }
}
