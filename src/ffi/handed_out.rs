//! What the callback that runs on this thread was handed, and what structs of C have no room for.

use super::error::set_last_error;
use super::types::{gossip_message_t, gossip_node_view_t};
use crate::types::{Apart, Detail, Entry, Form, Header, Metadata, MetadataPart, NodeStatus};
use alloc::sync::Arc;
use core::cell::Cell;
use core::mem::size_of;
use core::ptr;

/// What an entry has and a C struct has no room for.
#[derive(Clone, Default, Debug)]
pub(crate) struct Extra {
    /// The status with left apart from failed.
    pub(super) status: NodeStatus,
    /// The metadata; `None` says nothing about it, or that it travels apart.
    pub(super) metadata: Option<Arc<Metadata>>,
    detail: Detail,
    config_heartbeat: u64,
    apart: Apart,
    reads_packets: bool,
}

impl Extra {
    /// What the struct of this entry lacks.
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let Entry { status, detail, config_heartbeat, reads_packets, .. } = *entry;
        let (metadata, apart) = match entry.metadata {
            MetadataPart::Unsaid => (None, Apart::Unsaid),
            MetadataPart::Held(held) => (Some(Arc::clone(held)), Apart::Unsaid),
            MetadataPart::Packed(packed) => (Some(Arc::new(packed.to_metadata())), Apart::Unsaid),
            MetadataPart::Apart(stamp) => (None, Apart::Stamp(stamp)),
            MetadataPart::Slice { stamp, index, bytes } => {
                (None, Apart::Slice(stamp, index, bytes.into()))
            }
        };
        Self { status, metadata, detail, config_heartbeat, apart, reads_packets }
    }

    /// Adds to the entry of a struct what that has no room for.
    pub(super) fn complete<'a>(&'a self, entry: Entry<'a>) -> Entry<'a> {
        let metadata = match (&self.metadata, &self.apart) {
            (Some(held), _) => MetadataPart::Held(held),
            (None, Apart::Unsaid) => MetadataPart::Unsaid,
            (None, Apart::Stamp(stamp)) => MetadataPart::Apart(*stamp),
            (None, Apart::Slice(stamp, index, bytes)) => {
                MetadataPart::Slice { stamp: *stamp, index: *index, bytes }
            }
        };
        let Self { status, detail, config_heartbeat, reads_packets, .. } = *self;
        Entry { status, detail, config_heartbeat, metadata, reads_packets, ..entry }
    }
}

/// Nodes that lie at equal distances, and the message that they belong to, if they do. Its pointers
/// are only compared, never followed.
pub(super) struct HandedOut<'a> {
    first: *const gossip_node_view_t,
    /// Bytes from one node to the next.
    stride: usize,
    /// What the nodes lack, one for each.
    extras: &'a [Extra],
    message: Option<HandedMessage<'a>>,
    /// What the callback around this one was handed.
    outer: *const HandedOut<'static>,
}

/// A message as the core made it, for a struct that a callback was handed.
#[derive(Clone, Copy)]
pub(super) struct HandedMessage<'a> {
    pub(super) message: *const gossip_message_t,
    /// The message, but for its entries.
    pub(super) header: &'a Header,
    /// The form that its receiver reads.
    pub(super) form: Form,
    /// Whether the receiver is known to be no node of 1.4.2.
    pub(super) to_new: bool,
    /// One for each entry, in the same order.
    pub(super) extras: &'a [Extra],
    /// The message as a packet, if its receiver reads them.
    pub(super) packet: Option<&'a [u8]>,
    /// To be raised by the bytes that a transport wrote for it.
    pub(super) written: &'a Cell<usize>,
    /// An empty vector, kept for its memory.
    pub(super) scratch: &'a Cell<Vec<Entry<'static>>>,
}

// No destructor, as in `error`.
std::thread_local! {
    /// That of the innermost callback of this thread, while it runs.
    static CURRENT: Cell<*const HandedOut<'static>> = const { Cell::new(ptr::null()) };
}

/// Stands while a callback runs; then what the one around it was handed counts again, also when an
/// exception passes.
pub(super) struct Handing<'h, 'a>(&'h HandedOut<'a>);

impl Drop for Handing<'_, '_> {
    fn drop(&mut self) {
        CURRENT.set(self.0.outer);
    }
}

impl<'a> HandedOut<'a> {
    /// Nodes that lie `stride` bytes apart, the first one at `first`.
    pub(super) fn nodes(
        first: *const gossip_node_view_t,
        stride: usize,
        extras: &'a [Extra],
    ) -> Self {
        Self { first, stride, extras, message: None, outer: CURRENT.get() }
    }

    /// Nodes side by side.
    pub(super) fn views(first: *const gossip_node_view_t, extras: &'a [Extra]) -> Self {
        Self::nodes(first, size_of::<gossip_node_view_t>(), extras)
    }

    /// Nodes side by side, some of which are the entries of a message.
    pub(super) fn message(
        first: *const gossip_node_view_t,
        extras: &'a [Extra],
        message: HandedMessage<'a>,
    ) -> Self {
        Self { message: Some(message), ..Self::views(first, extras) }
    }

    /// Begins the callback, which the result stands for.
    #[must_use]
    pub(super) fn begin(&self) -> Handing<'_, 'a> {
        CURRENT.set(ptr::from_ref(self).cast());
        Handing(self)
    }

    fn extra_at(&self, view: *const gossip_node_view_t) -> Option<&Extra> {
        let bytes = view.addr().checked_sub(self.first.addr())?;
        self.extras.get(bytes / self.stride).filter(|_| bytes.is_multiple_of(self.stride))
    }
}

/// What the struct at `view` lacks, if the callback that runs on this thread was handed it; else an
/// error text.
pub(super) fn extra_of(view: *const gossip_node_view_t) -> Option<Extra> {
    // SAFETY: NULL or set by `begin` for a value that outlives the callback of this thread inside
    // which we are.
    let current = unsafe { CURRENT.get().as_ref() };
    let extra = current.and_then(|current| current.extra_at(view)).cloned();
    if extra.is_none() {
        set_last_error(format_args!(
            "view is not a node that the callback running on this thread was handed; pass the \
             pointer itself, not a copy of what it points to"
        ));
    }
    extra
}

/// Runs `body` with what the struct `message` lacks, if this is the very message that the innermost
/// callback with a message was called with; with `None` for any other.
pub(super) fn with_handed_out<R>(
    message: *const gossip_message_t,
    body: impl FnOnce(Option<HandedMessage<'_>>) -> R,
) -> R {
    let mut at = CURRENT.get();
    // SAFETY: NULL or set by `begin` for a value that outlives its callback, and we are inside of all
    // of these. `body` cannot keep the borrow.
    while let Some(current) = unsafe { at.as_ref() } {
        if let Some(handed) = current.message {
            return body(Some(handed).filter(|handed| handed.message == message));
        }
        at = current.outer;
    }
    body(None)
}
