//! Transports that are never started.

use super::arguments::junk;
use super::world::World;
use gossip::ffi::*;

pub(super) const CALLS: [fn(&World); 7] =
    [create, create, destroy, set_core, set_serializer, send, stop];

fn create(world: &World) {
    let host = world.any_text();
    let kind = junk(world.raw(2));
    let host = world.text_or_null(&host);
    // SAFETY: a text or NULL.
    let transport = unsafe {
        if world.byte() & 1 == 0 {
            gossip_transport_create(kind, host, 0)
        } else {
            gossip_transport_factory_create(kind, host, 0)
        }
    };
    let old = world.keep(&world.transports, transport);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_transport_destroy(old) };
}

fn destroy(world: &World) {
    let transport = world.take(&world.transports);
    // SAFETY: it was taken out of its place, so it is destroyed once.
    unsafe { gossip_transport_destroy(transport) };
}

/// The core may be destroyed before the transport.
fn set_core(world: &World) {
    let (transport, core) = (world.pick(&world.transports), world.pick(&world.cores));
    // SAFETY: live handles or NULL.
    unsafe { gossip_transport_set_core(transport, core) };
}

fn set_serializer(world: &World) {
    let transport = world.pick(&world.transports);
    // SAFETY: live handles or NULL.
    unsafe { gossip_transport_set_serializer(transport, world.pick(&world.serializers)) };
}

fn send(world: &World) {
    let (mut message, target) = (world.any_message(), world.any_view());
    let message = message.as_struct();
    let transport = world.pick(&world.transports);
    // SAFETY: a live transport or NULL, and structs or NULL.
    unsafe {
        let (message, target) = (world.or_null(&message), world.or_null(&target));
        gossip_transport_send_message(transport, message, target);
    }
}

fn stop(world: &World) {
    let transport = world.pick(&world.transports);
    // SAFETY: a live transport or NULL.
    unsafe {
        gossip_transport_port(transport);
        gossip_transport_stop(transport);
    }
}
