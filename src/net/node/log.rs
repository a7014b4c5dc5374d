//! Lines for people, by `tracing`: written down under the core's lock, and said when it is released.

use crate::proto::Event;
use crate::types::{NodeId, NodeStatus};
use std::net::SocketAddr;
use tracing::Level;

/// Which part of the library the lines are said to be from.
const TARGET: &str = "gossip::node";

/// Changes of nodes that are to be logged.
#[derive(Default)]
pub(super) struct Lines {
    lines: Vec<ChangeLine>,
}

struct ChangeLine {
    id: NodeId,
    ip: String,
    port: i32,
    status: NodeStatus,
    old: NodeStatus,
}

impl Lines {
    /// Notes a change, if anybody listens.
    pub(super) fn note(&mut self, event: &Event<'_>) {
        if tracing::enabled!(target: TARGET, Level::INFO) {
            let node = &event.node;
            let (id, ip, port) = (node.id, node.ip.into(), node.port);
            self.lines.push(ChangeLine {
                id,
                ip,
                port,
                status: node.status,
                old: event.old_status,
            });
        }
    }

    /// Logs what was noted; with no lock held.
    pub(super) fn say(&mut self) {
        for ChangeLine { id, ip, port, status, old } in self.lines.drain(..) {
            let (now, before) = (status.name(), old.name());
            if status == old {
                tracing::debug!(target: TARGET, "node {id} at {ip}:{port} tells anew of itself");
            } else if status == NodeStatus::Suspect
                || status == NodeStatus::Joining
                || old == NodeStatus::Suspect && !status.is_gone()
            {
                tracing::debug!(target: TARGET, "node {id} at {ip}:{port} is {now}, was {before}");
            } else {
                tracing::info!(target: TARGET, "node {id} at {ip}:{port} is {now}, was {before}");
            }
        }
    }
}

/// A node that begins.
pub(super) fn started(id: NodeId, at: SocketAddr, has_streams: bool) {
    tracing::info!(target: TARGET, "node {id} listens on {at}");
    if !has_streams {
        tracing::warn!(
            target: TARGET,
            "node {id} has its port {} by UDP alone: by TCP it is another's; metadata above 60 000 \
             bytes cannot travel as text, and where no datagram passes it is not reached",
            at.port()
        );
    }
}

/// A node that ends.
pub(super) fn stopped(id: NodeId) {
    tracing::info!(target: TARGET, "node {id} stopped");
}

/// A join that nobody answered.
pub(super) fn unanswered(error: &super::NodeError) {
    tracing::warn!(target: TARGET, "a join goes on in the background: {error}");
}
