//! What the C headers declare, and whether every compiler accepts them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::place::Place;
use crate::report::Report;
use crate::shell;

const C: [&str; 3] = ["c99", "c11", "c17"];
const CPP: [&str; 4] = ["c++11", "c++14", "c++17", "c++20"];

/// The header files below a folder with that ending.
///
/// # Errors
/// When a folder cannot be read.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The declarations of functions in a header, each from `LIBGOSSIP_API` to the semicolon.
pub fn prototypes(text: &str) -> Vec<String> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for piece in code.split("LIBGOSSIP_API").skip(1) {
        let Some((declaration, _)) = piece.split_once(';') else { continue };
        if declaration.contains("gossip_") && declaration.contains('(') {
            found.push(declaration.trim().to_owned());
        }
    }
    found
}

/// The names of the functions that the headers of a folder declare.
///
/// # Errors
/// When a file cannot be read.
pub fn names(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for file in files(folder, "h")? {
        names.extend(names_in(&file)?);
    }
    Ok(names)
}

/// The functions that one header declares.
///
/// # Errors
/// When it cannot be read.
pub fn names_in(header: &Path) -> Result<BTreeSet<String>, String> {
    let mut names = BTreeSet::new();
    for prototype in prototypes(&shell::read(header)?) {
        let head = prototype.split('(').next().unwrap_or_default().trim_end();
        if let Some(name) = head.rsplit([' ', '*', '\n']).next() {
            names.insert(name.to_owned());
        }
    }
    Ok(names)
}

/// Compiles every installed header of C by itself, as each language version, with each compiler. Those
/// of C++ are compiled by the part `cpp`.
pub fn compile_alone(report: &mut Report, place: &Place, include: &Path) {
    let compilers = [("gcc", "c"), ("clang", "c"), ("g++", "c++"), ("clang++", "c++")].into_iter();
    for (compiler, language) in compilers.filter(|(compiler, _)| shell::works(compiler)) {
        let versions: &[&str] = if language == "c" { &C } else { &CPP };
        for version in versions {
            let result = compile(place, compiler, language, version, include);
            report.check(&format!("headers: {compiler} -std={version}"), result);
        }
    }
}

fn compile(
    place: &Place,
    compiler: &str,
    language: &str,
    version: &str,
    include: &Path,
) -> Result<(), String> {
    let headers = files(include, "h")?;
    if headers.is_empty() {
        return Err(format!("no header in {}", include.display()));
    }
    let source = place.work.join("header_alone.c");
    for header in headers {
        // Including it twice shows whether its guard works; a source with nothing else is not C.
        let line = format!("#include \"{}\"\n", header.display());
        std::fs::write(&source, format!("{line}{line}typedef int not_empty;\n"))
            .map_err(|error| format!("{}: {error}", source.display()))?;
        let mut command = shell::command(compiler, include);
        command.args([&format!("-std={version}"), "-x", language, "-fsyntax-only"]).args([
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
        ]);
        shell::capture(command.arg("-I").arg(include).arg(&source))?;
    }
    Ok(())
}

fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        code.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    code.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::prototypes;

    #[test]
    fn finds_declarations_and_not_the_names_in_comments() {
        let text = "/* LIBGOSSIP_API int gossip_a(void); */\n\
                    LIBGOSSIP_API\nint *gossip_b(int x);\n// LIBGOSSIP_API int gossip_c(void);\n\
                    #define LIBGOSSIP_API\nint other(void);\nLIBGOSSIP_API void gossip_d(void);";
        assert_eq!(prototypes(text), ["int *gossip_b(int x)", "void gossip_d(void)"]);
    }
}
