//! A deliberately dumb model of P-1 and P-5: of all claims about a node the greatest is held.

use gossip::types::NodeStatus;
use std::collections::BTreeMap;

/// What is held of each node: heartbeat and status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Model {
    pub held: BTreeMap<u32, (u64, NodeStatus)>,
}

impl Model {
    /// Takes one claim about a node that is listed already.
    pub fn take(&mut self, n: u32, heartbeat: u64, status: NodeStatus) {
        let said = (heartbeat, status);
        let Some(held) = self.held.get_mut(&n) else { return };
        // Of a node that we know, nobody can claim that it is joining or unknown.
        if status >= NodeStatus::Online && said > *held {
            *held = said;
        }
    }
}
