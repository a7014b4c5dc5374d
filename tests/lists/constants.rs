//! The table of constants in src/proto/config.rs against every place that repeats a part of it.
//!
//! Each check returns its findings as lines that begin with the place.

use crate::text::{between, find_file, number_at_end, number_at_start, one_line, read, words};
use gossip::proto::{CONSTANTS, Config, ConfigError, Constant, Core, Unit};
use gossip::types::{Entry, Instant, NodeId};

const TABLE: &str = "src/proto/config.rs";
const HEADER: &str = "include/core/gossip_ext.h";
const CPP: &str = "include/core/gossip_options.hpp";
const STUB: &str = "bindings/python/python/libgossip/_core.pyi";
const OPTIONS: &str = "bindings/python/src/options.rs";
const CTYPES: &str = "bindings/python-ctypes/gossip_ctypes.py";
const PROTOCOL: &str = "docs/PROTOCOL.md";

/// The profiles by their names in PROTOCOL.md.
fn profiles() -> [(&'static str, Config); 5] {
    [
        ("lan", Config::lan()),
        ("loop", Config::own_loop()),
        ("wan", Config::wan()),
        ("local", Config::local()),
        ("quiet", Config::quiet()),
    ]
}

fn default_of(constant: &Constant) -> u32 {
    (constant.get)(&Config::lan())
}

fn constant(name: &str) -> Option<&'static Constant> {
    CONSTANTS.iter().find(|constant| constant.name == name)
}

/// The names of constants that are missing in a list, are there but unknown, or stand elsewhere.
fn order(place: &str, found: &[&str]) -> Vec<String> {
    let mut flaws = Vec::new();
    for constant in CONSTANTS {
        if !found.contains(&constant.name) {
            flaws.push(format!("{place}: {} is missing", constant.name));
        }
    }
    for name in found {
        if constant(name).is_none() {
            flaws.push(format!("{place}: {name} is not in the table in {TABLE}"));
        }
    }
    if flaws.is_empty() && found.iter().zip(CONSTANTS).any(|(name, row)| *name != row.name) {
        flaws.push(format!("{place}: the constants stand in another order than in {TABLE}"));
    }
    flaws
}

/// The unit that a name ends in says the unit of the row, and the range holds all defaults.
fn rows(rows: &[Constant]) -> Vec<String> {
    let mut flaws = Vec::new();
    for row in rows {
        let unit = match row.name.rsplit('_').next() {
            Some("ms") => Unit::Milliseconds,
            Some("rounds") => Unit::Rounds,
            Some("bytes") => Unit::Bytes,
            Some("factor") => Unit::Factor,
            _ if matches!(row.unit, Unit::Count | Unit::Factor) => row.unit,
            _ => Unit::Count,
        };
        if row.unit != unit {
            flaws.push(format!("{TABLE}: the unit of {} is {:?}", row.name, row.unit));
        }
        for (profile, config) in profiles() {
            let value = (row.get)(&config);
            if value < row.lowest || value > row.highest {
                flaws.push(format!("{TABLE}: {} of {profile} is out of range", row.name));
            }
        }
        if !row.doc.ends_with('.') {
            flaws.push(format!("{TABLE}: the doc of {} is no sentence", row.name));
        }
    }
    flaws
}

/// What the range check of a core says to values at and beyond each end of a range.
fn range_check(rows: &[Constant]) -> Vec<String> {
    let mut flaws = Vec::new();
    for row in rows {
        let refused = |value: u32| {
            let mut config = Config::lan();
            // The one relation between constants leaves both ranges open with these.
            (config.probe_timeout_min_ms, config.probe_timeout_max_ms) = (10, 60_000);
            (row.set)(&mut config, value);
            let own = Entry { id: NodeId::new([1; 16]), ..Entry::default() };
            Core::new(config, &own, 1, Instant::ZERO).err()
        };
        let range = ConfigError::Range(row.name, row.lowest.into(), row.highest.into());
        let beyond = [row.lowest.checked_sub(1), row.highest.checked_add(1)];
        let taken = [row.lowest, row.highest].into_iter().all(|value| refused(value).is_none());
        let kept_out = beyond.into_iter().flatten().all(|value| refused(value) == Some(range));
        if !taken || !kept_out {
            flaws.push(format!("the check of Core::new: {} has another range", row.name));
        }
    }
    flaws
}

/// The fields of `gossip_config_t` that are no constants of the protocol.
const OTHER_FIELDS: [&str; 9] = [
    "size",
    "seed",
    "cluster",
    "profile",
    "has_seed",
    "manual_clock",
    "packets",
    "has_streams",
    "changes_settle_ms",
];

/// The C struct: its fields, and unit, range and default in their comments.
fn c_struct(header: &str) -> Vec<String> {
    let Some(body) = between(header, "\nstruct gossip_config {\n", "\n};\n") else {
        return vec![format!("{HEADER}: there is no struct gossip_config")];
    };
    let fields: Vec<(String, &str)> = body
        .split("    /**\n")
        .skip(1)
        .filter_map(|part| {
            let (comment, field) = part.split_once("*/\n")?;
            Some((one_line(comment), field.trim().trim_end_matches(';').rsplit([' ', '*']).next()?))
        })
        .filter(|(_, name)| !OTHER_FIELDS.contains(name))
        .collect();
    let names: Vec<&str> = fields.iter().map(|(_, name)| *name).collect();
    let mut flaws = order(&format!("{HEADER}, struct gossip_config"), &names);
    for (comment, name) in &fields {
        let Some(row) = constant(name) else { continue };
        flaws.extend(c_comment(comment, row).map(|what| {
            format!("{HEADER}, comment of gossip_config.{name}: the {what} differs from {TABLE}")
        }));
    }
    flaws
}

/// The first of unit, range and default that the comment of a C field does not say as the table does.
fn c_comment(comment: &str, row: &Constant) -> Option<&'static str> {
    let unit = match row.unit {
        Unit::Milliseconds => "milliseconds",
        Unit::Rounds => "ounds",
        Unit::Bytes => "bytes",
        _ => "",
    };
    if !comment.contains(unit) {
        return Some("unit");
    }
    let Some((range, default)) = comment.split_once(", default ") else { return Some("default") };
    let Some((lowest, highest)) = range.rsplit_once(" to ") else { return Some("range") };
    let is_lowest = match row.name {
        "probe_timeout_max_ms" => lowest.ends_with(" probe_timeout_min_ms"),
        _ => number_at_end(lowest) == Some(row.lowest),
    };
    if !is_lowest || number_at_start(highest) != Some(row.highest) {
        return Some("range");
    }
    (number_at_start(default) != Some(default_of(row))).then_some("default")
}

/// The list from which the C functions copy constants, and the assertion on the last field.
fn c_macro(place: &str, source: &str) -> Vec<String> {
    let list = between(source, "\nconstants! {\n", "\n}\n").unwrap_or("");
    let names: Vec<&str> = list.split_whitespace().collect();
    let mut flaws = order(&format!("{place}, constants!"), &names);
    let last = CONSTANTS.last().map_or("", |row| row.name);
    if !source.contains(&format!("offset_of!(gossip_config_t, {last})")) {
        flaws.push(format!(
            "{place}: the assertion on the size does not name {last}, the last field"
        ));
    }
    flaws
}

/// The setters of C++: each sets a field that exists, a time as a duration. There is none for each
/// constant on purpose, since `c()` gives all fields.
fn cpp(header: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let setters = header.split("return ").skip(1).filter_map(|rest| {
        let (how, rest) = rest.split_once("(config_.")?;
        Some((how, rest.split(',').next()?)).filter(|(how, _)| matches!(*how, "set" | "put"))
    });
    for (how, field) in setters {
        let is_time = match constant(field) {
            Some(row) => row.unit == Unit::Milliseconds,
            None if OTHER_FIELDS.contains(&field) => field.ends_with("_ms"),
            None => {
                flaws.push(format!("{CPP}: {field} is not in the table in {TABLE}"));
                continue;
            }
        };
        if (how == "set") != is_time {
            flaws.push(format!("{CPP}: the setter of {field} takes another unit than {TABLE}"));
        }
    }
    flaws
}

/// The stub of Python. `lambda` cannot be the name of a field there, so a comment stands for it.
fn stub(text: &str) -> Vec<String> {
    let body = between(text, "class _Protocol(TypedDict, total=False):\n", "\n\n").unwrap_or("");
    let names: Vec<&str> = body
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            if line.starts_with("# `lambda`") { Some("lambda") } else { line.strip_suffix(": int") }
        })
        .collect();
    order(&format!("{STUB}, _Protocol"), &names)
}

/// A file that names no constant, or all. Names that are plain English words prove nothing.
fn none_or_all(place: &str, text: &str) -> Vec<String> {
    let names = CONSTANTS.iter().map(|row| row.name).filter(|name| name.contains('_'));
    let is_missing = |name: &&str| !words(text).any(|word| word == *name);
    let missing: Vec<&str> = names.clone().filter(is_missing).collect();
    if missing.len() == names.count() {
        return Vec::new();
    }
    missing.iter().map(|name| format!("{place}: {name} is missing")).collect()
}

/// The tables of PROTOCOL.md: values per profile, then those that are the same in all.
fn protocol(text: &str) -> Vec<String> {
    let Some(section) = between(text, "\n## Constants\n", "\n## ") else {
        return vec![format!("{PROTOCOL}: there is no section Constants")];
    };
    let mut flaws = Vec::new();
    let mut named = Vec::new();
    let profiles = profiles();
    let head = profiles.each_ref().map(|(name, _)| *name).join(" | ");
    if !section.contains(&format!("\n| field | {head} |\n")) {
        flaws.push(format!("{PROTOCOL}, Constants: the columns are not {head}"));
    }
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let names: Vec<&str> = cells[0].split(", ").map(|name| name.trim_matches('`')).collect();
        named.extend(&names);
        for ((profile, config), cell) in profiles.iter().zip(&cells[1..]) {
            let values: Vec<&str> = names
                .iter()
                .map(|name| {
                    constant(name).map_or(0, |row| (row.get)(config)).to_string().leak() as &str
                })
                .collect();
            if *cell != values.join(", ") {
                flaws.push(format!("{PROTOCOL}, Constants: {} of {profile} is {cell}", cells[0]));
            }
        }
    }
    let same = one_line(between(section, "The same in all:", "The C functions").unwrap_or(""));
    for item in same.split('`').collect::<Vec<_>>()[1..].chunks(2) {
        named.push(item[0]);
        let value = item.get(1).and_then(|rest| number_at_start(rest.trim_start()));
        let is = |config: &Config| constant(item[0]).map(|row| (row.get)(config)) == value;
        if !profiles.iter().all(|(_, config)| is(config)) {
            flaws.push(format!("{PROTOCOL}, Constants: {} differs from {TABLE}", item[0]));
        }
    }
    for row in CONSTANTS.iter().filter(|row| !named.contains(&row.name)) {
        flaws.push(format!("{PROTOCOL}, Constants: {} is missing", row.name));
    }
    for name in named.iter().filter(|name| constant(name).is_none()) {
        flaws.push(format!("{PROTOCOL}, Constants: {name} is not in the table in {TABLE}"));
    }
    flaws
}

/// Defaults within sentences: a number right after the name of a constant, as in `lambda` 6.
fn sentences(text: &str) -> Vec<String> {
    let text = one_line(text);
    let mut flaws = Vec::new();
    for row in CONSTANTS {
        for rest in text.split(row.name).skip(1) {
            let rest = rest.trim_start_matches('`');
            let rest = rest.strip_prefix(" (").or_else(|| rest.strip_prefix(' '));
            let Some(value) = rest.and_then(number_at_start) else { continue };
            let after = rest.map_or("", |rest| {
                rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' ')
            });
            let scale = match after.split(|c: char| !c.is_alphanumeric()).next() {
                Some("s") => 1_000,
                Some("h") => 3_600_000,
                _ => 1,
            };
            if value.checked_mul(scale) != Some(default_of(row)) {
                flaws.push(format!("{PROTOCOL}: a sentence gives {} as {value}", row.name));
            }
        }
    }
    flaws
}

/// The profiles in C, C++ and Python, in the order of their numbers in C.
fn profile_lists(header: &str, cpp: &str, stub: &str) -> Vec<String> {
    let enumeration = between(header, "\nenum gossip_profile {\n", "};").unwrap_or("");
    let in_c = enumeration
        .lines()
        .filter_map(|line| line.trim().split_once(" = ")?.0.strip_prefix("GOSSIP_PROFILE_"));
    let in_c: Vec<String> = in_c.map(str::to_lowercase).collect();
    let enumeration = between(cpp, "\nenum class profile {\n", "};").unwrap_or("");
    let in_cpp: Vec<&str> = enumeration.lines().filter_map(|line| words(line).next()).collect();
    let literal = between(stub, "profile: Union[Literal[", "]").unwrap_or("");
    let in_python: Vec<&str> = words(literal).collect();
    let mut flaws = Vec::new();
    for (name, _) in profiles().iter().filter(|(name, _)| !in_c.iter().any(|found| found == name)) {
        flaws.push(format!("{HEADER}, enum gossip_profile: {name} is missing"));
    }
    for (place, found) in
        [(format!("{CPP}, profile"), in_cpp), (format!("{STUB}, profile"), in_python)]
    {
        if found != in_c {
            flaws.push(format!(
                "{place}: {} are not those of C, {}",
                found.join(", "),
                in_c.join(", ")
            ));
        }
    }
    flaws
}

#[track_caller]
fn agree(flaws: Vec<String>) {
    assert!(flaws.is_empty(), "\n{}", flaws.join("\n"));
}

/// A text with a fault leads to exactly one finding, which names the place and the constant.
#[track_caller]
fn names(flaws: &[String], place: &str, constant: &str) {
    assert_eq!(flaws.len(), 1, "{flaws:?}");
    assert!(flaws[0].contains(place) && flaws[0].contains(constant), "{flaws:?}");
}

#[track_caller]
fn doctored(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the text has no {from:?} any more");
    text.replacen(from, to, 1)
}

#[test]
fn every_row_has_the_unit_of_its_name_and_defaults_in_its_range() {
    agree(rows(CONSTANTS));
    let mut wrong = *constant("reap_ms").expect("a row");
    wrong.unit = Unit::Rounds;
    names(&rows(&[wrong]), TABLE, "reap_ms");
    wrong = *constant("packet_bytes").expect("a row");
    wrong.highest = 1_399;
    assert_eq!(rows(&[wrong]).len(), profiles().len());
}

#[test]
fn the_range_check_is_that_of_the_table() {
    agree(range_check(CONSTANTS));
    for (lowest, highest) in [(1, 65), (2, 64), (0, 64), (1, 63)] {
        let mut wrong = *constant("gossip_nodes").expect("a row");
        (wrong.lowest, wrong.highest) = (lowest, highest);
        names(&range_check(&[wrong]), "Core::new", "gossip_nodes");
    }
}

#[test]
fn the_c_struct_and_its_comments_agree() {
    let header = read(HEADER);
    agree(c_struct(&header));
    for (from, to, name) in [
        ("    uint32_t observers;", "    uint32_t onlookers;", "observers"),
        ("512 to 8 192, default", "512 to 8 193, default", "packet_bytes"),
        ("(P-14). 1 to", "(P-14). 2 to", "leave_rounds"),
        ("default 1 400", "default 1 500", "packet_bytes"),
        ("Time between digests in milliseconds", "Time between digests", "sync_interval_ms"),
        ("probe_timeout_min_ms to 60", "10 to 60", "probe_timeout_max_ms"),
    ] {
        let flaws = c_struct(&doctored(&header, from, to));
        names(&flaws[..1], HEADER, name);
    }
}

#[test]
fn the_list_of_the_c_functions_agrees() {
    let (place, source) = find_file("src/ffi", "rs", "\nconstants! {\n");
    agree(c_macro(&place, &source));
    names(
        &c_macro(&place, &doctored(&source, " lambda awareness_max", " awareness_max")),
        &place,
        "lambda",
    );
    let last = doctored(&source, "gossip_config_t, packet_bytes)", "gossip_config_t, reap_ms)");
    names(&c_macro(&place, &last), &place, "packet_bytes");
}

#[test]
fn the_setters_of_cpp_agree() {
    let header = read(CPP);
    agree(cpp(&header));
    let flaws = cpp(&doctored(&header, "put(config_.gossip_nodes", "put(config_.nodes"));
    names(&flaws, CPP, "nodes");
    let flaws = cpp(&doctored(&header, "set(config_.reap_ms", "put(config_.reap_ms"));
    names(&flaws, CPP, "reap_ms");
}

#[test]
fn the_profiles_of_c_cpp_and_python_agree() {
    let (header, cpp, stub) = (read(HEADER), read(CPP), read(STUB));
    agree(profile_lists(&header, &cpp, &stub));
    let quiet = doctored(&stub, "\"quiet\", \"loop\"", "\"loop\"");
    names(&profile_lists(&header, &cpp, &quiet), STUB, "lan, wan, local, loop are");
    let swapped = doctored(&cpp, "    quiet, ", "    silent, ");
    names(&profile_lists(&header, &swapped, &stub), CPP, "silent");
    let without = doctored(&header, "GOSSIP_PROFILE_QUIET = 3", "GOSSIP_PROFILE_SILENT = 3");
    names(&profile_lists(&without, &cpp, &stub)[..1], HEADER, "quiet");
}

#[test]
fn the_python_package_agrees() {
    let text = read(STUB);
    agree(stub(&text));
    names(&stub(&doctored(&text, "    observers: int\n", "")), STUB, "observers");
    names(&stub(&doctored(&text, "    # `lambda`", "    # It")), STUB, "lambda");
    // The binding takes the names from the table itself.
    assert!(read(OPTIONS).contains("CONSTANTS.iter()"), "{OPTIONS} does not read the table");
    agree(none_or_all(OPTIONS, &read(OPTIONS)));
}

#[test]
fn the_ctypes_module_has_no_constants_or_all() {
    agree(none_or_all(CTYPES, &read(CTYPES)));
    let all: String =
        CONSTANTS.iter().map(|row| format!("(\"{}\", c_uint32),\n", row.name)).collect();
    agree(none_or_all(CTYPES, &all));
    let flaws = none_or_all(CTYPES, &doctored(&all, "heal_interval_ms", "heal"));
    names(&flaws, CTYPES, "heal_interval_ms");
}

#[test]
fn the_protocol_document_agrees() {
    let text = read(PROTOCOL);
    agree(protocol(&text));
    agree(sentences(&text));
    for (from, to, name) in [
        ("| `gossip_nodes` | 3 |", "| `gossip_nodes` | 4 |", "gossip_nodes"),
        ("100, 1000 | 200, 1000", "100, 1000 | 200, 1001", "probe_timeout_max_ms"),
        ("`heal_interval_ms` 30 000", "`heal_interval_ms` 3 000", "heal_interval_ms"),
        ("`observers` 3, ", "", "observers"),
        ("| lan | loop |", "| loop | lan |", "lan | loop"),
    ] {
        names(&protocol(&doctored(&text, from, to)), PROTOCOL, name);
    }
    let flaws = sentences(&doctored(&text, "`reap_ms` (24 h)", "`reap_ms` (12 h)"));
    names(&flaws, PROTOCOL, "reap_ms");
}
