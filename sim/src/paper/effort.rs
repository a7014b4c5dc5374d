//! How much an experiment does, and its runs on several threads.

use super::rivals::Rival;
use crate::table::Table;
use std::path::PathBuf;
use std::sync::Mutex;

/// How much an experiment does.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Seeds of each case.
    pub seeds: u64,
    /// The first of them.
    pub first: u64,
    /// Sizes; each experiment has its own where none are given.
    pub sizes: Vec<usize>,
    /// Losses in per cent; each experiment has its own where none are given.
    pub losses: Vec<usize>,
    /// How long to look, in simulated seconds; each experiment has its own time.
    pub seconds: Option<u64>,
    /// Only protocols with one of these words in their name, if there are any; where others are
    /// compared with the first, that one always.
    pub only: Vec<String>,
    /// How many runs go on at the same time.
    pub threads: usize,
    /// Where tables and plots go.
    pub folder: PathBuf,
}

impl Effort {
    /// The sizes that are asked for, or these.
    pub fn sizes_or(&self, usual: &[usize]) -> Vec<usize> {
        if self.sizes.is_empty() { usual.to_vec() } else { self.sizes.clone() }
    }

    /// The seeds.
    pub const fn seeds(&self) -> std::ops::Range<u64> {
        self.first..self.first.saturating_add(self.seeds)
    }

    /// The protocols that are asked for.
    pub fn chosen(&self, all: &[Rival]) -> Vec<Rival> {
        all.iter().filter(|rival| self.wants(rival.name)).copied().collect()
    }

    /// Whether what has this name is asked for.
    pub fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|word| name.contains(word))
    }

    /// The protocols that are asked for, and the first, which the others are compared with.
    pub fn rivals(&self, all: &[Rival]) -> Vec<Rival> {
        let (first, rest) = all.split_at(1);
        [first, &self.chosen(rest)].concat()
    }

    /// What `run` gives for each of the cases, in their order, on as many threads as are asked for. A
    /// case has groups of up to so many `nodes`: fewer threads run where memory is short.
    pub fn each<T: Sync, R: Send>(
        &self,
        nodes: usize,
        cases: &[T],
        run: impl Fn(&T) -> R + Sync,
    ) -> Vec<R> {
        // What nodes hold of each other, queues and the harness included.
        let bytes = (nodes as u64).pow(2) * 400;
        let fitting = memory_left().map_or(usize::MAX, |left| (left / bytes.max(1)) as usize);
        let threads = self.threads.min(fitting).min(cases.len()).max(1);
        let (next, found) = (Mutex::new(0), Mutex::new(Vec::new()));
        let work = || {
            loop {
                let case = {
                    let mut next = next.lock().expect("no thread panics while it counts");
                    *next += 1;
                    *next - 1
                };
                let Some(given) = cases.get(case) else { return };
                let result = run(given);
                found.lock().expect("no thread panics while it adds").push((case, result));
            }
        };
        std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            work();
            others.into_iter().for_each(|other| other.join().expect("a run went through"));
        });
        let mut found = found.into_inner().expect("no thread panics while it adds");
        found.sort_by_key(|(case, _)| *case);
        found.into_iter().map(|(_, result)| result).collect()
    }

    /// Writes a table that is too long to read.
    ///
    /// # Errors
    /// What the system said.
    pub fn write(&self, table: &Table) -> Result<(), String> {
        table.write(&self.folder)
    }

    /// Prints a table and writes it.
    ///
    /// # Errors
    /// What the system said.
    pub fn publish(&self, table: &Table) -> Result<(), String> {
        table.publish(&self.folder)
    }
}

/// Bytes of memory that the system can still give, where it tells.
fn memory_left() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
