//! What the transports add to a bare loop over a socket.
//!
//! One process is the server, on a core of its own; this one makes the load, on another, from many
//! source addresses, faster than any server can take it. A bare server receives, and for pings sends
//! back as many bytes as the library would. The library's server is what a C program makes: a core,
//! a transport, and a send callback that hands each message to the transport. Both run in turn, for
//! some seconds each, and the medians are compared: messages for each second of processor time,
//! which does not depend on who else uses the machine, and messages for each second.

mod group;
mod load;
mod machine;
mod report;
mod server;

use group::{Case, Form};
use report::Figures;
use server::Kind;
use std::process::ExitCode;
use std::time::Duration;

/// How long it all takes.
#[derive(Clone, Copy)]
struct Effort {
    trials: usize,
    trial: Duration,
}

const USUAL: Effort = Effort { trials: 9, trial: Duration::from_secs(1) };
/// Enough to see that it runs.
const SMOKE: Effort = Effort { trials: 1, trial: Duration::from_millis(100) };

const USAGE: &str = "\
usage: transport [--smoke] [--check] [--trials <n>] [--seconds <n>] [ping|update]

  --smoke        one short trial of each, to see that it runs
  --check        ends with an error if packets are slower than they must be
  --trials, --seconds   how many trials of each, and how long each takes; 9 of one second";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["serve", kind, case, form] => server::serve(kind, case, form).map(|()| true),
        _ => measure(&arguments),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs all cases; `false` if they were to be checked and one is beyond its bound.
fn measure(arguments: &[&str]) -> Result<bool, String> {
    let (mut effort, mut checks, mut wanted) = (USUAL, false, Vec::new());
    let mut rest = arguments.iter();
    while let Some(&argument) = rest.next() {
        let mut number = || rest.next().and_then(|word| word.parse().ok()).ok_or(USAGE);
        match (argument, Case::named(argument)) {
            ("--smoke", _) => effort = SMOKE,
            ("--check", _) => checks = true,
            ("--trials", _) => effort.trials = number()?,
            ("--seconds", _) => effort.trial = Duration::from_secs(number()? as u64),
            (_, Some(case)) => wanted.push(case),
            _ => return Err(USAGE.to_owned()),
        }
    }
    if !machine::pin(machine::Role::Load) {
        println!("this machine has one core, so the load takes from the server what it has");
    }
    let mut good = true;
    for case in Case::ALL.into_iter().filter(|case| wanted.is_empty() || wanted.contains(case)) {
        for form in Form::ALL {
            let figures = alternate(case, form, effort)?;
            figures.print(case, form);
            good &= !checks || form != Form::Binary || figures.ratio() >= case.bound();
        }
    }
    Ok(good)
}

/// Runs the bare and the library's server in turn.
fn alternate(case: Case, form: Form, effort: Effort) -> Result<Figures, String> {
    let mut figures = Figures::default();
    for _ in 0..effort.trials {
        for kind in Kind::ALL {
            figures.add(kind, load::trial(kind, case, form, effort.trial)?);
        }
    }
    Ok(figures)
}
