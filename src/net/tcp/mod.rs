//! TCP: frames over connections that are made when needed, used again, and limited.
//!
//! Connections carry messages in one direction, from who made them, as in libgossip 1.4.2: to
//! answer, a peer connects to the address that the sender's entry names.

mod accept;
mod outbound;
mod peers;

use super::shared::TransportState;
use super::{Error, address};
use crate::wire::pack::{Medium, Packer};
use crate::wire::{self, Outgoing, Serializer};
use std::net::SocketAddr;
use std::sync::Arc;

pub(super) use accept::{accept, bind};
pub(super) use peers::Peers;

impl Peers {
    /// Queues a message for an address, and makes a connection to it if there is none; gives its
    /// bytes.
    pub(super) fn send(
        self: &Arc<Self>,
        shared: &Arc<TransportState>,
        serializer: &Serializer,
        message: &Outgoing<'_>,
        to: SocketAddr,
        may_wait: bool,
    ) -> Result<usize, Error> {
        let to = address::canonical(to);
        let mut frames = Vec::new();
        let mut bytes = 0;
        let mut packer = Packer::default();
        let packed = packer.pack(serializer, message, Medium::Stream, &mut |piece| {
            bytes += piece.bytes.len();
            frames.push(piece.bytes.to_vec());
            true
        });
        if matches!(packed, Ok(()) | Err(wire::Error::MetadataLeftOut(_))) {
            let serial = self.enqueue(shared, to, frames)?;
            if may_wait {
                self.await_connection(to, serial)?;
            }
        }
        Ok(packed.map(|()| bytes)?)
    }

    /// Queues frames, prefixes and all, for an address in its canonical form, and makes a connection
    /// to it if there is none. Gives the number of the connection.
    pub(super) fn enqueue(
        self: &Arc<Self>,
        shared: &Arc<TransportState>,
        to: SocketAddr,
        frames: Vec<Vec<u8>>,
    ) -> Result<u64, Error> {
        self.queue(shared, to, frames, |handle, serial| {
            handle.spawn(outbound::run(self.clone(), shared.clone(), to, serial));
        })
    }
}
