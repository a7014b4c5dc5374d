//! The papers' experiments as programs.

pub mod bootstrap;
pub mod edges;
pub mod lifeguard;
pub mod loss;
pub mod partition;
pub mod rapid;
pub mod rivals;
pub mod rules;
pub mod swim;

use crate::table::Table;
use rivals::Rival;
use std::path::PathBuf;

/// How much an experiment does.
#[derive(Clone, Debug)]
pub struct Effort {
    /// Seeds of each case.
    pub seeds: u64,
    /// Sizes; each experiment has its own where none are given.
    pub sizes: Vec<usize>,
    /// Losses in per cent; each experiment has its own where none are given.
    pub losses: Vec<usize>,
    /// How long to look, in simulated seconds; each experiment has its own time.
    pub seconds: Option<u64>,
    /// Only protocols with this in their name, if it is not empty; the first one always.
    pub only: String,
    /// Where tables and plots go.
    pub folder: PathBuf,
}

impl Effort {
    /// The sizes that are asked for, or these.
    pub fn sizes_or(&self, usual: &[usize]) -> Vec<usize> {
        if self.sizes.is_empty() { usual.to_vec() } else { self.sizes.clone() }
    }

    /// The seeds, or at most so many.
    pub fn seeds(&self) -> std::ops::RangeInclusive<u64> {
        1..=self.seeds
    }

    /// The protocols that are asked for. The first is what the others are compared with.
    pub fn rivals(&self, all: &[Rival]) -> Vec<Rival> {
        let wanted = |(i, rival): &(usize, &Rival)| *i == 0 || rival.name.contains(&self.only);
        all.iter().enumerate().filter(wanted).map(|(_, rival)| *rival).collect()
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

/// Runs an experiment.
type Run = fn(&Effort) -> Result<(), String>;

/// The experiments by name, with the number of seeds that each has by itself.
pub const PAPERS: [(&str, u64, Run); 8] = [
    ("swim", 4, swim::run),
    ("lifeguard", 1, lifeguard::run),
    ("rapid", 20, rapid::run),
    ("bootstrap", 20, bootstrap::run),
    ("partition", 20, partition::run),
    ("loss", 2, loss::run),
    ("edges", 20, edges::run),
    ("rules", 2, rules::run),
];

/// The value at a share of some values, sorted by this; 0 of none.
pub fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.clamp(1, values.len().max(1)) - 1).copied()
}
