//! Packets in and out: the wire's form of what the state machine takes and gives.

use super::Core;
use crate::proto::PacketError;
use crate::proto::output::Transmit;
use crate::types::{Instant, Path};
use crate::wire::{self, binary};
use alloc::vec::Vec;

impl Core {
    /// Takes a packet, as [`Core::handle_message`] takes what is in it. `path` is
    /// [`Path::Packet`] with the address that a datagram came from, or [`Path::Stream`] with
    /// [`Form::Packet`](crate::types::Form::Packet).
    ///
    /// # Errors
    /// [`PacketError`] says why it was dropped whole; nothing but a counter was changed by it.
    pub fn handle_packet(
        &mut self,
        now: Instant,
        path: Path,
        bytes: &[u8],
    ) -> Result<(), PacketError> {
        let mut entries = self.scratch.take_entries();
        let mut texts = core::mem::take(&mut self.scratch.texts);
        let result = match binary::decode_into(bytes, &mut texts, &mut entries) {
            Ok(header) => {
                self.count_bytes_received(header.kind, bytes.len());
                self.handle_entries(now, path, &header, &entries).map_err(PacketError::Refused)
            }
            Err(error) => {
                self.count_unread(&error);
                Err(PacketError::Wire(error))
            }
        };
        self.scratch.keep_entries(entries);
        self.scratch.texts = texts;
        result
    }
}

impl Transmit<'_> {
    /// Appends the message as a packet.
    ///
    /// # Errors
    /// [`wire::Error`]; `out` is as before then.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), wire::Error> {
        binary::encode(&self.header, self.book.packed(), out)
    }
}
