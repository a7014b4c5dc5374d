//! How many members have each status.

use super::Core;
use crate::types::NodeStatus;

impl Core {
    /// Members by the number of their status, tombstones counted, this node not. Walks the
    /// tombstones alone.
    #[must_use]
    pub fn count_by_status(&self) -> [usize; 6] {
        let graves = self.members.graves_len();
        let mut left = 0;
        let mut next = self.members.oldest_grave();
        for _ in 0..graves {
            let Some(slot) = next else { break };
            left += usize::from(self.members[slot].status == NodeStatus::Left);
            next = self.members.next_grave(slot);
        }
        let mut counts = [0; 6];
        counts[NodeStatus::Online as usize] = self.online;
        counts[NodeStatus::Suspect as usize] = self.suspicions.listed();
        counts[NodeStatus::Failed as usize] = graves - left;
        counts[NodeStatus::Left as usize] = left;
        counts[NodeStatus::Joining as usize] =
            self.members.len().saturating_sub(self.online + self.suspicions.listed() + graves);
        counts
    }
}
