//! SWIM's measurements (DSN 2002, section 5): load, first detection and spread against group size.

use super::rivals::Rival;
use super::{Effort, percentile};
use crate::cluster::SECOND;
use crate::table::Table;

const RIVALS: [Rival; 3] = [Rival::SWIM, Rival::LAN, Rival::QUIET];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "members",
        "messages a member and s",
        "bytes a member and s",
        "crashes",
        "first: median s",
        "mean s",
        "all: median s",
        "worst s",
        "from first to all: median ms",
    ];
    let mut table = Table::new("swim", &columns);
    for rival in effort.rivals(&RIVALS) {
        for nodes in effort.sizes_or(&[8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]) {
            // Larger groups cost more, and one run has many members.
            let seeds = effort.seeds.min((8_192 / nodes as u64).max(1));
            let time = if nodes > 512 { 10 * SECOND } else { 30 * SECOND };
            let idle = (rival.idle)((rival.options)(1, nodes), 0.0, time);
            let crashes = (nodes / 4).min(8);
            let times: Vec<(f64, f64)> = (1..=seeds)
                .flat_map(|seed| (rival.detect)((rival.options)(seed, nodes), crashes))
                .collect();
            let mut first: Vec<f64> = times.iter().map(|time| time.0).collect();
            let mut all: Vec<f64> = times.iter().map(|time| time.1).collect();
            let mut spread: Vec<f64> = times.iter().map(|time| 1e3 * (time.1 - time.0)).collect();
            let mean = first.iter().sum::<f64>() / first.len().max(1) as f64;
            table.row([
                rival.name.into(),
                nodes.into(),
                idle.messages.into(),
                idle.bytes.into(),
                times.len().into(),
                percentile(&mut first, 0.5).into(),
                mean.into(),
                percentile(&mut all, 0.5).into(),
                percentile(&mut all, 1.0).into(),
                percentile(&mut spread, 0.5).into(),
            ]);
            eprintln!("{} of {nodes}", rival.name);
        }
    }
    effort.publish(&table)?;
    table.plot(
        &effort.folder,
        "members",
        &["messages a member and s", "all: median s"],
        Some("protocol"),
    )
}
