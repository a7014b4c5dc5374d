//! Start of a whole cluster at once through one seed: until all know all (Rapid, figure 5).

use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::faults::Name;
use crate::options::Options;
use crate::table::Table;
use crate::world::World;
use gossip::proto::{Config, Core};

/// 100 Mbit/s in and out.
const BANDWIDTH: u64 = 100_000_000;

/// What one start measured.
#[derive(Debug)]
pub(super) struct Start {
    /// Microseconds until all knew all.
    pub(super) all: Option<u64>,
    messages: u64,
    bytes: u64,
    peak: (u64, u64),
    queue: usize,
    lost: u64,
}

/// Lets all join the first at once.
pub(super) fn start(mut options: Options) -> Start {
    options.bandwidth = Some(BANDWIDTH);
    options.limits.outputs = 1 << 17;
    let mut world = World::<Core>::new(options);
    world.join_all(Name::Zero);
    let mut peak = (0, 0);
    let mut before = (0, 0);
    let mut all = None;
    for _ in 0..600 {
        let waited = world.run_until(SECOND / 10, World::all_online);
        let sent = (world.counts.messages, world.counts.bytes);
        let window = (sent.0 - before.0, sent.1 - before.1);
        peak = (peak.0.max(window.0), peak.1.max(window.1));
        before = sent;
        if waited.is_some() {
            all = Some(world.now);
            break;
        }
    }
    Start {
        all,
        messages: world.counts.messages,
        bytes: world.counts.bytes,
        peak,
        queue: world.net.longest_queue(),
        lost: world.counts.overflown,
    }
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "nodes",
        "seeds",
        "median s",
        "worst s",
        "never",
        "messages a node",
        "KB a node",
        "peak packets a node and s",
        "peak KB a node and s",
        "longest receive queue",
        "queue drops",
    ];
    let mut table = Table::new("bootstrap", &columns);
    for nodes in effort.sizes_or(&[100, 1_000, 2_000, 5_000]) {
        let seeds: Vec<u64> = effort.seeds().collect();
        let starts = effort.each(nodes, &seeds, |seed| {
            let start = start(Options::profile(*seed, nodes, Config::lan()));
            eprintln!("{nodes} nodes, seed {seed}: {start:?}");
            start
        });
        let mut times: Vec<f64> =
            starts.iter().filter_map(|start| Some(start.all? as f64 / 1e6)).collect();
        let runs = starts.len() as f64;
        let each = runs * nodes as f64;
        let sum = |of: fn(&Start) -> u64| starts.iter().map(of).sum::<u64>() as f64;
        let most = |of: fn(&Start) -> u64| starts.iter().map(of).max().unwrap_or(0) as f64;
        table.row([
            nodes.into(),
            starts.len().into(),
            percentile(&mut times, 0.5).into(),
            percentile(&mut times, 1.0).into(),
            (starts.len() - times.len()).into(),
            (sum(|start| start.messages) / each).into(),
            (sum(|start| start.bytes) / each / 1e3).into(),
            (most(|start| start.peak.0) * 10.0 / nodes as f64).into(),
            (most(|start| start.peak.1) * 10.0 / nodes as f64 / 1e3).into(),
            most(|start| start.queue as u64).into(),
            sum(|start| start.lost).into(),
        ]);
    }
    effort.publish(&table)?;
    table.plot(&effort.folder, "nodes", &["median s", "worst s"], None)
}
