//! Reads files of the repository.

use std::path::{Path, PathBuf};

/// The text of a file, given by its path from the root of the repository.
pub(crate) fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The paths of all files below `folder` that end in `.ending`, from the root, sorted.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let path = path.strip_prefix(root).expect("a path below the root");
                found.push(path.to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

/// The one file below `folder` that has a piece of text, and its contents.
pub(crate) fn find_file(folder: &str, ending: &str, piece: &str) -> (String, String) {
    let all = files(folder, ending).into_iter().map(|path| (read(&path), path));
    let mut with = all.filter(|(text, _)| text.contains(piece));
    let (text, path) = with.next().unwrap_or_else(|| panic!("{folder}: no file has {piece:?}"));
    (path, text)
}

/// The text after `start` and before the next `end`.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = text.split_once(start)?.1;
    Some(rest.split_once(end).map_or(rest, |(inner, _)| inner))
}

/// A text without line breaks and without the stars of a C comment.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "*").collect::<Vec<_>>().join(" ")
}

/// The names and numbers in a text.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// The number that a text begins with; a space may stand before each group of three digits.
pub(crate) fn number_at_start(text: &str) -> Option<u32> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let mut len = digits(text);
    let mut number = text[..len].to_string();
    while let Some(group) = text[len..].strip_prefix(' ').filter(|rest| digits(rest) == 3) {
        number += &group[..3];
        len += 4;
    }
    number.parse().ok()
}

/// The number that a text ends with, in the same form.
pub(crate) fn number_at_end(text: &str) -> Option<u32> {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut number = String::new();
    for word in text.rsplit(' ') {
        if !is_number(word) || (!number.is_empty() && !number.len().is_multiple_of(3)) {
            break;
        }
        number.insert_str(0, word);
    }
    number.parse().ok()
}
