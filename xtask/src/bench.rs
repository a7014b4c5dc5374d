//! `cargo xtask bench`: what costs how much.

use std::process::Command;

use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// The benchmarks, each a program of the package in `benches/`.
const BENCHES: [&str; 2] = ["transport", "node"];
/// The single calls of the simulator's package, counted under valgrind.
const INSTRUCTIONS: &str = "instructions";
/// The one in `peers/`, with crates of others that the tests do not build.
const PEERS: &str = "peers";

/// Runs a benchmark with the arguments that follow its name.
///
/// # Errors
/// When there is none of that name, it cannot be built, or it ends with an error.
pub fn run(place: &Place, arguments: &[String]) -> Result<(), String> {
    let (name, rest) = arguments.split_first().ok_or_else(usage)?;
    if name == INSTRUCTIONS {
        return instructions(place, rest);
    }
    let mut cargo = match name.as_str() {
        PEERS => cargo(place, PEERS, &format!("{PEERS}/Cargo.toml")),
        name if BENCHES.contains(&name) => bench(place, name),
        _ => return Err(format!("`{name}` is no benchmark; {}", usage())),
    };
    shell::show(cargo.args(["--release", "--"]).args(rest))
}

fn instructions(place: &Place, arguments: &[String]) -> Result<(), String> {
    if !shell::works("valgrind") {
        return Err("valgrind is missing, whose callgrind counts instructions; on Debian: \
                    apt-get install valgrind"
            .to_owned());
    }
    let mut cargo = cargo(place, "sim", "sim/Cargo.toml");
    cargo.args(["--release", "--features", "foca", "--", INSTRUCTIONS, "--out"]);
    shell::show(cargo.arg(place.work.join(INSTRUCTIONS)).args(arguments))
}

/// Sees whether they run: a moment each, and without the long build for speed.
pub fn smoke(report: &mut Report, place: &Place) {
    if !cfg!(target_os = "linux") {
        report.skip("benches", "the load is made with calls of Linux");
        return;
    }
    for name in BENCHES {
        let result = shell::capture(bench(place, name).args(["--", "--smoke"]));
        report.check(&format!("bench {name} --smoke"), result.map(drop));
    }
}

fn bench(place: &Place, name: &str) -> Command {
    let mut cargo = cargo(place, "benches", "benches/Cargo.toml");
    cargo.args(["--bin", name]);
    cargo
}

fn cargo(place: &Place, folder: &str, manifest: &str) -> Command {
    let mut cargo = shell::cargo(&place.root);
    // The packages are no part of the workspace, and neither is what is built of them.
    cargo.env("CARGO_TARGET_DIR", place.target.join(folder));
    cargo.args(["run", "--quiet", "--locked", "--manifest-path", manifest]);
    cargo
}

fn usage() -> String {
    format!("the benchmarks are: {}, {INSTRUCTIONS}, {PEERS}", BENCHES.join(", "))
}
