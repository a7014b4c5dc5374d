//! Nodes that are never started.

use super::callbacks::{on_changes, on_drop, on_event, on_metadata};
use super::sized::Sized;
use super::world::World;
use gossip::ffi::*;
use std::ffi::{CString, c_char};
use std::mem::size_of;
use std::ptr;

pub(super) const CALLS: [fn(&World); 6] = [create, create, destroy, control, metadata, figures];

fn create(world: &World) {
    let mut config = Sized::<gossip_node_config_t>::new(world);
    let at = config.as_mut_ptr();
    // SAFETY: it has room for the size that it says.
    let code = unsafe { gossip_node_config_init_sized(at, config.size()) };
    let texts: Vec<CString> = (0..7).map(|_| world.any_text()).collect();
    let mut protocol = Sized::<gossip_config_t>::new(world);
    let pairs: [*const c_char; 2] = [world.text_or_null(&texts[5]), texts[6].as_ptr()];
    let is_whole = code == gossip_error_code_t::GOSSIP_ERR_SUCCESS
        && config.size() >= size_of::<gossip_node_config_t>();
    if is_whole {
        // SAFETY: it has room for a configuration, and all of it was written.
        let config = unsafe { &mut *at };
        let optional = |at: usize| match world.byte() {
            0..=199 => ptr::null(),
            _ => texts[at].as_ptr(),
        };
        config.id = world.any_id();
        config.bind_host = if world.once_in(4) { optional(0) } else { c"127.0.0.1".as_ptr() };
        (config.advertise_host, config.role) = (optional(1), optional(2));
        (config.cluster, config.serializer) = (optional(3), optional(4));
        if world.once_in(4) {
            config.metadata_keys = pairs.as_ptr();
            config.metadata_values = pairs.as_ptr();
            config.metadata_count = pairs.len();
        }
        if world.once_in(4) {
            config.protocol = protocol.as_mut_ptr();
        }
        config.on_event = Some(on_event);
        config.on_changes = if world.once_in(2) { Some(on_changes) } else { None };
        config.user_data = world.user_data();
        config.drop_user_data = Some(on_drop);
        config.advertise_port = world.raw(2);
        world.owed.set(world.owed.get() + 1);
    }
    // SAFETY: a configuration with as many bytes as its size says, or NULL.
    let node = unsafe { gossip_node_create(at) };
    let old = world.keep(&world.nodes, node);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_node_destroy(old) };
}

fn destroy(world: &World) {
    let node = world.take(&world.nodes);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_node_destroy(node) };
}

/// None of these starts it.
fn control(world: &World) {
    let node = world.pick(&world.nodes);
    let address = world.any_text();
    let addresses = [world.text_or_null(&address), c"127.0.0.1:9".as_ptr()];
    // SAFETY: a live node or NULL, and as many texts as are told of.
    unsafe {
        gossip_node_port(node);
        gossip_node_join(node, addresses.as_ptr(), world.raw(3).min(2) as usize, 0);
        gossip_node_leave(node, 0);
        gossip_node_stop(node);
    }
}

fn metadata(world: &World) {
    let node = world.pick(&world.nodes);
    let (id, key, value) = (world.any_id(), world.any_text(), world.any_text());
    let (mut place, mut size) = ([0; 64], 64);
    // SAFETY: a live node or NULL, texts or NULL, and room for as many bytes as are told of.
    unsafe {
        gossip_node_set_metadata(node, world.text_or_null(&key), world.text_or_null(&value));
        gossip_node_get_metadata(
            node,
            world.or_null(&id),
            world.text_or_null(&key),
            place.as_mut_ptr(),
            &raw mut size,
        );
        if world.byte() & 1 == 0 {
            gossip_node_remove_metadata(node, world.text_or_null(&key));
        }
        // The callback may destroy the node, so this comes last.
        gossip_node_each_metadata(node, world.or_null(&id), Some(on_metadata), world.user_data());
    }
}

fn figures(world: &World) {
    let node = world.pick(&world.nodes);
    let mut info = Sized::<gossip_node_info_t>::new(world);
    let mut stats = Sized::<gossip_stats_t>::new(world);
    let mut peer = Sized::<gossip_peer_stats_t>::new(world);
    let mut net = Sized::<gossip_node_net_stats_t>::new(world);
    let (id, mut count) = (world.any_id(), 0);
    // SAFETY: a live node or NULL, and structs with as many bytes as their sizes say.
    unsafe {
        let size = size_of::<gossip_node_info_t>();
        let members = gossip_node_members(node, size, world.or_null_mut(&mut count));
        libc::free(members.cast());
        gossip_node_find(node, world.or_null(&id), info.as_mut_ptr());
        gossip_node_self(node, info.as_mut_ptr());
        gossip_node_get_stats(node, stats.as_mut_ptr());
        gossip_node_get_peer_stats(node, &id, peer.as_mut_ptr());
        gossip_node_get_net_stats(node, net.as_mut_ptr());
    }
}
