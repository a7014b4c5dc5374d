//! What the functions of [`super::core`] do, once the guard stands around them.

use super::callbacks::Targets;
use super::convert::{Flaw, Status, entry_of, header_of, owned_of, view_of};
use super::core::gossip_core_t;
use super::error::set_last_error;
use super::handle::{Pending, Shared};
use super::memory::CArray;
use super::types::{gossip_message_t, gossip_node_id_t, gossip_node_view_t};
use crate::os;
use crate::proto::{CommandError, Config, Core};
use crate::types::{Entry, Instant, Metadata, NodeId, NodeView};
use alloc::sync::Arc;
use core::convert::Infallible;
use core::ffi::{c_char, c_int};
use core::{ptr, slice};

/// The core behind a handle, to be held by a transport; `None`, with an error text, for NULL.
///
/// # Safety
/// `core` is NULL or a core that was not destroyed.
pub unsafe fn shared_of(core: *const gossip_core_t) -> Option<Arc<Shared>> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }.map(Arc::clone)
}

/// # Safety
/// As [`shared_of`], for as long as the result is used.
#[inline(never)]
pub(super) unsafe fn core_ref<'a>(core: *const gossip_core_t) -> Option<&'a Arc<Shared>> {
    // SAFETY: the caller's promise.
    let core = unsafe { core.as_ref() };
    if core.is_none() {
        set_last_error(format_args!("core is NULL; pass what gossip_core_create() returned"));
    }
    core.map(|core| &core.shared)
}

/// # Safety
/// `pointer` is NULL or points to a `T` for as long as the result is used.
pub(super) unsafe fn argument<'a, T>(pointer: *const T, name: &str) -> Option<&'a T> {
    // SAFETY: the caller's promise.
    let value = unsafe { pointer.as_ref() };
    if value.is_none() {
        report_null(name);
    }
    value
}

/// The error text for an argument that must not be NULL.
#[cold]
#[inline(never)]
pub(super) fn report_null(name: &str) {
    set_last_error(format_args!("{name} is NULL; pass a pointer"));
}

/// Runs `body` with a view as an entry, its status left out; `None`, with a text, for a flaw.
pub(super) fn with_entry<R>(
    view: &gossip_node_view_t,
    name: &str,
    body: impl FnOnce(&Entry<'_>) -> Option<R>,
) -> Option<R> {
    let report = |flaw: Flaw| set_last_error(format_args!("{name}->{flaw}"));
    match entry_of(view, Status::Ignored) {
        Ok(Some(entry)) => body(&entry),
        Ok(None) => {
            let owned: NodeView = owned_of(view, Status::Ignored).map_err(report).ok()?;
            body(&owned.as_entry())
        }
        Err(flaw) => {
            report(flaw);
            None
        }
    }
}

/// # Safety
/// As [`super::core::gossip_core_create`].
pub(super) unsafe fn create(
    self_node: *const gossip_node_view_t,
    targets: Targets,
) -> *mut gossip_core_t {
    // SAFETY: the caller's promise.
    let Some(view) = (unsafe { argument(self_node, "self_node") }) else { return ptr::null_mut() };
    let core = with_entry(view, "self_node", |own| {
        let seed = os::entropy().map_err(|error| set_last_error(format_args!("{error}"))).ok()?;
        Core::new(Config::own_loop(), own, seed, os::now())
            .map_err(|error| set_last_error(format_args!("self_node: {error}; correct it")))
            .ok()
    });
    core.map_or(ptr::null_mut(), |core| {
        Box::into_raw(Box::new(gossip_core_t { shared: Shared::new(core, targets) }))
    })
}

/// # Safety
/// As [`super::core::gossip_core_destroy`].
pub(super) unsafe fn destroy(core: *mut gossip_core_t) {
    // SAFETY: the caller's promise.
    let Some(handle) = (unsafe { core.as_ref() }) else { return };
    if handle.shared.is_foreign() {
        // A forked child: it may hold half of a change that another thread of the parent made.
        return;
    }
    handle.shared.close();
    // SAFETY: it came from Box::into_raw in `create`, and the caller gives it up.
    drop(unsafe { Box::from_raw(core) });
}

/// # Safety
/// As [`super::core::gossip_core_tick`].
pub(super) unsafe fn tick(core: *const gossip_core_t, at: Option<Instant>) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }?.input(at, |core, now, _| {
        core.round(now);
        CANNOT_FAIL
    })
}

/// # Safety
/// As [`super::core::gossip_core_tick_full_broadcast`].
pub(super) unsafe fn tick_full_broadcast(core: *const gossip_core_t) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }?.input(None, |core, now, _| {
        core.round_broadcast(now);
        CANNOT_FAIL
    })
}

/// # Safety
/// As [`super::core::gossip_core_reset`].
pub(super) unsafe fn reset(core: *const gossip_core_t) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }?.input(None, |core, now, _| {
        core.reset(now);
        CANNOT_FAIL
    })
}

/// # Safety
/// As [`super::ext::clock::gossip_core_handle_timeout`].
#[cfg(feature = "ext")]
pub(super) unsafe fn handle_timeout(
    core: *const gossip_core_t,
    at: Option<Instant>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }?.input(at, |core, now, _| {
        core.handle_timeout(now);
        CANNOT_FAIL
    })
}

/// The result of an input that has no error.
const CANNOT_FAIL: Result<(), Infallible> = Ok(());

/// # Safety
/// As [`super::core::gossip_core_handle_message`].
pub(super) unsafe fn handle_message(
    core: *const gossip_core_t,
    msg: *const gossip_message_t,
    at: Option<Instant>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let core = unsafe { core_ref(core) }?;
    // SAFETY: the caller's promise.
    let message = unsafe { argument(msg, "msg") }?;
    // SAFETY: the caller's promise.
    let views = unsafe { entries_of(message) }?;
    match header_of(message) {
        Ok(header) => core.deliver_struct(&header, views, at),
        Err(flaw) => {
            set_last_error(format_args!("msg->{flaw}"));
            None
        }
    }
}

/// The entries of a message; `None`, with an error text, if the count cannot be true.
///
/// # Safety
/// `message.entries` is NULL or an array of `message.entries_count` views.
pub unsafe fn entries_of(message: &gossip_message_t) -> Option<&[gossip_node_view_t]> {
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

/// # Safety
/// As [`super::core::gossip_core_meet`].
pub(super) unsafe fn meet(
    core: *const gossip_core_t,
    node: *const gossip_node_view_t,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { contact(core, node, Core::meet) }
}

/// # Safety
/// As [`super::core::gossip_core_join`].
pub(super) unsafe fn join(
    core: *const gossip_core_t,
    node: *const gossip_node_view_t,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    unsafe { contact(core, node, Core::join) }
}

/// # Safety
/// As [`meet`].
unsafe fn contact(
    core: *const gossip_core_t,
    node: *const gossip_node_view_t,
    command: fn(&mut Core, Instant, &Entry<'_>) -> Result<(), CommandError>,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let core = unsafe { core_ref(core) }?;
    // SAFETY: the caller's promise.
    let view = unsafe { argument(node, "node") }?;
    with_entry(view, "node", |entry| {
        #[cfg(feature = "ext")]
        super::ext::lines::own(format_args!("asked to contact {}:{}", entry.ip, entry.port));
        core.input(None, |core, now, _| command(core, now, entry))
    })
}

/// # Safety
/// As [`super::core::gossip_core_leave`].
pub(super) unsafe fn leave(
    core: *const gossip_core_t,
    node_id: *const gossip_node_id_t,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let core = unsafe { core_ref(core) }?;
    // SAFETY: the caller's promise.
    let id = NodeId::new(unsafe { argument(node_id, "node_id") }?.data);
    #[cfg(feature = "ext")]
    super::ext::lines::own(format_args!("asked to tell that node {id} leaves"));
    core.input(None, |core, now, _| core.leave(now, &id))
}

/// # Safety
/// As [`super::core::gossip_core_self`].
pub(super) unsafe fn own(core: *const gossip_core_t) -> *mut gossip_node_view_t {
    // SAFETY: the caller's promise.
    let view = unsafe { core_ref(core) }.and_then(|core| {
        core.read(|core| gossip_node_view_t {
            sent_messages: core.stats().sent_messages,
            received_messages: core.stats().received_messages,
            ..view_of(&core.own())
        })
    });
    let Some(view) = view else { return ptr::null_mut() };
    let Some(mut array) = room_for(1) else { return ptr::null_mut() };
    array.push(view);
    array.into_raw()
}

/// # Safety
/// As [`super::core::gossip_core_get_nodes`].
pub(super) unsafe fn nodes(
    core: *const gossip_core_t,
    count: *mut usize,
) -> *mut gossip_node_view_t {
    // SAFETY: the caller's promise.
    let Some(core) = (unsafe { core_ref(core) }) else { return ptr::null_mut() };
    if count.is_null() {
        report_null("count");
        return ptr::null_mut();
    }
    let array = core.read(|core| {
        if core.is_empty() {
            return None;
        }
        let mut array = room_for(core.len())?;
        for entry in core.members() {
            array.push(view_of(&entry));
        }
        Some(array)
    });
    let array = array.flatten().filter(|array| !array.is_empty());
    let len = array.as_ref().map_or(0, CArray::len);
    // SAFETY: not NULL, and the caller's promise that it may be written.
    unsafe { count.write(len) };
    array.map_or(ptr::null_mut(), CArray::into_raw)
}

/// # Safety
/// As [`super::core::gossip_core_find_node`].
pub(super) unsafe fn find_node(
    core: *const gossip_core_t,
    id: *const gossip_node_id_t,
    out_node: *mut gossip_node_view_t,
) -> c_int {
    // SAFETY: the caller's promise.
    let Some(core) = (unsafe { core_ref(core) }) else { return 0 };
    // SAFETY: the caller's promise.
    let Some(id) = (unsafe { argument(id, "id") }) else { return 0 };
    if out_node.is_null() {
        report_null("out_node");
        return 0;
    }
    let id = NodeId::new(id.data);
    let Some(view) = core.read(|core| core.find(&id).map(|entry| view_of(&entry))).flatten() else {
        return 0;
    };
    // SAFETY: not NULL, and the caller's promise that it may be written.
    unsafe { out_node.write(view) };
    1
}

/// # Safety
/// As [`super::core::gossip_core_size`].
pub(super) unsafe fn size(core: *const gossip_core_t) -> usize {
    // SAFETY: the caller's promise.
    unsafe { core_ref(core) }.and_then(|core| core.read(Core::len)).unwrap_or(0)
}

fn room_for(count: usize) -> Option<CArray<gossip_node_view_t>> {
    let array = CArray::with_room(count);
    if array.is_none() {
        set_last_error(format_args!("no memory for {count} nodes; free some and try again"));
    }
    array
}

/// # Safety
/// As [`super::core::gossip_core_update_self_metadata`].
pub(super) unsafe fn update_self_metadata(
    core: *const gossip_core_t,
    keys: *const *const c_char,
    values: *const *const c_char,
    count: usize,
) -> Option<Pending> {
    // SAFETY: the caller's promise.
    let core = unsafe { core_ref(core) }?;
    if keys.is_null() || values.is_null() {
        let name = if keys.is_null() { "keys" } else { "values" };
        set_last_error(format_args!("{name} is NULL; pass an array of {count} texts"));
        return None;
    }
    if count == 0 {
        return None;
    }
    if count > Metadata::MAX_BYTES {
        set_last_error(format_args!(
            "count is {count}; pass at most {} pairs",
            Metadata::MAX_BYTES
        ));
        return None;
    }
    // SAFETY: not NULL, and the caller's promise for the count.
    let (keys, values) =
        unsafe { (slice::from_raw_parts(keys, count), slice::from_raw_parts(values, count)) };
    let mut pairs = Vec::new();
    for (&key, &value) in keys.iter().zip(values) {
        // SAFETY: the caller's promise.
        if let (Some(key), Some(value)) = unsafe { (text_at(key), text_at(value)) } {
            pairs.push((key, value));
        }
    }
    core.input(None, |core, now, _| {
        core.update_metadata(now, pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    })
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
