//! Structs of C that begin with their own size, so that later versions can add fields to the end.

use crate::ffi::error::{INVALID, is_given, set_last_error};
use crate::ffi::types::gossip_error_code_t;
use core::ffi::c_int;
use core::mem::size_of;
use core::ptr;

/// A struct of C that may grow.
///
/// # Safety
/// It is `repr(C)`, its first field is its size as a `usize`, and every pattern of bytes is a value
/// of it. What programs hand in has no padding at its end: an older program's padding would be read
/// as a field that came later.
pub(in crate::ffi) unsafe trait Growing: Copy {
    /// What stands before anything that a later version added.
    const LEAST: usize;
}

/// No version of any struct is larger. A larger number is one that nobody set.
const MOST: usize = 4096;

/// Whether a size may be that of a struct in the program; an error text says if not.
pub(in crate::ffi) fn is_size_of<T: Growing>(size: usize, name: &str) -> bool {
    let is_one = size >= T::LEAST && size <= MOST && size.is_multiple_of(align_of::<T>());
    if !is_one {
        set_last_error(format_args!(
            "{name}->size is {size}; set it to the size of the struct, which is {} here",
            size_of::<T>()
        ));
    }
    is_one
}

/// Reads a struct of the program over `defaults`, which keeps what an older program does not have;
/// `None`, with an error text, if it cannot be read.
///
/// # Safety
/// `pointer` is NULL or points to a struct that has as many bytes as its first field says.
pub(in crate::ffi) unsafe fn read<T: Growing>(
    pointer: *const T,
    name: &str,
    defaults: impl FnOnce(&Prefix<T>) -> Option<T>,
) -> Option<T> {
    if !is_given(pointer, name) {
        return None;
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { pointer.cast::<usize>().read() };
    if !is_size_of::<T>(size, name) {
        return None;
    }
    let mut value = defaults(&Prefix { pointer })?;
    let known = size.min(size_of::<T>());
    // SAFETY: the program's struct has `size` bytes, `value` has its own; every pattern of bytes is
    // a value of it.
    unsafe { copy(pointer, &raw mut value, known) };
    for at in known..size {
        // SAFETY: below `size`.
        let byte = unsafe { pointer.cast::<u8>().add(at).read() };
        if byte != 0 {
            set_last_error(format_args!(
                "{name}->size is {size} and what it has beyond {known} bytes is not zero; this \
                 library is older than the program and cannot do what is set there"
            ));
            return None;
        }
    }
    Some(value)
}

/// The first bytes of a struct that is being read, whatever its size.
pub(in crate::ffi) struct Prefix<T> {
    pointer: *const T,
}

impl<T: Growing> Prefix<T> {
    /// Reads a field that each version has.
    pub(super) fn field<F: Copy>(&self, offset: usize) -> F {
        assert!(offset + size_of::<F>() <= T::LEAST, "each version has the field");
        // SAFETY: within the part that was checked to be there; the promise of `Growing` makes any
        // bytes a number, and only numbers are read.
        unsafe { self.pointer.cast::<u8>().add(offset).cast::<F>().read_unaligned() }
    }
}

/// Writes a result into a struct of the program: what that has room for; `false`, with an error
/// text, if it is NULL or its size was not set. Its size stays as it is.
///
/// # Safety
/// `out` is NULL or points to a struct that has as many bytes as its first field says.
pub(in crate::ffi) unsafe fn write<T: Growing>(out: *mut T, name: &str, value: &T) -> bool {
    // SAFETY: the caller's promise.
    let Some(size) = (unsafe { size_of_output(out, name) }) else { return false };
    let known = size.min(size_of::<T>());
    // SAFETY: both have as many bytes, and the tail lies within the program's struct.
    unsafe {
        copy(value, out, known);
        out.cast::<u8>().add(known).write_bytes(0, size - known);
        out.cast::<usize>().write(size);
    }
    true
}

/// Fills a struct of the program that has so many bytes, its size too.
///
/// # Safety
/// `out` is NULL or points to `size` bytes that may be overwritten.
pub(in crate::ffi) unsafe fn fill<T: Growing>(
    out: *mut T,
    (name, type_name): (&str, &str),
    size: usize,
    value: &T,
) -> gossip_error_code_t {
    if !is_given(out, name) {
        return INVALID;
    }
    if size < size_of::<usize>() {
        set_last_error(format_args!("size is {size}; pass sizeof({type_name})"));
        return INVALID;
    }
    // SAFETY: the caller's promise; the size is looked at before anything else is written.
    let written = unsafe {
        out.cast::<usize>().write(size);
        write(out, name, value)
    };
    if written { gossip_error_code_t::GOSSIP_ERR_SUCCESS } else { INVALID }
}

/// Writes a result that may not be there, which is asked for only if there is a place for it: 1 if it
/// was written, else 0.
///
/// # Safety
/// As [`write()`].
pub(in crate::ffi) unsafe fn write_if<T: Growing>(
    out: *mut T,
    name: &str,
    value: impl FnOnce() -> Option<T>,
) -> Option<c_int> {
    // SAFETY: the caller's promise.
    unsafe {
        size_of_output(out, name)?;
        Some(c_int::from(write(out, name, &value()?)))
    }
}

/// The size that the program gave a struct for results; `None`, with an error text, if it cannot be
/// written to.
///
/// # Safety
/// As [`write()`].
pub(in crate::ffi) unsafe fn size_of_output<T: Growing>(
    out: *const T,
    name: &str,
) -> Option<usize> {
    if !is_given(out, name) {
        return None;
    }
    // SAFETY: every such struct begins with its size.
    let size = unsafe { out.cast::<usize>().read() };
    is_size_of::<T>(size, name).then_some(size)
}

/// # Safety
/// Both have as many bytes.
unsafe fn copy<T>(from: *const T, to: *mut T, bytes: usize) {
    // SAFETY: the caller's promise; they are different structs.
    unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), to.cast::<u8>(), bytes) };
}
