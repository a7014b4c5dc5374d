//! Partitions of a second to ten minutes, in halves and slices: how long until all is whole again.

use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::options::Options;
use crate::rng::Rng;
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core};

/// A cut: the group that each node is in, and how long it lasts, in microseconds.
pub(super) struct Cut {
    pub(super) groups: Vec<u32>,
    pub(super) time: u64,
}

/// Seconds from the end of a cut until all held all online again, of 180 at the most.
pub(super) fn heal(options: Options, cut: impl FnOnce(&mut Rng) -> Cut) -> Option<f64> {
    let mut world = World::<Core>::formed(options);
    let Cut { groups, time } = cut(&mut world.rng);
    world.net.partition(|node| groups[node]);
    world.run(time);
    world.net.heal();
    world.run_until(180 * SECOND, World::all_online).map(|took| took as f64 / 1e6)
}

/// Members drawn into so many parts of the same size; with 0 one in ten is cut off, together.
fn cut_in(rng: &mut Rng, nodes: usize, parts: usize) -> Vec<u32> {
    let order = rng.sample(nodes, nodes);
    let mut groups = vec![0; nodes];
    if parts == 0 {
        order[..nodes.div_ceil(10)].iter().for_each(|node| groups[*node] = 1);
    } else {
        order.iter().enumerate().for_each(|(i, node)| groups[*node] = (i % parts) as u32);
    }
    groups
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
                    let seeds: Vec<u64> = effort.seeds().take(seeds as usize).collect();
                    let times = effort.each(nodes, &seeds, |seed| {
                        let options = Options::profile(*seed, nodes, config.clone());
                        heal(options, |rng| Cut {
                            groups: cut_in(rng, nodes, parts.min(nodes)),
                            time: time * SECOND,
                        })
                    });
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
