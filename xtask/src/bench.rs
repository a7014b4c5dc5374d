//! `cargo xtask bench`: what costs how much.

use std::process::Command;

use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// The benchmarks, each a program of the package in `benches/`.
const BENCHES: [&str; 2] = ["transport", "node"];

/// Runs a benchmark with the arguments that follow its name.
///
/// # Errors
/// When there is none of that name, it cannot be built, or it ends with an error.
pub fn run(place: &Place, arguments: &[String]) -> Result<(), String> {
    let (name, rest) = arguments.split_first().ok_or_else(usage)?;
    if !BENCHES.contains(&name.as_str()) {
        return Err(format!("`{name}` is no benchmark; {}", usage()));
    }
    shell::show(cargo(place, name).args(["--release", "--"]).args(rest))
}

/// Sees whether they run: a moment each, and without the long build for speed.
pub fn smoke(report: &mut Report, place: &Place) {
    if !cfg!(target_os = "linux") {
        report.skip("benches", "the load is made with calls of Linux");
        return;
    }
    for name in BENCHES {
        let result = shell::capture(cargo(place, name).args(["--", "--smoke"]));
        report.check(&format!("bench {name} --smoke"), result.map(drop));
    }
}

fn cargo(place: &Place, name: &str) -> Command {
    let mut cargo = shell::cargo(&place.root);
    // The package is no part of the workspace, and neither is what is built of it.
    cargo.env("CARGO_TARGET_DIR", place.target.join("benches"));
    cargo.args([
        "run",
        "--quiet",
        "--locked",
        "--manifest-path",
        "benches/Cargo.toml",
        "--bin",
        name,
    ]);
    cargo
}

fn usage() -> String {
    format!("the benchmarks are: {}", BENCHES.join(", "))
}
