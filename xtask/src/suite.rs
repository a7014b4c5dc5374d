//! How a suite of tests is run and how its summary is counted.

use std::path::Path;

use crate::install::Package;
use crate::shell;

/// How many tests run side by side where most wait more than they compute.
pub fn jobs() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 4) * 2
}

/// Runs what ctest knows in a folder: how many passed, how many failed, and whether all went well.
///
/// # Errors
/// When ctest cannot be started or prints no summary.
pub fn ctest(package: &Package, build: &Path) -> Result<(usize, usize, bool), String> {
    // Those that measure say that they run alone.
    let mut ctest = shell::command(&package.tools.ctest, build);
    ctest.args(["--output-on-failure", "--no-tests=error", "--parallel", &jobs().to_string()]);
    let (out, success) = shell::follow(&mut ctest)?;
    let (passed, failed) = count_ctest(&out).ok_or("ctest printed no summary")?;
    Ok((passed, failed, success))
}

/// Adds up the summaries of `cargo test`: `test result: ok. 3 passed; 0 failed; ...`.
pub fn count_cargo(out: &str) -> (usize, usize) {
    let mut counts = (0, 0);
    for line in out.lines().filter(|line| line.starts_with("test result:")) {
        counts.0 += number_before(line, " passed").unwrap_or(0);
        counts.1 += number_before(line, " failed").unwrap_or(0);
    }
    counts
}

/// Reads the summary of ctest: `67% tests passed, 1 tests failed out of 3`. Newer releases leave the
/// middle out when nothing failed.
fn count_ctest(out: &str) -> Option<(usize, usize)> {
    let line = out.lines().rev().find(|line| line.contains("% tests passed"))?;
    let failed = number_before(line, " tests failed")
        .or(number_before(line, " test failed"))
        .or(line.starts_with("100%").then_some(0))?;
    let total: usize = line.rsplit("out of ").next()?.trim().parse().ok()?;
    Some((total.checked_sub(failed)?, failed))
}

fn number_before(line: &str, word: &str) -> Option<usize> {
    let (before, _) = line.split_once(word)?;
    before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{count_cargo, count_ctest};

    #[test]
    fn adds_up_what_cargo_says() {
        let out = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\n\
                   test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured\n";
        assert_eq!(count_cargo(out), (13, 2));
    }

    #[test]
    fn reads_what_ctest_says() {
        assert_eq!(count_ctest("100% tests passed, 0 tests failed out of 7\n"), Some((7, 0)));
        assert_eq!(count_ctest("100% tests passed out of 6\n"), Some((6, 0)));
        assert_eq!(count_ctest("67% tests passed, 1 tests failed out of 3\n"), Some((2, 1)));
        assert_eq!(count_ctest("67% tests passed, 1 test failed out of 3\n"), Some((2, 1)));
        assert_eq!(count_ctest("No tests were found!!!"), None);
    }
}
