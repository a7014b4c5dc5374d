//! `cargo xtask check`: everything that can be told without running the library.

use crate::fuzz::MANIFEST as FUZZ;
use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::sim::MANIFEST;

/// Runs formatting, lints, documentation, headers and the builds with fewer features.
///
/// # Errors
/// When one of them fails.
pub fn run(place: &Place) -> Result<(), String> {
    let mut report = Report::default();
    let target = place.target.join("sim").to_string_lossy().into_owned();
    let deny = ["--", "-D", "warnings"];
    let mut part = |name: &str, arguments: &[&str], last: &[&str]| {
        report.part(name, |report| {
            let mut cargo = shell::cargo(&place.root);
            match arguments.first() {
                Some(&"doc") => cargo.env("RUSTDOCFLAGS", "-D warnings"),
                // `cargo clippy` cannot leave out the shared library, which needs std. This is what
                // it does inside.
                Some(&"rustc") => cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver"),
                _ if arguments.contains(&PYTHON) => {
                    cargo.env("CARGO_TARGET_DIR", place.target.join("python"))
                }
                _ => &mut cargo,
            };
            let result = shell::show(cargo.args(arguments).args(last));
            report.check(name, result);
        });
    };
    part("formatting", &["fmt", "--all", "--check"], &[]);
    part("lints", &["clippy", "--workspace", "--all-targets", "--all-features"], &deny);
    part("formatting of the simulator", &["fmt", "--check", MANIFEST[0], MANIFEST[1]], &[]);
    let lints = ["clippy", "--all-targets", "--target-dir", &target, MANIFEST[0], MANIFEST[1]];
    part("lints of the simulator", &lints, &deny);
    part("formatting of the fuzz targets", &["fmt", "--check", FUZZ[0], FUZZ[1]], &[]);
    let fuzz = place.target.join("fuzz").to_string_lossy().into_owned();
    let lints = ["clippy", "--all-targets", "--target-dir", &fuzz, FUZZ[0], FUZZ[1]];
    part("lints of the fuzz targets", &lints, &deny);
    part("formatting of the benchmarks", &FORMAT_BENCHES, &[]);
    part("formatting of the peers' program", &FORMAT_PEERS, &[]);
    part("formatting of the Python package", &FORMAT_PYTHON, &[]);
    part("lints of the Python package", &LINT_PYTHON, &deny);
    part("lints of the C ABI without net", &LINT_WITHOUT_NET, &deny);
    part("documentation", &["doc", "--workspace", "--no-deps", "--document-private-items"], &[]);
    part("headers", &["test", "--test", "headers"], &[]);
    part("lints and build without std", &WITHOUT_STD, &deny);
    if shell::works("cargo-deny") {
        part("licences and advisories", &["deny", "check"], &[]);
    } else {
        report.skip("licences and advisories", "cargo install cargo-deny");
    }
    report.finish()
}

/// The tests build them.
const FORMAT_BENCHES: [&str; 4] = ["fmt", "--check", "--manifest-path", "benches/Cargo.toml"];
/// No more than this: building it means building the peers.
const FORMAT_PEERS: [&str; 4] = ["fmt", "--check", "--manifest-path", "peers/Cargo.toml"];
/// No part of the workspace, and neither is what is built of it.
const PYTHON: &str = "bindings/python/Cargo.toml";
const FORMAT_PYTHON: [&str; 4] = ["fmt", "--check", "--manifest-path", PYTHON];
const LINT_PYTHON: [&str; 4] = ["clippy", "--locked", "--manifest-path", PYTHON];
const LINT_WITHOUT_NET: [&str; 5] =
    ["clippy", "--lib", "--no-default-features", "--features", "ffi"];
const WITHOUT_STD: [&str; 5] = ["rustc", "--lib", "--crate-type", "rlib", "--no-default-features"];
