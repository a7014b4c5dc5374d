//! A self-running node of libgossip.

use super::{address, seed};
use crate::word::{Said, Teller};
use gossip::net::{Change, Handler, Node, NodeConfig};
use gossip::proto::Config;
use gossip::types::{NodeId, NodeStatus};
use std::sync::Arc;
use std::time::Duration;

/// Starts and joins; comes back only with an error.
pub fn run(profile: &Config, teller: Teller) -> Result<(), String> {
    let address = address(teller.who);
    let mut config = NodeConfig::default();
    config.id = id(teller.who);
    config.bind_host = address.ip().to_string();
    config.port = address.port();
    config.protocol = profile.clone();
    let node =
        Node::new(config, Some(Arc::new(Ears(teller)))).map_err(|error| error.to_string())?;
    node.start().map_err(|error| error.to_string())?;
    if teller.who == 0 {
        teller.tell(Said::Ready);
    } else {
        // Tries again by itself.
        let seed = seed().to_string();
        node.join(&[&seed], Duration::ZERO).map_err(|error| error.to_string())?;
    }
    loop {
        std::thread::park();
    }
}

struct Ears(Teller);

impl Handler for Ears {
    fn changed(&self, change: &Change) {
        let Some(node) = number(&change.node.id) else { return };
        match change.node.status {
            NodeStatus::Online => self.0.tell(Said::Up(node)),
            NodeStatus::Failed | NodeStatus::Left => self.0.tell(Said::Down(node)),
            // Met and not heard from yet, or accused and a member still.
            NodeStatus::Unknown | NodeStatus::Joining | NodeStatus::Suspect => {}
        }
    }
}

/// The number, one higher since no id is zero, four times.
fn id(number: u32) -> NodeId {
    let part = (number + 1).to_be_bytes();
    NodeId::new(std::array::from_fn(|place| part[place % 4]))
}

fn number(id: &NodeId) -> Option<u32> {
    let part = <[u8; 4]>::try_from(&id.as_bytes()[..4]).ok()?;
    u32::from_be_bytes(part).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_numbers() {
        for each in [0, 1, 255, 256, 99_999] {
            assert_eq!(number(&id(each)), Some(each));
        }
    }
}
