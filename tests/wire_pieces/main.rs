//! From a message to pieces of bytes and back: the choice of a form, splitting, framing and intake.

mod framing;
mod intake;
mod kind;
mod serializer;
mod text;
mod whole;

use gossip::types::{Metadata, NodeId, NodeView};
use std::sync::Arc;

/// A node with a role of its own and so many bytes of metadata, none for 0.
fn node(number: u8, metadata_bytes: usize) -> NodeView {
    let mut metadata = Metadata::new();
    metadata.insert("k", &"v".repeat(metadata_bytes)).expect("fits");
    NodeView {
        id: NodeId::new([number; 16]),
        ip: "10.0.0.7".into(),
        port: 7946,
        role: format!("role {number}"),
        metadata: (metadata_bytes > 0).then(|| Arc::new(metadata)),
        ..NodeView::default()
    }
}
