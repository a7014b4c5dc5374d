//! `gossip_message_builder_t`: a message whose entries carry metadata.

use super::clock::at;
use crate::ffi::argument::{argument, core_ref};
use crate::ffi::callbacks::message_of;
use crate::ffi::convert::{Status, kind_of, owned_of, push_view};
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{INVALID, is_given, or_report, report_null, set_last_error};
use crate::ffi::guard::{Callbacks, guard_or, guard_quiet, guard_then};
use crate::ffi::handed_out::{Extra, HandedMessage, HandedOut};
use crate::ffi::handle::Pending;
use crate::ffi::types::{
    gossip_error_code_t, gossip_message_t, gossip_message_type_t, gossip_node_id_t,
    gossip_node_view_t,
};
use crate::os;
use crate::proto::Core;
use crate::types::{Entry, Form, Header, Instant, Message, Metadata, NodeId, NodeView, Path};
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::{ptr, slice};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A message that is being made, for a core to take. Opaque.
///
/// For programs that carry messages in a form of their own: unlike gossip_message_t its entries
/// have metadata.
pub struct gossip_message_builder {
    message: Mutex<Message>,
    /// The process that made it; a forked child may not use it.
    process: u64,
}
/// See gossip_message_builder.
pub type gossip_message_builder_t = gossip_message_builder;

/// Is lent a message.
///
/// No lock is held: any function may be called here. Do not leave by longjmp.
///
/// @param msg The message and its entries; valid until this returns.
/// @param user_data What was given to the function that lends.
pub type gossip_message_callback_t =
    Option<unsafe extern "C-unwind" fn(msg: *const gossip_message_t, user_data: *mut c_void)>;

const SUCCESS: gossip_error_code_t = gossip_error_code_t::GOSSIP_ERR_SUCCESS;

/// Begins a message without entries.
///
/// @param sender Who says it.
/// @param type What it is for; GOSSIP_MSG_PING_REQ and GOSSIP_MSG_NACK are allowed too.
/// @param timestamp The timestamp that it came with.
/// @return The builder, to be freed by gossip_message_builder_destroy(); NULL if sender is NULL or
/// type is not one of a struct.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// sender is NULL or points to an id.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_builder_create(
    sender: *const gossip_node_id_t,
    r#type: MaybeUninit<gossip_message_type_t>,
    timestamp: u64,
) -> *mut gossip_message_builder_t {
    guard_or("gossip_message_builder_create", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let sender = NodeId::new(unsafe { argument(sender, "sender") }?.data);
        let kind = or_report(kind_of(r#type), "")?;
        let header = Header { sender, kind, timestamp, ..Header::default() };
        Some(Box::into_raw(Box::new(gossip_message_builder_t {
            message: Mutex::new(Message { header, entries: Vec::new() }),
            process: os::process_mark(),
        })))
    })
}

/// Adds an entry to the end. It says nothing about metadata until
/// gossip_message_builder_set_metadata().
///
/// @param builder The message.
/// @param entry The entry; copied. Its message counters are not looked at.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, the entry has a
/// foreign status or a text without NUL, or there are 4096 already;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// builder is NULL or was not destroyed; entry is NULL or points to a view.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_builder_add_entry(
    builder: *mut gossip_message_builder_t,
    entry: *const gossip_node_view_t,
) -> gossip_error_code_t {
    guard_or("gossip_message_builder_add_entry", INVALID, move || {
        // SAFETY: the caller's promise.
        let mut message = match unsafe { locked(builder) } {
            Ok(message) => message,
            Err(code) => return Some(code),
        };
        // SAFETY: the caller's promise.
        let view = unsafe { argument(entry, "entry") }?;
        let entry = or_report(owned_of(view, Status::Read), "entry->")?;
        let most = Core::MAX_ENTRIES;
        if message.entries.len() >= most {
            set_last_error(format_args!("the message has {most} entries; begin another one"));
            return None;
        }
        message.entries.push(entry);
        Some(SUCCESS)
    })
}

/// Sets one pair of an entry's metadata, which from then on is all of it.
///
/// Text that is not UTF-8 is replaced where it is not.
///
/// @param builder The message.
/// @param index Which entry, from 0 on.
/// @param key The key, which need not end in NUL; NULL to say that the node has no metadata at all.
/// @param key_size The bytes of the key.
/// @param value The value, which need not end in NUL; not looked at if key is NULL.
/// @param value_size The bytes of the value.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if builder or value is NULL, there is no
/// such entry or its metadata would have more than 65536 bytes; GOSSIP_ERR_OPERATION_NOT_PERMITTED
/// in a forked child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// builder is NULL or was not destroyed; key and value are NULL or have as many bytes as their
/// sizes say.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_builder_set_metadata(
    builder: *mut gossip_message_builder_t,
    index: usize,
    key: *const c_char,
    key_size: usize,
    value: *const c_char,
    value_size: usize,
) -> gossip_error_code_t {
    guard_or("gossip_message_builder_set_metadata", INVALID, move || {
        // SAFETY: the caller's promise.
        let mut message = match unsafe { locked(builder) } {
            Ok(message) => message,
            Err(code) => return Some(code),
        };
        let count = message.entries.len();
        let Some(entry) = message.entries.get_mut(index) else {
            set_last_error(format_args!("index is {index}; the message has {count} entries"));
            return None;
        };
        let mut metadata = entry.metadata.clone().unwrap_or_default();
        // SAFETY: the caller's promise.
        unsafe { set_pair(&mut metadata, (key, key_size), (value, value_size)) }?;
        entry.metadata = Some(metadata);
        Some(SUCCESS)
    })
}

/// Hands a message out as one that a send callback is called with: so that functions that take a
/// gossip_message_t, called inside with that very pointer, have the metadata of its entries too.
/// The error text of the last call inside stays.
///
/// Such functions are gossip_transport_send_message() and gossip_serializer_serialize(); and
/// gossip_view_info() and its like know the entries.
///
/// @param builder The message.
/// @param callback Called once before this returns, on this thread.
/// @param user_data Handed to the callback.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if builder or callback is NULL;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// builder is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_builder_lend(
    builder: *const gossip_message_builder_t,
    callback: gossip_message_callback_t,
    user_data: *mut c_void,
) -> gossip_error_code_t {
    guard_then("gossip_message_builder_lend", INVALID, move |code| {
        if callback.is_none() {
            report_null("callback");
            return None;
        }
        // SAFETY: the caller's promise.
        let message = unsafe { locked(builder) }.map_err(|reason| *code = reason).ok()?.clone();
        *code = SUCCESS;
        Some(Loan { message, callback, user_data })
    })
}

/// Frees a builder. A core that took its message keeps what it needs.
///
/// @param builder The builder; NULL does nothing.
///
/// Threads: any one, when no other thread uses it any more. From callbacks: yes. Since 1.6.
///
/// # Safety
/// builder is NULL or came from gossip_message_builder_create() and was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_message_builder_destroy(
    builder: *mut gossip_message_builder_t,
) {
    guard_quiet("gossip_message_builder_destroy", (), move || {
        if !builder.is_null() {
            // SAFETY: it came from Box::into_raw in `create`, and the caller gives it up.
            drop(unsafe { Box::from_raw(builder) });
        }
    });
}

/// Takes a message that was built, as gossip_core_handle_message() takes one that is a struct.
///
/// @param core The core.
/// @param builder The message; it stays the caller's and may be handed in again.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL or the message is
/// refused: gossip_last_error() then says why; GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core
/// cannot be used any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; builder is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_built(
    core: *mut gossip_core_t,
    builder: *const gossip_message_builder_t,
) -> gossip_error_code_t {
    guard_then("gossip_core_handle_built", INVALID, move |code| {
        // SAFETY: the caller's promise.
        unsafe { handle_built(core, builder, None, code) }
    })
}

/// Takes a message that was built at a given time, see gossip_core_tick_at().
///
/// @param core The core.
/// @param builder The message, as for gossip_core_handle_built().
/// @param now_ms The time in milliseconds.
/// @return As gossip_core_handle_built().
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; builder is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_handle_built_at(
    core: *mut gossip_core_t,
    builder: *const gossip_message_builder_t,
    now_ms: u64,
) -> gossip_error_code_t {
    guard_then("gossip_core_handle_built_at", INVALID, move |code| {
        // SAFETY: the caller's promise.
        unsafe { handle_built(core, builder, at(now_ms), code) }
    })
}

/// The message that is being made, locked; an error code, with an error text, if it cannot be used.
///
/// # Safety
/// `builder` is NULL or is not destroyed while the result is used.
unsafe fn locked<'a>(
    builder: *const gossip_message_builder_t,
) -> Result<MutexGuard<'a, Message>, gossip_error_code_t> {
    // SAFETY: the caller's promise.
    let builder = unsafe { argument(builder, "builder") }.ok_or(INVALID)?;
    if builder.process != os::process_mark() {
        set_last_error(format_args!(
            "this builder was made by the parent of this forked process; only destroy it here"
        ));
        return Err(gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED);
    }
    Ok(builder.message.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Gives a core a message that was built, at a time that the program gave or now.
///
/// # Safety
/// As [`gossip_core_handle_built`].
unsafe fn handle_built(
    core: *const gossip_core_t,
    builder: *const gossip_message_builder_t,
    at: Option<Instant>,
    code: &mut gossip_error_code_t,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let (core, message) = unsafe { (core_ref(core)?, locked(builder)) };
    let message = message.map_err(|reason| *code = reason).ok()?;
    core.input_code(code, INVALID, at, |core, now| {
        let entries = message.entries.iter().map(NodeView::as_entry);
        core.handle_message(now, Path::Struct, &message.header, entries)
    })
}

/// Adds a pair to metadata, or takes all pairs out for a key that is NULL; `None`, with an error text,
/// if that cannot be.
///
/// # Safety
/// The pointers are NULL or have as many bytes.
pub(in crate::ffi) unsafe fn set_pair(
    metadata: &mut Arc<Metadata>,
    key: (*const c_char, usize),
    value: (*const c_char, usize),
) -> Option<()> {
    if key.0.is_null() {
        *metadata = Arc::default();
        return Some(());
    }
    // SAFETY: the caller's promise.
    let (key, value) = unsafe { (text_of(key, "key")?, text_of(value, "value")?) };
    or_report(Arc::make_mut(metadata).insert(&key, &value), "")
}

/// Some bytes as text; `None`, with an error text, for NULL or more than metadata may have.
///
/// # Safety
/// The pointer is NULL or has as many bytes.
unsafe fn text_of((start, bytes): (*const c_char, usize), name: &str) -> Option<String> {
    if !is_given(start, name) {
        return None;
    }
    if bytes > Metadata::MAX_BYTES {
        set_last_error(format_args!(
            "{name}_size is {bytes}; pass at most {}",
            Metadata::MAX_BYTES
        ));
        return None;
    }
    // SAFETY: not NULL, and the caller's promise.
    let bytes = unsafe { slice::from_raw_parts(start.cast::<u8>(), bytes) };
    Some(String::from_utf8_lossy(bytes).into_owned())
}

/// A message to be lent, outside of what catches panics.
pub(in crate::ffi) struct Loan {
    message: Message,
    callback: gossip_message_callback_t,
    user_data: *mut c_void,
}

impl Loan {
    pub(in crate::ffi) const fn new(
        message: Message,
        callback: gossip_message_callback_t,
        user_data: *mut c_void,
    ) -> Self {
        Self { message, callback, user_data }
    }
}

impl Callbacks for Loan {
    fn run(self) {
        let Some(callback) = self.callback else { return };
        let entries: Vec<Entry<'_>> = self.message.entries.iter().map(NodeView::as_entry).collect();
        let header = &self.message.header;
        let mut views = Vec::with_capacity(entries.len());
        entries.iter().for_each(|entry| push_view(entry, &mut views));
        let extras: Vec<Extra> = entries.iter().map(Extra::of).collect();
        let message = message_of(header, &mut views);
        let (written, scratch) = (Cell::new(0), Cell::default());
        // Nothing is known of its receiver.
        let handed = HandedMessage {
            message: &raw const message,
            header,
            form: Form::Text,
            to_new: false,
            extras: &extras,
            packet: None,
            written: &written,
            scratch: &scratch,
        };
        let handed = HandedOut::message(message.entries, &extras, handed);
        let _handing = handed.begin();
        // SAFETY: a function of the program with this type, called with a message that lives until it
        // returns.
        unsafe { callback(&raw const message, self.user_data) };
    }
}
