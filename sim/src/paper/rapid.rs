//! Rapid's failures (ATC 2018, section 7): many crash at once, one-way loss, a cut that comes and goes.

use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::options::Options;
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core};
use gossip::types::NodeStatus;

const NODES: usize = 1_000;

/// What one run measured.
#[derive(Clone, Copy, Debug, Default)]
struct Stability {
    /// Seconds until all healthy nodes held all faulty ones gone, or were right again.
    settled: Option<f64>,
    /// How often a healthy node was called failed by a healthy one.
    wrong: u64,
    /// How often one was suspected by one.
    suspected: u64,
    /// The share of the faulty that the healthy hold gone in the end.
    gone: f64,
    /// How often a faulty one was called failed and came back, at a healthy one, each.
    flaps: f64,
    /// How often a faulty one was suspected by a healthy one, each.
    doubted: f64,
}

fn formed(seed: u64, nodes: usize) -> World<Core> {
    World::formed(Options::profile(seed, nodes, Config::lan()))
}

fn see(world: &World<Core>, faulty: &[usize], from: u64, settled: Option<u64>) -> Stability {
    let is_faulty = |node: usize| faulty.contains(&node);
    let mut seen =
        Stability { settled: settled.map(|time| time as f64 / 1e6), ..Stability::default() };
    let (mut back, mut doubted) = (0_u64, 0_u64);
    for change in world.views.log.iter().filter(|change| change.at >= from) {
        if is_faulty(change.observer) {
            continue;
        }
        let gone = change.new.is_gone();
        if is_faulty(change.subject) {
            back += u64::from(change.old.is_gone() && !gone);
            doubted += u64::from(change.new == NodeStatus::Suspect);
        } else {
            seen.wrong += u64::from(gone);
            seen.suspected += u64::from(!gone && change.new == NodeStatus::Suspect);
        }
    }
    let nodes = world.nodes.len();
    let healthy = (0..nodes).filter(|node| !is_faulty(*node));
    let held = healthy.flat_map(|observer| faulty.iter().map(move |subject| (observer, *subject)));
    let gone = held.filter(|(a, b)| world.views.status(*a, *b).is_gone()).count();
    let pairs = ((nodes - faulty.len()) * faulty.len()) as f64;
    seen.gone = gone as f64 / pairs;
    seen.flaps = back as f64 / pairs;
    seen.doubted = doubted as f64 / pairs;
    seen
}

fn all_gone(world: &World<Core>, faulty: &[usize]) -> bool {
    let nodes = world.nodes.len();
    let mut healthy = (0..nodes).filter(|node| !faulty.contains(node));
    healthy
        .all(|observer| faulty.iter().all(|other| world.views.status(observer, *other).is_gone()))
}

/// How long after `from` the healthy were of one mind about each faulty node, gone or not, and stayed so.
fn settled(world: &World<Core>, faulty: &[usize], from: u64) -> Option<u64> {
    let nodes = world.nodes.len();
    let agreed = faulty.iter().all(|&subject| {
        let mut healthy = (0..nodes).filter(|node| !faulty.contains(node));
        let gone = |observer| world.views.status(observer, subject).is_gone();
        let first = healthy.next().is_some_and(gone);
        healthy.all(|observer| gone(observer) == first)
    });
    let turns = world.views.log.iter().filter(|change| {
        let counts = faulty.contains(&change.subject) && !faulty.contains(&change.observer);
        change.at >= from && counts && change.old.is_gone() != change.new.is_gone()
    });
    agreed.then(|| turns.map(|turn| turn.at - from).max().unwrap_or(0))
}

/// One node in a hundred crashes at the same moment.
fn crash(seed: u64, nodes: usize) -> Stability {
    let mut world = formed(seed, nodes);
    let faulty = world.rng.sample(nodes, nodes.div_ceil(100));
    let from = world.now;
    faulty.iter().for_each(|node| world.stop(*node));
    let settled = world.run_until(60 * SECOND, |world| all_gone(world, &faulty));
    world.run(20 * SECOND);
    see(&world, &faulty, from, settled)
}

/// One node in a hundred loses this share of what it sends, or of what it gets, for good.
fn one_way(seed: u64, nodes: usize, loss: f64, incoming: bool) -> Stability {
    let mut world = formed(seed, nodes);
    let faulty = world.rng.sample(nodes, nodes.div_ceil(100));
    let from = world.now;
    let (into, out) = if incoming { (loss, 0.0) } else { (0.0, loss) };
    faulty.iter().for_each(|node| world.net.set_node_loss(*node, into, out));
    world.run(90 * SECOND);
    let settled = settled(&world, &faulty, from).filter(|&time| time <= 60 * SECOND);
    see(&world, &faulty, from, settled)
}

/// One node in a hundred hears nothing, for 20 s of each 40.
fn flip_flop(seed: u64, nodes: usize) -> Stability {
    let mut world = formed(seed, nodes);
    let faulty = world.rng.sample(nodes, nodes.div_ceil(100));
    let from = world.now;
    for _ in 0..3 {
        faulty.iter().for_each(|node| world.net.set_node_loss(*node, 1.0, 0.0));
        world.run(20 * SECOND);
        world.net.heal();
        world.run(20 * SECOND);
    }
    let settled = world.run_until(60 * SECOND, World::all_online);
    see(&world, &faulty, from, settled)
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    type Case = (&'static str, fn(u64, usize) -> Stability);
    let cases: [Case; 5] = [
        ("1 % crash at once", crash),
        ("80 % loss of what 1 % send", |seed, nodes| one_way(seed, nodes, 0.8, false)),
        ("80 % loss of what 1 % get", |seed, nodes| one_way(seed, nodes, 0.8, true)),
        ("1 % hear nothing (deaf)", |seed, nodes| one_way(seed, nodes, 1.0, true)),
        ("1 % deaf 20 s of each 40", flip_flop),
    ];
    let columns = [
        "what",
        "members",
        "seeds",
        "healthy called failed",
        "seeds with any",
        "healthy suspected",
        "faulty gone at the healthy, %",
        "returns of a faulty one",
        "suspicions of a faulty one",
        "settled seeds",
        "settled: median s",
        "worst s",
    ];
    let mut table = Table::new("rapid", &columns);
    for nodes in effort.sizes_or(&[NODES]) {
        for (name, case) in cases.into_iter().filter(|(name, _)| effort.wants(name)) {
            let seeds: Vec<u64> = effort.seeds().collect();
            let seen = effort.each(nodes, &seeds, |seed| {
                let seen = case(*seed, nodes);
                eprintln!("{name}, {nodes} nodes, seed {seed}: {seen:?}");
                seen
            });
            let mut settled: Vec<f64> = seen.iter().filter_map(|seen| seen.settled).collect();
            let runs = seen.len() as f64;
            let mean = |of: fn(&Stability) -> f64| seen.iter().map(of).sum::<f64>() / runs;
            table.row([
                name.into(),
                nodes.into(),
                seen.len().into(),
                seen.iter().map(|seen| seen.wrong).sum::<u64>().into(),
                seen.iter().filter(|seen| seen.wrong > 0).count().into(),
                seen.iter().map(|seen| seen.suspected).sum::<u64>().into(),
                (100.0 * mean(|seen| seen.gone)).into(),
                mean(|seen| seen.flaps).into(),
                mean(|seen| seen.doubted).into(),
                settled.len().into(),
                percentile(&mut settled, 0.5).into(),
                percentile(&mut settled, 1.0).into(),
            ]);
        }
    }
    effort.publish(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deaf_node_goes_and_takes_no_healthy_one_along() {
        let seen = one_way(1, 32, 1.0, true);
        assert!(seen.settled.is_some_and(|time| time <= 30.0), "{seen:?}");
        assert_eq!(seen.wrong, 0);
    }
}
