//! The vocabulary of the library: newtypes and plain views, with their arithmetic and checks alone.

mod entry;
pub(crate) mod fnv;
mod heartbeat;
mod id;
mod instant;
mod message;
mod metadata;
mod status;
pub mod varint;

pub use entry::{Apart, Detail, Entry, MetadataPart, NodeView};
pub use heartbeat::Heartbeat;
pub use id::NodeId;
pub use instant::Instant;
pub use message::{Digest, Form, Header, Message, MessageKind, Path, SyncPayload};
pub use metadata::{Metadata, MetadataError, MetadataStamp, PackedMetadata, Pairs};
pub use status::NodeStatus;
