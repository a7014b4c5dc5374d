//! The values of `types`, by their public functions.

mod entry;
mod metadata;
mod scalars;
mod varint;
