//! What a core wants done, as datagrams and as lists of changes.

use super::changes::{List, gossip_change_t};
use super::datagram::{Datagram, DatagramBuffer, HostText, Undeliverable};
use super::state::Extension;
use super::view::Handing;
use crate::ffi::callbacks::{Batch, Targets};
use crate::proto::{Output, Transmit};
use crate::types::{Entry, MessageKind};
use core::mem::size_of;

/// What the calls of a batch point to.
#[derive(Default)]
pub(crate) struct Store {
    pub(super) datagrams: DatagramBuffer,
    pub(super) told: List,
}

impl Store {
    /// Forgets all and keeps the buffers.
    pub(crate) fn clear(&mut self) {
        self.datagrams.clear();
        self.told.clear();
    }

    /// Changes that wait, and so many kilobytes of datagrams beyond what as many calls usually
    /// have.
    pub(crate) fn weight(&self) -> usize {
        self.told.len() + self.datagrams.len() / DATAGRAM_WEIGHT
    }
}

/// Bytes that count as one more call: a call usually has one datagram of that size.
const DATAGRAM_WEIGHT: usize = 4096;

/// What became of an output.
pub(crate) enum Made {
    /// It is a struct's or nobody's.
    Nothing,
    /// A message of this kind became so many bytes.
    Written(MessageKind, usize),
    /// A message that cannot be sent.
    Lost,
}

/// Takes an output of the core for the program's functions that version 1 does not know.
pub(crate) fn note(
    output: &Output<'_>,
    targets: &Targets,
    extension: &mut Extension,
    queue: &mut Batch,
    scratch: &mut Vec<Entry<'static>>,
) -> Made {
    match output {
        Output::Transmit(transmit) if targets.packet.is_some() => write(transmit, queue, scratch),
        Output::Event(event) if targets.changes.is_some() => {
            let now = extension.last();
            extension.changes.note(event, now);
            Made::Nothing
        }
        Output::Transmit(_) | Output::Event(_) => Made::Nothing,
    }
}

#[inline(never)]
fn write(transmit: &Transmit<'_>, queue: &mut Batch, scratch: &mut Vec<Entry<'static>>) -> Made {
    let mut store = core::mem::take(&mut queue.store);
    let written =
        store.datagrams.write(transmit, scratch, &mut |datagram| queue.push_packet(datagram));
    queue.store = store;
    match written {
        Ok(bytes) => Made::Written(transmit.header.kind, bytes),
        Err(Undeliverable::Address | Undeliverable::Wire) => Made::Lost,
    }
}

/// Calls the program's function for datagrams. Must run with no lock held.
pub(crate) fn call_packet(store: &Store, datagram: &Datagram, targets: &Targets) {
    let Some(packet) = targets.packet else { return };
    let bytes = store.datagrams.bytes_of(datagram);
    let ip = HostText::of(datagram);
    // SAFETY: a function of the program with this type, called with bytes and a text that live
    // until it returns.
    unsafe { packet(bytes.as_ptr(), bytes.len(), ip.as_ptr(), ip.port, targets.user_data) };
}

/// Calls the program's function for changes. Must run with no lock held.
pub(crate) fn call_changes(store: &Store, first: usize, count: usize, targets: &Targets) {
    let Some(changed) = targets.changes else { return };
    let changes = &store.told.changes[first..first + count];
    let extras = &store.told.extras[first..first + count];
    let pointers: Vec<*const gossip_change_t> = changes.iter().map(core::ptr::from_ref).collect();
    let node = &raw const changes[0].node;
    let _handing = Handing::nodes(node, size_of::<gossip_change_t>(), extras);
    // SAFETY: a function of the program with this type, called with changes that live until it
    // returns and that nothing else touches meanwhile.
    unsafe { changed(pointers.as_ptr(), pointers.len(), targets.user_data) };
}
