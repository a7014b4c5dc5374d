//! `gossip_node_config_t`: how a node is to be.

use crate::ffi::error::INVALID;
use crate::ffi::ext::callbacks::gossip_drop_callback_t;
use crate::ffi::ext::changes::gossip_changes_callback_t;
use crate::ffi::ext::config::gossip_config_t;
use crate::ffi::ext::sized::{self, Growing};
use crate::ffi::guard::guard;
use crate::ffi::types::{gossip_error_code_t, gossip_event_callback_t, gossip_node_id_t};
use core::ffi::{c_char, c_void};
use core::mem::{offset_of, size_of};
use core::ptr;

/// How a node is to be. Fill it by gossip_node_config_init() and then set what you like; texts are
/// UTF-8 that ends in NUL, and everything is copied by gossip_node_create().
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_node_config {
    /// The bytes of this struct in the program; set by gossip_node_config_init().
    pub size: usize,
    /// Who it is; no two nodes may share one, and one that starts anew may keep it. All zero, the
    /// default, takes a random one.
    pub id: gossip_node_id_t,
    /// The address to listen on, numeric: "0.0.0.0" is all of IPv4, "::" all of both families. NULL,
    /// the default, is "0.0.0.0".
    pub bind_host: *const c_char,
    /// The address that others reach it at, numeric, where that is not bind_host: behind a translated
    /// address, or in a container. NULL, the default, is bind_host; where that stands for all
    /// addresses, others take the one that the node's messages come from.
    pub advertise_host: *const c_char,
    /// A word for what it does, at most 63 bytes. NULL, the default, is none.
    pub role: *const c_char,
    /// A word for where it stands, at most 63 bytes. NULL, the default, is none.
    pub region: *const c_char,
    /// The name of the cluster, at most 255 bytes: packets of a cluster with another name are
    /// refused. NULL, the default, is that of protocol, or none.
    pub cluster: *const c_char,
    /// In which form it writes messages: "auto", the default, also by NULL, writes packets to who
    /// reads them, and JSON to all others, strangers among them, so that a cluster of libgossip 1.4.2
    /// is upgraded one node at a time. The other names of gossip_serializer_names() write that form
    /// alone. It reads all of them in any case.
    pub serializer: *const c_char,
    /// The keys of what it spreads with itself from the start; NULL for none.
    pub metadata_keys: *const *const c_char,
    /// Their values.
    pub metadata_values: *const *const c_char,
    /// How many of them there are. Default 0.
    pub metadata_count: usize,
    /// The constants of the protocol; NULL, the default, is GOSSIP_PROFILE_LAN. changes_settle_ms is
    /// that of on_changes. has_seed and manual_clock must be 0, packets is 1 for "binary" where
    /// serializer is NULL, and has_streams is the node's own to set.
    pub protocol: *const gossip_config_t,
    /// Is told of each change. Default NULL.
    ///
    /// Callbacks run on a thread of the node for them, gossip-events, which exists if one is set,
    /// with no lock held, one at a time and in the order in which things were decided. They may call
    /// every function, gossip_node_destroy() included, which then takes effect when they return, and
    /// may take their time: the protocol runs on another thread. What waits meanwhile is bounded; past
    /// 16384 changes those of one node are joined, so that its last state is told in any case. They
    /// must be left neither by longjmp nor by an exception, which would end the process.
    pub on_event: gossip_event_callback_t,
    /// Is told of all changes that waited, together, after on_event. Default NULL. The rules of
    /// on_event hold here too.
    pub on_changes: gossip_changes_callback_t,
    /// Handed to both and never touched.
    pub user_data: *mut c_void,
    /// Called once with user_data, when no callback runs any more: by gossip_node_destroy(), or if that
    /// is called inside a callback, when that has returned; or by gossip_node_create() if it fails.
    pub drop_user_data: gossip_drop_callback_t,
    /// The port to listen on, by UDP and TCP, 0 to 65535; 0, the default, is any that is free for both.
    pub port: u32,
    /// The port that others reach it at, 0 to 65535; 0, the default, is the one that is listened on.
    pub advertise_port: u32,
}
/// See gossip_node_config.
pub type gossip_node_config_t = gossip_node_config;

// SAFETY: it is repr(C), begins with its size, and has numbers and pointers alone. Its last bytes are
// a field's, as the assertion says; a later version adds an even number of u32 or pointers.
unsafe impl Growing for gossip_node_config_t {
    const LEAST: usize = size_of::<Self>();
}

const _: () = assert!(
    size_of::<gossip_node_config_t>()
        == offset_of!(gossip_node_config_t, advertise_port) + size_of::<u32>()
);

/// What a program gets that sets nothing.
pub(super) const DEFAULTS: gossip_node_config_t = gossip_node_config_t {
    size: size_of::<gossip_node_config_t>(),
    id: gossip_node_id_t { data: [0; 16] },
    bind_host: ptr::null(),
    advertise_host: ptr::null(),
    role: ptr::null(),
    region: ptr::null(),
    cluster: ptr::null(),
    serializer: ptr::null(),
    metadata_keys: ptr::null(),
    metadata_values: ptr::null(),
    metadata_count: 0,
    protocol: ptr::null(),
    on_event: None,
    on_changes: None,
    user_data: ptr::null_mut(),
    drop_user_data: None,
    port: 0,
    advertise_port: 0,
};

/// Fills a configuration with its defaults. Call it by the macro gossip_node_config_init(), which
/// passes the size.
///
/// @param config What is filled, its size too.
/// @param size The bytes of the struct in the program: sizeof(gossip_node_config_t).
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if config is NULL or size cannot be the
/// size of a configuration. gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// config is NULL or points to size bytes that may be overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_config_init_sized(
    config: *mut gossip_node_config_t,
    size: usize,
) -> gossip_error_code_t {
    guard("gossip_node_config_init_sized", INVALID, move || {
        // SAFETY: the caller's promise.
        unsafe { sized::fill(config, ("config", "gossip_node_config_t"), size, &DEFAULTS) }
    })
}
