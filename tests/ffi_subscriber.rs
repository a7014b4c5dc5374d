//! A Rust program that links the crate hears the log lines by its own subscriber, and keeps it.
#![cfg(all(feature = "ffi", feature = "ext"))]

use gossip::ffi::testing::{c_id, c_text};
use gossip::ffi::*;
use gossip::types::NodeId;
use std::ffi::{c_char, c_void};
use std::fmt::Debug;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber, span};

static LINES: AtomicUsize = AtomicUsize::new(0);
static DROPS: AtomicUsize = AtomicUsize::new(0);

struct Own;

/// Counts the lines about the node at port 7002.
struct Look;

impl Visit for Look {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        let found = format!("{value:?}").contains(":7002");
        LINES.fetch_add(usize::from(found), Ordering::SeqCst);
    }
}

impl Subscriber for Own {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "gossip::core"
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Look);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

unsafe extern "C-unwind" fn on_line(
    _: gossip_log_level_t,
    _: *const c_char,
    _: *const c_char,
    _: *mut c_void,
) {
    panic!("the program has a subscriber of its own");
}

unsafe extern "C-unwind" fn on_drop(_: *mut c_void) {
    DROPS.fetch_add(1, Ordering::SeqCst);
}

fn view(number: u8) -> gossip_node_view_t {
    gossip_node_view_t {
        id: c_id(NodeId::new([number; 16])),
        ip: c_text("127.0.0.1"),
        port: 7000 + i32::from(number),
        config_epoch: 0,
        heartbeat: 1,
        version: 0,
        status: MaybeUninit::new(gossip_node_status_t::GOSSIP_NODE_UNKNOWN),
        role: c_text(""),
        region: c_text(""),
        sent_messages: 0,
        received_messages: 0,
    }
}

#[test]
fn the_program_keeps_its_subscriber_and_hears_the_lines() {
    tracing::dispatcher::set_global_default(tracing::Dispatch::new(Own)).expect("the first one");
    let level = MaybeUninit::new(gossip_log_level_t::GOSSIP_LOG_TRACE);
    // SAFETY: functions of the right types.
    let code =
        unsafe { gossip_set_log_callback(level, Some(on_line), ptr::null_mut(), Some(on_drop)) };
    assert_eq!(code, gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED);
    assert_eq!(DROPS.load(Ordering::SeqCst), 1);
    // SAFETY: views of the right type; the core is destroyed once.
    unsafe {
        let core = gossip_core_create(&view(1), None, None, ptr::null_mut());
        gossip_core_meet(core, &view(2));
        gossip_core_destroy(core);
    }
    assert_eq!(LINES.load(Ordering::SeqCst), 2, "the wish and what came of it");
}
