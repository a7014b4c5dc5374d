//! Changes of what this node says of itself.

use super::{Member, Table};
use crate::types::{Heartbeat, Metadata, NodeStatus};
use alloc::sync::Arc;

impl Table {
    /// Changes what this node says of itself.
    pub(crate) fn set_own(&mut self, change: impl FnOnce(&mut OwnChange<'_>)) {
        self.hashes.toggle(&self.members.own);
        change(&mut OwnChange(&mut self.members.own));
        self.hashes.toggle(&self.members.own);
    }

    /// Raises the own heartbeat, which no hash covers.
    pub(crate) fn raise_own(&mut self, heartbeat: Heartbeat) {
        debug_assert!(heartbeat >= self.members.own.heartbeat, "the own heartbeat falls");
        self.members.own.heartbeat = heartbeat;
    }

    /// A round of our own: the heartbeat and the version rise by one.
    pub(crate) fn beat(&mut self) {
        let own = &mut self.members.own;
        own.heartbeat = own.heartbeat.after(1);
        own.version = own.version.wrapping_add(1);
    }
}

/// This node while it is changed.
#[derive(Debug)]
pub(crate) struct OwnChange<'a>(&'a mut Member);

impl OwnChange<'_> {
    /// Takes a status, one heartbeat later.
    pub(crate) fn status(&mut self, status: NodeStatus) {
        self.0.status = status;
        self.0.heartbeat = self.0.heartbeat.after(1);
    }

    /// Dates the configuration as of now.
    pub(crate) fn date(&mut self) {
        self.0.config_heartbeat = self.0.heartbeat;
    }

    /// Takes other metadata, one heartbeat and one version later.
    pub(crate) fn metadata(&mut self, metadata: Metadata, epoch: u64) {
        self.0.metadata = Some(Arc::new(metadata));
        self.0.config_epoch = epoch;
        self.0.heartbeat = self.0.heartbeat.after(1);
        self.0.version = self.0.version.wrapping_add(1);
        self.date();
    }

    /// Starts anew, as after a restart.
    pub(crate) fn restart(&mut self) {
        self.0.heartbeat = Heartbeat::ZERO.after(1);
        self.0.version = 0;
        self.date();
    }
}
