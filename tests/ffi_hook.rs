//! The panic hook of a Rust program that links the crate stays in force. A process of its own.
#![cfg(feature = "ffi")]

use gossip::ffi::testing::guard;
use std::panic::{catch_unwind, set_hook};
use std::sync::atomic::{AtomicUsize, Ordering};

static SEEN: AtomicUsize = AtomicUsize::new(0);

#[test]
fn only_panics_of_the_program_reach_its_hook() {
    set_hook(Box::new(|_| {
        SEEN.fetch_add(1, Ordering::SeqCst);
    }));
    let fallback = guard("gossip_test", 7, || panic!("inside"));
    assert_eq!((fallback, SEEN.load(Ordering::SeqCst)), (7, 0), "contained and silent");
    catch_unwind(|| panic!("outside")).expect_err("it panics");
    assert_eq!(SEEN.load(Ordering::SeqCst), 1);
    guard("gossip_test", (), || ());
    catch_unwind(|| panic!("outside")).expect_err("it panics");
    assert_eq!(SEEN.load(Ordering::SeqCst), 2);
}
