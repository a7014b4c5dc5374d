//! `gossip_callbacks_t`: the program's functions.

use super::changes::gossip_changes_callback_t;
use super::sized::{self, Growing};
use crate::ffi::types::{gossip_event_callback_t, gossip_send_callback_t};
use core::ffi::{c_char, c_void};
use core::mem::{offset_of, size_of};
use core::ptr;
use core::sync::atomic::{AtomicBool, Ordering};

/// Sends one datagram; called by the functions of a core in place of gossip_send_callback_t.
///
/// The rules of gossip_send_callback_t hold here too. A datagram is a packet of the library, or
/// JSON for a receiver that is not known to read packets. What does not fit one comes as several
/// calls. The program need not look into it.
///
/// @param bytes What to send; valid until this returns.
/// @param size How many bytes: at most packet_bytes of the configuration for a packet. JSON has up
/// to 60 000 where one node's metadata alone is larger than 1400, and for nodes of libgossip 1.4.2,
/// which lose bursts of datagrams.
/// @param ip Whom to send it to: a numeric IPv4 or IPv6 address that ends in NUL; valid until this
/// returns.
/// @param port The port to send it to, 1 to 65535.
/// @param user_data That of gossip_callbacks_t.
pub type gossip_packet_callback_t = Option<
    unsafe extern "C-unwind" fn(
        bytes: *const u8,
        size: usize,
        ip: *const c_char,
        port: u16,
        user_data: *mut c_void,
    ),
>;

/// Frees what belonged to a callback; called exactly once, when no callback runs any more.
///
/// No lock of the library is held. It is not called in a forked child. It must be left neither by
/// longjmp nor by an exception, which would end the process.
///
/// @param user_data What is to be freed.
pub type gossip_drop_callback_t = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// The functions of a program that a core calls. Each may be NULL. Set all bytes to zero first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_callbacks {
    /// The bytes of this struct in the program: sizeof(gossip_callbacks_t).
    pub size: usize,
    /// Sends a message as a struct. Not called if on_packet is set.
    pub on_send: gossip_send_callback_t,
    /// Is told of each change by itself, in its place between the messages.
    pub on_event: gossip_event_callback_t,
    /// Is told of all changes of one call together, after on_event and after the messages.
    pub on_changes: gossip_changes_callback_t,
    /// Sends a message as a datagram.
    pub on_packet: gossip_packet_callback_t,
    /// Handed to all of them and never touched.
    pub user_data: *mut c_void,
    /// Called once with user_data: by gossip_core_destroy(), or if that is called inside a callback
    /// of the core, when that callback has returned; or by the function that failed to make the
    /// core.
    pub drop_user_data: gossip_drop_callback_t,
}
/// See gossip_callbacks.
pub type gossip_callbacks_t = gossip_callbacks;

// SAFETY: it is repr(C), begins with its size and has no padding. The program promises that what is
// not NULL in it are functions of their types.
unsafe impl Growing for gossip_callbacks_t {
    const LEAST: usize = offset_of!(Self, on_event);
}

const NONE: gossip_callbacks_t = gossip_callbacks_t {
    size: size_of::<gossip_callbacks_t>(),
    on_send: None,
    on_event: None,
    on_changes: None,
    on_packet: None,
    user_data: ptr::null_mut(),
    drop_user_data: None,
};

/// The functions of a program that version 1 does not know.
pub(in crate::ffi) struct Functions {
    pub(super) changes: gossip_changes_callback_t,
    pub(super) packet: gossip_packet_callback_t,
    /// The user data again, if the library is to tell when it is done with it.
    owned: Owned,
}

impl Functions {
    pub(in crate::ffi) const fn none() -> Self {
        Self::of(&NONE)
    }

    pub(super) const fn of(callbacks: &gossip_callbacks_t) -> Self {
        Self {
            changes: callbacks.on_changes,
            packet: callbacks.on_packet,
            owned: Owned::new(callbacks.user_data, callbacks.drop_user_data),
        }
    }

    /// Tells the program that the library is done with its user data, the first time.
    pub(in crate::ffi) fn free(&self) {
        self.owned.free();
    }
}

/// The program's functions; `None`, with an error text, if they cannot be read. NULL is none of
/// them.
///
/// # Safety
/// `callbacks` is NULL or points to a struct with as many bytes as its size says.
pub(super) unsafe fn read(callbacks: *const gossip_callbacks_t) -> Option<gossip_callbacks_t> {
    if callbacks.is_null() {
        return Some(NONE);
    }
    // SAFETY: the caller's promise.
    let mut read = unsafe { sized::read(callbacks, "callbacks", |_| Some(NONE)) }?;
    // A message is sent once: as a datagram if the program takes these.
    read.on_send = read.on_send.filter(|_| read.on_packet.is_none());
    Some(read)
}

/// The program's pointer and the function that frees it.
pub(crate) struct Owned {
    pointer: *mut c_void,
    free: gossip_drop_callback_t,
    freed: AtomicBool,
}

impl Owned {
    pub(crate) const fn new(pointer: *mut c_void, free: gossip_drop_callback_t) -> Self {
        Self { pointer, free, freed: AtomicBool::new(false) }
    }

    pub(super) const fn pointer(&self) -> *mut c_void {
        self.pointer
    }

    /// Calls the program's function, the first time. Must run with no lock held, when nothing uses
    /// the pointer any more.
    pub(crate) fn free(&self) {
        if !self.freed.swap(true, Ordering::AcqRel)
            && let Some(free) = self.free
        {
            // SAFETY: a function of the program with this type and the pointer that it is for.
            unsafe { free(self.pointer) };
        }
    }
}
