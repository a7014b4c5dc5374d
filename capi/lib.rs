//! The libraries for C programs: every function of the C ABI, and nothing else.
#![cfg_attr(not(feature = "std"), no_std)]

// Named so that the linker sees the crate whose functions these libraries export.
#[cfg(feature = "ffi")]
pub use implementation::ffi;
