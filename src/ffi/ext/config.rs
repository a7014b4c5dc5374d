//! `gossip_config_t`: how a core works, and a core that is made with it.

use super::callbacks::{self, Functions, gossip_callbacks_t};
use super::sized::{self, Growing, Prefix};
use super::state::{Extension, Wanted};
use crate::ffi::argument::{argument, with_entry};
use crate::ffi::callbacks::Targets;
use crate::ffi::convert::raw_number;
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{self, INVALID, or_report, set_last_error};
use crate::ffi::guard::guard_or;
use crate::ffi::handle::Shared;
use crate::ffi::types::{gossip_error_code_t, gossip_node_view_t};
use crate::os;
use crate::proto::{Carrier, Config, ConfigError, Core};
use crate::wire::binary::cluster_hash;
use core::ffi::{CStr, c_char};
use core::mem::{MaybeUninit, offset_of, size_of};
use core::ptr;

/// A set of constants that go together.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_profile {
    /// For one data centre, and members with a thread of their own; what nodes take if they are given no
    /// other. A member that stands still for more than 0.6 s is called failed, until it is known to do that.
    GOSSIP_PROFILE_LAN = 0,
    /// For members far apart: slower rounds, longer time-outs.
    GOSSIP_PROFILE_WAN = 1,
    /// For members on one machine.
    GOSSIP_PROFILE_LOCAL = 2,
    /// Two messages a second for each member: one ping a second, news every 200 ms. Wants a program
    /// that calls gossip_core_handle_timeout().
    GOSSIP_PROFILE_QUIET = 3,
    /// GOSSIP_PROFILE_LAN for a program that calls gossip_core_tick() in a loop of its own, which
    /// may stand still for a second when something else in it takes long: longer time-outs; what
    /// gossip_core_create() takes. Since 1.6.
    GOSSIP_PROFILE_LOOP = 4,
}
/// See gossip_profile.
pub type gossip_profile_t = gossip_profile;

/// How a core works. Fill it by gossip_config_init() and then change what you like.
///
/// The defaults are those of GOSSIP_PROFILE_LAN. A time that is to hold some rounds is stretched to
/// them when rounds are slower than its field assumes. P-1 to P-15 are the rules of the protocol,
/// in docs/PROTOCOL.md.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_config {
    /// The bytes of this struct in the program; set by gossip_config_init().
    pub size: usize,
    /// What the random choices of the core come from, if has_seed is 1. Any number.
    pub seed: u64,
    /// The name of the cluster, at most 255 bytes that end in NUL; NULL or "" for none. Packets of
    /// a cluster with another name are refused. Messages as structs and JSON carry no name. Read by
    /// gossip_core_create_with() and not kept. Default NULL.
    pub cluster: *const c_char,
    /// The gossip_profile_t that this struct was filled with, 0 to 4: its values stand for the
    /// fields that a program compiled against an older header does not have.
    pub profile: u32,
    /// 1: seed is given, and with manual_clock a run of the program is the same each time. 0: the
    /// seed comes from the operating system. Default 0.
    pub has_seed: u32,
    /// 1: the core never reads a clock; its time is the last one that a function with _at was
    /// given, 0 at first. 0: it reads the monotonic clock of the system. Default 0.
    pub manual_clock: u32,
    /// 1: all messages travel as packets, see gossip_core_handle_packet(); then nonces, digests and
    /// the pace of the sender travel too. 0: they travel as structs or JSON, and as packets only
    /// between members that know of each other that they read them. Default 0.
    pub packets: u32,
    /// 1: beside datagrams the program has connections to fall back on. 0: it has none. Default 0.
    pub has_streams: u32,
    /// How long on_changes waits for further changes, in milliseconds, so that many come in one
    /// call; see gossip_changes_callback_t. 0 to 60 000, default 0: no wait. Higher: fewer calls,
    /// later.
    pub changes_settle_ms: u32,
    /// The time between rounds in milliseconds: kept by gossip_core_handle_timeout(), and the pace
    /// that is assumed until rounds were seen. 10 to 60 000, default 100. Higher: less traffic,
    /// slower detection.
    pub round_interval_ms: u32,
    /// The time between gossips of news between rounds in milliseconds (P-7a), kept by
    /// gossip_core_handle_timeout(). 0 to 60 000, default 0: none.
    pub gossip_interval_ms: u32,
    /// Pings a round (P-6), and receivers of a gossip. 1 to 64, default 3. Higher: faster
    /// detection, more traffic.
    pub gossip_nodes: u32,
    /// Random members told in each message to those that read no packets (P-7). 0 to 64, default 2.
    pub sync_nodes: u32,
    /// Most entries of a message to send (P-7). 4 to 256, default 32.
    pub max_entries: u32,
    /// Least time before a probe asks helpers in milliseconds, whatever the round trips are (P-8).
    /// 10 to 60 000, default 100.
    pub probe_timeout_min_ms: u32,
    /// Most time before a probe asks helpers in milliseconds, for a node that does not doubt itself
    /// (P-8). probe_timeout_min_ms to 60 000, default 1 000.
    pub probe_timeout_max_ms: u32,
    /// Members asked to probe when a probe is late (P-8). 0 to 8, default 3.
    pub indirect_probes: u32,
    /// Probes without an answer after which other signs of life do not postpone any more (P-8). 1
    /// to 100, default 3.
    pub deaf_probes: u32,
    /// Shortest suspicion in milliseconds (P-9). 10 to 600 000, default 300. Higher: slower
    /// detection, fewer mistakes.
    pub suspicion_min_ms: u32,
    /// Shortest suspicion in rounds of the slower of this node and the suspect (P-9). 1 to 1 000,
    /// default 2.
    pub suspicion_min_rounds: u32,
    /// Longest suspicion as a multiple of suspicion_min_ms (P-9). 1 to 100, default 20. A
    /// member that nobody else accuses is failed after so long.
    pub suspicion_max_factor: u32,
    /// Confirmations that bring a suspicion down to its minimum (P-9). 0 to 8, default 3.
    pub confirmations: u32,
    /// Members that watch a suspect (P-9a). 1 to 8, default 3.
    pub observers: u32,
    /// Time an observer gives a suspect to answer in milliseconds (P-9a). 10 to 60 000, default
    /// 100.
    pub observer_timeout_ms: u32,
    /// A claim is sent lambda * log10(n + 1) times, rounded up, among n members (P-7). 1 to 20,
    /// default 6. Higher: news reach all more surely, more traffic.
    pub lambda: u32,
    /// How far a node may doubt itself (P-10). 0 to 32, default 4.
    pub awareness_max: u32,
    /// Time in which the cluster tries each failed member once, in milliseconds (P-11). 100 to
    /// 86 400 000, default 30 000.
    pub heal_interval_ms: u32,
    /// Time between digests in milliseconds (P-12); only packets carry them. 100 to 86 400 000,
    /// default 10 000.
    pub sync_interval_ms: u32,
    /// Time after which a node that was met and never answered is forgotten, in milliseconds
    /// (P-13). 1 000 to 86 400 000, default 60 000.
    pub join_timeout_ms: u32,
    /// Time after which a failed node, or one that left, is forgotten, in milliseconds (P-5). 1 000
    /// to 4 000 000 000, default 86 400 000: 24 hours.
    pub reap_ms: u32,
    /// Rounds in which a leave is repeated (P-14). 1 to 1 000, default 10.
    pub leave_rounds: u32,
    /// Most members, failed ones and those that left counted (P-15). 1 to 16 777 216, default
    /// 1 000 000.
    pub max_members: u32,
    /// Most bytes of a packet (P-7). 512 to 8 192, default 1 400.
    pub packet_bytes: u32,
}
/// See gossip_config.
pub type gossip_config_t = gossip_config;

// SAFETY: it is repr(C), begins with its size, and has numbers and a pointer alone. Its last bytes
// are a field's, as the assertion says; a later version adds an even number of u32.
unsafe impl Growing for gossip_config_t {
    const LEAST: usize = offset_of!(Self, round_interval_ms);
}

const _: () = assert!(
    size_of::<gossip_config_t>() == offset_of!(gossip_config_t, packet_bytes) + size_of::<u32>()
);

/// The longest name of a cluster in bytes.
const MAX_CLUSTER_BYTES: usize = 255;
/// The longest wait for further changes in milliseconds.
const MAX_SETTLE_MS: u32 = 60_000;

/// The constants that the struct has under the names that they have in the library.
macro_rules! constants {
    ($($field:ident)*) => {
        /// The struct for a configuration.
        fn c_config(config: &Config, profile: u32) -> gossip_config_t {
            // Every field is named, so that one that is added to the library is not forgotten here.
            let &Config { carrier: _, cluster: _, has_streams: _, $($field),* } = config;
            gossip_config_t {
                size: size_of::<gossip_config_t>(),
                seed: 0,
                cluster: ptr::null(),
                profile,
                has_seed: 0,
                manual_clock: 0,
                packets: 0,
                has_streams: 0,
                changes_settle_ms: 0,
                $($field),*
            }
        }

        /// The constants of a struct; the rest is that of the LAN profile.
        fn constants_of(config: &gossip_config_t) -> Config {
            let mut constants = Config::lan();
            $(constants.$field = config.$field;)*
            constants
        }

        /// The value of a constant by its name.
        fn value_of(config: &gossip_config_t, name: &str) -> Option<u32> {
            match name {
                $(stringify!($field) => Some(config.$field),)*
                _ => None,
            }
        }
    };
}

constants! {
    round_interval_ms gossip_interval_ms gossip_nodes sync_nodes max_entries probe_timeout_min_ms
    probe_timeout_max_ms indirect_probes deaf_probes suspicion_min_ms suspicion_min_rounds
    suspicion_max_factor confirmations observers observer_timeout_ms lambda awareness_max
    heal_interval_ms sync_interval_ms join_timeout_ms reap_ms leave_rounds max_members packet_bytes
}

fn profile_of(raw: u32) -> Option<Config> {
    Some(match raw {
        0 => Config::lan(),
        1 => Config::wan(),
        2 => Config::local(),
        3 => Config::quiet(),
        4 => Config::own_loop(),
        _ => return None,
    })
}

/// The struct of a profile; `None`, with an error text, for a foreign number.
fn defaults(profile: u32, argument: &str) -> Option<gossip_config_t> {
    let config = profile_of(profile);
    if config.is_none() {
        set_last_error(format_args!("{argument} is {profile}; pass a gossip_profile_t, 0 to 4"));
    }
    config.map(|config| c_config(&config, profile))
}

/// # Safety
/// As [`gossip_core_create_with`].
pub(in crate::ffi) unsafe fn read(config: *const gossip_config_t) -> Option<Wanted> {
    let of_profile = |prefix: &Prefix<gossip_config_t>| {
        let profile = prefix.field(offset_of!(gossip_config_t, profile));
        defaults(profile, "config->profile")
    };
    // SAFETY: the caller's promise.
    let config = unsafe { sized::read(config, "config", of_profile) }?;
    let flag = |name: &str, value: u32| {
        if value > 1 {
            set_last_error(format_args!("config->{name} is {value}; pass 0 or 1"));
        }
        (value <= 1).then_some(value == 1)
    };
    let packets = flag("packets", config.packets)?;
    let has_seed = flag("has_seed", config.has_seed)?;
    if config.changes_settle_ms > MAX_SETTLE_MS {
        report_range("changes_settle_ms", config.changes_settle_ms, 0, MAX_SETTLE_MS.into());
        return None;
    }
    Some(Wanted {
        seed: has_seed.then_some(config.seed),
        manual_clock: flag("manual_clock", config.manual_clock)?,
        settle_ms: config.changes_settle_ms,
        config: Config {
            carrier: if packets { Carrier::Packets } else { Carrier::Structs },
            // SAFETY: the caller's promise.
            cluster: unsafe { cluster_of(config.cluster) }?,
            has_streams: flag("has_streams", config.has_streams)?,
            ..constants_of(&config)
        },
    })
}

/// The hash of a cluster's name, 0 for none.
///
/// # Safety
/// `name` is NULL or ends in NUL.
unsafe fn cluster_of(name: *const c_char) -> Option<u32> {
    if name.is_null() {
        return Some(0);
    }
    // SAFETY: the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    let bytes = name.count_bytes();
    if bytes > MAX_CLUSTER_BYTES {
        let most = MAX_CLUSTER_BYTES;
        set_last_error(format_args!("config->cluster has {bytes} bytes; pass at most {most}"));
        return None;
    }
    let hash = name.to_str().ok().map(cluster_hash);
    if hash.is_none() {
        set_last_error(format_args!("config->cluster is not UTF-8; pass a name that is"));
    }
    hash
}

fn report_range(field: &str, value: u32, least: u64, most: u64) {
    set_last_error(format_args!("config->{field} is {value}; pass {least} to {most}"));
}

/// The error text for a configuration or an own view that was refused.
fn report(error: &ConfigError, config: &Config) {
    match error {
        ConfigError::Range(field, least, most) => {
            let config = c_config(config, 0);
            let value = value_of(&config, field).unwrap_or_default();
            if *field == "probe_timeout_max_ms" && value < config.probe_timeout_min_ms {
                set_last_error(format_args!(
                    "config->{field} is {value} and config->probe_timeout_min_ms is {least}; \
                     pass no less than that, and at most {most}"
                ));
            } else {
                report_range(field, value, *least, *most);
            }
        }
        other => set_last_error(format_args!("self_node: {other}; correct it")),
    }
}

/// Fills a configuration with the values of a profile. Call it by the macro gossip_config_init(),
/// which passes the size.
///
/// @param config What is filled, its size too.
/// @param size The bytes of the struct in the program: sizeof(gossip_config_t).
/// @param profile Which values.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if config is NULL, size cannot be the
/// size of a configuration or the profile is not one. gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// config is NULL or points to size bytes that may be overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_config_init_sized(
    config: *mut gossip_config_t,
    size: usize,
    profile: MaybeUninit<gossip_profile_t>,
) -> gossip_error_code_t {
    guard_or("gossip_config_init_sized", INVALID, move || {
        let values = defaults(raw_number(profile), "profile")?;
        // SAFETY: the caller's promise.
        Some(unsafe { sized::fill(config, ("config", "gossip_config_t"), size, &values) })
    })
}

/// Makes a node, as gossip_core_create() does, with a configuration and with more callbacks.
///
/// @param config How it works; NULL for what gossip_core_create() takes.
/// @param self_node The node itself; copied. Its status becomes GOSSIP_NODE_ONLINE whatever it is
/// here.
/// @param callbacks The program's functions; copied. NULL for none.
/// @return The core, to be freed by gossip_core_destroy(); NULL if self_node is NULL or has a flaw,
/// or the configuration has one: gossip_last_error() then names the field, its value and its range.
/// callbacks->drop_user_data is called then too, unless callbacks->size itself is wrong.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// config is NULL or points to a configuration with as many bytes as its size says, whose cluster
/// is NULL or a text that ends in NUL; self_node is NULL or points to a view; callbacks is NULL or
/// points to a struct with as many bytes as its size says. The callbacks may be called from every
/// thread that calls a function with this core or that belongs to a transport of it.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_create_with(
    config: *const gossip_config_t,
    self_node: *const gossip_node_view_t,
    callbacks: *const gossip_callbacks_t,
) -> *mut gossip_core_t {
    guard_or("gossip_core_create_with", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let read = unsafe { callbacks::read(callbacks) }?;
        let targets = Targets {
            more: Functions::of(&read),
            ..Targets::new(read.on_send, read.on_event, read.user_data)
        };
        // SAFETY: the caller's promise.
        let Some((core, wanted)) = (unsafe { core_of(config, self_node) }) else {
            // The program's function may call the library, but the error is that of this call.
            let saved = error::save();
            targets.more.free();
            saved.restore();
            return None;
        };
        let shared = Shared::new(core, targets, Extension::new(&wanted));
        Some(gossip_core_t::into_raw(shared))
    })
}

/// The core, and what else was asked for; `None`, with an error text, if it cannot be made.
///
/// # Safety
/// As [`gossip_core_create_with`].
unsafe fn core_of(
    config: *const gossip_config_t,
    self_node: *const gossip_node_view_t,
) -> Option<(Core, Wanted)> {
    // SAFETY: the caller's promise.
    let (wanted, view) = unsafe {
        let wanted = if config.is_null() { Wanted::default() } else { read(config)? };
        (wanted, argument(self_node, "self_node")?)
    };
    let seed = match wanted.seed {
        Some(seed) => seed,
        None => or_report(os::entropy(), "")?,
    };
    let core = with_entry(view, "self_node", |own| {
        Core::new(wanted.config.clone(), own, seed, wanted.start(os::now()))
            .map_err(|error| report(&error, &wanted.config))
            .ok()
    })?;
    Some((core, wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_that_of_the_library() {
        let (lan, own_loop) = (Config::lan(), Config::own_loop());
        let profiles = [lan, Config::wan(), Config::local(), Config::quiet(), own_loop];
        for (raw, profile) in (0..).zip(profiles) {
            let filled = defaults(raw, "profile").expect("a profile");
            // SAFETY: a whole struct with its size.
            let wanted = unsafe { read(&raw const filled) }.expect("no flaw");
            assert_eq!(wanted.config, profile);
            assert_eq!(filled.profile, raw);
        }
        assert!(defaults(5, "profile").is_none());
    }
}
