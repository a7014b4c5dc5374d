//! No import cycle in any package, no long file, no long function, no file without a comment.

use std::fs;
use std::path::{Path, PathBuf};

use crate::graph::{Edge, cycles, edges, edges_within};
use crate::modules::Modules;
use crate::sizes::{functions, lines};

/// The packages: the folder of each, and the root files of its crates.
const PACKAGES: [(&str, &[&str]); 7] = [
    ("src", &["lib.rs"]),
    ("sim/src", &["lib.rs", "main.rs"]),
    ("xtask/src", &["main.rs"]),
    ("fuzz/src", &FUZZ_ROOTS),
    ("benches/src", &["main.rs", "node.rs"]),
    ("peers/src", &["main.rs"]),
    ("bindings/python/src", &["lib.rs"]),
];

const FUZZ_ROOTS: [&str; 6] =
    ["lib.rs", "bin/abi.rs", "bin/framing.rs", "bin/machine.rs", "bin/replay.rs", "bin/wire.rs"];

const MOST_LINES_OF_A_FILE: usize = 500;
const MOST_LINES_OF_A_FUNCTION: usize = 60;

/// Imports that may be part of a cycle: from files whose path starts with the first text, to files
/// whose path starts with the second, with the reason.
const CYCLES: &[(&str, &str, &str)] = &[];

/// Files that may be longer, with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// Functions that may be longer, as `file::function`, with the reason.
const LONG_FUNCTIONS: &[(&str, &str)] = &[];

fn read(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn package(folder: &str, roots: &[&str]) -> Modules {
    let roots: Vec<String> = roots.iter().map(|root| format!("{folder}/{root}")).collect();
    let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
    Modules::read(&read, &roots)
}

fn packages() -> impl Iterator<Item = Modules> {
    PACKAGES.iter().map(|(folder, roots)| package(folder, roots))
}

/// The cycles that no exception allows, each with its files and its edges, and the exceptions that
/// allow nothing.
pub(crate) fn faults_of_cycles(edges: &[Edge], allowed: &[(&str, &str, &str)]) -> Vec<String> {
    let matches = |edge: &Edge, (from, to, _): &(&str, &str, &str)| {
        edge.from.starts_with(from) && edge.to.starts_with(to)
    };
    let all: Vec<&Edge> =
        cycles(edges).iter().flat_map(|cycle| edges_within(edges, cycle)).collect();
    let stale = allowed.iter().filter(|rule| !all.iter().any(|edge| matches(edge, rule)));
    let mut faults: Vec<String> = stale
        .map(|(from, to, _)| format!("the exception {from} -> {to} is in no cycle any more"))
        .collect();
    let rest: Vec<Edge> = edges
        .iter()
        .filter(|edge| !allowed.iter().any(|rule| matches(edge, rule)))
        .cloned()
        .collect();
    for cycle in cycles(&rest) {
        let mut fault = format!("a cycle of {} files:", cycle.len());
        for Edge { from, to, line, path } in edges_within(&rest, &cycle) {
            fault += &format!("\n    {from}:{line} -> {to} by {path}");
        }
        faults.push(fault);
    }
    faults
}

/// What is longer than it may be and no exception allows, and the exceptions that allow nothing.
pub(crate) fn faults_of_sizes(
    sizes: &[(String, usize)],
    most: usize,
    allowed: &[(&str, &str)],
) -> Vec<String> {
    let is_allowed = |name: &String| allowed.iter().any(|(other, _)| other == name);
    let long: Vec<&(String, usize)> = sizes.iter().filter(|(_, lines)| *lines > most).collect();
    let too_long = long.iter().filter(|(name, _)| !is_allowed(name));
    let stale = allowed.iter().filter(|(other, _)| !long.iter().any(|(name, _)| name == other));
    too_long
        .map(|(name, lines)| format!("{name} has {lines} lines, more than {most}"))
        .chain(stale.map(|(name, _)| format!("the exception {name} is not too long any more")))
        .collect()
}

#[test]
fn no_file_imports_itself_through_others() {
    let edges: Vec<Edge> = packages().flat_map(|modules| edges(&modules)).collect();
    assert!(edges.len() > 500, "only {} imports were found", edges.len());
    let faults = faults_of_cycles(&edges, CYCLES);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_file_is_long() {
    let sizes: Vec<(String, usize)> = packages()
        .flat_map(|modules| modules.files)
        .map(|file| (file.path.clone(), lines(&file)))
        .collect();
    let faults = faults_of_sizes(&sizes, MOST_LINES_OF_A_FILE, LONG_FILES);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_function_is_long() {
    let files = packages().flat_map(|modules| modules.files);
    let sizes: Vec<(String, usize)> = files
        .flat_map(|file| {
            let named = move |function: crate::sizes::Function| {
                (format!("{}::{}", file.path, function.name), function.lines)
            };
            functions(&file.syntax).into_iter().map(named)
        })
        .collect();
    assert!(sizes.len() > 1000, "only {} functions were found", sizes.len());
    let faults = faults_of_sizes(&sizes, MOST_LINES_OF_A_FUNCTION, LONG_FUNCTIONS);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_file_is_declared_by_a_module() {
    for (folder, roots) in PACKAGES {
        let modules = package(folder, roots);
        for path in files(folder) {
            assert!(
                modules.tests.contains(&path) || modules.files.iter().any(|file| file.path == path),
                "{path} is declared by no module"
            );
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    let files = PACKAGES.iter().flat_map(|(folder, _)| files(folder));
    let silent: Vec<String> =
        files.filter(|path| !read(path).is_some_and(|text| text.starts_with("//!"))).collect();
    assert!(silent.is_empty(), "without a comment of the module: {}", silent.join(", "));
}

/// The paths of all Rust files below a folder.
fn files(folder: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    crate::collect(&root.join(folder), &mut files);
    let relative = |file: &PathBuf| {
        let path = file.strip_prefix(root).expect("below the root");
        path.to_string_lossy().replace('\\', "/")
    };
    files.iter().map(relative).collect()
}
