//! Messages that are built piece by piece.

use super::arguments::junk;
use super::callbacks::on_message;
use super::world::World;
use gossip::ffi::*;
use std::ptr;

pub(super) const CALLS: [fn(&World); 7] =
    [create, add_entry, add_entry, set_metadata, lend, destroy, handle];

fn create(world: &World) {
    let id = world.any_id();
    // SAFETY: an id or NULL.
    let builder = unsafe {
        let id = world.or_null(&id);
        gossip_message_builder_create(id, junk(world.raw(8)), u64::from(world.byte()))
    };
    let old = world.keep(&world.builders, builder);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_message_builder_destroy(old) };
}

fn add_entry(world: &World) {
    let entry = world.any_view();
    let builder = world.pick(&world.builders);
    // SAFETY: a live builder or NULL, and a view or NULL.
    unsafe { gossip_message_builder_add_entry(builder, world.or_null(&entry)) };
}

fn set_metadata(world: &World) {
    let (key, value) = (world.any_text(), world.any_text());
    let (key_size, value_size) = (key.as_bytes().len(), value.as_bytes().len());
    let (key, value) = (world.text_or_null(&key), world.text_or_null(&value));
    let index = world.raw(4) as usize;
    let builder = world.pick(&world.builders);
    // SAFETY: a live builder or NULL, and texts of as many bytes.
    unsafe {
        gossip_message_builder_set_metadata(builder, index, key, key_size, value, value_size);
    }
}

/// A message that is lent stays until the callback has returned, so it is out of reach meanwhile.
fn lend(world: &World) {
    let builder = world.take(&world.builders);
    let callback = if world.once_in(8) { None } else { Some(on_message as _) };
    // SAFETY: a live builder or NULL, and a callback of this run.
    unsafe { gossip_message_builder_lend(builder, callback, world.user_data()) };
    if !builder.is_null() {
        let old = world.keep(&world.builders, builder);
        // SAFETY: it was taken out of its place, so it is destroyed once.
        unsafe { gossip_message_builder_destroy(old) };
    }
}

fn destroy(world: &World) {
    let builder = world.take(&world.builders);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_message_builder_destroy(builder) };
}

fn handle(world: &World) {
    let (core, builder) = (world.pick(&world.cores), world.pick(&world.builders));
    let time = world.any_time();
    // SAFETY: a live core and a live builder, or NULL.
    unsafe {
        match world.byte() % 8 {
            0 => gossip_core_handle_built(core, ptr::null()),
            1 => gossip_core_handle_built(core, builder),
            _ => gossip_core_handle_built_at(core, builder, time),
        }
    };
}
