//! Runs a scenario with one seed or many and says what came out.

use crate::report::Outcome;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A scenario that can be run by its name.
#[derive(Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// How many seeds its test runs.
    pub quick: u64,
    /// Runs it.
    pub run: fn(u64) -> Outcome,
}

/// What many runs of a scenario measured.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many runs there were.
    pub runs: u64,
    /// Every figure of every run.
    pub figures: BTreeMap<String, Vec<f64>>,
    /// The seeds that failed, with what was wrong.
    pub failed: Vec<(u64, Vec<String>)>,
}

impl Summary {
    /// Runs a scenario for some seeds.
    pub fn of(seeds: std::ops::Range<u64>, scenario: impl Fn(u64) -> Outcome) -> Self {
        let mut summary = Self::default();
        for seed in seeds {
            summary.add(seed, guarded(|| scenario(seed)));
        }
        summary
    }

    /// Adds a run.
    pub fn add(&mut self, seed: u64, outcome: Outcome) {
        self.runs += 1;
        for (figure, value) in outcome.figures {
            self.figures.entry(figure).or_default().push(value);
        }
        if !outcome.failures.is_empty() {
            self.failed.push((seed, outcome.failures));
        }
    }

    /// The spread of every figure, as text.
    pub fn text(&mut self, name: &str) -> String {
        let mut text = format!("{name}: {} runs, {} failed\n", self.runs, self.failed.len());
        for (figure, values) in &mut self.figures {
            let [least, median, most95, most] = spread(values);
            let runs = values.len();
            text += &format!(
                "  {figure:28} min {least:10.1}  median {median:10.1}  95 % {most95:10.1}  max {most:10.1}  ({runs})\n"
            );
        }
        text
    }

    /// The first failures, as text.
    pub fn failures(&self, name: &str) -> String {
        let mut text = format!("{name}: {} of {} runs failed\n", self.failed.len(), self.runs);
        for (seed, failures) in self.failed.iter().take(10) {
            for failure in failures.iter().take(6) {
                text += &format!("  seed {seed}: {failure}\n");
            }
        }
        text
    }
}

/// Runs a scenario for the seeds of its test, or for `GOSSIP_SIM_RUNS` seeds with the figures printed.
///
/// # Panics
/// When a run fails: with the seeds, what was wrong, and how to replay one.
pub fn run_test(scenario: &Scenario) {
    let Scenario { name, quick, run } = scenario;
    let asked = number("GOSSIP_SIM_RUNS");
    let seed = number("GOSSIP_SIM_SEED");
    let count = asked.unwrap_or(if seed.is_some() { 1 } else { *quick });
    let first = seed.unwrap_or(1);
    let mut summary = Summary::of(first..first.saturating_add(count), run);
    if asked.is_some() || seed.is_some() {
        println!("{}", summary.text(name));
    }
    let replay = summary.failed.first().map_or(0, |(seed, _)| *seed);
    assert!(
        summary.failed.is_empty(),
        "{}replay: gossip-sim scenario {name} --seed {replay}",
        summary.failures(name)
    );
}

/// A panic of the core is a failure of its seed, and the other seeds go on.
pub fn guarded(scenario: impl FnOnce() -> Outcome) -> Outcome {
    let text = match catch_unwind(AssertUnwindSafe(scenario)) {
        Ok(outcome) => return outcome,
        Err(panic) => match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
            (Some(text), _) => text.clone(),
            (None, Some(text)) => (*text).into(),
            (None, None) => "without a text".into(),
        },
    };
    Outcome { failures: vec![format!("panicked: {text}")], ..Outcome::default() }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Least, median, 95 % and most of some values; zeros of none.
pub fn spread(values: &mut [f64]) -> [f64; 4] {
    if values.is_empty() {
        return [0.0; 4];
    }
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let at = |share: f64| values[(last as f64 * share).ceil() as usize];
    [values[0], values[last / 2], at(0.95), values[last]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_fails_its_seed_with_its_text() {
        let outcome = guarded(|| panic!("seed {}", 7));
        assert_eq!(outcome.failures, ["panicked: seed 7"]);
        assert_eq!(guarded(Outcome::default).failures, [""; 0]);
    }

    #[test]
    fn a_failed_seed_fails_the_scenario() {
        let run = |_| Outcome { failures: vec!["late".into()], ..Outcome::default() };
        let bad = Scenario { name: "bad", quick: 1, run };
        assert!(catch_unwind(AssertUnwindSafe(|| run_test(&bad))).is_err());
        run_test(&Scenario { name: "good", quick: 1, run: |_| Outcome::default() });
    }
}
