//! Partitions of any shape and length, in groups of any size and both profiles, drawn by the seed: whether
//! each heals, and how long that takes at the most.

use super::partition::{Cut, heal};
use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::options::Options;
use crate::rng::Rng;
use crate::table::Table;
use gossip::proto::Config;

/// A cut heals within this after its end, in seconds.
const BOUND: f64 = 45.0;
/// Members times seconds of a cut at the most: the longest ones are of small groups.
const MOST: u64 = 150_000;

/// What a seed draws.
struct Draw {
    quiet: bool,
    nodes: usize,
    shape: &'static str,
    groups: Vec<u32>,
    /// Microseconds.
    time: u64,
}

/// A number between two others, whose logarithm is drawn: as many small ones as large ones.
fn logarithmic(rng: &mut Rng, least: f64, most: f64) -> f64 {
    let share = rng.range(0, 1 << 32) as f64 / (1_u64 << 32) as f64;
    least * (most / least).powf(share)
}

impl Draw {
    fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed).fork();
        let quiet = rng.chance(0.5);
        let seconds = logarithmic(&mut rng, 1.0, 600.0);
        let most = (MOST as f64 / seconds).min(200.0);
        let nodes = logarithmic(&mut rng, 2.0, most).round() as usize;
        let order = rng.sample(nodes, nodes);
        let mut groups = vec![0; nodes];
        let mut set = |group: &dyn Fn(usize) -> u32| {
            order.iter().enumerate().for_each(|(i, node)| groups[*node] = group(i));
        };
        let shape = rng.pick(&["halves", "a part", "one alone", "slices", "each alone", "any"]);
        let some = 1 + rng.index(nodes - 1);
        match shape {
            "halves" => set(&|i| (i % 2) as u32),
            "a part" => set(&|i| u32::from(i < some)),
            "one alone" => set(&|i| u32::from(i == 0)),
            "slices" => set(&|i| (i % (some + 1).min(8)) as u32),
            "each alone" => set(&|i| i as u32),
            _ => groups.iter_mut().for_each(|group| *group = rng.index(some + 1) as u32),
        }
        Self { quiet, nodes, shape, groups, time: (seconds * SECOND as f64) as u64 }
    }

    fn run(&self, seed: u64) -> Option<f64> {
        let config = if self.quiet { Config::quiet() } else { Config::lan() };
        let options = Options::profile(seed, self.nodes, config);
        heal(options, |_| Cut { groups: self.groups.clone(), time: self.time })
    }

    const fn profile(&self) -> &'static str {
        if self.quiet { "quiet" } else { "lan" }
    }

    /// The lengths that are told together.
    const fn class(&self) -> &'static str {
        match self.time / SECOND {
            0..10 => "1 to 10 s",
            10..60 => "10 to 60 s",
            _ => "1 to 10 min",
        }
    }
}

/// Runs it.
///
/// # Errors
/// What the system said, or that a partition did not heal in time.
pub fn run(effort: &Effort) -> Result<(), String> {
    let seeds: Vec<u64> = effort.seeds().collect();
    let runs = effort.each(200, &seeds, |seed| {
        let draw = Draw::of(*seed);
        let healed = draw.run(*seed);
        let late = healed.is_none_or(|time| time > BOUND);
        if late || seed.is_multiple_of(50) {
            let Draw { nodes, shape, time, .. } = draw;
            let (profile, cut) = (draw.profile(), time as f64 / 1e6);
            eprintln!("seed {seed}: {profile} of {nodes}, {shape}, {cut:.1} s: {healed:?}");
        }
        (*seed, draw, healed)
    });
    let columns = [
        "profile",
        "cut",
        "seeds",
        "members at the most",
        "healed: median s",
        "95 % s",
        "worst s",
        "its seed",
        "later than 45 s",
        "never in 180 s",
    ];
    let mut table = Table::new("partitions", &columns);
    for profile in ["lan", "quiet"] {
        for class in ["1 to 10 s", "10 to 60 s", "1 to 10 min"] {
            let chosen = || {
                let fits = |draw: &Draw| draw.profile() == profile && draw.class() == class;
                runs.iter().filter(move |(_, draw, _)| fits(draw))
            };
            let mut times: Vec<f64> = chosen().filter_map(|(.., healed)| *healed).collect();
            let worst = percentile(&mut times, 1.0);
            table.row([
                profile.into(),
                class.into(),
                chosen().count().into(),
                chosen().map(|(_, draw, _)| draw.nodes).max().into(),
                percentile(&mut times, 0.5).into(),
                percentile(&mut times, 0.95).into(),
                worst.into(),
                chosen().find(|(.., healed)| *healed == worst).map(|(seed, ..)| *seed).into(),
                times.iter().filter(|time| **time > BOUND).count().into(),
                (chosen().count() - times.len()).into(),
            ]);
        }
    }
    effort.publish(&table)?;
    let late = runs.iter().filter(|(.., healed)| healed.is_none_or(|time| time > BOUND));
    match late.map(|(seed, ..)| *seed).collect::<Vec<u64>>() {
        late if late.is_empty() => Ok(()),
        late => Err(format!("not whole within {BOUND} s: seeds {late:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_and_length_is_drawn_and_cuts() {
        let draws: Vec<Draw> = (1..300).map(Draw::of).collect();
        for shape in ["halves", "a part", "one alone", "slices", "each alone", "any"] {
            assert!(draws.iter().any(|draw| draw.shape == shape));
        }
        assert!(draws.iter().any(|draw| draw.quiet) && draws.iter().any(|draw| !draw.quiet));
        let (least, most) = (SECOND, 600 * SECOND);
        for draw in &draws {
            assert!((least..=most).contains(&draw.time) && (2..=200).contains(&draw.nodes));
            assert_eq!(draw.groups.len(), draw.nodes);
        }
        let cut = draws.iter().filter(|draw| draw.groups.iter().any(|g| *g != draw.groups[0]));
        assert!(cut.count() > 250);
    }

    #[test]
    fn a_partition_heals() {
        assert!(Draw::of(3).run(3).is_some_and(|time| time <= BOUND));
    }
}
