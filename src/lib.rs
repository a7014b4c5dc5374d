//! Cluster membership and failure detection by gossip: SWIM with Lifeguard's extensions.
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

#[cfg(feature = "ffi")]
pub mod ffi;
#[cfg(feature = "std")]
pub mod os;
pub mod proto;
pub mod types;
