//! Messages as bytes, for calls and for callbacks.

use super::world::World;
use gossip::ffi::*;
use std::{ptr, slice};

/// Writes a message with some serializer, and frees the bytes in either way.
pub(super) fn serialize(world: &World, message: *const gossip_message_t) {
    let serializer = world.pick(&world.serializers);
    let (mut data, mut size) = (ptr::null_mut(), 0);
    // SAFETY: a live serializer or NULL, a message, and places to write to or NULL.
    unsafe {
        let code = gossip_serializer_serialize(
            serializer,
            message,
            world.or_null_mut(&mut data),
            world.or_null_mut(&mut size),
        );
        assert_eq!(data.is_null(), code != gossip_error_code_t::GOSSIP_ERR_SUCCESS);
        if !data.is_null() {
            std::hint::black_box(slice::from_raw_parts(data, size).to_vec());
        }
        if world.byte() & 1 == 0 { gossip_buffer_free(data) } else { libc::free(data.cast()) }
    }
}
