//! Clusters of old nodes and ours: programs in C, and scripts in Python that run and judge them.

use crate::install::{self, Package};
use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// Checks the model of an old node, builds the new ones against the installed package, and lets the
/// script of `tests/mixed` run them together.
pub fn run(report: &mut Report, place: &Place, package: &Package) {
    if !cfg!(unix) || !shell::works("python3") {
        report.skip("mixed", "it takes a system with signals, and python3");
        return;
    }
    script(report, place, "tests/old_node/selftest.py", &[]);
    let build = place.work.join("tests-mixed");
    let options = [
        format!("-DCMAKE_PREFIX_PATH={}", package.prefix.display()),
        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON".to_owned(),
    ];
    let built =
        install::configure(&package.tools, &place.root.join("tests/mixed"), &build, &options)
            .and_then(|()| shell::capture(&mut install::compile(&package.tools, &build)).map(drop));
    if report.check("mixed: the new nodes are built", built) {
        let programs = build.to_string_lossy().into_owned();
        script(report, place, "tests/mixed/run.py", &["--short", "--programs", &programs]);
    }
}

/// Runs a script whose last line is `N passed, N failed`.
fn script(report: &mut Report, place: &Place, name: &str, arguments: &[&str]) {
    let mut python = shell::command("python3", &place.root);
    python.arg(place.root.join(name)).args(arguments);
    let counted = shell::follow(&mut python).and_then(|(out, success)| {
        let (passed, failed) = count(&out).ok_or_else(|| format!("{name} printed no summary"))?;
        Ok((passed, failed, success))
    });
    match counted {
        Ok((passed, failed, success)) => report.count(name, passed, failed, success),
        Err(error) => {
            report.check(name, Err(error));
        }
    }
}

fn count(out: &str) -> Option<(usize, usize)> {
    let (passed, failed) = out.lines().next_back()?.split_once(" passed, ")?;
    Some((passed.parse().ok()?, failed.strip_suffix(" failed")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn the_summary_is_the_last_line() {
        assert_eq!(count("ok a\nnot ok b: 7 passed, 1\n12 passed, 3 failed\n"), Some((12, 3)));
        assert_eq!(count("ok a\n"), None);
    }
}
