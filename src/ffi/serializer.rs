//! `gossip_serializer_t`: a form of messages as bytes. What it does is in `bytes.rs`.

use super::argument::argument;
use super::custom::{self, Program, gossip_serializer_vtable_t};
use super::error::set_last_error;
use super::guard::{guard, guard_or, guard_quiet};
use super::types::gossip_error_code_t;
use crate::wire::Serializer;
use alloc::ffi::CString;
use alloc::sync::Arc;
use core::ffi::{CStr, c_char};
use core::{fmt, ptr};
use std::borrow::Cow;

/// A form of messages as bytes. Opaque; one serves any number of threads.
pub struct gossip_serializer {
    form: Serializer,
    name: Cow<'static, CStr>,
}
/// See gossip_serializer.
pub type gossip_serializer_t = gossip_serializer;

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

/// What a function of a serializer returns after a panic.
pub(super) const FAILED: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SERIALIZATION_ERROR;

fn make(form: Serializer, name: Cow<'static, CStr>) -> *mut gossip_serializer_t {
    Box::into_raw(Box::new(gossip_serializer { form, name }))
}

/// One of the library's forms by its name; `None`, with an error text, for another name.
pub(super) fn by_name(name: &CStr, argument: &str) -> Option<(&'static CStr, Serializer)> {
    let known = KNOWN.iter().find(|(known, _)| *known == name);
    if known.is_none() {
        let name = name.to_string_lossy();
        set_last_error(format_args!("{argument} is \"{name}\"; pass {Choice}"));
    }
    known.cloned()
}

/// The names as a text says them.
struct Choice;

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// The form of a serializer; `None`, with an error text, for NULL.
///
/// # Safety
/// `serializer` is NULL or is not destroyed while the result is used.
pub(super) unsafe fn form_of<'a>(serializer: *const gossip_serializer_t) -> Option<&'a Serializer> {
    // SAFETY: the caller's promise.
    unsafe { argument(serializer, "serializer") }.map(|serializer| &serializer.form)
}

/// Makes a serializer for the JSON text that libgossip has always used.
///
/// @return The serializer, to be freed by gossip_serializer_destroy(); NULL if there is no memory.
///
/// Threads: any. From callbacks: yes. Since 1.0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_json_serializer_create() -> *mut gossip_serializer_t {
    guard("gossip_json_serializer_create", ptr::null_mut(), move || {
        make(Serializer::Json, Cow::Borrowed(c"json"))
    })
}

/// Makes a serializer by its name.
///
/// "json" is the text of libgossip 1.4.2, which every node reads. "binary" is the packets of this
/// library: smaller, quicker, and with all that its protocol can say. "bincode" says the same as
/// they do, for programs in Rust that have that crate. "auto" reads all of them, and is what
/// gossip_transport_factory_create() gives a transport: it writes text to who is not known, and
/// packets to who has shown that it reads them.
///
/// A transport that is given another one than "auto" is pinned to it: it writes and reads that form
/// alone. All nodes that it is to talk with must be pinned to the same; "auto" will do for "json".
///
/// @param name One of gossip_serializer_names().
/// @return The serializer, to be freed by gossip_serializer_destroy(); NULL if the name is NULL or
/// not known, or there is no memory.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// name is NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_create(
    name: *const c_char,
) -> *mut gossip_serializer_t {
    guard_or("gossip_serializer_create", ptr::null_mut(), move || {
        if name.is_null() {
            set_last_error(format_args!("name is NULL; pass {Choice}"));
            return None;
        }
        // SAFETY: not NULL, and the caller's promise.
        let (name, form) = by_name(unsafe { CStr::from_ptr(name) }, "name")?;
        Some(make(form, Cow::Borrowed(name)))
    })
}

/// The names that gossip_serializer_create() knows.
///
/// @param count Where their number is put; NULL if it is not wanted.
/// @return The names, an array that is never freed.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// count is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_names(count: *mut usize) -> *const *const c_char {
    guard("gossip_serializer_names", ptr::null(), move || {
        // SAFETY: the caller's promise.
        if let Some(count) = unsafe { count.as_mut() } {
            *count = NAMES.0.len();
        }
        NAMES.0.as_ptr()
    })
}

/// Makes a serializer of the program's own functions.
///
/// They carry what is in gossip_message_t, metadata by gossip_serializer_set_metadata(), and none of
/// what this library's nodes say to each other in packets alone. In a datagram and in a stream a length
/// of four bytes stands before what they write, as before a text.
///
/// @param vtable The functions, copied.
/// @return The serializer, to be freed by gossip_serializer_destroy(); NULL if vtable, its encode or
/// its decode is NULL, its size is too small, or there is no memory. Then its user data stays the
/// caller's.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// vtable is NULL or points to so many bytes as its size says; its functions are what their types
/// say, and they and user_data are good until drop_user_data was called.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_create_custom(
    vtable: *const gossip_serializer_vtable_t,
) -> *mut gossip_serializer_t {
    guard_or("gossip_serializer_create_custom", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let vtable = unsafe { Program::checked(vtable) }?;
        let name = if vtable.name.is_null() {
            Cow::Borrowed(c"custom")
        } else {
            // SAFETY: not NULL, and the caller's promise.
            Cow::Owned(CString::from(unsafe { CStr::from_ptr(vtable.name) }))
        };
        Some(make(Serializer::Custom(Arc::new(Program::new(vtable))), name))
    })
}

/// Sets one pair of the metadata of an entry, inside the decode function of a serializer of the
/// program's own, which has no room for it in its structs. The pairs set are all of it then; of entries
/// for which this is not called nothing is said about metadata. Inside an encode function
/// gossip_view_each_metadata() and its like of core/gossip_ext.h have that of the entries.
///
/// @param index Which entry of the message that is being decoded, from 0 on.
/// @param key The key, which need not end in NUL; NULL to say that the node has no metadata at all.
/// @param key_size The bytes of the key.
/// @param value The value, which need not end in NUL; not looked at if key is NULL.
/// @param value_size The bytes of the value.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if value is NULL, index is 1024 or more, or
/// the entry's metadata would have more than 65536 bytes; GOSSIP_ERR_OPERATION_NOT_PERMITTED if no
/// decode function runs on this thread.
///
/// Threads: any, inside decode functions only. Since 1.6.
///
/// # Safety
/// key and value are NULL or have as many bytes as their sizes say.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_set_metadata(
    index: usize,
    key: *const c_char,
    key_size: usize,
    value: *const c_char,
    value_size: usize,
) -> gossip_error_code_t {
    guard("gossip_serializer_set_metadata", FAILED, move || {
        // SAFETY: the caller's promise.
        unsafe { custom::set_metadata(index, (key, key_size), (value, value_size)) }
    })
}

/// The name of a serializer.
///
/// @param serializer The serializer.
/// @return The name, valid as long as the serializer; an empty text if it is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// serializer is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_name(
    serializer: *const gossip_serializer_t,
) -> *const c_char {
    guard_or("gossip_serializer_name", c"".as_ptr(), move || {
        // SAFETY: the caller's promise.
        Some(unsafe { argument(serializer, "serializer") }?.name.as_ptr())
    })
}

/// Frees a serializer. Transports that it was set for keep what they need; user data of a
/// serializer of the program's own is given back when the last of them is gone, on any thread.
///
/// @param serializer The serializer; NULL does nothing.
///
/// Threads: any one, when no other thread uses it any more. From callbacks: yes. Since 1.0.
///
/// # Safety
/// serializer is NULL or came from a function of this library and was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_serializer_destroy(serializer: *mut gossip_serializer_t) {
    guard_quiet("gossip_serializer_destroy", (), move || {
        if !serializer.is_null() {
            // SAFETY: it came from Box::into_raw in `make`, and the caller gives it up.
            drop(unsafe { Box::from_raw(serializer) });
        }
    });
}
