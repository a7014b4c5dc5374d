//! Counts what passed and failed, and measures how long each part took.

use std::time::{Duration, Instant};

/// The result of a run.
pub struct Report {
    start: Instant,
    passed: usize,
    failed: usize,
    failures: Vec<String>,
    parts: Vec<(String, Duration)>,
    /// What was said and not yet printed, if it is to be kept.
    kept: Option<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            passed: 0,
            failed: 0,
            failures: Vec::new(),
            parts: Vec::new(),
            kept: None,
        }
    }
}

impl Report {
    /// One that prints nothing, for parts that run beside those of the report that takes it up.
    pub fn silent() -> Self {
        Self { kept: Some(String::new()), ..Self::default() }
    }

    /// Takes up what another one has, and prints what that one kept.
    pub fn take_up(&mut self, other: Self) {
        self.say(other.kept.as_deref().unwrap_or_default().trim_end());
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        let beside = other.parts.into_iter().map(|(name, time)| (format!("{name} (beside)"), time));
        self.parts.extend(beside);
    }

    /// Prints lines, or keeps them.
    pub fn say(&mut self, lines: &str) {
        match &mut self.kept {
            Some(text) => {
                text.push_str(lines);
                text.push('\n');
            }
            None => println!("{lines}"),
        }
    }

    /// Runs a part under a heading and notes its time.
    pub fn part(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.say(&format!("\n== {name}"));
        let start = Instant::now();
        body(self);
        self.parts.push((name.to_owned(), start.elapsed()));
    }

    /// Notes one check, and says how it went. Returns whether it passed.
    pub fn check(&mut self, name: &str, result: Result<(), String>) -> bool {
        match result {
            Ok(()) => {
                self.say(&format!("ok    {name}"));
                self.passed += 1;
                true
            }
            Err(error) => {
                self.say(&format!("FAIL  {name}\n{error}"));
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
    pub fn skip(&mut self, name: &str, reason: &str) {
        self.say(&format!("SKIP  {name}: {reason}"));
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
        println!("{:8.1} s  in all", self.start.elapsed().as_secs_f64());
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
