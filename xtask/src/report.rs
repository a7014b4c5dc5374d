//! Counts what passed and failed, and measures how long each part took.

use std::time::{Duration, Instant};

/// The result of a run.
#[derive(Default)]
pub struct Report {
    passed: usize,
    failed: usize,
    failures: Vec<String>,
    parts: Vec<(String, Duration)>,
}

impl Report {
    /// Runs a part under a heading and notes its time.
    pub fn part(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        println!("\n== {name}");
        let start = Instant::now();
        body(self);
        self.parts.push((name.to_owned(), start.elapsed()));
    }

    /// Notes one check, and says how it went. Returns whether it passed.
    pub fn check(&mut self, name: &str, result: Result<(), String>) -> bool {
        match result {
            Ok(()) => {
                println!("ok    {name}");
                self.passed += 1;
                true
            }
            Err(error) => {
                println!("FAIL  {name}\n{error}");
                self.failed += 1;
                self.failures.push(name.to_owned());
                false
            }
        }
    }

    /// Notes a check that gives something for the next ones.
    pub fn take<T>(&mut self, name: &str, result: Result<T, String>) -> Option<T> {
        let (value, result) = match result {
            Ok(value) => (Some(value), Ok(())),
            Err(error) => (None, Err(error)),
        };
        self.check(name, result);
        value
    }

    /// Notes the counts of a test program that did its own counting. A run that did not end well
    /// without naming a failure, as when nothing compiles, counts as one.
    pub fn count(&mut self, name: &str, passed: usize, failed: usize, success: bool) {
        let failed = if success { failed } else { failed.max(1) };
        self.passed += passed;
        self.failed += failed;
        if failed > 0 {
            self.failures.push(format!("{name} ({failed})"));
        }
    }

    /// Says that a check did not run, and why. It counts neither way.
    pub fn skip(&self, name: &str, reason: &str) {
        println!("SKIP  {name}: {reason}");
    }

    /// Prints times, failures and, as the last line, the counts.
    ///
    /// # Errors
    /// When something failed.
    pub fn finish(self) -> Result<(), String> {
        println!("\n== times");
        for (name, time) in &self.parts {
            println!("{:8.1} s  {name}", time.as_secs_f64());
        }
        let total: Duration = self.parts.iter().map(|(_, time)| *time).sum();
        println!("{:8.1} s  in all", total.as_secs_f64());
        if !self.failures.is_empty() {
            println!("\n== failed");
            for name in &self.failures {
                println!("{name}");
            }
        }
        println!();
        println!("{} passed, {} failed", self.passed, self.failed);
        // The caller must see the counts as the last line, so there is no further message.
        if self.failed == 0 { Ok(()) } else { std::process::exit(1) }
    }
}
