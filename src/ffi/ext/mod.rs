//! What version 1 of the C ABI lacks: `core/gossip_ext.h`. One file a concept; what they share with
//! version 1 is in the files beside this folder.

pub(super) mod callbacks;
pub(super) mod changes;
pub(super) mod cleanup;
pub(super) mod clock;
pub(super) mod config;
pub(super) mod datagram;
pub(super) mod info;
pub(super) mod lines;
pub(super) mod log;
pub(super) mod message;
pub(super) mod metadata;
pub(super) mod outputs;
pub(super) mod owner;
pub(super) mod packet;
pub(super) mod sized;
pub(super) mod state;
pub(super) mod stats;
pub(super) mod view;

pub(super) use callbacks::Functions;
pub(super) use outputs::{Made, MoreCall, Store, call, flush, note};
pub(super) use owner::Running;
pub(super) use state::Extension;
