//! `gossip_view_*`: what a node that a callback was handed has beside its struct.

use super::info::{gossip_node_info_t, of_view};
use super::metadata::{self, Walk, gossip_metadata_callback_t};
use super::owner::known;
use super::sized;
use crate::ffi::argument::argument;
use crate::ffi::guard::{guard_or, guard_then};
use crate::ffi::handed_out::extra_of;
use crate::ffi::types::gossip_node_view_t;
use crate::types::NodeId;
use core::ffi::{c_char, c_int, c_void};

/// All that is known of a node that a callback was handed.
///
/// Its status and metadata are those of the moment when the callback was decided on; what is known
/// beside the struct, such as when it was seen, is that of now.
///
/// @param view A node that the callback which runs on this thread was handed: the target or an
/// entry of gossip_send_callback_t, the node of gossip_event_callback_t, that of a gossip_change_t,
/// or an entry of a message that was lent. Where no callback of a core runs, what only a core knows
/// is zero.
/// @param info Where it is put; set its size before.
/// @return 1; 0 if an argument is NULL, view is another pointer, or the size is wrong:
/// gossip_last_error() then says which.
///
/// Threads: any. From callbacks: only there. Since 1.6.
///
/// # Safety
/// view is NULL or points to a view; info is NULL or points to a struct with as many bytes as its
/// size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_view_info(
    view: *const gossip_node_view_t,
    info: *mut gossip_node_info_t,
) -> c_int {
    guard_or("gossip_view_info", 0, move || {
        // SAFETY: the caller's promise.
        let node = unsafe { argument(view, "view") }?;
        let all = of_view(node, &extra_of(view)?, known(&NodeId::new(node.id.data)));
        // SAFETY: the caller's promise.
        Some(c_int::from(unsafe { sized::write(info, "info", &all) }))
    })
}

/// One value of the metadata of a node that a callback was handed.
///
/// @param view The node, as for gossip_view_info().
/// @param key The key.
/// @param value Where the value is put, as by gossip_core_get_metadata().
/// @param value_size As for gossip_core_get_metadata().
/// @return 1 if the value was put; 0 if there is none, it has no room or an argument is wrong.
///
/// Threads: any. From callbacks: only there. Since 1.6.
///
/// # Safety
/// view is NULL or points to a view; key is NULL or a text that ends in NUL; value_size is NULL or
/// points to a size_t, and value is NULL or has as many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_view_get_metadata(
    view: *const gossip_node_view_t,
    key: *const c_char,
    value: *mut c_char,
    value_size: *mut usize,
) -> c_int {
    guard_or("gossip_view_get_metadata", 0, move || {
        let metadata = || extra_of(view).map(|extra| extra.metadata);
        // SAFETY: the caller's promise.
        unsafe { metadata::get(metadata, key, value, value_size) }
    })
}

/// Walks the metadata of a node that a callback was handed.
///
/// @param view The node, as for gossip_view_info().
/// @param callback Called for each pair.
/// @param user_data Handed to the callback.
/// @return How many pairs there are; 0 also if an argument is wrong: gossip_last_error() then says
/// which.
///
/// Threads: any. From callbacks: only there. Since 1.6.
///
/// # Safety
/// view is NULL or points to a view.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_view_each_metadata(
    view: *const gossip_node_view_t,
    callback: gossip_metadata_callback_t,
    user_data: *mut c_void,
) -> usize {
    guard_then("gossip_view_each_metadata", 0, move |count| {
        Walk::over(callback, user_data, count, || extra_of(view).map(|extra| extra.metadata))
    })
}
