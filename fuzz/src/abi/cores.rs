//! Functions of a core that make, destroy, ask or command it.

use super::arguments::{junk, view};
use super::callbacks::{on_changes, on_drop, on_event, on_packet, on_send};
use super::sized::Sized;
use super::world::World;
use gossip::ffi::*;
use std::mem::size_of;

pub(super) const CALLS: [fn(&World); 19] = [
    create,
    create_with,
    create_with,
    create_with,
    destroy,
    tick,
    tick,
    tick,
    broadcast,
    meet,
    join,
    join,
    leave,
    own,
    nodes,
    find,
    reset,
    timeout,
    figures,
];

fn keep(world: &World, core: *mut gossip_core_t) {
    let old = world.keep(&world.cores, core);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_core_destroy(old) };
}

fn create(world: &World) {
    let own = world.any_view();
    let send = if world.once_in(8) { None } else { Some(on_send as _) };
    let event = if world.once_in(8) { None } else { Some(on_event as _) };
    // SAFETY: NULL or a view, and callbacks of this run.
    let core = unsafe { gossip_core_create(world.or_null(&own), send, event, world.user_data()) };
    keep(world, core);
}

fn create_with(world: &World) {
    let mut config = Sized::<gossip_config_t>::new(world);
    let at = config.as_mut_ptr();
    // SAFETY: it has room for the size that it says.
    let code = unsafe { gossip_config_init_sized(at, config.size(), junk(world.raw(5))) };
    let is_whole = code == gossip_error_code_t::GOSSIP_ERR_SUCCESS
        && config.size() >= size_of::<gossip_config_t>();
    if is_whole {
        // SAFETY: it has room for a configuration, and all of it was written.
        let config = unsafe { &mut *at };
        config.has_seed = u32::from(!world.once_in(16));
        config.manual_clock = u32::from(!world.once_in(16));
        config.packets = world.raw(2);
        config.has_streams = world.raw(2);
        config.changes_settle_ms = world.raw(2).saturating_mul(500);
        config.cluster = if world.once_in(4) { c"name".as_ptr() } else { std::ptr::null() };
        if world.once_in(4) {
            config.max_members = world.raw(8);
            config.packet_bytes = world.raw(250).saturating_add(500);
        }
    }
    let flags = world.byte();
    let callbacks = gossip_callbacks_t {
        size: size_of::<gossip_callbacks_t>(),
        on_send: if flags & 1 == 0 { Some(on_send) } else { None },
        on_event: if flags & 2 == 0 { Some(on_event) } else { None },
        on_changes: if flags & 4 == 0 { Some(on_changes) } else { None },
        on_packet: if flags & 8 == 0 { None } else { Some(on_packet) },
        user_data: world.user_data(),
        drop_user_data: if flags & 16 == 0 { Some(on_drop) } else { None },
    };
    let own = if world.once_in(8) { world.any_view() } else { view(world.byte() % 4) };
    let (own, callbacks) = (world.or_null(&own), world.or_null(&callbacks));
    if !callbacks.is_null() && flags & 16 == 0 {
        world.owed.set(world.owed.get() + 1);
    }
    // SAFETY: structs with as many bytes as their sizes say, or NULL.
    keep(world, unsafe { gossip_core_create_with(at, own, callbacks) });
}

fn destroy(world: &World) {
    let core = world.take(&world.cores);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_core_destroy(core) };
}

fn tick(world: &World) {
    let (core, time) = (world.pick(&world.cores), world.any_time());
    // SAFETY: a live core or NULL.
    unsafe {
        if world.once_in(8) { gossip_core_tick(core) } else { gossip_core_tick_at(core, time) }
    }
}

fn broadcast(world: &World) {
    // SAFETY: a live core or NULL.
    unsafe { gossip_core_tick_full_broadcast(world.pick(&world.cores)) };
}

fn any_node(world: &World) -> gossip_node_view_t {
    if world.once_in(4) { world.any_view() } else { view(world.byte() % 4) }
}

fn meet(world: &World) {
    let node = any_node(world);
    // SAFETY: a live core or NULL, and a view or NULL.
    unsafe { gossip_core_meet(world.pick(&world.cores), world.or_null(&node)) };
}

fn join(world: &World) {
    let node = any_node(world);
    // SAFETY: a live core or NULL, and a view or NULL.
    unsafe { gossip_core_join(world.pick(&world.cores), world.or_null(&node)) };
}

fn leave(world: &World) {
    let id = world.any_id();
    // SAFETY: a live core or NULL, and an id or NULL.
    unsafe { gossip_core_leave(world.pick(&world.cores), world.or_null(&id)) };
}

fn own(world: &World) {
    // SAFETY: a live core or NULL; what it returns is freed once, by either way.
    unsafe {
        let own = gossip_core_self(world.pick(&world.cores));
        if world.byte() & 1 == 0 { gossip_core_free_self(own) } else { libc::free(own.cast()) }
    }
}

fn nodes(world: &World) {
    let mut count = usize::MAX;
    // SAFETY: a live core or NULL; the array has as many views and is freed once.
    unsafe {
        let nodes = gossip_core_get_nodes(world.pick(&world.cores), world.or_null_mut(&mut count));
        if !nodes.is_null() {
            let nodes = std::slice::from_raw_parts(nodes, count);
            nodes.iter().for_each(|node| assert!(node.heartbeat < 1 << 63));
        }
        gossip_core_free_nodes(nodes);
    }
}

fn find(world: &World) {
    let (id, mut found) = (world.any_id(), view(0));
    // SAFETY: a live core or NULL, and structs or NULL.
    unsafe {
        gossip_core_find_node(
            world.pick(&world.cores),
            world.or_null(&id),
            world.or_null_mut(&mut found),
        );
    }
}

fn reset(world: &World) {
    // SAFETY: a live core or NULL.
    unsafe { gossip_core_reset(world.pick(&world.cores)) };
}

fn timeout(world: &World) {
    let (core, time) = (world.pick(&world.cores), world.any_time());
    // SAFETY: a live core or NULL.
    unsafe {
        if world.once_in(8) {
            gossip_core_handle_timeout(core);
        } else {
            gossip_core_handle_timeout_at(core, time);
        }
    }
    // SAFETY: another live core or NULL: this one may be gone by now.
    unsafe { gossip_core_next_timeout(world.pick(&world.cores)) };
}

fn figures(world: &World) {
    let core = world.pick(&world.cores);
    let mut stats = Sized::<gossip_stats_t>::new(world);
    let mut peer = Sized::<gossip_peer_stats_t>::new(world);
    let mut info = Sized::<gossip_node_info_t>::new(world);
    let id = world.any_id();
    // SAFETY: a live core or NULL, and structs with as many bytes as their sizes say.
    unsafe {
        gossip_core_size(core);
        gossip_core_get_internal(core);
        gossip_core_get_stats(core, stats.as_mut_ptr());
        gossip_core_get_peer_stats(core, &id, peer.as_mut_ptr());
        gossip_core_node_info(core, &id, info.as_mut_ptr());
        gossip_core_cleanup_expired(core, world.number());
        gossip_view_info(&view(1), info.as_mut_ptr());
    }
    let _ = (gossip_version(), gossip_version_number());
    let _ = (gossip_status_string(junk(world.raw(6))), gossip_error_string(junk(world.raw(6))));
}
