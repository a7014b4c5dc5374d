//! A node that was made with a configuration, and whose callbacks are noted down.

#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../ffi_support/mod.rs"]
mod shared;

use gossip::ffi::testing::{raw_kind, raw_status};
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{MaybeUninit, size_of, zeroed};
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::{ptr, slice};

pub(crate) use shared::*;

/// One callback, copied.
#[derive(Clone)]
pub(crate) enum Call {
    Send { kind: u32, bytes: Vec<u8>, target: u8 },
    Event,
    Changes(Vec<gossip_change_t>),
    Packet(Vec<u8>, String, u16),
}

/// What a callback was handed, for a test that looks at it from inside.
#[derive(Clone, Copy)]
pub(crate) enum Handed {
    Send(*const gossip_message_t, *const gossip_node_view_t),
    Event(*const gossip_node_view_t),
    Changes(*const *const gossip_change_t, usize),
    Packet,
}

// SAFETY: only used on the thread that runs the callback.
unsafe impl Send for Handed {}

pub(crate) type Inside = Box<dyn FnMut(Handed) + Send>;

/// Where callbacks are noted. The core owns it, and gives it back by its drop function.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) calls: Mutex<Vec<Call>>,
    pub(crate) inside: Mutex<Option<Inside>>,
    pub(crate) drops: AtomicUsize,
}

impl Log {
    pub(crate) fn drops(&self) -> usize {
        self.drops.load(Ordering::SeqCst)
    }
}

/// Which callbacks a node has.
#[derive(Clone, Copy)]
pub(crate) struct Has {
    pub(crate) send: bool,
    pub(crate) event: bool,
    pub(crate) changes: bool,
    pub(crate) packet: bool,
}

pub(crate) const ALL: Has = Has { send: true, event: true, changes: true, packet: false };
pub(crate) const PACKETS: Has = Has { send: false, event: false, changes: true, packet: true };

/// A core and the log of its callbacks. Destroyed when dropped, unless that was done.
pub(crate) struct Node {
    pub(crate) handle: Handle,
    pub(crate) log: Arc<Log>,
}

// SAFETY: the core may be called from any thread, and the log is behind locks.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    /// A node on a clock of the test's own.
    pub(crate) fn new(number: u8) -> Self {
        Self::with(&config(number.into()), &view(number), ALL)
    }

    pub(crate) fn with(config: &gossip_config_t, own: &gossip_node_view_t, has: Has) -> Self {
        let log = Arc::new(Log::default());
        let core = create(config, own, &callbacks(&log, has));
        assert!(!core.is_null(), "{}", last_error());
        Self { handle: Handle { core }, log }
    }

    /// The callbacks since the last time.
    pub(crate) fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.log.calls))
    }

    /// Runs `inside` in every callback from now on.
    pub(crate) fn inside(&self, inside: impl FnMut(Handed) + Send + 'static) {
        *lock(&self.log.inside) = Some(Box::new(inside));
    }

    /// Makes another node known and online here, and forgets the callbacks of it.
    pub(crate) fn befriend(&self, number: u8) {
        self.meet(&view(number));
        self.hear(MessageKind::Pong, number, &[online(number, 10)]);
        assert_eq!(self.status(number), Some(ONLINE));
        self.calls();
    }

    /// Gives the core up without destroying it.
    pub(crate) fn forget(mut self) -> Arc<Log> {
        self.handle.core = ptr::null_mut();
        Arc::clone(&self.log)
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
        // SAFETY: destroyed once; the core gives its log back by itself.
        unsafe { gossip_core_destroy(self.core) };
    }
}

/// Functions that note into a log, of which the core holds a share until it drops it.
pub(crate) fn callbacks(log: &Arc<Log>, has: Has) -> gossip_callbacks_t {
    gossip_callbacks_t {
        size: size_of::<gossip_callbacks_t>(),
        on_send: if has.send { Some(on_send) } else { None },
        on_event: if has.event { Some(on_event) } else { None },
        on_changes: if has.changes { Some(on_changes) } else { None },
        on_packet: if has.packet { Some(on_packet) } else { None },
        user_data: Arc::into_raw(Arc::clone(log)).cast_mut().cast(),
        drop_user_data: Some(drop_log),
    }
}

pub(crate) fn create(
    config: *const gossip_config_t,
    own: &gossip_node_view_t,
    callbacks: &gossip_callbacks_t,
) -> *mut gossip_core_t {
    // SAFETY: structs of the right types and sizes.
    unsafe { gossip_core_create_with(config, own, callbacks) }
}

fn note(log: *mut c_void, call: Call, handed: Handed) {
    // SAFETY: the user data is a log of which the core holds a share.
    let log = unsafe { &*log.cast::<Log>() };
    lock(&log.calls).push(call);
    // Taken out, so that a callback inside this one does not wait for it.
    let inside = lock(&log.inside).take();
    if let Some(mut inside) = inside {
        inside(handed);
        lock(&log.inside).get_or_insert(inside);
    }
}

unsafe extern "C-unwind" fn drop_log(log: *mut c_void) {
    // SAFETY: it came from Arc::into_raw in `callbacks` and is given back once.
    let log = unsafe { Arc::from_raw(log.cast::<Log>()) };
    log.drops.fetch_add(1, Ordering::SeqCst);
}

unsafe extern "C-unwind" fn on_send(
    message: *const gossip_message_t,
    target: *const gossip_node_view_t,
    log: *mut c_void,
) {
    // SAFETY: the library hands out valid structs.
    let (msg, to) = unsafe { (&*message, &*target) };
    let mut bytes = msg.timestamp.to_be_bytes().to_vec();
    if !msg.entries.is_null() {
        // SAFETY: as above.
        let entries = unsafe { slice::from_raw_parts(msg.entries, msg.entries_count) };
        entries.iter().for_each(|entry| bytes.extend(bytes_of(entry)));
    }
    let call = Call::Send { kind: raw_kind(msg.r#type), bytes, target: to.id.data[0] };
    note(log, call, Handed::Send(message, target));
}

unsafe extern "C-unwind" fn on_event(
    node: *const gossip_node_view_t,
    _: gossip_node_status_t,
    log: *mut c_void,
) {
    note(log, Call::Event, Handed::Event(node));
}

unsafe extern "C-unwind" fn on_changes(
    changes: *const *const gossip_change_t,
    count: usize,
    log: *mut c_void,
) {
    // SAFETY: the library hands out valid structs.
    let list = unsafe { slice::from_raw_parts(changes, count) };
    // SAFETY: as above.
    let copies = list.iter().map(|&change| unsafe { *change }).collect();
    note(log, Call::Changes(copies), Handed::Changes(changes, count));
}

unsafe extern "C-unwind" fn on_packet(
    bytes: *const u8,
    size: usize,
    ip: *const c_char,
    port: u16,
    log: *mut c_void,
) {
    // SAFETY: the library hands out valid bytes and a text that ends in NUL.
    let (bytes, ip) = unsafe { (slice::from_raw_parts(bytes, size), CStr::from_ptr(ip)) };
    let ip = ip.to_str().expect("ASCII").to_owned();
    note(log, Call::Packet(bytes.to_vec(), ip, port), Handed::Packet);
}

/// All that a view says, but for padding.
pub(crate) fn bytes_of(view: &gossip_node_view_t) -> Vec<u8> {
    let numbers = [
        view.config_epoch,
        view.heartbeat,
        view.version,
        raw_status(view.status).into(),
        u64::from(view.port.unsigned_abs()),
    ];
    let mut bytes = view.id.data.to_vec();
    numbers.iter().for_each(|number| bytes.extend(number.to_be_bytes()));
    for text in [&view.ip, &view.role, &view.region] {
        bytes.extend(gossip::ffi::testing::text_bytes(text));
    }
    bytes
}

/// The values of a profile.
pub(crate) fn profile(profile: gossip_profile_t) -> gossip_config_t {
    // SAFETY: numbers and a pointer, which may all be zero.
    let mut config = unsafe { zeroed::<gossip_config_t>() };
    let size = size_of::<gossip_config_t>();
    // SAFETY: it has as many bytes.
    let code = unsafe { gossip_config_init_sized(&mut config, size, MaybeUninit::new(profile)) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_SUCCESS);
    config
}

/// A configuration with a seed and a clock of the test's own.
pub(crate) fn config(seed: u64) -> gossip_config_t {
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LOOP);
    gossip_config_t { seed, has_seed: 1, manual_clock: 1, ..lan }
}

pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).expect("no NUL")
}

/// Whether the last call failed with a text that has all these words.
#[track_caller]
pub(crate) fn assert_error(words: &[&str]) {
    let error = last_error();
    for word in words {
        assert!(error.contains(word), "\"{error}\" lacks \"{word}\"");
    }
}
