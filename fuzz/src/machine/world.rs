//! The core under test, its peers, the time, and the messages on their way.

use super::checks::Checks;
use super::mail::{Mail, PEERS, deliver};
use crate::input::{id, view};
use arbitrary::{Result, Unstructured};
use gossip::proto::{Config, Core, Output};
use gossip::types::{Instant, Message, NodeId, NodeView};
use std::collections::VecDeque;

/// Messages that were sent last and can be answered or sent again.
const KEPT: usize = 16;
/// Messages on their way at a time; more are lost.
const MOST_MAIL: usize = 512;
/// Wake-ups in one stretch of time.
const MOST_WAKES: usize = 300;

/// What there is.
pub(super) struct World {
    pub(super) now: Instant,
    pub(super) config: Config,
    /// Node 0, then the peers; a peer that crashed is none.
    pub(super) cores: Vec<Option<Core>>,
    pub(super) mail: VecDeque<Mail>,
    /// What node 0 sent last.
    pub(super) sent: VecDeque<(NodeId, Message)>,
    /// One bit a peer: its link to node 0 is cut.
    pub(super) cut: u8,
    /// Whether text travels as JSON, and not as structs.
    pub(super) json: bool,
    pub(super) restarts: u64,
    pub(super) checks: Checks,
}

impl World {
    /// A cluster whose peers know each other; `None` for a configuration that is refused.
    pub(super) fn new(config: Config, u: &mut Unstructured<'_>) -> Result<Option<Self>> {
        let flags = u.arbitrary::<u8>()?;
        let now = Instant::from_millis(1_000_000);
        let Ok(core) = Core::new(config.clone(), &view(0).as_entry(), u.arbitrary()?, now) else {
            return Ok(None);
        };
        let mut world = Self {
            now,
            checks: Checks::new(&core),
            config,
            cores: vec![Some(core)],
            mail: VecDeque::new(),
            sent: VecDeque::new(),
            cut: 0,
            json: flags & 1 != 0,
            restarts: 0,
        };
        for peer in 1..=PEERS {
            world.cores.push(None);
            if flags >> peer & 1 == 0 {
                world.start(peer);
            }
        }
        if flags & 16 == 0 {
            world.with(0, |core, now| core.join(now, &view(1).as_entry()));
            world.run_for(u64::from(flags >> 5) * 400);
        }
        Ok(Some(world))
    }

    /// Starts a peer, or starts it again, and lets it join the others.
    pub(super) fn start(&mut self, peer: u8) {
        self.restarts += 1;
        let heartbeat = 1000 + self.restarts * 1000;
        let own = NodeView { heartbeat, config_heartbeat: heartbeat, ..view(peer) };
        let mut config = Config::lan();
        config.carrier = self.config.carrier;
        config.cluster = self.config.cluster;
        config.has_streams = self.config.has_streams;
        let core = Core::new(config, &own.as_entry(), u64::from(peer), self.now);
        self.cores[usize::from(peer)] = Some(core.expect("a good configuration"));
        let other = view(peer % PEERS + 1);
        self.with(peer, |core, now| core.join(now, &other.as_entry()));
    }

    /// Gives a core an input or a command, and takes out what it wants done.
    pub(super) fn with<R>(&mut self, node: u8, act: impl FnOnce(&mut Core, Instant) -> R) {
        let Some(core) = &mut self.cores[usize::from(node)] else { return };
        let _ = act(core, self.now);
        self.drain(node);
    }

    /// Takes out what a core wants done.
    pub(super) fn drain(&mut self, node: u8) {
        let Some(core) = &mut self.cores[usize::from(node)] else { return };
        let limit = core.queues().outputs;
        let mut outputs = 0;
        while let Some(output) = core.poll_output() {
            outputs += 1;
            match output {
                Output::Transmit(transmit) => {
                    if node == 0 {
                        self.checks.transmit(&self.config, &transmit);
                        let entries = transmit.entries().map(NodeView::from).collect();
                        let message = Message { header: transmit.header, entries };
                        self.sent.push_back((transmit.target.id, message));
                        if self.sent.len() > KEPT {
                            self.sent.pop_front();
                        }
                    }
                    if self.mail.len() < MOST_MAIL
                        && let Some(mail) = Mail::of(node, &transmit)
                    {
                        self.mail.push_back(mail);
                    }
                }
                Output::Event(event) if node == 0 => self.checks.event(&event),
                Output::Event(_) => {}
            }
        }
        // A request of a sync is answered by up to 64 messages, decided one after the other (P-15).
        assert!(outputs <= 64 * limit, "{outputs} outputs of {limit} decisions");
        if node == 0 {
            self.checks.drained(core);
        }
    }

    /// Delivers what is on its way, and what that leads to.
    pub(super) fn post(&mut self) {
        for _ in 0..MOST_MAIL {
            let Some(mail) = self.mail.pop_front() else { break };
            let is_cut = |node: u8| self.cut >> node & 1 != 0;
            if mail.to > PEERS || is_cut(mail.from) || is_cut(mail.to) {
                continue;
            }
            let json = self.json;
            let known = self.checks.before(&self.cores[0]);
            self.with(mail.to, |core, now| deliver(core, now, &mail, json));
            if mail.to == 0 {
                self.checks.after_message(&self.cores[0], &known);
            }
        }
    }

    /// Lets time pass; all that becomes due is done, and messages arrive at once.
    pub(super) fn run_for(&mut self, millis: u64) {
        let end = Instant::from_micros(self.now.as_micros().saturating_add(millis * 1000));
        self.post();
        for _ in 0..MOST_WAKES {
            let due = |core: &Option<Core>| core.as_ref().and_then(Core::poll_timeout);
            let Some(next) = self.cores.iter().filter_map(due).min() else { break };
            if next > end {
                break;
            }
            self.now = self.now.max(next);
            for node in 0..=PEERS {
                if due(&self.cores[usize::from(node)]).is_some_and(|due| due <= self.now) {
                    self.with(node, Core::handle_timeout);
                }
            }
            self.post();
        }
        self.now = self.now.max(end);
    }

    /// What was decided is done, and there is an end to what is due now.
    pub(super) fn settle(&mut self) {
        self.drain(0);
        self.mail.clear();
        for _ in 0..MOST_WAKES {
            let core = self.cores[0].as_ref().expect("node 0 does not crash");
            if core.poll_timeout().is_none_or(|due| due > self.now) {
                return;
            }
            self.with(0, Core::handle_timeout);
        }
        panic!("something is due at {:?} again and again", self.now);
    }

    /// The number of a peer that lives, or of node 0.
    pub(super) fn number(&self, of: &NodeId) -> Option<u8> {
        (0..=PEERS).find(|&number| id(number) == *of)
    }
}
