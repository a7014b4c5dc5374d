//! Entries, borrowed and owned.

use gossip::types::{Apart, Detail, Metadata, MetadataStamp, NodeId, NodeStatus, NodeView};
use std::sync::Arc;

#[test]
fn a_view_and_its_entry_say_the_same() {
    let mut metadata = Metadata::new();
    metadata.insert("zone", "a").expect("it is short");
    let view = NodeView {
        id: NodeId::new([7; 16]),
        ip: "10.0.0.1".into(),
        port: 7946,
        config_epoch: 1,
        heartbeat: 2,
        config_heartbeat: 2,
        version: 3,
        status: NodeStatus::Suspect,
        role: "replica".into(),
        region: "eu".into(),
        metadata: Some(Arc::new(metadata)),
        ..NodeView::default()
    };
    assert_eq!(NodeView::from(view.as_entry()), view);
    let silent = NodeView { metadata: None, ..view.clone() };
    assert_eq!(NodeView::from(silent.as_entry()), silent);
    assert_ne!(view.as_entry(), silent.as_entry());
    let stamp = MetadataStamp { bytes: 3, hash: 9 };
    for apart in [Apart::Stamp(stamp), Apart::Slice(stamp, 1, Vec::from([1, 2, 3]))] {
        let said = NodeView { apart, detail: Detail::Claim, ..silent.clone() };
        assert_eq!(NodeView::from(said.as_entry()), said);
        assert_eq!(said.as_entry().metadata.stamp(), Some(stamp));
    }
}
