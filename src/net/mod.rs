//! The transports: the only sockets and threads of the library.
//!
//! A [`Transport`] carries messages over UDP or TCP, in a form that a [`Serializer`] names. It has one
//! thread, made by [`Transport::start`] and ended by [`Transport::stop`]; each message that comes is handed
//! to an [`Inbound`] on that thread, with no lock of the transport held. Sending works from any
//! thread: UDP sends at once, TCP puts the bytes into the queue of a connection.
//!
//! What is absent: retries, acknowledgements and order between messages. The protocol needs none.

mod address;
mod batch;
mod counters;
mod error;
mod inbound;
mod lifecycle;
pub mod limits;
pub mod node;
mod rebind;
mod shared;
mod tcp;
mod transport;
mod udp;

pub use crate::wire::{Custom, Outgoing, Serializer};
pub use counters::Counters;
pub use error::Error;
pub use node::{
    Change, Datagrams, Handler, JoinFailure, JoinReason, Joined, Look, Node, NodeConfig, NodeError,
    NodeStats,
};
pub use shared::Inbound;
pub use transport::{Protocol, Transport};
