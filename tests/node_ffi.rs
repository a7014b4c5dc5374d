//! `gossip_node_*` as a C program calls them, rightly and wrongly.
#![cfg(all(feature = "ffi", feature = "net", feature = "ext"))]

use gossip::ffi::gossip_error_code::{
    GOSSIP_ERR_INVALID_ARGUMENT, GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_SUCCESS,
};
use gossip::ffi::*;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(30);
const ONLINE: u32 = gossip_node_status_t::GOSSIP_NODE_ONLINE as u32;

fn last_error() -> String {
    // SAFETY: the text ends in NUL and lives as long as the thread.
    unsafe { CStr::from_ptr(gossip::ffi::gossip_last_error()) }.to_str().expect("UTF-8").to_owned()
}

fn config() -> gossip_node_config_t {
    let mut config = MaybeUninit::<gossip_node_config_t>::uninit();
    // SAFETY: it has as many bytes, and all of them are written.
    unsafe {
        let code = gossip_node_config_init_sized(config.as_mut_ptr(), size_of_val(&config));
        assert_eq!(code, GOSSIP_ERR_SUCCESS);
        let mut config = config.assume_init();
        config.bind_host = c"127.0.0.1".as_ptr();
        config
    }
}

/// A node that was started, destroyed at the end.
struct Node(*mut gossip_node_t);

impl Node {
    fn of(config: &gossip_node_config_t) -> Self {
        // SAFETY: a good configuration.
        let node = unsafe { gossip_node_create(config) };
        assert!(!node.is_null(), "{}", last_error());
        Self(node)
    }

    fn start(config: &gossip_node_config_t) -> Self {
        let node = Self::of(config);
        // SAFETY: a live node.
        assert_eq!(unsafe { gossip_node_start(node.0) }, GOSSIP_ERR_SUCCESS, "{}", last_error());
        node
    }

    fn join(&self, addresses: &[&str], timeout_ms: u32) -> c_int {
        let texts: Vec<CString> =
            addresses.iter().map(|text| CString::new(*text).expect("no NUL")).collect();
        let pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        // SAFETY: a live node and as many texts.
        unsafe { gossip_node_join(self.0, pointers.as_ptr(), pointers.len(), timeout_ms) }
    }

    fn address(&self) -> String {
        // SAFETY: a live node.
        format!("127.0.0.1:{}", unsafe { gossip_node_port(self.0) })
    }

    fn own(&self) -> gossip_node_info_t {
        let mut info = empty_info();
        // SAFETY: a live node and a struct with its size.
        assert_eq!(unsafe { gossip_node_self(self.0, &raw mut info) }, 1, "{}", last_error());
        info
    }

    fn find(&self, id: &gossip_node_id_t) -> Option<gossip_node_info_t> {
        let mut info = empty_info();
        // SAFETY: a live node, an id and a struct with its size.
        (unsafe { gossip_node_find(self.0, id, &raw mut info) } == 1).then_some(info)
    }

    fn status(&self, of: &Self) -> u32 {
        self.find(&of.own().node.id).map_or(0, |info| info.status)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: a live node, which is not used any more.
        unsafe { gossip_node_destroy(self.0) }
    }
}

fn empty_info() -> gossip_node_info_t {
    // SAFETY: numbers and arrays of numbers, which may all be zero.
    let mut info = unsafe { MaybeUninit::<gossip_node_info_t>::zeroed().assume_init() };
    info.size = size_of::<gossip_node_info_t>();
    info
}

#[track_caller]
fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "not within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn null_is_an_error_everywhere_and_never_more() {
    // SAFETY: NULL is allowed everywhere.
    unsafe {
        assert!(gossip_node_create(ptr::null()).is_null());
        assert_eq!(last_error(), "gossip_node_create: config is NULL; pass a pointer");
        gossip_node_destroy(ptr::null_mut());
        assert_eq!(gossip_node_start(ptr::null_mut()), GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_stop(ptr::null_mut()), GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_leave(ptr::null_mut(), 1), GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_port(ptr::null()), 0);
        assert_eq!(gossip_node_join(ptr::null_mut(), ptr::null(), 1, 1), -3);
        let mut count = 7;
        assert!(gossip_node_members(ptr::null(), 336, &raw mut count).is_null());
        assert_eq!(count, 7);
        assert_eq!(gossip_node_self(ptr::null(), ptr::null_mut()), 0);
        assert_eq!(gossip_node_find(ptr::null(), ptr::null(), ptr::null_mut()), 0);
        let code = gossip_node_set_metadata(ptr::null_mut(), ptr::null(), ptr::null());
        assert_eq!(code, GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_remove_metadata(ptr::null_mut(), ptr::null()), 0);
        let (null, none) = (ptr::null_mut(), ptr::null_mut());
        assert_eq!(gossip_node_get_metadata(ptr::null(), ptr::null(), ptr::null(), null, none), 0);
        assert_eq!(gossip_node_each_metadata(ptr::null(), ptr::null(), None, null.cast()), 0);
        let code = gossip_node_get_stats(ptr::null(), ptr::null_mut());
        assert_eq!(code, GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_get_peer_stats(ptr::null(), ptr::null(), ptr::null_mut()), 0);
        let code = gossip_node_get_net_stats(ptr::null(), ptr::null_mut());
        assert_eq!(code, GOSSIP_ERR_INVALID_ARGUMENT);
        assert_eq!(gossip_node_config_init_sized(ptr::null_mut(), 8), GOSSIP_ERR_INVALID_ARGUMENT);

        let node = Node::of(&config());
        assert_eq!(gossip_node_join(node.0, ptr::null(), 1, 1), -3);
        assert_eq!(last_error(), "gossip_node_join: addresses is NULL; pass a pointer");
        let none: [*const c_char; 2] = [c"127.0.0.1:1".as_ptr(), ptr::null()];
        assert_eq!(gossip_node_join(node.0, none.as_ptr(), 2, 1), -3);
        assert!(last_error().contains("addresses[1] is NULL"), "{}", last_error());
        for count in [0, 257] {
            assert_eq!(gossip_node_join(node.0, none.as_ptr(), count, 1), -3);
            assert!(last_error().contains(&format!("count is {count}; pass 1 to 256")));
        }
        assert!(gossip_node_members(node.0, 336, ptr::null_mut()).is_null());
        assert_eq!(gossip_node_find(node.0, ptr::null(), ptr::null_mut()), 0);
        assert_eq!(gossip_node_self(node.0, ptr::null_mut()), 0);
    }
}

#[test]
fn a_flaw_of_the_configuration_is_named_with_its_value_and_the_remedy() {
    let refused = |adjust: &dyn Fn(&mut gossip_node_config_t)| {
        let mut config = config();
        adjust(&mut config);
        // SAFETY: texts and arrays are what they must be.
        assert!(unsafe { gossip_node_create(&raw const config) }.is_null());
        last_error()
    };
    let error = refused(&|config| config.size = 12);
    assert!(error.contains("config->size is 12"), "{error}");
    let error = refused(&|config| config.bind_host = c"localhost".as_ptr());
    assert!(error.contains("config->bind_host is \"localhost\"; give a numeric"), "{error}");
    let error = refused(&|config| config.advertise_host = c"0.0.0.0".as_ptr());
    assert!(error.contains("config->advertise_host is \"0.0.0.0\""), "{error}");
    let long = CString::new("r".repeat(64)).unwrap();
    let error = refused(&|config| config.role = long.as_ptr());
    assert!(error.contains("config->role has 64 bytes; give at most 63"), "{error}");
    let error = refused(&|config| config.region = c"\xff".as_ptr());
    assert!(error.contains("config->region is not UTF-8"), "{error}");
    let error = refused(&|config| config.port = 70_000);
    assert!(error.contains("config->port is 70000; pass 0 to 65535"), "{error}");
    let error = refused(&|config| config.advertise_port = 70_000);
    assert!(error.contains("config->advertise_port is 70000"), "{error}");
    let error = refused(&|config| config.serializer = c"xml".as_ptr());
    assert!(error.contains("config->serializer is \"xml\"; pass \"json\""), "{error}");
    let error = refused(&|config| config.metadata_count = 1);
    assert!(error.contains("config->metadata_keys is NULL but"), "{error}");
    let error = refused(&|config| config.metadata_count = usize::MAX);
    assert!(error.contains("pass at most 65536 pairs"), "{error}");
    let null: [*const c_char; 1] = [ptr::null()];
    let error = refused(&|config| {
        (config.metadata_keys, config.metadata_values) = (null.as_ptr(), null.as_ptr());
        config.metadata_count = 1;
    });
    assert!(error.contains("config->metadata_keys[0] or its value is NULL"), "{error}");

    let mut protocol = protocol(gossip_profile_t::GOSSIP_PROFILE_LAN);
    protocol.gossip_nodes = 0;
    let error = refused(&|config| config.protocol = &raw const protocol);
    assert!(error.contains("gossip_nodes must be 1 to 64"), "{error}");
    protocol.gossip_nodes = 3;
    protocol.manual_clock = 1;
    let error = refused(&|config| config.protocol = &raw const protocol);
    assert!(error.contains("config->protocol->manual_clock is 1; set it to 0"), "{error}");
}

fn protocol(profile: gossip_profile_t) -> gossip_config_t {
    let mut config = MaybeUninit::<gossip_config_t>::uninit();
    // SAFETY: it has as many bytes, and all of them are written.
    unsafe {
        let init = gossip::ffi::gossip_config_init_sized;
        let code = init(config.as_mut_ptr(), size_of_val(&config), MaybeUninit::new(profile));
        assert_eq!(code, GOSSIP_ERR_SUCCESS);
        config.assume_init()
    }
}

static DROPS: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C-unwind" fn count_drop(user_data: *mut c_void) {
    assert_eq!(user_data.addr(), 5);
    DROPS.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn user_data_is_freed_once_whatever_becomes_of_the_node() {
    let mut config = config();
    config.user_data = ptr::without_provenance_mut(5);
    config.drop_user_data = Some(count_drop);
    drop(Node::of(&config));
    assert_eq!(DROPS.load(Ordering::SeqCst), 1, "never started");
    drop(Node::start(&config));
    assert_eq!(DROPS.load(Ordering::SeqCst), 2, "nobody was told");
    config.on_changes = Some(note_changes);
    drop(Node::start(&config));
    assert_eq!(DROPS.load(Ordering::SeqCst), 3, "somebody was");
    config.port = 70_000;
    // SAFETY: a configuration with a flaw.
    assert!(unsafe { gossip_node_create(&raw const config) }.is_null());
    assert_eq!(DROPS.load(Ordering::SeqCst), 4, "it was refused");
}

unsafe extern "C-unwind" fn note_changes(
    _: *const *const gossip_change_t,
    _: usize,
    _: *mut c_void,
) {
}

/// What callbacks saw, kept where their user_data points.
#[derive(Default)]
struct Seen {
    events: AtomicUsize,
    changes: AtomicUsize,
    online: AtomicUsize,
    left: AtomicUsize,
    metadata: AtomicUsize,
    known: AtomicUsize,
}

unsafe extern "C-unwind" fn on_event(
    node: *const gossip_node_view_t,
    _: gossip_node_status_t,
    user_data: *mut c_void,
) {
    // SAFETY: it points to a `Seen` that outlives the node.
    let seen = unsafe { &*user_data.cast::<Seen>() };
    seen.events.fetch_add(1, Ordering::SeqCst);
    let mut value = [0; 16];
    let mut size = value.len();
    let mut info = empty_info();
    // SAFETY: the view is what this callback was handed.
    unsafe {
        if gossip_view_get_metadata(node, c"zone".as_ptr(), value.as_mut_ptr(), &raw mut size) == 1
        {
            seen.metadata.fetch_add(1, Ordering::SeqCst);
        }
        if gossip_view_info(node, &raw mut info) == 1 && info.now_ms >= info.seen_ms {
            seen.known.fetch_add(1, Ordering::SeqCst);
        }
    }
}

unsafe extern "C-unwind" fn on_changes(
    changes: *const *const gossip_change_t,
    count: usize,
    user_data: *mut c_void,
) {
    // SAFETY: as above, and as many changes.
    let (seen, changes) =
        unsafe { (&*user_data.cast::<Seen>(), std::slice::from_raw_parts(changes, count)) };
    for change in changes {
        // SAFETY: valid until this returns.
        let change = unsafe { &**change };
        seen.changes.fetch_add(change.merged as usize, Ordering::SeqCst);
        if change.new_status == ONLINE {
            seen.online.fetch_add(1, Ordering::SeqCst);
        }
        if change.new_status == GOSSIP_NODE_LEFT {
            seen.left.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn two_nodes_see_each_other_and_all_that_is_told() {
    let seen = Seen::default();
    let mut of_seed = config();
    of_seed.on_event = Some(on_event);
    of_seed.on_changes = Some(on_changes);
    of_seed.user_data = ptr::from_ref(&seen).cast_mut().cast();
    let seed = Node::start(&of_seed);
    let (keys, values) = ([c"zone".as_ptr()], [c"a".as_ptr()]);
    let mut of_node = config();
    of_node.id = gossip_node_id_t { data: [9; 16] };
    of_node.role = c"cache".as_ptr();
    (of_node.metadata_keys, of_node.metadata_values) = (keys.as_ptr(), values.as_ptr());
    of_node.metadata_count = 1;
    let node = Node::start(&of_node);

    assert_eq!(node.join(&["x", &seed.address()], 20_000), 1, "{}", last_error());
    assert!(last_error().contains("x: it has no port"), "{}", last_error());
    wait_for("both see both", || node.status(&seed) == ONLINE && seed.status(&node) == ONLINE);
    let mut count = 0;
    // SAFETY: a live node.
    let members =
        unsafe { gossip_node_members(seed.0, size_of::<gossip_node_info_t>(), &raw mut count) };
    assert_eq!(count, 1);
    // SAFETY: one struct, which is freed once.
    unsafe {
        assert_eq!((*members).node.id.data, [9; 16]);
        assert_eq!(((*members).status, (*members).is_self), (ONLINE, 0));
        assert_eq!((*members).size, size_of::<gossip_node_info_t>());
        gossip::ffi::gossip_buffer_free(members.cast());
    }
    assert_eq!(node.own().is_self, 1);
    assert_eq!(seed.find(&node.own().node.id).expect("known").node.role[0], b'c' as c_char);

    metadata_is_had(&seed, &node);
    stats_are_had(&seed, &node);
    // SAFETY: a live node.
    assert_eq!(unsafe { gossip_node_leave(node.0, 20_000) }, GOSSIP_ERR_SUCCESS);
    wait_for("it has left", || seed.status(&node) == GOSSIP_NODE_LEFT);
    wait_for("that is told", || seen.left.load(Ordering::SeqCst) == 1);
    assert!(seen.online.load(Ordering::SeqCst) >= 1);
    assert!(seen.metadata.load(Ordering::SeqCst) >= 1);
    let events = seen.events.load(Ordering::SeqCst);
    assert_eq!(seen.changes.load(Ordering::SeqCst), events);
    assert_eq!(seen.known.load(Ordering::SeqCst), events);
    drop(seed);
}

fn metadata_is_had(seed: &Node, node: &Node) {
    let id = node.own().node.id;
    let get = |key: &CStr, room: usize| {
        let mut value = vec![0 as c_char; room];
        let mut size = room;
        // SAFETY: a live node, and room for what the size says.
        let put = unsafe {
            gossip_node_get_metadata(
                seed.0,
                &raw const id,
                key.as_ptr(),
                value.as_mut_ptr(),
                &raw mut size,
            )
        };
        (put, size)
    };
    wait_for("the metadata", || get(c"zone", 16) == (1, 2));
    assert_eq!(get(c"zone", 1), (0, 2));
    assert!(last_error().contains("*value_size is 1; the value has 2"), "{}", last_error());
    assert_eq!(get(c"none", 16), (0, 0));
    // SAFETY: a live node and texts.
    unsafe {
        let code = gossip_node_set_metadata(node.0, c"load".as_ptr(), c"0.7".as_ptr());
        assert_eq!(code, GOSSIP_ERR_SUCCESS);
        wait_for("one more", || get(c"load", 16) == (1, 4));
        let mut pairs = 0_usize;
        let count = gossip_node_each_metadata(
            seed.0,
            &raw const id,
            Some(count_pair),
            (&raw mut pairs).cast(),
        );
        assert_eq!((count, pairs), (2, 2));
        assert_eq!(gossip_node_remove_metadata(node.0, c"load".as_ptr()), 1);
        assert_eq!(gossip_node_remove_metadata(node.0, c"load".as_ptr()), 0);
        let large = CString::new("v".repeat(70_000)).unwrap();
        let code = gossip_node_set_metadata(node.0, c"k".as_ptr(), large.as_ptr());
        assert_eq!(code, GOSSIP_ERR_INVALID_ARGUMENT);
        assert!(last_error().contains("at most 65536 are carried"), "{}", last_error());
    }
    wait_for("the end of one", || get(c"load", 16) == (0, 0));
}

unsafe extern "C-unwind" fn count_pair(
    _: *const c_char,
    _: usize,
    _: *const c_char,
    _: usize,
    user_data: *mut c_void,
) -> c_int {
    // SAFETY: what was given to the walk.
    unsafe { *user_data.cast::<usize>() += 1 };
    0
}

fn stats_are_had(seed: &Node, node: &Node) {
    let id = node.own().node.id;
    // SAFETY: live nodes, and structs of numbers with their sizes.
    unsafe {
        let mut stats = MaybeUninit::<gossip_stats_t>::zeroed().assume_init();
        assert_eq!(gossip_node_get_stats(seed.0, &raw mut stats), GOSSIP_ERR_INVALID_ARGUMENT);
        stats.size = size_of::<gossip_stats_t>();
        assert_eq!(gossip_node_get_stats(seed.0, &raw mut stats), GOSSIP_ERR_SUCCESS);
        assert_eq!(stats.known_nodes, 1);
        assert!(stats.received_messages > 0 && stats.heartbeat > 1 << 40);
        let mut peer = MaybeUninit::<gossip_peer_stats_t>::zeroed().assume_init();
        peer.size = size_of::<gossip_peer_stats_t>();
        assert_eq!(gossip_node_get_peer_stats(seed.0, &raw const id, &raw mut peer), 1);
        assert_eq!(peer.status, ONLINE);
        assert_eq!(gossip_node_get_peer_stats(node.0, &raw const id, &raw mut peer), 0);
        let mut net = MaybeUninit::<gossip_node_net_stats_t>::zeroed().assume_init();
        net.size = size_of::<gossip_node_net_stats_t>();
        assert_eq!(gossip_node_get_net_stats(seed.0, &raw mut net), GOSSIP_ERR_SUCCESS);
        assert!(net.datagrams_sent > 0 && net.bytes_received > 0 && net.listens_on_tcp == 1);
    }
}

#[test]
fn what_cannot_be_done_yet_or_any_more_is_said() {
    let node = Node::of(&config());
    // SAFETY: a live node.
    unsafe {
        assert_eq!(node.join(&["127.0.0.1:1"], 10), -1);
        assert_eq!(last_error(), "gossip_node_join: the node is not started; start it first");
        assert_eq!(gossip_node_leave(node.0, 10), GOSSIP_ERR_NETWORK_ERROR);
        assert_eq!(gossip_node_stop(node.0), GOSSIP_ERR_SUCCESS);
        let mut stats = MaybeUninit::<gossip_stats_t>::zeroed().assume_init();
        stats.size = size_of::<gossip_stats_t>();
        assert_eq!(gossip_node_get_stats(node.0, &raw mut stats), GOSSIP_ERR_NETWORK_ERROR);
        assert_eq!(gossip_node_start(node.0), GOSSIP_ERR_SUCCESS);
        assert_eq!(gossip_node_start(node.0), GOSSIP_ERR_NETWORK_ERROR);
        assert!(last_error().contains("the node is started; stop it first"));
        assert_eq!(node.join(&["127.0.0.1:1", "localhost:0"], 400), -1);
        let error = last_error();
        assert!(error.starts_with("gossip_node_join: nobody answered: 127.0.0.1:1: no answer"));
        assert!(error.ends_with("localhost:0: its port is not 1 to 65535"), "{error}");
        assert_eq!(node.join(&["127.0.0.1:1"], 0), 0, "it does not wait");
        let mut count = 1;
        assert!(
            gossip_node_members(node.0, size_of::<gossip_node_info_t>(), &raw mut count).is_null()
        );
        assert_eq!((count, last_error()), (0, String::new()));
        count = 7;
        assert!(gossip_node_members(node.0, 12, &raw mut count).is_null());
        assert!(count == 7 && last_error().contains("info_size"), "{}", last_error());
    }
}

static HANDLE: AtomicPtr<gossip_node_t> = AtomicPtr::new(ptr::null_mut());
static DESTROYED: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C-unwind" fn destroy_inside(
    _: *const gossip_node_view_t,
    _: gossip_node_status_t,
    _: *mut c_void,
) {
    let node = HANDLE.swap(ptr::null_mut(), Ordering::SeqCst);
    if !node.is_null() {
        // SAFETY: nobody else uses it.
        unsafe { gossip_node_destroy(node) };
        DESTROYED.fetch_add(1, Ordering::SeqCst);
    }
}

unsafe extern "C-unwind" fn is_over(_: *mut c_void) {
    DESTROYED.fetch_add(10, Ordering::SeqCst);
}

#[test]
fn destroyed_inside_a_callback_it_ends_when_that_returns() {
    let mut config = config();
    config.on_event = Some(destroy_inside);
    config.drop_user_data = Some(is_over);
    let node = Node::start(&config);
    let address = node.address();
    HANDLE.store(node.0, Ordering::SeqCst);
    std::mem::forget(node);
    let other = Node::start(&self::config());
    other.join(&[&address], 0);
    wait_for("all of it is gone", || DESTROYED.load(Ordering::SeqCst) == 11);
    wait_for("the port is free", || std::net::UdpSocket::bind(&*address).is_ok());
}
