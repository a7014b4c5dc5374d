//! The graph and the sizes of small made-up packages.

use crate::graph::{Edge, cycles, edges};
use crate::modules::Modules;
use crate::sizes::{Function, functions, lines};
use crate::structure::{faults_of_cycles, faults_of_sizes};

/// A package of these files, the first one its root.
fn package(files: &[(&str, &str)]) -> Modules {
    let read = |path: &str| {
        let file = files.iter().find(|(name, _)| *name == path);
        file.map(|(_, text)| (*text).to_owned())
    };
    Modules::read(&read, &[files[0].0])
}

/// The edges of such a package, each as `from:line to`.
fn edges_of(files: &[(&str, &str)]) -> Vec<String> {
    let mut lines: Vec<String> = edges(&package(files))
        .iter()
        .map(|Edge { from, to, line, .. }| format!("{from}:{line} {to}"))
        .collect();
    lines.sort();
    lines.dedup();
    lines
}

#[test]
fn imports_from_the_root_the_parent_and_the_module_itself_are_edges() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub struct Root;"),
        ("a/mod.rs", "mod c;\nmod d;\nuse self::c::C;\nuse crate::b::B;\nuse crate::Root;"),
        ("a/c.rs", "use super::d::{self, D};\n\nuse super::super::b::B;\npub struct C;"),
        (
            "a/d.rs",
            "pub struct D;\nfn f() {\n    use std::fmt::Write;\n    use crate::b::*;\n    B;\n}",
        ),
        ("b.rs", "pub struct B;"),
    ];
    assert_eq!(
        edges_of(&files),
        [
            "a/c.rs:1 a/d.rs",
            "a/c.rs:3 b.rs",
            "a/d.rs:4 b.rs",
            "a/mod.rs:3 a/c.rs",
            "a/mod.rs:4 b.rs",
            "a/mod.rs:5 lib.rs"
        ]
    );
}

#[test]
fn a_re_export_is_followed_to_the_file_of_the_item() {
    let files = [
        ("lib.rs", "pub mod shop;\nmod user;\npub use shop::Item as Thing;"),
        ("shop/mod.rs", "mod store;\npub use store::{Item, make};"),
        ("shop/store.rs", "pub enum Item { One }\npub fn make() {}"),
        ("user.rs", "use crate::shop::{Item, make};\nuse crate::Thing::One;\nuse Item::*;"),
    ];
    assert_eq!(
        edges_of(&files),
        ["user.rs:1 shop/store.rs", "user.rs:2 shop/store.rs", "user.rs:3 shop/store.rs"]
    );
}

#[test]
fn a_glob_leads_to_the_files_of_what_is_used_of_it() {
    let files = [
        ("lib.rs", "mod all;\nmod one;\nmod two;\nmod user;\nmod again;\nmod last;"),
        ("all.rs", "pub use crate::one::*;\npub use crate::two::*;"),
        ("one.rs", "pub struct One;\nstruct Hidden;"),
        ("two.rs", "pub struct Two;\npub struct Hidden;"),
        ("user.rs", "use crate::all::*;\nfn f(_: Two) {}"),
        ("again.rs", "use crate::all::One;\nuse crate::all::Hidden;"),
        ("last.rs", "use crate::all::*;\nfn f() { println!(\"{}\", show(One)); }"),
    ];
    assert_eq!(
        edges_of(&files),
        [
            "again.rs:1 one.rs",
            "again.rs:2 two.rs",
            "all.rs:1 one.rs",
            "all.rs:2 two.rs",
            "last.rs:1 one.rs",
            "user.rs:1 two.rs"
        ]
    );
}

#[test]
fn a_path_in_code_is_an_edge_and_a_module_may_call_its_parts() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\nfn f() { a::f() }"),
        ("a.rs", "use crate::b;\npub fn f() {\n    b::c::g();\n    std::mem::drop(0);\n}"),
        ("b/mod.rs", "pub mod c;\npub use c::g;\npub(in crate::b) struct S;"),
        ("b/c.rs", "pub fn g() {}"),
    ];
    assert_eq!(edges_of(&files), ["a.rs:1 b/mod.rs", "a.rs:3 b/c.rs"]);
}

#[test]
fn inline_modules_belong_to_their_file_and_find_their_files() {
    let files = [
        ("lib.rs", "mod a;\nmod b {\n    pub mod c;\n    pub mod d { use super::super::a::A; }\n}"),
        (
            "a.rs",
            "mod inner { pub(crate) mod far; pub struct I; }\npub use inner::I as A;\nuse inner::far::F;",
        ),
        ("a/inner/far.rs", "use super::I;\nuse crate::b::c::C;\npub struct F;"),
        ("b/c.rs", "pub struct C;"),
    ];
    assert_eq!(
        edges_of(&files),
        [
            "a.rs:3 a/inner/far.rs",
            "a/inner/far.rs:1 a.rs",
            "a/inner/far.rs:2 b/c.rs",
            "lib.rs:4 a.rs"
        ]
    );
}

#[test]
fn a_path_attribute_names_the_file_and_both_of_two_are_read() {
    let two = "#[cfg(unix)]\n#[path = \"here/unix.rs\"]\nmod system;\n#[cfg(not(unix))]\n\
               #[path = \"other.rs\"]\nmod system;\nuse system::S;";
    let files = [
        ("lib.rs", "mod a;\n#[path = \"a/../b.rs\"]\nmod c;"),
        ("a/mod.rs", two),
        ("a/here/unix.rs", "mod deep;\npub use deep::S;"),
        ("a/here/deep.rs", "pub struct S;"),
        ("a/other.rs", "pub use crate::c::S;"),
        ("b.rs", "pub struct S;"),
    ];
    assert_eq!(
        edges_of(&files),
        ["a/mod.rs:7 a/here/deep.rs", "a/mod.rs:7 b.rs", "a/other.rs:1 b.rs"]
    );
}

#[test]
fn what_a_macro_makes_is_in_the_file_of_its_call() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\nmod c;"),
        (
            "a.rs",
            "macro_rules! make { ($name:ident) => { pub struct $name; } }\npub(crate) use make;",
        ),
        ("b.rs", "use crate::a::make;\nmake!(Made);"),
        ("c.rs", "use crate::b::*;\nfn f(_: Made) {}"),
    ];
    assert_eq!(edges_of(&files), ["b.rs:1 a.rs", "c.rs:1 b.rs"]);
}

#[test]
fn tests_are_no_edges() {
    let files = [
        (
            "lib.rs",
            "mod a;\nmod b;\n#[cfg(test)]\nmod tests;\n#[cfg(all(test, unix))]\nmod more { use crate::a::A; }\
             \n#[cfg(not(test))]\nuse b::B;\n#[cfg(test)]\nuse a::A;",
        ),
        ("a.rs", "pub struct A;\n#[cfg(test)]\nmod tests { use crate::b::B; }"),
        ("b.rs", "pub struct B;"),
        ("tests.rs", "use crate::a::A;"),
    ];
    assert_eq!(edges_of(&files), ["lib.rs:8 b.rs"]);
    assert!(package(&files).tests.contains("tests.rs"));
}

#[test]
fn imports_of_each_other_come_to_an_end() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::*;\npub use b::*;\nuse missing::Thing;"),
        ("a.rs", "pub use crate::*;\npub use crate::b::X as Y;\npub struct A;"),
        ("b.rs", "pub use crate::a::Y as X;\npub use super::A;"),
    ];
    assert!(edges_of(&files).contains(&"b.rs:2 a.rs".to_owned()));
}

const CIRCLE: [(&str, &str); 4] = [
    ("lib.rs", "mod a;\nmod b;\nmod c;"),
    ("a.rs", "pub struct A;\nuse crate::b::B;"),
    ("b.rs", "pub struct B;\nuse crate::c::C;"),
    ("c.rs", "pub struct C;\nuse crate::a::A;"),
];

#[test]
fn a_cycle_is_found_and_told_with_its_lines() {
    let edges = edges(&package(&CIRCLE));
    assert_eq!(cycles(&edges), [["a.rs", "b.rs", "c.rs"]]);
    assert_eq!(
        faults_of_cycles(&edges, &[]),
        ["a cycle of 3 files:\n    a.rs:2 -> b.rs by crate::b::B\n    \
          b.rs:2 -> c.rs by crate::c::C\n    c.rs:2 -> a.rs by crate::a::A"]
    );
}

#[test]
fn an_exception_opens_a_cycle_and_one_without_a_cycle_is_a_fault() {
    let circle = edges(&package(&CIRCLE));
    assert!(faults_of_cycles(&circle, &[("b.rs", "c.rs", "why")]).is_empty());
    let stale = faults_of_cycles(&circle, &[("b.rs", "c.rs", "why"), ("b.rs", "a.rs", "why")]);
    assert_eq!(stale, ["the exception b.rs -> a.rs is in no cycle any more"]);
    let line = edges(&package(
        &CIRCLE[..3].iter().copied().chain([("c.rs", "pub struct C;")]).collect::<Vec<_>>(),
    ));
    assert!(cycles(&line).is_empty());
    assert_eq!(faults_of_cycles(&line, &[("b.rs", "c.rs", "why")]).len(), 1);
}

const SIZES: &str = "/// Says it.\nfn short() {}\nimpl A {\n    fn long(\n        &self,\n    ) -> u8 {\n        \
                     fn inner() {}\n        1\n    }\n}\ntrait T {\n    fn none();\n    fn some() {\n    }\n}\n\
                     #[cfg(test)]\nmod tests {\n    fn not_counted() {\n    }\n}\n";

#[test]
fn a_function_reaches_from_its_signature_to_its_brace() {
    let file = syn::parse_file(SIZES).expect("Rust");
    let function = |name: &str, line, lines| Function { name: name.to_owned(), line, lines };
    assert_eq!(
        functions(&file),
        [
            function("short", 2, 1),
            function("long", 4, 6),
            function("inner", 7, 1),
            function("some", 13, 2)
        ]
    );
}

#[test]
fn a_file_counts_without_its_test_module() {
    assert_eq!(lines(&package(&[("lib.rs", SIZES)]).files[0]), 15);
}

#[test]
fn what_is_too_long_is_told_unless_excepted_and_a_stale_exception_too() {
    let sizes = [("a".to_owned(), 61), ("b".to_owned(), 60)];
    assert_eq!(faults_of_sizes(&sizes, 60, &[]), ["a has 61 lines, more than 60"]);
    assert!(faults_of_sizes(&sizes, 60, &[("a", "why")]).is_empty());
    assert_eq!(
        faults_of_sizes(&sizes, 60, &[("a", "why"), ("b", "why")]),
        ["the exception b is not too long any more"]
    );
}
