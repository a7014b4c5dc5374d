//! What the `gossip_serializer_*` functions of [`super::serializers`] do.

use super::callbacks::shown;
use super::commands::{argument, report_null};
use super::convert::{c_id, c_kind, view_of};
use super::custom::Program;
use super::error::set_last_error;
use super::ext::message::{Loan, gossip_message_callback_t};
use super::memory::{self, CArray};
use super::outgoing::with_message;
use super::serializers::{gossip_serializer, gossip_serializer_t, gossip_serializer_vtable_t};
use super::types::gossip_error_code::{
    GOSSIP_ERR_INVALID_ARGUMENT, GOSSIP_ERR_SERIALIZATION_ERROR, GOSSIP_ERR_SUCCESS,
};
use super::types::{gossip_error_code_t, gossip_message_t, gossip_node_view_t};
use crate::types::{Detail, Entry, Header, Message, NodeView};
use crate::wire::{Error, Serializer};
use alloc::ffi::CString;
use alloc::sync::Arc;
use core::ffi::{CStr, c_char, c_void};
use core::{ptr, slice};
use std::borrow::Cow;

/// A serializer and what it is called.
pub(super) struct Named {
    serializer: Serializer,
    name: Cow<'static, CStr>,
}

/// The forms that have a name, in the order in which they are listed.
const KNOWN: &[(&CStr, Serializer)] = &[
    (c"json", Serializer::Json),
    (c"binary", Serializer::Binary),
    #[cfg(feature = "bincode")]
    (c"bincode", Serializer::Bincode),
    (c"auto", Serializer::Auto),
];

/// The names for C.
struct Names([*const c_char; KNOWN.len()]);

// SAFETY: the texts are constants.
unsafe impl Sync for Names {}

static NAMES: Names = Names({
    let mut names = [ptr::null(); KNOWN.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = KNOWN[at].0.as_ptr();
        at += 1;
    }
    names
});

/// What a function of the serializer returns after a panic.
pub(super) const FAILED: gossip_error_code_t = GOSSIP_ERR_SERIALIZATION_ERROR;

fn make(serializer: Serializer, name: Cow<'static, CStr>) -> *mut gossip_serializer_t {
    Box::into_raw(Box::new(gossip_serializer { named: Named { serializer, name } }))
}

pub(super) fn create_json() -> *mut gossip_serializer_t {
    make(Serializer::Json, Cow::Borrowed(c"json"))
}

/// # Safety
/// As [`super::serializers::gossip_serializer_create`].
pub(super) unsafe fn create(name: *const c_char) -> *mut gossip_serializer_t {
    if name.is_null() {
        set_last_error(format_args!("name is NULL; pass {}", Choice));
        return ptr::null_mut();
    }
    // SAFETY: not NULL, and the caller's promise.
    let name = unsafe { CStr::from_ptr(name) };
    match KNOWN.iter().find(|(known, _)| *known == name) {
        Some((name, serializer)) => make(serializer.clone(), Cow::Borrowed(*name)),
        None => {
            let name = name.to_string_lossy();
            set_last_error(format_args!("name is \"{name}\"; pass {}", Choice));
            ptr::null_mut()
        }
    }
}

/// One of the library's forms by its name.
#[cfg(feature = "ext")]
pub(super) fn by_name(name: &CStr) -> Option<Serializer> {
    KNOWN.iter().find(|(known, _)| *known == name).map(|(_, serializer)| serializer.clone())
}

/// The names as a text says them.
pub(super) struct Choice;

impl core::fmt::Display for Choice {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (at, (name, _)) in KNOWN.iter().enumerate() {
            let before = match at {
                0 => "",
                _ if at + 1 < KNOWN.len() => ", ",
                _ => " or ",
            };
            write!(f, "{before}\"{}\"", name.to_str().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// # Safety
/// As [`super::serializers::gossip_serializer_names`].
pub(super) unsafe fn names(count: *mut usize) -> *const *const c_char {
    // SAFETY: the caller's promise.
    if let Some(count) = unsafe { count.as_mut() } {
        *count = NAMES.0.len();
    }
    NAMES.0.as_ptr()
}

/// # Safety
/// As [`super::serializers::gossip_serializer_create_custom`].
pub(super) unsafe fn create_custom(
    vtable: *const gossip_serializer_vtable_t,
) -> *mut gossip_serializer_t {
    // SAFETY: the caller's promise.
    let Some(vtable) = (unsafe { Program::checked(vtable) }) else { return ptr::null_mut() };
    let name = if vtable.name.is_null() {
        Cow::Borrowed(c"custom")
    } else {
        // SAFETY: not NULL, and the caller's promise.
        Cow::Owned(CString::from(unsafe { CStr::from_ptr(vtable.name) }))
    };
    make(Serializer::Custom(Arc::new(Program::new(vtable))), name)
}

/// # Safety
/// As [`super::serializers::gossip_serializer_name`].
pub(super) unsafe fn name(serializer: *const gossip_serializer_t) -> *const c_char {
    // SAFETY: the caller's promise.
    let serializer = unsafe { argument(serializer, "serializer") };
    serializer.map_or(c"".as_ptr(), |serializer| serializer.named.name.as_ptr())
}

/// # Safety
/// As [`super::serializers::gossip_serializer_destroy`].
pub(super) unsafe fn destroy(serializer: *mut gossip_serializer_t) {
    if !serializer.is_null() {
        // SAFETY: it came from Box::into_raw in `make`, and the caller gives it up.
        drop(unsafe { Box::from_raw(serializer) });
    }
}

/// # Safety
/// As [`super::serializers::gossip_message_free_entries`].
pub(super) unsafe fn free_entries(msg: *mut gossip_message_t) {
    // SAFETY: the caller's promise.
    if let Some(message) = unsafe { msg.as_mut() } {
        let entries = core::mem::replace(&mut message.entries, ptr::null_mut());
        message.entries_count = 0;
        // SAFETY: the caller's promise.
        unsafe { memory::free(entries.cast()) };
    }
}

/// # Safety
/// As [`super::serializers::gossip_serializer_serialize`].
pub(super) unsafe fn serialize(
    serializer: *const gossip_serializer_t,
    msg: *const gossip_message_t,
    data: *mut *mut u8,
    data_size: *mut usize,
) -> gossip_error_code_t {
    // SAFETY: the caller's promise.
    let arguments = unsafe { (serializer_of(serializer), argument(msg, "msg")) };
    let (Some(serializer), Some(message)) = arguments else { return GOSSIP_ERR_INVALID_ARGUMENT };
    if !is_given(data, "data") || !is_given(data_size, "data_size") {
        return GOSSIP_ERR_INVALID_ARGUMENT;
    }
    let mut bytes = Vec::new();
    // SAFETY: the caller's promise.
    let written = unsafe {
        with_message(message, serializer.writes_packets(), |outgoing, _| {
            serializer.encode(outgoing, &mut bytes)
        })
    };
    match written {
        None => return GOSSIP_ERR_INVALID_ARGUMENT,
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
}

/// # Safety
/// As [`super::serializers::gossip_serializer_deserialize`].
pub(super) unsafe fn deserialize(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    msg: *mut gossip_message_t,
) -> gossip_error_code_t {
    if !is_given(msg, "msg") {
        return GOSSIP_ERR_INVALID_ARGUMENT;
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
}

/// Reads a message and runs `take` with it; an error code, with an error text, if that cannot be.
///
/// # Safety
/// As [`super::serializers::gossip_serializer_deserialize`].
unsafe fn decode<R>(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    take: impl FnOnce(&Header, &[Entry<'_>]) -> R,
) -> Result<R, gossip_error_code_t> {
    // SAFETY: the caller's promise.
    let serializer = unsafe { serializer_of(serializer) };
    let serializer = serializer.filter(|_| is_given(data, "data"));
    let serializer = serializer.ok_or(GOSSIP_ERR_INVALID_ARGUMENT)?;
    if isize::try_from(data_size).is_err() {
        set_last_error(format_args!("data_size is {data_size}; no block of memory has so much"));
        return Err(GOSSIP_ERR_INVALID_ARGUMENT);
    }
    // SAFETY: not NULL, not too large, and the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(data, data_size) };
    serializer.decode(bytes, take).map_err(|error| report("data is no message", &error))
}

/// # Safety
/// As [`super::serializers::gossip_serializer_read`].
pub(super) unsafe fn read(
    serializer: *const gossip_serializer_t,
    data: *const u8,
    data_size: usize,
    (callback, user_data): (gossip_message_callback_t, *mut c_void),
) -> (gossip_error_code_t, Option<Loan>) {
    if callback.is_none() {
        report_null("callback");
        return (GOSSIP_ERR_INVALID_ARGUMENT, None);
    }
    let has_room = |entry: &&Entry<'_>| entry.detail == Detail::Full;
    let own = |header: &Header, entries: &[Entry<'_>]| Message {
        header: *header,
        entries: entries.iter().filter(has_room).copied().map(NodeView::from).collect(),
    };
    // SAFETY: the caller's promise.
    match unsafe { decode(serializer, data, data_size, own) } {
        Ok(message) => (GOSSIP_ERR_SUCCESS, Some(Loan::new(message, callback, user_data))),
        Err(code) => (code, None),
    }
}

/// The message for C, its entries in a block for `free()`; `None` if there is no memory.
fn message_for_c(header: &Header, entries: &[Entry<'_>]) -> Option<gossip_message_t> {
    let has_room = |entry: &&Entry<'_>| entry.detail == Detail::Full;
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

/// The form of a serializer; `None`, with an error text, for NULL.
///
/// # Safety
/// `serializer` is NULL or is not destroyed while the result is used.
pub(super) unsafe fn serializer_of<'a>(
    serializer: *const gossip_serializer_t,
) -> Option<&'a Serializer> {
    // SAFETY: the caller's promise.
    unsafe { argument(serializer, "serializer") }.map(|serializer| &serializer.named.serializer)
}

fn is_given<T>(pointer: *const T, name: &str) -> bool {
    if pointer.is_null() {
        report_null(name);
    }
    !pointer.is_null()
}

fn report(what: &str, error: &Error) -> gossip_error_code_t {
    set_last_error(format_args!("{what}: {error}"));
    GOSSIP_ERR_SERIALIZATION_ERROR
}

fn no_memory() -> gossip_error_code_t {
    set_last_error(format_args!("there is no memory for the result; free some"));
    GOSSIP_ERR_SERIALIZATION_ERROR
}
