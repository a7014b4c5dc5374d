//! `gossip_core_t`: one node's membership. Its functions are in this folder, by what they are for.

pub(super) mod life;
pub(super) mod lookup;
pub(super) mod membership;
pub(super) mod rounds;

use super::handle::Shared;
use alloc::sync::Arc;

/// One node's membership: what it knows of the others and what it tells them. Opaque.
pub struct gossip_core {
    pub(super) shared: Arc<Shared>,
}
/// See gossip_core.
pub type gossip_core_t = gossip_core;

impl gossip_core {
    /// A handle for C, which `gossip_core_destroy` takes back.
    pub(super) fn into_raw(shared: Arc<Shared>) -> *mut Self {
        Box::into_raw(Box::new(Self { shared }))
    }
}
