//! Vectors of borrowed entries whose memory is used again.

use crate::types::Entry;

/// The entries that room is kept for, 44 KB.
const KEPT_ENTRIES: usize = 256;

/// Keeps the memory of a vector, if it is not much, and drops what it borrows.
pub(super) fn recycle(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'static>> {
    entries.clear();
    entries.shrink_to(KEPT_ENTRIES);
    // SAFETY: the vector is empty, so nothing in it is borrowed, and the two types differ in
    // lifetimes only.
    unsafe { core::mem::transmute::<Vec<Entry<'_>>, Vec<Entry<'static>>>(entries) }
}
