//! Calls from the library into Python.

use crate::logging::{self, Logger};
use pyo3::exceptions::PyException;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use std::cell::Cell;
use std::ptr;

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

type Call2 = unsafe extern "C-unwind" fn(
    *mut PyObject,
    *mut PyObject,
    *mut PyObject,
    *mut PyObject,
) -> *mut PyObject;

unsafe extern "C-unwind" fn call2(
    function: *mut PyObject,
    first: *mut PyObject,
    second: *mut PyObject,
    end: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: the caller passes objects and NULL. The declaration of pyo3 promises that the call does
    // not unwind, which is not so, see `Hang`; so it is called by another type with the same meaning.
    unsafe {
        let call: unsafe extern "C" fn(*mut PyObject, ...) -> *mut PyObject =
            ffi::PyObject_CallFunctionObjArgs;
        let call: unsafe extern "C-unwind" fn(*mut PyObject, ...) -> *mut PyObject =
            std::mem::transmute(call);
        call(function, first, second, end)
    }
}

const CALL2: Call2 = call2;

/// Calls a callback with one or two arguments, and marks this thread as being inside of it.
pub(crate) fn callback<'py>(
    py: Python<'py>,
    function: &Py<PyAny>,
    first: Bound<'py, PyAny>,
    second: Option<Bound<'py, PyAny>>,
) -> PyResult<()> {
    DEPTH.set(DEPTH.get() + 1);
    let last = second.as_ref().map_or(ptr::null_mut(), Bound::as_ptr);
    // SAFETY: these objects live until the call returns; the arguments end in NULL.
    let result = unsafe {
        let hang = Hang;
        let result = CALL2(function.as_ptr(), first.as_ptr(), last, ptr::null_mut());
        std::mem::forget(hang);
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
