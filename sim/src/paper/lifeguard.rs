//! Lifeguard's experiment (2018, section V): 128 members of which some stand still again and again.

use super::rivals::Rival;
use super::stress::{Stress, Tally};
use super::{Effort, percentile};
use crate::cluster::{MS, SECOND};
use crate::options::Options;
use crate::table::Table;

const NODES: usize = 128;

/// A part of a whole in per cent; nothing of nothing.
pub fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| 100.0 * part as f64 / whole as f64)
}

/// The paper's grid: its bounds, and between them all powers of two of the count, of four of the times.
pub fn grid() -> Vec<Stress> {
    let lengths = [128, 512, 2_048, 8_192, 32_768].map(|ms| ms * MS);
    let pauses = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384].map(|ms| ms * MS);
    let mut cases = Vec::new();
    for count in [1, 2, 4, 8, 16, 32] {
        for length in lengths {
            for pause in pauses {
                cases.push(Stress { count, length, pause, time: 120 * SECOND });
            }
        }
    }
    cases
}

/// What a protocol does on the whole grid, for each of its cases; `change` changes the options.
pub fn on_grid(
    effort: &Effort,
    rival: &Rival,
    change: impl Fn(&mut Options) + Sync,
) -> Vec<(Stress, Tally)> {
    let runs: Vec<(Stress, u64)> =
        grid().into_iter().flat_map(|case| effort.seeds().map(move |seed| (case, seed))).collect();
    let tallies = effort.each(NODES, &runs, |(case, seed)| {
        let mut options = (rival.options)(*seed, NODES);
        change(&mut options);
        (rival.stress)(options, *case)
    });
    let each_case = tallies.chunks(effort.seeds as usize).map(|tallies| {
        let mut sum = Tally::default();
        tallies.iter().for_each(|tally| sum.add(tally));
        sum
    });
    grid().into_iter().zip(each_case).collect()
}

const RIVALS: [Rival; 11] = [
    Rival::SWIM,
    Rival::HEALTH,
    Rival::SUSPICION,
    Rival::BUDDY,
    Rival::LIFEGUARD,
    Rival::MEMBERLIST,
    Rival::FAST_SWIM,
    Rival::QUIET,
    Rival::SLOW_LAN,
    Rival::LAN,
    Rival::LOOP,
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
        for (case, cell) in on_grid(effort, &rival, |_| ()) {
            sum.add(&cell);
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
    effort.write(&detail)
}

/// How long a crash in a calm group takes to be known to the first and to all.
///
/// # Errors
/// What the system said.
pub fn detections(effort: &Effort) -> Result<(), String> {
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
        let seeds: Vec<u64> = (1..=20 * effort.seeds).collect();
        let times =
            effort.each(NODES, &seeds, |seed| (rival.detect)((rival.options)(*seed, NODES), 16));
        let times = times.concat();
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
