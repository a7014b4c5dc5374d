//! Metadata of any node: looked up, walked, set and taken away.

use crate::ffi::argument::{argument, core_and_id, core_ref, text_at};
use crate::ffi::core::gossip_core_t;
use crate::ffi::error::{self, INVALID, is_given, report_null, set_last_error};
use crate::ffi::guard::{Callbacks, guard_or, guard_then};
use crate::ffi::types::{gossip_error_code_t, gossip_node_id_t};
use crate::types::Metadata;
use alloc::sync::Arc;
use core::ffi::{c_char, c_int, c_void};
use core::slice;

/// Is told of one pair of a node's metadata.
///
/// No lock is held: any function may be called here. The pairs are those of the moment when the
/// walk began, sorted by key. Do not leave by longjmp.
///
/// @param key The key in UTF-8; a NUL stands behind it. Valid until this returns.
/// @param key_size Its bytes without that NUL. Text that came from JSON may have a NUL within.
/// @param value The value, in the same way.
/// @param value_size Its bytes, in the same way.
/// @param user_data What was given to the function that walks.
/// @return 0 to go on, another number to end the walk.
pub type gossip_metadata_callback_t = Option<
    unsafe extern "C-unwind" fn(
        key: *const c_char,
        key_size: usize,
        value: *const c_char,
        value_size: usize,
        user_data: *mut c_void,
    ) -> c_int,
>;

/// One value of a node's metadata.
///
/// Ask with value NULL for the size, make room, and ask again; or ask with a buffer at once.
///
/// @param core The core.
/// @param id Whose; the own id finds that of the node itself.
/// @param key The key.
/// @param value Where the value is put, in UTF-8 with a NUL behind it; NULL only asks for the size.
/// Left as it is if the value has no room.
/// @param value_size Before: the bytes that value has room for; not looked at if value is NULL.
/// After: the bytes of the value with its NUL, put or not; 0 if the node has no such key or is not
/// known. A value has at most 65536 bytes, and it has a NUL within if it is longer than strlen()
/// says.
/// @return 1 if the value was put; 0 if there is none, it has no room or value is NULL, or an
/// argument is wrong: gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id; key is NULL or a
/// text that ends in NUL; value_size is NULL or points to a size_t, and value is NULL or has as
/// many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_get_metadata(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    key: *const c_char,
    value: *mut c_char,
    value_size: *mut usize,
) -> c_int {
    guard_or("gossip_core_get_metadata", 0, move || {
        // SAFETY: the caller's promise.
        unsafe { get(|| metadata_of(core, id), key, value, value_size) }
    })
}

/// Walks the metadata of a node.
///
/// @param core The core.
/// @param id Whose; the own id finds that of the node itself.
/// @param callback Called for each pair before this returns, on this thread.
/// @param user_data Handed to the callback.
/// @return How many pairs there are, told or not; 0 also if the node is not known or an argument is
/// wrong: gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_each_metadata(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    callback: gossip_metadata_callback_t,
    user_data: *mut c_void,
) -> usize {
    guard_then("gossip_core_each_metadata", 0, move |count| {
        // SAFETY: the caller's promise.
        Walk::over(callback, user_data, count, || unsafe { metadata_of(core, id) })
    })
}

/// How many pairs the metadata of a node has.
///
/// @param core The core.
/// @param id Whose; the own id finds that of the node itself.
/// @return The number; 0 also if the node is not known or an argument is NULL.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; id is NULL or points to an id.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_metadata_count(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
) -> usize {
    guard_or("gossip_core_metadata_count", 0, move || {
        // SAFETY: the caller's promise.
        unsafe { metadata_of(core, id) }?.map(|metadata| metadata.len())
    })
}

/// Sets one pair of the own metadata, as gossip_core_update_self_metadata() does.
///
/// @param core The core.
/// @param key The key.
/// @param value Its value.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, or it would be
/// more than 65536 bytes in all, or the key is "config_epoch" and the epoch would fall;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED if the core cannot be used any more.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; key and value are NULL or texts that end in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_set_metadata(
    core: *mut gossip_core_t,
    key: *const c_char,
    value: *const c_char,
) -> gossip_error_code_t {
    guard_then("gossip_core_set_metadata", INVALID, move |code| {
        // SAFETY: the caller's promise.
        let (core, key, value) =
            unsafe { (core_ref(core)?, text(key, "key")?, text(value, "value")?) };
        core.input_code(code, INVALID, None, |core, now| {
            core.update_metadata(now, [(&*key, &*value)].into_iter())
        })
    })
}

/// Takes one pair of the own metadata away; the others learn of it with the next rounds.
///
/// @param core The core.
/// @param key The key.
/// @return 1 if there was such a pair; 0 if not, or if an argument is NULL or the core cannot be
/// used any more: gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// core is NULL or a core that was not destroyed; key is NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_core_remove_self_metadata(
    core: *mut gossip_core_t,
    key: *const c_char,
) -> c_int {
    guard_then("gossip_core_remove_self_metadata", 0, move |removed| {
        // SAFETY: the caller's promise.
        let (core, key) = unsafe { (core_ref(core)?, text(key, "key")?) };
        core.run(None, |core, now| *removed = c_int::from(core.remove_metadata(now, &key)))
    })
}

/// The metadata that is held of a node, `Some(None)` if nothing is known about it; `None`, with an
/// error text, for an unknown node or a wrong argument.
///
/// # Safety
/// As [`gossip_core_metadata_count`].
unsafe fn metadata_of(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
) -> Option<Option<Arc<Metadata>>> {
    // SAFETY: the caller's promise.
    let (core, id) = unsafe { core_and_id(core, id, "id") }?;
    let found = core.read(|core| core.find(&id).map(|entry| entry.metadata.whole()))?;
    if found.is_none() {
        set_last_error(format_args!("id is {id}; no member has this id"));
    }
    found
}

/// A text of C that an argument must be.
///
/// # Safety
/// `text` is NULL or ends in NUL.
pub(in crate::ffi) unsafe fn text(text: *const c_char, name: &str) -> Option<String> {
    // SAFETY: the caller's promise.
    if is_given(text, name) { unsafe { text_at(text) } } else { None }
}

/// Puts one value where the program wants it; `None` if it was not put.
///
/// # Safety
/// As [`gossip_core_get_metadata`].
pub(in crate::ffi) unsafe fn get(
    metadata: impl FnOnce() -> Option<Option<Arc<Metadata>>>,
    key: *const c_char,
    value: *mut c_char,
    value_size: *mut usize,
) -> Option<c_int> {
    // SAFETY: the caller's promise.
    let (&room, key) = unsafe { (argument(value_size, "value_size")?, text(key, "key")?) };
    let metadata = metadata()?;
    let found = metadata.as_deref().and_then(|metadata| metadata.get(&key));
    let bytes = found.map_or(0, |found| found.len() + 1);
    // SAFETY: not NULL, and the caller's promise that it may be written.
    unsafe { value_size.write(bytes) };
    let found = found.filter(|_| !value.is_null())?;
    if room < bytes {
        set_last_error(format_args!("*value_size is {room}; the value has {bytes} with its NUL"));
        return None;
    }
    // SAFETY: the caller's promise that `value` has `room` bytes, which is enough.
    let place = unsafe { slice::from_raw_parts_mut(value.cast::<u8>(), bytes) };
    place[..bytes - 1].copy_from_slice(found.as_bytes());
    place[bytes - 1] = 0;
    Some(1)
}

/// Pairs to be told, outside of what catches panics.
pub(in crate::ffi) struct Walk {
    metadata: Arc<Metadata>,
    callback: gossip_metadata_callback_t,
    user_data: *mut c_void,
}

impl Walk {
    /// The walk over all pairs, and in `count` how many there are.
    pub(in crate::ffi) fn over(
        callback: gossip_metadata_callback_t,
        user_data: *mut c_void,
        count: &mut usize,
        metadata: impl FnOnce() -> Option<Option<Arc<Metadata>>>,
    ) -> Option<Self> {
        if callback.is_none() {
            report_null("callback");
            return None;
        }
        let metadata = metadata().flatten()?;
        *count = metadata.len();
        Some(Self { metadata, callback, user_data })
    }
}

impl Callbacks for Walk {
    fn run(self) {
        let Some(callback) = self.callback else { return };
        let saved = error::save();
        let mut texts = Vec::new();
        for (key, value) in self.metadata.iter() {
            texts.clear();
            for part in [key.as_bytes(), b"\0", value.as_bytes(), b"\0"] {
                texts.extend_from_slice(part);
            }
            let start = texts.as_ptr().cast::<c_char>();
            let behind = start.wrapping_add(key.len() + 1);
            // SAFETY: a function of the program with this type; both texts end in NUL and live
            // until it returns.
            let end = unsafe { callback(start, key.len(), behind, value.len(), self.user_data) };
            if end != 0 {
                break;
            }
        }
        saved.restore();
    }
}
