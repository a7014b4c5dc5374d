//! Lifeguard's experiment (2018, section V): 128 members of which some stand still again and again.

use super::rivals::Rival;
use super::{Effort, percentile};
use crate::cluster::{MS, SECOND};
use crate::table::Table;

const NODES: usize = 128;

/// Who stands still, for how long, and for how long not in between.
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    /// How many members.
    pub count: usize,
    /// How long each time.
    pub length: u64,
    /// How long they run in between.
    pub pause: u64,
    /// For how long this goes on.
    pub time: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// How often a healthy member was called failed.
    pub wrong: u64,
    /// By healthy members.
    pub wrong_at_healthy: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// Bytes of them.
    pub bytes: u64,
}

/// A part of the paper's grid: every other value of it.
fn grid() -> Vec<Stress> {
    let mut cases = Vec::new();
    for count in [4, 8, 16, 32] {
        for length in [512 * MS, 2_048 * MS, 8_192 * MS, 32_768 * MS] {
            for pause in [MS, 64 * MS, 1_024 * MS, 16_384 * MS] {
                cases.push(Stress { count, length, pause, time: 120 * SECOND });
            }
        }
    }
    cases
}

const RIVALS: [Rival; 9] = [
    Rival::SWIM,
    Rival::HEALTH,
    Rival::SUSPICION,
    Rival::BUDDY,
    Rival::LIFEGUARD,
    Rival::MEMBERLIST,
    Rival::FAST_SWIM,
    Rival::QUIET,
    Rival::LAN,
];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "wrong",
        "% of SWIM",
        "wrong at healthy",
        "% of SWIM at healthy",
        "messages % of SWIM",
        "bytes % of SWIM",
    ];
    let mut table = Table::new("lifeguard-false-positives", &columns);
    let mut detail = Table::new(
        "lifeguard-cases",
        &["protocol", "stalled", "for ms", "pause ms", "wrong", "wrong at healthy"],
    );
    let mut base: Option<Tally> = None;
    for rival in effort.rivals(&RIVALS) {
        let mut sum = Tally::default();
        for case in grid() {
            let mut cell = Tally::default();
            for seed in effort.seeds() {
                let tally = (rival.stress)((rival.options)(seed, NODES), case);
                cell.wrong += tally.wrong;
                cell.wrong_at_healthy += tally.wrong_at_healthy;
                cell.messages += tally.messages;
                cell.bytes += tally.bytes;
            }
            sum.wrong += cell.wrong;
            sum.wrong_at_healthy += cell.wrong_at_healthy;
            sum.messages += cell.messages;
            sum.bytes += cell.bytes;
            detail.row([
                rival.name.into(),
                case.count.into(),
                (case.length / MS).into(),
                (case.pause / MS).into(),
                cell.wrong.into(),
                cell.wrong_at_healthy.into(),
            ]);
        }
        let base = base.get_or_insert(sum);
        let share = |part: u64, whole: u64| (whole > 0).then(|| 100.0 * part as f64 / whole as f64);
        table.row([
            rival.name.into(),
            sum.wrong.into(),
            share(sum.wrong, base.wrong).into(),
            sum.wrong_at_healthy.into(),
            share(sum.wrong_at_healthy, base.wrong_at_healthy).into(),
            share(sum.messages, base.messages).into(),
            share(sum.bytes, base.bytes).into(),
        ]);
        eprintln!("{}: {sum:?}", rival.name);
    }
    effort.publish(&table)?;
    effort.write(&detail)?;
    detections(effort)
}

/// How long a crash in a calm group takes to be known to the first and to all.
fn detections(effort: &Effort) -> Result<(), String> {
    let columns = [
        "protocol",
        "crashes",
        "first: median s",
        "99 %",
        "99.9 %",
        "all: median s",
        "worst s",
        "median % of SWIM",
    ];
    let mut table = Table::new("lifeguard-detection", &columns);
    let mut base = None;
    for rival in effort.rivals(&RIVALS) {
        let times: Vec<(f64, f64)> = (1..=20 * effort.seeds)
            .flat_map(|seed| (rival.detect)((rival.options)(seed, NODES), 16))
            .collect();
        let mut first: Vec<f64> = times.iter().map(|time| time.0).collect();
        let mut all: Vec<f64> = times.iter().map(|time| time.1).collect();
        let median = percentile(&mut first, 0.5);
        let base = *base.get_or_insert(median);
        table.row([
            rival.name.into(),
            times.len().into(),
            median.into(),
            percentile(&mut first, 0.99).into(),
            percentile(&mut first, 0.999).into(),
            percentile(&mut all, 0.5).into(),
            percentile(&mut all, 1.0).into(),
            median.zip(base).map(|(own, base)| 100.0 * own / base).into(),
        ]);
    }
    effort.publish(&table)
}
