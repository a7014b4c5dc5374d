//! Every C function against the places that name it. A function that is new in any of them is
//! looked for in all others, and each finding is a line that begins with the place.

use crate::text::{between, files, read, words};
use std::collections::{BTreeMap, BTreeSet};

const EXPORTS: &str = "src/ffi";
const FORWARDS: &str = "cmake/libgossip_net.c";
const ABI: &str = "docs/ABI.md";
const CPP: &str = "include/**/*.hpp";
const STUB: &str = "bindings/python/python/libgossip/_core.pyi";
const CHANGELOG: &str = "CHANGELOG.md";
const TESTS: &str = "tests";
const NET_HEADER: &str = "include/net/gossip_net.h";

/// Functions that no C++ header needs.
const NOT_IN_CPP: &[(&str, &[&str])] = &[
    ("create_with is called with a configuration always", &["gossip_core_create"]),
    (
        "node_info tells the status of a left node too",
        &["gossip_core_find_node", "gossip_core_self"],
    ),
    ("node_info allocates nothing to free", &["gossip_core_free_self"]),
    (
        "a message with metadata goes by handle_built",
        &["gossip_core_handle_message", "gossip_core_handle_message_at"],
    ),
    ("the size of the map that each_metadata fills", &["gossip_core_metadata_count"]),
    ("the pointer is of no use", &["gossip_core_get_internal"]),
    ("serializer_create takes \"json\"", &["gossip_json_serializer_create"]),
    (
        "serializer_read lends what deserialize allocates",
        &["gossip_serializer_deserialize", "gossip_message_free_entries"],
    ),
    ("serializer_factory has names of its own", &["gossip_serializer_names"]),
    ("enum_names has the texts", &["gossip_status_string"]),
    ("transport_factory makes the classes", &["gossip_transport_factory_create"]),
    (
        "version.hpp has the version, checked by the compiler",
        &["gossip_version", "gossip_version_number"],
    ),
    (
        "called by the macro without _sized",
        &["gossip_config_init_sized", "gossip_node_config_init_sized"],
    ),
];

/// Functions with another name in Python, as `Class.name` of the stub.
const OTHER_IN_PYTHON: &[(&str, &str)] = &[
    ("gossip_core_create", "GossipCore.__new__"),
    ("gossip_json_serializer_create", "JsonSerializer.__new__"),
    ("gossip_node_create", "NodeBase.__new__"),
    ("gossip_node_get_metadata", "Member.metadata"),
    ("gossip_node_get_peer_stats", "NodeBase.peer_counts"),
    ("gossip_node_get_stats", "NodeBase.counts"),
    ("gossip_node_get_net_stats", "NodeBase.counts"),
    ("gossip_node_join", "NodeBase.join_and_wait"),
    ("gossip_node_leave", "NodeBase.leave_and_wait"),
    ("gossip_node_self", "NodeBase.local"),
    ("gossip_node_set_metadata", "NodeBase.update_metadata"),
    ("gossip_node_each_metadata", "Member.metadata"),
    ("gossip_serializer_create", "MessageSerializer.__new__"),
    ("gossip_transport_create", "UdpBase.__new__"),
    ("gossip_transport_set_core", "Transport.set_gossip_core"),
    ("gossip_last_error", "Transport.last_error"),
];

/// Functions that Python does not have. A name that ends in `_` stands for all that begin so.
const NOT_IN_PYTHON: &[(&str, &[&str])] = &[
    (
        "Python frees objects itself",
        &[
            "gossip_core_destroy",
            "gossip_core_free_self",
            "gossip_core_free_nodes",
            "gossip_node_destroy",
            "gossip_transport_destroy",
            "gossip_serializer_destroy",
            "gossip_buffer_free",
            "gossip_message_free_entries",
        ],
    ),
    (
        "GossipCore is the class of 1.4.2: no configuration, clock, figures or packets",
        &[
            "gossip_core_create_with",
            "gossip_core_handle_timeout",
            "gossip_core_next_timeout",
            "gossip_core_get_metadata",
            "gossip_core_each_metadata",
            "gossip_core_metadata_count",
            "gossip_core_set_metadata",
            "gossip_core_remove_self_metadata",
            "gossip_core_node_info",
            "gossip_core_get_peer_stats",
            "gossip_core_handle_packet",
            "gossip_core_tick_at",
            "gossip_core_handle_message_at",
            "gossip_core_handle_timeout_at",
            "gossip_core_handle_packet_at",
        ],
    ),
    (
        "NodeView and GossipMessage hold metadata, so nothing is looked up or built",
        &[
            "gossip_view_",
            "gossip_message_builder_",
            "gossip_core_handle_built",
            "gossip_core_handle_built_at",
            "gossip_serializer_set_metadata",
            "gossip_serializer_read",
        ],
    ),
    (
        "arguments by name are the configuration",
        &["gossip_config_init_sized", "gossip_node_config_init_sized"],
    ),
    ("the pointer is of no use", &["gossip_core_get_internal"]),
    ("a class is derived instead", &["gossip_serializer_create_custom"]),
    ("the enum has the names", &["gossip_serializer_names", "gossip_status_string"]),
    ("an exception has the text", &["gossip_error_string"]),
    ("the module logging takes the lines", &["gossip_set_log_callback"]),
    ("TransportFactory makes the classes, in Python", &["gossip_transport_factory_create"]),
    ("__version__", &["gossip_version", "gossip_version_number"]),
];

/// The texts of all places.
struct Places {
    exports: String,
    /// By path.
    headers: BTreeMap<String, String>,
    forwards: String,
    abi: String,
    cpp: String,
    stub: String,
    changelog: String,
    tests: String,
}

impl Places {
    fn read() -> Self {
        let all = |folder: &str, endings: &[&str]| -> String {
            let paths = endings.iter().flat_map(|ending| files(folder, ending));
            paths.filter(|path| !path.starts_with("tests/lists/")).map(|path| read(&path)).collect()
        };
        let headers = files("include", "h").into_iter();
        Self {
            exports: all(EXPORTS, &["rs"]),
            headers: headers.map(|path| (path.clone(), read(&path))).collect(),
            forwards: read(FORWARDS),
            abi: read(ABI),
            cpp: all("include", &["hpp"]),
            stub: read(STUB),
            changelog: read(CHANGELOG),
            tests: all(TESTS, &["c", "cpp", "rs"]),
        }
    }

    /// What each function is missing, as far as the present ones have it.
    fn flaws(&self) -> Vec<String> {
        let exported = exported(&self.exports);
        let forwarded = forwarded(&self.forwards);
        let declared: BTreeMap<&str, Declared> = self
            .headers
            .iter()
            .flat_map(|(path, text)| declared(path, text))
            .map(|function| (function.name, function))
            .collect();
        let in_cpp: BTreeSet<&str> = words(&self.cpp).collect();
        let in_tests: BTreeSet<&str> = words(&self.tests).collect();
        let mut names: BTreeSet<String> = exported.iter().map(|name| (*name).to_string()).collect();
        names.extend(declared.keys().map(|name| (*name).to_string()));
        names.extend(forwarded.iter().cloned());
        let mut flaws = Vec::new();
        for name in &names {
            let name = name.as_str();
            let header = declared.get(name);
            let mut wants = |place: &str, is_there: bool| {
                if !is_there {
                    flaws.push(format!("{place}: {name} is missing"));
                }
            };
            wants(EXPORTS, exported.contains(&name));
            wants("include/**/*.h", header.is_some());
            wants(FORWARDS, !is_net(name, header) || forwarded.contains(name));
            wants(ABI, self.abi.contains(&format!("`{name}(")));
            wants(CPP, in_cpp.contains(name) || is_listed(NOT_IN_CPP, name));
            wants(STUB, in_stub(&self.stub, name) || is_listed(NOT_IN_PYTHON, name));
            wants(CHANGELOG, self.is_in_changelog(name, header));
            wants(TESTS, in_tests.contains(name));
        }
        flaws
    }

    /// Its version's section of the changelog has the function or names its header as new. The
    /// functions of 1.4.2 have no section.
    fn is_in_changelog(&self, name: &str, function: Option<&Declared>) -> bool {
        let Some(Declared { header, since, .. }) = function else { return false };
        if *since == "1.0" {
            return true;
        }
        let section = between(&self.changelog, &format!("\n## {since}.0\n"), "\n## ");
        let header = header.trim_start_matches("include/");
        section.is_some_and(|section| {
            words(section).any(|word| word == name) || section.contains(&format!("`{header}`:"))
        })
    }
}

/// The functions that `#[unsafe(no_mangle)]` stands before.
fn exported(source: &str) -> BTreeSet<&str> {
    let functions = source.split("#[unsafe(no_mangle)]").skip(1);
    functions.filter_map(|rest| rest.split_once(" fn ")?.1.split(['(', '<']).next()).collect()
}

/// A function that a header declares.
struct Declared<'a> {
    name: &'a str,
    header: &'a str,
    /// The version in which it came, as its comment says.
    since: &'a str,
}

/// The functions that a header declares, each after its comment.
fn declared<'a>(header: &'a str, text: &'a str) -> Vec<Declared<'a>> {
    let pieces: Vec<&str> = text.split("\nLIBGOSSIP_API").collect();
    let pairs = pieces.iter().zip(pieces.iter().skip(1));
    pairs
        .filter_map(|(before, after)| {
            let name = words(after.split_once('(')?.0).last()?;
            let since = before.rsplit_once("Since ").map_or("", |(_, rest)| rest);
            let end = since.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(since.len());
            Some(Declared { name, header, since: since[..end].trim_end_matches('.') })
        })
        .collect()
}

/// The functions of libgossip_net, which are listed without their `gossip_`.
fn forwarded(source: &str) -> BTreeSet<String> {
    let lines = source.lines().filter(|line| line.starts_with("FORWARD"));
    lines
        .filter_map(|line| {
            Some(format!("gossip_{}", line.split(", ").nth(1)?.trim_end_matches(',')))
        })
        .collect()
}

fn is_net(name: &str, function: Option<&Declared>) -> bool {
    let begins =
        ["gossip_transport_", "gossip_serializer_"].iter().any(|start| name.starts_with(start));
    function.map_or(begins, |function| function.header == NET_HEADER)
}

fn is_listed(list: &[(&str, &[&str])], name: &str) -> bool {
    let mut names = list.iter().flat_map(|(_, names)| *names);
    names.any(|listed| name == *listed || listed.ends_with('_') && name.starts_with(listed))
}

/// Whether the class of an object has a method with the verb of the function, or its other name.
fn in_stub(stub: &str, name: &str) -> bool {
    let has = |class: &str, method: &str| {
        let body = between(stub, &format!("\nclass {class}"), "\nclass ").unwrap_or("");
        body.contains(&format!("def {method}("))
    };
    if let Some((_, other)) = OTHER_IN_PYTHON.iter().find(|(listed, _)| *listed == name) {
        return other.split_once('.').is_some_and(|(class, method)| has(class, method));
    }
    let classes = [
        ("gossip_core_", "GossipCore:"),
        ("gossip_node_", "NodeBase:"),
        ("gossip_transport_", "Transport:"),
        ("gossip_serializer_", "MessageSerializer:"),
    ];
    let mut classes =
        classes.iter().filter_map(|(start, class)| Some((class, name.strip_prefix(start)?)));
    classes.any(|(class, method)| has(class, method))
}

#[test]
fn every_c_function_is_in_every_place() {
    let flaws = Places::read().flaws();
    assert!(
        flaws.is_empty(),
        "\n{}\nor give a reason in the lists of tests/lists/functions.rs",
        flaws.join("\n")
    );
}

#[test]
fn the_exceptions_are_about_functions_that_exist_and_lack_something() {
    let places = Places::read();
    let exported = exported(&places.exports);
    let in_cpp: BTreeSet<&str> = words(&places.cpp).collect();
    let listed = |list: &[(&str, &'static [&'static str])]| -> Vec<&'static str> {
        list.iter().flat_map(|(_, names)| names.iter().copied()).collect()
    };
    for name in listed(NOT_IN_CPP) {
        assert!(exported.contains(name), "there is no {name}");
        assert!(!in_cpp.contains(name), "{CPP} has {name}, so it is no exception");
    }
    for name in listed(NOT_IN_PYTHON) {
        let exists = exported.iter().any(|function| function.starts_with(name));
        assert!(exists, "there is no {name}");
        assert!(!in_stub(&places.stub, name), "{STUB} has {name}, so it is no exception");
    }
    for (name, other) in OTHER_IN_PYTHON {
        assert!(exported.contains(name), "there is no {name}");
        assert!(in_stub(&places.stub, name), "{STUB} has no {other}, which stands for {name}");
    }
}

/// What is missing once `change` was made to the texts, as place and function.
fn after(change: impl FnOnce(&mut Places)) -> Vec<String> {
    let mut places = Places::read();
    change(&mut places);
    places.flaws()
}

#[test]
fn each_place_of_a_new_function_is_named() {
    let new = "#[unsafe(no_mangle)]\npub unsafe extern \"C-unwind\" fn gossip_transport_pause(";
    let expected = ["include/**/*.h", FORWARDS, ABI, CPP, STUB, CHANGELOG, TESTS]
        .map(|place| format!("{place}: gossip_transport_pause is missing"));
    assert_eq!(after(|places| places.exports += new), expected);
}

#[test]
fn a_function_that_is_taken_out_of_a_place_is_named_with_it() {
    let name = "gossip_transport_port";
    let replace = |text: &mut String, from: &str, to: &str| {
        assert!(text.contains(from), "no place has {from}");
        *text = text.replace(from, to);
    };
    let missing = |place: &str| vec![format!("{place}: {name} is missing")];
    let without_export = |places: &mut Places| {
        replace(&mut places.exports, " fn gossip_transport_port(", " fn gossip_transport_stop(");
    };
    assert_eq!(after(without_export), missing(EXPORTS));
    let without_header = |places: &mut Places| {
        let header = places.headers.get_mut(NET_HEADER).expect("the header");
        replace(header, " gossip_transport_port(", " gossip_transport_stop(");
    };
    // Without a header no version is known either, which the changelog has its sections for.
    let missing_version = [missing("include/**/*.h"), missing(CHANGELOG)].concat();
    assert_eq!(after(without_header), missing_version);
    let without_forward = |places: &mut Places| {
        replace(&mut places.forwards, "transport_port,", "transport_stop,");
    };
    assert_eq!(after(without_forward), missing(FORWARDS));
    assert_eq!(after(|places| replace(&mut places.abi, name, "")), missing(ABI));
    assert_eq!(after(|places| replace(&mut places.cpp, name, "")), missing(CPP));
    let method = "    def find_node(";
    let flaws = after(|places| replace(&mut places.stub, method, ""));
    assert_eq!(flaws, [format!("{STUB}: gossip_core_find_node is missing")]);
    assert_eq!(after(|places| replace(&mut places.changelog, name, "")), missing(CHANGELOG));
    assert_eq!(after(|places| replace(&mut places.tests, name, "")), missing(TESTS));
}
