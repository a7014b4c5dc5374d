//! [`Node`]'s methods: what a program can ask of a node.

use super::change::Handler;
use super::config::NodeConfig;
use super::error::NodeError;
use super::hub::{Hub, HubState};
use super::joins::{Joined, Joins};
use super::life::{Plan, Shield, Workers};
use super::log;
use super::look_up::LookUps;
use super::stats::NodeStats;
use crate::net::lifecycle::Lives;
use crate::net::shared::lock;
use crate::os::process_mark;
use crate::proto::{CommandError, Core, PeerStats};
use crate::types::{Entry, Metadata, NodeId, NodeView};
use core::time::Duration;
use std::sync::{Arc, Mutex};

/// A member of a cluster that runs by itself, over UDP and TCP.
///
/// All methods may be called from any thread, and from inside the callbacks of its [`Handler`].
/// Dropping it stops it, without a leave: to the others that is a crash. Inside a callback it ends
/// when that returns. In a forked child it can only be dropped: that touches nothing, since
/// everything it has is the parent's.
///
/// ```
/// use core::time::Duration;
/// use gossip::net::{Node, NodeConfig};
///
/// let node = || {
///     let mut config = NodeConfig::default();
///     config.bind_host = "127.0.0.1".into();
///     let node = Node::new(config, None)?;
///     node.start()?;
///     Ok::<_, gossip::net::NodeError>(node)
/// };
/// let (first, second) = (node()?, node()?);
/// let seed = format!("127.0.0.1:{}", first.port());
/// let joined = second.join(&[&seed], Duration::from_secs(5))?;
/// assert_eq!(joined.answered, 1);
/// assert_eq!(second.members()?[0].id, first.id());
/// second.leave(Duration::from_secs(1))?;
/// # Ok::<_, gossip::net::NodeError>(())
/// ```
pub struct Node {
    process: u64,
    /// `None` only while it is dropped.
    inner: Option<NodeInner>,
}

struct NodeInner {
    plan: Plan,
    handler: Option<Arc<dyn Handler>>,
    look_ups: Arc<LookUps>,
    lives: Lives<Workers>,
    life: Mutex<NodeLife>,
}

struct NodeLife {
    /// The run that is or was.
    hub: Option<Arc<Hub>>,
    /// What is spread from the first start on.
    metadata: Metadata,
}

impl Node {
    /// Makes a node; it does nothing before [`Node::start`]. Without a handler nobody is told of
    /// changes, and there is no thread for it.
    ///
    /// # Errors
    /// What is wrong with the configuration: [`NodeError::Host`], [`NodeError::Text`],
    /// [`NodeError::Config`]; or [`NodeError::Entropy`].
    pub fn new(config: NodeConfig, handler: Option<Arc<dyn Handler>>) -> Result<Self, NodeError> {
        Self::shielded(config, handler, |body| body())
    }

    /// As [`Node::new`]; the thread of the protocol runs inside of `shield`.
    pub(crate) fn shielded(
        config: NodeConfig,
        handler: Option<Arc<dyn Handler>>,
        shield: Shield,
    ) -> Result<Self, NodeError> {
        let plan = Plan::new(config, shield)?;
        let metadata = plan.config.metadata.clone();
        let life = Mutex::new(NodeLife { hub: None, metadata });
        let (look_ups, lives) = (Arc::default(), Lives::default());
        let inner = NodeInner { plan, handler, look_ups, lives, life };
        Ok(Self { process: process_mark(), inner: Some(inner) })
    }

    /// Binds the address and makes the threads. A stopped node may be started again: it knows nobody
    /// then, keeps its id, its metadata and, if it can, its port, and is believed at once by who
    /// knew it before.
    ///
    /// # Errors
    /// [`NodeError::AlreadyStarted`]; [`NodeError::Net`] if the port is not to be had by UDP or
    /// there is no thread; [`NodeError::InCallback`] while a callback of the run before runs;
    /// [`NodeError::Entropy`]; [`NodeError::Forked`].
    pub fn start(&self) -> Result<(), NodeError> {
        let inner = self.inner()?;
        inner.lives.start(|| inner.start())?;
        if let Some(hub) = self.hub()? {
            log::started(self.id(), hub.links.at(), hub.links.has_streams);
        }
        Ok(())
    }

    /// Closes everything and ends the threads, without a leave; no callback begins after it
    /// returned. Within a second, and as often as you like. What is known of the members can still
    /// be read afterwards.
    ///
    /// Inside a callback it only asks for the end, which comes when the callback returns.
    ///
    /// # Errors
    /// [`NodeError::InCallback`] if a callback does not return; it ends afterwards by itself.
    /// [`NodeError::Forked`].
    pub fn stop(&self) -> Result<(), NodeError> {
        self.inner()?.stop()
    }

    /// Joins the cluster that any of these targets is in: `host:port`, `[v6]:port` or `name:port`.
    ///
    /// All are asked at once, a name at all its addresses; an address that does not answer by UDP
    /// within [`limits::STREAM_AFTER`](super::limits::STREAM_AFTER) is asked by TCP, too. Returns
    /// as soon as one has answered, or nothing is left to wait for, and after `wait` at last. Those
    /// that did not answer are asked on in the background, and all targets are tried again each
    /// [`heal_interval_ms`](crate::proto::Config::heal_interval_ms) while no other member is online,
    /// names looked up anew, until a leave. With a `wait` of zero it does not wait at all.
    ///
    /// # Errors
    /// [`NodeError::NoAnswer`] with the reason for each target, [`NodeError::TooManyTargets`],
    /// [`NodeError::NotStarted`], [`NodeError::Forked`].
    pub fn join(&self, targets: &[&str], wait: Duration) -> Result<Joined, NodeError> {
        self.running()?.join(targets, self.bounded(wait)?)
    }

    /// Leaves the cluster: tells the others, so that they list it as left and not as failed, and
    /// waits until that was told often enough, but no longer than `wait`. The node then asks nobody
    /// anything any more and tells who asks that it has left, until it is stopped; a join brings it
    /// back.
    ///
    /// # Errors
    /// [`NodeError::NotStarted`], [`NodeError::Forked`].
    pub fn leave(&self, wait: Duration) -> Result<(), NodeError> {
        self.running()?.leave(self.bounded(wait)?)
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.inner.as_ref().map_or(NodeId::ZERO, |inner| inner.plan.config.id)
    }

    /// The port listened on, or that was last; before the first start the one asked for.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.inner().map_or(0, |inner| {
            let life = lock(&inner.life);
            life.hub.as_ref().map_or(inner.plan.config.port, |hub| hub.links.port)
        })
    }

    /// This node as it tells others of itself.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn local(&self) -> Result<NodeView, NodeError> {
        match self.hub()? {
            Some(hub) => Ok(hub.lock()?.core.own().into()),
            None => {
                let inner = self.inner()?;
                let metadata = lock(&inner.life).metadata.clone();
                let own = inner.plan.own(inner.plan.config.port);
                Ok(NodeView { metadata: Some(Arc::new(metadata)), ..own })
            }
        }
    }

    /// All known nodes but this one, in the order in which they became known: also those that are
    /// suspect, failed or left, or of which others told that have not been heard themselves yet.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn members(&self) -> Result<Vec<NodeView>, NodeError> {
        let members = self.look(|look| look.members().map(NodeView::from).collect())?;
        Ok(members.unwrap_or_default())
    }

    /// One node by its id; its own id finds this node itself.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn find(&self, id: &NodeId) -> Result<Option<NodeView>, NodeError> {
        if *id == self.id() {
            return self.local().map(Some);
        }
        Ok(self.look(|look| look.core.find(id).map(NodeView::from))?.flatten())
    }

    /// Looks at what the node knows without copying it, under its lock: nothing of the node may be
    /// called in `body`. `None` before the first start.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn look<R>(&self, body: impl FnOnce(&Look<'_>) -> R) -> Result<Option<R>, NodeError> {
        let Some(hub) = self.hub()? else { return Ok(None) };
        let HubState { core, joins, .. } = &*hub.lock()?;
        Ok(Some(body(&Look { core, joins })))
    }

    /// Sets own metadata, all pairs or none, and spreads it. The key `config_epoch` sets the own
    /// epoch, too, which never falls.
    ///
    /// # Errors
    /// [`NodeError::Command`], [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn update_metadata<'a>(
        &self,
        pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<(), NodeError> {
        let Some(hub) = self.hub()? else {
            let mut life = lock(&self.inner()?.life);
            life.metadata = life.metadata.with(pairs).map_err(|error| match error {
                crate::types::MetadataError::TooLarge(bytes)
                | crate::types::MetadataError::Malformed(bytes) => {
                    CommandError::MetadataTooLarge(bytes)
                }
            })?;
            return Ok(());
        };
        // Collected, so that the core's function is compiled for one kind of iterator only.
        let pairs: Vec<(&str, &str)> = pairs.collect();
        Ok(hub.change(|core, now| core.update_metadata(now, pairs.iter().copied()))??)
    }

    /// Takes one own key away, and says whether there was one.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn remove_metadata(&self, key: &str) -> Result<bool, NodeError> {
        match self.hub()? {
            Some(hub) => hub.change(|core, now| core.remove_metadata(now, key)),
            None => {
                let mut life = lock(&self.inner()?.life);
                let without = life.metadata.without(key);
                let had = without.is_some();
                life.metadata = without.unwrap_or_else(|| life.metadata.clone());
                Ok(had)
            }
        }
    }

    /// What was counted since the last start.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn stats(&self) -> Result<NodeStats, NodeError> {
        self.hub()?.map_or_else(|| Ok(NodeStats::default()), |hub| hub.stats())
    }

    /// What is known of the way to a member; `None` for this node itself and for unknown ids.
    ///
    /// # Errors
    /// [`NodeError::Forked`], [`NodeError::Broken`].
    pub fn peer(&self, id: &NodeId) -> Result<Option<PeerStats>, NodeError> {
        Ok(self.look(|look| look.core.peer(id))?.flatten())
    }

    /// Whether this is a forked child's copy, which can only be dropped.
    #[must_use]
    pub fn is_foreign(&self) -> bool {
        self.process != process_mark()
    }

    fn inner(&self) -> Result<&NodeInner, NodeError> {
        if self.is_foreign() {
            return Err(NodeError::Forked);
        }
        self.inner.as_ref().ok_or(NodeError::NotStarted)
    }

    /// The run that is or was.
    fn hub(&self) -> Result<Option<Arc<Hub>>, NodeError> {
        Ok(lock(&self.inner()?.life).hub.clone())
    }

    /// How long may be waited: on the thread of the protocol, where a log line may call us, not at
    /// all.
    fn bounded(&self, wait: Duration) -> Result<Duration, NodeError> {
        let is_driver = self.inner()?.lives.any(Workers::is_driver);
        Ok(if is_driver { Duration::ZERO } else { wait })
    }

    /// The run that is.
    fn running(&self) -> Result<Arc<Hub>, NodeError> {
        self.hub()?.filter(|hub| !hub.is_closed()).ok_or(NodeError::NotStarted)
    }
}

/// What a node knows, at one moment.
pub struct Look<'a> {
    /// The core. Addresses that were joined and have not answered are listed in it under ids that
    /// were made up for them; [`Look::members`] leaves them out.
    pub core: &'a Core,
    joins: &'a Joins,
}

impl<'a> Look<'a> {
    /// All known nodes but this one, in the order in which they became known.
    pub fn members(&self) -> impl Iterator<Item = Entry<'a>> {
        let Self { core, joins } = *self;
        core.members().filter(move |member| !joins.is_made_up(&member.id))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.is_foreign() {
            // A lock may be held by a thread that does not exist here, and closing an epoll
            // registration would end the parent's. All of it is left to the end of the process.
            core::mem::forget(self.inner.take());
        } else if let Some(inner) = &self.inner {
            // A thread that is kept in a callback holds what it needs by itself.
            let _ = inner.stop();
            inner.look_ups.close();
        }
    }
}

impl NodeInner {
    /// Makes the threads, with what is known of the run before.
    fn start(&self) -> Result<Workers, NodeError> {
        let mut life = lock(&self.life);
        let (mut before, mut epoch) = (None, 0);
        if let Some(hub) = life.hub.clone() {
            before = Some(hub.links.port);
            let state = hub.lock()?;
            let own = state.core.own();
            epoch = own.config_epoch;
            life.metadata = own.metadata.whole().map(|held| (*held).clone()).unwrap_or_default();
        }
        let (handler, metadata) = (self.handler.as_ref(), &life.metadata);
        let (hub, workers) = self.plan.start(before, metadata, epoch, handler, &self.look_ups)?;
        life.hub = Some(hub);
        Ok(workers)
    }

    fn stop(&self) -> Result<(), NodeError> {
        let mut was_running = false;
        let stopped = self.lives.stop(|| was_running = true);
        if was_running {
            log::stopped(self.plan.config.id);
        }
        Ok(stopped?)
    }
}
