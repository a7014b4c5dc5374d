//! `cargo xtask fuzz` and the short form of it in the tests: the package in `fuzz/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::place::Place;
use crate::report::Report;
use crate::shell;
use crate::suite::count_cargo;

/// The arguments of `cargo clippy` and `cargo fmt` for the package.
pub const MANIFEST: [&str; 2] = ["--manifest-path", "fuzz/Cargo.toml"];

/// The targets, each a program of the package.
const TARGETS: [&str; 4] = ["wire", "framing", "machine", "abi"];
/// The target that calls unsafe code, which AddressSanitizer watches.
const UNSAFE: &str = "abi";
/// How long each target runs unless `--seconds` says otherwise.
const SECONDS: u64 = 60;

/// What libFuzzer needs of the compiler: a counter for each edge, and the values of comparisons. All
/// of it works with a stable toolchain.
const COVERAGE: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
];

/// What the arguments ask for.
struct Wanted<'a> {
    targets: Vec<&'a str>,
    seconds: u64,
    files: Vec<&'a String>,
}

/// Fuzzes the targets that are named, or all of them one after the other; with files after the name of
/// a target, runs it once with each.
///
/// # Errors
/// When something is missing, a target cannot be built, or an input was found that fails.
pub fn run(place: &Place, arguments: &[String]) -> Result<(), String> {
    let wanted = parse(arguments)?;
    if let ([target], [_, ..]) = (&wanted.targets[..], &wanted.files[..]) {
        let mut replay = cargo(place, &["run", "--quiet"]);
        return shell::show(replay.args(["--bin", "replay", "--", target]).args(wanted.files));
    }
    if !cfg!(target_os = "linux") || !shell::works("c++") {
        return Err("libFuzzer takes Linux and a C++ compiler; on Debian: apt-get install g++. \
                    `cargo xtask test fuzz` has a short form that needs neither"
            .to_owned());
    }
    for target in wanted.targets {
        fuzz(place, target, wanted.seconds)?;
    }
    Ok(())
}

fn parse(arguments: &[String]) -> Result<Wanted<'_>, String> {
    let mut wanted = Wanted { targets: Vec::new(), seconds: SECONDS, files: Vec::new() };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--seconds" {
            let number = rest.next().and_then(|number| number.parse().ok());
            wanted.seconds = number.ok_or("--seconds takes a number")?;
        } else if let Some(target) = TARGETS.iter().find(|target| *target == argument) {
            wanted.targets.push(target);
        } else if wanted.targets.len() == 1 && Path::new(argument).is_file() {
            wanted.files.push(argument);
        } else {
            let targets = TARGETS.join(", ");
            return Err(format!("`{argument}` is no target and no file; targets: {targets}"));
        }
    }
    if wanted.targets.is_empty() {
        wanted.targets = TARGETS.to_vec();
    }
    Ok(wanted)
}

/// Builds the program of a target and lets libFuzzer run it.
fn fuzz(place: &Place, target: &str, seconds: u64) -> Result<(), String> {
    let program = build(place, target)?;
    let work = place.work.join("fuzz");
    let (corpus, found) = (work.join("corpus").join(target), work.join("found"));
    for folder in [&corpus, &found] {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    println!("== {target}: {seconds} s; inputs that fail go to {}", found.display());
    let mut fuzzer = shell::command(program, &place.root);
    // What is found goes into the first folder. Lengths are those of the inputs from the start.
    fuzzer.arg(&corpus).arg(place.root.join("fuzz/corpus").join(target));
    fuzzer.arg(format!("-max_total_time={seconds}"));
    fuzzer.arg(format!("-artifact_prefix={}/{target}-", found.display()));
    fuzzer.args(["-timeout=20", "-rss_limit_mb=4096", "-max_len=4096", "-len_control=0"]);
    fuzzer.args(["-print_final_stats=1", "-verbosity=1"]);
    shell::show(&mut fuzzer)
        .map_err(|error| format!("{error}\nrepeat it by: cargo xtask fuzz {target} FILE"))
}

fn build(place: &Place, target: &str) -> Result<PathBuf, String> {
    let described = shell::capture(shell::command("rustc", &place.root).arg("-vV"))?;
    let host = described.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc names no host")?;
    let mut cargo = cargo(place, &["build", "--release", "--features", "libfuzzer"]);
    let mut flags = COVERAGE.to_vec();
    let mut folder = "fuzz";
    if target == UNSAFE {
        if has_sanitizer(place, host)? {
            // The runtime is part of each toolchain; only the flag is not stable.
            cargo.env("RUSTC_BOOTSTRAP", "1");
            flags.push("-Zsanitizer=address");
            folder = "fuzz-asan";
        } else {
            println!("SKIP  AddressSanitizer: this toolchain has no runtime of it for {host}");
        }
    }
    let folder = place.target.join(folder);
    cargo.env("CARGO_TARGET_DIR", &folder).env("RUSTFLAGS", flags.join(" "));
    // With a target named, the flags are not those of build scripts.
    shell::show(cargo.args(["--target", host, "--bin", target]))?;
    Ok(folder.join(host).join("release").join(target))
}

/// Whether the toolchain has the runtime of AddressSanitizer.
fn has_sanitizer(place: &Place, host: &str) -> Result<bool, String> {
    let mut rustc = shell::command("rustc", &place.root);
    let libraries = shell::capture(rustc.args(["--print", "target-libdir", "--target", host]))?;
    let entries = std::fs::read_dir(libraries.trim()).map_err(|error| error.to_string())?;
    let mut names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
    Ok(names.any(|name| name.to_string_lossy().ends_with("_rt.asan.a")))
}

/// Runs the short form: the committed inputs and some thousands of random ones, without libFuzzer.
pub fn tests(report: &mut Report, place: &Place) {
    let mut tests = cargo(place, &["test", "--no-fail-fast", "--color=never"]);
    match shell::follow(&mut tests) {
        Ok((out, success)) => {
            let (passed, failed) = count_cargo(&out);
            report.count("short form of fuzzing", passed, failed, success);
        }
        Err(error) => {
            report.check("short form of fuzzing", Err(error));
        }
    }
}

fn cargo(place: &Place, command: &[&str]) -> Command {
    let mut cargo = shell::cargo(&place.root);
    // The package is no part of the workspace, and neither is what is built of it.
    cargo.env("CARGO_TARGET_DIR", place.target.join("fuzz"));
    cargo.args(command).args(["--locked", MANIFEST[0], MANIFEST[1]]);
    cargo
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn targets_are_those_named_or_all() {
        let of = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let all = parse(&[]).map(|wanted| (wanted.targets.len(), wanted.seconds));
        assert_eq!(all, Ok((4, 60)));
        let arguments = of("abi --seconds 5");
        let one = parse(&arguments).map(|wanted| (wanted.targets, wanted.seconds));
        assert_eq!(one, Ok((vec!["abi"], 5)));
        for wrong in ["other", "--seconds", "--seconds x", "wire no-such-file"] {
            assert!(parse(&of(wrong)).is_err(), "{wrong}");
        }
    }
}
