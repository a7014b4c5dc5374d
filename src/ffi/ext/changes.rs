//! `gossip_change_t`: changes of nodes, told in lists.

use crate::ffi::convert::view_of;
use crate::ffi::handed_out::Extra;
use crate::ffi::types::gossip_node_view_t;
use crate::proto::{Coalesce, Event, Settling};
use crate::types::Instant;
use core::ffi::c_void;
use core::time::Duration;

/// One change of one node.
///
/// Later versions may add fields to its end: that is why lists have pointers to changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_change {
    /// The node after the change. Its metadata can be had by gossip_view_get_metadata() with a
    /// pointer to this field.
    pub node: gossip_node_view_t,
    /// When it was decided, in milliseconds of the core's clock; of several changes the last one.
    pub at_ms: u64,
    /// Its status before, a gossip_node_status_t or GOSSIP_NODE_LEFT: GOSSIP_NODE_UNKNOWN at first
    /// sight.
    pub old_status: u32,
    /// Its status after, a gossip_node_status_t or GOSSIP_NODE_LEFT. The same as the one before if
    /// only metadata, role, region or address changed.
    pub new_status: u32,
    /// How many changes this one stands for, 1 or more.
    pub merged: u32,
    /// 1: metadata, role, region or address changed while the status stayed. 0: only the status
    /// did.
    pub configuration: u32,
}
/// See gossip_change.
pub type gossip_change_t = gossip_change;

/// Tells of all changes that one call brought about; called by the functions of a core.
///
/// The rules of gossip_send_callback_t hold here too. It comes after the messages and after all
/// on_event calls for the same changes. What calls inside callbacks, or on other threads meanwhile,
/// change may be in the list too.
///
/// With changes_settle_ms in the configuration changes are held back until none came for that long,
/// or for ten times that since the first. Several changes of a node are then told as one, in the
/// place of its first, with the status before that; a node that is again what it was is left out.
/// They are told by the first call that gives the core a time after that, such as
/// gossip_core_tick(); gossip_core_next_timeout() knows of it. What is held back when the core is
/// destroyed is not told.
///
/// @param changes Pointers to the changes, in the order in which they were decided. All valid until
/// this returns.
/// @param count How many there are, 1 or more.
/// @param user_data That of gossip_callbacks_t.
pub type gossip_changes_callback_t = Option<
    unsafe extern "C-unwind" fn(
        changes: *const *const gossip_change_t,
        count: usize,
        user_data: *mut c_void,
    ),
>;

/// The changes that were decided and not told yet.
pub(crate) struct Collector(Settling<HeldChange>);

/// A change with what its struct lacks.
struct HeldChange {
    change: gossip_change_t,
    extra: Extra,
}

impl Coalesce for HeldChange {
    fn join(&mut self, later: Self) {
        let before = self.change;
        self.change = gossip_change_t {
            old_status: before.old_status,
            merged: before.merged.saturating_add(later.change.merged),
            configuration: before.configuration | later.change.configuration,
            ..later.change
        };
        self.extra = later.extra;
    }

    fn is_undone(&self) -> bool {
        self.change.old_status == self.change.new_status && self.change.configuration == 0
    }
}

/// Changes with what their structs lack, one for one.
#[derive(Default)]
pub(crate) struct List {
    pub(crate) changes: Vec<gossip_change_t>,
    pub(crate) extras: Vec<Extra>,
}

/// The changes that an emptied list keeps room for: 75 KB. More is given back.
const KEPT_CHANGES: usize = 256;

impl List {
    fn push(&mut self, change: gossip_change_t, extra: Extra) {
        self.changes.push(change);
        self.extras.push(extra);
    }

    pub(crate) fn len(&self) -> usize {
        self.changes.len()
    }

    /// Forgets all and keeps the buffers.
    pub(crate) fn clear(&mut self) {
        self.changes.clear();
        self.extras.clear();
        self.changes.shrink_to(KEPT_CHANGES);
        self.extras.shrink_to(KEPT_CHANGES);
    }
}

impl Collector {
    pub(super) fn new(settle_ms: u32) -> Self {
        Self(Settling::new(Duration::from_millis(settle_ms.into())))
    }

    /// Takes one event.
    pub(crate) fn note(&mut self, event: &Event<'_>, now: Instant) {
        let change = gossip_change_t {
            node: view_of(&event.node),
            at_ms: now.as_micros() / 1000,
            old_status: event.old_status as u32,
            new_status: event.node.status as u32,
            merged: 1,
            configuration: u32::from(event.old_status == event.node.status),
        };
        self.0.hold(event.node.id, HeldChange { change, extra: Extra::of(&event.node) }, now);
    }

    /// When the list is to be told; `None` if there is nothing to tell.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        self.0.due()
    }

    /// Moves what is due to the end of `told`; says where it begins there and how many they are.
    pub(crate) fn flush(&mut self, now: Instant, told: &mut List) -> Option<(usize, usize)> {
        let first = told.len();
        self.0.take(now, |HeldChange { change, extra }| told.push(change, extra));
        let count = told.len() - first;
        (count > 0).then_some((first, count))
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
