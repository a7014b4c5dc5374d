//! Our profiles beside memberlist's constants and foca, in the same network and at the same stress.

use crate::cluster::{MS, SECOND};
use crate::paper::rivals::{Idle, Rival};
use crate::paper::stress::Stress;
use crate::paper::{Effort, percentile};
use crate::table::Table;
use std::time::Instant;

#[cfg(feature = "foca")]
const RIVALS: [Rival; 4] = [Rival::MEMBERLIST, Rival::FOCA, Rival::QUIET, Rival::LAN];
#[cfg(not(feature = "foca"))]
const RIVALS: [Rival; 3] = [Rival::MEMBERLIST, Rival::QUIET, Rival::LAN];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    load(effort)?;
    crashes(effort)?;
    faults(effort)
}

fn load(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "members",
        "messages a node and s",
        "bytes a node and s",
        "CPU us a node and s, simulator included",
    ];
    let mut table = Table::new("compare-load", &columns);
    for rival in effort.rivals(&RIVALS) {
        for nodes in effort.sizes_or(&[10, 100, 400]) {
            let seconds = (20_000 / nodes as u64).clamp(20, 600);
            // What it takes to form is measured apart and taken away.
            let cpu = |time: u64| {
                let begin = cpu_time();
                let idle = (rival.idle)((rival.options)(1, nodes), 0.0, time * SECOND);
                (idle, cpu_time() - begin)
            };
            let (_, forming) = cpu(0);
            let (idle, all) = cpu(seconds);
            let cost = (all - forming).max(0.0) / (seconds as f64 * nodes as f64);
            table.row([
                rival.name.into(),
                nodes.into(),
                idle.messages.into(),
                idle.bytes.into(),
                (cost * 1e6).into(),
            ]);
        }
    }
    effort.publish(&table)
}

/// Seconds of processor time that this process's first thread, which does all, has used; where the
/// system does not tell, seconds of the clock.
fn cpu_time() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let ns = stat.split_whitespace().next().and_then(|word| word.parse::<f64>().ok());
    ns.map_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64(), |ns| ns / 1e9)
}

fn crashes(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "members",
        "crashes",
        "first: median s",
        "all: median s",
        "95 % s",
        "worst s",
        "all, % of memberlist",
    ];
    let mut table = Table::new("compare-crash", &columns);
    let mut bases: Vec<(usize, f64)> = Vec::new();
    for rival in effort.rivals(&RIVALS) {
        for nodes in effort.sizes_or(&[10, 50, 100]) {
            let seeds = 10 * effort.seeds;
            let times: Vec<(f64, f64)> = (1..=seeds)
                .flat_map(|seed| (rival.detect)((rival.options)(seed, nodes), 3))
                .collect();
            let mut first: Vec<f64> = times.iter().map(|time| time.0).collect();
            let mut all: Vec<f64> = times.iter().map(|time| time.1).collect();
            let median = percentile(&mut all, 0.5).unwrap_or(0.0);
            if bases.iter().all(|(size, _)| *size != nodes) {
                bases.push((nodes, median));
            }
            let base = bases.iter().find(|(size, _)| *size == nodes).map(|(_, base)| *base);
            table.row([
                rival.name.into(),
                nodes.into(),
                times.len().into(),
                percentile(&mut first, 0.5).into(),
                median.into(),
                percentile(&mut all, 0.95).into(),
                percentile(&mut all, 1.0).into(),
                base.map(|base| 100.0 * median / base).into(),
            ]);
        }
    }
    effort.publish(&table)
}

fn faults(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "wrong at 20 % loss, 600 s",
        "bytes a node and s",
        "wrong at 30 % loss",
        "8 of 128 stand still for 16 s: wrong",
        "at healthy",
        "a minute cut in halves: whole after s",
    ];
    let mut table = Table::new("compare-faults", &columns);
    let seconds = effort.seconds.unwrap_or(600) * SECOND;
    for rival in effort.rivals(&RIVALS) {
        let idle = |loss: f64| -> Vec<Idle> {
            effort
                .seeds()
                .map(|seed| (rival.idle)((rival.options)(seed, 100), loss, seconds))
                .collect()
        };
        let wrong = |seen: &[Idle]| seen.iter().map(|seen| seen.wrong).sum::<u64>();
        let (twenty, thirty) = (idle(0.2), idle(0.3));
        let case = Stress { count: 8, length: 16 * SECOND, pause: 4 * MS, time: 120 * SECOND };
        let (mut still, mut still_healthy) = (0, 0);
        for seed in effort.seeds() {
            let tally = (rival.stress)((rival.options)(seed, 128), case);
            still += tally.wrong;
            still_healthy += tally.wrong_at_healthy;
        }
        let mut heals: Vec<f64> = effort
            .seeds()
            .map(|seed| {
                (rival.heal)((rival.options)(seed, 100), 60 * SECOND).unwrap_or(f64::INFINITY)
            })
            .collect();
        let heal = percentile(&mut heals, 0.5).filter(|time| time.is_finite());
        table.row([
            rival.name.into(),
            wrong(&twenty).into(),
            twenty.last().map(|seen| seen.bytes).into(),
            wrong(&thirty).into(),
            still.into(),
            still_healthy.into(),
            heal.map_or("never in 300 s".into(), Into::into),
        ]);
    }
    effort.publish(&table)
}
