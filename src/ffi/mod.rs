//! The C ABI: the functions of libgossip 1.4.2 and what was added to them.
//!
//! Each export is a plain function whose body is one call of a guard of `guard`. One file an opaque C
//! type, or a folder if it has many functions. What C sees is named here, flat as C sees it; nothing
//! else of this layer is public.
#![allow(non_camel_case_types, reason = "the names are those of the C header")]
#![allow(unsafe_code, reason = "this layer reads the pointers of C programs")]
#![cfg_attr(not(feature = "net"), allow(dead_code, reason = "transports use the rest"))]

mod argument;
#[cfg(feature = "net")]
mod bytes;
mod callbacks;
mod convert;
mod core;
#[cfg(feature = "net")]
mod custom;
mod error;
#[cfg(feature = "ext")]
mod ext;
#[cfg(not(feature = "ext"))]
#[path = "no_ext.rs"]
mod ext;
mod guard;
mod handed_out;
mod handle;
mod memory;
#[cfg(feature = "net")]
mod node;
#[cfg(feature = "net")]
mod outgoing;
#[cfg(feature = "net")]
mod serializer;
#[cfg(feature = "net")]
mod transport;
mod types;
mod version;

pub use self::core::{gossip_core, gossip_core_t, life::*, lookup::*, membership::*, rounds::*};
#[cfg(feature = "ext")]
pub use self::ext::{
    callbacks::*, changes::*, cleanup::*, clock::*, config::*, info::*, log::*, message::*,
    metadata::*, packet::*, stats::*, view::*,
};
#[cfg(feature = "net")]
pub use self::node::{body::*, config::*, join::*, life::*, members::*, metadata::*, stats::*};
#[cfg(feature = "net")]
pub use self::{bytes::*, custom::*, serializer::*, transport::*};
pub use self::{types::*, version::*};

/// For the tests and benches of this repository: texts, ids and numbers of C structs, and a guard
/// around any code. No part of the API, and changed without notice.
#[doc(hidden)]
pub mod testing {
    pub use super::convert::{c_id, c_kind, c_text, raw_kind, raw_status, read_text, text_bytes};
    pub use super::guard::guard;
}
