//! libgossip's self-running node beside memberlist and chitchat, on real sockets.
//!
//! Each node is a process; each cluster has a network namespace of its own, whose loopback device
//! counts packets and bytes in the same way for all. The clusters of one size run side by side: they
//! start one after the other, then their steady state is measured, then nodes crash.

mod cluster;
mod library;
mod measure;
mod node;
mod options;
mod space;
mod table;
mod views;
mod word;

use library::{Library, version};
use measure::{Figures, Together};
use options::Options;
use std::process::ExitCode;
use std::thread;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ended = match arguments.first().map(String::as_str) {
        Some("node") => node::run(&arguments[1..]),
        Some("help" | "--help" | "-h") => {
            println!("{}", options::USAGE);
            Ok(())
        }
        _ => Options::parse(&arguments).and_then(|options| run(&options)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), String> {
    end_with_a_panic();
    space::prepare()?;
    let versions = format!(
        "libgossip {}, memberlist {}, chitchat {}; {} cores; load {}",
        version("libgossip"),
        version("memberlist"),
        version("chitchat"),
        thread::available_parallelism().map_or(0, usize::from),
        load()
    );
    eprintln!("{versions}");
    let mut all = Vec::new();
    for &nodes in &options.sizes {
        let at_once = if options.apart { 1 } else { options.libraries.len() };
        for libraries in options.libraries.chunks(at_once) {
            all.extend(side_by_side(libraries, nodes, options));
        }
    }
    let table = table::Table::new(&all);
    let how = if options.killed { "killed: its ports are closed" } else { "stopped: it is silent" };
    let text = format!(
        "{versions}, afterwards {}\n{}\nA node that crashes is {how}.\n\n{}",
        load(),
        table::LEGEND,
        table.markdown()
    );
    println!("{text}");
    write(options, "peers.md", &text)?;
    write(options, "peers.csv", &table.csv())?;
    write(options, "peers.json", &table::json(&all))?;
    let troubles: Vec<String> = all.iter().filter_map(trouble).collect();
    if troubles.is_empty() { Ok(()) } else { Err(troubles.join("\n")) }
}

/// The threads wait for one another, and nodes end with the thread that started them: after a panic
/// nothing is left to measure. In a node a panic does what it does in any program with the library.
fn end_with_a_panic() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        std::process::exit(101);
    }));
}

/// Measures these libraries, each on a thread of its own.
fn side_by_side(libraries: &[Library], nodes: usize, options: &Options) -> Vec<Figures> {
    let together = Together::new(libraries.len());
    thread::scope(|scope| {
        let start = |&library| {
            let together = &together;
            scope.spawn(move || measure::run(library, nodes, options, together))
        };
        let running: Vec<_> = libraries.iter().map(start).collect();
        running.into_iter().map(|thread| thread.join().expect("a panic ends the program")).collect()
    })
}

fn trouble(figures: &Figures) -> Option<String> {
    let why = figures.trouble.as_ref()?;
    Some(format!("{} nodes, {}: {why}", figures.nodes, figures.library.name()))
}

fn write(options: &Options, name: &str, text: &str) -> Result<(), String> {
    let path = options.out.join(name);
    std::fs::create_dir_all(&options.out)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// The system's load over the last minute.
fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("?").into()
}
