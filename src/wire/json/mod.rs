//! The text form of libgossip 1.4.2, byte for byte as it writes it.
//!
//! A message is an object of `entries`, `sender`, `timestamp` and `type`, an entry one of
//! `config_epoch`, `heartbeat`, `id`, `ip`, `metadata`, `port`, `region`, `role`, `status`,
//! `suspicion_count` and `version`. Keys are written in this order and without white space; they
//! are read in any order, missing ones as zero or empty, unknown ones not at all, and of a
//! repeated one the last. An id is 16 bytes of two hex digits with commas between. What we added to a
//! message, `wire` and `cluster`, comes last, and only where it says something.
//!
//! Unlike the old reader this one takes no value that is of the wrong type or out of its range:
//! half a message is worse than none.

mod decode;
mod encode;
mod fields;
mod metadata;
mod reader;
mod split;
mod string;

pub use decode::decode;
pub use encode::{encode, entry_bytes};
pub(crate) use split::{Budget, write_frames};
