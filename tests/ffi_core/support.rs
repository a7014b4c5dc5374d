//! A node behind the C ABI whose callbacks are noted down.

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../ffi_support/mod.rs"]
mod shared;

use gossip::ffi::testing::raw_kind;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::c_void;
use std::ops::Deref;
use std::sync::Mutex;
use std::{ptr, slice};

pub(crate) use shared::*;

/// One callback, copied.
#[derive(Clone)]
pub(crate) enum Call {
    Send {
        kind: u32,
        sender: u8,
        timestamp: u64,
        entries: Vec<gossip_node_view_t>,
        target: gossip_node_view_t,
    },
    Event {
        node: gossip_node_view_t,
        old: u32,
    },
}

impl Call {
    /// What it is, for comparing orders: the number of the other node, and what happened.
    pub(crate) fn brief(&self) -> (u8, &'static str) {
        match self {
            Self::Send { target, .. } => (target.id.data[0], "send"),
            Self::Event { node, .. } => (node.id.data[0], "event"),
        }
    }
}

/// What a test does inside a callback.
pub(crate) type Inside = Box<dyn FnMut(&Call, *const gossip_message_t) + Send>;

#[derive(Default)]
struct Log {
    calls: Mutex<Vec<Call>>,
    inside: Mutex<Option<Inside>>,
}

/// A core and the log of its callbacks. Destroyed when dropped, unless that was done.
pub(crate) struct Node {
    pub(crate) handle: Handle,
    log: *mut Log,
}

// SAFETY: the core may be called from any thread, and the log is behind locks.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    pub(crate) fn new(number: u8) -> Self {
        Self::of(&view(number))
    }

    pub(crate) fn of(own: &gossip_node_view_t) -> Self {
        let log = Box::into_raw(Box::<Log>::default());
        // SAFETY: the view is valid, and the log outlives the core.
        let core = unsafe { gossip_core_create(own, Some(on_send), Some(on_event), log.cast()) };
        assert!(!core.is_null(), "{}", last_error());
        Self { handle: Handle { core }, log }
    }

    fn log(&self) -> &Log {
        // SAFETY: it lives as long as the node.
        unsafe { &*self.log }
    }

    /// The callbacks since the last time.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.log().calls))
    }

    pub(crate) fn briefs(&self) -> Vec<(u8, &'static str)> {
        self.calls().iter().map(Call::brief).collect()
    }

    /// Runs `inside` in every callback from now on.
    pub(crate) fn inside(
        &self,
        inside: impl FnMut(&Call, *const gossip_message_t) + Send + 'static,
    ) {
        *lock(&self.log().inside) = Some(Box::new(inside));
    }

    /// Makes another node known and online here, and forgets the callbacks of it.
    pub(crate) fn befriend(&self, number: u8) {
        self.meet(&view(number));
        self.hear(MessageKind::Pong, number, &[online(number, 10)]);
        assert_eq!(self.status(number), Some(ONLINE));
        self.calls();
    }
}

impl Deref for Node {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: destroyed once; no callback runs any more when the log is freed.
        unsafe {
            gossip_core_destroy(self.core);
            drop(Box::from_raw(self.log));
        }
    }
}

fn note(log: *mut c_void, call: Call, message: *const gossip_message_t) {
    // SAFETY: the user data is the log of a node that lives.
    let log = unsafe { &*log.cast::<Log>() };
    lock(&log.calls).push(call.clone());
    // Taken out, so that a callback inside this one does not wait for it.
    let inside = lock(&log.inside).take();
    if let Some(mut inside) = inside {
        inside(&call, message);
        lock(&log.inside).get_or_insert(inside);
    }
}

unsafe extern "C-unwind" fn on_send(
    message: *const gossip_message_t,
    target: *const gossip_node_view_t,
    log: *mut c_void,
) {
    // SAFETY: the library hands out valid structs.
    let (msg, target) = unsafe { (&*message, *target) };
    assert_eq!(msg.entries.is_null(), msg.entries_count == 0);
    let entries = if msg.entries.is_null() {
        Vec::new()
    } else {
        // SAFETY: as above.
        unsafe { slice::from_raw_parts(msg.entries, msg.entries_count) }.to_vec()
    };
    let kind = raw_kind(msg.r#type);
    let (sender, timestamp) = (msg.sender.data[0], msg.timestamp);
    note(log, Call::Send { kind, sender, timestamp, entries, target }, message);
}

unsafe extern "C-unwind" fn on_event(
    node: *const gossip_node_view_t,
    old_status: gossip_node_status_t,
    log: *mut c_void,
) {
    // SAFETY: the library hands out valid structs.
    let node = unsafe { *node };
    note(log, Call::Event { node, old: old_status as u32 }, ptr::null());
}
