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
pub fn guard<T>(function: &'static str, fallback: T, mut body: impl FnMut() -> T) -> T {
    let mut result = fallback;
    run(function, false, &mut || result = body());
    result
}

/// As [`guard`], for a body that may give up with `None`: the result is `fallback` then, too.
pub(super) fn guard_or<T>(
    function: &'static str,
    fallback: T,
    mut body: impl FnMut() -> Option<T>,
) -> T {
    let mut result = fallback;
    run(function, false, &mut || {
        if let Some(value) = body() {
            result = value;
        }
    });
    result
}

/// As [`guard`], but leaves the error text alone: for functions that free, so that a program can
/// clean up before it reports.
pub(super) fn guard_quiet<T>(
    function: &'static str,
    fallback: T,
    mut body: impl FnMut() -> T,
) -> T {
    let mut result = fallback;
    run(function, true, &mut || result = body());
    result
}

/// Callbacks that an ABI function brought about, to be run by the thread that called it.
pub(super) trait Callbacks {
    /// Runs them, with no lock held.
    fn run(self);
}

/// As [`guard`], for functions that lead to callbacks: they run after the body, outside of what
/// catches panics, so that an exception of the program passes through.
///
/// `body` puts its result in the place that it is given, in which `fallback` is at first.
pub(super) fn guard_then<T, C: Callbacks>(
    function: &'static str,
    fallback: T,
    mut body: impl FnMut(&mut T) -> Option<C>,
) -> T {
    let (mut result, mut callbacks) = (fallback, None);
    run(function, false, &mut || callbacks = body(&mut result));
    finish(callbacks);
    result
}

/// Apart, so that it is there once for all functions that lead to the same kind of callbacks.
#[inline(never)]
fn finish<C: Callbacks>(callbacks: Option<C>) {
    if let Some(callbacks) = callbacks {
        callbacks.run();
    }
}

/// What a guard runs. Not a `dyn FnMut`, whose vtable has each body twice: for `FnOnce`, too.
pub(super) trait Body {
    fn call(&mut self);
}

impl<F: FnMut()> Body for F {
    fn call(&mut self) {
        self();
    }
}

/// The part of all guards that does not depend on the function.
#[inline(never)]
fn run(function: &'static str, keeps_text: bool, body: &mut dyn Body) {
    if !keeps_text {
        error::clear();
    }
    let caller = error::enter(function);
    contain(body);
    error::enter(caller);
}

/// Runs `body`; a panic in it becomes an error text. Prints nothing.
#[inline(never)]
pub(super) fn contain(body: &mut dyn Body) {
    silence_contained_panics();
    let outer = CONTAINED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| body.call()));
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
