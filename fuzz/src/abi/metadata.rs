//! Metadata of a core's own node and of the others.

use super::callbacks::on_metadata;
use super::world::World;
use gossip::ffi::*;
use std::ffi::{CString, c_char};
use std::ptr;

pub(super) const CALLS: [fn(&World); 5] = [update, set, remove, get, each];

fn update(world: &World) {
    let texts: Vec<CString> = (0..2 * (world.byte() % 4)).map(|_| world.any_text()).collect();
    let mut keys: Vec<*const c_char> = Vec::new();
    let mut values: Vec<*const c_char> = Vec::new();
    for pair in texts.chunks(2) {
        keys.push(world.text_or_null(&pair[0]));
        values.push(world.text_or_null(&pair[1]));
    }
    let keys_at = if world.once_in(24) { ptr::null_mut() } else { keys.as_mut_ptr() };
    let count = if world.once_in(32) { usize::MAX } else { keys.len() };
    // SAFETY: a live core or NULL; arrays of as many texts, unless the count is beyond all bounds.
    unsafe {
        gossip_core_update_self_metadata(
            world.pick(&world.cores),
            keys_at,
            values.as_mut_ptr(),
            count,
        );
    }
}

fn set(world: &World) {
    let (key, value) = (world.any_text(), world.any_text());
    let (key, value) = (world.text_or_null(&key), world.text_or_null(&value));
    // SAFETY: a live core or NULL, and texts or NULL.
    unsafe { gossip_core_set_metadata(world.pick(&world.cores), key, value) };
}

fn remove(world: &World) {
    let key = world.any_text();
    // SAFETY: a live core or NULL, and a text or NULL.
    unsafe {
        gossip_core_remove_self_metadata(world.pick(&world.cores), world.text_or_null(&key));
    }
}

fn get(world: &World) {
    let (id, key) = (world.any_id(), world.any_text());
    let room = usize::from(world.byte());
    let mut value = vec![0; room];
    let mut size = room;
    let at = if world.once_in(8) { ptr::null_mut() } else { value.as_mut_ptr() };
    // SAFETY: a live core or NULL, and room for as many bytes as are told of.
    unsafe {
        let core = world.pick(&world.cores);
        gossip_core_get_metadata(
            core,
            world.or_null(&id),
            world.text_or_null(&key),
            at,
            world.or_null_mut(&mut size),
        );
        gossip_core_metadata_count(core, world.or_null(&id));
    }
}

fn each(world: &World) {
    let id = world.any_id();
    let callback = if world.once_in(8) { None } else { Some(on_metadata as _) };
    let core = world.pick(&world.cores);
    // SAFETY: a live core or NULL, an id or NULL, and a callback of this run.
    unsafe {
        gossip_core_each_metadata(core, world.or_null(&id), callback, world.user_data());
    }
}
