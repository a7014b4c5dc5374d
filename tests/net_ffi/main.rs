//! The network part of the C ABI as its callers see it, called as a C program calls it.
#![cfg(all(feature = "ffi", feature = "net", unix))]

mod custom;
mod forms;
mod guest;
mod hostile;
mod serializer;
#[allow(dead_code, reason = "this program uses a part of it")]
#[path = "../ffi_core/support.rs"]
mod support;
mod transport;
mod wired;
