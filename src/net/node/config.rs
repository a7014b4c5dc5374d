//! The configuration of a node.

use crate::proto::Config;
use crate::types::{Metadata, NodeId};
use crate::wire::Serializer;
use core::time::Duration;

/// How a [`Node`](super::Node) is to be. [`Node::new`](super::Node::new) checks it.
///
/// ```
/// use gossip::net::{Node, NodeConfig};
/// let mut config = NodeConfig::default();
/// config.bind_host = "127.0.0.1".into();
/// config.role = "cache".into();
/// assert!(Node::new(config, None).is_ok());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct NodeConfig {
    /// Who it is; no two nodes may share one, and one that starts anew may keep it. Zero, the
    /// default, takes a random one when the node is made.
    pub id: NodeId,
    /// A word for what it does, at most 63 bytes. Default: none.
    pub role: String,
    /// A word for where it stands, at most 63 bytes. Default: none.
    pub region: String,
    /// The address to listen on, numeric: `0.0.0.0` is all of IPv4, `::` all of both. Default
    /// `0.0.0.0`.
    pub bind_host: String,
    /// The port to listen on, by UDP and TCP; 0, the default, is any that is free for both.
    pub port: u16,
    /// The address that others reach it at, numeric, where that is not `bind_host`: behind a
    /// translated address, or in a container. Empty, the default, is `bind_host`; with that one
    /// unspecified, others take the address that its messages come from.
    pub advertise_host: String,
    /// The port that others reach it at; 0, the default, is the one listened on.
    pub advertise_port: u16,
    /// The name of the cluster, at most 255 bytes: packets of another are refused. Default: that of
    /// `protocol`, which is none.
    pub cluster: String,
    /// In which form it writes. Default [`Serializer::Auto`]: packets to who reads them, and text of
    /// libgossip 1.4.2 to all others, strangers among them, so that an old cluster is upgraded one
    /// node at a time. The others pin a form, and [`Serializer::Custom`] is refused. Whatever it is,
    /// the node reads all forms.
    pub serializer: Serializer,
    /// How long [`Handler::changes`](super::Handler::changes) waits for further changes. Default
    /// zero: not at all.
    pub changes_settle: Duration,
    /// What it spreads with itself from the start. Default: nothing.
    pub metadata: Metadata,
    /// The constants of the protocol. How messages travel, the cluster and whether there are
    /// connections are the node's own to set. Default [`Config::lan`].
    pub protocol: Config,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            id: NodeId::ZERO,
            role: String::new(),
            region: String::new(),
            bind_host: "0.0.0.0".into(),
            port: 0,
            advertise_host: String::new(),
            advertise_port: 0,
            cluster: String::new(),
            serializer: Serializer::Auto,
            changes_settle: Duration::ZERO,
            metadata: Metadata::new(),
            protocol: Config::lan(),
        }
    }
}
