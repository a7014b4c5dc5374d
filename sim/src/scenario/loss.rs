//! Messages get lost, and no live node is called failed for it.

use crate::cluster::{MS, SECOND};
use crate::options::Options;
use crate::peer::Peer;
use crate::report::Outcome;
use crate::scenario::crash::{calm, nobody_else_is_buried};
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

/// Which messages get lost.
#[derive(Clone, Copy, Debug)]
pub enum Loss {
    /// This share of all.
    All(f64),
    /// This share of what a quarter of the nodes gets.
    In(f64),
    /// This share of what a quarter of the nodes sends.
    Out(f64),
    /// A tenth of the links, this way only.
    Links(f64),
}

fn start_loss<P: Peer>(world: &mut World<P>, loss: Loss) {
    let count = world.nodes.len();
    let some = world.rng.sample(count, count.div_ceil(4));
    match loss {
        Loss::All(share) => world.net.loss = share,
        Loss::In(share) => some.iter().for_each(|i| world.net.set_node_loss(*i, share, 0.0)),
        Loss::Out(share) => some.iter().for_each(|i| world.net.set_node_loss(*i, 0.0, share)),
        Loss::Links(share) => {
            for _ in 0..count * count / 10 {
                let (from, to) = (world.rng.index(count), world.rng.index(count));
                world.net.set_link_loss(from, to, share);
            }
        }
    }
}

/// Loses messages for `time`; nobody may be called gone, and all is right soon after.
pub fn lossy<P: Peer>(options: Options, loss: Loss, time: u64, bound: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let global = options.loss;
    let mut world = calm::<P>(options, bound, &mut outcome);
    start_loss(&mut world, loss);
    world.run(time);
    nobody_else_is_buried(&world, &[], &mut outcome);
    world.net.loss = global;
    world.net.heal();
    let right = world.run_until(3 * bound, World::all_online);
    outcome.within("right again", right, bound);
    nobody_else_is_buried(&world, &[], &mut outcome);
    outcome.close(&world)
}

fn standard(seed: u64) -> Options {
    Options::new(seed, 32, 20 * MS)
}

scenarios! {
    loss_of_30_percent: 2, |seed| {
        lossy::<Core>(standard(seed), Loss::All(0.3), 20 * SECOND, 4 * SECOND)
    };
    loss_of_30_percent_in_packets: 1, |seed| {
        lossy::<Core>(standard(seed).packets(), Loss::All(0.3), 20 * SECOND, 4 * SECOND)
    };
    loss_of_half_of_what_comes_in: 2, |seed| {
        lossy::<Core>(standard(seed), Loss::In(0.5), 20 * SECOND, 4 * SECOND)
    };
    loss_of_half_of_what_goes_out: 2, |seed| {
        lossy::<Core>(standard(seed), Loss::Out(0.5), 20 * SECOND, 4 * SECOND)
    };
    /// Links that lose everything one way: others are asked, so nobody is called failed.
    loss_of_links_one_way: 2, |seed| {
        lossy::<Core>(standard(seed), Loss::Links(1.0), 20 * SECOND, 4 * SECOND)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::Toy;

    #[test]
    fn the_scenario_can_pass_and_fail() {
        let options = || Options::new(2, 8, 20 * MS);
        let good = lossy::<Toy<0>>(options(), Loss::All(0.3), 5 * SECOND, 4 * SECOND);
        assert_eq!(good.failures, [""; 0]);
        let bad = lossy::<Toy<0>>(options(), Loss::All(1.0), 5 * SECOND, 4 * SECOND);
        assert!(bad.failures.iter().any(|failure| failure.contains("called gone")));
    }
}
