//! `cargo xtask test`: every test there is.

use std::sync::mpsc;

use crate::install::{self, Package};
use crate::place::Place;
use crate::report::Report;
use crate::suite::{count_cargo, ctest, jobs};
use crate::{abi, bench, consumers, cpp, fuzz, headers, mixed, python, shell, sim, swap, variants};

/// The parts that need no installed library, in the order in which they run.
const ALONE: [&str; 4] = ["rust", "sim", "fuzz", "benches"];

/// Those that need one and come after them. Many wait for real time to pass.
const INSTALLED: [&str; 8] = ["c", "mixed", "python", "abi", "headers", "cpp", "examples", "swap"];

/// Those that run beside all others, once they have made the library and installed it. They compile
/// more than they run, and measure no time.
const BESIDE: [&str; 3] = ["vendored", "without-net", "consumers"];

/// Runs all parts, or those that are named.
///
/// # Errors
/// When a name is unknown or a test fails.
pub fn run(place: &Place, wanted: &[String]) -> Result<(), String> {
    let parts = [&ALONE[..], &INSTALLED, &BESIDE].concat();
    if let Some(unknown) = wanted.iter().find(|name| !parts.contains(&name.as_str())) {
        return Err(format!("`{unknown}` is no part; the parts are: {}", parts.join(", ")));
    }
    let runs = |name: &&&str| wanted.is_empty() || wanted.iter().any(|part| part == **name);
    let alone: Vec<_> = ALONE.iter().filter(runs).collect();
    let with_package: Vec<_> = INSTALLED.iter().filter(runs).collect();
    let apart: Vec<_> = BESIDE.iter().filter(runs).collect();
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        let installs = !with_package.is_empty() || !apart.is_empty();
        let beside = installs.then(|| scope.spawn(|| beside(place, &apart, sender)));
        for name in alone {
            report.part(name, |report| by_itself(report, name, place));
        }
        if let Some(beside) = beside {
            // Nothing comes if the library could not be installed: that is a failure already.
            if let Ok(package) = receiver.recv() {
                for name in with_package {
                    report.part(name, |report| installed(report, name, place, &package));
                }
            }
            match beside.join() {
                Ok(other) => report.take_up(other),
                Err(_) => drop(report.check("what runs beside", Err("it panicked".to_owned()))),
            }
        }
    });
    report.finish()
}

/// Installs the library, gives it to those who wait for it, and runs the parts of the second row.
fn beside(place: &Place, names: &[&&str], sender: mpsc::Sender<Package>) -> Report {
    shell::give_way();
    let mut report = Report::silent();
    let mut package = None;
    report.part("install", |report| {
        package = report.take("the library is built and installed", install::package(place));
    });
    if let Some(package) = package {
        let _ = sender.send(package.clone());
        for name in names {
            report.part(name, |report| installed(report, name, place, &package));
        }
    }
    report
}

/// A part that needs no installed library.
fn by_itself(report: &mut Report, name: &str, place: &Place) {
    match name {
        "rust" => rust(report, place),
        "sim" => sim::tests(report, place),
        "fuzz" => fuzz::tests(report, place),
        _ => bench::smoke(report, place),
    }
}

/// A part that needs the installed library.
fn installed(report: &mut Report, name: &str, place: &Place, package: &Package) {
    match name {
        "abi" => abi::checks(report, place, package),
        "headers" => headers::compile_alone(report, place, &package.include()),
        "c" => programs(report, place, package, "tests/c"),
        "cpp" => cpp::run(report, place, package),
        "examples" => programs(report, place, package, "c_examples"),
        "consumers" => consumers::run(report, place, package),
        "swap" => swap::run(report, place, package),
        "mixed" => mixed::run(report, place, package),
        "python" => python::run(report, place, package),
        "vendored" => variants::vendored_cross(report, place, package),
        _ => variants::without_net(report, place, package),
    }
}

fn rust(report: &mut Report, place: &Place) {
    let mut cargo = shell::cargo(&place.root);
    cargo.env("RUST_TEST_THREADS", jobs().to_string());
    match shell::follow(cargo.args(["test", "--workspace", "--no-fail-fast", "--color=never"])) {
        Ok((out, success)) => {
            let (passed, failed) = count_cargo(&out);
            report.count("cargo test", passed, failed, success);
        }
        Err(error) => {
            report.check("cargo test", Err(error));
        }
    }
}

/// Builds a folder of C programs against the installed package, and lets ctest run them.
fn programs(report: &mut Report, place: &Place, package: &Package, folder: &str) {
    let build = place.work.join(folder.replace('/', "-"));
    let options = [
        format!("-DCMAKE_PREFIX_PATH={}", package.prefix.display()),
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo".to_owned(),
        "-DCMAKE_COMPILE_WARNING_AS_ERROR=ON".to_owned(),
    ];
    let result = install::configure(&package.tools, &place.root.join(folder), &build, &options)
        .and_then(|()| shell::capture(&mut install::compile(&package.tools, &build)))
        .and_then(|_| ctest(package, &build));
    match result {
        Ok((passed, failed, success)) => report.count(folder, passed, failed, success),
        Err(error) => {
            report.check(folder, Err(error));
        }
    }
}
