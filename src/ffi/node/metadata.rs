//! Metadata of a node and of the members that it knows.

use super::body::{FAILED, code, gossip_node_t, node_and_id, node_of, told};
use crate::ffi::error::{INVALID, set_last_error};
use crate::ffi::ext::metadata::{Walk, get, gossip_metadata_callback_t, text};
use crate::ffi::guard::{guard, guard_or, guard_then};
use crate::ffi::types::{gossip_error_code_t, gossip_node_id_t};
use crate::types::Metadata;
use alloc::sync::Arc;
use core::ffi::{c_char, c_int, c_void};

/// Sets one pair of the node's own metadata, and spreads it. The key "config_epoch" sets the own
/// config_epoch, too, if its value begins with a number.
///
/// @param node The node; if it is not started, it has the pair from the start on.
/// @param key The key.
/// @param value Its value.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if something is NULL, or it would be more
/// than 65536 bytes in all, or the epoch would fall; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked
/// child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; key and value are NULL or texts that end in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_set_metadata(
    node: *mut gossip_node_t,
    key: *const c_char,
    value: *const c_char,
) -> gossip_error_code_t {
    guard("gossip_node_set_metadata", FAILED, move || {
        let read = || {
            // SAFETY: the caller's promise.
            Some(unsafe { (node_of(node)?, text(key, "key")?, text(value, "value")?) })
        };
        let Some((node, key, value)) = read() else { return INVALID };
        code(node.update_metadata([(&*key, &*value)].into_iter()))
    })
}

/// Takes one pair of the node's own metadata away; the others learn of it.
///
/// @param node The node.
/// @param key The key.
/// @return 1 if there was such a pair; 0 if not, or if an argument is NULL or the node cannot be used:
/// gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; key is NULL or a text that ends in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_remove_metadata(
    node: *mut gossip_node_t,
    key: *const c_char,
) -> c_int {
    guard_or("gossip_node_remove_metadata", 0, move || {
        // SAFETY: the caller's promise.
        let (node, key) = unsafe { (node_of(node)?, text(key, "key")?) };
        told(node.remove_metadata(&key)).ok().map(c_int::from)
    })
}

/// One value of the metadata of the node itself or of a member.
///
/// Ask with value NULL for the size, make room, and ask again; or ask with a buffer at once.
///
/// @param node The node.
/// @param id Whose; the own id finds that of the node itself.
/// @param key The key.
/// @param value Where the value is put, in UTF-8 with a NUL behind it; NULL only asks for the size.
/// Left as it is if the value has no room.
/// @param value_size Before: the bytes that value has room for; not looked at if value is NULL. After:
/// the bytes of the value with its NUL, put or not; 0 if there is no such key. A value has at most
/// 65536 bytes.
/// @return 1 if the value was put; 0 if there is none, it has no room or value is NULL, or an argument
/// is wrong: gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; id is NULL or points to an id; key is NULL or a text that ends in
/// NUL; value_size is NULL or points to a size_t, and value is NULL or has as many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_get_metadata(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
    key: *const c_char,
    value: *mut c_char,
    value_size: *mut usize,
) -> c_int {
    guard_or("gossip_node_get_metadata", 0, move || {
        // SAFETY: the caller's promise.
        unsafe { get(|| metadata_of(node, id), key, value, value_size) }
    })
}

/// Walks the metadata of the node itself or of a member.
///
/// @param node The node.
/// @param id Whose; the own id finds that of the node itself.
/// @param callback Called for each pair, on this thread and before this returns.
/// @param user_data Handed to the callback.
/// @return How many pairs there are; 0 also if nothing is known of them or an argument is wrong:
/// gossip_last_error() then says which.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; id is NULL or points to an id.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_each_metadata(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
    callback: gossip_metadata_callback_t,
    user_data: *mut c_void,
) -> usize {
    guard_then("gossip_node_each_metadata", 0, move |count| {
        // SAFETY: the caller's promise.
        Walk::over(callback, user_data, count, || unsafe { metadata_of(node, id) })
    })
}

/// The metadata that is held of a node, `Some(None)` if nothing is known about it; `None`, with an
/// error text, for an unknown node or a wrong argument.
///
/// # Safety
/// As [`gossip_node_get_metadata`].
unsafe fn metadata_of(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
) -> Option<Option<Arc<Metadata>>> {
    // SAFETY: the caller's promise.
    let (node, id) = unsafe { node_and_id(node, id) }?;
    let found = told(node.find(&id)).ok()?;
    if found.is_none() {
        set_last_error(format_args!("id is {id}; no member has this id"));
    }
    found.map(|found| found.metadata)
}
