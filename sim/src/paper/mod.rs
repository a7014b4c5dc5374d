//! The papers' experiments as programs.

pub mod baseline;
pub mod bootstrap;
pub mod edges;
mod effort;
pub mod lifeguard;
pub mod loss;
pub mod partition;
pub mod partitions;
pub mod rapid;
pub mod rivals;
pub mod rules;
pub mod stress;
pub mod swim;

pub use effort::Effort;

/// Runs an experiment.
type Run = fn(&Effort) -> Result<(), String>;

/// The experiments by name, with the number of seeds that each has by itself.
pub const PAPERS: [(&str, u64, Run); 11] = [
    ("baseline", 1, baseline::run),
    ("swim", 4, swim::run),
    ("lifeguard", 1, lifeguard::run),
    ("detection", 1, lifeguard::detections),
    ("rapid", 20, rapid::run),
    ("bootstrap", 20, bootstrap::run),
    ("partition", 20, partition::run),
    ("partitions", 1_000, partitions::run),
    ("loss", 2, loss::run),
    ("edges", 20, edges::run),
    ("rules", 5, rules::run),
];

/// The value at a share of some values, sorted by this; 0 of none.
pub fn percentile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * share).ceil() as usize;
    values.get(place.clamp(1, values.len().max(1)) - 1).copied()
}
