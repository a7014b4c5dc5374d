//! The comment of src/lib.rs lists the modules and the features of the crate.

use crate::text::{between, read};

/// The names in the first column of the table below a heading.
fn table<'a>(comment: &'a str, heading: &str) -> Vec<&'a str> {
    let section = between(comment, &format!("//! # {heading}\n"), "\n//! #").unwrap_or("");
    let rows = section.lines().filter_map(|line| line.strip_prefix("//! | ")?.split(" |").next());
    rows.filter_map(|cell| cell.trim_matches(['[', ']']).strip_prefix('`')?.strip_suffix('`'))
        .collect()
}

/// The differences between the lists in the comment and the crate.
fn flaws(library: &str, manifest: &str) -> Vec<String> {
    let modules: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let features: Vec<&str> = between(manifest, "\n[features]\n", "\n[")
        .unwrap_or("")
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| *name != "default")
        .collect();
    let mut flaws = Vec::new();
    for (heading, names) in [("Modules", modules), ("Features", features)] {
        let listed = table(library, heading);
        for name in names.iter().filter(|name| !listed.contains(name)) {
            flaws.push(format!("src/lib.rs, {heading}: {name} is missing"));
        }
        for name in listed.iter().filter(|name| !names.contains(name)) {
            flaws.push(format!("src/lib.rs, {heading}: there is no {name}"));
        }
    }
    flaws
}

#[test]
fn the_front_door_lists_modules_and_features() {
    let (library, manifest) = (read("src/lib.rs"), read("Cargo.toml"));
    let found = flaws(&library, &manifest);
    assert!(found.is_empty(), "{found:?}");
    let other = manifest.replace("\njson = []", "\ntext = []");
    assert_eq!(
        flaws(&library, &other),
        ["src/lib.rs, Features: text is missing", "src/lib.rs, Features: there is no json"]
    );
    let other = library.replace("pub mod wire;\n", "pub mod wire;\npub mod seal;\n");
    assert_eq!(flaws(&other, &manifest), ["src/lib.rs, Modules: seal is missing"]);
}
