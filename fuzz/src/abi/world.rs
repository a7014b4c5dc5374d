//! The bytes that are left, and the handles that were made and not destroyed.

use gossip::ffi::*;
use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr;

/// Handles of one kind at a time.
const HANDLES: usize = 3;
/// Callbacks inside callbacks.
const MOST_DEPTH: u32 = 5;

/// Handles of one kind; a free place is NULL.
pub(super) type Handles<T> = [Cell<*mut T>; HANDLES];

/// The state of a run. Callbacks find it by their user data.
pub(super) struct World {
    data: Vec<u8>,
    at: Cell<usize>,
    left: Cell<u32>,
    depth: Cell<u32>,
    call: fn(&Self),
    /// The last time that a function was given, in milliseconds.
    pub(super) now: Cell<u64>,
    pub(super) cores: Handles<gossip_core_t>,
    pub(super) builders: Handles<gossip_message_builder_t>,
    pub(super) serializers: Handles<gossip_serializer_t>,
    pub(super) transports: Handles<gossip_transport_t>,
    pub(super) nodes: Handles<gossip_node_t>,
    /// How often user data was given away and did not come back.
    pub(super) owed: Cell<i64>,
}

fn none<T>() -> Handles<T> {
    [const { Cell::new(ptr::null_mut()) }; HANDLES]
}

impl World {
    pub(super) fn new(data: &[u8], calls: u32, call: fn(&Self)) -> Self {
        Self {
            data: data.to_vec(),
            at: Cell::new(0),
            left: Cell::new(calls),
            depth: Cell::new(0),
            call,
            now: Cell::new(1_000),
            cores: none(),
            builders: none(),
            serializers: none(),
            transports: none(),
            nodes: none(),
            owed: Cell::new(0),
        }
    }

    /// Whether no bytes or no calls are left.
    pub(super) fn is_over(&self) -> bool {
        self.at.get() >= self.data.len() || self.left.get() == 0
    }

    /// The next byte; 0 when all were used.
    pub(super) fn byte(&self) -> u8 {
        let at = self.at.get();
        self.at.set(at + 1);
        self.data.get(at).copied().unwrap_or(0)
    }

    /// The next eight bytes as a number.
    pub(super) fn number(&self) -> u64 {
        u64::from_le_bytes([(); 8].map(|()| self.byte()))
    }

    /// The next `count` bytes, or as many as are left.
    pub(super) fn bytes(&self, count: usize) -> Vec<u8> {
        let start = self.at.get().min(self.data.len());
        let end = (start + count).min(self.data.len());
        self.at.set(end);
        self.data[start..end].to_vec()
    }

    /// Once in `many` times.
    pub(super) fn once_in(&self, many: u8) -> bool {
        self.byte() % many == many - 1
    }

    /// A pointer to the value, or NULL.
    pub(super) fn or_null<T>(&self, value: &T) -> *const T {
        if self.once_in(24) { ptr::null() } else { value }
    }

    /// As [`World::or_null`], for a value that is written.
    pub(super) fn or_null_mut<T>(&self, value: &mut T) -> *mut T {
        if self.once_in(24) { ptr::null_mut() } else { value }
    }

    /// What callbacks are handed.
    pub(super) fn user_data(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }

    /// A handle, or NULL.
    pub(super) fn pick<T>(&self, handles: &Handles<T>) -> *mut T {
        handles[usize::from(self.byte()) % HANDLES].get()
    }

    /// Takes a handle out to be destroyed, or NULL.
    pub(super) fn take<T>(&self, handles: &Handles<T>) -> *mut T {
        handles[usize::from(self.byte()) % HANDLES].replace(ptr::null_mut())
    }

    /// Keeps a new handle; gives back what is to be destroyed for it, if no place is free.
    pub(super) fn keep<T>(&self, handles: &Handles<T>, handle: *mut T) -> *mut T {
        let free = handles.iter().find(|place| place.get().is_null());
        free.unwrap_or(&handles[0]).replace(handle)
    }

    /// Makes up to two calls, inside a callback.
    pub(super) fn inside(&self) {
        self.check_depth(|| {
            for _ in 0..self.byte() % 3 {
                if self.is_over() {
                    break;
                }
                (self.call)(self);
            }
        });
    }

    /// Runs `body` unless callbacks are nested too deep.
    pub(super) fn check_depth(&self, body: impl FnOnce()) {
        if self.depth.get() < MOST_DEPTH && !self.is_over() {
            self.depth.set(self.depth.get() + 1);
            body();
            self.depth.set(self.depth.get() - 1);
        }
    }

    /// After a call: its error text is a text, and tells of no panic.
    pub(super) fn check(&self) {
        self.left.set(self.left.get().saturating_sub(1));
        // SAFETY: the text ends in NUL and lives until the next call.
        let text = unsafe { CStr::from_ptr(gossip_last_error()) };
        let text = text.to_str().expect("UTF-8");
        assert!(!text.contains("internal error"), "{text}");
    }

    /// Destroys what is left.
    pub(super) fn destroy_all(&self) {
        // What callbacks would call from here on is of no interest.
        self.left.set(0);
        // SAFETY: each handle is taken out of its place, so it is destroyed once.
        unsafe {
            for place in &self.transports {
                gossip_transport_destroy(place.replace(ptr::null_mut()));
            }
            for place in &self.cores {
                gossip_core_destroy(place.replace(ptr::null_mut()));
            }
            for place in &self.nodes {
                gossip_node_destroy(place.replace(ptr::null_mut()));
            }
            for place in &self.builders {
                gossip_message_builder_destroy(place.replace(ptr::null_mut()));
            }
            for place in &self.serializers {
                gossip_serializer_destroy(place.replace(ptr::null_mut()));
            }
        }
    }

    /// When nothing uses user data any more, all of it has come back.
    pub(super) fn check_debts(&self) {
        assert_eq!(self.owed.get(), 0, "user data is given back once");
    }
}
