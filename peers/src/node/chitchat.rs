//! A node of chitchat, over UDP.

use super::{address, name, number, seed};
use crate::word::{Said, Teller};
use ::chitchat::transport::UdpTransport;
use ::chitchat::{
    ChitchatConfig, ChitchatId, FailureDetectorConfig, ProtocolVersion, spawn_chitchat,
};
use std::collections::BTreeSet;
use std::time::Duration;

/// chitchat has no default for programs; this is what its own tests take where they say nothing.
const GOSSIP_INTERVAL: Duration = Duration::from_secs(1);
const GRACE_OF_DELETED_KEYS: Duration = Duration::from_secs(15 * 60);

/// Starts and joins; comes back only with an error.
pub async fn run(teller: Teller) -> Result<(), String> {
    let address = address(teller.who);
    let config = ChitchatConfig {
        chitchat_id: ChitchatId::new(name(teller.who), 0, address),
        cluster_id: "peers".into(),
        gossip_interval: GOSSIP_INTERVAL,
        listen_addr: address,
        seed_nodes: vec![seed().to_string()],
        failure_detector_config: FailureDetectorConfig::default(),
        marked_for_deletion_grace_period: GRACE_OF_DELETED_KEYS,
        catchup_callback: None,
        extra_liveness_predicate: None,
        // The newest, with a digest that is compressed.
        protocol_version: ProtocolVersion::V1,
    };
    let handle = spawn_chitchat(config, Vec::new(), &UdpTransport)
        .await
        .map_err(|error| error.to_string())?;
    if teller.who == 0 {
        teller.tell(Said::Ready);
    }
    let mut watcher = handle.chitchat().lock().await.live_nodes_watcher();
    let mut before = BTreeSet::new();
    loop {
        watcher.changed().await.map_err(|error| error.to_string())?;
        let live: BTreeSet<u32> =
            watcher.borrow_and_update().keys().filter_map(|id| number(&id.node_id)).collect();
        live.difference(&before).for_each(|&node| teller.tell(Said::Up(node)));
        before.difference(&live).for_each(|&node| teller.tell(Said::Down(node)));
        before = live;
    }
}
