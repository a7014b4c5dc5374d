//! `gossip_serializer_*`: messages as bytes.
#![allow(non_camel_case_types, reason = "the names are those of the C header")]

use super::guard::{guard, guard_both, guard_quiet};
use super::serializer as body;
use super::types::{gossip_error_code_t, gossip_message_t};
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::ptr;

/// A form of messages as bytes. Opaque; one serves any number of threads.
pub struct gossip_serializer {
    pub(super) named: body::Named,
}
/// See gossip_serializer.
pub type gossip_serializer_t = gossip_serializer;

/// Writes a message as bytes, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param msg The message, lent for the call; its texts end in NUL and its type is 0 to 7.
/// @param data Where the bytes are to be put; they are given to the release function afterwards.
/// @param data_size Where their number is to be put: 1 to 1 MiB.
/// @return GOSSIP_ERR_SUCCESS, or anything else for a message that cannot be written; then nothing
/// that was put anywhere is looked at.
pub type gossip_serializer_encode_t = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        msg: *const gossip_message_t,
        data: *mut *mut u8,
        data_size: *mut usize,
    ) -> MaybeUninit<gossip_error_code_t>,
>;

/// Reads a message from bytes, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param data The bytes, lent for the call; at least one.
/// @param data_size Their number.
/// @param msg Where the message is to be put; it comes as an empty ping. Its entries are given to
/// the release function afterwards. Whatever is put there is checked as an argument would be, and
/// what has a flaw is counted as junk; at most 1024 entries are taken.
/// @return GOSSIP_ERR_SUCCESS, or anything else for bytes that are no message; then msg is not
/// looked at.
pub type gossip_serializer_decode_t = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        data: *const u8,
        data_size: usize,
        msg: *mut gossip_message_t,
    ) -> MaybeUninit<gossip_error_code_t>,
>;

/// Gives back what an encode or decode function made, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param memory The bytes of an encode, or the entries of a decode; never NULL.
pub type gossip_serializer_release_t =
    Option<unsafe extern "C-unwind" fn(user_data: *mut c_void, memory: *mut c_void)>;

/// Gives user data back, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer, which nothing uses any more.
pub type gossip_serializer_drop_t = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// The program's own form of messages, for gossip_serializer_create_custom().
///
/// Its functions may be called on any thread, also on several at once and on the thread of a
/// transport, and with no lock held: they may call any function of this library. They must return;
/// no exception and no longjmp may leave them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_serializer_vtable {
    /// sizeof(gossip_serializer_vtable_t), which tells this version from later, larger ones.
    pub size: usize,
    /// What gossip_serializer_name() is to say, copied; NULL for "custom".
    pub name: *const c_char,
    /// Writes a message.
    pub encode: gossip_serializer_encode_t,
    /// Reads a message.
    pub decode: gossip_serializer_decode_t,
    /// Gives back what the two above made; NULL if that came from malloc() and free() is to be used.
    pub release: gossip_serializer_release_t,
    /// Handed to each function.
    pub user_data: *mut c_void,
    /// Called once, when the serializer was destroyed and no transport uses it any more; NULL if
    /// there is nothing to do.
    pub drop_user_data: gossip_serializer_drop_t,
}
/// See gossip_serializer_vtable.
pub type gossip_serializer_vtable_t = gossip_serializer_vtable;

/// Makes a serializer for the JSON text that libgossip has always used.
///
/// @return The serializer, to be freed by gossip_serializer_destroy(); NULL if there is no memory.
///
/// Threads: any. From callbacks: yes. Since 1.0.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_json_serializer_create() -> *mut gossip_serializer_t {
    guard("gossip_json_serializer_create", ptr::null_mut(), body::create_json)
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
    guard("gossip_serializer_create", ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe { body::create(name) }
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
    guard("gossip_serializer_names", ptr::null(), || {
        // SAFETY: the caller's promise.
        unsafe { body::names(count) }
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
    guard("gossip_serializer_create_custom", ptr::null_mut(), || {
        // SAFETY: the caller's promise.
        unsafe { body::create_custom(vtable) }
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
    guard("gossip_serializer_set_metadata", body::FAILED, || {
        // SAFETY: the caller's promise.
        unsafe { super::custom::set_metadata(index, (key, key_size), (value, value_size)) }
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
    guard("gossip_serializer_name", c"".as_ptr(), || {
        // SAFETY: the caller's promise.
        unsafe { body::name(serializer) }
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
    guard_quiet("gossip_serializer_destroy", (), || {
        // SAFETY: the caller's promise.
        unsafe { body::destroy(serializer) }
    });
}

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
    guard("gossip_serializer_serialize", body::FAILED, || {
        // SAFETY: the caller's promise.
        unsafe { body::serialize(serializer, msg, data, data_size) }
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
    guard("gossip_serializer_deserialize", body::FAILED, || {
        // SAFETY: the caller's promise.
        unsafe { body::deserialize(serializer, data, data_size, msg) }
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
    guard_both("gossip_serializer_read", body::FAILED, || {
        // SAFETY: the caller's promise.
        unsafe { body::read(serializer, data, data_size, (callback, user_data)) }
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
    guard_quiet("gossip_buffer_free", (), || {
        // SAFETY: the caller's promise.
        unsafe { super::memory::free(data.cast()) }
    });
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
    guard_quiet("gossip_message_free_entries", (), || {
        // SAFETY: the caller's promise.
        unsafe { body::free_entries(msg) }
    });
}
