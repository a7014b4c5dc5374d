//! What a node tells its program.

use super::config::gossip_node_config_t;
use crate::ffi::convert::{c_status, view_of};
use crate::ffi::ext::Running;
use crate::ffi::ext::callbacks::Owned;
use crate::ffi::ext::changes::{gossip_change_t, gossip_changes_callback_t};
use crate::ffi::ext::outputs::lend_changes;
use crate::ffi::ext::owner::{Known, Knows};
use crate::ffi::handed_out::{Extra, HandedOut};
use crate::ffi::types::gossip_event_callback_t;
use crate::net::{Change, Handler, Node};
use crate::os;
use crate::types::{NodeId, NodeView};
use alloc::sync::{Arc, Weak};
use core::ffi::c_void;
use core::slice;
use std::sync::OnceLock;

/// The program's functions, until nothing uses its pointer any more.
pub(super) struct Told {
    event: gossip_event_callback_t,
    changes: gossip_changes_callback_t,
    user_data: *mut c_void,
    owned: Owned,
    process: u64,
    /// Whose callbacks they are.
    node: OnceLock<Weak<Node>>,
}

// SAFETY: the pointer is never followed here, only handed back; that the program's functions may be
// called on another thread is part of the contract of gossip_node_create.
unsafe impl Send for Told {}
// SAFETY: as above; nothing in it changes but what is made for that.
unsafe impl Sync for Told {}

impl Told {
    pub(super) fn of(config: &gossip_node_config_t) -> Self {
        Self {
            event: config.on_event,
            changes: config.on_changes,
            user_data: config.user_data,
            owned: Owned::new(config.user_data, config.drop_user_data),
            process: os::process_mark(),
            node: OnceLock::new(),
        }
    }

    /// Whether there is anybody to tell.
    pub(super) fn wants_any(&self) -> bool {
        self.event.is_some() || self.changes.is_some()
    }

    /// Says whose callbacks they are, before there are any.
    pub(super) fn belongs_to(&self, node: &Arc<Node>) {
        let _ = self.node.set(Arc::downgrade(node));
    }

    fn node(&self) -> Option<Arc<Node>> {
        self.node.get().and_then(Weak::upgrade)
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if self.process == os::process_mark() {
            self.owned.free();
        }
    }
}

// The callbacks are called outside of what catches panics, as those of a core are. An exception ends
// the process, since the thread is the library's.
impl Handler for Told {
    fn changed(&self, change: &Change) {
        let Some(event) = self.event else { return };
        let entry = change.node.as_entry();
        let (view, extra) = (view_of(&entry), Extra::of(&entry));
        let node = self.node();
        let _running = running(node.as_deref());
        let handed = HandedOut::views(&raw const view, slice::from_ref(&extra));
        let _handing = handed.begin();
        // SAFETY: a function of the program with this type, called with a struct that lives until it
        // returns and that nothing else touches meanwhile.
        unsafe { event(&raw const view, c_status(change.old_status), self.user_data) };
    }

    fn changes(&self, changes: &[Change]) {
        let Some(changed) = self.changes else { return };
        let extras: Vec<Extra> =
            changes.iter().map(|change| Extra::of(&change.node.as_entry())).collect();
        let changes: Vec<gossip_change_t> = changes.iter().map(c_change).collect();
        let node = self.node();
        let _running = running(node.as_deref());
        lend_changes(&changes, &extras, |pointers, count| {
            // SAFETY: as above.
            unsafe { changed(pointers, count, self.user_data) };
        });
    }
}

/// Notes whose callbacks run: nobody's while the node is being destroyed.
fn running(node: Option<&Node>) -> Running {
    node.map_or_else(Running::of_nobody, Running::of)
}

impl Knows for Node {
    fn known(&self, id: &NodeId) -> Known {
        let now = os::now();
        let known = self.look(|look| Known::of(look.core, now, id));
        known.ok().flatten().unwrap_or_default()
    }
}

fn c_change(change: &Change) -> gossip_change_t {
    gossip_change_t {
        node: view_of(&NodeView::as_entry(&change.node)),
        at_ms: change.at.as_micros() / 1000,
        old_status: change.old_status as u32,
        new_status: change.node.status as u32,
        merged: change.merged,
        configuration: u32::from(change.configuration),
    }
}
