//! `gossip_serializer_*`: messages to bytes and back.

use super::argument::argument;
use super::callbacks::shown;
use super::convert::{c_id, c_kind, view_of};
use super::error::{INVALID, is_given, report_null, set_last_error};
use super::ext::message::Loan;
use super::guard::{guard, guard_quiet, guard_then};
use super::memory::{self, CArray};
use super::outgoing::with_message;
use super::serializer::{FAILED, form_of, gossip_serializer_t};
use super::types::gossip_error_code::{GOSSIP_ERR_SERIALIZATION_ERROR, GOSSIP_ERR_SUCCESS};
use super::types::{gossip_error_code_t, gossip_message_t, gossip_node_view_t};
use crate::types::{Detail, Entry, Header, Message, NodeView};
use crate::wire::Error;
use core::ffi::c_void;
use core::{ptr, slice};

/// Writes a message as bytes.
///
/// Inside a send callback, with the very message it was called with, the bytes have the metadata
/// of the entries too, which the structs have no room for, and "auto" writes the form that the
/// receiver reads. Of any other message "auto" makes text.
///
/// @param serializer The form.
/// @param msg The message, with at most 1024 entries; entries that are NULL are none.
/// @param data Where a pointer to the bytes is put, to be freed by free() or gossip_buffer_free().
/// They end without a NUL and begin without a length.
/// @param data_size Where their number is put.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or the message has
/// a foreign number or a text without NUL; GOSSIP_ERR_SERIALIZATION_ERROR if there would be more
/// than 1 MiB, a function of the program's own gives an error, or there is no memory. On an error nothing is put anywhere.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// serializer is NULL or was not destroyed; msg is NULL or points to a message whose entries are
/// NULL or an array of entries_count views; data and data_size are NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_serialize(
    serializer: *const gossip_serializer_t,
    msg: *const gossip_message_t,
    data: *mut *mut u8,
    data_size: *mut usize,
) -> gossip_error_code_t {
    guard("gossip_serializer_serialize", FAILED, move || {
        // SAFETY: the caller's promise.
        let (serializer, message) = unsafe { (form_of(serializer), argument(msg, "msg")) };
        let (Some(serializer), Some(message)) = (serializer, message) else { return INVALID };
        if !is_given(data, "data") || !is_given(data_size, "data_size") {
            return INVALID;
        }
        let mut bytes = Vec::new();
        // SAFETY: the caller's promise.
        let written = unsafe {
            with_message(message, serializer.writes_packets(), |outgoing, _| {
                serializer.encode(outgoing, &mut bytes)
            })
        };
        match written {
            None => return INVALID,
            Some(Err(error)) => return report("msg cannot be written", &error),
            Some(Ok(())) => {}
        }
        let Some(copy) = CArray::copy_of(&bytes) else { return no_memory() };
        // SAFETY: not NULL, and the caller's promise.
        unsafe {
            *data_size = copy.len();
            *data = copy.into_raw();
        }
        GOSSIP_ERR_SUCCESS
    })
}

/// Reads a message from bytes.
///
/// In a text white space, missing and unknown keys are allowed, and no bytes at all are a ping from
/// the zero id. Values of a wrong type or out of their range are errors, whose text says where they
/// are. Metadata is read but has no room in the structs, as have entries of a packet that tell of a
/// node's heartbeat and status alone: they are left out. A message of a kind that exists in packets
/// alone reads as GOSSIP_MSG_UPDATE.
///
/// @param serializer The form.
/// @param data The bytes, without a length before them; NULL is an error also with size 0.
/// @param data_size Their number, at most 1 MiB.
/// @param msg Where the message is put on success; its entries are one block to be freed by free()
/// or gossip_message_free_entries(), or NULL if there are none. On an error it is left as it is.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL;
/// GOSSIP_ERR_SERIALIZATION_ERROR if the bytes are no message or there is no memory.
///
/// Threads: any. From callbacks: yes. Since 1.0.
///
/// # Safety
/// serializer is NULL or was not destroyed; data is NULL or points to data_size bytes; msg is NULL
/// or points to a message that may be overwritten.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_deserialize(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    msg: *mut gossip_message_t,
) -> gossip_error_code_t {
    guard("gossip_serializer_deserialize", FAILED, move || {
        if !is_given(msg, "msg") {
            return INVALID;
        }
        // SAFETY: the caller's promise.
        match unsafe { decode(serializer, data, data_size, message_for_c) } {
            Ok(Some(message)) => {
                // SAFETY: not NULL, and the caller's promise. Nothing is dropped in its place.
                unsafe { msg.write(message) };
                GOSSIP_ERR_SUCCESS
            }
            Ok(None) => no_memory(),
            Err(code) => code,
        }
    })
}

/// Is lent a message that was read.
///
/// No lock is held: any function may be called here. Do not leave by longjmp.
///
/// @param msg The message and its entries; valid until this returns.
/// @param user_data What was given to gossip_serializer_read().
pub type gossip_serializer_read_t =
    Option<unsafe extern "C-unwind" fn(msg: *const gossip_message_t, user_data: *mut c_void)>;

/// Reads a message from bytes and lends it, with the metadata of its entries, which structs have no
/// room for: inside the callback gossip_view_get_metadata() and its like of core/gossip_ext.h know
/// it, and functions that take that very message carry it on.
/// The error text of the last call inside the callback stays.
///
/// @param serializer The form.
/// @param data The bytes, as for gossip_serializer_deserialize().
/// @param data_size Their number, at most 1 MiB.
/// @param callback Called once before this returns, on this thread, if the bytes are a message.
/// @param user_data Handed to the callback.
/// @return As gossip_serializer_deserialize().
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// serializer is NULL or was not destroyed; data is NULL or points to data_size bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_read(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    callback: gossip_serializer_read_t,
    user_data: *mut c_void,
) -> gossip_error_code_t {
    guard_then("gossip_serializer_read", FAILED, move |code| {
        if callback.is_none() {
            report_null("callback");
            *code = INVALID;
            return None;
        }
        let own = |header: &Header, entries: &[Entry<'_>]| Message {
            header: *header,
            entries: entries.iter().filter(has_room).copied().map(NodeView::from).collect(),
        };
        // SAFETY: the caller's promise.
        let read = unsafe { decode(serializer, data, data_size, own) };
        *code = read.as_ref().err().copied().unwrap_or(GOSSIP_ERR_SUCCESS);
        read.ok().map(|message| Loan::new(message, callback, user_data))
    })
}

/// Frees the bytes that gossip_serializer_serialize() made, as free() does: for programs whose
/// free() is another one.
///
/// @param data The bytes; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// data is NULL or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_buffer_free(data: *mut u8) {
    // SAFETY: the caller's promise.
    guard_quiet("gossip_buffer_free", (), move || unsafe { memory::free(data.cast()) });
}

/// Frees the entries that gossip_serializer_deserialize() made, as free() does, and sets the
/// message to have none.
///
/// @param msg The message; NULL does nothing.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// msg is NULL or may be written, and its entries are NULL or came from this library and were not
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_free_entries(msg: *mut gossip_message_t) {
    guard_quiet("gossip_message_free_entries", (), move || {
        // SAFETY: the caller's promise.
        if let Some(message) = unsafe { msg.as_mut() } {
            let entries = core::mem::replace(&mut message.entries, ptr::null_mut());
            message.entries_count = 0;
            // SAFETY: the caller's promise.
            unsafe { memory::free(entries.cast()) };
        }
    });
}

/// Reads a message and runs `take` with it; an error code, with an error text, if that cannot be.
///
/// # Safety
/// As [`gossip_serializer_deserialize`].
unsafe fn decode<R>(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    take: impl FnOnce(&Header, &[Entry<'_>]) -> R,
) -> Result<R, gossip_error_code_t> {
    // SAFETY: the caller's promise.
    let serializer = unsafe { form_of(serializer) };
    let serializer = serializer.filter(|_| is_given(data, "data"));
    let serializer = serializer.ok_or(INVALID)?;
    if isize::try_from(data_size).is_err() {
        set_last_error(format_args!("data_size is {data_size}; no block of memory has so much"));
        return Err(INVALID);
    }
    // SAFETY: not NULL, not too large, and the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(data, data_size) };
    serializer.decode(bytes, take).map_err(|error| report("data is no message", &error))
}

/// Whether a struct of C can carry an entry.
fn has_room(entry: &&Entry<'_>) -> bool {
    entry.detail == Detail::Full
}

/// The message for C, its entries in a block for `free()`; `None` if there is no memory.
fn message_for_c(header: &Header, entries: &[Entry<'_>]) -> Option<gossip_message_t> {
    let count = entries.iter().filter(has_room).count();
    let mut block: *mut gossip_node_view_t = ptr::null_mut();
    if count > 0 {
        let mut views = CArray::with_room(count)?;
        for entry in entries.iter().filter(has_room) {
            views.push(view_of(entry));
        }
        block = views.into_raw();
    }
    Some(gossip_message_t {
        sender: c_id(header.sender),
        r#type: c_kind(shown(header.kind)),
        timestamp: header.timestamp,
        entries: block,
        entries_count: count,
    })
}

fn report(what: &str, error: &Error) -> gossip_error_code_t {
    set_last_error(format_args!("{what}: {error}"));
    GOSSIP_ERR_SERIALIZATION_ERROR
}

fn no_memory() -> gossip_error_code_t {
    set_last_error(format_args!("there is no memory for the result; free some"));
    GOSSIP_ERR_SERIALIZATION_ERROR
}
