//! From bytes to the core. What is of another cluster, the core refuses.

use super::hub::Hub;
use crate::net::address;
use crate::net::counters::TransportCounts;
use crate::net::inbound::Frames;
use crate::os;
use crate::proto::{PacketError, Refused};
use crate::types::{Detail, Entry, Form, Header, MessageKind, Path};
use crate::wire::intake::{Arrival, Intake, Junk, MessageSink, Source};
use crate::wire::pack::{Medium, Packer};
use crate::wire::{Format, Outgoing, Serializer, binary};
use std::net::{IpAddr, SocketAddr};

impl Hub {
    /// Takes what came as a datagram.
    pub(super) fn take_datagram(&self, from: SocketAddr, bytes: &[u8], intake: &mut Intake) {
        intake.datagram(from, bytes, &mut HubSink { hub: self });
    }

    /// A message that the core refuses is one all the same, and the core counts it.
    fn handle(&self, arrival: &Arrival<'_>, header: &Header, entries: &[Entry<'_>]) {
        let Ok(mut state) = self.lock() else { return };
        state.core.count_bytes_received(header.kind, arrival.bytes);
        let result = state.core.handle_entries(os::now(), arrival.path(), header, entries);
        drop(state);
        if let (Err(Refused::Cluster), Source::Datagram(from)) = (result, arrival.source) {
            self.refuse_cluster(from, header, arrival.form, arrival.bytes);
        }
    }

    /// Learns of a message in a datagram of so many bytes that was refused for its cluster. Who asked to
    /// join is told that this is another cluster, and a join of ours tells its program, who would look
    /// for a fault of the network else.
    ///
    /// Anybody can send one in anybody's name. So it ends no join, and the answer has no more bytes
    /// than came and no content: to a member of this cluster, if the source was forged, it is an
    /// update without news.
    #[cold]
    fn refuse_cluster(&self, from: SocketAddr, header: &Header, form: Form, len: usize) {
        let Ok(mut state) = self.lock() else { return };
        state.joins.note_other_cluster(address::canonical(from));
        let (sender, cluster) = (state.core.id(), state.cluster);
        drop(state);
        let asks = matches!(header.kind, MessageKind::Join | MessageKind::Meet);
        let is_old = header.cluster == 0 && header.wire == 0;
        if !asks || is_old {
            return;
        }
        let header = Header { sender, kind: MessageKind::Update, cluster, ..Header::default() };
        let answer = Outgoing { form, ..Outgoing::new(&header, &[]) };
        let _ = Packer::default().pack(&self.serializer, &answer, Medium::Datagram, &mut |piece| {
            if piece.bytes.len() <= len {
                self.links.send_bytes(piece.bytes, from);
            }
            false
        });
    }
}

/// The way of messages to the core.
struct HubSink<'a> {
    hub: &'a Hub,
}

impl MessageSink for HubSink<'_> {
    /// All formats are read, whichever is written.
    fn format(&mut self, bytes: &[u8]) -> Option<Format> {
        Some(match Serializer::Auto.format_of(bytes) {
            // A node that writes text alone has no use for knowing who reads packets.
            Format::Text { .. } => Format::Text { packets: self.hub.writes_packets() },
            other => other,
        })
    }

    /// The usual way: nothing is copied.
    fn packet(&mut self, from: SocketAddr, bytes: &[u8]) -> Option<bool> {
        if !self.hub.writes_packets() {
            return None;
        }
        let Ok(mut state) = self.hub.lock() else { return Some(false) };
        let result = state.core.handle_packet(os::now(), Path::Packet(from), bytes);
        drop(state);
        match result {
            Err(PacketError::Wire(_)) => {
                self.hub.links.counts.junk.add(1);
                return Some(false);
            }
            Err(PacketError::Refused(Refused::Cluster)) => {
                if let Ok(packet) = binary::decode(bytes) {
                    self.hub.refuse_cluster(from, &packet.header, Form::Packet, bytes.len());
                }
            }
            _ => {}
        }
        Some(true)
    }

    fn message(&mut self, arrival: &Arrival<'_>) {
        let Arrival { source, header, entries, .. } = *arrival;
        let (mut arrival, mut header) = (*arrival, *header);
        if !self.hub.writes_packets() {
            // Its sender gets text back, so what only packets carry must not be counted on.
            arrival.form = Form::Text;
            header.wire = 0;
        }
        match source {
            Source::Stream(from) if lacks_address(&header, entries) => {
                let text = from.to_canonical().to_string();
                let entries = with_address(&header, entries, &text);
                self.hub.handle(&arrival, &header, &entries);
            }
            _ => self.hub.handle(&arrival, &header, entries),
        }
    }

    #[cold]
    fn junk(&mut self, junk: Junk) {
        self.hub.links.counts.junk.add(1);
        if let (Junk::Unreadable(error), Ok(mut state)) = (junk, self.hub.lock()) {
            state.core.count_unread(&error);
        }
    }
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
    fn counts(&self) -> &TransportCounts {
        &self.links.streams.counts
    }

    fn take_frame(&self, from: IpAddr, frame: &[u8]) -> bool {
        let source = Source::Stream(from);
        let is_message = Intake::default().frame(source, frame, &mut HubSink { hub: self });
        if is_message {
            self.links.streams.counts.received.add(1);
            // What it leads to is sent by the loop, which runs on this thread, too.
            self.kick.notify_one();
        }
        is_message
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
