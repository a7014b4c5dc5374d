//! From bytes to the core.

use super::hub::Hub;
use crate::net::counters::Counts;
use crate::net::shared::Frames;
use crate::os;
use crate::proto::{Core, PacketError};
use crate::types::{Entry, Header, NodeView, Path, SyncPayload};
use crate::wire::binary::{self, is_packet};
use crate::wire::{Error, framing, json};
use std::net::SocketAddr;

impl Hub {
    /// Takes what came as a datagram: a packet, or frames of text.
    pub(super) fn take_datagram(&self, from: SocketAddr, bytes: &[u8]) {
        if is_packet(bytes) {
            self.take_packet(Path::Packet(from), bytes);
            return;
        }
        let mut any = false;
        for frame in framing::frames(bytes) {
            any = true;
            self.take_text(Path::Datagram(from), frame);
        }
        if !any {
            self.links.counts.junk.add(1);
        }
    }

    /// Takes a packet; whether it was one.
    fn take_packet(&self, path: Path, bytes: &[u8]) -> bool {
        let Ok(mut state) = self.lock() else { return false };
        let taken = if self.writes_text_alone() {
            take_as_text(&mut state.core, path, bytes)
        } else {
            state.core.handle_packet(os::now(), path, bytes)
        };
        drop(state);
        if taken.is_err() {
            self.links.counts.junk.add(1);
        }
        taken.is_ok()
    }

    /// Takes a text of libgossip 1.4.2; whether it was one.
    fn take_text(&self, path: Path, text: &[u8]) -> bool {
        // No text reads as a ping from the zero id, which the core would refuse: a datagram of zeros
        // would be 16 000 of them.
        let message = if text.is_empty() {
            let (offset, reason) = (0, "no text".into());
            Err(Error::Malformed { offset, reason })
        } else {
            json::decode(text)
        };
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                self.links.counts.junk.add(1);
                if let Ok(mut state) = self.lock() {
                    state.core.count_unread(&error);
                }
                return false;
            }
        };
        let entries: Vec<Entry<'_>> = message.entries.iter().map(NodeView::as_entry).collect();
        let Ok(mut state) = self.lock() else { return false };
        let header = &message.header;
        let now = os::now();
        let taken = state.core.handle_message(now, path, header, entries.iter().copied());
        if taken.is_ok() {
            state.core.count_bytes_received(header.kind, text.len() + framing::PREFIX_BYTES);
        }
        true
    }
}

impl Frames for Hub {
    fn counts(&self) -> &Counts {
        &self.links.streams.counts
    }

    fn take(&self, frame: &[u8]) -> bool {
        let taken = if is_packet(frame) {
            self.take_packet(Path::Stream, frame)
        } else {
            self.take_text(Path::Stream, frame)
        };
        if taken {
            self.links.streams.counts.received.add(1);
            // What it leads to is sent by the loop, which runs on this thread, too.
            self.kick.notify_one();
        }
        taken
    }
}

/// Takes a packet as if it had come as text, in a node that answers with text: what its sender
/// cannot get back from there (the proof of an address, digests) must not be counted on.
fn take_as_text(core: &mut Core, path: Path, bytes: &[u8]) -> Result<(), PacketError> {
    let packet = binary::decode(bytes).map_err(|error| {
        core.count_unread(&error);
        PacketError::Wire(error)
    })?;
    let path = match path {
        Path::Packet(from) => Path::Datagram(from),
        other => other,
    };
    let header = Header {
        nonce: 0,
        interval_us: 0,
        sync: SyncPayload::None,
        wire: 0,
        wants: false,
        ..packet.header
    };
    core.count_bytes_received(header.kind, bytes.len());
    let taken = core.handle_message(os::now(), path, &header, packet.entries());
    taken.map_err(PacketError::Refused)
}
