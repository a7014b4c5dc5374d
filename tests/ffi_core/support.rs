//! A node behind the C ABI whose callbacks are noted down.

use gossip::ffi::convert::{c_id, c_kind, c_text, raw_kind, raw_status};
use gossip::ffi::core::*;
use gossip::ffi::types::*;
use gossip::ffi::version::gossip_last_error;
use gossip::types::{MessageKind, NodeId};
use std::ffi::{CStr, c_void};
use std::mem::{MaybeUninit, transmute};
use std::sync::{Mutex, MutexGuard};
use std::{ptr, slice};

pub(crate) const UNKNOWN: u32 = 0;
pub(crate) const JOINING: u32 = 1;
pub(crate) const ONLINE: u32 = 2;
pub(crate) const FAILED: u32 = 4;

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
    pub(crate) core: *mut gossip_core_t,
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
        Self { core, log }
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

    pub(crate) fn tick(&self) {
        // SAFETY: a live core.
        unsafe { gossip_core_tick(self.core) }
    }

    pub(crate) fn meet(&self, node: &gossip_node_view_t) {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_meet(self.core, node) }
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

    /// Hands it a message with these entries.
    pub(crate) fn hear(&self, kind: MessageKind, sender: u8, entries: &[gossip_node_view_t]) {
        let timestamp = entries.first().map_or(1, |entry| entry.heartbeat);
        self.hear_raw(&message(kind, sender, timestamp, entries));
    }

    pub(crate) fn hear_raw(&self, message: &gossip_message_t) {
        // SAFETY: a live core, and a message whose entries live.
        unsafe { gossip_core_handle_message(self.core, message) }
    }

    /// Makes another node known and online here, and forgets the callbacks of it.
    pub(crate) fn befriend(&self, number: u8) {
        self.meet(&view(number));
        self.hear(MessageKind::Pong, number, &[online(number, 10)]);
        assert_eq!(self.find(number).map(|node| raw_status(node.status)), Some(ONLINE));
        self.calls();
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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
