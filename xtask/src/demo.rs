//! `cargo xtask demo`: five real processes form a cluster, and you watch it cope.

mod cluster;
mod lines;
mod options;
mod screen;
mod script;
mod view;

use cluster::Launch;
use options::{Options, USAGE};
use screen::Screen;
use script::Demo;
use std::path::PathBuf;

use crate::place::Place;
use crate::{install, shell};

/// Runs the demo.
///
/// # Errors
/// Which step did not happen in its bound, and what was seen instead.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    if args.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{USAGE}");
        return Ok(());
    }
    if !cfg!(unix) {
        return Err("the demo needs a Unix-like system: its node uses POSIX signals".to_owned());
    }
    let options = Options::parse(args)?;
    let program = match options.node {
        Some(program) => program,
        None => build_node()?,
    };
    let launch = Launch { program, transport: options.transport, interval_ms: options.interval_ms };
    let mut demo = Demo::new(launch, Screen::new(options.plain));
    demo.play().map_err(|reason| {
        demo.show_failure();
        format!("The demo FAILED: {reason}")
    })
}

/// Installs the library under `target/` and builds the node against it with CMake, as a user would.
fn build_node() -> Result<PathBuf, String> {
    let place = Place::find()?;
    println!("Building the library and installing it (the first time takes a while) ...");
    let package = install::package(&place)?;
    let build = place.work.join("demo");
    let options = [
        format!("-DCMAKE_PREFIX_PATH={}", package.prefix.display()),
        "-DCMAKE_BUILD_TYPE=Release".to_owned(),
    ];
    install::configure(&package.tools, &place.root.join("c_examples"), &build, &options)?;
    shell::capture(install::compile(&package.tools, &build).args(["--target", "udp_node"]))?;
    println!("Installed below {}; the node is built against it.", package.prefix.display());
    Ok(build.join("udp_node"))
}
