//! From the bytes of a datagram or of a stream's frame to messages.
//!
//! A packet stands alone in its datagram; text comes in frames, several in a datagram. An empty frame
//! would read as a ping from the zero id, and a datagram of zeros as 16 000 of them, so empty frames
//! are never read.

use super::format::Format;
use super::{Error, Scratch, framing};
use crate::types::{Entry, Form, Header, Path};
use core::net::{IpAddr, SocketAddr};

/// Where bytes came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    /// A datagram from this address.
    Datagram(SocketAddr),
    /// A connection from this address; its port says nothing.
    Stream(IpAddr),
}

/// A message that was read.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// Where it came from.
    pub source: Source,
    /// Whether it was a packet (or what a packet says, as bincode) or text.
    pub form: Form,
    /// All but the entries.
    pub header: &'a Header,
    /// The entries.
    pub entries: &'a [Entry<'a>],
    /// The bytes that it took on its way, the length before it included.
    pub bytes: usize,
}

impl Arrival<'_> {
    /// The path for the core.
    #[must_use]
    pub const fn path(&self) -> Path {
        match (self.source, self.form) {
            (Source::Stream(_), form) => Path::Stream(form),
            (Source::Datagram(from), Form::Packet) => Path::Packet(from),
            (Source::Datagram(from), Form::Text) => Path::Datagram(from),
        }
    }
}

/// Bytes that are no message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Junk {
    /// A frame without a payload.
    Empty,
    /// A datagram that is no packet and has no whole frame.
    NoFrame,
    /// [`MessageSink::format`] gave no format to read them in.
    NoFormat,
    /// They are no message of their format.
    Unreadable(Error),
}

/// Takes what an [`Intake`] reads.
pub trait MessageSink {
    /// The format to read some bytes in: those of a datagram, then those of each frame.
    fn format(&mut self, bytes: &[u8]) -> Option<Format>;

    /// Whether the next frame of a datagram is to be read.
    fn is_open(&mut self) -> bool {
        true
    }

    /// Takes a packet from a datagram without it being read here, and says whether it was a message.
    /// `None` leaves the reading to the intake.
    fn packet(&mut self, from: SocketAddr, bytes: &[u8]) -> Option<bool> {
        let _ = (from, bytes);
        None
    }

    /// Takes a message.
    fn message(&mut self, arrival: &Arrival<'_>);

    /// Learns of bytes that are no message.
    fn junk(&mut self, junk: Junk);
}

/// Reads messages. Its buffers are used again.
#[derive(Default)]
pub struct Intake {
    scratch: Scratch,
}

impl Intake {
    /// Reads a datagram and gives what is in it to `sink`.
    pub fn datagram(&mut self, from: SocketAddr, datagram: &[u8], sink: &mut dyn MessageSink) {
        let source = Source::Datagram(from);
        if let Some(format) = sink.format(datagram).filter(Format::is_packet) {
            self.read(source, &format, datagram, datagram.len(), sink);
            return;
        }
        let mut left = datagram.len();
        for frame in framing::frames(datagram) {
            if !sink.is_open() {
                return;
            }
            debug_assert!(
                left >= framing::PREFIX_BYTES + frame.len(),
                "frames lie in the datagram"
            );
            left -= framing::PREFIX_BYTES + frame.len();
            self.frame(source, frame, sink);
        }
        if left == datagram.len() {
            sink.junk(Junk::NoFrame);
        }
    }

    /// Reads one frame, without its prefix, and gives it to `sink`. Says whether it was a message;
    /// without a format it counts as one, since it may have been.
    pub fn frame(&mut self, source: Source, frame: &[u8], sink: &mut dyn MessageSink) -> bool {
        if frame.is_empty() {
            sink.junk(Junk::Empty);
            return false;
        }
        let Some(format) = sink.format(frame) else {
            sink.junk(Junk::NoFormat);
            return true;
        };
        self.read(source, &format, frame, framing::PREFIX_BYTES + frame.len(), sink)
    }

    fn read(
        &mut self,
        source: Source,
        format: &Format,
        payload: &[u8],
        bytes: usize,
        sink: &mut dyn MessageSink,
    ) -> bool {
        debug_assert!(payload.len() <= bytes, "the payload is part of what came");
        if let (Source::Datagram(from), Format::Packet) = (source, format)
            && let Some(is_message) = sink.packet(from, payload)
        {
            return is_message;
        }
        let form = if format.is_packet() { Form::Packet } else { Form::Text };
        let result = format.decode(payload, &mut self.scratch, &mut |header, entries| {
            sink.message(&Arrival { source, form, header, entries, bytes });
        });
        match result {
            Ok(()) => true,
            Err(error) => {
                sink.junk(Junk::Unreadable(error));
                false
            }
        }
    }
}
