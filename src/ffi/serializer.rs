//! What the `gossip_serializer_*` functions of [`super::net`] do.

use super::commands::{argument, report_null};
use super::convert::{c_id, c_kind, view_of};
use super::error::set_last_error;
use super::memory::CArray;
use super::net::gossip_serializer_t;
use super::outgoing::with_message;
use super::types::gossip_error_code::{
    GOSSIP_ERR_INVALID_ARGUMENT, GOSSIP_ERR_SERIALIZATION_ERROR, GOSSIP_ERR_SUCCESS,
};
use super::types::{gossip_error_code_t, gossip_message_t, gossip_node_view_t};
use crate::types::Message;
use crate::wire::json;
use core::{ptr, slice};

/// The forms there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Form {
    /// The text of libgossip 1.4.2.
    Json,
}

/// What a function of the serializer returns after a panic.
pub(super) const FAILED: gossip_error_code_t = GOSSIP_ERR_SERIALIZATION_ERROR;

pub(super) fn create() -> *mut gossip_serializer_t {
    Box::into_raw(Box::new(gossip_serializer_t { form: Form::Json }))
}

/// # Safety
/// As [`super::net::gossip_serializer_destroy`].
pub(super) unsafe fn destroy(serializer: *mut gossip_serializer_t) {
    if !serializer.is_null() {
        // SAFETY: it came from Box::into_raw in `create`, and the caller gives it up.
        drop(unsafe { Box::from_raw(serializer) });
    }
}

/// # Safety
/// As [`super::net::gossip_serializer_serialize`].
pub(super) unsafe fn serialize(
    serializer: *const gossip_serializer_t,
    msg: *const gossip_message_t,
    data: *mut *mut u8,
    data_size: *mut usize,
) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    let Some(form) = (unsafe { form_of(serializer) }) else { return GOSSIP_ERR_INVALID_ARGUMENT };
    // SAFETY: the caller's promise.
    let Some(message) = (unsafe { argument(msg, "msg") }) else {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    };
    if !is_given(data, "data") || !is_given(data_size, "data_size") {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    }
    let mut bytes = Vec::new();
    // SAFETY: the caller's promise.
    let written = unsafe {
        with_message(message, |header, entries| match form {
            Form::Json => json::encode(header, entries, &mut bytes),
        })
    };
    match written {
        None => return GOSSIP_ERR_INVALID_ARGUMENT,
        Some(Err(error)) => {
            set_last_error(format_args!("msg cannot be written: {error}"));
            return GOSSIP_ERR_SERIALIZATION_ERROR;
        }
        Some(Ok(())) => {}
    }
    let Some(copy) = CArray::copy_of(&bytes) else { return no_memory() };
    // SAFETY: not NULL, and the caller's promise.
    unsafe {
        *data_size = copy.len();
        *data = copy.into_raw();
    }
    GOSSIP_ERR_SUCCESS
}

/// # Safety
/// As [`super::net::gossip_serializer_deserialize`].
pub(super) unsafe fn deserialize(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    msg: *mut gossip_message_t,
) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    let Some(form) = (unsafe { form_of(serializer) }) else { return GOSSIP_ERR_INVALID_ARGUMENT };
    if !is_given(data, "data") || !is_given(msg, "msg") {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    }
    if isize::try_from(data_size).is_err() {
        set_last_error(format_args!("data_size is {data_size}; no block of memory has so much"));
        return GOSSIP_ERR_INVALID_ARGUMENT;
    }
    // SAFETY: not NULL, not too large, and the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(data, data_size) };
    let read = match form {
        Form::Json => json::decode(bytes),
    };
    match read {
        Ok(message) => {
            let Some(entries) = entries_for_c(&message) else { return no_memory() };
            let result = gossip_message_t {
                sender: c_id(message.header.sender),
                r#type: c_kind(message.header.kind),
                timestamp: message.header.timestamp,
                entries,
                entries_count: message.entries.len(),
            };
            // SAFETY: not NULL, and the caller's promise. Nothing is dropped in its place.
            unsafe { msg.write(result) };
            GOSSIP_ERR_SUCCESS
        }
        Err(error) => {
            set_last_error(format_args!("data is no message: {error}"));
            GOSSIP_ERR_SERIALIZATION_ERROR
        }
    }
}

/// The entries in a block for `free()`, NULL for none; `None` if there is no memory.
fn entries_for_c(message: &Message) -> Option<*mut gossip_node_view_t> {
    if message.entries.is_empty() {
        return Some(ptr::null_mut());
    }
    let mut views = CArray::with_room(message.entries.len())?;
    for entry in &message.entries {
        views.push(view_of(&entry.as_entry()));
    }
    Some(views.into_raw())
}

/// The form of a serializer; `None`, with an error text, for NULL.
///
/// # Safety
/// `serializer` is NULL or was not destroyed.
pub(super) unsafe fn form_of(serializer: *const gossip_serializer_t) -> Option<Form> {
    // SAFETY: the caller's promise.
    unsafe { argument(serializer, "serializer") }.map(|serializer| serializer.form)
}

fn is_given<T>(pointer: *const T, name: &str) -> bool {
    if pointer.is_null() {
        report_null(name);
    }
    !pointer.is_null()
}

fn no_memory() -> gossip_error_code_t {
    set_last_error(format_args!("there is no memory for the result; free some"));
    GOSSIP_ERR_SERIALIZATION_ERROR
}
