//! The documents say what the sources say.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_readme_shows_the_program_that_is_built_and_run() {
    let program = read("c_examples/readme.c");
    assert!(
        read("README.md").contains(&format!("```c\n{program}```\n")),
        "the C program in README.md differs from c_examples/readme.c"
    );
}

/// The build folders of the README's command and of the packages with a lock file of their own.
#[test]
fn git_ignores_the_folders_that_are_built_into() {
    let ignored = read(".gitignore");
    let folders = ["build", "target", "benches/target", "bindings/python/target", "sim/target"];
    let forgotten: Vec<&str> = folders
        .into_iter()
        .filter(|folder| !ignored.lines().any(|line| line.strip_prefix('/') == Some(folder)))
        .collect();
    assert!(forgotten.is_empty(), "not in .gitignore: {forgotten:?}");
    assert!(read("README.md").contains("cmake -B build "), "the README builds elsewhere now");
}

const DOCUMENTS: [&str; 11] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/ABI.md",
    "docs/ARCHITECTURE.md",
    "docs/CPP.md",
    "docs/EVALUATION.md",
    "docs/PROTOCOL.md",
    "docs/PYTHON.md",
    "docs/UPGRADING.md",
    "docs/WIRE.md",
];

/// A document without its blocks of code, where a C++ lambda looks like a link.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn what_the_documents_link_to_exists() {
    for document in DOCUMENTS {
        let text = prose(&read(document));
        let folder = Path::new(document).parent().unwrap_or(Path::new(""));
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            match link.split_once('#') {
                Some(("", anchor)) => {
                    let found = text.lines().filter(|line| line.starts_with('#')).any(|line| {
                        let title = line.trim_start_matches('#').trim().to_lowercase();
                        title.replace(' ', "-").replace('.', "") == anchor
                    });
                    assert!(found, "{document} has no heading for #{anchor}");
                }
                split => {
                    let path = folder.join(split.map_or(link, |(path, _)| path));
                    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
                    assert!(whole.exists(), "{document} links to {}", path.display());
                }
            }
        }
    }
}

/// Endings of the names of files that are part of the sources.
const ENDINGS: [&str; 9] = [".rs", ".c", ".h", ".hpp", ".cpp", ".py", ".pyi", ".md", ".mjs"];

/// The paths of all files and, with a slash at the end, of all folders.
fn paths(folder: &Path, prefix: &str, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable folder");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if !entry.path().is_dir() {
            into.push(path);
        } else if name != "target" && !name.starts_with('.') {
            into.push(format!("{path}/"));
            paths(&entry.path(), &format!("{path}/"), into);
        }
    }
}

/// Whether a path is the named one, where `*` stands for any text within a name.
fn fits(path: &str, name: &str) -> bool {
    let Some((before, after)) = name.split_once('*') else { return path == name };
    let Some(rest) = path.strip_prefix(before) else { return false };
    let end = rest.find('/').unwrap_or(rest.len());
    (0..=end).any(|at| rest.is_char_boundary(at) && fits(&rest[at..], after))
}

/// The words of a line that name a file or a folder: those that end like a source file, and those
/// that begin with a folder of the root.
fn named<'a>(line: &'a str, folders: &[String]) -> Vec<&'a str> {
    let words = line.split(|c: char| c.is_whitespace() || "`()[]{},;:\"'|<>".contains(c));
    words
        .map(|word| {
            word.split('#')
                .next()
                .unwrap_or_default()
                .trim_end_matches('.')
                .trim_start_matches("../")
        })
        .filter(|word| {
            ENDINGS.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending))
                || folders.iter().any(|folder| word.starts_with(folder.as_str()))
        })
        .collect()
}

/// What a document names that does not exist. A name may leave out the first folders of its path; in
/// a row of a table that begins with a folder, the file is below that.
fn missing(text: &str, paths: &[String]) -> Vec<String> {
    let folders: Vec<String> = paths
        .iter()
        .filter(|path| path.matches('/').count() == 1 && path.ends_with('/'))
        .cloned()
        .collect();
    let mut missing = Vec::new();
    // Headers of the system belong to it.
    for line in text.lines().filter(|line| !line.starts_with("#include <")) {
        let cell = line.strip_prefix('|').and_then(|row| row.split('|').next()).unwrap_or("");
        let below: Vec<&str> = cell.split('`').filter(|part| part.ends_with('/')).collect();
        for name in named(line, &folders) {
            let bare = name.trim_end_matches('/');
            let exists = paths.iter().any(|path| {
                let path = path.trim_end_matches('/');
                let is_below = below.is_empty() || below.iter().any(|at| path.starts_with(at));
                let mut tails = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
                fits(path, bare) || is_below && tails.any(|tail| fits(tail, bare))
            });
            if !exists {
                missing.push(name.to_owned());
            }
        }
    }
    missing
}

#[test]
fn the_files_that_the_documents_name_exist() {
    let mut all = Vec::new();
    paths(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut all);
    // The changelog tells of files that are gone.
    let documents = DOCUMENTS.iter().filter(|document| **document != "CHANGELOG.md");
    let faults = documents.map(|document| (document, missing(&read(document), &all)));
    let faults: Vec<_> = faults.filter(|(_, missing)| !missing.is_empty()).collect();
    assert!(faults.is_empty(), "these files do not exist: {faults:?}");
}

#[test]
fn a_file_that_does_not_exist_is_found() {
    let paths =
        ["src/", "src/a/", "src/a/one.rs", "src/b/", "src/b/two.rs", "tests/", "tests/net_x.rs"];
    let paths = paths.map(str::to_owned);
    for good in
        ["`a/one.rs` and `two.rs`", "src/b/", "see `tests/net_*.rs`.", "| `src/a/` | `one.rs` |"]
    {
        assert_eq!(missing(good, &paths), [""; 0], "{good}");
    }
    for bad in ["`one.c`", "src/c/", "`tests/tcp_*.rs`", "| `src/a/` | `two.rs` |", "`b/one.rs`"] {
        assert_eq!(missing(bad, &paths).len(), 1, "{bad}");
    }
}
