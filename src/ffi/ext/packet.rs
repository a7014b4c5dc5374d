//! Packets in, without any transport.

use super::clock::at;
use super::datagram::read_ip;
use crate::ffi::argument::core_ref;
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{INVALID, is_given, set_last_error};
use crate::ffi::guard::guard_then;
use crate::ffi::handle::Pending;
use crate::ffi::types::gossip_error_code_t;
use crate::proto::{Core, PacketError};
use crate::types::{Form, Header, Instant, Path};
use crate::wire::intake::{Arrival, Intake, Junk, MessageSink, Source};
use crate::wire::{Error, Format, binary, framing};
use core::ffi::{CStr, c_char};
use core::net::SocketAddr;
use core::slice;

const UNREADABLE: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR;

/// Takes a datagram that the program's own socket received: a packet of the library, or JSON in the
/// frames of libgossip 1.4.2, several in a datagram.
///
/// @param core The core.
/// @param bytes The datagram.
/// @param size How many bytes it has.
/// @param ip Whom it came from: a numeric IPv4 or IPv6 address, as the socket says.
/// @param port The port that it came from, 1 to 65535.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or out of range;
/// GOSSIP_ERR_SERIALIZATION_ERROR if the bytes are no message for this node, or one that it
/// refuses: gossip_last_error() then says why, and nothing but a counter was changed; of several
/// frames the good ones are taken; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used
/// any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; bytes is NULL or has size bytes; ip is NULL or a
/// text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_packet(
    core: *mut gossip_core_t,
    bytes: *const u8,
    size: usize,
    ip: *const c_char,
    port: u16,
) -> gossip_error_code_t {
    guard_then("gossip_core_handle_packet", INVALID, move |code| {
        // SAFETY: the caller's promise.
        unsafe { handle_packet(core, (bytes, size), (ip, port), None, code) }
    })
}

/// Takes a datagram at a given time, see gossip_core_tick_at().
///
/// @param core The core.
/// @param bytes The datagram.
/// @param size How many bytes it has.
/// @param ip Whom it came from, as for gossip_core_handle_packet().
/// @param port The port that it came from.
/// @param now_ms The time in milliseconds.
/// @return As gossip_core_handle_packet().
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; bytes is NULL or has size bytes; ip is NULL or a
/// text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_packet_at(
    core: *mut gossip_core_t,
    bytes: *const u8,
    size: usize,
    ip: *const c_char,
    port: u16,
    now_ms: u64,
) -> gossip_error_code_t {
    guard_then("gossip_core_handle_packet_at", INVALID, move |code| {
        // SAFETY: the caller's promise.
        unsafe { handle_packet(core, (bytes, size), (ip, port), at(now_ms), code) }
    })
}

/// # Safety
/// As [`gossip_core_handle_packet`].
unsafe fn handle_packet(
    core: *const gossip_core_t,
    (bytes, size): (*const u8, usize),
    (ip, port): (*const c_char, u16),
    at: Option<Instant>,
    code: &mut gossip_error_code_t,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let core = unsafe { core_ref(core) }?;
    if !is_given(bytes, "bytes") {
        return None;
    }
    // SAFETY: the caller's promise.
    let from = unsafe { address_of(ip, port) }?;
    // SAFETY: not NULL, and the caller's promise; no object is larger than isize::MAX.
    let bytes = unsafe { slice::from_raw_parts(bytes, size.min(isize::MAX.unsigned_abs())) };
    let format = match binary::is_packet(bytes) {
        true => Format::Packet,
        false => Format::Text { packets: true },
    };
    core.input_code(code, UNREADABLE, at, |core, now| {
        let (size, result) = (bytes.len(), Ok(()));
        let format = format.clone();
        let mut sink = CoreSink { core, now, from, format, size, result };
        Intake::default().datagram(from, bytes, &mut sink);
        sink.result
    })
}

/// # Safety
/// `ip` is NULL or ends in NUL.
unsafe fn address_of(ip: *const c_char, port: u16) -> Option<SocketAddr> {
    if !is_given(ip, "ip") {
        return None;
    }
    if port == 0 {
        set_last_error(format_args!("port is 0; pass 1 to 65535"));
        return None;
    }
    // SAFETY: the caller's promise.
    let text = unsafe { CStr::from_ptr(ip) };
    let Some(ip) = text.to_str().ok().and_then(read_ip) else {
        let text = text.to_string_lossy();
        set_last_error(format_args!("ip is \"{text}\"; pass a numeric IPv4 or IPv6 address"));
        return None;
    };
    Some(SocketAddr::new(ip, port))
}

/// The way of a datagram's messages to the core. The result is that of the last bad one.
struct CoreSink<'a> {
    core: &'a mut Core,
    now: Instant,
    from: SocketAddr,
    /// The format of all that is in the datagram: no frame holds a packet.
    format: Format,
    size: usize,
    result: Result<(), PacketError>,
}

impl CoreSink<'_> {
    fn note(&mut self, taken: Result<(), PacketError>) {
        if taken.is_err() {
            self.result = taken;
        }
    }
}

impl MessageSink for CoreSink<'_> {
    fn format(&mut self, _: &[u8]) -> Option<Format> {
        Some(self.format.clone())
    }

    fn packet(&mut self, from: SocketAddr, bytes: &[u8]) -> Option<bool> {
        let taken = self.core.handle_packet(self.now, Path::Packet(from), bytes);
        let is_message = !matches!(taken, Err(PacketError::Wire(_)));
        self.note(taken);
        Some(is_message)
    }

    fn message(&mut self, arrival: &Arrival<'_>) {
        let Arrival { header, entries, bytes, .. } = *arrival;
        self.core.count_bytes_received(header.kind, bytes);
        let taken = self.core.handle_entries(self.now, arrival.path(), header, entries);
        self.note(taken.map_err(PacketError::Refused));
    }

    fn junk(&mut self, junk: Junk) {
        let error = match junk {
            Junk::Unreadable(error) => error,
            Junk::Empty => {
                // As text it is a ping from the zero id; the core says why it takes none.
                let (source, form) = (Source::Datagram(self.from), Form::Text);
                let (header, entries, bytes) = (&Header::default(), &[], framing::PREFIX_BYTES);
                return self.message(&Arrival { source, form, header, entries, bytes });
            }
            Junk::NoFrame | Junk::NoFormat => {
                let reason = "no packet and no whole frame of text".into();
                Error::Malformed { offset: self.size, reason }
            }
        };
        self.core.count_unread(&error);
        self.note(Err(PacketError::Wire(error)));
    }
}
