//! Every type of message against the places that list them. The enum in src/types/message.rs is what
//! all others are compared with, and each finding is a line that begins with the place.

use crate::text::{between, files, number_at_start, one_line, read, words};
use gossip::proto;
use gossip::types::MessageKind;
use gossip::wire::json;
use std::collections::BTreeMap;

const TYPES: &str = "src/types/message.rs";
const CORE: &str = "src/proto";
const JSON: &str = "src/wire/json/decode.rs";
const C_ENUM: &str = "include/core/gossip_core.h";
const C_EXT: &str = "include/core/gossip_ext.h";
const CPP: &str = "include/core/detail/types.hpp";
const PYTHON: &str = "bindings/python/python/libgossip/_enums.py";
const PYTHON_TYPES: &str = "bindings/python/src/enums.rs";
const PROTOCOL: &str = "docs/PROTOCOL.md";
const WIRE: &str = "docs/WIRE.md";
const VECTORS: &str = "tests/data/wire-binary.json";
const DECODER: &str = "tests/wire/decode.py";
const BENCHES: &str = "benches/src/node.rs";

/// The lowest four bits of two bytes of a packet have the kind.
const MOST_KINDS: usize = 16;

/// A variant of the enum.
struct Kind {
    /// As in Rust: `PingReq`.
    variant: String,
    /// As in C and the documents: `PING_REQ`.
    name: String,
    number: usize,
    is_struct: bool,
}

/// The texts of all places by their paths.
type Texts = BTreeMap<&'static str, String>;

fn texts() -> Texts {
    let single = [
        TYPES,
        C_ENUM,
        C_EXT,
        CPP,
        PYTHON,
        PYTHON_TYPES,
        PROTOCOL,
        WIRE,
        VECTORS,
        DECODER,
        BENCHES,
    ];
    let mut texts: Texts = single.into_iter().map(|path| (path, read(path))).collect();
    texts.insert(CORE, files(CORE, "rs").iter().map(|path| read(path)).collect());
    texts
}

/// The variants that the source of the enum has, in its order.
fn kinds(source: &str) -> Vec<Kind> {
    let body = between(source, "pub enum MessageKind {\n", "\n}\n").unwrap_or("");
    let variants =
        body.lines().filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "));
    variants
        .filter_map(|(variant, number)| {
            let mut name = String::new();
            for letter in variant.chars() {
                if letter.is_uppercase() && !name.is_empty() {
                    name.push('_');
                }
                name.push(letter.to_ascii_uppercase());
            }
            let number = number.parse().ok()?;
            let is_struct = listed(variant).is_some_and(MessageKind::is_struct);
            Some(Kind { variant: variant.to_string(), name, number, is_struct })
        })
        .collect()
}

fn listed(variant: &str) -> Option<MessageKind> {
    MessageKind::ALL.into_iter().find(|kind| format!("{kind:?}") == variant)
}

/// What each place lacks.
fn flaws(texts: &Texts) -> Vec<String> {
    let kinds = kinds(&texts[TYPES]);
    let mut flaws = Vec::new();
    for kind in &kinds {
        let mut wants = |place: &str, is_there: bool| {
            if !is_there {
                flaws.push(format!("{place}: {} is missing", kind.name));
            }
        };
        let all = MessageKind::ALL.get(kind.number);
        wants(
            "src/types/message.rs, ALL",
            all.is_some_and(|all| Some(*all) == listed(&kind.variant)),
        );
        wants(CORE, texts[CORE].contains(&format!("MessageKind::{}", kind.variant)));
        wants("the header of C", in_c(texts, kind));
        wants(CPP, !kind.is_struct || in_cpp(&texts[CPP], kind));
        wants(PYTHON, !kind.is_struct || in_python(&texts[PYTHON], kind));
        wants(
            PROTOCOL,
            texts[PROTOCOL].contains(&format!("\n| {} | {} |", kind.name, kind.number)),
        );
        wants(WIRE, in_wire(&texts[WIRE], kind));
        wants(VECTORS, in_vectors(&texts[VECTORS], kind));
    }
    flaws.extend(counts(texts, kinds.len()));
    flaws.extend(ranges(texts, &kinds));
    flaws
}

/// A name in the enum of version 1, or a constant beside it.
fn in_c(texts: &Texts, Kind { name, number, .. }: &Kind) -> bool {
    texts[C_ENUM].contains(&format!("    GOSSIP_MSG_{name} = {number},\n"))
        || texts[C_EXT].contains(&format!("\n#define GOSSIP_MSG_{name} {number}\n"))
}

/// The place in the enum of 1.4.2, or the bare number in its comment.
fn in_cpp(header: &str, kind: &Kind) -> bool {
    let Some((before, after)) = header.split_once("enum class message_type") else { return false };
    let body = between(after, "{\n", "};").unwrap_or("");
    let mut names = body.lines().filter_map(|line| words(line).next());
    let comment = before.rsplit("\n\n").next().unwrap_or("");
    names.nth(kind.number).is_some_and(|name| name == kind.name.to_lowercase())
        || words(comment).any(|word| word == kind.number.to_string())
}

/// A member of the enum of 1.4.2, or the bare number in its description.
fn in_python(source: &str, kind: &Kind) -> bool {
    let body = between(source, "\nclass MessageType(_Numbered):\n", "\n\n\n").unwrap_or("");
    let description = between(body, "\"\"\"", "\"\"\"").unwrap_or("");
    body.contains(&format!("    {} = {}\n", kind.name, kind.number))
        || body.ends_with(&format!("    {} = {}", kind.name, kind.number))
        || words(description).any(|word| word == kind.number.to_string())
}

fn in_wire(document: &str, Kind { name, number, .. }: &Kind) -> bool {
    let list = one_line(between(document, "\nKinds: ", "\n\n").unwrap_or(""));
    let mut kinds = list.trim_end_matches('.').split(", ");
    kinds.any(|kind| kind == format!("{name} {number}")) && *number < MOST_KINDS
}

fn in_vectors(text: &str, kind: &Kind) -> bool {
    let file: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    vectors.iter().any(|vector| vector["message"]["kind"] == kind.number)
}

/// The places that have the number of kinds.
fn counts(texts: &Texts, count: usize) -> Vec<String> {
    let defined = |name: &str| {
        let rest = texts[C_EXT].split_once(&format!("\n#define {name} "))?.1;
        number_at_start(rest).map(|number| number as usize)
    };
    let labels = between(&texts[BENCHES], "\nconst KINDS: [", "];").unwrap_or("");
    // One more label is for what goes over connections.
    let labels = labels.matches("    \"").count().checked_sub(1);
    let decoder = between(&texts[DECODER], "\nKINDS = range(", ")\n").and_then(number_at_start);
    let room = defined("GOSSIP_STATS_MESSAGE_TYPES").filter(|room| *room < count);
    let found = [
        ("src/proto/stats.rs, KINDS", Some(proto::KINDS)),
        ("include/core/gossip_ext.h, GOSSIP_MESSAGE_TYPES", defined("GOSSIP_MESSAGE_TYPES")),
        ("include/core/gossip_ext.h, GOSSIP_STATS_MESSAGE_TYPES", room.or(Some(count))),
        ("tests/wire/decode.py, KINDS", decoder.map(|kinds| kinds as usize)),
        ("benches/src/node.rs, KINDS", labels),
    ];
    let wrong = found.into_iter().filter(|(_, found)| *found != Some(count));
    wrong.map(|(place, found)| format!("{place}: {count} kinds, not {found:?}")).collect()
}

/// The places that split the numbers into those of structs, which come first, and the others.
fn ranges(texts: &Texts, kinds: &[Kind]) -> Vec<String> {
    let last = kinds.iter().filter(|kind| kind.is_struct).count().saturating_sub(1);
    let others: Vec<String> =
        kinds.iter().filter(|kind| !kind.is_struct).map(|kind| kind.number.to_string()).collect();
    let others = match others.as_slice() {
        [before @ .., end] if !before.is_empty() => format!("{} and {end}", before.join(", ")),
        all => all.concat(),
    };
    let nameless: Vec<String> = (6..=last).map(|number| number.to_string()).collect();
    let nameless = nameless.join(" or ");
    let reads = |number: usize| json::decode(format!("{{\"type\":{number}}}").as_bytes()).is_ok();
    let has = |path: &str, text: &str| one_line(&texts[path]).contains(text);
    let checks = [
        ("src/types/message.rs, is_struct: the kinds of structs do not come first".into(), {
            kinds.iter().all(|kind| kind.is_struct == (kind.number <= last))
        }),
        (format!("{JSON}: `type` is read from 0 to another number than {last}"), {
            reads(last) && !reads(last + 1)
        }),
        (format!("{WIRE}: the JSON form does not say 0 to {last}"), {
            has(WIRE, &format!("| `type` | the kind, 0 to {last} |"))
        }),
        (format!("{WIRE}: the JSON form does not say what it lacks, {others}"), {
            has(WIRE, &format!("the kinds {others} and claims"))
        }),
        (format!("{PROTOCOL}: the kinds in packets alone are not {others}"), {
            has(PROTOCOL, &format!("Kinds {others} travel in packets alone"))
        }),
        (format!("{PYTHON_TYPES}: the numbers without a name are not {nameless}"), {
            has(PYTHON_TYPES, &format!("a MessageType, or {nameless}\""))
        }),
    ];
    checks.into_iter().filter(|(_, holds)| !holds).map(|(flaw, _)| flaw).collect()
}

#[test]
fn every_type_of_message_is_in_every_place() {
    let texts = texts();
    assert!(kinds(&texts[TYPES]).len() >= 10);
    let flaws = flaws(&texts);
    assert!(flaws.is_empty(), "\n{}", flaws.join("\n"));
}

#[test]
fn each_place_of_a_new_type_is_named() {
    let mut texts = texts();
    let types = texts.get_mut(TYPES).expect("the enum");
    *types = types.replace("    SyncRequest = 9,\n", "    SyncRequest = 9,\n    Proof = 10,\n");
    let missing = ["src/types/message.rs, ALL", CORE, "the header of C", PROTOCOL, WIRE, VECTORS]
        .map(|place| format!("{place}: PROOF is missing"));
    let counts = [
        "src/proto/stats.rs, KINDS: 11 kinds, not Some(10)",
        "include/core/gossip_ext.h, GOSSIP_MESSAGE_TYPES: 11 kinds, not Some(10)",
        "tests/wire/decode.py, KINDS: 11 kinds, not Some(10)",
        "benches/src/node.rs, KINDS: 11 kinds, not Some(10)",
        "docs/WIRE.md: the JSON form does not say what it lacks, 8, 9 and 10",
        "docs/PROTOCOL.md: the kinds in packets alone are not 8, 9 and 10",
    ];
    let expected: Vec<String> =
        missing.into_iter().chain(counts.into_iter().map(str::to_string)).collect();
    assert_eq!(flaws(&texts), expected);
}

/// What is found once `from` became `to` in one place.
#[track_caller]
fn after(path: &'static str, from: &str, to: &str) -> Vec<String> {
    let mut texts = texts();
    let text = texts.get_mut(path).expect("a place");
    assert!(text.contains(from), "{path} has no {from:?} any more");
    *text = text.replacen(from, to, 1);
    flaws(&texts)
}

#[test]
fn a_type_that_is_taken_out_of_a_place_is_named_with_it() {
    for (path, from, to, flaw) in [
        (
            C_ENUM,
            "GOSSIP_MSG_LEAVE = 4",
            "GOSSIP_MSG_LEAVE = 5",
            "the header of C: LEAVE is missing",
        ),
        (C_EXT, "MSG_NACK 7", "MSG_NACK 8", "the header of C: NACK is missing"),
        (
            C_EXT,
            "MESSAGE_TYPES 10",
            "MESSAGE_TYPES 9",
            "GOSSIP_MESSAGE_TYPES: 10 kinds, not Some(9)",
        ),
        (
            C_EXT,
            "STATS_MESSAGE_TYPES 16",
            "STATS_MESSAGE_TYPES 9",
            "GOSSIP_STATS_MESSAGE_TYPES: 10",
        ),
        (CPP, "numbers 6 (", "numbers (", "include/core/detail/types.hpp: PING_REQ is missing"),
        (CPP, "    update, ", "    updates, ", "include/core/detail/types.hpp: UPDATE is missing"),
        (PYTHON, "    UPDATE = 5", "    UPDATE = 6", "_enums.py: UPDATE is missing"),
        (PYTHON, "6 (a request", "(a request", "_enums.py: PING_REQ is missing"),
        (PYTHON_TYPES, "or 6 or 7", "or 6", "enums.rs: the numbers without a name are not 6 or 7"),
        (PROTOCOL, "| NACK | 7 |", "| NACK | 8 |", "docs/PROTOCOL.md: NACK is missing"),
        (WIRE, "NACK 7,", "NACK,", "docs/WIRE.md: NACK is missing"),
        (
            WIRE,
            "the kind, 0 to 7",
            "the kind, 0 to 8",
            "docs/WIRE.md: the JSON form does not say 0 to 7",
        ),
        (
            DECODER,
            "KINDS = range(10)",
            "KINDS = range(9)",
            "decode.py, KINDS: 10 kinds, not Some(9)",
        ),
        (BENCHES, "    \"digests\",\n", "", "benches/src/node.rs, KINDS: 10 kinds, not Some(9)"),
        (TYPES, "    Meet = 2,", "    Greet = 2,", "src/types/message.rs, ALL: GREET is missing"),
    ] {
        let flaws = after(path, from, to);
        assert!(flaws.first().is_some_and(|found| found.contains(flaw)), "{flaws:?} for {from:?}");
        assert!(flaws.len() == 1 || path == TYPES, "{flaws:?}");
    }
    let mut texts = texts();
    let core = texts.get_mut(CORE).expect("the core");
    *core = core.replace("MessageKind::Nack", "");
    assert_eq!(flaws(&texts), ["src/proto: NACK is missing"]);
}
