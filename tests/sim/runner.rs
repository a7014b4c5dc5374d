//! Runs a scenario with one seed or many and says what came out.

use crate::report::Outcome;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `scenario` for `quick` seeds, or for `GOSSIP_SIM_RUNS` seeds with the figures printed.
///
/// # Panics
/// When a run fails: with the seeds, what was wrong, and how to replay one.
pub fn runs(name: &str, quick: u64, scenario: impl Fn(u64) -> Outcome) {
    let asked = number("GOSSIP_SIM_RUNS");
    let seed = number("GOSSIP_SIM_SEED");
    let count = asked.unwrap_or(if seed.is_some() { 1 } else { quick });
    let first = seed.unwrap_or(1);
    let mut figures: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    let mut failed = Vec::new();
    for seed in first..first.saturating_add(count) {
        let outcome = guarded(|| scenario(seed));
        for (figure, value) in outcome.figures {
            figures.entry(figure).or_default().push(value);
        }
        if !outcome.failures.is_empty() {
            failed.push((seed, outcome.failures));
        }
    }
    if asked.is_some() || seed.is_some() {
        print(name, count, failed.len(), &mut figures);
    }
    assert!(failed.is_empty(), "{}", failure_text(name, count, &failed));
}

/// A panic of the core is a failure of its seed, and the other seeds go on.
fn guarded(scenario: impl FnOnce() -> Outcome) -> Outcome {
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

fn print(name: &str, count: u64, failed: usize, figures: &mut BTreeMap<String, Vec<f64>>) {
    let mut text = format!("{name}: {count} runs, {failed} failed\n");
    for (figure, values) in figures {
        let [least, median, most95, most] = spread(values);
        let runs = values.len();
        text += &format!(
            "  {figure:28} min {least:10.1}  median {median:10.1}  95 % {most95:10.1}  max {most:10.1}  ({runs})\n"
        );
    }
    println!("{text}");
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

fn failure_text(name: &str, count: u64, failed: &[(u64, Vec<String>)]) -> String {
    let mut text = format!("{name}: {} of {count} runs failed\n", failed.len());
    for (seed, failures) in failed.iter().take(10) {
        for failure in failures.iter().take(6) {
            text += &format!("  seed {seed}: {failure}\n");
        }
    }
    if let Some((seed, _)) = failed.first() {
        text += &format!("replay: GOSSIP_SIM_SEED={seed} cargo test --test sim {name}");
    }
    text
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
        let scenario = |_| Outcome { failures: vec!["late".into()], ..Outcome::default() };
        assert!(catch_unwind(AssertUnwindSafe(|| runs("scenario", 1, scenario))).is_err());
        runs("scenario", 1, |_| Outcome::default());
    }
}
