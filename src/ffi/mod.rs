//! The C ABI: the functions of libgossip 1.4.2 and what was added to them.
//!
//! Every export is a plain function whose body is one call of a guard of [`guard`]; what it does
//! stands beside it. One file an opaque C type.
#![allow(unsafe_code, reason = "this layer reads the pointers of C programs")]

pub mod callbacks;
pub mod commands;
pub mod convert;
pub mod core;
#[cfg(feature = "net")]
mod custom;
pub mod error;
#[cfg(feature = "ext")]
pub mod ext;
pub mod guard;
pub mod handle;
pub mod memory;
#[cfg(feature = "net")]
pub mod net;
#[cfg(all(feature = "net", feature = "ext"))]
pub mod node;
#[cfg(feature = "net")]
mod outgoing;
#[cfg(feature = "net")]
mod serializer;
#[cfg(feature = "net")]
pub mod serializers;
#[cfg(feature = "net")]
mod transport;
pub mod types;
pub mod version;
