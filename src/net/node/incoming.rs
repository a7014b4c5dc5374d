//! From bytes to the core.

use super::hub::Hub;
use crate::net::counters::Counts;
use crate::net::serializer::{Read, Scratch, Serializer};
use crate::net::shared::{Frames, Run};
use crate::os;
use crate::proto::PacketError;
use crate::types::{Detail, Entry, Header, Path, SyncPayload};
use crate::wire::{Error, framing};
use std::net::{IpAddr, SocketAddr};

/// Where a message came from.
#[derive(Clone, Copy)]
enum Source {
    Datagram(SocketAddr),
    /// A connection from this address; its port says nothing.
    Stream(IpAddr),
}

impl Hub {
    /// Takes what came as a datagram: a message that stands alone in it, or frames of text.
    pub(super) fn take_datagram(&self, from: SocketAddr, bytes: &[u8], scratch: &mut Scratch) {
        if Serializer::Auto.stands_alone(bytes) {
            self.take(Source::Datagram(from), bytes, scratch);
            return;
        }
        let mut any = false;
        for frame in framing::frames(bytes) {
            any = true;
            self.take(Source::Datagram(from), frame, scratch);
        }
        if !any {
            self.links.counts.junk.add(1);
        }
    }

    /// Takes a message of any form, without its prefix; whether it was one.
    fn take(&self, source: Source, bytes: &[u8], scratch: &mut Scratch) -> bool {
        if bytes.is_empty() {
            // As text it would read as a ping from the zero id: a datagram of zeros would be 16 000
            // of them.
            return self.count_junk();
        }
        // All forms are read, whichever is written.
        let read = match Serializer::Auto.read(bytes) {
            // Who writes text alone has no use for knowing who reads packets.
            Read::Text { .. } => Read::Text { masks: !self.writes_packets() },
            other => other,
        };
        if let (Read::Packet, Source::Datagram(from), true) = (read, source, self.writes_packets())
        {
            // The usual way: nothing is copied.
            let Ok(mut state) = self.lock() else { return false };
            return match state.core.handle_packet(os::now(), Path::Packet(from), bytes) {
                Err(PacketError::Wire(_)) => self.count_junk(),
                Ok(()) | Err(PacketError::Refused(_)) => true,
            };
        }
        self.take_message(source, read, bytes, scratch)
    }

    fn take_message(
        &self,
        source: Source,
        read: Read<'_>,
        bytes: &[u8],
        scratch: &mut Scratch,
    ) -> bool {
        let (path, prefix) = match source {
            Source::Stream(_) => (Path::Stream, framing::PREFIX_BYTES),
            Source::Datagram(from) if !read.is_packet() => {
                (Path::Datagram(from), framing::PREFIX_BYTES)
            }
            Source::Datagram(from) if self.writes_packets() => (Path::Packet(from), 0),
            Source::Datagram(from) => (Path::Datagram(from), 0),
        };
        let taken = prefix + bytes.len();
        let as_text = read.is_packet() && !self.writes_packets();
        let result = read.decode(bytes, scratch, &mut |header, entries| {
            let header = if as_text { like_text(header) } else { *header };
            match source {
                Source::Stream(from) if lacks_address(&header, entries) => {
                    let text = from.to_canonical().to_string();
                    self.handle(path, &header, &with_address(&header, entries, &text), taken);
                }
                _ => self.handle(path, &header, entries, taken),
            }
        });
        if let Err(crate::net::Error::Wire(error)) = &result {
            self.count_unread(error);
        }
        result.is_ok() || self.count_junk()
    }

    /// A message that the core refuses is one all the same, and the core counts it.
    fn handle(&self, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize) {
        if let Ok(mut state) = self.lock() {
            state.core.count_bytes_received(header.kind, bytes);
            let _ = state.core.handle_entries(os::now(), path, header, entries);
        }
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

/// A packet's header for a node that writes text alone: what its sender cannot get back from there
/// (the proof of an address, digests) must not be counted on.
fn like_text(header: &Header) -> Header {
    let (nonce, interval_us, wire) = (0, 0, 0);
    Header { nonce, interval_us, wire, sync: SyncPayload::None, wants: false, ..*header }
}

/// Whether the sender does not tell where it is reached. Of a datagram the core sees where it came
/// from; of a connection it does not.
fn lacks_address(header: &Header, entries: &[Entry<'_>]) -> bool {
    entries.iter().any(|entry| is_placeless(header, entry))
}

fn with_address<'a>(header: &Header, entries: &[Entry<'a>], ip: &'a str) -> Vec<Entry<'a>> {
    let place = |entry: &Entry<'a>| {
        if is_placeless(header, entry) { Entry { ip, ..*entry } } else { *entry }
    };
    entries.iter().map(place).collect()
}

/// Whether an entry is the sender's own, says where it is, and says nothing by that.
fn is_placeless(header: &Header, entry: &Entry<'_>) -> bool {
    let is_own = entry.id == header.sender && entry.detail == Detail::Full;
    let is_nobody = |ip: &str| ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_unspecified());
    is_own && (entry.ip.is_empty() || is_nobody(entry.ip))
}

impl Frames for Hub {
    fn counts(&self) -> &Counts {
        &self.links.streams.counts
    }

    fn take_frame(&self, _: &Run, from: IpAddr, frame: &[u8]) -> bool {
        let taken = self.take(Source::Stream(from), frame, &mut Scratch::default());
        if taken {
            self.links.streams.counts.received.add(1);
            // What it leads to is sent by the loop, which runs on this thread, too.
            self.kick.notify_one();
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::NodeId;

    #[test]
    fn only_the_senders_own_place_is_filled_in_and_only_if_it_says_none() {
        let id = |number| NodeId::new([number; 16]);
        let header = Header { sender: id(1), ..Header::default() };
        let entry = |number, ip| Entry { id: id(number), ip, ..Entry::default() };
        for (own, filled) in [("", "10.0.0.9"), ("::", "10.0.0.9"), ("10.0.0.1", "10.0.0.1")] {
            let entries = [entry(2, ""), entry(1, own)];
            assert_eq!(lacks_address(&header, &entries), own != filled);
            let placed = with_address(&header, &entries, "10.0.0.9");
            assert_eq!(placed, [entry(2, ""), entry(1, filled)]);
        }
        let claim = Entry { detail: Detail::Claim, ..entry(1, "") };
        assert!(!lacks_address(&header, &[claim]));
    }
}
