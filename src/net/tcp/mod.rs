//! TCP: frames over connections that are made when needed, used again, and limited.
//!
//! Connections carry messages in one direction, from who made them, as in libgossip 1.4.2: to
//! answer, a peer connects to the address that the sender's entry names.

mod accept;
mod outbound;
mod peers;

pub(super) use accept::{accept, bind};
pub(super) use peers::Peers;
