//! What stands around every function of the ABI: no panic leaves the library.

use super::error;
use core::any::Any;
use core::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

std::thread_local! {
    /// Whether this thread runs inside [`contain`]. No destructor, see [`error`].
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of an ABI function and returns `fallback` if it panics.
///
/// The error text of the thread is emptied first and tells of the panic afterwards.
pub fn guard<T>(function: &'static str, fallback: T, body: impl FnOnce() -> T) -> T {
    guarded(function, Text::Empty, fallback, body)
}

/// As [`guard`], but leaves the error text alone: for functions that free, so that a program can
/// clean up before it reports.
pub fn guard_quiet<T>(function: &'static str, fallback: T, body: impl FnOnce() -> T) -> T {
    guarded(function, Text::Kept, fallback, body)
}

/// Callbacks that an ABI function brought about, to be run by the thread that called it.
pub trait Callbacks {
    /// Runs them, with no lock held.
    fn run(self);
}

/// As [`guard`], for functions that lead to callbacks: they run after the body, outside of what
/// catches panics, so that an exception of the program passes through.
pub fn guard_then<C: Callbacks>(function: &'static str, body: impl FnOnce() -> Option<C>) {
    let mut body = Some(body);
    then_run(function, &mut || body.take()?());
}

/// As [`guard_then`], for functions that have a result too.
#[cfg(feature = "ext")]
pub fn guard_both<T, C: Callbacks>(
    function: &'static str,
    fallback: T,
    body: impl FnOnce() -> (T, Option<C>),
) -> T {
    let (result, callbacks) = guard(function, (fallback, None), body);
    if let Some(callbacks) = callbacks {
        callbacks.run();
    }
    result
}

/// What [`guard_then`] does, once for each kind of callbacks and not for each function.
#[inline(never)]
fn then_run<C: Callbacks>(function: &'static str, body: &mut dyn FnMut() -> Option<C>) {
    if let Some(callbacks) = guard(function, None, body) {
        callbacks.run();
    }
}

/// What becomes of the thread's error text when a function starts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Text {
    Empty,
    Kept,
}

fn guarded<T>(function: &'static str, text: Text, fallback: T, body: impl FnOnce() -> T) -> T {
    let mut result = fallback;
    let mut body = Some(body);
    guard_once(function, text, &mut || {
        if let Some(body) = body.take() {
            result = body();
        }
    });
    result
}

/// What all guards do, in the library once and not in each of its functions again.
#[inline(never)]
fn guard_once(function: &'static str, text: Text, body: &mut dyn FnMut()) {
    if text == Text::Empty {
        error::clear();
    }
    let caller = error::enter(function);
    contain_once(body);
    error::enter(caller);
}

/// Runs `body`; a panic in it becomes `fallback` and an error text. Prints nothing.
pub(super) fn contain<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    let mut result = fallback;
    let mut body = Some(body);
    contain_once(&mut || {
        if let Some(body) = body.take() {
            result = body();
        }
    });
    result
}

/// What [`contain`] does, in the library once and not in each of its functions again.
#[inline(never)]
pub(super) fn contain_once(body: &mut dyn FnMut()) {
    silence_contained_panics();
    let outer = CONTAINED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    CONTAINED.set(outer);
    if let Err(payload) = result {
        report(payload);
    }
}

#[cold]
#[inline(never)]
fn report(payload: Box<dyn Any + Send>) {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text");
    error::set_last_error(format_args!(
        "internal error: {text}; this is a bug in libgossip, destroy the object and report it"
    ));
}

/// Keeps the panic hook from printing what [`contain`] catches.
///
/// A shared library has a panic hook of its own, so nobody else sees this one. In a Rust program
/// that links the crate it is only set once an ABI function runs, and passes all other panics on
/// to the hook that was there.
fn silence_contained_panics() {
    static SET: Once = Once::new();
    if !SET.is_completed() && !std::thread::panicking() {
        set_hook(&SET);
    }
}

#[cold]
fn set_hook(once: &Once) {
    once.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !CONTAINED.get() {
                previous(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::{guard, guard_quiet};
    use crate::ffi::error;
    use core::ffi::CStr;

    fn last_error() -> String {
        // SAFETY: the text ends in NUL and lives as long as the thread.
        unsafe { CStr::from_ptr(error::last()) }.to_str().expect("UTF-8").to_owned()
    }

    #[test]
    fn a_panic_becomes_the_fallback_and_a_text() {
        assert_eq!(guard("gossip_test", 7, || panic!("number {}", 9)), 7);
        assert!(last_error().starts_with("gossip_test: internal error: number 9;"));
        assert_eq!(guard("gossip_test", 7, || 8), 8);
        assert_eq!(last_error(), "");
    }

    #[test]
    fn freeing_keeps_the_text() {
        guard("gossip_test", (), || error::set_last_error(format_args!("kept")));
        guard_quiet("gossip_free", (), || ());
        assert_eq!(last_error(), "gossip_test: kept");
    }
}
