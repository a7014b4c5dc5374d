//! Serializers, those of the program's own included.

use super::arguments::{junk, view};
use super::callbacks::{on_drop, on_message};
use super::world::World;
use super::writing::serialize;
use gossip::ffi::*;
use std::ffi::c_void;
use std::mem::{MaybeUninit, size_of};
use std::{ptr, slice};

pub(super) const CALLS: [fn(&World); 8] =
    [create, create, create_custom, destroy, write, read, read, other];

fn keep(world: &World, serializer: *mut gossip_serializer_t) {
    let old = world.keep(&world.serializers, serializer);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_serializer_destroy(old) };
}

fn create(world: &World) {
    let names = [c"json", c"binary", c"bincode", c"auto", c"other"];
    let name = names[usize::from(world.byte()) % names.len()];
    let name = if world.once_in(24) { ptr::null() } else { name.as_ptr() };
    // SAFETY: a text or NULL.
    keep(world, unsafe { gossip_serializer_create(name) });
}

fn create_custom(world: &World) {
    let has_drop = world.byte() & 1 == 0;
    let vtable = gossip_serializer_vtable_t {
        size: if world.once_in(16) { 8 } else { size_of::<gossip_serializer_vtable_t>() },
        name: if world.once_in(4) { ptr::null() } else { c"mine".as_ptr() },
        encode: if world.once_in(16) { None } else { Some(encode) },
        decode: if world.once_in(16) { None } else { Some(decode) },
        release: None,
        user_data: world.user_data(),
        drop_user_data: if has_drop { Some(on_drop) } else { None },
    };
    // SAFETY: functions of this run, or NULL.
    let serializer = unsafe { gossip_serializer_create_custom(world.or_null(&vtable)) };
    if has_drop && !serializer.is_null() {
        world.owed.set(world.owed.get() + 1);
    }
    keep(world, serializer);
}

fn destroy(world: &World) {
    let serializer = world.take(&world.serializers);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_serializer_destroy(serializer) };
}

/// Some bytes of `malloc`.
fn allocate(bytes: &[u8]) -> *mut u8 {
    // SAFETY: room for as many bytes as are copied.
    unsafe {
        let place: *mut u8 = libc::malloc(bytes.len().max(1)).cast();
        place.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
        place
    }
}

unsafe extern "C-unwind" fn encode(
    user_data: *mut c_void,
    message: *const gossip_message_t,
    data: *mut *mut u8,
    data_size: *mut usize,
) -> MaybeUninit<gossip_error_code_t> {
    // SAFETY: the user data of a run, a message that is lent, and places to write to.
    unsafe {
        let world = &*user_data.cast::<World>();
        std::hint::black_box(*message);
        if world.once_in(8) {
            return junk(world.raw(8) | 1);
        }
        let bytes = world.bytes(usize::from(world.byte()));
        *data = if world.once_in(16) { ptr::null_mut() } else { allocate(&bytes) };
        *data_size = if (*data).is_null() { 0 } else { bytes.len() };
    }
    junk(0)
}

unsafe extern "C-unwind" fn decode(
    user_data: *mut c_void,
    data: *const u8,
    data_size: usize,
    message: *mut gossip_message_t,
) -> MaybeUninit<gossip_error_code_t> {
    // SAFETY: the user data of a run, bytes that are lent, and a message to write to.
    unsafe {
        let world = &*user_data.cast::<World>();
        std::hint::black_box(slice::from_raw_parts(data, data_size).to_vec());
        if world.once_in(8) {
            return junk(world.raw(8) | 1);
        }
        let mut made = world.any_message();
        let made = made.as_struct();
        *message = made;
        if !made.entries.is_null() {
            // Its count may be beyond all bounds: then there is one.
            let count = if made.entries_count > 16 { 1 } else { made.entries_count };
            let entries =
                slice::from_raw_parts(made.entries.cast::<u8>(), count * size_of_val(&view(0)));
            (*message).entries = allocate(entries).cast();
        }
        let key = world.any_text();
        let (index, size) = (world.raw(4) as usize, key.as_bytes().len());
        let text = world.text_or_null(&key);
        gossip_serializer_set_metadata(index, text, size, key.as_ptr(), size);
    }
    junk(0)
}

fn write(world: &World) {
    let mut message = world.any_message();
    let message = message.as_struct();
    serialize(world, world.or_null(&message));
}

/// Reads any bytes. What a read lends stays until its callback has returned, so the serializer is out
/// of reach meanwhile.
fn read(world: &World) {
    let serializer = world.take(&world.serializers);
    let bytes = if world.byte() & 3 == 0 {
        br#"{"entries":[{"id":"1,0","ip":"10.0.0.1","metadata":{"a":"b"}},{}]}"#.to_vec()
    } else {
        world.bytes(usize::from(world.byte()))
    };
    let data = if world.once_in(24) { ptr::null() } else { bytes.as_ptr() };
    let mut message = world.any_message().as_struct();
    message.entries = ptr::null_mut();
    message.entries_count = 0;
    // SAFETY: a live serializer or NULL, as many bytes as are told of, and a message to write to.
    unsafe {
        if world.byte() & 1 == 0 {
            let place = world.or_null_mut(&mut message);
            gossip_serializer_deserialize(serializer, data, bytes.len(), place);
            gossip_message_free_entries(&raw mut message);
        } else {
            let callback = if world.once_in(8) { None } else { Some(on_message as _) };
            gossip_serializer_read(serializer, data, bytes.len(), callback, world.user_data());
        }
    }
    if !serializer.is_null() {
        keep(world, serializer);
    }
}

fn other(world: &World) {
    let mut count = 0;
    let key = world.any_text();
    // SAFETY: a live serializer or NULL, and texts of as many bytes.
    unsafe {
        gossip_serializer_name(world.pick(&world.serializers));
        gossip_serializer_names(world.or_null_mut(&mut count));
        let size = key.as_bytes().len();
        gossip_serializer_set_metadata(0, key.as_ptr(), size, key.as_ptr(), size);
        gossip_buffer_free(ptr::null_mut());
        gossip_message_free_entries(ptr::null_mut());
    }
    keep(world, gossip_json_serializer_create());
}
