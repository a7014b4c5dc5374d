//! Configurations: profiles, sizes of other versions, and what is refused by name.

use crate::support::*;
use gossip::ffi::*;
use gossip::proto::Config;
use std::mem::{MaybeUninit, offset_of, size_of, transmute, zeroed};
use std::ptr;

/// Tries a configuration; the error text, empty if it was taken.
fn try_config(config: *const gossip_config_t) -> String {
    let log = std::sync::Arc::default();
    let core = create(config, &view(1), &callbacks(&log, ALL));
    let error = last_error();
    assert_eq!(core.is_null(), !error.is_empty());
    assert_eq!(log.drops(), usize::from(core.is_null()), "dropped by the call that fails");
    // SAFETY: NULL or a core, destroyed once.
    unsafe { gossip_core_destroy(core) };
    assert_eq!(log.drops(), 1);
    error
}

#[test]
fn a_profile_fills_every_field() {
    let wan = profile(gossip_profile_t::GOSSIP_PROFILE_WAN);
    assert_eq!(wan.size, size_of::<gossip_config_t>());
    assert_eq!((wan.profile, wan.has_seed, wan.manual_clock, wan.packets), (1, 0, 0, 0));
    assert_eq!(wan.suspicion_min_ms, Config::wan().suspicion_min_ms);
    assert_eq!(wan.packet_bytes, 1400);
    assert!(wan.cluster.is_null());
    for each in [
        gossip_profile_t::GOSSIP_PROFILE_LAN,
        gossip_profile_t::GOSSIP_PROFILE_WAN,
        gossip_profile_t::GOSSIP_PROFILE_LOCAL,
        gossip_profile_t::GOSSIP_PROFILE_QUIET,
    ] {
        assert_eq!(try_config(&profile(each)), "");
    }
    assert_eq!(try_config(ptr::null()), "", "NULL is the LAN profile");
}

#[test]
fn a_profile_that_is_none_fills_nothing() {
    let mut config = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    config.lambda = 19;
    for number in [5_u32, 77, u32::MAX] {
        // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
        let foreign = unsafe { transmute::<u32, MaybeUninit<gossip_profile_t>>(number) };
        // SAFETY: a whole struct.
        let code = unsafe { gossip_config_init_sized(&mut config, config.size, foreign) };
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT);
        assert_error(&["gossip_config_init_sized: profile", &number.to_string(), "0 to 4"]);
        assert_eq!(config.lambda, 19);
    }
    let lan = MaybeUninit::new(gossip_profile_t::GOSSIP_PROFILE_LAN);
    for size in [0, 7, 17, 5000] {
        // SAFETY: such a size is refused before more than the size is written.
        let code = unsafe { gossip_config_init_sized(&mut config, size, lan) };
        assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT, "{size}");
        assert_eq!(config.lambda, 19);
    }
}

#[test]
fn a_value_out_of_its_range_is_named_with_its_range() {
    type Field = fn(&mut gossip_config_t) -> &mut u32;
    let cases: [(&str, Field, u32, &str); 10] = [
        ("round_interval_ms", |c| &mut c.round_interval_ms, 9, "10 to 60000"),
        ("gossip_interval_ms", |c| &mut c.gossip_interval_ms, 60_001, "0 to 60000"),
        ("gossip_nodes", |c| &mut c.gossip_nodes, 0, "1 to 64"),
        ("lambda", |c| &mut c.lambda, u32::MAX, "1 to 20"),
        ("max_members", |c| &mut c.max_members, 0, "1 to 16777216"),
        ("packet_bytes", |c| &mut c.packet_bytes, 511, "512 to 8192"),
        ("changes_settle_ms", |c| &mut c.changes_settle_ms, 60_001, "0 to 60000"),
        ("manual_clock", |c| &mut c.manual_clock, 2, "0 or 1"),
        ("packets", |c| &mut c.packets, 2, "0 or 1"),
        ("probe_timeout_max_ms", |c| &mut c.probe_timeout_max_ms, 60_001, "100 to 60000"),
    ];
    for (name, field, value, range) in cases {
        let mut config = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
        *field(&mut config) = value;
        let error = try_config(&config);
        assert!(error.starts_with("gossip_core_create_with: config->"), "{error}");
        for word in [name, &value.to_string(), range] {
            assert!(error.contains(word), "\"{error}\" lacks \"{word}\"");
        }
    }
}

#[test]
fn a_relation_is_named_with_both_its_fields() {
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let config = gossip_config_t { probe_timeout_min_ms: 900, probe_timeout_max_ms: 500, ..lan };
    let error = try_config(&config);
    for word in ["probe_timeout_max_ms is 500", "probe_timeout_min_ms is 900"] {
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn an_older_program_gets_its_profile_s_values_for_what_it_lacks() {
    // As if it had been compiled when the struct ended before suspicion_min_rounds.
    let size = offset_of!(gossip_config_t, suspicion_min_rounds);
    assert_eq!(size % 8, 0);
    let wan = profile(gossip_profile_t::GOSSIP_PROFILE_WAN);
    let config = gossip_config_t { size, suspicion_min_rounds: u32::MAX, lambda: u32::MAX, ..wan };
    assert_eq!(try_config(&config), "");
    assert_ne!(try_config(&gossip_config_t { size: size + 8, ..config }), "");
    assert_ne!(try_config(&gossip_config_t { profile: 5, ..config }), "");
}

#[repr(C)]
struct Newer {
    known: gossip_config_t,
    tail: [u64; 2],
}

#[test]
fn a_newer_program_is_served_unless_it_asks_for_what_is_not_there() {
    let known = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let known = gossip_config_t { size: size_of::<Newer>(), ..known };
    let mut newer = Newer { known, tail: [0; 2] };
    assert_eq!(try_config((&raw const newer).cast()), "");
    newer.tail[1] = 1;
    let error = try_config((&raw const newer).cast());
    assert!(error.contains("config->size") && error.contains("older"), "{error}");
    for size in [0, 8, 47, 4104, usize::MAX] {
        newer.known.size = size;
        assert!(try_config((&raw const newer).cast()).contains("config->size"));
    }
}

#[test]
fn the_functions_of_an_older_program_are_fewer() {
    let log = std::sync::Arc::default();
    let size = offset_of!(gossip_callbacks_t, user_data);
    let older = gossip_callbacks_t { size, ..callbacks(&log, ALL) };
    let core = create(ptr::null(), &view(1), &older);
    assert!(!core.is_null());
    // SAFETY: destroyed once.
    unsafe { gossip_core_destroy(core) };
    assert_eq!(log.drops(), 0, "it never said that there is such a function");
    // SAFETY: the share that the struct was made with.
    unsafe { std::sync::Arc::decrement_strong_count(std::sync::Arc::as_ptr(&log)) };

    // SAFETY: no functions.
    let mut none = unsafe { zeroed::<gossip_callbacks_t>() };
    for size in [0, 8, 17] {
        none.size = size;
        assert!(create(ptr::null(), &view(1), &none).is_null());
        assert_error(&["callbacks->size", &size.to_string()]);
    }
    // SAFETY: NULL is allowed for both.
    let core = unsafe { gossip_core_create_with(ptr::null(), &view(1), ptr::null()) };
    assert!(!core.is_null());
    // SAFETY: destroyed once.
    unsafe { gossip_core_destroy(core) };
}

#[test]
fn a_name_of_a_cluster_is_text_of_some_length() {
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let longest = c_string(&"n".repeat(255));
    assert_eq!(try_config(&gossip_config_t { cluster: longest.as_ptr(), ..lan }), "");
    assert_eq!(try_config(&gossip_config_t { cluster: c"".as_ptr(), ..lan }), "");
    let longer = c_string(&"n".repeat(256));
    let error = try_config(&gossip_config_t { cluster: longer.as_ptr(), ..lan });
    assert!(error.contains("cluster has 256 bytes"), "{error}");
    let error = try_config(&gossip_config_t { cluster: c"\xff".as_ptr(), ..lan });
    assert!(error.contains("UTF-8"), "{error}");
}

#[test]
fn an_own_view_with_a_flaw_is_refused_as_by_version_1() {
    let log = std::sync::Arc::default();
    let mut own = view(1);
    own.role = [b'x'.cast_signed() as std::ffi::c_char; 64];
    assert!(create(ptr::null(), &own, &callbacks(&log, ALL)).is_null());
    assert_error(&["self_node->role", "NUL"]);
    own = view(1);
    own.heartbeat = 1 << 63;
    assert!(create(ptr::null(), &own, &callbacks(&log, ALL)).is_null());
    assert_error(&["self_node", "2^63"]);
    assert_eq!(log.drops(), 2);
    // SAFETY: NULL is refused.
    let none = unsafe { gossip_core_create_with(ptr::null(), ptr::null(), ptr::null()) };
    assert!(none.is_null());
    assert_error(&["self_node is NULL"]);
}
