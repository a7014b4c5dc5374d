//! A core behind the C ABI, and what a C program hands to it.

use gossip::ffi::testing::{c_id, c_kind, c_text, raw_status};
use gossip::ffi::*;
use gossip::types::{MessageKind, NodeId};
use std::ffi::CStr;
use std::mem::{MaybeUninit, transmute};
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) const UNKNOWN: u32 = 0;
pub(crate) const JOINING: u32 = 1;
pub(crate) const ONLINE: u32 = 2;
pub(crate) const SUSPECT: u32 = 3;
pub(crate) const FAILED: u32 = 4;
pub(crate) const LEFT: u32 = 5;

/// The functions of a core. Whoever made the core destroys it.
pub(crate) struct Handle {
    pub(crate) core: *mut gossip_core_t,
}

impl Handle {
    pub(crate) fn tick(&self) {
        // SAFETY: a live core.
        unsafe { gossip_core_tick(self.core) }
    }

    pub(crate) fn meet(&self, node: &gossip_node_view_t) {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_meet(self.core, node) }
    }

    pub(crate) fn join(&self, node: &gossip_node_view_t) {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_join(self.core, node) }
    }

    pub(crate) fn leave(&self, number: u8) {
        // SAFETY: a live core and an id.
        unsafe { gossip_core_leave(self.core, &id(number)) }
    }

    pub(crate) fn size(&self) -> usize {
        // SAFETY: a live core.
        unsafe { gossip_core_size(self.core) }
    }

    pub(crate) fn own(&self) -> gossip_node_view_t {
        // SAFETY: a live core; what it returns is read once and freed once.
        unsafe {
            let own = gossip_core_self(self.core);
            assert!(!own.is_null());
            let copy = *own;
            gossip_core_free_self(own);
            copy
        }
    }

    pub(crate) fn nodes(&self) -> Vec<gossip_node_view_t> {
        let mut count = usize::MAX;
        // SAFETY: a live core; the array has as many views as it says and is freed once.
        unsafe {
            let nodes = gossip_core_get_nodes(self.core, &mut count);
            assert_eq!(nodes.is_null(), count == 0);
            let copy = if nodes.is_null() {
                Vec::new()
            } else {
                slice::from_raw_parts(nodes, count).to_vec()
            };
            gossip_core_free_nodes(nodes);
            copy
        }
    }

    pub(crate) fn find(&self, number: u8) -> Option<gossip_node_view_t> {
        let mut found = view(0);
        // SAFETY: a live core, an id, and a view to write to.
        (unsafe { gossip_core_find_node(self.core, &id(number), &mut found) } == 1).then_some(found)
    }

    pub(crate) fn status(&self, number: u8) -> Option<u32> {
        self.find(number).map(|node| raw_status(node.status))
    }

    /// Hands it a message with these entries.
    pub(crate) fn hear(&self, kind: MessageKind, sender: u8, entries: &[gossip_node_view_t]) {
        let timestamp = entries.first().map_or(1, |entry| entry.heartbeat);
        self.hear_raw(&message(kind, sender, timestamp, entries));
    }

    pub(crate) fn hear_raw(&self, message: &gossip_message_t) {
        // SAFETY: a live core, and a message whose entries live.
        unsafe { gossip_core_handle_message(self.core, message) }
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn id(number: u8) -> gossip_node_id_t {
    c_id(NodeId::new([number; 16]))
}

/// A node as a program describes it.
pub(crate) fn view(number: u8) -> gossip_node_view_t {
    gossip_node_view_t {
        id: id(number),
        ip: c_text("127.0.0.1"),
        port: 7000 + i32::from(number),
        config_epoch: 0,
        heartbeat: 1,
        version: 0,
        status: status(UNKNOWN),
        role: c_text("replica"),
        region: c_text("eu-west-1"),
        sent_messages: 0,
        received_messages: 0,
    }
}

/// A node as it tells of itself.
pub(crate) fn online(number: u8, heartbeat: u64) -> gossip_node_view_t {
    gossip_node_view_t { heartbeat, status: status(ONLINE), ..view(number) }
}

pub(crate) fn status(raw: u32) -> MaybeUninit<gossip_node_status_t> {
    // SAFETY: any bytes are allowed in a MaybeUninit of the same size.
    unsafe { transmute(raw) }
}

/// A message that borrows its entries, as a C program would.
pub(crate) fn message(
    kind: MessageKind,
    sender: u8,
    timestamp: u64,
    entries: &[gossip_node_view_t],
) -> gossip_message_t {
    gossip_message_t {
        sender: id(sender),
        r#type: c_kind(kind),
        timestamp,
        entries: entries.as_ptr().cast_mut(),
        entries_count: entries.len(),
    }
}

pub(crate) fn last_error() -> String {
    // SAFETY: the text ends in NUL and is valid until the next call.
    unsafe { CStr::from_ptr(gossip_last_error()) }.to_str().expect("UTF-8").to_owned()
}

/// How long a child may take. Only a child that hangs gets there, however busy the machine is.
#[cfg(unix)]
const CHILD_SECONDS: u32 = 60;

/// Runs `child` in a forked child; it must end by itself and return `true`.
#[cfg(unix)]
pub(crate) fn in_child(child: impl FnOnce() -> bool) {
    // SAFETY: the child calls only what must work in a forked child, and then ends.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "{}", std::io::Error::last_os_error());
    if pid == 0 {
        // SAFETY: alarm may be called at any time. It ends a child that waits.
        unsafe { libc::alarm(CHILD_SECONDS) };
        // A panic must not reach the frames of the test, which is the parent's.
        let holds = std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).unwrap_or(false);
        // SAFETY: ends the child without running the parent's exit handlers.
        unsafe { libc::_exit(i32::from(!holds)) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, into a local.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
    assert_ne!(signal, Some(libc::SIGALRM), "the child hung");
    assert_eq!(status, 0, "the child failed; signal {signal:?}");
}
