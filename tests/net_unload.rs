//! The shared library may be unloaded after its transports and nodes ran, again and again.
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
        run_nodes(&symbol);
        assert_eq!(libc::dlclose(library), 0);
    }
}

type Init = unsafe extern "C-unwind" fn(*mut c_void, usize) -> c_int;
type CreateNode = unsafe extern "C-unwind" fn(*const c_void) -> *mut c_void;
type Join = unsafe extern "C-unwind" fn(*mut c_void, *const *const c_char, usize, u32) -> c_int;

/// Runs two nodes, one of which joins the other and a name that nobody has.
///
/// # Safety
/// The symbols are those of the library.
unsafe fn run_nodes(symbol: &dyn Fn(&CStr) -> *mut c_void) {
    // SAFETY: the symbols have these types; the struct is filled by the library.
    unsafe {
        let init: Init = transmute(symbol(c"gossip_node_config_init_sized"));
        let create: CreateNode = transmute(symbol(c"gossip_node_create"));
        let start: OnTransport = transmute(symbol(c"gossip_node_start"));
        let port: Port = transmute(symbol(c"gossip_node_port"));
        let join: Join = transmute(symbol(c"gossip_node_join"));
        let destroy: Destroy = transmute(symbol(c"gossip_node_destroy"));
        let mut config = std::mem::zeroed::<gossip::ffi::gossip_node_config_t>();
        assert_eq!(init((&raw mut config).cast(), size_of_val(&config)), 0);
        config.bind_host = c"127.0.0.1".as_ptr();
        config.on_event = Some(on_event);
        let nodes = [(); 2].map(|()| create((&raw const config).cast()));
        assert!(nodes.iter().all(|&node| !node.is_null() && start(node) == 0));
        let seed = CString::new(format!("127.0.0.1:{}", port(nodes[0]))).expect("no NUL");
        let addresses = [c"no-such-host.invalid:7".as_ptr(), seed.as_ptr()];
        assert_eq!(join(nodes[1], addresses.as_ptr(), 2, 20_000), 1);
        nodes.into_iter().for_each(|node| destroy(node));
    }
}

unsafe extern "C-unwind" fn on_event(
    _: *const gossip::ffi::gossip_node_view_t,
    _: gossip::ffi::gossip_node_status_t,
    _: *mut c_void,
) {
}

/// The threads of this process.
fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").expect("Linux").count()
}

#[test]
fn library_is_unloaded_after_all_of_it_ran() {
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
