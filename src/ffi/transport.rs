//! `gossip_transport_*`: what carries messages.

use super::argument::{argument, core_ref};
use super::callbacks::is_inside;
use super::convert::{raw_number, read_text, text_bytes};
use super::core::gossip_core_t;
use super::error::{INVALID, or_report, set_last_error};
use super::ext::lines;
use super::guard::{guard, guard_or, guard_quiet};
use super::handle::Shared;
use super::outgoing::with_message;
use super::serializer::{form_of, gossip_serializer_t};
use super::types::gossip_error_code::{
    GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_OPERATION_NOT_PERMITTED, GOSSIP_ERR_SERIALIZATION_ERROR,
    GOSSIP_ERR_SUCCESS,
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

/// What carries the messages of a transport.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_transport_type {
    /// Datagrams: cheap, and what is lost is lost.
    GOSSIP_TRANSPORT_UDP = 0,
    /// Connections, made when first needed and used again.
    GOSSIP_TRANSPORT_TCP = 1,
}
/// See gossip_transport_type.
pub type gossip_transport_type_t = gossip_transport_type;

/// Carries the messages of a core between this host and others. Opaque.
pub struct gossip_transport {
    transport: Transport,
}
/// See gossip_transport.
pub type gossip_transport_t = gossip_transport;

/// What a function of the transport returns after a panic.
const FAILED: gossip_error_code_t = GOSSIP_ERR_NETWORK_ERROR;

/// Makes a transport without a serializer: until gossip_transport_set_serializer() it sends
/// nothing and drops what it receives. gossip_transport_factory_create() makes one that has one.
///
/// No socket and no thread is made before gossip_transport_start().
///
/// @param type What carries the messages.
/// @param host The address to listen on: a numeric IPv4 or IPv6 address; "0.0.0.0" is all of IPv4,
/// "::" all of both.
/// @param port The port to listen on; 0 for any that is free, see gossip_transport_port().
/// @return The transport, to be freed by gossip_transport_destroy(); NULL if host is NULL or no
/// numeric address, or the type is not one.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// host is NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_create(
    r#type: MaybeUninit<gossip_transport_type_t>,
    host: *const c_char,
    port: u16,
) -> *mut gossip_transport_t {
    guard_or("gossip_transport_create", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        unsafe { create(r#type, host, port, None) }
    })
}

/// Stops a transport, as gossip_transport_stop() does, and frees it. The core stays.
///
/// No message is delivered after it has returned. Called inside a callback on the transport's own
/// thread it returns at once, and that callback is the last one; so it is with a callback that
/// does not return within a second.
///
/// @param transport The transport; NULL does nothing. In a forked child this gives nothing back,
/// closes nothing of the parent's and is safe.
///
/// Threads: any one, when no other thread calls a function with this transport any more. From
/// callbacks: yes. From destructors of static and thread-local objects: yes. Since 1.0.
///
/// # Safety
/// transport is NULL or came from a function of this library and was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_destroy(transport: *mut gossip_transport_t) {
    guard_quiet("gossip_transport_destroy", (), move || {
        // SAFETY: the caller's promise.
        let Some(handle) = (unsafe { transport.as_ref() }) else { return };
        if handle.transport.is_foreign() {
            // A forked child: what it has a copy of may be half changed.
            return;
        }
        // SAFETY: it came from Box::into_raw in `create`, and the caller gives it up.
        drop(unsafe { Box::from_raw(transport) });
    });
}

/// Starts to listen: binds the address and makes the transport's one thread.
///
/// From then on the callbacks of the core may run on that thread. It blocks all signals and is
/// named gossip-udp or gossip-tcp. A transport that was stopped can be started again, and has the
/// same port then if that can still be had.
///
/// @param transport The transport.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_NETWORK_ERROR if it is started already or the address
/// cannot be had, as when the port is in use; GOSSIP_ERR_INVALID_ARGUMENT if transport is NULL;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or while the thread of the run before is
/// still inside a callback.
///
/// Threads: any. From callbacks: yes. Since 1.0; since 1.5 also after a stop.
///
/// # Safety
/// transport is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_start(
    transport: *mut gossip_transport_t,
) -> gossip_error_code_t {
    guard("gossip_transport_start", FAILED, move || {
        // SAFETY: the caller's promise.
        match unsafe { transport_of(transport) } {
            Some(transport) => lines::transport(transport, "listens", code(transport.start())),
            None => INVALID,
        }
    })
}

/// Stops listening: closes all sockets and ends the thread, within one second.
///
/// What TCP has queued is written for at most 0.3 seconds more, so that a leave still gets out.
/// Inside a callback on the transport's own thread it only asks for the end, which comes when the
/// callback returns.
///
/// @param transport The transport. One that is not started is left as it is.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if transport is NULL;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or if a callback on the transport's thread
/// did not return within a second: it is the last one, and the thread ends after it.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// transport is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_stop(
    transport: *mut gossip_transport_t,
) -> gossip_error_code_t {
    guard("gossip_transport_stop", FAILED, move || {
        // SAFETY: the caller's promise.
        match unsafe { transport_of(transport) } {
            Some(transport) => lines::transport(transport, "stopped", code(transport.stop())),
            None => INVALID,
        }
    })
}

/// Sends a message, with its entries.
///
/// Inside a send callback, with the very message it was called with, what the structs have no room
/// for is sent too: metadata, and what this library's nodes say to each other in packets alone. A
/// message that does not fit a datagram of 1400 bytes is split: what does not fit follows as
/// GOSSIP_MSG_UPDATE of the same sender, in datagrams of their own, or as text in the same one of at
/// most 60 000 bytes, since libgossip 1.4.2 loses datagrams that come in a burst. UDP never waits. TCP puts the message into the queue of a
/// connection; outside of callbacks it waits up to 0.2 seconds to learn that nobody listens, inside
/// of them it never does. Success means that the message is on its way, not that it came.
///
/// @param transport The transport; it must be started.
/// @param msg The message, with at most 1024 entries; entries that are NULL are none.
/// @param target Whom it is for; only its ip (a numeric address, or "localhost") and its port (1 to
/// 65535) matter.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, foreign or out of
/// range; GOSSIP_ERR_SERIALIZATION_ERROR if no serializer is set, a function of the program's own
/// gives an error, or an entry was too large and was sent as text without its metadata; GOSSIP_ERR_NETWORK_ERROR if the transport is not started, nobody
/// listens, or too much waits to be sent already; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
/// child.
///
/// Threads: any. From callbacks: yes. Since 1.0; since 1.5 with the entries.
///
/// # Safety
/// transport is NULL or was not destroyed; msg is NULL or points to a message whose entries are
/// NULL or an array of entries_count views; target is NULL or points to a view.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_send_message(
    transport: *mut gossip_transport_t,
    msg: *const gossip_message_t,
    target: *const gossip_node_view_t,
) -> gossip_error_code_t {
    guard("gossip_transport_send_message", FAILED, move || {
        // SAFETY: the caller's promise.
        let arguments =
            unsafe { (transport_of(transport), argument(msg, "msg"), argument(target, "target")) };
        let (Some(transport), Some(message), Some(target)) = arguments else {
            return INVALID;
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
        let code = sent.map_or(INVALID, code);
        if code != GOSSIP_ERR_SUCCESS {
            lines::refused();
        }
        code
    })
}

/// Says which core takes the messages that the transport receives.
///
/// The transport keeps what it needs of the core: either may be destroyed first. It does not send
/// for the core; do that in the core's send callback, with gossip_transport_send_message().
///
/// @param transport The transport; NULL does nothing.
/// @param core The core; NULL does nothing. It takes the place of one that was set before.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// transport is NULL or was not destroyed; core is NULL or a core that was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_set_core(
    transport: *mut gossip_transport_t,
    core: *mut gossip_core_t,
) {
    guard("gossip_transport_set_core", (), move || {
        // SAFETY: the caller's promise.
        let arguments = unsafe { (transport_of(transport), core_ref(core)) };
        if let (Some(transport), Some(core)) = arguments {
            transport.set_inbound(Some(Arc::new(ToCore(Arc::clone(core)))));
        }
    });
}

/// Says in which form the transport sends and reads messages: that of the serializer and no other,
/// see gossip_serializer_create().
///
/// @param transport The transport; NULL does nothing.
/// @param serializer The form; NULL does nothing. It stays the caller's, who may destroy it at
/// once: the transport keeps what it needs.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// transport and serializer are NULL or were not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_set_serializer(
    transport: *mut gossip_transport_t,
    serializer: *mut gossip_serializer_t,
) {
    guard("gossip_transport_set_serializer", (), move || {
        // SAFETY: the caller's promise.
        let arguments = unsafe { (transport_of(transport), form_of(serializer)) };
        if let (Some(transport), Some(form)) = arguments {
            transport.set_serializer(form.clone());
        }
    });
}

/// Makes a transport that talks with nodes of every version: gossip_transport_create() and
/// gossip_transport_set_serializer() with the serializer "auto" in one. To who has not shown that it
/// reads packets it sends the JSON of libgossip 1.4.2.
///
/// @param type What carries the messages.
/// @param host The address to listen on, as for gossip_transport_create().
/// @param port The port to listen on; 0 for any that is free.
/// @return The transport, to be freed by gossip_transport_destroy(); NULL as for
/// gossip_transport_create().
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// host is NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_factory_create(
    r#type: MaybeUninit<gossip_transport_type_t>,
    host: *const c_char,
    port: u16,
) -> *mut gossip_transport_t {
    guard_or("gossip_transport_factory_create", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        unsafe { create(r#type, host, port, Some(Serializer::Auto)) }
    })
}

/// The port that a transport listens on, or that it last listened on.
///
/// @param transport The transport.
/// @return The port; before the first start the one that was asked for; 0 if transport is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.5.
///
/// # Safety
/// transport is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_transport_port(transport: *const gossip_transport_t) -> u16 {
    guard("gossip_transport_port", 0, move || {
        // SAFETY: the caller's promise.
        unsafe { transport_of(transport) }.map_or(0, Transport::port)
    })
}

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

/// A transport, with a serializer or none.
///
/// # Safety
/// As [`gossip_transport_create`].
unsafe fn create(
    kind: MaybeUninit<gossip_transport_type_t>,
    host: *const c_char,
    port: u16,
    serializer: Option<Serializer>,
) -> Option<*mut gossip_transport_t> {
    let protocol = match raw_number(kind) {
        0 => Protocol::Udp,
        1 => Protocol::Tcp,
        raw => {
            set_last_error(format_args!(
                "type is {raw}; pass GOSSIP_TRANSPORT_UDP or GOSSIP_TRANSPORT_TCP"
            ));
            return None;
        }
    };
    if host.is_null() {
        set_last_error(format_args!("host is NULL; pass a numeric address such as \"0.0.0.0\""));
        return None;
    }
    // SAFETY: not NULL, and the caller's promise.
    let host = unsafe { CStr::from_ptr(host) }.to_string_lossy();
    let transport = or_report(Transport::new(protocol, &host, port), "host: ")?;
    if let Some(serializer) = serializer {
        transport.set_serializer(serializer);
    }
    Some(Box::into_raw(Box::new(gossip_transport_t { transport })))
}

/// The address of a view.
fn target_of(transport: &Transport, target: &gossip_node_view_t) -> Result<SocketAddr, Error> {
    match core::str::from_utf8(text_bytes(&target.ip)) {
        Ok(ip) => transport.target(ip, target.port),
        Err(_) => transport.target(&read_text(&target.ip), target.port),
    }
}

/// # Safety
/// `transport` is NULL or a transport that is not destroyed while the result is used.
unsafe fn transport_of<'a>(transport: *const gossip_transport_t) -> Option<&'a Transport> {
    // SAFETY: the caller's promise.
    unsafe { argument(transport, "transport") }.map(|handle| &handle.transport)
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
        Error::Host(_) | Error::Port(_) => INVALID,
        Error::NoSerializer | Error::Wire(_) => GOSSIP_ERR_SERIALIZATION_ERROR,
        Error::Forked | Error::InCallback => GOSSIP_ERR_OPERATION_NOT_PERMITTED,
        _ => GOSSIP_ERR_NETWORK_ERROR,
    }
}
