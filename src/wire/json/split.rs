//! A message as frames of a bounded size.

use super::encode::{begin_message, encode_entry, end_message, header_bytes};
use crate::types::{Detail, Entry, Header, MessageKind, MetadataPart};
use crate::wire::{Error, MAX_ENTRIES, framing};
use alloc::vec::Vec;

/// How large frames may be, in bytes, their prefix included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    /// From here on a message is split.
    pub(crate) usual: usize,
    /// What a frame with a single entry may have.
    pub(crate) single: usize,
    /// Up to here frames of one message are joined to one piece.
    pub(crate) joined: usize,
}

/// What a frame without entries has at most.
const EMPTY_BYTES: usize = framing::PREFIX_BYTES + "{\"entries\":[".len() + header_bytes();

/// Writes a message as frames behind what `out` has, and tells `end` when a piece of one or more of
/// them is complete, with how many they are; it may take them out, and ends all by `false`.
///
/// The first frame is the message, with the entries from its front that fit. The others follow as
/// updates of the same sender, which ask for no answer. Kinds that exist in packets alone are updates
/// too. An entry that is too large on its own goes without its metadata, and so erases none; of the
/// last such one the bytes are returned.
///
/// # Errors
/// What cannot be written; then there are bytes of an incomplete frame behind the last piece.
pub(crate) fn write_frames(
    header: &Header,
    entries: &[Entry<'_>],
    budget: Budget,
    buffer: &mut Vec<u8>,
    out: &mut Vec<u8>,
    end: &mut dyn FnMut(&mut Vec<u8>, usize) -> bool,
) -> Result<Option<usize>, Error> {
    let kind = if header.kind.is_struct() { header.kind } else { MessageKind::Update };
    let mut header = Header { kind, ..*header };
    let mut left_out = None;
    let (mut piece_start, mut frames) = (out.len(), 1);
    let (mut start, mut count) = (begin(out), 0);
    for entry in entries {
        if let Some(bytes) = write_entry(entry, budget, buffer)? {
            left_out = Some(bytes);
        }
        let bytes = out.len() - start + framing::PREFIX_BYTES + 1 + buffer.len() + header_bytes();
        if count > 0 && (bytes > budget.usual || count == MAX_ENTRIES) {
            end_message(&header, out)?;
            framing::end_frame(out, start)?;
            header.kind = MessageKind::Update;
            let next = budget.usual.max(EMPTY_BYTES + buffer.len());
            if out.len() - piece_start + next > budget.joined {
                if !end(out, frames) {
                    return Ok(left_out);
                }
                (piece_start, frames) = (out.len(), 0);
            }
            frames += 1;
            (start, count) = (begin(out), 0);
        }
        if count > 0 {
            out.push(b',');
        }
        out.extend_from_slice(buffer);
        count += 1;
    }
    debug_assert!(piece_start < start && frames > 0, "the last frame is part of the last piece");
    end_message(&header, out)?;
    framing::end_frame(out, start)?;
    end(out, frames);
    Ok(left_out)
}

fn begin(out: &mut Vec<u8>) -> usize {
    let start = framing::begin_frame(out);
    begin_message(out);
    start
}

/// Writes an entry into a buffer; its bytes, if it goes without its metadata since it is too large
/// with it. Who made it has the configuration, so that it is never a claim alone.
fn write_entry(
    entry: &Entry<'_>,
    budget: Budget,
    buffer: &mut Vec<u8>,
) -> Result<Option<usize>, Error> {
    let entry = Entry { detail: Detail::Full, ..*entry };
    buffer.clear();
    encode_entry(&entry, buffer)?;
    let bytes = buffer.len();
    if EMPTY_BYTES + bytes <= budget.single || entry.metadata == MetadataPart::Unsaid {
        return Ok(None);
    }
    buffer.clear();
    encode_entry(&Entry { metadata: MetadataPart::Unsaid, ..entry }, buffer)?;
    Ok(Some(bytes))
}
