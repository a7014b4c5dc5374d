//! Arguments of C functions: looked at, and an error text for each flaw.

use super::convert::{Flaw, Status, entry_of, owned_of};
use super::core::gossip_core_t;
use super::error::{is_given, set_last_error};
use super::handle::Shared;
use super::types::{gossip_message_t, gossip_node_id_t, gossip_node_view_t};
use crate::proto::Core;
use crate::types::{Entry, Metadata, NodeId, NodeView};
use alloc::sync::Arc;
use core::ffi::c_char;
use core::slice;

/// The core behind a handle; `None`, with an error text, for NULL.
///
/// # Safety
/// `core` is NULL or a core that is not destroyed while the result is used.
#[inline(never)]
pub(super) unsafe fn core_ref<'a>(core: *const gossip_core_t) -> Option<&'a Arc<Shared>> {
    // SAFETY: the caller's promise.
    let core = unsafe { core.as_ref() };
    if core.is_none() {
        set_last_error(format_args!("core is NULL; pass what gossip_core_create() returned"));
    }
    core.map(|core| &core.shared)
}

/// A core and what another pointer points to; `None`, with an error text for the first that is NULL.
///
/// # Safety
/// As [`core_ref`] and [`argument`].
pub(super) unsafe fn core_and<'a, T>(
    core: *const gossip_core_t,
    pointer: *const T,
    name: &str,
) -> Option<(&'a Arc<Shared>, &'a T)> {
    // SAFETY: the caller's promise.
    unsafe { Some((core_ref(core)?, argument(pointer, name)?)) }
}

/// A core and an id; `None`, with an error text for the first that is NULL.
///
/// # Safety
/// As [`core_ref`] and [`argument`].
pub(super) unsafe fn core_and_id<'a>(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    name: &str,
) -> Option<(&'a Arc<Shared>, NodeId)> {
    // SAFETY: the caller's promise.
    let (core, id) = unsafe { core_and(core, id, name) }?;
    Some((core, NodeId::new(id.data)))
}

/// What a pointer points to; `None`, with an error text, for NULL.
///
/// # Safety
/// `pointer` is NULL or points to a `T` for as long as the result is used.
pub(super) unsafe fn argument<'a, T>(pointer: *const T, name: &str) -> Option<&'a T> {
    // SAFETY: not NULL, and the caller's promise.
    is_given(pointer, name).then(|| unsafe { &*pointer })
}

/// Runs `body` with a view as an entry, its status left out; `None`, with a text, for a flaw.
pub(super) fn with_entry<R>(
    view: &gossip_node_view_t,
    name: &str,
    body: impl FnOnce(&Entry<'_>) -> Option<R>,
) -> Option<R> {
    let report = |flaw: &Flaw| set_last_error(format_args!("{name}->{flaw}"));
    let owned: NodeView;
    let entry = match entry_of(view, Status::Ignored).inspect_err(report).ok()? {
        Some(entry) => entry,
        None => {
            owned = owned_of(view, Status::Ignored).inspect_err(report).ok()?;
            owned.as_entry()
        }
    };
    body(&entry)
}

/// The entries of a message; `None`, with an error text, if the count cannot be true.
///
/// # Safety
/// `message.entries` is NULL or an array of `message.entries_count` views.
pub(super) unsafe fn entries_of(message: &gossip_message_t) -> Option<&[gossip_node_view_t]> {
    let count = message.entries_count;
    if count == 0 {
        return Some(&[]);
    }
    if message.entries.is_null() {
        set_last_error(format_args!(
            "msg->entries is NULL but msg->entries_count is {count}; pass the entries or 0"
        ));
        return None;
    }
    if count > Core::MAX_ENTRIES {
        set_last_error(format_args!(
            "msg->entries_count is {count}; pass at most {} entries in one message",
            Core::MAX_ENTRIES
        ));
        return None;
    }
    // SAFETY: not NULL, and the caller's promise for the count, which is below any overflow.
    Some(unsafe { slice::from_raw_parts(message.entries, count) })
}

/// A copy of a text of C; `None` for NULL. Reads one byte more than metadata may have, at most: so
/// a longer text is still too long and is refused as such.
///
/// # Safety
/// `text` is NULL or ends in NUL.
pub(super) unsafe fn text_at(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the text ends in NUL, and nothing beyond that is read.
    let is_text = |at: &usize| unsafe { text.add(*at).read() } != 0;
    let len = (0..=Metadata::MAX_BYTES).take_while(is_text).count();
    // SAFETY: these bytes were all read just now.
    let bytes = unsafe { slice::from_raw_parts(text.cast::<u8>(), len) };
    Some(String::from_utf8_lossy(bytes).into_owned())
}
