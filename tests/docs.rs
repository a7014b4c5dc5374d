//! The documents say what the sources say.

use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the functions that a header declares.
fn functions(header: &str) -> Vec<&str> {
    let declared = header.split("LIBGOSSIP_API").skip(1).filter_map(|rest| {
        let (before, _) = rest.split_once('(')?;
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
        name.starts_with("gossip_").then_some(name)
    });
    declared.collect()
}

#[test]
fn the_readme_shows_the_program_that_is_built_and_run() {
    let program = read("c_examples/readme.c");
    assert!(
        read("README.md").contains(&format!("```c\n{program}```\n")),
        "the C program in README.md differs from c_examples/readme.c"
    );
}

#[test]
fn the_page_of_the_abi_has_every_function() {
    let page = read("docs/ABI.md");
    let headers =
        ["core/gossip_core.h", "core/gossip_ext.h", "net/gossip_net.h", "net/gossip_node.h"];
    let headers = headers.map(|header| read(&format!("include/{header}")));
    let names: Vec<&str> = headers.iter().flat_map(|header| functions(header)).collect();
    assert!(names.len() >= 60, "only {} functions found in the headers", names.len());
    for name in names {
        assert!(page.contains(&format!("`{name}(")), "docs/ABI.md does not tell of {name}");
    }
}

/// A document without its blocks of code, where a C++ lambda looks like a link.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

#[test]
fn what_the_documents_link_to_exists() {
    for document in [
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
    ] {
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
