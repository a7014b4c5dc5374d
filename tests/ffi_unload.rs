//! The shared library may be loaded, used and unloaded again and again, from several threads.
#![cfg(all(feature = "ffi", target_os = "linux"))]

mod c_library;

use gossip::ffi::testing::{c_id, c_text};
use gossip::ffi::*;
use gossip::types::NodeId;
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::{MaybeUninit, transmute};
use std::sync::{Arc, Barrier};
use std::{ptr, thread};

type Create = unsafe extern "C-unwind" fn(
    *const gossip_node_view_t,
    gossip_send_callback_t,
    gossip_event_callback_t,
    *mut c_void,
) -> *mut c_void;
type OnCore = unsafe extern "C-unwind" fn(*mut c_void);
type OnNode = unsafe extern "C-unwind" fn(*mut c_void, *const gossip_node_view_t);
type LastError = unsafe extern "C-unwind" fn() -> *const c_char;

struct Library(*mut c_void);

impl Library {
    fn path() -> CString {
        let path = c_library::path();
        CString::new(path.to_str().expect("UTF-8")).expect("no NUL")
    }

    fn open() -> Self {
        // SAFETY: the library has no initialiser of its own.
        let library =
            unsafe { libc::dlopen(Self::path().as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!library.is_null());
        Self(library)
    }

    fn symbol(&self, name: &CStr) -> *mut c_void {
        // SAFETY: an open library and a name.
        let symbol = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        assert!(!symbol.is_null(), "{name:?}");
        symbol
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: opened once, and nothing of it is used any more.
        assert_eq!(unsafe { libc::dlclose(self.0) }, 0);
    }
}

fn view(number: u8) -> gossip_node_view_t {
    gossip_node_view_t {
        id: c_id(NodeId::new([number; 16])),
        ip: c_text("127.0.0.1"),
        port: 7000,
        config_epoch: 0,
        heartbeat: 1,
        version: 0,
        status: MaybeUninit::new(gossip_node_status_t::GOSSIP_NODE_ONLINE),
        role: c_text(""),
        region: c_text(""),
        sent_messages: 0,
        received_messages: 0,
    }
}

/// Loads the library, uses a core, an error and every kind of thread-local, and unloads it.
fn use_once() {
    let library = Library::open();
    // SAFETY: the symbols have these types, and the calls are as the header asks.
    unsafe {
        let create: Create = transmute(library.symbol(c"gossip_core_create"));
        let meet: OnNode = transmute(library.symbol(c"gossip_core_meet"));
        let tick: OnCore = transmute(library.symbol(c"gossip_core_tick"));
        let destroy: OnCore = transmute(library.symbol(c"gossip_core_destroy"));
        let last_error: LastError = transmute(library.symbol(c"gossip_last_error"));
        let core = create(&view(1), None, None, ptr::null_mut());
        assert!(!core.is_null());
        meet(core, &view(2));
        tick(core);
        meet(core, ptr::null());
        assert!(CStr::from_ptr(last_error()).to_bytes().starts_with(b"gossip_core_meet"));
        destroy(core);
    }
}

#[test]
fn unloading_leaves_nothing_behind() {
    for _ in 0..20 {
        use_once();
    }
    let barrier = Arc::new(Barrier::new(4));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let barrier = Arc::clone(&barrier);
            thread::spawn(move || {
                for _ in 0..20 {
                    use_once();
                }
                // All have unloaded it before the first thread ends and runs its destructors.
                barrier.wait();
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no panic");
    }
    // SAFETY: asks whether it is loaded, without loading it.
    let loaded =
        unsafe { libc::dlopen(Library::path().as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD) };
    assert!(loaded.is_null(), "it is still loaded: something pins it");
    // A fork after that would call a handler that was left behind.
    // SAFETY: the child ends at once.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(0);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert_eq!(status, 0);
    }
}
