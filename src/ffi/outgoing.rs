//! A message of the program, or one that a send callback was handed, on its way into bytes.

use super::argument::entries_of;
use super::convert::{header_of, read_entries};
use super::error::or_report;
use super::handed_out::{HandedMessage, with_handed_out};
use super::types::{gossip_message_t, gossip_node_view_t};
use crate::types::Entry;
use crate::wire::{Outgoing, Scratch};
use core::cell::Cell;

/// Runs `body` with a message of C; `None`, with an error text, for a message that has a flaw.
///
/// A message that the send callback of this thread was called with is taken as the core made it,
/// with all that a struct has no room for. Entries that are NULL are none, whatever their number:
/// that is how libgossip 1.4.2 took them. `body` gets a place to add the bytes to that it wrote.
///
/// Who `reads_packets` gets such a message as a packet, if it is one, and then without entries.
///
/// # Safety
/// `message.entries` is NULL or an array of `message.entries_count` views.
pub(super) unsafe fn with_message<R>(
    message: &gossip_message_t,
    reads_packets: bool,
    body: impl FnOnce(&Outgoing<'_>, &Cell<usize>) -> R,
) -> Option<R> {
    let mut body = Some(body);
    let as_packet = with_handed_out(message, |handed_out| {
        let HandedMessage { header, form, to_new, packet, written, .. } =
            handed_out.filter(|_| reads_packets)?;
        let packet = Some(packet?);
        let outgoing = Outgoing { header, entries: &[], form, to_new, packet };
        Some(body.take()?(&outgoing, written))
    });
    if as_packet.is_some() {
        return as_packet;
    }
    let body = body?;
    let views: &[gossip_node_view_t] = if message.entries.is_null() {
        &[]
    } else {
        // SAFETY: the caller's promise.
        unsafe { entries_of(message) }?
    };
    with_handed_out(message, |handed_out| match handed_out {
        Some(handed_out) => again(&handed_out, views, body),
        None => own(message, views, body),
    })
}

/// What the core handed out comes back.
fn again<R>(
    handed_out: &HandedMessage<'_>,
    views: &[gossip_node_view_t],
    body: impl FnOnce(&Outgoing<'_>, &Cell<usize>) -> R,
) -> Option<R> {
    let HandedMessage { header, form, to_new, extras, written, scratch, .. } = *handed_out;
    let mut owned = Vec::new();
    let mut entries: Vec<Entry<'_>> = scratch.take();
    let read = or_report(read_entries(views, &mut owned, &mut entries), "");
    for (entry, extra) in entries.iter_mut().zip(extras) {
        *entry = extra.complete(*entry);
    }
    let outgoing = Outgoing { header, entries: &entries, form, to_new, packet: None };
    let result = read.map(|()| body(&outgoing, written));
    scratch.set(Scratch::recycle(entries));
    result
}

/// A message that the program made.
fn own<R>(
    message: &gossip_message_t,
    views: &[gossip_node_view_t],
    body: impl FnOnce(&Outgoing<'_>, &Cell<usize>) -> R,
) -> Option<R> {
    let header = or_report(header_of(message), "msg->")?;
    let (mut owned, mut entries) = (Vec::new(), Vec::with_capacity(views.len()));
    or_report(read_entries(views, &mut owned, &mut entries), "")?;
    Some(body(&Outgoing::new(&header, &entries), &Cell::new(0)))
}
