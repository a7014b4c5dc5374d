//! The ABI of libgossip 1.4.2, whose facts stand in `tests/data/abi-1.4.2.json`, against ours.
#![cfg(feature = "ffi")]

mod c_library;

use gossip::ffi::*;
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

/// Each field of a struct that may grow at its offset, none left out, and the size of the whole.
#[cfg(feature = "ext")]
macro_rules! assert_layout {
    ($type:ident, $size:literal { $($field:ident $offset:literal)* }) => {{
        let is_whole = |whole: $type| {
            let $type { $($field: _),* } = whole;
        };
        let _ = is_whole;
        $(assert_eq!(
            offset_of!($type, $field),
            $offset,
            concat!(stringify!($type), ".", stringify!($field))
        );)*
        assert_eq!(size_of::<$type>(), $size, stringify!($type));
    }};
}

/// A field may only be added behind these. No offset may follow from a number of kinds.
#[test]
#[cfg(all(feature = "ext", target_pointer_width = "64"))]
fn structs_that_may_grow_keep_their_offsets() {
    assert_layout!(gossip_config, 144 {
        size 0 seed 8 cluster 16 profile 24 has_seed 28 manual_clock 32 packets 36
        has_streams 40 changes_settle_ms 44 round_interval_ms 48 gossip_interval_ms 52
        gossip_nodes 56 sync_nodes 60 max_entries 64 probe_timeout_min_ms 68
        probe_timeout_max_ms 72 indirect_probes 76 deaf_probes 80 suspicion_min_ms 84
        suspicion_min_rounds 88 suspicion_max_factor 92 confirmations 96 observers 100
        observer_timeout_ms 104 lambda 108 awareness_max 112 heal_interval_ms 116
        sync_interval_ms 120 join_timeout_ms 124 reap_ms 128 leave_rounds 132
        max_members 136 packet_bytes 140
    });
    assert_layout!(gossip_callbacks, 56 {
        size 0 on_send 8 on_event 16 on_changes 24 on_packet 32 user_data 40
        drop_user_data 48
    });
    assert_layout!(gossip_stats, 888 {
        size 0 now_ms 8 heartbeat 16 known_nodes 24 nodes_by_status 32 sent_messages 96
        received_messages 104 sent 112 sent_bytes 240 received 368 received_bytes 496
        refused_messages 624 refused_malformed 632 refused_version 640 refused_cluster 648
        refused_sender 656 refused_content 664 refused_full 672 dropped_entries 680
        dropped_transmits 688 dropped_calls 696 probes 704 probes_answered 712
        probes_failed 720 nacks 728 suspicions 736 failures 744 refutations 752
        id_conflicts 760 members_full 768 metadata_fetched 776 awareness 784
        round_trip_p50_us 792 round_trip_p90_us 800 round_trip_p99_us 808
        round_trip_p999_us 816 queued_outputs 824 queued_news 832 queued_probes 840
        queued_relays 848 queued_suspicions 856 queued_joins 864 queued_pushes 872
        queued_fetches 880
    });
    assert_layout!(gossip_peer_stats, 80 {
        size 0 now_ms 8 seen_ms 16 changed_ms 24 suspected_ms 32 round_trip_us 40
        interval_us 48 loss_permille 56 flaps 60 accusers 64 status 68 reason 72 packets 76
    });
    assert_layout!(gossip_node_info, 336 {
        size 0 node 8 now_ms 272 seen_ms 280 changed_ms 288 suspected_ms 296
        config_heartbeat 304 status 312 suspicion_count 316 has_metadata 320
        metadata_count 324 metadata_bytes 328 is_self 332
    });
}

#[test]
#[cfg(all(feature = "ext", feature = "net", target_pointer_width = "64"))]
fn structs_of_a_node_that_may_grow_keep_their_offsets() {
    assert_layout!(gossip_node_config, 144 {
        size 0 id 8 bind_host 24 advertise_host 32 role 40 region 48 cluster 56
        serializer 64 metadata_keys 72 metadata_values 80 metadata_count 88 protocol 96
        on_event 104 on_changes 112 user_data 120 drop_user_data 128 port 136
        advertise_port 140
    });
    assert_layout!(gossip_node_net_stats, 152 {
        size 0 datagrams_sent 8 bytes_sent 16 datagrams_received 24 bytes_received 32
        unsent 40 unaddressed 48 junk 56 read_errors 64 stream_sent 72 stream_received 80
        stream_lost 88 connected 96 accepted 104 turned_away 112 closed 120
        changes_waiting 128 changes_joined 136 listens_on_tcp 144
    });
}

#[test]
#[cfg(feature = "ext")]
fn statistics_have_room_for_more_kinds() {
    use gossip::ffi::*;
    assert_eq!((GOSSIP_STATS_MESSAGE_TYPES, GOSSIP_STATS_STATUSES), (16, 8));
    const { assert!(GOSSIP_MESSAGE_TYPES < GOSSIP_STATS_MESSAGE_TYPES) };
    const { assert!(GOSSIP_NODE_STATUSES < GOSSIP_STATS_STATUSES) };
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
