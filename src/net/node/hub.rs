//! What the node's thread and the program's threads share: the core under its lock, and the way from
//! an input of it to the sockets.

use super::changes::Changes;
use super::dispatch::{Dispatch, Route, Way};
use super::error::NodeError;
use super::joins::Joins;
use super::leaving::Leaving;
use super::limits::{LEAST_WAIT, OUTPUTS_AT_ONCE};
use super::links::Links;
use super::look_up::LookUps;
use super::seeds::Seeds;
use super::stats::NodeStats;
use super::strangers::Strangers;
use crate::net::address;
use crate::os;
use crate::proto::{Core, Output, Transmit};
use crate::types::{Instant, MessageKind, NodeStatus};
use crate::wire::{Error, Serializer};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use rand::rngs::SmallRng;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One run of a node, from a start to a stop; readable still afterwards.
pub(super) struct Hub {
    state: Mutex<HubState>,
    /// Told when a join or a leave got further, and at the end.
    pub(super) progress: Condvar,
    pub(super) links: Links,
    /// What the program is told; `None` if it has no callbacks.
    changes: Option<Arc<Changes>>,
    pub(super) serializer: Serializer,
    pub(super) look_ups: Arc<LookUps>,
    /// Wakes the node's thread: there may be something to do sooner than it thought.
    pub(super) kick: Notify,
    is_closed: AtomicBool,
}

/// What is under the lock.
pub(super) struct HubState {
    pub(super) core: Core,
    pub(super) joins: Joins,
    pub(super) strangers: Strangers,
    pub(super) seeds: Seeds,
    pub(super) leaving: Option<Leaving>,
    /// For the ids that are made up for nodes whose own is not known.
    pub(super) ids: SmallRng,
    /// The label of the cluster, as the core has it.
    pub(super) cluster: u32,
    /// How long the core waits for a node that was joined.
    pub(super) patience: Duration,
    /// Rounds in which a leave is told, and the usual time between two rounds.
    pub(super) leave_rounds: u32,
    pub(super) round_interval: Duration,
    /// When the core's timers may be looked at again.
    pub(super) rest_until: Instant,
}

impl Hub {
    pub(super) fn new(
        state: HubState,
        links: Links,
        changes: Option<Arc<Changes>>,
        serializer: Serializer,
        look_ups: Arc<LookUps>,
    ) -> Self {
        Self {
            state: Mutex::new(state),
            progress: Condvar::new(),
            links,
            changes,
            serializer,
            look_ups,
            kick: Notify::new(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Ends it: nothing is sent or taken any more, and nobody waits.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        self.links.close();
        // Under the lock, so that nobody who has just looked begins to wait now.
        drop(self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.progress.notify_all();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Acquire)
    }

    pub(super) fn lock(&self) -> Result<MutexGuard<'_, HubState>, NodeError> {
        self.state.lock().map_err(|_| NodeError::Broken)
    }

    /// Whether all that a packet has is written to who reads it.
    pub(super) fn writes_packets(&self) -> bool {
        !matches!(self.serializer, Serializer::Json)
    }

    /// Runs a command of the program, and sends what it leads to. From any thread.
    pub(super) fn command<R>(
        &self,
        body: impl FnOnce(&mut HubState, Instant) -> R,
    ) -> Result<R, NodeError> {
        if self.is_closed() {
            return Err(NodeError::NotStarted);
        }
        let result = self.act(&mut Dispatch::default(), body)?;
        self.kick.notify_one();
        Ok(result)
    }

    /// Changes something of the node itself, also of one that is stopped and sends nothing.
    pub(super) fn change<R>(
        &self,
        body: impl FnOnce(&mut Core, Instant) -> R,
    ) -> Result<R, NodeError> {
        if self.is_closed() {
            return Ok(body(&mut self.lock()?.core, os::now()));
        }
        self.command(|state, now| body(&mut state.core, now))
    }

    /// Runs an input, and sends what it and the inputs before it led to; `dispatch` is empty before
    /// and after.
    pub(super) fn act<R>(
        &self,
        dispatch: &mut Dispatch,
        body: impl FnOnce(&mut HubState, Instant) -> R,
    ) -> Result<R, NodeError> {
        let mut state = self.lock()?;
        // Read under the lock, so that no thread brings an older time than the one before it.
        let now = os::now();
        let result = body(&mut state, now);
        loop {
            let more = self.drain(&mut state, now, dispatch);
            drop(state);
            self.links.send(dispatch);
            dispatch.lines.say();
            if !more {
                return Ok(result);
            }
            state = self.lock()?;
        }
    }

    /// Takes some of what the core wants done; whether there may be more.
    fn drain(&self, state: &mut HubState, now: Instant, dispatch: &mut Dispatch) -> bool {
        let HubState { core, joins, strangers, patience, .. } = state;
        let mut more = true;
        for _ in 0..OUTPUTS_AT_ONCE {
            let (kind, bytes) = match core.poll_output() {
                None => {
                    more = false;
                    break;
                }
                Some(Output::Event(event)) => {
                    if joins.is_made_up(&event.node.id) {
                        continue;
                    }
                    if event.node.status == NodeStatus::Online {
                        joins.note_online();
                    }
                    let event = strangers.first_sight(event);
                    strangers.note(event.node.id, event.node.status, now);
                    dispatch.lines.note(&event);
                    if let Some(changes) = &self.changes {
                        changes.push(&event, now);
                    }
                    continue;
                }
                Some(Output::Transmit(transmit)) => {
                    if strangers.are_early(&transmit, joins, now) {
                        continue;
                    }
                    let route = self.route(&transmit, joins);
                    (transmit.header.kind, self.write(&transmit, route, dispatch))
                }
            };
            core.count_bytes_sent(kind, bytes);
        }
        // Events of an id that was made up are known by that, so they are all taken out first.
        if !more && joins.check(core, now, *patience) {
            self.progress.notify_all();
        }
        strangers.tidy(core);
        more
    }

    /// Where a message goes, and how; `None` for an address text that is no numeric address.
    fn route(&self, transmit: &Transmit<'_>, joins: &mut Joins) -> Option<Route> {
        let Transmit { header, target, by_stream, .. } = transmit;
        let to = address::target(self.links.host, target.ip, target.port).ok()?;
        let to = address::canonical(to);
        let way = match header.kind {
            MessageKind::Join => joins.way(to, *by_stream),
            _ if *by_stream => Way::Stream,
            _ => Way::Datagram,
        };
        Some(Route { to, way, has_streams: self.links.has_streams })
    }

    /// Writes one message; gives its bytes, 0 if it cannot be sent.
    fn write(
        &self,
        transmit: &Transmit<'_>,
        route: Option<Route>,
        dispatch: &mut Dispatch,
    ) -> usize {
        let counts = &self.links.counts;
        let Some(route) = route else {
            counts.unaddressed.add(1);
            return 0;
        };
        match dispatch.push(&self.serializer, transmit, route) {
            Ok(bytes) => bytes,
            // The rest of it goes out.
            Err(Error::MetadataLeftOut(_)) => 0,
            Err(_) => {
                counts.unsent.add(1);
                0
            }
        }
    }

    /// What was counted.
    pub(super) fn stats(&self) -> Result<NodeStats, NodeError> {
        let state = self.lock()?;
        let changes = self.changes.as_deref();
        Ok(NodeStats {
            core: *state.core.stats(),
            queues: state.core.queues(),
            awareness: state.core.awareness(),
            datagrams: self.links.counts.snapshot(),
            streams: self.links.streams.counts.snapshot(),
            listens_on_tcp: self.links.has_streams,
            changes_waiting: changes.map_or(0, Changes::len),
            changes_joined: changes.map_or(0, Changes::joined),
        })
    }
}

impl HubState {
    /// Does what is due.
    pub(super) fn tick(&mut self, now: Instant, has_streams: bool) {
        if let Some(leaving) = &mut self.leaving {
            if leaving.take(now) {
                self.core.round(now);
            }
            return;
        }
        if self.core.poll_timeout().is_some_and(|due| now >= due) {
            self.core.handle_timeout(now);
            self.rest_until = now.after(LEAST_WAIT);
        }
        if has_streams {
            self.joins.try_streams(&mut self.core, now);
        }
    }

    /// When [`HubState::tick`] or the seeds have something to do next; `None` for not by themselves.
    pub(super) fn due(&self, has_streams: bool) -> Option<Instant> {
        if let Some(leaving) = &self.leaving {
            return leaving.due();
        }
        let core = self.core.poll_timeout().map(|due| due.max(self.rest_until));
        let streams = self.joins.due().filter(|_| has_streams);
        [core, streams, self.seeds.due()].into_iter().flatten().min()
    }
}
