//! From the program's struct to a configuration.

use super::config::{DEFAULTS, gossip_node_config_t};
use super::told::Told;
use crate::ffi::argument::text_at;
use crate::ffi::error::{or_report, set_last_error};
use crate::ffi::ext::config;
use crate::ffi::ext::sized;
use crate::ffi::serializer::by_name;
use crate::net::NodeConfig;
use crate::proto::Carrier;
use crate::types::{Metadata, NodeId};
use crate::wire::Serializer;
use core::ffi::{CStr, c_char};
use core::slice;
use core::time::Duration;

/// What a program asked for, and what it wants to be told; the first is `None`, with an error text,
/// if the configuration cannot be read, and so are both if its size is wrong.
///
/// # Safety
/// As [`super::life::gossip_node_create`].
pub(super) unsafe fn read(
    config: *const gossip_node_config_t,
) -> Option<(Option<NodeConfig>, Told)> {
    // SAFETY: the caller's promise.
    let config = unsafe { sized::read(config, "config", |_| Some(DEFAULTS)) }?;
    // SAFETY: the caller's promise.
    Some((unsafe { node_config(&config) }, Told::of(&config)))
}

/// # Safety
/// As [`read`].
unsafe fn node_config(config: &gossip_node_config_t) -> Option<NodeConfig> {
    let mut node = NodeConfig { id: NodeId::new(config.id.data), ..NodeConfig::default() };
    // SAFETY: the caller's promise for all of these.
    unsafe {
        if let Some(host) = text(config.bind_host, "bind_host")? {
            node.bind_host = host.into();
        }
        node.advertise_host = text(config.advertise_host, "advertise_host")?.unwrap_or("").into();
        node.role = text(config.role, "role")?.unwrap_or("").into();
        node.region = text(config.region, "region")?.unwrap_or("").into();
        node.cluster = text(config.cluster, "cluster")?.unwrap_or("").into();
        node.metadata = metadata(config)?;
    }
    node.port = port(config.port, "port")?;
    node.advertise_port = port(config.advertise_port, "advertise_port")?;
    let mut packets = false;
    if !config.protocol.is_null() {
        // SAFETY: the caller's promise.
        let wanted = unsafe { config::read(config.protocol) }?;
        if wanted.seed.is_some() || wanted.manual_clock {
            let field = if wanted.manual_clock { "manual_clock" } else { "has_seed" };
            set_last_error(format_args!(
                "config->protocol->{field} is 1; set it to 0, since a node reads the clock and the \
                 system's random numbers"
            ));
            return None;
        }
        packets = wanted.config.carrier == Carrier::Packets;
        node.changes_settle = Duration::from_millis(wanted.settle_ms.into());
        node.protocol = wanted.config;
    }
    node.serializer = if config.serializer.is_null() {
        if packets { Serializer::Binary } else { Serializer::Auto }
    } else {
        // SAFETY: not NULL, and the caller's promise.
        by_name(unsafe { CStr::from_ptr(config.serializer) }, "config->serializer")?.1
    };
    Some(node)
}

/// A text of the configuration; `Some(None)` for NULL, and `None`, with an error text, for one that
/// is not UTF-8.
///
/// # Safety
/// `text` is NULL or ends in NUL, and stays for as long as the result is used.
unsafe fn text<'a>(text: *const c_char, field: &str) -> Option<Option<&'a str>> {
    if text.is_null() {
        return Some(None);
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(text) }.to_str();
    if text.is_err() {
        set_last_error(format_args!("config->{field} is not UTF-8; pass a text that is"));
    }
    text.ok().map(Some)
}

fn port(port: u32, field: &str) -> Option<u16> {
    let read = u16::try_from(port).ok();
    if read.is_none() {
        set_last_error(format_args!("config->{field} is {port}; pass 0 to 65535"));
    }
    read
}

/// # Safety
/// The keys and values of `config` are NULL or arrays of `metadata_count` texts.
unsafe fn metadata(config: &gossip_node_config_t) -> Option<Metadata> {
    let count = config.metadata_count;
    if count == 0 {
        return Some(Metadata::new());
    }
    if count > Metadata::MAX_BYTES {
        let most = Metadata::MAX_BYTES;
        set_last_error(format_args!(
            "config->metadata_count is {count}; pass at most {most} pairs"
        ));
        return None;
    }
    let (keys, values) = (config.metadata_keys, config.metadata_values);
    if keys.is_null() || values.is_null() {
        let name = if keys.is_null() { "keys" } else { "values" };
        set_last_error(format_args!(
            "config->metadata_{name} is NULL but config->metadata_count is {count}; pass as many \
             texts, or 0"
        ));
        return None;
    }
    // SAFETY: not NULL, and the caller's promise for the count.
    let (keys, values) =
        unsafe { (slice::from_raw_parts(keys, count), slice::from_raw_parts(values, count)) };
    let mut pairs = Vec::new();
    for (index, (&key, &value)) in keys.iter().zip(values).enumerate() {
        // SAFETY: the caller's promise.
        let (Some(key), Some(value)) = (unsafe { (text_at(key), text_at(value)) }) else {
            set_last_error(format_args!(
                "config->metadata_keys[{index}] or its value is NULL; pass a text"
            ));
            return None;
        };
        pairs.push((key, value));
    }
    let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    or_report(Metadata::from_pairs(pairs), "config->metadata_values: ")
}
