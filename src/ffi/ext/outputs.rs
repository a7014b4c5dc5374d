//! What a core wants done, as datagrams and as lists of changes.

use super::callbacks::Functions;
use super::changes::{List, gossip_change_t};
use super::datagram::{Datagram, DatagramBuffer, HostText, Undeliverable};
use super::state::Extension;
use crate::ffi::handed_out::{Extra, HandedOut};
use crate::proto::{Core, Output, Transmit};
use crate::types::{Entry, MessageKind};
use core::ffi::c_void;
use core::mem::size_of;
use core::ptr;

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

impl Made {
    /// Counts the bytes that were written; whether the message is lost.
    pub(crate) fn count(self, core: &mut Core) -> bool {
        if let Self::Written(kind, bytes) = self {
            core.count_bytes_sent(kind, bytes);
        }
        matches!(self, Self::Lost)
    }
}

/// A call of a function that version 1 does not know; what it is given is in the store.
pub(crate) enum MoreCall {
    Changes { first: usize, count: usize },
    Packet(Datagram),
}

/// Takes an output of the core for the program's functions that version 1 does not know.
pub(crate) fn note(
    output: &Output<'_>,
    functions: &Functions,
    extension: &mut Extension,
    store: &mut Store,
    scratch: &mut Vec<Entry<'static>>,
    emit: &mut dyn FnMut(MoreCall),
) -> Made {
    match output {
        Output::Transmit(transmit) if functions.packet.is_some() => {
            write(transmit, store, scratch, emit)
        }
        Output::Event(event) if functions.changes.is_some() => {
            let now = extension.last();
            extension.changes.note(event, now);
            Made::Nothing
        }
        Output::Transmit(_) | Output::Event(_) => Made::Nothing,
    }
}

#[inline(never)]
fn write(
    transmit: &Transmit<'_>,
    store: &mut Store,
    scratch: &mut Vec<Entry<'static>>,
    emit: &mut dyn FnMut(MoreCall),
) -> Made {
    let mut emit = |datagram| emit(MoreCall::Packet(datagram));
    match store.datagrams.write(transmit, scratch, &mut emit) {
        Ok(bytes) => Made::Written(transmit.header.kind, bytes),
        Err(Undeliverable::Address | Undeliverable::Wire) => Made::Lost,
    }
}

/// Moves the changes that are due to the store.
pub(crate) fn flush(extension: &mut Extension, store: &mut Store) -> Option<MoreCall> {
    let now = extension.last();
    let (first, count) = extension.changes.flush(now, &mut store.told)?;
    Some(MoreCall::Changes { first, count })
}

/// Makes a call. Must run with no lock held.
pub(crate) fn call(store: &Store, call: &MoreCall, functions: &Functions, user_data: *mut c_void) {
    match call {
        MoreCall::Packet(datagram) => {
            let Some(packet) = functions.packet else { return };
            let bytes = store.datagrams.bytes_of(datagram);
            let ip = HostText::of(datagram);
            // SAFETY: a function of the program with this type, called with bytes and a text that
            // live until it returns.
            unsafe { packet(bytes.as_ptr(), bytes.len(), ip.as_ptr(), ip.port, user_data) };
        }
        &MoreCall::Changes { first, count } => {
            let Some(changed) = functions.changes else { return };
            let changes = &store.told.changes[first..first + count];
            let extras = &store.told.extras[first..first + count];
            lend_changes(changes, extras, |pointers, count| {
                // SAFETY: a function of the program with this type, called with changes that live
                // until it returns and that nothing else touches meanwhile.
                unsafe { changed(pointers, count, user_data) };
            });
        }
    }
}

/// Runs `body` with pointers to changes, as a callback is called: what their nodes lack is known inside.
pub(in crate::ffi) fn lend_changes(
    changes: &[gossip_change_t],
    extras: &[Extra],
    body: impl FnOnce(*const *const gossip_change_t, usize),
) {
    let Some(first) = changes.first() else { return };
    let pointers: Vec<*const gossip_change_t> = changes.iter().map(ptr::from_ref).collect();
    let handed = HandedOut::nodes(&raw const first.node, size_of::<gossip_change_t>(), extras);
    let _handing = handed.begin();
    body(pointers.as_ptr(), pointers.len());
}
