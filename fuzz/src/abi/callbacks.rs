//! What the library calls: each looks at all that it is handed, and makes calls of its own.

use super::sized::Sized;
use super::world::World;
use super::writing::serialize;
use gossip::ffi::*;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::slice;

/// The run that a callback belongs to.
///
/// # Safety
/// `user_data` is that of a [`World`] that lives.
unsafe fn world<'w>(user_data: *mut c_void) -> &'w World {
    // SAFETY: the caller's promise.
    unsafe { &*user_data.cast::<World>() }
}

/// Looks at a view that was handed out.
fn look(world: &World, view: *const gossip_node_view_t) {
    let mut info = Sized::<gossip_node_info_t>::new(world);
    let key = world.any_text();
    let (mut value, mut size) = ([0; 32], 32);
    // SAFETY: a view that the library handed out, and structs and texts that live.
    unsafe {
        std::hint::black_box(*view);
        gossip_view_info(view, info.as_mut_ptr());
        gossip_view_get_metadata(view, key.as_ptr(), value.as_mut_ptr(), &raw mut size);
        gossip_view_each_metadata(view, Some(on_metadata), world.user_data());
    }
}

/// Looks at a message that was handed out.
fn look_at_message(world: &World, message: *const gossip_message_t) {
    // SAFETY: the library handed it out with as many entries as it says.
    unsafe {
        let message = &*message;
        assert_eq!(message.entries.is_null(), message.entries_count == 0);
        if !message.entries.is_null() {
            let entries = slice::from_raw_parts(message.entries, message.entries_count);
            std::hint::black_box(entries.to_vec());
            let at = usize::from(world.byte()) % entries.len();
            look(world, &raw const entries[at]);
        }
    }
}

pub(super) unsafe extern "C-unwind" fn on_send(
    message: *const gossip_message_t,
    target: *const gossip_node_view_t,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    world.check_depth(|| {
        look_at_message(world, message);
        look(world, target);
        let other = world.pick(&world.cores);
        // SAFETY: handles that live or are NULL, and what this callback was handed.
        unsafe {
            match world.byte() % 8 {
                0..=3 => gossip_core_handle_message_at(other, message, world.any_time()),
                4 => {
                    let transport = world.pick(&world.transports);
                    gossip_transport_send_message(transport, message, target);
                }
                5 => serialize(world, message),
                _ => {}
            }
        }
        world.inside();
    });
}

pub(super) unsafe extern "C-unwind" fn on_event(
    node: *const gossip_node_view_t,
    _: gossip_node_status_t,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    world.check_depth(|| {
        look(world, node);
        world.inside();
    });
}

pub(super) unsafe extern "C-unwind" fn on_changes(
    changes: *const *const gossip_change_t,
    count: usize,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    assert!(count > 0);
    // SAFETY: the library hands out as many changes as it says.
    let changes = unsafe { slice::from_raw_parts(changes, count) };
    world.check_depth(|| {
        let change = changes[usize::from(world.byte()) % count];
        // SAFETY: as above.
        look(world, unsafe { &raw const (*change).node });
        world.inside();
    });
    for &change in changes {
        // SAFETY: a change is valid until this returns, whatever was called.
        std::hint::black_box(unsafe { *change });
    }
}

pub(super) unsafe extern "C-unwind" fn on_packet(
    bytes: *const u8,
    size: usize,
    ip: *const c_char,
    port: u16,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run, and as many bytes as the library says.
    let (world, copy) = unsafe { (world(user_data), slice::from_raw_parts(bytes, size).to_vec()) };
    assert!(size > 0 && size <= 60_000 && port > 0);
    world.check_depth(|| {
        let other = world.pick(&world.cores);
        let time = world.any_time();
        // SAFETY: a handle that lives or is NULL, and what this callback was handed.
        unsafe { gossip_core_handle_packet_at(other, bytes, size, ip, port, time) };
        world.inside();
    });
    // SAFETY: the bytes are valid until this returns, whatever was called.
    assert_eq!(unsafe { slice::from_raw_parts(bytes, size) }, copy);
}

pub(super) unsafe extern "C-unwind" fn on_metadata(
    key: *const c_char,
    key_size: usize,
    value: *const c_char,
    value_size: usize,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    for (text, size) in [(key, key_size), (value, value_size)] {
        // SAFETY: the library hands out as many bytes and a NUL.
        let bytes = unsafe { slice::from_raw_parts(text.cast::<u8>(), size + 1) };
        assert_eq!(bytes[size], 0);
        assert!(str::from_utf8(&bytes[..size]).is_ok());
    }
    world.inside();
    c_int::from(world.once_in(8))
}

pub(super) unsafe extern "C-unwind" fn on_message(
    message: *const gossip_message_t,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    world.check_depth(|| {
        look_at_message(world, message);
        serialize(world, message);
        world.inside();
    });
}

pub(super) unsafe extern "C-unwind" fn on_log(
    _: gossip_log_level_t,
    target: *const c_char,
    text: *const c_char,
    user_data: *mut c_void,
) {
    // SAFETY: the user data of a run, and texts that end in NUL.
    unsafe {
        std::hint::black_box(world(user_data).is_over());
        assert!(CStr::from_ptr(target).to_str().is_ok());
        let text = CStr::from_ptr(text).to_str().expect("UTF-8");
        assert!(text.len() <= 511 && !text.contains(char::is_control), "{text:?}");
    }
}

/// Takes user data back.
pub(super) unsafe extern "C-unwind" fn on_drop(user_data: *mut c_void) {
    // SAFETY: the user data of a run.
    let world = unsafe { world(user_data) };
    world.owed.set(world.owed.get() - 1);
}
