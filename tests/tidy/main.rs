//! Rules of the source tree that the compiler cannot check inside one package.

mod graph;
mod made_up;
mod modules;
mod sizes;
mod structure;

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer of `src/` with the layers it may import; see docs/ARCHITECTURE.md.
const LAYERS: [(&str, &[&str]); 6] = [
    ("types", &[]),
    ("wire", &["types"]),
    ("proto", &["types", "wire"]),
    ("os", &["types"]),
    ("net", &["types", "wire", "proto", "os"]),
    ("ffi", &["types", "wire", "proto", "os", "net"]),
];

/// Layers that take time and randomness as arguments and run without an operating system.
const PURE: [&str; 3] = ["types", "wire", "proto"];

/// What the pure layers may not name. A generator is handed in, never found.
const BANNED_IN_PURE: [&str; 6] =
    ["std::", "rand::rng(", "thread_rng", "SystemTime", "SysRng", "extern crate"];

/// The files that may hold unsafe code.
const UNSAFE_FILES: [&str; 4] =
    ["src/ffi/mod.rs", "src/os/fork.rs", "src/os/pin.rs", "src/os/signals.rs"];

struct Source {
    /// From the root, with `/`.
    path: String,
    /// Without tests and comments.
    code: String,
    text: String,
}

fn sources(layer: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&root.join("src").join(layer), &mut files);
    files.sort();
    files
        .iter()
        .filter(|path| !is_test(path))
        .map(|path| {
            let text = fs::read_to_string(path).expect("a readable file");
            let relative = path.strip_prefix(root).expect("below the root");
            Source {
                path: relative.to_string_lossy().replace('\\', "/"),
                code: code_of(&text),
                text,
            }
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// A file that is part of the tests only.
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| {
        let stem = stem.to_string_lossy();
        stem == "tests" || stem.ends_with("_tests")
    }) || path.parent().is_some_and(|folder| folder.ends_with("tests"))
}

/// The file up to its test module, without comments.
fn code_of(text: &str) -> String {
    let end = text.find("\n#[cfg(test)]\nmod ").unwrap_or(text.len());
    text[..end]
        .lines()
        .map(|line| line.find("//").map_or(line, |comment| &line[..comment]))
        .fold(String::new(), |code, line| code + line + "\n")
}

/// The layers that some code names by `crate::`.
fn imports(code: &str) -> Vec<&str> {
    code.split("crate::")
        .skip(1)
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            &rest[..end.unwrap_or(rest.len())]
        })
        .collect()
}

#[test]
fn imports_point_down() {
    let mut seen = 0;
    for (layer, allowed) in LAYERS {
        for source in sources(layer) {
            for import in imports(&source.code) {
                seen += 1;
                assert!(
                    import == layer || allowed.contains(&import),
                    "{}: {layer} may not use crate::{import}",
                    source.path
                );
            }
        }
    }
    assert!(seen >= 8, "the imports were not found");
    assert_eq!(imports("use crate::types::Entry; let x = crate::os::now();"), ["types", "os"]);
}

#[test]
fn every_folder_is_a_known_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let entry = entry.expect("a readable folder");
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(LAYERS.iter().any(|(layer, _)| *layer == name), "src/{name} has no rules");
        }
    }
}

#[test]
fn pure_layers_name_no_system() {
    for layer in PURE {
        let sources = sources(layer);
        for source in &sources {
            for banned in BANNED_IN_PURE {
                assert!(!source.code.contains(banned), "{}: names {banned}", source.path);
            }
        }
    }
    assert!(code_of("use std::a;\n#[cfg(test)]\nmod tests {}").contains("std::"));
    assert!(!code_of("a\n// std::b\n\n#[cfg(test)]\nmod tests { std::c }").contains("std::"));
}

#[test]
fn unsafe_code_has_its_places() {
    for (layer, _) in LAYERS {
        for source in sources(layer) {
            if source.text.contains("allow(unsafe_code") {
                assert!(UNSAFE_FILES.contains(&&*source.path), "{} allows unsafe", source.path);
            }
        }
    }
}

/// What is wrong with the exports of a file; empty if nothing is.
fn flaws_of_exports(code: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    for export in code.split("#[unsafe(no_mangle)]").skip(1) {
        let Some((head, rest)) = export.split_once(" fn ") else {
            flaws.push("an export that is no function".to_owned());
            continue;
        };
        let name = rest.split('(').next().unwrap_or_default();
        if !head.trim().ends_with("extern \"C-unwind\"") {
            flaws.push(format!("{name} is not extern \"C-unwind\""));
        }
        let body = rest.split_once("{\n").and_then(|(_, body)| body.split_once("\n}"));
        let body = body.map_or("", |(body, _)| body.trim().trim_end_matches(';'));
        if !is_one_guard_call(body, name) {
            flaws.push(format!("the body of {name} is not one call of a guard with its name"));
        }
    }
    flaws
}

fn is_one_guard_call(body: &str, name: &str) -> bool {
    let Some((guard, arguments)) = body.split_once('(') else { return false };
    let named: String = arguments.split_whitespace().collect();
    ["guard", "guard_or", "guard_quiet", "guard_then"].contains(&guard)
        && named.starts_with(&format!("\"{name}\","))
        && closes_at_end(arguments)
}

/// Whether the parenthesis opened before `text` is closed by its last character.
fn closes_at_end(text: &str) -> bool {
    let mut depth = 1;
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1 == text.len();
        }
    }
    false
}

#[test]
fn every_export_is_one_call_of_a_guard() {
    let mut exports = 0;
    for (layer, _) in LAYERS {
        for source in sources(layer) {
            exports += source.code.matches("no_mangle").count();
            assert_eq!(flaws_of_exports(&source.code), [""; 0], "{}", source.path);
            assert!(layer == "ffi" || !source.code.contains("no_mangle"), "{}", source.path);
        }
    }
    assert!(exports >= 22, "only {exports} exports were found");
}

#[test]
fn an_export_without_a_guard_is_found() {
    let good = "#[unsafe(no_mangle)]\npub unsafe extern \"C-unwind\" fn a(x: u8) {\n    \
                guard(\"a\", (), || f(x));\n}\n";
    assert!(flaws_of_exports(good).is_empty());
    for (from, to) in [
        ("guard(\"a\"", "guard(\"b\""),
        ("guard(\"a\", (), || f(x));", "f(x);"),
        ("guard(\"a\", (), || f(x));", "guard(\"a\", (), || f(x)); g(x);"),
        ("C-unwind", "C"),
    ] {
        assert_eq!(flaws_of_exports(&good.replace(from, to)).len(), 1, "{to}");
    }
}
