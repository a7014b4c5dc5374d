//! From bytes to the core.

use super::hub::Hub;
use crate::net::counters::Counts;
use crate::net::serializer::{Read, Scratch, Serializer};
use crate::net::shared::{Frames, Run};
use crate::os;
use crate::proto::{Core, PacketError};
use crate::types::{Entry, Header, Path, SyncPayload};
use crate::wire::binary::is_packet;
use crate::wire::{Error, framing};
use std::net::SocketAddr;

impl Hub {
    /// Takes what came as a datagram: a packet, or frames of text.
    pub(super) fn take_datagram(&self, from: SocketAddr, bytes: &[u8], scratch: &mut Scratch) {
        if is_packet(bytes) {
            self.take_packet(Some(from), bytes, scratch);
            return;
        }
        let mut any = false;
        for frame in framing::frames(bytes) {
            any = true;
            self.take_text(Path::Datagram(from), frame, scratch);
        }
        if !any {
            self.links.counts.junk.add(1);
        }
    }

    /// Takes a packet, from a datagram or a connection; whether it was one.
    fn take_packet(&self, from: Option<SocketAddr>, bytes: &[u8], scratch: &mut Scratch) -> bool {
        if self.writes_packets() {
            let path = from.map_or(Path::Stream, Path::Packet);
            let Ok(mut state) = self.lock() else { return false };
            return match state.core.handle_packet(os::now(), path, bytes) {
                Err(PacketError::Wire(_)) => self.count_junk(),
                Ok(()) | Err(PacketError::Refused(_)) => true,
            };
        }
        // Who writes text alone takes it as if it had come as text: what its sender cannot get back
        // from here (the proof of an address, digests) must not be counted on.
        let path = from.map_or(Path::Stream, Path::Datagram);
        self.take_message(path, Read::Packet, bytes, scratch, |header| Header {
            nonce: 0,
            interval_us: 0,
            sync: SyncPayload::None,
            wire: 0,
            wants: false,
            ..*header
        })
    }

    /// Takes a message of another form, without its prefix; whether it was one.
    fn take_text(&self, path: Path, text: &[u8], scratch: &mut Scratch) -> bool {
        let read = match &self.serializer {
            Serializer::Custom(custom) => Read::Custom(&**custom),
            // Who writes text alone must not make the others believe that it reads packets well.
            Serializer::Json => Read::Text { masks: true },
            _ => Read::Text { masks: false },
        };
        if text.is_empty() {
            // It would read as a ping from the zero id: a datagram of zeros would be 16 000 of them.
            return self.count_junk();
        }
        self.take_message(path, read, text, scratch, |header| *header)
    }

    fn take_message(
        &self,
        path: Path,
        read: Read<'_>,
        bytes: &[u8],
        scratch: &mut Scratch,
        adjust: fn(&Header) -> Header,
    ) -> bool {
        let prefix = if read.is_packet() { 0 } else { framing::PREFIX_BYTES };
        let taken = prefix + bytes.len();
        let result = read.decode(bytes, scratch, &mut |header, entries| {
            if let Ok(mut state) = self.lock() {
                handle(&mut state.core, path, &adjust(header), entries, taken);
            }
        });
        if let Err(crate::net::Error::Wire(error)) = &result {
            self.count_unread(error);
        }
        result.is_ok() || self.count_junk()
    }

    #[cold]
    fn count_unread(&self, error: &Error) {
        if let Ok(mut state) = self.lock() {
            state.core.count_unread(error);
        }
    }

    #[cold]
    fn count_junk(&self) -> bool {
        self.links.counts.junk.add(1);
        false
    }
}

/// A message that the core refuses is one all the same, and the core counts it.
fn handle(core: &mut Core, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize) {
    core.count_bytes_received(header.kind, bytes);
    let _ = core.handle_message(os::now(), path, header, entries.iter().copied());
}

impl Frames for Hub {
    fn counts(&self) -> &Counts {
        &self.links.streams.counts
    }

    fn take(&self, _: &Run, frame: &[u8]) -> bool {
        let mut scratch = Scratch::default();
        let taken = if is_packet(frame) {
            self.take_packet(None, frame, &mut scratch)
        } else {
            self.take_text(Path::Stream, frame, &mut scratch)
        };
        if taken {
            self.links.streams.counts.received.add(1);
            // What it leads to is sent by the loop, which runs on this thread, too.
            self.kick.notify_one();
        }
        taken
    }
}
