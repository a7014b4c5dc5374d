//! How a node comes to run: checked configuration, sockets, core, threads.

use super::change::Handler;
use super::changes::{self, Changes};
use super::config::NodeConfig;
use super::drive::drive;
use super::error::NodeError;
use super::hub::{Hub, HubState};
use super::joins::Joins;
use super::links::Links;
use super::look_up::LookUps;
use super::seeds::Seeds;
use super::sockets::{self, Sockets};
use super::strangers::Strangers;
use crate::net::lifecycle::{self, Run, Threads, Worker};
use crate::net::{Error, address};
use crate::os;
use crate::proto::{Carrier, Config, Core};
use crate::types::{Instant, Metadata, NodeId, NodeView};
use crate::wire::binary::cluster_hash;
use crate::wire::{MAX_TEXT_BYTES, Serializer};
use core::time::Duration;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

/// The longest name of a cluster in bytes.
const MAX_CLUSTER_BYTES: usize = 255;

/// What the work of a library thread runs inside of, for a program that wants no panic to get out.
pub(super) type Shield = fn(&mut dyn FnMut());

/// A configuration that was checked.
pub(super) struct Plan {
    pub(super) config: NodeConfig,
    shield: Shield,
    host: IpAddr,
    advertised: Option<IpAddr>,
}

impl Plan {
    /// Checks everything that can be checked before a start, and chooses an id if there is none.
    pub(super) fn new(mut config: NodeConfig, shield: Shield) -> Result<Self, NodeError> {
        let texts = [
            ("role", &config.role, MAX_TEXT_BYTES),
            ("region", &config.region, MAX_TEXT_BYTES),
            ("cluster", &config.cluster, MAX_CLUSTER_BYTES),
        ];
        for (field, text, most) in texts {
            if text.len() > most {
                return Err(NodeError::Text(field, text.len(), most));
            }
        }
        let numeric = |field, text: &str| {
            address::host(text).map_err(|_| NodeError::Host(field, text.into()))
        };
        let host = numeric("bind_host", &config.bind_host)?;
        let advertised = match config.advertise_host.as_str() {
            "" => None,
            text => match numeric("advertise_host", text)? {
                ip if ip.is_unspecified() => {
                    return Err(NodeError::Host("advertise_host", text.into()));
                }
                ip => Some(ip),
            },
        };
        if matches!(config.serializer, Serializer::Custom(_)) {
            return Err(NodeError::Serializer);
        }
        if config.id.is_zero() {
            config.id = random_id()?;
        }
        let plan = Self { config, shield, host, advertised };
        // The core's own checks, before there is anything to start.
        plan.core(&plan.own(0), 0, false).map_err(NodeError::Config)?;
        Ok(plan)
    }

    /// The node as it is before it ran, or between two runs.
    pub(super) fn own(&self, bound: u16) -> NodeView {
        let config = &self.config;
        let listens = Some(self.host).filter(|host| !host.is_unspecified());
        let ip = self.advertised.or(listens).map(|ip| ip.to_string()).unwrap_or_default();
        let port = if config.advertise_port == 0 { bound } else { config.advertise_port };
        NodeView {
            id: config.id,
            ip,
            port: port.into(),
            role: config.role.clone(),
            region: config.region.clone(),
            ..NodeView::default()
        }
    }

    fn core(
        &self,
        own: &NodeView,
        seed: u64,
        has_streams: bool,
    ) -> Result<Core, crate::proto::ConfigError> {
        let carrier = match self.config.serializer {
            Serializer::Auto | Serializer::Json => Carrier::Structs,
            _ => Carrier::Packets,
        };
        let cluster = self.cluster();
        let config = Config { carrier, cluster, has_streams, ..self.config.protocol.clone() };
        Core::new(config, &own.as_entry(), seed, os::now())
    }

    /// The label of the cluster.
    fn cluster(&self) -> u32 {
        match self.config.cluster.as_str() {
            "" => self.config.protocol.cluster,
            name => cluster_hash(name),
        }
    }

    /// A core that starts anew. Its heartbeat begins at the wall clock, so that those who knew the
    /// life before believe the new one at once; `epoch` is that of the life before.
    fn begin(&self, at: SocketAddr, epoch: u64, has_streams: bool) -> Result<HubState, NodeError> {
        let clock = os::wall_clock_ms().min(1 << 62);
        let own = NodeView {
            heartbeat: clock,
            config_heartbeat: clock,
            config_epoch: epoch,
            ..self.own(at.port())
        };
        let seed = || os::entropy().map_err(|_| NodeError::Entropy);
        let core = self.core(&own, seed()?, has_streams).map_err(NodeError::Config)?;
        let protocol = &self.config.protocol;
        let ms = |ms: u32| Duration::from_millis(ms.into());
        Ok(HubState {
            core,
            joins: Joins::default(),
            strangers: Strangers::default(),
            seeds: Seeds::new(ms(protocol.heal_interval_ms)),
            leaving: None,
            cluster: self.cluster(),
            ids: SmallRng::seed_from_u64(seed()?),
            patience: ms(protocol.join_timeout_ms),
            leave_rounds: protocol.leave_rounds,
            round_interval: ms(protocol.round_interval_ms),
            rest_until: Instant::ZERO,
        })
    }

    /// Where others are told to reach the node, if that is known.
    fn advertised(&self, bound: u16) -> Option<SocketAddr> {
        let port = if self.config.advertise_port == 0 { bound } else { self.config.advertise_port };
        self.advertised.map(|ip| SocketAddr::new(ip.to_canonical(), port))
    }

    /// Binds, and makes the threads. `before` is the port of the run before, if there was one, and
    /// metadata and epoch are those that it had.
    pub(super) fn start(
        &self,
        before: Option<u16>,
        metadata: &Metadata,
        epoch: u64,
        handler: Option<&Arc<dyn Handler>>,
        look_ups: &Arc<LookUps>,
    ) -> Result<(Arc<Hub>, Workers), NodeError> {
        let Sockets { at, udp, tcp } = sockets::bind(self.host, self.config.port, before)?;
        let mut state = self.begin(at, epoch, tcp.is_some())?;
        if !metadata.is_empty() {
            state.core.update_metadata(os::now(), metadata.iter())?;
        }
        let sending = udp.try_clone().map_err(Error::Resources)?;
        let links = Links::new(at, self.advertised(at.port()), sending, tcp.is_some());
        let changes = handler.map(|_| Arc::<Changes>::default());
        let hub = Arc::new(Hub::new(
            state,
            links,
            changes.clone(),
            self.config.serializer.clone(),
            look_ups.clone(),
        ));
        let node = start_node(&hub, udp, tcp, self.shield)?;
        let mut workers = Workers { hub: hub.clone(), node, events: None, changes };
        if let (Some(handler), Some(changes)) = (handler, &workers.changes) {
            match start_events(changes, handler, self.config.changes_settle) {
                Ok(events) => workers.events = Some(events),
                Err(error) => {
                    workers.stop();
                    let _ = workers.wait();
                    return Err(error.into());
                }
            }
        }
        Ok((hub, workers))
    }
}

/// The threads of one run.
pub(super) struct Workers {
    hub: Arc<Hub>,
    node: Worker,
    events: Option<Worker>,
    changes: Option<Arc<Changes>>,
}

impl Workers {
    /// Whether this is the thread that the protocol runs on, which nobody may keep waiting.
    pub(super) fn is_driver(&self) -> bool {
        self.node.is_current()
    }
}

impl Threads for Workers {
    fn stop(&self) {
        self.hub.close();
        self.node.stop();
        if let Some(events) = &self.events {
            events.stop();
        }
        if let Some(changes) = &self.changes {
            changes.close();
        }
    }

    fn is_current(&self) -> bool {
        self.node.is_current() || self.events.as_ref().is_some_and(Worker::is_current)
    }

    fn wait(&self) -> Result<(), Error> {
        self.node.wait()?;
        self.events.as_ref().map_or(Ok(()), Worker::wait)
    }
}

fn start_node(
    hub: &Arc<Hub>,
    udp: UdpSocket,
    tcp: Option<std::net::TcpListener>,
    shield: Shield,
) -> Result<Worker, Error> {
    let runtime = lifecycle::runtime()?;
    let inside = runtime.enter();
    let udp = tokio::net::UdpSocket::from_std(udp).map_err(Error::Resources)?;
    let tcp = tcp.map(tokio::net::TcpListener::from_std).transpose().map_err(Error::Resources)?;
    drop(inside);
    hub.links.peers.open(runtime.handle().clone());
    let run = Arc::<Run>::default();
    let (own_hub, own_run) = (hub.clone(), run.clone());
    let mut sockets = Some((udp, tcp));
    Worker::spawn("gossip-node", run, move || {
        shield(&mut || {
            if let Some((udp, tcp)) = sockets.take() {
                let (hub, run) = (own_hub.clone(), own_run.clone());
                runtime.block_on(async { drive(hub, udp, tcp, run).await });
            }
        });
        drop(runtime);
    })
}

fn start_events(
    changes: &Arc<Changes>,
    handler: &Arc<dyn Handler>,
    settle: Duration,
) -> Result<Worker, Error> {
    let run = Arc::<Run>::default();
    let (changes, handler, own_run) = (changes.clone(), handler.clone(), run.clone());
    let body = move || changes::serve(&changes, &handler, settle, &own_run);
    Worker::spawn("gossip-events", run, body)
}

fn random_id() -> Result<NodeId, NodeError> {
    let mut id = [0; 16];
    for half in id.chunks_exact_mut(8) {
        half.copy_from_slice(&os::entropy().map_err(|_| NodeError::Entropy)?.to_be_bytes());
    }
    Ok(NodeId::new(id))
}
