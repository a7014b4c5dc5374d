//! What the program is told, and how.

use crate::proto::{Coalesce, Event};
use crate::types::{Instant, NodeStatus, NodeView};

/// One change of one node, or several that were joined.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Change {
    /// The node after the change.
    pub node: NodeView,
    /// Its status before; [`NodeStatus::Unknown`] at first sight, and the same as the new one if only
    /// metadata, role, region or address changed.
    pub old_status: NodeStatus,
    /// When it was decided, of several the last one.
    pub at: Instant,
    /// How many changes it stands for, 1 or more.
    pub merged: u32,
    /// Whether metadata, role, region or address changed while the status stayed.
    pub configuration: bool,
}

impl Change {
    pub(super) fn of(event: &Event<'_>, at: Instant) -> Self {
        let configuration = event.old_status == event.node.status;
        let (node, old_status) = (event.node.into(), event.old_status);
        Self { node, old_status, at, merged: 1, configuration }
    }
}

impl Coalesce for Change {
    fn join(&mut self, later: Self) {
        self.merged = self.merged.saturating_add(later.merged);
        self.configuration |= later.configuration;
        self.at = later.at;
        self.node = later.node;
    }

    fn is_undone(&self) -> bool {
        self.old_status == self.node.status && !self.configuration
    }
}

/// The program's callbacks. Both are called on the node's thread for them, `gossip-events`, with no
/// lock of the node held: they may call everything and may take their time, since the protocol runs
/// on another thread. They are called one at a time, in the order in which things were decided.
///
/// What a slow callback has not taken waits, in a bounded queue: past
/// [`MAX_CHANGES`](super::limits::MAX_CHANGES) the changes of one node are joined to one, from
/// the status that was told last to the newest state. So the last state of every node is told,
/// whatever happens, and [`NodeStats`](super::NodeStats) counts what was joined. What waits when the
/// node is stopped is not told.
pub trait Handler: Send + Sync {
    /// A node changed.
    fn changed(&self, change: &Change) {
        let _ = change;
    }

    /// The changes that waited, together, after each was given to [`Handler::changed`]: for programs
    /// that want to look at the whole once and not after each step. With
    /// [`NodeConfig::changes_settle`](super::NodeConfig::changes_settle) they are held back until
    /// none came for so long, or for ten times that since the first; several changes of a node are
    /// one then, in the place of its first, and a node that is again what it was is left out.
    fn changes(&self, changes: &[Change]) {
        let _ = changes;
    }
}
