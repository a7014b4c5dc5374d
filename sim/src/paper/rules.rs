//! What each rule buys: one run in which it matters, with it and without it, and one figure of that run.

use super::rivals::Rival;
use super::{Effort, bootstrap, edges, percentile};
use crate::cluster::SECOND;
use crate::faults::Name;
use crate::options::{Checks, Options, Read};
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core, Rule};
use gossip::types::NodeStatus;

/// A run with a rule and without it.
struct Comparison {
    rule: &'static str,
    /// What happens, and what is counted or timed.
    what: &'static str,
    options: fn(u64) -> Options,
    /// Takes the rule away.
    off: fn(&mut Options),
    run: fn(Options) -> f64,
}

/// What is told of what never happened, in seconds.
const NEVER: f64 = 999.0;

const CASES: [Comparison; 22] = [
    Comparison {
        rule: "P-2 stamps as of now",
        what: "crash at 30 % loss, 64 nodes: returns of the dead, summed over observers",
        options: |seed| lan(seed, 64),
        off: |options| options.off = Some(Rule::Stamps),
        run: raised,
    },
    Comparison {
        rule: "P-5 tombstones (1 s instead of a day)",
        what: "halves of 50 cut for a minute: whole after s",
        options: |seed| lan(seed, 50),
        off: |options| options.config.reap_ms = 1_000,
        run: healed,
    },
    Comparison {
        rule: "P-6 three pings a round (one)",
        what: "halves of 50 cut for a minute: whole after s",
        options: |seed| lan(seed, 50),
        off: |options| options.config.gossip_nodes = 1,
        run: healed,
    },
    Comparison {
        rule: "P-7 lambda 6 (2)",
        what: "crash in 128: from the first that knows to the last, s",
        options: |seed| lan(seed, 128),
        off: |options| options.config.lambda = 2,
        run: spread,
    },
    Comparison {
        rule: "P-7 notice to the suspect",
        what: "`quiet`, 20 % loss, 64 nodes, a minute: false failures",
        options: |seed| Options::profile(seed, 64, Config::quiet()),
        off: |options| options.off = Some(Rule::Notice),
        run: |options| wrong(options, 0.2),
    },
    Comparison {
        rule: "P-7 what the receiver was",
        what: "one of 64 starts anew elsewhere, with nothing kept: all know where after s",
        options: |seed| lan(seed, 64),
        off: |options| options.off = Some(Rule::Reminder),
        run: returned,
    },
    Comparison {
        rule: "P-7a gossip between rounds",
        what: "`quiet`, crash in 128: from the first that knows to the last, s",
        options: |seed| Options::profile(seed, 128, Config::quiet()),
        off: |options| options.config.gossip_interval_ms = 0,
        run: spread,
    },
    Comparison {
        rule: "P-8 helpers",
        what: "30 % loss, 100 nodes, a minute: suspicions, summed over observers",
        options: |seed| lan(seed, 100),
        off: |options| options.config.indirect_probes = 0,
        run: suspected,
    },
    Comparison {
        rule: "P-8 the deaf go",
        what: "one of 8 hears nothing: out at all after s",
        options: |seed| lan(seed, 8),
        off: |options| options.config.deaf_probes = 100,
        run: |options| edges::deaf(options).0.unwrap_or(NEVER),
    },
    Comparison {
        rule: "P-8 a second look",
        what: "64 loops that tick each second and then read, no loss, 2 minutes: suspicions",
        options: |seed| ticked(seed, 64, SECOND),
        off: |options| options.off = Some(Rule::SecondLook),
        run: |options| (Rival::LAN.idle)(options, 0.0, 120 * SECOND).suspected as f64,
    },
    Comparison {
        rule: "P-8 a second look",
        what: "the same, 20 % loss: false failures",
        options: |seed| ticked(seed, 64, SECOND),
        off: |options| options.off = Some(Rule::SecondLook),
        run: |options| (Rival::LAN.idle)(options, 0.2, 120 * SECOND).wrong as f64,
    },
    Comparison {
        rule: "P-9 confirmations (none)",
        what: "50 % loss, 100 nodes, a minute: false failures",
        options: |seed| lan(seed, 100),
        off: |options| options.config.confirmations = 0,
        run: |options| wrong(options, 0.5),
    },
    Comparison {
        rule: "P-9 k of small groups",
        what: "crash in a group of 3: known to all after s",
        options: |seed| lan(seed, 3),
        off: |options| options.off = Some(Rule::FewConfirm),
        run: |options| edges::crash(options).0.unwrap_or(NEVER),
    },
    Comparison {
        rule: "P-9a observers first",
        what: "30 % loss, 200 nodes, 20 s: suspicions, summed over observers",
        options: |seed| lan(seed, 200),
        off: |options| options.off = Some(Rule::Observers),
        run: |options| (Rival::LAN.idle)(options, 0.3, 20 * SECOND).suspected as f64,
    },
    Comparison {
        rule: "P-9a observers first",
        what: "the same: bytes a node and s",
        options: |seed| lan(seed, 200),
        off: |options| options.off = Some(Rule::Observers),
        run: |options| (Rival::LAN.idle)(options, 0.3, 20 * SECOND).bytes,
    },
    Comparison {
        rule: "P-9b slow nodes",
        what: "a loop that runs once in 5 s, 32 nodes: times it was failed in 2 minutes",
        options: |seed| lan(seed, 32),
        off: |options| options.off = Some(Rule::SlowNodes),
        run: |options| edges::slow_loop(options).1 as f64,
    },
    Comparison {
        rule: "P-9b slow nodes",
        what: "one of 32 still for 1 s each 10 s: times it was failed in 5 minutes",
        options: |seed| lan(seed, 32),
        off: |options| options.off = Some(Rule::SlowNodes),
        run: |options| edges::pauses(options, SECOND, 10 * SECOND, 300 * SECOND).1 as f64,
    },
    Comparison {
        rule: "P-9b slow nodes",
        what: "one of 32 still for 1 s each minute: times it was failed in 5 minutes",
        options: |seed| lan(seed, 32),
        off: |options| options.off = Some(Rule::SlowNodes),
        run: |options| edges::pauses(options, SECOND, 60 * SECOND, 300 * SECOND).1 as f64,
    },
    Comparison {
        rule: "P-10 awareness",
        what: "8 of 64 lose 60 % of what they get: suspicions of the others in a minute",
        options: |seed| lan(seed, 64),
        off: |options| options.config.awareness_max = 0,
        run: unjust,
    },
    Comparison {
        rule: "P-11 the failed are tried again",
        what: "halves of 50 cut for a minute: whole after s",
        options: |seed| lan(seed, 50),
        off: |options| options.config.heal_interval_ms = 86_400_000,
        run: healed,
    },
    Comparison {
        rule: "P-12 digests",
        what: "`quiet`, 30 of 300 are cut off for 5 s while one changes its metadata: known to all after s",
        options: |seed| Options::profile(seed, 300, Config::quiet()),
        off: |options| options.off = Some(Rule::Digests),
        run: missed,
    },
    Comparison {
        rule: "P-13 the proof ping",
        what: "1 000 start at once: all know all after s",
        options: |seed| lan(seed, 1_000),
        off: |options| options.off = Some(Rule::Proof),
        run: started,
    },
];

fn lan(seed: u64, nodes: usize) -> Options {
    Options::profile(seed, nodes, Config::lan())
}

/// Loops that tick at this interval, then read what has come, and carry structs.
fn ticked(seed: u64, nodes: usize, interval: u64) -> Options {
    Options {
        read: Some(Read::AfterTick),
        checks: Checks::Statuses,
        audit: false,
        ..Options::new(seed, nodes, interval)
    }
}

/// Seconds from the end of a cut of halves for a minute until all are whole.
fn healed(options: Options) -> f64 {
    (Rival::LAN.heal)(options, 60 * SECOND).unwrap_or(NEVER)
}

/// The longest time of four crashes from the first that knows to the last, in seconds.
fn spread(options: Options) -> f64 {
    let times = (Rival::LAN.detect)(options, 4);
    times.into_iter().map(|(first, last)| last - first).fold(0.0, f64::max)
}

fn wrong(options: Options, loss: f64) -> f64 {
    (Rival::LAN.idle)(options, loss, 60 * SECOND).wrong as f64
}

fn suspected(options: Options) -> f64 {
    (Rival::LAN.idle)(options, 0.3, 60 * SECOND).suspected as f64
}

fn started(options: Options) -> f64 {
    bootstrap::start(options).all.map_or(NEVER, |time| time as f64 / 1e6)
}

/// How often a node that has crashed was taken for one that lives, within half a minute.
fn raised(options: Options) -> f64 {
    let mut world = World::<Core>::formed(options);
    world.net.loss = 0.3;
    world.run(5 * SECOND);
    let dead = world.rng.sample(world.nodes.len(), 4);
    dead.iter().for_each(|node| world.stop(*node));
    let from = world.now;
    world.run(30 * SECOND);
    let log = world.views.log.iter().filter(|change| change.at > from && !change.alive);
    log.filter(|change| change.new < change.old).count() as f64
}

/// How often those that hear badly suspected one of the others, in a minute.
fn unjust(options: Options) -> f64 {
    let mut world = World::<Core>::formed(options);
    let bad = world.rng.sample(world.nodes.len(), 8);
    bad.iter().for_each(|node| world.net.set_node_loss(*node, 0.6, 0.0));
    let from = world.now;
    world.run(60 * SECOND);
    let log = world.views.log.iter().filter(|change| change.at > from);
    let unjust = log.filter(|change| {
        change.new == NodeStatus::Suspect
            && bad.contains(&change.observer)
            && !bad.contains(&change.subject)
    });
    unjust.count() as f64
}

/// Seconds from the end of a cut of a tenth until those know what one of the others changed meanwhile.
fn missed(options: Options) -> f64 {
    let mut world = World::<Core>::formed(options);
    let nodes = world.nodes.len();
    let off = world.rng.sample(nodes, nodes / 10);
    let changed = (0..nodes).find(|node| !off.contains(node)).expect("a tenth is cut off");
    world.net.partition(|node| u32::from(off.contains(&node)));
    let now = world.clock(changed);
    let done = world.nodes[changed].peer.update_metadata(now, [("version", "2")].into_iter());
    done.expect("it is short");
    world.finish(changed);
    world.run(5 * SECOND);
    world.net.heal();
    let own = world.nodes[changed].peer.own();
    let (id, change) = (own.id, own.config_heartbeat);
    let knows = |world: &World<Core>, node: usize| {
        let held = world.nodes[node].peer.find(&id);
        node == changed || held.is_some_and(|held| held.config_heartbeat == change)
    };
    let known = world.run_until(900 * SECOND, |world| (0..nodes).all(|node| knows(world, node)));
    known.map_or(NEVER, |time| time as f64 / 1e6)
}

/// Seconds from a start with nothing kept, at another address, until all have the node there; before
/// that it has run for a minute.
fn returned(options: Options) -> f64 {
    let mut world = World::<Core>::formed(options);
    world.run(60 * SECOND);
    let node = world.rng.range(1, world.nodes.len() as u64 - 1) as usize;
    world.restart(node, 0, true);
    world.join(node, 0, Name::Known).expect("a node may join");
    let back = |world: &World<Core>| world.all_online() && world.all_have_address(node);
    world.run_until(300 * SECOND, back).map_or(NEVER, |time| time as f64 / 1e6)
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = ["rule", "what", "seeds", "with it: median", "worst", "without: median", "worst"];
    let mut table = Table::new("rules", &columns);
    for case in CASES.iter().filter(|case| effort.wants(case.rule)) {
        let runs: Vec<(u64, bool)> =
            effort.seeds().flat_map(|seed| [(seed, true), (seed, false)]).collect();
        let figures = effort.each(0, &runs, |(seed, with)| {
            let mut options = (case.options)(*seed);
            if !with {
                (case.off)(&mut options);
            }
            (case.run)(options)
        });
        let of = |with: bool| {
            let chosen = runs.iter().zip(&figures).filter(|(run, _)| run.1 == with);
            let mut figures: Vec<f64> = chosen.map(|(_, figure)| *figure).collect();
            (percentile(&mut figures, 0.5), percentile(&mut figures, 1.0))
        };
        let (with, without) = (of(true), of(false));
        eprintln!("{}: {with:?} with it, {without:?} without", case.rule);
        table.row([
            case.rule.into(),
            case.what.into(),
            effort.seeds.into(),
            with.0.into(),
            with.1.into(),
            without.0.into(),
            without.1.into(),
        ]);
    }
    effort.publish(&table)
}
