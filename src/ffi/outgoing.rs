//! A message of the program, or one that a send callback was handed, on its way into bytes.

use super::argument::entries_of;
use super::convert::{Flaw, Status, entry_of, header_of, owned_of};
use super::error::set_last_error;
use super::handed_out::{Extra, HandedMessage, with_handed_out};
use super::types::{gossip_message_t, gossip_node_view_t};
use crate::types::{Entry, NodeView};
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
    let mut entries: Vec<Entry<'_>> = scratch.take();
    let result = with_entries(views, extras, &mut entries, |entries| {
        body(&Outgoing { header, entries, form, to_new, packet: None }, written)
    });
    scratch.set(Scratch::recycle(entries));
    result
}

/// A message that the program made.
fn own<R>(
    message: &gossip_message_t,
    views: &[gossip_node_view_t],
    body: impl FnOnce(&Outgoing<'_>, &Cell<usize>) -> R,
) -> Option<R> {
    let header = header_of(message).map_err(|flaw| set_last_error(format_args!("msg->{flaw}")));
    let header = header.ok()?;
    let mut entries = Vec::with_capacity(views.len());
    with_entries(views, &[], &mut entries, |entries| {
        body(&Outgoing::new(&header, entries), &Cell::new(0))
    })
}

/// Reads views into an empty vector and runs `body` with them.
fn with_entries<'a, R>(
    views: &'a [gossip_node_view_t],
    extras: &'a [Extra],
    entries: &mut Vec<Entry<'a>>,
    body: impl FnOnce(&[Entry<'_>]) -> R,
) -> Option<R> {
    let mut is_utf8 = true;
    for (index, view) in views.iter().enumerate() {
        match entry_of(view, Status::Read) {
            Ok(Some(entry)) => entries.push(match extras.get(index) {
                Some(extra) => extra.complete(entry),
                None => entry,
            }),
            Ok(None) => is_utf8 = false,
            Err(flaw) => return report(index, &flaw),
        }
    }
    if is_utf8 {
        return Some(body(entries));
    }
    let owned: Vec<NodeView> =
        views.iter().filter_map(|view| owned_of(view, Status::Read).ok()).collect();
    let replaced: Vec<Entry<'_>> = owned.iter().map(NodeView::as_entry).collect();
    Some(body(&replaced))
}

#[cold]
fn report<R>(index: usize, flaw: &Flaw) -> Option<R> {
    set_last_error(format_args!("msg->entries[{index}].{flaw}"));
    None
}
