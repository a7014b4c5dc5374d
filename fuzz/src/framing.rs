//! Streams and datagrams that are cut anywhere, and messages that are split and read again.

use crate::input::{any_entries, any_header, any_id};
use arbitrary::{Result, Unstructured};
use gossip::types::{Entry, Form, Header, NodeId, NodeView};
use gossip::wire::framing::{self, FrameReader, PREFIX_BYTES};
use gossip::wire::intake::{Arrival, Intake, Junk, MessageSink, Source};
use gossip::wire::pack::{Medium, Packer};
use gossip::wire::{
    Error, Format, LARGE_DATAGRAM_BYTES, MAX_MESSAGE_BYTES, MAX_TEXT_BYTES, Outgoing, Serializer,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const SERIALIZERS: [Serializer; 4] =
    [Serializer::Json, Serializer::Binary, Serializer::Bincode, Serializer::Auto];
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));
/// The most bytes of a stream or datagram of an input.
const MOST_BYTES: usize = 64 * 1024;

/// Reads the bytes as a datagram and as a stream, or makes a message of them and splits it.
pub fn run(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let serializer = &SERIALIZERS[usize::from(choice >> 6)];
    if choice & 1 == 0 {
        // An input that is too short for a message is no message.
        let _ = split(serializer, *choice, &mut Unstructured::new(rest));
        return;
    }
    let rest = &rest[..rest.len().min(MOST_BYTES)];
    let mut sink = Collected::of(serializer);
    Intake::default().datagram(SocketAddr::new(PEER, 7000), rest, &mut sink);
    assert!(sink.bytes <= rest.len(), "messages lie in the datagram");
    assert!(!sink.claims.is_empty() || sink.headers > 0 || sink.junk > 0, "bytes are something");
    stream(serializer, usize::from(choice >> 1 & 31) + 1, rest);
}

/// The frames of a stream do not depend on where it was cut.
fn stream(serializer: &Serializer, step: usize, bytes: &[u8]) {
    let whole = frames(bytes, bytes.len().max(1));
    assert_eq!(frames(bytes, step), whole);
    let mut intake = Intake::default();
    for frame in &whole.0 {
        let mut sink = Collected::of(serializer);
        let is_message = intake.frame(Source::Stream(PEER), frame, &mut sink);
        assert_eq!((sink.headers, sink.junk), if is_message { (1, 0) } else { (0, 1) });
    }
    let joined: Vec<&[u8]> = framing::frames(bytes).collect();
    assert!(whole.0.iter().map(Vec::as_slice).eq(joined.into_iter().take(whole.0.len())));
}

/// The frames, and whether the stream ended with an error.
fn frames(bytes: &[u8], step: usize) -> (Vec<Vec<u8>>, bool) {
    let mut reader = FrameReader::default();
    let mut frames = Vec::new();
    for part in bytes.chunks(step) {
        reader.push(part);
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    assert!(matches!(error, Error::TooLarge(_)), "{error}");
                    return (frames, true);
                }
            }
        }
        assert!(reader.pending() <= bytes.len());
        assert!(reader.capacity() <= 2 * bytes.len().max(16 * 1024), "a length reserves nothing");
    }
    (frames, false)
}

/// Splits a message and reads its pieces: all entries arrive, in their order.
fn split(serializer: &Serializer, choice: u8, u: &mut Unstructured<'_>) -> Result<()> {
    let header = Header { sender: any_id(u)?, ..any_header(u)? };
    let mut views = any_entries(u, header.sender, 40)?;
    for _ in 0..u.int_in_range(0..=4)? {
        views.extend_from_within(..);
        views.truncate(1_100);
    }
    // A longer text is in no message that a core or a C program makes; JSON would carry it.
    for text in views.iter_mut().flat_map(|view| [&mut view.ip, &mut view.role, &mut view.region]) {
        while text.len() > MAX_TEXT_BYTES {
            text.pop();
        }
    }
    let entries: Vec<Entry<'_>> = views.iter().map(NodeView::as_entry).collect();
    let form = if choice & 2 == 0 { Form::Text } else { Form::Packet };
    let medium = if choice & 4 == 0 { Medium::Datagram } else { Medium::Stream };
    let to_new = choice & 8 == 0;
    let message = Outgoing { form, to_new, ..Outgoing::new(&header, &entries) };
    let mut sink = Collected::of(serializer);
    let mut intake = Intake::default();
    let mut announced = 0;
    let result = Packer::default().pack(serializer, &message, medium, &mut |piece| {
        announced += piece.messages;
        deliver(&mut intake, &mut sink, medium, piece.bytes);
        true
    });
    assert_eq!(
        (sink.headers, sink.junk),
        (announced, 0),
        "{} {medium:?} {form:?} {result:?}",
        serializer.name()
    );
    let said: Vec<(NodeId, u64)> =
        entries.iter().map(|entry| (entry.id, entry.heartbeat)).collect();
    match result {
        Ok(()) | Err(Error::MetadataLeftOut(_)) => assert_eq!(sink.claims, said),
        Err(_) => assert!(said.starts_with(&sink.claims)),
    }
    Ok(())
}

fn deliver(intake: &mut Intake, sink: &mut Collected<'_>, medium: Medium, bytes: &[u8]) {
    if medium == Medium::Datagram {
        assert!(bytes.len() <= LARGE_DATAGRAM_BYTES, "{} bytes", bytes.len());
        return intake.datagram(SocketAddr::new(PEER, 7000), bytes, sink);
    }
    assert!(bytes.len() <= PREFIX_BYTES + MAX_MESSAGE_BYTES, "{} bytes", bytes.len());
    let mut reader = FrameReader::default();
    reader.push(bytes);
    while let Some(frame) = reader.next_frame().expect("it was written") {
        intake.frame(Source::Stream(PEER), frame, sink);
    }
    assert_eq!(reader.pending(), 0);
}

/// What an intake read.
struct Collected<'s> {
    serializer: &'s Serializer,
    headers: usize,
    claims: Vec<(NodeId, u64)>,
    junk: usize,
    bytes: usize,
}

impl<'s> Collected<'s> {
    const fn of(serializer: &'s Serializer) -> Self {
        Self { serializer, headers: 0, claims: Vec::new(), junk: 0, bytes: 0 }
    }
}

impl MessageSink for Collected<'_> {
    fn format(&mut self, bytes: &[u8]) -> Option<Format> {
        Some(self.serializer.format_of(bytes))
    }

    fn message(&mut self, arrival: &Arrival<'_>) {
        self.headers += 1;
        self.bytes += arrival.bytes;
        let claims = arrival.entries.iter().map(|entry| (entry.id, entry.heartbeat));
        self.claims.extend(claims);
    }

    fn junk(&mut self, junk: Junk) {
        assert_ne!(junk, Junk::NoFormat, "each serializer has a format");
        self.junk += 1;
    }
}
