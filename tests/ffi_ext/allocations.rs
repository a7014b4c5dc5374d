//! In steady state packets are made and taken without allocating.

use crate::support::{config, create, id, view};
use gossip::ffi::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_void};
use std::mem::size_of;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    /// The datagrams on their way: receiver, sender, length.
    static WIRE: RefCell<Wire> =
        const { RefCell::new(Wire { bytes: Vec::new(), ends: Vec::new() }) };
}

// SAFETY: it only counts and hands on to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

struct Wire {
    bytes: Vec<u8>,
    ends: Vec<(u16, u16, usize)>,
}

unsafe extern "C-unwind" fn on_packet(
    bytes: *const u8,
    size: usize,
    _: *const c_char,
    port: u16,
    own_port: *mut c_void,
) {
    WIRE.with_borrow_mut(|wire| {
        // SAFETY: as many bytes as it says.
        wire.bytes.extend_from_slice(unsafe { std::slice::from_raw_parts(bytes, size) });
        let own_port = u16::try_from(own_port.addr()).expect("a port");
        wire.ends.push((port, own_port, wire.bytes.len()));
    });
}

const NODES: u8 = 12;

struct Group {
    cores: Vec<*mut gossip_core_t>,
    sent: Wire,
    messages: usize,
}

impl Group {
    fn new() -> Self {
        let core = |number: u8| {
            let functions = gossip_callbacks_t {
                size: size_of::<gossip_callbacks_t>(),
                on_send: None,
                on_event: None,
                on_changes: None,
                on_packet: Some(on_packet),
                user_data: std::ptr::without_provenance_mut(7000 + usize::from(number)),
                drop_user_data: None,
            };
            create(
                &gossip_config_t { packets: 1, ..config(number.into()) },
                &view(number),
                &functions,
            )
        };
        let sent = Wire { bytes: Vec::new(), ends: Vec::new() };
        Self { cores: (1..=NODES).map(core).collect(), sent, messages: 0 }
    }

    /// Takes what is on the wire to its receivers, until nothing is.
    fn settle(&mut self, now: u64) {
        loop {
            WIRE.with_borrow_mut(|wire| std::mem::swap(wire, &mut self.sent));
            if self.sent.ends.is_empty() {
                return;
            }
            let mut start = 0;
            for &(to, from, end) in &self.sent.ends {
                let bytes = &self.sent.bytes[start..end];
                let core = self.cores[usize::from(to) - 7001];
                let ip = c"127.0.0.1".as_ptr();
                // SAFETY: a live core, bytes and a text.
                unsafe {
                    let (at, size) = (bytes.as_ptr(), bytes.len());
                    gossip_core_handle_packet_at(core, at, size, ip, from, now);
                }
                start = end;
                self.messages += 1;
            }
            self.sent.bytes.clear();
            self.sent.ends.clear();
        }
    }

    fn round(&mut self, now: u64) {
        for index in 0..self.cores.len() {
            // SAFETY: a live core.
            unsafe { gossip_core_tick_at(self.cores[index], now) };
        }
        self.settle(now);
    }
}

#[test]
fn packets_allocate_nothing() {
    let mut group = Group::new();
    for &core in &group.cores[1..] {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_join(core, &view(1)) };
    }
    let rounds = |group: &mut Group, from: u64, to: u64| {
        (from..to).for_each(|round| group.round(round * 100));
    };
    rounds(&mut group, 1, 1_500);
    // SAFETY: a live core.
    assert_eq!(unsafe { gossip_core_size(group.cores[0]) }, usize::from(NODES) - 1);
    group.messages = 0;
    let before = ALLOCATIONS.get();
    rounds(&mut group, 1_500, 2_500);
    let allocations = ALLOCATIONS.get() - before;
    assert!(group.messages > 1_000 * usize::from(NODES), "{} packets", group.messages);
    assert_eq!(allocations, 0, "in {} packets", group.messages);
    assert_ne!(id(1), id(2));
    for &core in &group.cores {
        // SAFETY: destroyed once.
        unsafe { gossip_core_destroy(core) };
    }
}
