//! The shared library may be unloaded after its transports ran, again and again.
#![cfg(all(feature = "ffi", feature = "net", target_os = "linux"))]

mod c_library;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::transmute;
use std::time::{Duration, Instant};

type Create = unsafe extern "C-unwind" fn(c_int, *const c_char, u16) -> *mut c_void;
type OnTransport = unsafe extern "C-unwind" fn(*mut c_void) -> c_int;
type Destroy = unsafe extern "C-unwind" fn(*mut c_void);
type Port = unsafe extern "C-unwind" fn(*const c_void) -> u16;

fn library() -> CString {
    let path = c_library::path();
    CString::new(path.to_str().expect("UTF-8")).expect("no NUL")
}

/// Loads the library, runs a transport of each kind, and unloads it.
fn one_life(path: &CStr) {
    // SAFETY: the library has no initialiser of its own, the symbols have these types, and nothing
    // of it is used after it is closed.
    unsafe {
        let library = libc::dlopen(path.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL);
        assert!(!library.is_null(), "{path:?} cannot be loaded");
        let symbol = |name: &CStr| {
            let symbol = libc::dlsym(library, name.as_ptr());
            assert!(!symbol.is_null(), "{name:?}");
            symbol
        };
        let create: Create = transmute(symbol(c"gossip_transport_factory_create"));
        let start: OnTransport = transmute(symbol(c"gossip_transport_start"));
        let stop: OnTransport = transmute(symbol(c"gossip_transport_stop"));
        let port: Port = transmute(symbol(c"gossip_transport_port"));
        let destroy: Destroy = transmute(symbol(c"gossip_transport_destroy"));
        for kind in [0, 1] {
            let transport = create(kind, c"127.0.0.1".as_ptr(), 0);
            assert!(!transport.is_null());
            assert_eq!(start(transport), 0);
            assert_ne!(port(transport), 0);
            if kind == 0 {
                let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
                socket.send_to(b"\0\0\0\x02{}", ("127.0.0.1", port(transport))).expect("sent");
            } else {
                assert_eq!(stop(transport), 0);
                assert_eq!(start(transport), 0);
            }
            destroy(transport);
        }
        assert_eq!(libc::dlclose(library), 0);
    }
}

/// The threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux").count()
}

#[test]
fn library_is_unloaded_after_its_transports_ran() {
    let path = library();
    let before = threads();
    for _ in 0..10 {
        // In a thread of its own, whose end runs what the library left behind in it.
        let path = path.clone();
        std::thread::spawn(move || one_life(&path)).join().expect("no panic");
    }
    for _ in 0..10 {
        one_life(&path);
    }
    // The system lists a thread for a moment after it was joined.
    let deadline = Instant::now() + Duration::from_secs(20);
    while threads() > before {
        assert!(Instant::now() < deadline, "a thread is left");
        std::thread::sleep(Duration::from_millis(2));
    }
}
