//! The cases at the edges: tiny groups, most dying at once, slow loops, mixed paces, deaf nodes.

use super::{Effort, percentile};
use crate::cluster::{MS, SECOND};
use crate::options::{Options, Resume, Stall};
use crate::report::detection;
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core};

/// What one run measured: a time in seconds, and a count.
pub(super) type Seen = (Option<f64>, u64);

/// `lan` in a group of so many.
fn lan(seed: u64, nodes: usize) -> Options {
    Options::profile(seed, nodes, Config::lan())
}

fn seconds(time: Option<u64>) -> Option<f64> {
    time.map(|time| time as f64 / 1e6)
}

/// Wrong failures of live nodes from then on.
fn wrong(world: &World<Core>, from: u64) -> u64 {
    world.views.log.iter().filter(|c| c.at >= from && c.alive && c.new.is_gone()).count() as u64
}

/// A crash: when it was known to all.
pub(super) fn crash(options: Options) -> Seen {
    let mut world = World::<Core>::formed(options);
    let victim = world.rng.index(world.nodes.len());
    let wait = world.rng.range(0, SECOND);
    world.run(wait);
    world.stop(victim);
    let stopped = world.now;
    world.run_until(60 * SECOND, |world| world.all_gone(victim));
    let last = detection(&world.views.log, victim, stopped).map(|times| times.1);
    (seconds(last), wrong(&world, 0))
}

fn most_die(seed: u64) -> Seen {
    let mut world = World::<Core>::formed(lan(seed, 200));
    let dead = world.rng.sample(200, 180);
    let from = world.now;
    dead.iter().for_each(|node| world.stop(*node));
    let known =
        world.run_until(120 * SECOND, |world| dead.iter().all(|node| world.all_gone(*node)));
    (seconds(known), wrong(&world, from))
}

/// A deaf node: when all others have given it up, and how many others were failed.
pub(super) fn deaf(options: Options) -> Seen {
    let mut world = World::<Core>::formed(options);
    let nodes = world.nodes.len();
    let from = world.now;
    world.net.set_node_loss(7, 1.0, 0.0);
    let given_up = |world: &World<Core>| {
        (0..nodes).all(|node| node == 7 || world.views.status(node, 7).is_gone())
    };
    let known = world.run_until(120 * SECOND, given_up);
    let others = |c: &&crate::views::Change| {
        c.at >= from && c.observer != 7 && c.subject != 7 && c.new.is_gone()
    };
    (seconds(known), world.views.log.iter().filter(others).count() as u64)
}

/// A loop that runs once in 5 s: how often it was given up in two minutes.
pub(super) fn slow_loop(options: Options) -> Seen {
    pauses(options, 4_990 * MS, 5 * SECOND, 120 * SECOND)
}

/// A node that stands still for a while in each period: how many failures of others there were, and in
/// how many of its pauses all others together gave it up.
pub(super) fn pauses(options: Options, length: u64, period: u64, time: u64) -> Seen {
    let mut world = World::<Core>::formed(options);
    let from = world.now;
    let stall = Stall {
        length,
        period,
        resume: Resume::Read,
        burst: false,
        reader_runs: false,
        messages_only: false,
    };
    world.stall(5, stall);
    world.run(time);
    let gone = || world.views.log.iter().filter(|c| c.at >= from && c.new.is_gone());
    let mut failures: Vec<u64> =
        gone().filter(|c| c.subject == 5).map(|c| (c.at - from) / period).collect();
    failures.dedup();
    let others = gone().filter(|c| c.subject != 5);
    (Some(others.count() as f64), failures.len() as u64)
}

/// Rounds from 1 to 10 a second; over packets with even seeds, else over structs in loops.
pub(super) fn paces(seed: u64, nodes: usize) -> Options {
    let options = Options { slowest: SECOND, audit: false, ..Options::new(seed, nodes, 100 * MS) };
    if seed.is_multiple_of(2) { options.packets() } else { options }
}

/// Nodes of mixed paces cut in halves for a minute: until all is whole, and how often one was wrongly
/// failed within its half, or failed after the cut.
pub(super) fn mixed(options: Options) -> Seen {
    let mut world = World::<Core>::formed(options);
    let half = world.nodes.len() / 2;
    let from = world.now;
    world.net.partition(|node| u32::from(node < half));
    world.run(60 * SECOND);
    world.net.heal();
    let healed = world.now;
    let whole = world.run_until(180 * SECOND, World::all_online);
    world.run(60 * SECOND);
    let apart = |c: &crate::views::Change| (c.observer < half) != (c.subject < half);
    let bad =
        world.views.log.iter().filter(|c| {
            c.at >= from && c.new.is_gone() && (!apart(c) || c.at > healed + 20 * SECOND)
        });
    (seconds(whole), bad.count() as u64)
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    type Case = (&'static str, &'static str, fn(u64) -> Seen);
    let cases: [Case; 10] = [
        ("crash in a group of 2: known to all", "wrong failures", |seed| crash(lan(seed, 2))),
        ("crash in a group of 3", "wrong failures", |seed| crash(lan(seed, 3))),
        ("crash in a group of 4", "wrong failures", |seed| crash(lan(seed, 4))),
        ("180 of 200 die: known to all", "wrong failures", most_die),
        ("one of 100 hears nothing: out at all", "failures of others", |seed| deaf(lan(seed, 100))),
        ("a loop once in 5 s: failures of others", "times it was failed", |seed| {
            slow_loop(lan(seed, 32))
        }),
        ("still for 0.5 s each 10 s, 5 minutes", "times it was failed", |seed| {
            pauses(lan(seed, 32), 500 * MS, 10 * SECOND, 300 * SECOND)
        }),
        ("still for 1 s each 10 s", "times it was failed", |seed| {
            pauses(lan(seed, 32), SECOND, 10 * SECOND, 300 * SECOND)
        }),
        ("still for 1 s each minute", "times it was failed", |seed| {
            pauses(lan(seed, 32), SECOND, 60 * SECOND, 300 * SECOND)
        }),
        (
            "1 and 10 rounds a second, cut for a minute: whole",
            "failures on the own side or later",
            |seed| mixed(paces(seed, 20)),
        ),
    ];
    let columns = ["what", "seeds", "median s", "worst s", "never", "count of", "most", "sum"];
    let mut table = Table::new("edges", &columns);
    for (name, of, case) in cases {
        let seeds: Vec<u64> = effort.seeds().collect();
        let seen = effort.each(0, &seeds, |seed| case(*seed));
        let mut times: Vec<f64> = seen.iter().filter_map(|seen| seen.0).collect();
        table.row([
            name.into(),
            seen.len().into(),
            percentile(&mut times, 0.5).into(),
            percentile(&mut times, 1.0).into(),
            (seen.len() - times.len()).into(),
            of.into(),
            seen.iter().map(|seen| seen.1).max().unwrap_or(0).into(),
            seen.iter().map(|seen| seen.1).sum::<u64>().into(),
        ]);
    }
    effort.publish(&table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_that_runs_once_in_5_s_is_failed_once_and_fails_nobody() {
        assert_eq!(slow_loop(lan(1, 32)), (Some(0.0), 1));
    }

    #[test]
    fn a_pause_of_a_second_is_failed_once_and_one_of_half_a_second_never() {
        for (length, times) in [(500 * MS, 0), (SECOND, 1)] {
            let seen = pauses(lan(1, 32), length, 10 * SECOND, 100 * SECOND);
            assert_eq!(seen, (Some(0.0), times));
        }
    }

    #[test]
    fn a_crash_in_a_group_of_two_to_four_is_found_in_4_s() {
        for nodes in 2..=4 {
            let (known, wrong) = crash(lan(1, nodes));
            assert!(known.is_some_and(|time| time <= 4.0), "{known:?}");
            assert_eq!(wrong, 0);
        }
    }
}
