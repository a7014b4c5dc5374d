//! What the `gossip_transport_*` functions of [`super::net`] do.

use super::callbacks::is_inside;
use super::commands::{argument, shared_of};
use super::convert::{read_text, text_bytes};
use super::core::gossip_core_t;
use super::error::set_last_error;
use super::ext::lines;
use super::handle::Shared;
use super::net::{gossip_serializer_t, gossip_transport_t, gossip_transport_type_t};
use super::outgoing::with_message;
use super::serializer::serializer_of;
use super::types::gossip_error_code::{
    GOSSIP_ERR_INVALID_ARGUMENT, GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_OPERATION_NOT_PERMITTED,
    GOSSIP_ERR_SERIALIZATION_ERROR, GOSSIP_ERR_SUCCESS,
};
use super::types::{gossip_error_code_t, gossip_message_t, gossip_node_view_t};
use crate::net::{Error, Inbound, Protocol, Transport};
use crate::types::{Entry, Header, Path};
use crate::wire::{self, Serializer};
use alloc::sync::Arc;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;
use core::net::SocketAddr;
use core::ptr;

/// What a function of the transport returns after a panic.
pub(super) const FAILED: gossip_error_code_t = GOSSIP_ERR_NETWORK_ERROR;

/// Hands what comes to a core, which drops it once the program destroyed it.
struct ToCore(Arc<Shared>);

impl Inbound for ToCore {
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize) {
        self.0.deliver(path, header, entries, bytes);
    }

    fn refuse(&self, error: &wire::Error) {
        self.0.refuse(error);
    }
}

/// # Safety
/// As [`super::net::gossip_transport_create`].
pub(super) unsafe fn create(
    kind: MaybeUninit<gossip_transport_type_t>,
    host: *const c_char,
    port: u16,
    serializer: Option<Serializer>,
) -> *mut gossip_transport_t {
    let protocol = match raw_type(kind) {
        0 => Protocol::Udp,
        1 => Protocol::Tcp,
        raw => {
            set_last_error(format_args!(
                "type is {raw}; pass GOSSIP_TRANSPORT_UDP or GOSSIP_TRANSPORT_TCP"
            ));
            return ptr::null_mut();
        }
    };
    if host.is_null() {
        set_last_error(format_args!("host is NULL; pass a numeric address such as \"0.0.0.0\""));
        return ptr::null_mut();
    }
    // SAFETY: not NULL, and the caller's promise.
    let host = unsafe { CStr::from_ptr(host) }.to_string_lossy();
    match Transport::new(protocol, &host, port) {
        Ok(transport) => {
            if let Some(serializer) = serializer {
                transport.set_serializer(serializer);
            }
            Box::into_raw(Box::new(gossip_transport_t { transport }))
        }
        Err(error) => {
            set_last_error(format_args!("host: {error}"));
            ptr::null_mut()
        }
    }
}

/// # Safety
/// As [`super::net::gossip_transport_destroy`].
pub(super) unsafe fn destroy(transport: *mut gossip_transport_t) {
    // SAFETY: the caller's promise.
    let Some(handle) = (unsafe { transport.as_ref() }) else { return };
    if handle.transport.is_foreign() {
        // A forked child: what it has a copy of may be half changed.
        return;
    }
    // SAFETY: it came from Box::into_raw in `create`, and the caller gives it up.
    drop(unsafe { Box::from_raw(transport) });
}

/// # Safety
/// As [`super::net::gossip_transport_start`].
pub(super) unsafe fn start(transport: *const gossip_transport_t) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    match unsafe { transport_of(transport) } {
        Some(transport) => lines::transport(transport, "listens", code(transport.start())),
        None => GOSSIP_ERR_INVALID_ARGUMENT,
    }
}

/// # Safety
/// As [`super::net::gossip_transport_stop`].
pub(super) unsafe fn stop(transport: *const gossip_transport_t) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    match unsafe { transport_of(transport) } {
        Some(transport) => lines::transport(transport, "stopped", code(transport.stop())),
        None => GOSSIP_ERR_INVALID_ARGUMENT,
    }
}

/// # Safety
/// As [`super::net::gossip_transport_send_message`].
pub(super) unsafe fn send_message(
    transport: *const gossip_transport_t,
    msg: *const gossip_message_t,
    target: *const gossip_node_view_t,
) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    let arguments =
        unsafe { (transport_of(transport), argument(msg, "msg"), argument(target, "target")) };
    let (Some(transport), Some(message), Some(target)) = arguments else {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    };
    let to = match target_of(transport, target) {
        Ok(to) => to,
        Err(error) => {
            set_last_error(format_args!("target: {error}"));
            return code_of(&error);
        }
    };
    // SAFETY: the caller's promise.
    let sent = unsafe {
        with_message(message, transport.writes_packets(), |outgoing, written| {
            let bytes = transport.send(outgoing, to, !is_inside())?;
            written.set(written.get() + bytes);
            Ok(())
        })
    };
    let code = sent.map_or(GOSSIP_ERR_INVALID_ARGUMENT, code);
    if code != GOSSIP_ERR_SUCCESS {
        lines::refused();
    }
    code
}

/// The address of a view.
fn target_of(transport: &Transport, target: &gossip_node_view_t) -> Result<SocketAddr, Error> {
    match core::str::from_utf8(text_bytes(&target.ip)) {
        Ok(ip) => transport.target(ip, target.port),
        Err(_) => transport.target(&read_text(&target.ip), target.port),
    }
}

/// # Safety
/// As [`super::net::gossip_transport_set_core`].
pub(super) unsafe fn set_core(transport: *const gossip_transport_t, core: *const gossip_core_t) {
    // SAFETY: the caller's promise.
    let arguments = unsafe { (transport_of(transport), shared_of(core)) };
    if let (Some(transport), Some(core)) = arguments {
        transport.set_inbound(Some(Arc::new(ToCore(core))));
    }
}

/// # Safety
/// As [`super::net::gossip_transport_set_serializer`].
pub(super) unsafe fn set_serializer(
    transport: *const gossip_transport_t,
    serializer: *const gossip_serializer_t,
) {
    // SAFETY: the caller's promise.
    let arguments = unsafe { (transport_of(transport), serializer_of(serializer)) };
    if let (Some(transport), Some(serializer)) = arguments {
        transport.set_serializer(serializer.clone());
    }
}

/// # Safety
/// As [`super::net::gossip_transport_port`].
pub(super) unsafe fn port(transport: *const gossip_transport_t) -> u16 {
    // SAFETY: the caller's promise.
    unsafe { transport_of(transport) }.map_or(0, Transport::port)
}

/// # Safety
/// `transport` is NULL or a transport that is not destroyed while the result is used.
unsafe fn transport_of<'a>(transport: *const gossip_transport_t) -> Option<&'a Transport> {
    // SAFETY: the caller's promise.
    unsafe { argument(transport, "transport") }.map(|handle| &handle.transport)
}

/// The number that a program put into a transport type, whatever it is.
fn raw_type(kind: MaybeUninit<gossip_transport_type_t>) -> u32 {
    // SAFETY: the enumeration has the size of u32, every bit pattern is a u32, and an argument of
    // a call has some value.
    unsafe { core::mem::transmute(kind) }
}

/// The code of a result, with the error's text.
fn code(result: Result<(), Error>) -> gossip_error_code_t {
    match result {
        Ok(()) => GOSSIP_ERR_SUCCESS,
        Err(error) => {
            set_last_error(format_args!("{error}"));
            code_of(&error)
        }
    }
}

fn code_of(error: &Error) -> gossip_error_code_t {
    match error {
        Error::Host(_) | Error::Port(_) => GOSSIP_ERR_INVALID_ARGUMENT,
        Error::NoSerializer | Error::Wire(_) => GOSSIP_ERR_SERIALIZATION_ERROR,
        Error::Forked | Error::InCallback => GOSSIP_ERR_OPERATION_NOT_PERMITTED,
        _ => GOSSIP_ERR_NETWORK_ERROR,
    }
}
