//! Partitions of a second to ten minutes, in halves and slices: how long until all is whole again.

use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::options::Options;
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core};

/// Seconds from the end of a cut until all held all online again.
fn heal(config: Config, seed: u64, nodes: usize, parts: usize, time: u64) -> Option<f64> {
    let mut options = Options::profile(seed, nodes, config);
    options.limits.outputs = 1 << 17;
    let mut world = World::<Core>::new(options);
    world.form();
    world.run(10 * SECOND);
    let order = world.rng.sample(nodes, nodes);
    let mut part = vec![0; nodes];
    if parts == 0 {
        // One in ten, alone together.
        order[..nodes.div_ceil(10)].iter().for_each(|node| part[*node] = 1);
    } else {
        order.iter().enumerate().for_each(|(i, node)| part[*node] = (i % parts) as u32);
    }
    world.net.partition(|node| part[node]);
    world.run(time * SECOND);
    world.net.heal();
    world.run_until(180 * SECOND, World::all_online).map(|took| took as f64 / 1e6)
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "profile",
        "members",
        "parts",
        "cut s",
        "seeds",
        "never in 180 s",
        "healed: median s",
        "95 % s",
        "worst s",
    ];
    let mut table = Table::new("partition", &columns);
    let shapes = [("halves", 2), ("one in ten", 0), ("five slices", 5), ("each alone", usize::MAX)];
    for (profile, config) in [("lan", Config::lan()), ("quiet", Config::quiet())] {
        for nodes in effort.sizes_or(&[100]) {
            for (name, parts) in shapes {
                for time in [1, 5, 15, 60, 300, 600] {
                    // The long ones cost more and show the same.
                    let seeds = if time >= 300 { effort.seeds.min(4) } else { effort.seeds };
                    let times: Vec<Option<f64>> = (1..=seeds)
                        .map(|seed| heal(config.clone(), seed, nodes, parts.min(nodes), time))
                        .collect();
                    let mut healed: Vec<f64> = times.iter().flatten().copied().collect();
                    table.row([
                        profile.into(),
                        nodes.into(),
                        name.into(),
                        time.into(),
                        times.len().into(),
                        (times.len() - healed.len()).into(),
                        percentile(&mut healed, 0.5).into(),
                        percentile(&mut healed, 0.95).into(),
                        percentile(&mut healed, 1.0).into(),
                    ]);
                    eprintln!("{profile} of {nodes}, {name}, {time} s: {:?}", healed.last());
                }
            }
        }
    }
    effort.publish(&table)
}
