//! `gossip_node_*`: a node that runs itself, `net/gossip_node.h`. One file a concept.

mod body;
pub mod config;
pub mod join;
pub mod life;
pub mod members;
pub mod metadata;
mod read;
pub mod stats;
mod told;
