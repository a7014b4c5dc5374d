//! Bytes that came to messages that are delivered.

use super::serializer::Scratch;
use super::shared::{Run, Setup, Shared};
use super::{Error, address};
use crate::types::{Entry, Header, Path};
use crate::wire::{self, framing};
use std::net::SocketAddr;

/// What takes the messages that come.
pub trait Inbound: Send + Sync {
    /// Takes one message, on the transport's thread and with no lock of the transport held: every
    /// function of the transport may be called here. It holds up all that comes after. `bytes` is
    /// what it took on its way, the length before it counted.
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], bytes: usize);

    /// Is told of bytes that were no message, in the same way as of messages.
    fn refuse(&self, _error: &wire::Error) {}
}

/// Reads messages, with buffers that are used again and a copy of the transport's settings.
#[derive(Default)]
pub(super) struct Reader {
    scratch: Scratch,
    setup: Setup,
    /// Of which settings the copy is.
    version: u64,
}

impl Reader {
    /// Takes a datagram: one packet, or frames, until `run` is to stop.
    pub(super) fn datagram(
        &mut self,
        shared: &Shared,
        run: &Run,
        from: SocketAddr,
        datagram: &[u8],
    ) {
        self.renew(shared);
        let from = Some(address::canonical(from));
        let serializer = self.setup.serializer.as_ref();
        if serializer.is_some_and(|serializer| serializer.stands_alone(datagram)) {
            self.take(shared, from, datagram, datagram.len());
            return;
        }
        let mut any = false;
        for frame in framing::frames(datagram) {
            if run.is_stopping() {
                return;
            }
            any = true;
            self.renew(shared);
            self.take(shared, from, frame, framing::PREFIX_BYTES + frame.len());
        }
        if !any {
            let reason = "no length of what follows, and nothing that stands alone";
            self.refuse(shared, &Error::Wire(wire::Error::Invalid { offset: 0, reason }));
        }
    }

    /// Takes one frame of a stream; whether it was a message, which nobody can say who has no
    /// serializer.
    pub(super) fn frame(&mut self, shared: &Shared, frame: &[u8]) -> bool {
        self.renew(shared);
        self.take(shared, None, frame, framing::PREFIX_BYTES + frame.len())
    }

    /// Looks whether the settings were changed: one load if not.
    fn renew(&mut self, shared: &Shared) {
        if self.version != shared.version() {
            // What is dropped here may be the last of something large, so not under the lock.
            (self.version, self.setup) = shared.setup();
        }
    }

    fn take(
        &mut self,
        shared: &Shared,
        from: Option<SocketAddr>,
        bytes: &[u8],
        taken: usize,
    ) -> bool {
        if bytes.is_empty() {
            // As text it reads as a ping from the zero id, and the core takes nothing from that id:
            // a datagram of zeros would be 16 000 of them, so they end here.
            shared.counts.empty.add(1);
            return false;
        }
        let Setup { inbound, serializer } = &self.setup;
        let Some(serializer) = serializer else {
            shared.counts.junk.add(1);
            return true;
        };
        let read = serializer.read(bytes);
        let path = match from {
            None => Path::Stream,
            Some(from) if read.is_packet() => Path::Packet(from),
            Some(from) => Path::Datagram(from),
        };
        let result = read.decode(bytes, &mut self.scratch, &mut |header, entries| match inbound {
            Some(inbound) => {
                shared.counts.received.add(1);
                inbound.deliver(path, header, entries, taken);
            }
            None => shared.counts.junk.add(1),
        });
        if let Err(error) = &result {
            self.refuse(shared, error);
        }
        result.is_ok()
    }

    #[cold]
    fn refuse(&self, shared: &Shared, error: &Error) {
        let Error::Wire(error) = error else { return shared.counts.junk.add(1) };
        match error {
            wire::Error::Version(_) | wire::Error::Flags(_) => shared.counts.other_version.add(1),
            _ => shared.counts.junk.add(1),
        }
        if let Some(inbound) = &self.setup.inbound {
            inbound.refuse(error);
        }
    }
}
