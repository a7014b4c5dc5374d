//! The version, the last error, and the names of numbers.

use super::convert::raw_number;
use super::error;
use super::guard::guard_quiet;
use super::types::{gossip_error_code_t, gossip_node_status_t};
use core::ffi::{CStr, c_char, c_int};
use core::mem::MaybeUninit;

const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a version has no NUL"),
    };

const VERSION_NUMBER: c_int = number(env!("CARGO_PKG_VERSION_MAJOR")) * 10_000
    + number(env!("CARGO_PKG_VERSION_MINOR")) * 100
    + number(env!("CARGO_PKG_VERSION_PATCH"));

const fn number(digits: &str) -> c_int {
    let digits = digits.as_bytes();
    let mut value = 0;
    let mut at = 0;
    while at < digits.len() {
        value = value * 10 + (digits[at] - b'0') as c_int;
        at += 1;
    }
    assert!(value < 100, "each part of the version has two digits in its number");
    value
}

/// What went wrong in this thread's last call, for a person to read.
///
/// It names the function, the argument, its value and the remedy. Functions that free something
/// leave it as it is.
///
/// @return The text, never NULL; empty if the last call of this thread had no error. Owned by the
/// library and valid until this thread's next call into it.
///
/// Threads: any; each has its own. From callbacks: yes. Since 1.5.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_last_error() -> *const c_char {
    guard_quiet("gossip_last_error", c"".as_ptr(), error::last)
}

/// The version of the library that runs, as text.
///
/// @return Three numbers with dots; a constant of the library, not to be freed.
///
/// Threads: any. From callbacks: yes. Since 1.5.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_version() -> *const c_char {
    guard_quiet("gossip_version", c"".as_ptr(), move || VERSION.as_ptr())
}

/// The version of the library that runs, as a number to compare with GOSSIP_VERSION_NUMBER.
///
/// @return 10000 * major + 100 * minor + patch.
///
/// Threads: any. From callbacks: yes. Since 1.5.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_version_number() -> c_int {
    guard_quiet("gossip_version_number", 0, move || VERSION_NUMBER)
}

/// The name of a status in lower case.
///
/// @param status Any number.
/// @return "unknown", "joining", "online", "suspect", "failed", or "invalid" for another number; a
/// constant of the library, not to be freed.
///
/// Threads: any. From callbacks: yes. Since 1.5.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_status_string(
    status: MaybeUninit<gossip_node_status_t>,
) -> *const c_char {
    guard_quiet("gossip_status_string", c"".as_ptr(), move || {
        status_name(raw_number(status)).as_ptr()
    })
}

/// What an error code says, in lower case.
///
/// @param code Any number.
/// @return A few words, "unknown error code" for another number; a constant of the library, not to
/// be freed.
///
/// Threads: any. From callbacks: yes. Since 1.5.
#[unsafe(no_mangle)]
pub extern "C-unwind" fn gossip_error_string(
    code: MaybeUninit<gossip_error_code_t>,
) -> *const c_char {
    guard_quiet("gossip_error_string", c"".as_ptr(), move || error_name(raw_number(code)).as_ptr())
}

fn status_name(raw: u32) -> &'static CStr {
    match raw {
        0 => c"unknown",
        1 => c"joining",
        2 => c"online",
        3 => c"suspect",
        4 => c"failed",
        _ => c"invalid",
    }
}

fn error_name(raw: u32) -> &'static CStr {
    match raw {
        0 => c"success",
        1 => c"network error",
        2 => c"serialization error",
        3 => c"invalid argument",
        4 => c"operation not permitted",
        _ => c"unknown error code",
    }
}
