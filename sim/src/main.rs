//! `gossip-sim`: runs the simulator from the command line.

mod arguments;
mod sweep;

use arguments::Arguments;
use gossip_sim::paper::{self, Effort};
use gossip_sim::runner::Summary;
use gossip_sim::{scenario, swarm};
use std::process::ExitCode;

const USAGE: &str = "\
usage: gossip-sim <command> [options]

  swarm              random clusters under random faults, on all cores, until one fails
      --seeds <n>    how many seeds; 1000
      --first <n>    the first seed; 1
      --rounds <n>   rounds of chaos for each; 1000
      --minutes <n>  goes on for so long instead of a number of seeds
      --threads <n>  how many threads; one for each core
      --keep-going   does not stop at the first failure
  replay             one run of the swarm, with all its figures
      --seed <n> --rounds <n>
  scenario <name>    one scenario; without a name, lists them
      --seed <n>     one seed alone
      --seeds <n>    how many seeds, from the first one on; 10
  compare            our profiles beside memberlist's constants, and beside foca where that is built in
  micro              what single calls cost, and foca's beside them where that is built in
      --sizes <n,n>  members
  instructions       the same calls in instructions, by valgrind
      --sizes <n,n>  members
  calls              the same calls, a thousand of each; what valgrind runs for that
  paper <name>       one of the papers' experiments; without a name, lists them
      --seeds <n>    how many seeds of each case
      --first <n>    the first of them; 1
      --sizes <n,n>  group sizes
      --loss <n,n>   losses in per cent, for the experiment of that name
      --seconds <n>  how long to look, in simulated time
      --only <w,w>   only protocols with one of these words in their name, and the one that the others
                     are compared with; of rapid and rules only such cases
      --threads <n>  how many runs at the same time; one for each core, fewer where memory is short
      --out <folder> where tables (CSV, JSON) and plots (SVG) go; sim-results";

/// Starts the program anew with memory in pages of 2 MB, if the system has such: thousands of cores
/// look up members at random, and a third of the time went into finding the pages.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
fn use_huge_pages() {
    use std::os::unix::process::CommandExt;
    const TUNABLES: &str = "GLIBC_TUNABLES";
    if std::env::var_os(TUNABLES).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut again = std::process::Command::new(program);
    again.args(std::env::args_os().skip(1)).env(TUNABLES, "glibc.malloc.hugetlb=1");
    // It comes back only if that failed; then the pages are small.
    let _ = again.exec();
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const fn use_huge_pages() {}

fn main() -> ExitCode {
    use_huge_pages();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a command; `false` if what it ran has failed.
fn run(words: &[String]) -> Result<bool, String> {
    let (command, rest) = words.split_first().ok_or(USAGE)?;
    let mut arguments = Arguments::of(rest)?;
    let done = match command.as_str() {
        "swarm" => sweep::run(&mut arguments)?,
        "replay" => replay(&mut arguments)?,
        "scenario" => run_scenario(&mut arguments)?,
        "paper" => run_paper(&mut arguments)?,
        "micro" => {
            let effort = effort(&mut arguments, 1)?;
            arguments.finish()?;
            gossip_sim::micro::run(&effort)?;
            true
        }
        "instructions" => {
            let effort = effort(&mut arguments, 1)?;
            arguments.finish()?;
            gossip_sim::micro::count::run(&effort)?;
            true
        }
        "calls" => {
            let effort = effort(&mut arguments, 1)?;
            arguments.finish()?;
            gossip_sim::micro::count::calls(&effort);
            true
        }
        "compare" => {
            let effort = effort(&mut arguments, 1)?;
            arguments.finish()?;
            gossip_sim::compare::run(&effort)?;
            true
        }
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            true
        }
        other => return Err(format!("`{other}` is not a command\n{USAGE}")),
    };
    arguments.finish()?;
    Ok(done)
}

fn replay(arguments: &mut Arguments) -> Result<bool, String> {
    let seed = arguments.number("seed")?.ok_or("replay needs --seed")?;
    let rounds = arguments.number("rounds")?.unwrap_or(sweep::ROUNDS);
    arguments.finish()?;
    println!("{}", swarm::Plan::of(seed, rounds).text());
    let outcome = swarm::run(seed, rounds);
    println!("trace {:016x}", outcome.trace);
    let mut summary = Summary::default();
    summary.add(seed, outcome);
    println!("{}", summary.text("replay"));
    report(&summary, "replay")
}

fn report(summary: &Summary, name: &str) -> Result<bool, String> {
    if summary.failed.is_empty() {
        return Ok(true);
    }
    println!("{}", summary.failures(name));
    Ok(false)
}

fn run_scenario(arguments: &mut Arguments) -> Result<bool, String> {
    let Some(name) = arguments.word() else {
        scenario::all().for_each(|scenario| println!("{}", scenario.name));
        return Ok(true);
    };
    let found = scenario::all().find(|scenario| scenario.name == name);
    let scenario =
        found.ok_or(format!("`{name}` is no scenario; `gossip-sim scenario` lists them"))?;
    let seed = arguments.number("seed")?;
    let seeds = arguments.number("seeds")?.unwrap_or(if seed.is_some() { 1 } else { 10 });
    arguments.finish()?;
    let first = seed.unwrap_or(1);
    let mut summary = Summary::of(first..first + seeds, scenario.run);
    println!("{}", summary.text(&name));
    report(&summary, &name)
}

fn run_paper(arguments: &mut Arguments) -> Result<bool, String> {
    let Some(name) = arguments.word() else {
        paper::PAPERS.iter().for_each(|(name, ..)| println!("{name}"));
        return Ok(true);
    };
    let found = paper::PAPERS.iter().find(|(other, ..)| *other == name);
    let (_, seeds, run) =
        found.ok_or(format!("`{name}` is no experiment; `gossip-sim paper` lists them"))?;
    let effort = effort(arguments, *seeds)?;
    arguments.finish()?;
    let begin = std::time::Instant::now();
    run(&effort)?;
    let took = begin.elapsed().as_secs();
    match most_memory() {
        Some(megabytes) => println!("{took} s, {megabytes} MB of memory at the most"),
        None => println!("{took} s"),
    }
    Ok(true)
}

/// The most memory that this process had, where the system tells.
fn most_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
}

fn effort(arguments: &mut Arguments, seeds: u64) -> Result<Effort, String> {
    let seeds = arguments.number("seeds")?.unwrap_or(seeds);
    let sizes = numbers(arguments, "sizes", 2..=60_000)?;
    let losses = numbers(arguments, "loss", 0..=100)?;
    let seconds = arguments.number("seconds")?;
    let folder: std::path::PathBuf = arguments.text("out")?.unwrap_or("sim-results".into()).into();
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let only = arguments.text("only")?.unwrap_or_default();
    let only = only.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = arguments.number("threads")?.unwrap_or(cores);
    let first = arguments.number("first")?.unwrap_or(1);
    Ok(Effort { seeds, first, sizes, losses, seconds, only, threads, folder })
}

/// A list of numbers with commas between them.
fn numbers(
    arguments: &mut Arguments,
    name: &str,
    range: std::ops::RangeInclusive<usize>,
) -> Result<Vec<usize>, String> {
    let text = arguments.text(name)?.unwrap_or_default();
    let words = text.split(',').filter(|word| !word.is_empty());
    let number = |word: &str| word.parse().ok().filter(|number| range.contains(number));
    words
        .map(|word| {
            number(word).ok_or_else(|| format!("--{name} has `{word}`, no number in {range:?}"))
        })
        .collect()
}
