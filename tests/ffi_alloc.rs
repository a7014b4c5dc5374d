//! In steady state no call through the C ABI allocates: neither the core nor what stands around it.
#![cfg(feature = "ffi")]

use gossip::ffi::testing::{c_id, c_kind, c_text, raw_kind};
use gossip::ffi::*;
use gossip::types::{MessageKind, NodeId};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::c_void;
use std::mem::MaybeUninit;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
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

const MEMBERS: u8 = 40;
const ROUNDS: u64 = 400;

fn member(number: u8, heartbeat: u64) -> gossip_node_view_t {
    gossip_node_view_t {
        id: c_id(NodeId::new([number; 16])),
        ip: c_text("127.0.0.1"),
        port: 7000 + i32::from(number),
        config_epoch: 0,
        heartbeat,
        version: 0,
        status: MaybeUninit::new(gossip_node_status_t::GOSSIP_NODE_ONLINE),
        role: c_text("replica"),
        region: c_text("eu-west-1"),
        sent_messages: 0,
        received_messages: 0,
    }
}

/// Whom the core pinged, noted without allocating.
#[derive(Default)]
struct Pinged {
    numbers: [u8; 32],
    count: usize,
    messages: usize,
}

unsafe extern "C-unwind" fn on_send(
    message: *const gossip_message_t,
    target: *const gossip_node_view_t,
    pinged: *mut c_void,
) {
    // SAFETY: the library hands out valid structs, and the user data outlives the core.
    let (message, target, pinged) = unsafe { (&*message, &*target, &mut *pinged.cast::<Pinged>()) };
    pinged.messages += 1;
    if raw_kind(message.r#type) == MessageKind::Ping as u32 && pinged.count < pinged.numbers.len() {
        pinged.numbers[pinged.count] = target.id.data[0];
        pinged.count += 1;
    }
}

unsafe extern "C-unwind" fn on_event(
    _: *const gossip_node_view_t,
    _: gossip_node_status_t,
    _: *mut c_void,
) {
}

struct Group {
    core: *mut gossip_core_t,
    pinged: *mut Pinged,
}

impl Group {
    fn hear(&self, kind: MessageKind, number: u8, entries: &mut [gossip_node_view_t]) {
        let message = gossip_message_t {
            sender: c_id(NodeId::new([number; 16])),
            r#type: c_kind(kind),
            timestamp: entries[0].heartbeat,
            entries: entries.as_mut_ptr(),
            entries_count: entries.len(),
        };
        // SAFETY: a live core, and a message whose entries live.
        unsafe { gossip_core_handle_message(self.core, &message) };
    }

    /// One round in which everybody pinged answers, and one other pings with three entries.
    fn round(&self, heartbeat: u64) {
        // SAFETY: a live core; the callback runs within the call only.
        let pinged = unsafe {
            gossip_core_tick(self.core);
            std::mem::take(&mut *self.pinged)
        };
        for &number in &pinged.numbers[..pinged.count] {
            self.hear(MessageKind::Pong, number, &mut [member(number, heartbeat)]);
        }
        let number = |step: u64| {
            2 + u8::try_from((heartbeat + step) % u64::from(MEMBERS)).expect("a small number")
        };
        let mut entries = [
            member(number(0), heartbeat),
            member(number(1), heartbeat - 1),
            member(number(2), heartbeat - 2),
        ];
        self.hear(MessageKind::Ping, number(0), &mut entries);
    }
}

#[test]
fn rounds_and_messages_allocate_nothing() {
    let pinged = Box::into_raw(Box::<Pinged>::default());
    // SAFETY: views and callbacks of the right types; the user data is freed after the core.
    let group = unsafe {
        let core = gossip_core_create(&member(1, 1), Some(on_send), Some(on_event), pinged.cast());
        assert!(!core.is_null());
        Group { core, pinged }
    };
    for number in 2..2 + MEMBERS {
        // SAFETY: a live core and a view.
        unsafe { gossip_core_meet(group.core, &member(number, 1)) };
        group.hear(MessageKind::Pong, number, &mut [member(number, 9)]);
    }
    for heartbeat in 10..10 + ROUNDS {
        group.round(heartbeat);
    }
    // SAFETY: the callback runs within calls only.
    unsafe { *group.pinged = Pinged::default() };
    let before = ALLOCATIONS.get();
    let mut messages = 0;
    for heartbeat in 10 + ROUNDS..10 + 2 * ROUNDS {
        group.round(heartbeat);
        // SAFETY: as above. These are the answers to the round's messages.
        messages += unsafe { (*group.pinged).messages };
    }
    let allocations = ALLOCATIONS.get() - before;
    assert_eq!(allocations, 0, "in {ROUNDS} rounds");
    assert!(messages >= usize::try_from(ROUNDS).expect("small"), "each ping was answered");
    // SAFETY: destroyed once, and the user data after it.
    unsafe {
        gossip_core_destroy(group.core);
        drop(Box::from_raw(pinged));
    }
}
