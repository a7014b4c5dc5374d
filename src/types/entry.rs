use super::{Metadata, NodeId, NodeStatus};
use alloc::string::String;
use alloc::sync::Arc;

/// One node as a message, a caller or a getter shows it: a claim (id, heartbeat, status) and the
/// configuration part. Borrowed; numbers are as they came and not yet checked.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Entry<'a> {
    /// Whom it is about.
    pub id: NodeId,
    /// The owner's address text, at most 63 bytes: a numeric address or a name.
    pub ip: &'a str,
    /// The owner's port as it was given; only 1 to 65535 can be sent to.
    pub port: i32,
    /// Orders the configuration part before the heartbeat does (P-1).
    pub config_epoch: u64,
    /// The owner's counter; valid below 2^63.
    pub heartbeat: u64,
    /// The owner's heartbeat at its last change of the configuration part (P-1); 0 where the carrier
    /// has no field for it, and the entry's heartbeat is taken.
    pub config_heartbeat: u64,
    /// Counts changes of the record; carried, never compared.
    pub version: u64,
    /// What is claimed.
    pub status: NodeStatus,
    /// A word for what the node does, at most 63 bytes.
    pub role: &'a str,
    /// A word for where it stands, at most 63 bytes.
    pub region: &'a str,
    /// `None` says nothing about metadata and erases none (a C struct); an empty map says there is none.
    pub metadata: Option<&'a Arc<Metadata>>,
}

/// An [`Entry`] that owns its texts.
#[derive(Clone, PartialEq, Debug, Default)]
#[allow(missing_docs, reason = "the fields are Entry's")]
pub struct NodeView {
    pub id: NodeId,
    pub ip: String,
    pub port: i32,
    pub config_epoch: u64,
    pub heartbeat: u64,
    pub config_heartbeat: u64,
    pub version: u64,
    pub status: NodeStatus,
    pub role: String,
    pub region: String,
    pub metadata: Option<Arc<Metadata>>,
}

impl NodeView {
    /// Borrows it.
    #[must_use]
    pub fn as_entry(&self) -> Entry<'_> {
        Entry {
            id: self.id,
            ip: &self.ip,
            port: self.port,
            config_epoch: self.config_epoch,
            heartbeat: self.heartbeat,
            config_heartbeat: self.config_heartbeat,
            version: self.version,
            status: self.status,
            role: &self.role,
            region: &self.region,
            metadata: self.metadata.as_ref(),
        }
    }
}

impl From<Entry<'_>> for NodeView {
    fn from(entry: Entry<'_>) -> Self {
        Self {
            id: entry.id,
            ip: entry.ip.into(),
            port: entry.port,
            config_epoch: entry.config_epoch,
            heartbeat: entry.heartbeat,
            config_heartbeat: entry.config_heartbeat,
            version: entry.version,
            status: entry.status,
            role: entry.role.into(),
            region: entry.region.into(),
            metadata: entry.metadata.cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        };
        assert_eq!(NodeView::from(view.as_entry()), view);
        let silent = NodeView { metadata: None, ..view.clone() };
        assert_eq!(NodeView::from(silent.as_entry()), silent);
        assert_ne!(view.as_entry(), silent.as_entry());
    }
}
