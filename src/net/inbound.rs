//! What came to a transport, as messages that are delivered.

use super::address;
use super::counters::TransportCounts;
use super::lifecycle::Run;
use super::shared::{Setup, TransportState, lock};
use crate::wire::intake::{Arrival, Intake, Junk, MessageSink, Source};
use crate::wire::{Error, Format};
use core::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

/// What takes the frames of accepted connections.
pub(super) trait Frames: Send + Sync + 'static {
    /// Where connections are counted.
    fn counts(&self) -> &TransportCounts;

    /// Takes one frame, without its prefix, of a peer with this address, and says whether it was a
    /// message. On the thread that reads, with no lock of the connections held.
    fn take_frame(&self, from: IpAddr, frame: &[u8]) -> bool;
}

/// The frames that come to a transport.
pub(super) struct Streams {
    shared: Arc<TransportState>,
    /// What the tasks of all connections read with, one after the other.
    reader: Mutex<Reader>,
}

impl Streams {
    pub(super) fn new(shared: Arc<TransportState>) -> Self {
        Self { shared, reader: Mutex::default() }
    }
}

impl Frames for Streams {
    fn counts(&self) -> &TransportCounts {
        &self.shared.counts
    }

    fn take_frame(&self, from: IpAddr, frame: &[u8]) -> bool {
        // No lock is held meanwhile: the reader is taken out of its place.
        let mut reader = mem::take(&mut *lock(&self.reader));
        let is_message = reader.frame(&self.shared, from, frame);
        let old = mem::replace(&mut *lock(&self.reader), reader);
        drop(old);
        is_message
    }
}

/// Reads messages and delivers them.
#[derive(Default)]
pub(super) struct Reader {
    intake: Intake,
    /// A copy of the transport's settings.
    setup: Setup,
}

impl Reader {
    /// Takes a datagram, until `run` is to stop.
    pub(super) fn datagram(
        &mut self,
        shared: &TransportState,
        run: &Run,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        let Self { intake, setup } = self;
        let mut sink = InboundSink { shared, run: Some(run), setup };
        intake.datagram(address::canonical(from), datagram, &mut sink);
    }

    /// Takes one frame of a stream; whether it was a message.
    fn frame(&mut self, shared: &TransportState, from: IpAddr, frame: &[u8]) -> bool {
        let Self { intake, setup } = self;
        let mut sink = InboundSink { shared, run: None, setup };
        intake.frame(Source::Stream(from), frame, &mut sink)
    }
}

/// The way of what is read now.
struct InboundSink<'a> {
    shared: &'a TransportState,
    run: Option<&'a Run>,
    setup: &'a mut Setup,
}

impl MessageSink for InboundSink<'_> {
    fn format(&mut self, bytes: &[u8]) -> Option<Format> {
        // One load if nothing was changed.
        if self.setup.version != self.shared.version() {
            // What is dropped here may be the last of something large, so not under the lock.
            *self.setup = self.shared.setup();
        }
        self.setup.serializer.as_ref().map(|serializer| serializer.format_of(bytes))
    }

    fn is_open(&mut self) -> bool {
        self.run.is_none_or(|run| !run.is_stopping())
    }

    fn message(&mut self, arrival: &Arrival<'_>) {
        match &self.setup.inbound {
            Some(inbound) => {
                self.shared.counts.received.add(1);
                inbound.deliver(arrival.path(), arrival.header, arrival.entries, arrival.bytes);
            }
            None => self.shared.counts.junk.add(1),
        }
    }

    fn junk(&mut self, junk: Junk) {
        let counts = &self.shared.counts;
        let error = match junk {
            Junk::Empty => return counts.empty.add(1),
            Junk::NoFormat | Junk::Unreadable(Error::Custom) => return counts.junk.add(1),
            Junk::NoFrame => {
                let reason = "no length of what follows, and nothing that stands alone";
                Error::Invalid { offset: 0, reason }
            }
            Junk::Unreadable(error) => error,
        };
        match error {
            Error::Version(_) | Error::Flags(_) => counts.other_version.add(1),
            _ => counts.junk.add(1),
        }
        if let Some(inbound) = &self.setup.inbound {
            inbound.refuse(&error);
        }
    }
}
