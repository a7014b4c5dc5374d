//! The C ABI of a core as its callers see it, called as a C program calls it.
#![cfg(feature = "ffi")]

mod callbacks;
mod cluster;
mod guest;
mod hostile;
mod semantics;
mod support;
mod threads;
