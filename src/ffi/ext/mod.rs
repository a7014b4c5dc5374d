//! What version 1 of the C ABI lacks: `core/gossip_ext.h`. One file a concept; what they share with
//! version 1 is in the files beside this folder.

pub mod callbacks;
pub mod changes;
pub mod cleanup;
pub mod clock;
pub mod config;
mod create;
mod datagram;
pub mod info;
pub mod log;
pub mod message;
pub mod metadata;
mod outputs;
mod owned;
pub mod packet;
pub(super) mod sized;
mod state;
pub mod stats;
pub mod view;

pub(super) use callbacks::gossip_packet_callback_t;
pub(super) use changes::gossip_changes_callback_t;
pub(super) use datagram::Datagram;
pub(super) use outputs::{Made, Store, call_changes, call_packet, note};
pub(super) use owned::Owned;
pub(super) use state::Extension;
pub(super) use view::{Handing, Running};
