//! Many seeds of the swarm on many threads.

use crate::arguments::Arguments;
use gossip_sim::runner::{Summary, guarded};
use gossip_sim::swarm;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Rounds of chaos where none are given.
pub const ROUNDS: u64 = 1_000;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(10);

/// Runs the swarm; `false` if a seed failed.
pub fn run(arguments: &mut Arguments) -> Result<bool, String> {
    let seeds: Option<u64> = arguments.number("seeds")?;
    let first: u64 = arguments.number("first")?.unwrap_or(1);
    let rounds: u64 = arguments.number("rounds")?.unwrap_or(ROUNDS);
    let minutes: Option<u64> = arguments.number("minutes")?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads: usize = arguments.number("threads")?.unwrap_or(cores);
    let keep_going = arguments.flag("keep-going")?;
    arguments.finish()?;
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let count = seeds.unwrap_or(if until.is_some() { u64::MAX } else { 1_000 });
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (sender, outcomes) = mpsc::channel();
    let mut summary = Summary::default();
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || {
                loop {
                    let over = until.is_some_and(|until| Instant::now() >= until);
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if over || place >= count || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let seed = first.saturating_add(place);
                    let outcome = guarded(|| swarm::run(seed, rounds));
                    if sender.send((seed, outcome)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let begin = Instant::now();
        let mut shown = begin;
        for (seed, outcome) in outcomes {
            if !outcome.failures.is_empty() {
                println!("seed {seed} failed:");
                outcome.failures.iter().take(8).for_each(|failure| println!("  {failure}"));
                println!("replay: gossip-sim replay --seed {seed} --rounds {rounds}");
                stop.fetch_or(!keep_going, Ordering::Relaxed);
            }
            summary.add(seed, outcome);
            if shown.elapsed() >= PROGRESS {
                shown = Instant::now();
                let took = begin.elapsed().as_secs();
                println!("{} runs in {took} s, {} failed", summary.runs, summary.failed.len());
            }
        }
    });
    println!("{}", summary.text("swarm"));
    Ok(summary.failed.is_empty())
}
