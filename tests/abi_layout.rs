//! The ABI of libgossip 1.4.2, whose facts stand in `tests/data/abi-1.4.2.json`, against ours.
#![cfg(feature = "ffi")]

mod c_library;

use gossip::ffi::types::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::mem::{align_of, offset_of, size_of};
use std::path::PathBuf;
use std::process::Command;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn facts() -> Value {
    let text = fs::read_to_string(root().join("tests/data/abi-1.4.2.json")).expect("the facts");
    serde_json::from_str(&text).expect("JSON")
}

/// The headers of the old library that are generated already.
fn headers() -> Vec<&'static str> {
    let mut headers = vec!["core/gossip_core.h", "net/gossip_net.h"];
    headers.retain(|header| root().join("include").join(header).exists());
    headers
}

/// (name, size, alignment, fields with their offsets) as Rust lays them out.
macro_rules! layout {
    ($type:ty, $($field:ident)*) => {
        (
            stringify!($type),
            size_of::<$type>(),
            align_of::<$type>(),
            vec![$((stringify!($field).trim_start_matches("r#"), offset_of!($type, $field))),*],
        )
    };
}

#[test]
fn structs_are_laid_out_as_in_1_4_2() {
    let structs = [
        layout!(gossip_node_id_t, data),
        layout!(gossip_node_view_t, id ip port config_epoch heartbeat version status role region
            sent_messages received_messages),
        layout!(gossip_message_t, sender r#type timestamp entries entries_count),
    ];
    let facts = facts();
    let known = facts["structs"].as_object().expect("an object");
    assert_eq!(known.len(), structs.len());
    for (name, size, align, fields) in structs {
        let fact = &known[name];
        assert_eq!(fact["size"], size, "{name}");
        assert_eq!(fact["align"], align, "{name}");
        let expected: Vec<_> = fact["fields"]
            .as_array()
            .expect("an array")
            .iter()
            .map(|field| {
                let offset = field["offset"].as_u64().expect("a number");
                (field["name"].as_str().expect("a name"), usize::try_from(offset).expect("small"))
            })
            .collect();
        assert_eq!(fields, expected, "{name}");
    }
}

/// C source that compiles only if the headers declare what 1.4.2's did, and the same way.
fn contract(facts: &Value, headers: &[&str]) -> String {
    let mut source = String::new();
    for header in headers {
        writeln!(source, "#include \"{header}\"").expect("a string");
    }
    let holds = |source: &mut String, condition: String| {
        writeln!(source, "_Static_assert({condition}, \"as in 1.4.2\");").expect("a string");
    };
    let is_here = |fact: &Value| headers.contains(&fact["header"].as_str().unwrap_or_default());
    for (name, fact) in facts["structs"].as_object().expect("an object") {
        holds(&mut source, format!("sizeof({name}) == {}", fact["size"]));
        // The tag names the same type.
        holds(&mut source, format!("sizeof({}) == {}", text(&fact["tag"]), fact["size"]));
        for field in fact["fields"].as_array().expect("an array") {
            let of = text(&field["name"]);
            holds(&mut source, format!("offsetof({name}, {of}) == {}", field["offset"]));
            holds(&mut source, format!("sizeof((({name} *)0)->{of}) == {}", field["size"]));
        }
    }
    for (name, fact) in facts["enums"].as_object().expect("an object") {
        if name == "gossip_transport_type_t" && !headers.contains(&"net/gossip_net.h") {
            continue;
        }
        holds(&mut source, format!("sizeof({name}) == {}", fact["size"]));
        for (value, number) in fact["values"].as_object().expect("an object") {
            holds(&mut source, format!("{value} == {number}"));
        }
    }
    for (name, declaration) in facts["callback_types"].as_object().expect("an object") {
        let declaration = text(declaration).replacen("(*)", &format!("(*{name})"), 1);
        writeln!(source, "typedef {declaration};").expect("a string");
    }
    for fact in facts["functions"].as_array().expect("an array").iter().filter(|f| is_here(f)) {
        writeln!(source, "{};", text(&fact["signature"])).expect("a string");
    }
    source
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn headers_declare_what_1_4_2_declared() {
    let source = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("abi_contract.c");
    fs::write(&source, contract(&facts(), &headers())).expect("a writable target folder");
    let output = Command::new("cc")
        .args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .expect("a C compiler named cc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn headers_have_the_guards_and_includes_of_1_4_2() {
    let facts = facts();
    for header in headers() {
        let text_of = fs::read_to_string(root().join("include").join(header)).expect("a header");
        let guard = text(&facts["include_guards"][header]);
        assert!(text_of.contains(&format!("#ifndef {guard}\n#define {guard}\n")), "{header}");
        let includes: Vec<&str> =
            text_of.lines().filter_map(|line| line.strip_prefix("#include ")).collect();
        let expected: Vec<&str> =
            facts["header_includes"][header].as_array().expect("a list").iter().map(text).collect();
        assert_eq!(includes, expected, "{header}");
    }
}

/// Names of all functions that the headers declare.
fn declared() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let more = if cfg!(all(feature = "ext", feature = "net")) {
        &["core/gossip_ext.h", "net/gossip_node.h"][..]
    } else if cfg!(feature = "ext") {
        &["core/gossip_ext.h"][..]
    } else {
        &[]
    };
    for header in headers().iter().chain(more) {
        let text = fs::read_to_string(root().join("include").join(header)).expect("a header");
        for declaration in text.split("LIBGOSSIP_API").skip(1) {
            let head = declaration.split('(').next().unwrap_or_default();
            let name = head.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
            names.extend(name.map(str::to_owned));
        }
    }
    names
}

#[test]
fn all_functions_of_1_4_2_are_declared() {
    let declared = declared();
    let facts = facts();
    let mut by_header = BTreeMap::new();
    for function in facts["functions"].as_array().expect("an array") {
        let header = text(&function["header"]);
        if headers().contains(&header) {
            *by_header.entry(header).or_insert(0) += 1;
            assert!(declared.contains(text(&function["name"])), "{}", function["name"]);
        }
    }
    assert_eq!(by_header["core/gossip_core.h"], 17);
    for name in ["last_error", "version", "version_number", "status_string", "error_string"] {
        assert!(declared.contains(&format!("gossip_{name}")), "{name}");
    }
}

/// Exactly what the headers declare leaves the shared library, and nothing of the runtime.
#[test]
#[cfg(target_os = "linux")]
fn only_declared_functions_are_exported() {
    let library = c_library::path();
    let output = Command::new("nm")
        .args(["-D", "--defined-only"])
        .arg(&library)
        .output()
        .expect("nm of the binutils");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let exported: BTreeSet<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2).map(str::to_owned))
        .collect();
    assert_eq!(exported, declared());
}
