//! The scenarios at random sizes, intervals, delays, losses and stall shapes.

use crate::cluster::{MS, SECOND};
use crate::faults::Name;
use crate::options::{Drive, Options, Read, Resume, Route, Stall};
use crate::report::Outcome;
use crate::rng::Rng;
use crate::scenario::crash::{Restart, When, crash, restart};
use crate::scenario::join::{Join, join};
use crate::scenario::loss::{Loss, lossy};
use crate::scenario::partition::{Split, partition};
use crate::scenario::scenarios;
use crate::scenario::stall::{Stalls, stalls};
use gossip::proto::Core;

/// Rounds a second that the whole cluster may make, so that a run stays short: 200 nodes each 125 ms,
/// 32 each 20 ms. `GOSSIP_SIM_ROUNDS` sets another number, which makes other runs of the same seeds.
fn rounds() -> u64 {
    std::env::var("GOSSIP_SIM_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_600)
}

/// Random options; half of the runs are over packets.
fn draw(seed: u64, least: u64, most: u64) -> (Options, Rng) {
    let mut rng = Rng::new(seed ^ 0x5741_524d);
    let interval = rng.pick(&[10, 20, 30, 50, 100, 200, 500, 1000]) * MS;
    let fit = (rounds() * interval / SECOND).clamp(least, most);
    // Small clusters have their own troubles: let half of the runs be small.
    let most = if rng.chance(0.5) { fit.min(12) } else { fit };
    let nodes = rng.range(least, most.max(least)) as usize;
    let mut options = Options::new(seed, nodes, interval);
    options.slowest = interval * rng.pick(&[1, 1, 4]);
    options.jitter = interval * rng.range(0, 30) / 100;
    let slowest = (interval / 2).min(20 * MS);
    options.delay = (rng.range(0, slowest / 4), rng.range(slowest / 4, slowest));
    options.duplicate = rng.pick(&[0.0, 0.0, 0.05]);
    options.read =
        rng.pick(&[None, Some(Read::OnArrival), Some(Read::BeforeTick), Some(Read::AfterTick)]);
    options.route = rng.pick(&[Route::Address, Route::Id]);
    if rng.chance(0.5) {
        options = options.packets();
    }
    (options, rng)
}

/// 4 s for fast rounds, 12 s for 8 nodes with rounds each second; what is to be told to all takes
/// rounds that grow with the logarithm of the group.
fn bound(options: &Options) -> u64 {
    4 * SECOND + (5 + u64::from(options.nodes.ilog2())) * options.slowest
}

/// Says with each failure what was run.
fn named(mut outcome: Outcome, what: String) -> Outcome {
    if !outcome.failures.is_empty() {
        outcome.failures.insert(0, what);
    }
    outcome
}

fn text(options: &Options) -> String {
    format!(
        "{} nodes each {} to {} ms, {:?}, read {:?}, route {:?}, delay {:?} us, jitter {} us",
        options.nodes,
        options.interval / MS,
        options.slowest / MS,
        options.drive,
        options.read,
        options.route,
        options.delay,
        options.jitter,
    )
}

scenarios! {
    swarm_join: 3, |seed| {
        let mut rng = Rng::new(seed);
        let nodes = rng.range(3, 200) as usize;
        let case = Join {
            nodes,
            bound: if nodes <= 64 { 20 } else { 40 },
            meet: rng.chance(0.5),
            name: rng.pick(&[Name::Known, Name::Zero, Name::MadeUp]),
            read: rng.pick(&[Read::OnArrival, Read::BeforeTick, Read::AfterTick]),
            route: rng.pick(&[Route::Address, Route::Id]),
        };
        let what = format!("{nodes} nodes, meet {}, {:?}, {:?}", case.meet, case.name, case.read);
        named(join::<Core>(seed, case), what)
    };
    swarm_crash: 3, |seed| {
        let (options, _) = draw(seed, 3, 200);
        let what = text(&options);
        let bound = bound(&options);
        named(crash::<Core>(options, bound), what)
    };
    swarm_restart: 3, |seed| {
        let (options, mut rng) = draw(seed, 3, 200);
        let soon = When::Soon(rng.range(MS, 2 * SECOND));
        let case = Restart {
            when: rng.pick(&[soon, When::Failed(0), When::Failed(3 * SECOND)]),
            moved: rng.chance(0.5),
            name: rng.pick(&[Name::Known, Name::Zero, Name::MadeUp]),
            heartbeat: rng.pick(&[0, 0, 1, 1 << 33]),
        };
        let what = format!("{}, {case:?}", text(&options));
        let bound = bound(&options);
        named(restart::<Core>(options, bound, case), what)
    };
    swarm_loss: 3, |seed| {
        let (options, mut rng) = draw(seed, 3, 200);
        let share = rng.range(5, 30) as f64 / 100.0;
        let one_way = rng.range(10, 50) as f64 / 100.0;
        let loss = rng.pick(&[
            Loss::All(share),
            Loss::In(one_way),
            Loss::Out(one_way),
            Loss::Links(one_way),
        ]);
        let what = format!("{}, {loss:?}", text(&options));
        let bound = bound(&options);
        named(lossy::<Core>(options, loss, 20 * SECOND, bound), what)
    };
    swarm_stall: 3, |seed| {
        let (mut options, mut rng) = draw(seed, 8, 200);
        options.inbox = rng.pick(&[None, Some(50), Some(500)]);
        let period = rng.range(1000, 5000) * MS;
        let stall = Stall {
            length: period * rng.range(20, 70) / 100,
            period,
            resume: rng.pick(&[Resume::Read, Resume::Tick]),
            burst: rng.chance(0.5),
            reader_runs: rng.chance(0.25) && options.drive == Drive::Ticks, messages_only: false
        };
        let count = rng.range(1, (options.nodes as u64 / 8).max(1)) as usize;
        let case = Stalls { count, stall, together: rng.chance(0.5), time: 24 * SECOND };
        let what = format!("{}, {case:?}", text(&options));
        let bound = bound(&options);
        named(stalls::<Core>(options, case, bound), what)
    };
    swarm_partition: 3, |seed| {
        let (options, mut rng) = draw(seed, 4, 100);
        let side = rng.range(1, options.nodes as u64 / 2) as usize;
        // A small side has to find many dead by few probes.
        let time = 8 * SECOND + 4 * bound(&options);
        let cut = Split { side, time, heal: 40 * SECOND };
        let what = format!("{}, {cut:?}", text(&options));
        let bound = bound(&options);
        named(partition::<Core>(options, cut, bound), what)
    };
}
