//! The comment of `Core` lists each of its public methods, wherever they are defined.

use crate::text::{files, read};

/// The public methods in the blocks `impl Core` of a source text.
fn public_methods(source: &str) -> Vec<String> {
    let mut methods = Vec::new();
    let mut inside = false;
    for line in source.lines() {
        if line.starts_with("impl Core {") {
            inside = true;
        } else if line.starts_with('}') {
            inside = false;
        }
        let Some(rest) = line.strip_prefix("    pub ").filter(|_| inside) else { continue };
        if let Some((_, name)) = rest.split_once("fn ")
            && rest.trim_start_matches("const ").starts_with("fn ")
        {
            methods.push(name.split(['(', '<']).next().expect("a name").to_string());
        }
    }
    methods
}

/// The comment that stands before `pub struct Core`, if the text has it.
fn comment(source: &str) -> Option<String> {
    let head = source.split_once("\npub struct Core {")?.0;
    let lines: Vec<&str> =
        head.lines().rev().take_while(|line| line.starts_with(['/', '#'])).collect();
    Some(lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
}

fn missing<'a>(methods: &'a [String], comment: &str) -> Vec<&'a String> {
    let listed = |name: &&String| comment.contains(&format!("`Core::{name}`"));
    methods.iter().filter(|name| !listed(name)).collect()
}

#[test]
fn the_comment_of_core_lists_all_its_methods() {
    let sources: Vec<String> = files("src/proto", "rs").iter().map(|path| read(path)).collect();
    let methods: Vec<String> = sources.iter().flat_map(|source| public_methods(source)).collect();
    let comment = sources.iter().find_map(|source| comment(source)).expect("the comment of Core");
    assert!(methods.len() > 30, "{methods:?}");
    let missing = missing(&methods, &comment);
    assert!(missing.is_empty(), "the comment of `Core` in src/proto/core lacks {missing:?}");
    for name in comment.split("`Core::").skip(1).map(|rest| rest.split('`').next().unwrap_or("")) {
        assert!(methods.iter().any(|method| method == name), "`Core` has no method {name}");
    }
}

#[test]
fn a_method_that_is_not_listed_is_named() {
    let source = "
/// One node. See [`Core::new`].
#[derive(Debug)]
pub struct Core {
    len: usize,
}

impl Core {
    pub fn new() -> Self {}
    pub const fn len(&self) -> usize {}
    pub fn take<'a>(&self) {}
    pub(super) fn inner(&self) {}
    fn own(&self) {}
}

impl Other {
    pub fn other(&self) {}
}
";
    let methods = public_methods(source);
    assert_eq!(methods, ["new", "len", "take"]);
    assert_eq!(missing(&methods, &comment(source).expect("a comment")), ["len", "take"]);
}
