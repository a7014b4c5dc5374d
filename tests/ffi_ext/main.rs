//! What version 1 of the C ABI lacks, as its callers see it, called as a C program calls it.
#![cfg(all(feature = "ffi", feature = "ext"))]

mod allocations;
mod builder;
mod changes;
mod clock;
mod cluster;
mod config;
mod hostile;
mod info;
mod metadata;
mod owned;
mod packets;
mod stats;
mod support;
mod threads;
