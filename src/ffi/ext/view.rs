//! `gossip_view_*`: what a node that a callback was handed has beside its struct.

use super::info::{self, gossip_node_info_t};
use super::metadata::{self, Walk, gossip_metadata_callback_t};
use super::sized;
use crate::ffi::argument::argument;
use crate::ffi::callbacks::Extra;
use crate::ffi::error::set_last_error;
use crate::ffi::guard::{guard, guard_then};
use crate::ffi::handle::Shared;
use crate::ffi::types::gossip_node_view_t;
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::{c_char, c_int, c_void};
use core::mem::size_of;
use core::ptr;

/// The nodes that a callback was handed, and what their structs lack. Pointers into them are only
/// compared, never followed.
#[derive(Clone, Copy)]
struct HandedOut {
    start: usize,
    /// Bytes from one to the next.
    stride: usize,
    extras: *const [Extra],
}

impl HandedOut {
    const NOTHING: Self =
        Self { start: 0, stride: 1, extras: ptr::slice_from_raw_parts(ptr::null(), 0) };

    fn place_of(&self, view: *const gossip_node_view_t) -> Option<usize> {
        let bytes = view.addr().checked_sub(self.start)?;
        let place = bytes / self.stride;
        (bytes.is_multiple_of(self.stride) && place < self.extras.len()).then_some(place)
    }
}

// No destructors, as in `error`.
std::thread_local! {
    /// Of the innermost callback of this thread, while it runs.
    static HANDED_OUT: Cell<HandedOut> = const { Cell::new(HandedOut::NOTHING) };
    /// Whose callbacks this thread runs.
    static OWNER: Cell<Owner> = const { Cell::new(Owner::Nobody) };
}

/// Notes what the callback that is about to run is handed; puts back what was there when dropped,
/// also when an exception passes.
pub(crate) struct Handing(HandedOut);

impl Handing {
    /// Nodes that lie `stride` bytes apart, the first one at `first`.
    pub(crate) fn nodes(first: *const gossip_node_view_t, stride: usize, extras: &[Extra]) -> Self {
        let extras = ptr::from_ref(extras);
        Self(HANDED_OUT.replace(HandedOut { start: first.addr(), stride, extras }))
    }

    /// Nodes side by side.
    pub(crate) fn views(first: *const gossip_node_view_t, extras: &[Extra]) -> Self {
        Self::nodes(first, size_of::<gossip_node_view_t>(), extras)
    }
}

impl Drop for Handing {
    fn drop(&mut self) {
        HANDED_OUT.set(self.0);
    }
}

/// Whose callbacks run.
#[derive(Clone, Copy)]
enum Owner {
    Nobody,
    Core(*const Shared),
    #[cfg(feature = "net")]
    Node(*const crate::net::Node),
}

/// Notes whose callbacks run; puts back what was there when dropped.
pub(crate) struct Running(Owner);

impl Running {
    pub(crate) fn of(shared: &Arc<Shared>) -> Self {
        Self(OWNER.replace(Owner::Core(Arc::as_ptr(shared))))
    }

    /// Those of a node, which stays for as long; `None` for one that is being destroyed.
    #[cfg(feature = "net")]
    pub(crate) fn of_node(node: Option<&Arc<crate::net::Node>>) -> Self {
        let owner = node.map_or(Owner::Nobody, |node| Owner::Node(Arc::as_ptr(node)));
        Self(OWNER.replace(owner))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        OWNER.set(self.0);
    }
}

/// What the struct at `view` lacks, if the callback that runs on this thread was handed it; else an
/// error text.
fn extra_of(view: *const gossip_node_view_t) -> Option<Extra> {
    let handed_out = HANDED_OUT.get();
    let Some(place) = handed_out.place_of(view) else {
        set_last_error(format_args!(
            "view is not a node that the callback running on this thread was handed; pass the \
             pointer itself, not a copy of what it points to"
        ));
        return None;
    };
    // SAFETY: set by `Handing`, which stands for as long as what it borrows: the callback of this
    // thread inside which we are. The place is within it.
    Some(unsafe { (&(*handed_out.extras))[place].clone() })
}

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
    guard("gossip_view_info", 0, || {
        // SAFETY: the caller's promise.
        let Some(node) = (unsafe { argument(view, "view") }) else { return 0 };
        let Some(extra) = extra_of(view) else { return 0 };
        let known = match OWNER.get() {
            Owner::Nobody => info::Known::default(),
            // SAFETY: set by `Running`, which holds the core for as long as its callbacks run, and
            // one of them runs: `extra_of` has found what it was handed.
            Owner::Core(shared) => info::known(unsafe { &*shared }, node),
            #[cfg(feature = "net")]
            Owner::Node(owner) => {
                let id = crate::types::NodeId::new(node.id.data);
                // SAFETY: as above, with a node.
                crate::ffi::node::members::known(unsafe { &*owner }, &id)
            }
        };
        // SAFETY: the caller's promise.
        c_int::from(unsafe { sized::write(info, "info", &info::of_view(node, &extra, known)) })
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
    guard("gossip_view_get_metadata", 0, || {
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
    guard_then("gossip_view_each_metadata", 0, |count| {
        Walk::over(callback, user_data, count, || extra_of(view).map(|extra| extra.metadata))
    })
}
