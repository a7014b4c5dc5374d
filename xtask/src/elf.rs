//! What a compiled library or program contains: its names, its size, what it needs.

use std::collections::BTreeSet;
use std::path::Path;

use crate::place::Place;
use crate::report::Report;
use crate::shell;

/// Checks the size of a library, as it lies there, against a bound, and says it.
///
/// # Errors
/// When it is larger, or is not there.
pub fn size(report: &mut Report, library: &Path, bound: u64) -> Result<(), String> {
    let size = std::fs::metadata(library).map_err(|error| error.to_string())?.len();
    report.say(&format!("      {size} bytes, of at most {bound}"));
    if size <= bound { Ok(()) } else { Err(format!("{} has {size} bytes", library.display())) }
}

/// The names a shared library exports, without the private ones behind the forwarders.
///
/// # Errors
/// When it cannot be read.
pub fn exported(library: &Path) -> Result<BTreeSet<String>, String> {
    symbols(library, &["-D"])
}

/// Compares two sets of names.
///
/// # Errors
/// When they differ: by which names.
pub fn same(wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Result<(), String> {
    let missing: Vec<_> = wanted.difference(found).collect();
    let extra: Vec<_> = found.difference(wanted).collect();
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(format!("missing: {missing:?}\nnot declared: {extra:?}"))
}

/// The global names that a library defines, as nm lists them.
///
/// # Errors
/// When it cannot be read.
pub fn symbols(file: &Path, options: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut nm = shell::command("nm", Path::new("/"));
    let out = shell::capture(nm.args(options).args(["--defined-only", "-g", "-P"]).arg(file))?;
    let mut names = BTreeSet::new();
    for line in out.lines() {
        // Lines without a type are the names of the archive's members.
        if let [name, _kind, ..] = line.split(' ').collect::<Vec<_>>()[..] {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

/// The dynamic section of a library or program, as readelf prints it.
///
/// # Errors
/// When it cannot be read.
pub fn dynamic(library: &Path) -> Result<String, String> {
    shell::capture(shell::command("readelf", Path::new("/")).args(["-d", "-W"]).arg(library))
}

/// Whether a program or library asks the loader for `soname`.
///
/// # Errors
/// When the file cannot be read.
pub fn needs(file: &Path, soname: &str) -> Result<bool, String> {
    let wanted = format!("[{soname}]");
    Ok(dynamic(file)?.lines().any(|line| line.contains("(NEEDED)") && line.contains(&wanted)))
}

/// Checks the soname of a library.
///
/// # Errors
/// When it has another one, or none.
pub fn soname(library: &Path, wanted: &str) -> Result<(), String> {
    let text = dynamic(library)?;
    let line = text.lines().find(|line| line.contains("(SONAME)")).unwrap_or("no soname");
    if line.contains(&format!("[{wanted}]")) { Ok(()) } else { Err(line.to_owned()) }
}

/// The C compiler, run in the folder for such things.
pub fn cc(place: &Place) -> std::process::Command {
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    shell::command(compiler, &place.work)
}
