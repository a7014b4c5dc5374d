//! Messages and datagrams that a core takes, and log lines.

use super::arguments::junk;
use super::callbacks::{on_drop, on_log};
use super::world::World;
use gossip::ffi::*;
use std::ptr;

pub(super) const CALLS: [fn(&World); 6] = [message, message, message, packet, packet, log];

fn message(world: &World) {
    let mut message = world.any_message();
    let message = message.as_struct();
    let (core, time) = (world.pick(&world.cores), world.any_time());
    let message = world.or_null(&message);
    // SAFETY: a live core or NULL; the entries are NULL or as many as the message says, unless that
    // is far more than any message may have.
    unsafe {
        if world.once_in(8) {
            gossip_core_handle_message(core, message);
        } else {
            gossip_core_handle_message_at(core, message, time);
        }
    }
}

/// A datagram: any bytes, or frames around them.
fn packet(world: &World) {
    let mut bytes = world.bytes(usize::from(world.byte()));
    if world.byte() & 1 == 0 {
        let length = (bytes.len() as u32).to_be_bytes();
        bytes.splice(0..0, length);
    }
    let (core, time, ip) = (world.pick(&world.cores), world.any_time(), world.any_text());
    let data = if world.once_in(24) { ptr::null() } else { bytes.as_ptr() };
    let ip = if world.byte() & 3 == 0 { world.text_or_null(&ip) } else { c"10.0.0.1".as_ptr() };
    let port = if world.once_in(8) { 0 } else { 7001 };
    // SAFETY: a live core or NULL, as many bytes as are told of, and a text.
    unsafe {
        if world.once_in(8) {
            gossip_core_handle_packet(core, data, bytes.len(), ip, port);
        } else {
            gossip_core_handle_packet_at(core, data, bytes.len(), ip, port, time);
        }
    }
}

fn log(world: &World) {
    let level = junk(world.raw(6));
    if world.once_in(4) {
        return stop_logging();
    }
    // If it fails, the user data comes back at once.
    world.owed.set(world.owed.get() + 1);
    // SAFETY: a callback of this run, which ends before the run does.
    unsafe { gossip_set_log_callback(level, Some(on_log), world.user_data(), Some(on_drop)) };
}

/// Takes the log callback of a run away.
pub(super) fn stop_logging() {
    let off = junk(gossip_log_level_t::GOSSIP_LOG_OFF as u32);
    // SAFETY: no callback.
    unsafe { gossip_set_log_callback(off, None, ptr::null_mut(), None) };
}
