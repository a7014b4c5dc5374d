//! A message of the program, or one that a send callback was handed, on its way into bytes.

use super::callbacks::{Extra, HandedOut, with_handed_out};
use super::commands::entries_of;
use super::convert::{Flaw, Status, entry_of, header_of, owned_of};
use super::error::set_last_error;
use super::types::{gossip_message_t, gossip_node_view_t};
use crate::types::{Entry, Header, NodeView};

/// Runs `body` with the header and the entries of a message of C; `None`, with an error text, for
/// a message that has a flaw.
///
/// A message that the send callback of this thread was called with is taken as the core made it,
/// with metadata and with left apart from failed. Entries that are NULL are none, whatever their
/// number: that is how libgossip 1.4.2 took them.
///
/// # Safety
/// `message.entries` is NULL or an array of `message.entries_count` views.
pub(super) unsafe fn with_message<R>(
    message: &gossip_message_t,
    body: impl FnOnce(&Header, &mut dyn Iterator<Item = Entry<'_>>) -> R,
) -> Option<R> {
    let views: &[gossip_node_view_t] = if message.entries.is_null() {
        &[]
    } else {
        // SAFETY: the caller's promise.
        unsafe { entries_of(message) }?
    };
    with_handed_out(message, |handed_out| {
        let extras = handed_out.map_or(&[][..], |HandedOut { extras, .. }| extras);
        let header = match handed_out {
            Some(HandedOut { header, .. }) => *header,
            None => header_of(message).map_err(|flaw| report_header(&flaw)).ok()?,
        };
        match check(views) {
            Ok(true) => Some(body(&header, &mut borrowed(views, extras))),
            Ok(false) => {
                let owned: Vec<NodeView> =
                    views.iter().filter_map(|view| owned_of(view, Status::Read).ok()).collect();
                Some(body(&header, &mut owned.iter().map(NodeView::as_entry)))
            }
            Err((index, flaw)) => {
                set_last_error(format_args!("msg->entries[{index}].{flaw}"));
                None
            }
        }
    })
}

fn report_header(flaw: &Flaw) {
    set_last_error(format_args!("msg->{flaw}"));
}

/// Whether all views can be borrowed; `Ok(false)` if a text in them is not UTF-8.
fn check(views: &[gossip_node_view_t]) -> Result<bool, (usize, Flaw)> {
    let mut utf8 = true;
    for (index, view) in views.iter().enumerate() {
        utf8 &= entry_of(view, Status::Read).map_err(|flaw| (index, flaw))?.is_some();
    }
    Ok(utf8)
}

/// The entries of views that passed [`check`], so none is left out.
fn borrowed<'a>(
    views: &'a [gossip_node_view_t],
    extras: &'a [Extra],
) -> impl Iterator<Item = Entry<'a>> {
    views.iter().enumerate().filter_map(|(index, view)| {
        let entry = entry_of(view, Status::Read).ok()??;
        Some(match extras.get(index) {
            Some(Extra { status, metadata }) => {
                Entry { status: *status, metadata: metadata.as_ref().into(), ..entry }
            }
            None => entry,
        })
    })
}
