//! `gossip_node_*`: a node that runs itself, `net/gossip_node.h`. One file a concept.

pub(super) mod body;
pub(super) mod config;
pub(super) mod join;
pub(super) mod life;
pub(super) mod members;
pub(super) mod metadata;
pub(super) mod read;
pub(super) mod stats;
pub(super) mod told;
