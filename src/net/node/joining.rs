//! A join from the program's list of targets to its answer.

use super::error::{JoinReason, NodeError};
use super::hub::{Hub, HubState};
use super::joins::{Joined, Progress, Target};
use super::leaving::Leaving;
use super::limits::MAX_TARGETS;
use super::log;
use super::seeds::is_alone;
use super::target::{Location, parse};
use crate::os;
use crate::types::{Instant, NodeId};
use core::time::Duration;
use rand::Rng;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};

/// A target of a join that somebody waits for: the number of the join, and its place there.
type Asked = Option<(u64, usize)>;

impl Hub {
    /// Joins all targets at once, and waits for the first answer, but no longer than `wait`.
    pub(super) fn join(
        self: &Arc<Self>,
        targets: &[&str],
        wait: Duration,
    ) -> Result<Joined, NodeError> {
        if targets.len() > MAX_TARGETS {
            return Err(NodeError::TooManyTargets(targets.len()));
        }
        let deadline = std::time::Instant::now() + wait;
        let places: Vec<_> = targets.iter().map(|text| parse(text)).collect();
        let number = self.command(|state, now| state.open(targets, &places, now))?;
        for (index, place) in places.into_iter().enumerate() {
            if let Ok(place) = place {
                self.look_for(place, Some((number, index)));
            }
        }
        self.await_answer(number, deadline)?;
        let refusal = |at| self.links.peers.refusal(at);
        let joined = self.lock()?.joins.close(number, !wait.is_zero(), refusal);
        let has_failed = joined.failures.len() == targets.len() && !targets.is_empty();
        if !has_failed {
            return Ok(joined);
        }
        let error = NodeError::NoAnswer(joined.failures);
        log::unanswered(&error);
        Err(error)
    }

    fn await_answer(&self, number: u64, deadline: std::time::Instant) -> Result<(), NodeError> {
        let mut state = self.lock()?;
        while !state.joins.is_decided(number) {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                break;
            }
            if self.is_closed() {
                return Err(NodeError::NotStarted);
            }
            let waited = self.progress.wait_timeout(state, left);
            state = waited.map_err(|_| NodeError::Broken)?.0;
        }
        Ok(())
    }

    /// Tries the targets of earlier joins again, if it is time.
    pub(super) fn tend_seeds(self: &Arc<Self>) {
        let Ok(mut state) = self.lock() else { return };
        let HubState { seeds, core, .. } = &mut *state;
        let places = seeds.take(core, os::now());
        drop(state);
        for place in places {
            if !matches!(&place, Location::Name(name, port) if self.look_ups.has(name, *port)) {
                self.look_for(place, None);
            }
        }
    }

    /// Joins what is at a place, after its name was looked up if it has one.
    fn look_for(self: &Arc<Self>, place: Location, asked: Asked) {
        let (name, port) = match place {
            Location::Address(at) => return self.reach(&[at], asked),
            Location::Name(name, port) => (name, port),
        };
        // The look-up may outlive the node.
        let hub = Arc::downgrade(self);
        let done = move |found: io::Result<Vec<SocketAddr>>| {
            if let Some(hub) = hub.upgrade() {
                match found {
                    Ok(found) if !found.is_empty() => hub.reach(&found, asked),
                    Ok(_) => hub.tell(asked, JoinReason::Unknown("it has no address".into())),
                    Err(error) => hub.tell(asked, JoinReason::Unknown(error.to_string())),
                }
            }
        };
        if let Err(error) = self.look_ups.start(name, port, done) {
            self.tell(asked, JoinReason::Unknown(error.to_string()));
        }
    }

    /// Joins the addresses of one target.
    fn reach(&self, found: &[SocketAddr], asked: Asked) {
        let mut reason = JoinReason::Family;
        let mut others = Vec::new();
        for at in found {
            if self.links.is_own(*at) {
                reason = JoinReason::OwnNode;
            } else if self.links.has_family(*at) && !others.contains(at) {
                others.push(*at);
            }
        }
        let _ = self.command(|state, now| {
            let mut waiting = Vec::new();
            for at in others {
                match state.seek(now, at) {
                    Ok(()) => waiting.push(at),
                    Err(error) => reason = error,
                }
            }
            let progress = if waiting.is_empty() {
                Progress::Failed(reason)
            } else {
                Progress::Waiting(waiting)
            };
            state.note(asked, progress);
        });
        self.progress.notify_all();
    }

    fn tell(&self, asked: Asked, reason: JoinReason) {
        let Ok(mut state) = self.lock() else { return };
        state.note(asked, Progress::Failed(reason));
        drop(state);
        self.progress.notify_all();
    }

    /// Leaves, and waits until it was told often enough, but no longer than `wait`.
    pub(super) fn leave(&self, wait: Duration) -> Result<(), NodeError> {
        let deadline = std::time::Instant::now() + wait;
        self.command(|state, now| state.leave(now, wait))??;
        let mut state = self.lock()?;
        while state.leaving.as_ref().is_some_and(|leaving| leaving.due().is_some()) {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() || self.is_closed() {
                break;
            }
            let waited = self.progress.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl HubState {
    /// Notes a join, and its targets as seeds.
    fn open(
        &mut self,
        targets: &[&str],
        places: &[Result<Location, JoinReason>],
        now: Instant,
    ) -> u64 {
        let of = |(text, place): (&&str, &Result<Location, JoinReason>)| Target {
            text: (*text).into(),
            state: match place {
                Ok(_) => Progress::LookUp,
                Err(reason) => Progress::Failed(reason.clone()),
            },
        };
        for place in places.iter().flatten() {
            self.seeds.keep(place, now);
        }
        let targets = targets.iter().zip(places).map(of).collect();
        self.joins.open(targets, is_alone(&self.core))
    }

    fn seek(&mut self, now: Instant, at: SocketAddr) -> Result<(), JoinReason> {
        let mut id = [0; 16];
        self.ids.fill_bytes(&mut id);
        self.joins.seek(&mut self.core, now, at, NodeId::new(id))?;
        // Whoever joins has come back.
        self.leaving = None;
        Ok(())
    }

    /// Leaves. What was to be joined is not joined any more.
    fn leave(&mut self, now: Instant, wait: Duration) -> Result<(), NodeError> {
        if self.leaving.is_none() {
            let own = self.core.own().id;
            self.core.leave(now, &own)?;
            self.seeds.clear();
            self.joins.forget();
            let rounds = if is_alone(&self.core) { 0 } else { self.leave_rounds };
            self.leaving = Some(Leaving::new(now, rounds, self.round_interval, wait));
        }
        Ok(())
    }

    fn note(&mut self, asked: Asked, progress: Progress) {
        if let Some((number, index)) = asked {
            self.joins.found(number, index, progress);
        }
    }
}
