//! A node that runs itself: a core with sockets and a thread.
//!
//! The thread `gossip-node` reads the sockets and calls the core when something is due. Commands
//! come from any thread: they take the core's lock, for as long as the core computes, and send what
//! they lead to themselves. Callbacks of the program run on a thread of their own, `gossip-events`,
//! so that a slow one never makes the node silent. Names are looked up by threads that exist only
//! meanwhile, `gossip-dns`.
//!
//! What is absent: discovery by multicast, and a member list that outlives the process. Both would
//! be another source of targets for a join.

mod change;
mod changes;
mod config;
mod dispatch;
mod drive;
mod error;
mod hub;
mod incoming;
mod joining;
mod joins;
mod leaving;
mod life;
pub mod limits;
mod links;
mod log;
mod look_up;
mod seeds;
mod sockets;
mod stats;
mod strangers;
mod surface;
mod target;

pub use change::{Change, Handler};
pub use config::NodeConfig;
pub use error::{JoinFailure, JoinReason, NodeError};
pub use joins::Joined;
pub use stats::{Datagrams, NodeStats};
pub use surface::{Look, Node};
