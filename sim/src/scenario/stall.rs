//! Some nodes stand still again and again, and blame no healthy one.

use crate::cluster::{MS, SECOND};
use crate::options::{Options, Resume, Stall};
use crate::peer::Peer;
use crate::report::{Outcome, wrong_time};
use crate::scenario::crash::calm;
use crate::scenario::scenarios;
use crate::world::World;
use gossip::proto::Core;

/// Who stalls and how.
#[derive(Clone, Copy, Debug)]
pub struct Stalls {
    /// How many nodes.
    pub count: usize,
    /// How each of them does.
    pub stall: Stall,
    /// Whether all begin together; else each at its own time in the period.
    pub together: bool,
    /// For how long they go on.
    pub time: u64,
}

/// The shape that this seed stands for; all combinations come up in turn.
pub fn shape(seed: u64) -> Stalls {
    let bit = |n: u64| seed >> n & 1 == 1;
    let resume = if bit(0) { Resume::Tick } else { Resume::Read };
    Stalls {
        count: 4,
        stall: Stall {
            length: 1800 * MS,
            period: 3 * SECOND,
            resume,
            burst: bit(1),
            reader_runs: bit(3),
            messages_only: false,
        },
        together: bit(2),
        time: 24 * SECOND,
    }
}

/// Stalls nodes for a while; no healthy node may be called gone, by anyone.
pub fn stalls<P: Peer>(options: Options, case: Stalls, bound: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = calm::<P>(options, bound, &mut outcome);
    let slow = world.rng.sample(world.nodes.len(), case.count);
    for index in &slow {
        let latest = if case.together { 0 } else { case.stall.period };
        let begin = world.now + world.rng.range(0, latest);
        world.stall_at(begin, *index, case.stall);
    }
    let from = world.now;
    world.run(case.time);
    slow.iter().for_each(|index| world.end_stalls(*index));
    let right = world.run_until(4 * bound, World::all_online);
    let log = &world.views.log;
    for change in log.iter().filter(|c| c.new.is_gone() && !slow.contains(&c.subject)).take(3) {
        let who = if slow.contains(&change.observer) { "stalled" } else { "healthy" };
        outcome.failures.push(format!("a healthy node was called gone by a {who} one: {change:?}"));
    }
    let span = (from, world.now);
    let healthy = wrong_time(log, span, |_, subject| !slow.contains(&subject));
    let stalled = wrong_time(log, span, |_, subject| slow.contains(&subject));
    outcome.put("healthy called suspect", healthy.suspected as f64);
    outcome.put("healthy called gone", healthy.buried as f64);
    outcome.put("stalled called suspect", stalled.suspected as f64);
    outcome.put("stalled called gone", stalled.buried as f64);
    // A stalled node may rightly be called failed; then it takes what a return takes.
    outcome.within("right again", right, case.stall.length + 2 * bound);
    outcome.close(&world)
}

scenarios! {
    stalls_4_of_32_each_20_ms: 8, |seed| {
        stalls::<Core>(Options::new(seed, 32, 20 * MS), shape(seed), 4 * SECOND)
    };
    stalls_4_of_32_each_100_ms: 16, |seed| {
        let mut options = Options::new(seed, 32, 100 * MS);
        options.inbox = (seed % 3 == 0).then_some(100);
        stalls::<Core>(options, shape(seed), 5 * SECOND)
    };
    stalls_4_of_32_in_packets: 4, |seed| {
        stalls::<Core>(Options::new(seed, 32, 50 * MS).packets(), shape(seed), 5 * SECOND)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::Toy;

    /// A node that ticks before it reads what waited blames all, in a protocol that does not know better.
    #[test]
    fn the_scenario_can_pass_and_fail() {
        let options = || Options::new(2, 8, 50 * MS);
        let case = Stalls { count: 2, time: 9 * SECOND, ..shape(0) };
        let good = stalls::<Toy<0>>(options(), case, 4 * SECOND);
        assert_eq!(good.failures, [""; 0]);
        let case = Stalls { count: 2, time: 9 * SECOND, ..shape(1) };
        let bad = stalls::<Toy<0>>(options(), case, 4 * SECOND);
        assert!(bad.failures.iter().any(|failure| failure.contains("by a stalled one")));
    }
}
