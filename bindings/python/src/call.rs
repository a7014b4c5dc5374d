//! Calls from the library into Python.

use crate::logging::{self, Logger};
use pyo3::exceptions::PyException;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use std::cell::Cell;
use std::hint::black_box;
use std::{mem, ptr};

std::thread_local! {
    /// How many callbacks this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback: then nothing may wait.
pub(crate) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// Keeps a thread for good when it is dropped.
///
/// Before Python 3.14 a thread that comes back to an interpreter which has begun to end is ended
/// itself, by unwinding its stack. No frame of ours may be unwound by that: what they drop needs the
/// interpreter's lock. So the first frame that is met keeps the thread until the process is gone.
struct Hang;

impl Drop for Hang {
    fn drop(&mut self) {
        loop {
            std::thread::park();
        }
    }
}

/// Calls an object of Python with up to two arguments; the last one may be NULL.
///
/// # Safety
/// The arguments are as said, and this thread has the interpreter's lock.
unsafe fn call(
    function: *mut PyObject,
    first: *mut PyObject,
    last: *mut PyObject,
) -> *mut PyObject {
    type Plain = unsafe extern "C" fn(*mut PyObject, ...) -> *mut PyObject;
    type Unwinding = unsafe extern "C-unwind" fn(*mut PyObject, ...) -> *mut PyObject;
    let plain: Plain = ffi::PyObject_CallFunctionObjArgs;
    // SAFETY: the types differ in that the second one lets the stack be unwound, which the first one
    // falsely rules out. The black box keeps the compiler from seeing that it is the same function.
    let unwinding = unsafe { mem::transmute::<Plain, Unwinding>(black_box(plain)) };
    let hang = Hang;
    // SAFETY: the caller's promise; the arguments end in NULL.
    let result = unsafe { unwinding(function, first, last, ptr::null_mut::<PyObject>()) };
    mem::forget(hang);
    result
}

/// Calls a callback with one or two arguments, and marks this thread as being inside of it.
pub(crate) fn callback<'py>(
    py: Python<'py>,
    function: &Py<PyAny>,
    first: Bound<'py, PyAny>,
    second: Option<Bound<'py, PyAny>>,
) -> PyResult<()> {
    DEPTH.set(DEPTH.get() + 1);
    let last = second.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: these objects live until the call returns, which gives a new reference or NULL.
    let result = unsafe {
        let result = call(function.as_ptr(), first.as_ptr(), last);
        Bound::from_owned_ptr_or_err(py, result)
    };
    DEPTH.set(DEPTH.get() - 1);
    result.map(drop)
}

/// Whether an exception wants the program to end, like KeyboardInterrupt: it is handed on where there
/// is a caller.
pub(crate) fn is_fatal(py: Python<'_>, error: &PyErr) -> bool {
    !error.is_instance_of::<PyException>(py)
}

/// Tells of an exception that no caller can be told of: by `logging` and by `sys.unraisablehook`.
pub(crate) fn report(py: Python<'_>, error: PyErr, function: &Py<PyAny>, what: &str) {
    logging::exception(py, Logger::Core, &format!("exception in {what}"), &error);
    error.write_unraisable(py, Some(function.bind(py)));
}
