//! `cargo xtask swarm` and the simulator's tests: the package in `sim/`.

use std::process::Command;

use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::suite::count_cargo;

/// Seeds of the swarm that the tests run, after those that are listed in `sim/src/swarm.rs`.
const SEEDS: u64 = 40;

/// Runs the swarm with the arguments that follow, on all cores, until one of its seeds fails.
///
/// # Errors
/// When it cannot be built, or a seed failed.
pub fn swarm(place: &Place, arguments: &[String]) -> Result<(), String> {
    let mut cargo = cargo(place, &["run", "--quiet", "--release"]);
    // An hour with another start each time; `--first` says which.
    let first = place.revision().unwrap_or(1) << 20;
    cargo.args(["--", "swarm"]);
    if !arguments.iter().any(|argument| argument == "--first") {
        cargo.args(["--first", &first.to_string()]);
    }
    if !arguments.iter().any(|argument| argument == "--rounds") {
        cargo.args(["--rounds", "5000"]);
    }
    shell::show(cargo.args(arguments))
}

/// Runs the simulator's tests, and the swarm with seeds that follow from the commit.
pub fn tests(report: &mut Report, place: &Place) {
    let mut tests = cargo(place, &["test", "--no-fail-fast", "--color=never"]);
    match shell::follow(&mut tests) {
        Ok((out, success)) => {
            let (passed, failed) = count_cargo(&out);
            report.count("tests of the simulator", passed, failed, success);
        }
        Err(error) => {
            report.check("tests of the simulator", Err(error));
        }
    }
    let first = place.revision().unwrap_or(1) << 20;
    let mut swarm = cargo(place, &["run", "--quiet"]);
    swarm.args(["--", "swarm", "--first", &first.to_string(), "--seeds", &SEEDS.to_string()]);
    report.check(
        &format!("swarm of {SEEDS} seeds from {first} on"),
        shell::capture(&mut swarm).map(drop),
    );
}

/// The arguments of `cargo clippy` and `cargo fmt` for the package.
pub const MANIFEST: [&str; 2] = ["--manifest-path", "sim/Cargo.toml"];

fn cargo(place: &Place, command: &[&str]) -> Command {
    let mut cargo = shell::cargo(&place.root);
    // The package is no part of the workspace, and neither is what is built of it.
    cargo.env("CARGO_TARGET_DIR", place.target.join("sim"));
    cargo.args(command).args(["--locked", MANIFEST[0], MANIFEST[1]]);
    cargo
}
