//! Which addresses a node waits to hear from, and which joins of the program wait for that.
//!
//! Each address is joined under an id that is made up here. The core puts the node's own id in its
//! place as soon as the node there answers (P-13), so an id that is not listed any more tells that
//! the address has answered, whatever id and whatever address the node there tells of itself. The
//! program is not told of such ids.

use super::dispatch::Way;
use super::error::{JoinFailure, JoinReason};
use super::limits::{MAX_PENDING, STREAM_AFTER};
use crate::proto::{CommandError, Core};
use crate::types::{Entry, Instant, NodeId};
use core::time::Duration;
use std::io;
use std::net::SocketAddr;

/// What waits for an answer.
#[derive(Default)]
pub(super) struct Joins {
    pending: Vec<Unanswered>,
    requests: Vec<Request>,
    last: u64,
}

/// An address that did not answer yet.
struct Unanswered {
    at: SocketAddr,
    /// The id under which the core lists it.
    id: NodeId,
    since: Instant,
    stream: Stream,
    /// A datagram of another cluster came from it.
    is_elsewhere: bool,
    /// Nobody wants to join it any more; the core has still to forget it.
    is_over: bool,
}

/// Whether an address was joined over a connection, too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stream {
    Untried,
    Wanted,
    Tried,
}

/// A join that somebody waits for.
struct Request {
    number: u64,
    targets: Vec<Target>,
    /// Whether no other member was online when it began, and whether one came online since. That is
    /// waited for, so that the program finds a member when its join returns; and it is an answer even
    /// where it is not known whose.
    was_alone: bool,
    someone: bool,
}

/// One target of a join.
pub(super) struct Target {
    pub(super) text: String,
    pub(super) state: Progress,
}

/// How far a target is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Progress {
    /// Its name is being looked up.
    LookUp,
    /// None of these addresses has answered yet.
    Waiting(Vec<SocketAddr>),
    Answered,
    Failed(JoinReason),
}

/// What came of a join.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Joined {
    /// Targets that answered so far; others may follow.
    pub answered: usize,
    /// Targets of which it is known already that they do not answer.
    pub failures: Vec<JoinFailure>,
}

impl Joins {
    /// Notes a join that somebody waits for; gives its number.
    pub(super) fn open(&mut self, targets: Vec<Target>, was_alone: bool) -> u64 {
        self.last += 1;
        self.requests.push(Request { number: self.last, targets, was_alone, someone: false });
        self.last
    }

    /// Joins an address, if it is not being joined already.
    pub(super) fn seek(
        &mut self,
        core: &mut Core,
        now: Instant,
        at: SocketAddr,
        id: NodeId,
    ) -> Result<(), JoinReason> {
        if self.pending.iter().any(|pending| pending.at == at && !pending.is_over) {
            return Ok(());
        }
        if self.pending.len() >= MAX_PENDING {
            return Err(JoinReason::Command(CommandError::Full));
        }
        join(core, now, at, id).map_err(|error| match error {
            CommandError::OwnNode => JoinReason::OwnNode,
            error => JoinReason::Command(error),
        })?;
        self.pending.push(Unanswered {
            at,
            id,
            since: now,
            stream: Stream::Untried,
            is_elsewhere: false,
            is_over: false,
        });
        debug_assert!(self.pending.len() <= MAX_PENDING, "the limit was checked");
        Ok(())
    }

    /// Waits for no address any more.
    pub(super) fn forget(&mut self) {
        self.pending.iter_mut().for_each(|pending| pending.is_over = true);
    }

    /// Notes that a message of another cluster came from an address.
    pub(super) fn note_other_cluster(&mut self, at: SocketAddr) {
        for pending in self.pending.iter_mut().filter(|pending| pending.at == at) {
            pending.is_elsewhere = true;
        }
    }

    /// Whether an id is made up for an address that has not answered.
    pub(super) fn is_made_up(&self, id: &NodeId) -> bool {
        self.pending.iter().any(|pending| pending.id == *id)
    }

    /// Says what became of a target whose name was looked up.
    pub(super) fn found(&mut self, number: u64, index: usize, state: Progress) {
        let request = self.requests.iter_mut().find(|request| request.number == number);
        if let Some(target) = request.and_then(|request| request.targets.get_mut(index)) {
            target.state = state;
        }
    }

    /// Notes that a member came online.
    pub(super) fn note_online(&mut self) {
        self.requests.iter_mut().for_each(|request| request.someone = true);
    }

    /// How a join goes to an address: over a connection, too, when [`Joins::try_streams`] wants it to.
    pub(super) fn way(&mut self, at: SocketAddr, by_stream: bool) -> Way {
        let pending = self.pending.iter_mut().find(|pending| pending.at == at && !pending.is_over);
        let Some(pending) = pending else {
            return if by_stream { Way::Stream } else { Way::Datagram };
        };
        if by_stream {
            pending.stream = Stream::Tried;
            return Way::Stream;
        }
        match pending.stream {
            Stream::Wanted => {
                pending.stream = Stream::Tried;
                Way::Both
            }
            Stream::Untried | Stream::Tried => Way::Datagram,
        }
    }

    /// When [`Joins::try_streams`] has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let untried = |pending: &&Unanswered| pending.stream == Stream::Untried && !pending.is_over;
        self.pending.iter().filter(untried).map(|pending| pending.since.after(STREAM_AFTER)).min()
    }

    /// Joins again what has not answered for some time, now over a connection, too. The core does
    /// that by itself when it repeats a join, but that may be seconds later.
    pub(super) fn try_streams(&mut self, core: &mut Core, now: Instant) {
        for pending in &mut self.pending {
            let is_untried = pending.stream == Stream::Untried && !pending.is_over;
            if is_untried && now >= pending.since.after(STREAM_AFTER) {
                pending.stream = Stream::Wanted;
                // The node may have answered by now; then there is nothing to repeat.
                if core.find(&pending.id).is_some() {
                    let _ = join(core, now, pending.at, pending.id);
                }
            }
        }
    }

    /// Looks which addresses have answered; whether there is something new.
    pub(super) fn check(&mut self, core: &Core, now: Instant, patience: Duration) -> bool {
        let Self { pending, requests, .. } = self;
        let mut news = requests.iter().any(|request| request.was_alone && request.someone);
        pending.retain(|pending| {
            if core.find(&pending.id).is_some() {
                return true;
            }
            // The core gives up after its patience, and forgets it then, too.
            let answered = now.since(pending.since) < patience && !pending.is_over;
            requests.iter_mut().for_each(|request| request.note(pending, answered));
            news = true;
            false
        });
        news
    }

    /// Whether a join has its answer, or will never have one.
    pub(super) fn is_decided(&self, number: u64) -> bool {
        let request = self.requests.iter().find(|request| request.number == number);
        request.is_none_or(Request::is_decided)
    }

    /// Takes a join out that nobody waits for any more, and says what came of it. Addresses that
    /// did not answer are joined still; `is_over` says whether they had their time.
    pub(super) fn close(
        &mut self,
        number: u64,
        is_over: bool,
        refusal: impl Fn(SocketAddr) -> Option<io::ErrorKind>,
    ) -> Joined {
        let Some(at) = self.requests.iter().position(|request| request.number == number) else {
            return Joined::default();
        };
        let request = self.requests.swap_remove(at);
        let is_over = is_over && !request.has_answer();
        let least = usize::from(request.was_alone && request.someone);
        let mut joined = Joined::default();
        for Target { text, state } in request.targets {
            let reason = match state {
                Progress::Answered => {
                    joined.answered += 1;
                    continue;
                }
                Progress::Failed(reason) => reason,
                Progress::LookUp if is_over => JoinReason::LookUp,
                Progress::Waiting(at) if is_over => {
                    let mut pending = self.pending.iter().filter(|other| at.contains(&other.at));
                    if pending.any(|pending| pending.is_elsewhere) {
                        JoinReason::OtherCluster
                    } else {
                        JoinReason::NoAnswer(at.into_iter().find_map(&refusal))
                    }
                }
                Progress::LookUp | Progress::Waiting(_) => continue,
            };
            joined.failures.push(JoinFailure { target: text, reason });
        }
        joined.answered = joined.answered.max(least);
        joined
    }
}

impl Request {
    /// Notes that an address has answered, or that it will not.
    fn note(&mut self, pending: &Unanswered, answered: bool) {
        for target in &mut self.targets {
            let Progress::Waiting(addresses) = &mut target.state else { continue };
            if !addresses.contains(&pending.at) {
                continue;
            }
            addresses.retain(|&other| other != pending.at);
            if answered {
                target.state = Progress::Answered;
            } else if addresses.is_empty() {
                target.state = Progress::Failed(if pending.is_elsewhere {
                    JoinReason::OtherCluster
                } else {
                    JoinReason::NoAnswer(None)
                });
            }
        }
    }

    fn has_answer(&self) -> bool {
        if self.was_alone {
            return self.someone;
        }
        self.targets.iter().any(|target| target.state == Progress::Answered)
    }

    fn is_decided(&self) -> bool {
        let is_over = |target: &Target| matches!(target.state, Progress::Failed(_));
        self.has_answer() || self.targets.iter().all(is_over)
    }
}

fn join(core: &mut Core, now: Instant, at: SocketAddr, id: NodeId) -> Result<(), CommandError> {
    let ip = at.ip().to_canonical().to_string();
    core.join(now, &Entry { id, ip: &ip, port: at.port().into(), ..Entry::default() })
}
