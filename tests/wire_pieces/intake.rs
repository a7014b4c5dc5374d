//! What an intake makes of the bytes that came.

use gossip::types::{Form, Header, MessageKind, NodeId, Path};
use gossip::wire::intake::{Arrival, Intake, Junk, MessageSink, Source};
use gossip::wire::{Error, Format, Serializer, binary, framing, json};
use std::net::{IpAddr, SocketAddr};

const FROM: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7);

/// Notes what it is given; open for so many frames.
struct Notes {
    serializer: Option<Serializer>,
    frames: usize,
    messages: Vec<(Path, Form, MessageKind, usize)>,
    junk: Vec<Junk>,
}

impl MessageSink for Notes {
    fn format(&mut self, bytes: &[u8]) -> Option<Format> {
        self.serializer.as_ref().map(|serializer| serializer.format_of(bytes))
    }

    fn is_open(&mut self) -> bool {
        let is_open = self.frames > 0;
        self.frames = self.frames.saturating_sub(1);
        is_open
    }

    fn message(&mut self, arrival: &Arrival<'_>) {
        let kind = arrival.header.kind;
        self.messages.push((arrival.path(), arrival.form, kind, arrival.bytes));
    }

    fn junk(&mut self, junk: Junk) {
        self.junk.push(junk);
    }
}

fn notes(serializer: Option<Serializer>, frames: usize) -> Notes {
    Notes { serializer, frames, messages: Vec::new(), junk: Vec::new() }
}

fn read(datagram: &[u8], mut notes: Notes) -> Notes {
    Intake::default().datagram(FROM, datagram, &mut notes);
    notes
}

fn header() -> Header {
    Header { kind: MessageKind::Meet, sender: NodeId::new([1; 16]), ..Header::default() }
}

fn packet() -> Vec<u8> {
    let mut out = Vec::new();
    binary::encode(&header(), [], &mut out).expect("small");
    out
}

fn frame(out: &mut Vec<u8>) {
    let start = framing::begin_frame(out);
    json::encode(&header(), [], out).expect("small");
    framing::end_frame(out, start).expect("small");
}

#[test]
fn a_packet_is_read_whole_and_text_frame_by_frame() {
    let packet = packet();
    let got = read(&packet, notes(Some(Serializer::Auto), 9));
    let whole = (Path::Packet(FROM), Form::Packet, MessageKind::Meet, packet.len());
    assert_eq!((got.messages, got.junk), (vec![whole], Vec::new()));
    let mut text = Vec::new();
    frame(&mut text);
    let one = (Path::Datagram(FROM), Form::Text, MessageKind::Meet, text.len());
    let start = framing::begin_frame(&mut text);
    framing::end_frame(&mut text, start).expect("empty");
    frame(&mut text);
    text.push(0);
    let got = read(&text, notes(Some(Serializer::Auto), 9));
    assert_eq!((got.messages, got.junk), (vec![one, one], vec![Junk::Empty]));
    assert_eq!(read(&text, notes(Some(Serializer::Auto), 1)).messages, [one]);
}

#[test]
fn bytes_that_are_no_message_are_told_with_their_reason() {
    let junk = |bytes: &[u8], serializer| read(bytes, notes(serializer, 9)).junk;
    assert_eq!(junk(b"GET /", Some(Serializer::Auto)), [Junk::NoFrame]);
    assert_eq!(junk(b"\0\0\0\x02{}", None), [Junk::NoFormat]);
    let unreadable = junk(b"\0\0\0\x01{", Some(Serializer::Auto));
    assert!(matches!(unreadable[..], [Junk::Unreadable(Error::Malformed { .. })]));
    assert_eq!(junk(&packet(), Some(Serializer::Json)), [Junk::NoFrame]);
}

#[test]
fn a_frame_of_a_stream_may_hold_a_packet() {
    let mut notes = notes(Some(Serializer::Auto), 0);
    let source = Source::Stream(FROM.ip());
    assert!(Intake::default().frame(source, &packet(), &mut notes));
    let bytes = framing::PREFIX_BYTES + packet().len();
    assert_eq!(
        notes.messages,
        [(Path::Stream(Form::Packet), Form::Packet, MessageKind::Meet, bytes)]
    );
}
