//! Commands for those who work on libgossip: `cargo xtask <command>`.

mod abi;
mod bench;
mod check;
mod consumers;
mod cpp;
mod demo;
mod elf;
mod fuzz;
mod headers;
mod install;
mod mixed;
mod place;
mod python;
mod report;
mod shell;
mod sim;
mod suite;
mod swap;
mod test;
mod tools;
mod variants;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  demo                     five real nodes on this machine, one of which dies
  test                     every test; the last line is `N passed, N failed`
  check                    formatting, lints, documentation, headers, builds without std
  abi                      exported names, sonames, layouts and sizes of the C library
  bench transport          the transports against a bare loop over a socket
  bench node               a hundred nodes: their traffic, and how soon a crash is known
  bench instructions       single calls in instructions, foca's beside them; takes valgrind
  bench peers              our nodes beside memberlist and chitchat, for eleven minutes (or --short)
  fuzz [target]            libFuzzer on the targets in fuzz/, a minute each (or --seconds <n>)
  swarm --minutes <n>      random clusters under random faults on virtual time, until one fails
  install --prefix <dir>   builds the C library and installs it";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let (command, rest) = arguments.split_first().ok_or(USAGE)?;
    let place = place::Place::find()?;
    match command.as_str() {
        "demo" => demo::run(rest),
        "test" => test::run(&place, rest),
        "check" => check::run(&place),
        "abi" => abi(&place),
        "bench" => bench::run(&place, rest),
        "fuzz" => fuzz::run(&place, rest),
        "swarm" => sim::swarm(&place, rest),
        "install" => install::run(&place, rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(format!("`{other}` is not a command\n{USAGE}")),
    }
}

/// Checks the library with its transports, and without them.
fn abi(place: &place::Place) -> Result<(), String> {
    let package = install::package(place)?;
    let mut report = report::Report::default();
    report.part("abi", |report| abi::checks(report, place, &package));
    report.part("without net", |report| variants::without_net(report, place, &package));
    report.finish()
}
