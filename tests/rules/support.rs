//! One real core among scripted peers, on virtual time.
//!
//! The core is node 0. A peer's heartbeat rises by one a round from 1 000 on, so a message of a peer
//! is always newer than its messages of earlier rounds.
#![allow(dead_code, reason = "two test programs share it, and neither uses all of it")]

use gossip::proto::{Carrier, Config, Core, Output, Refused};
use gossip::types::{
    Entry, Header, Instant, MessageKind, NodeId, NodeStatus, NodeView, Path, SyncPayload,
};
use std::net::SocketAddr;

/// Milliseconds between the rounds of [`Rig::tick`].
pub const ROUND: u64 = 100;

/// The id of a node by its number.
pub fn id(n: u32) -> NodeId {
    let mut bytes = [0x5a; 16];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    NodeId::new(bytes)
}

/// The number of a node by its id.
pub fn number(id: &NodeId) -> u32 {
    let bytes = id.as_bytes();
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A node as it would tell of itself first.
pub fn view(n: u32) -> NodeView {
    let [_, b, c, d] = n.to_be_bytes();
    NodeView {
        id: id(n),
        ip: format!("10.{b}.{c}.{d}"),
        port: 7000,
        heartbeat: 1000,
        config_heartbeat: 5,
        status: NodeStatus::Online,
        role: "replica".into(),
        region: "eu".into(),
        ..NodeView::default()
    }
}

/// What somebody says of a node.
pub fn claim(n: u32, heartbeat: u64, status: NodeStatus) -> NodeView {
    NodeView { heartbeat, status, ..view(n) }
}

/// Where the packets of a node come from.
pub fn address(n: u32) -> SocketAddr {
    let [_, b, c, d] = n.to_be_bytes();
    SocketAddr::from(([10, b, c, d], 7000))
}

/// A message that the core sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub header: Header,
    pub to: NodeId,
    pub ip: String,
    pub port: i32,
    pub entries: Vec<NodeView>,
}

impl Sent {
    pub fn kind(&self) -> MessageKind {
        self.header.kind
    }

    pub fn is_to(&self, n: u32, kind: MessageKind) -> bool {
        self.to == id(n) && self.kind() == kind
    }

    /// What it says of a node.
    pub fn about(&self, n: u32) -> Option<&NodeView> {
        self.entries.iter().find(|entry| entry.id == id(n))
    }
}

/// An event that the core raised.
#[derive(Clone, Debug)]
pub struct Told {
    pub node: NodeView,
    pub old: NodeStatus,
}

/// The core, its clock, and what it wanted done.
pub struct Rig {
    pub core: Core,
    pub ms: u64,
    pub rounds: u64,
    pub packets: bool,
    /// Since the last call of [`Rig::clear`].
    pub sent: Vec<Sent>,
    pub told: Vec<Told>,
}

impl Rig {
    /// A core whose program carries structs, with the default constants.
    pub fn new() -> Self {
        Self::with(Config::own_loop())
    }

    /// A core that speaks packets.
    pub fn packets() -> Self {
        Self::with(packets())
    }

    pub fn with(config: Config) -> Self {
        Self::seeded(config, 7)
    }

    pub fn seeded(config: Config, seed: u64) -> Self {
        Self::of(config, seed, &view(0))
    }

    /// A core that is the node of `own`.
    pub fn of(config: Config, seed: u64, own: &NodeView) -> Self {
        let packets = config.carrier == Carrier::Packets;
        let now = Instant::from_millis(1_000_000);
        let core = Core::new(config, &own.as_entry(), seed, now).expect("a good configuration");
        Self { core, ms: 1_000_000, rounds: 0, packets, sent: Vec::new(), told: Vec::new() }
    }

    /// A core whose program told it of the nodes 1 to `n`, all online, their news gone out.
    pub fn among(config: Config, n: u32) -> Self {
        let mut rig = Self::with(config);
        rig.admit(1..=n);
        rig
    }

    /// Makes nodes online members, and lets their news and that of the others run dry.
    pub fn admit(&mut self, nodes: impl Iterator<Item = u32>) {
        for n in nodes {
            self.welcome(n);
        }
        for _ in 0..30 {
            self.tick_answered();
        }
        self.clear();
    }

    /// Makes one node an online member, as its carrier allows it.
    pub fn welcome(&mut self, n: u32) {
        if !self.packets {
            self.hear(MessageKind::Update, n, &[], &[]).expect("a good message");
            return;
        }
        self.hear(MessageKind::Ping, n, &[], &[]).expect("a good message");
        if self.status(n) == Some(NodeStatus::Online) {
            return;
        }
        self.core.meet(self.now(), &view(n).as_entry()).expect("a member");
        self.drain();
        self.pong(n);
        assert_eq!(self.status(n), Some(NodeStatus::Online));
    }

    pub fn now(&self) -> Instant {
        Instant::from_millis(self.ms)
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Transmit(message) => self.sent.push(Sent {
                    header: message.header,
                    to: message.target.id,
                    ip: message.target.ip.into(),
                    port: message.target.port,
                    entries: message.entries().map(NodeView::from).collect(),
                }),
                Output::Event(event) => {
                    self.told.push(Told { node: event.node.into(), old: event.old_status });
                }
            }
        }
    }

    /// Forgets what was sent and told so far.
    pub fn clear(&mut self) {
        self.sent.clear();
        self.told.clear();
    }

    /// One round after `ms` milliseconds that nobody answers; gives what it sent.
    pub fn tick_by(&mut self, ms: u64) -> Vec<Sent> {
        self.ms += ms;
        self.rounds += 1;
        let before = self.sent.len();
        self.core.round(self.now());
        self.drain();
        self.sent[before..].to_vec()
    }

    pub fn tick(&mut self) -> Vec<Sent> {
        self.tick_by(ROUND)
    }

    /// One round in which everybody answers.
    pub fn tick_answered(&mut self) -> Vec<Sent> {
        self.tick_but(&[])
    }

    /// One round in which everybody but these answers.
    pub fn tick_but(&mut self, silent: &[u32]) -> Vec<Sent> {
        let sent = self.tick();
        for message in &sent {
            if message.kind() == MessageKind::Ping && !silent.contains(&number(&message.to)) {
                self.answer(message);
            }
        }
        sent
    }

    /// Rounds in which these do not answer, until `is` holds; gives how many, or panics after `most`.
    pub fn until(&mut self, silent: &[u32], most: u32, is: impl Fn(&Self) -> bool) -> u32 {
        for round in 0..most {
            if is(self) {
                return round;
            }
            self.tick_but(silent);
        }
        assert!(is(self), "not within {most} rounds");
        most
    }

    /// Sleeps until the core says that something is due and does it; what it pings then answers. Gives
    /// how many rounds that were.
    pub fn wake_answered(&mut self) -> u64 {
        let due = self.core.poll_timeout().expect("rounds never end");
        self.ms = due.as_micros().div_ceil(1000).max(self.ms);
        let (now, before, sent) = (self.now(), self.own().heartbeat, self.sent.len());
        self.core.handle_timeout(now);
        self.drain();
        for ping in self.sent.split_off(sent) {
            if ping.kind() == MessageKind::Ping {
                self.answer(&ping);
            }
        }
        self.own().heartbeat - before
    }

    /// A peer as it tells of itself now.
    pub fn peer(&self, n: u32) -> NodeView {
        NodeView { heartbeat: 1000 + self.rounds, ..view(n) }
    }

    /// The answer of the receiver of a ping.
    pub fn answer(&mut self, ping: &Sent) {
        let n = number(&ping.to);
        let header = Header { nonce: ping.header.nonce, ..self.header(MessageKind::Pong, n) };
        let own = self.peer(n);
        self.take(self.path(n), &header, &[own]).expect("a good answer");
    }

    /// An answer to what was last asked of a node.
    pub fn pong(&mut self, n: u32) {
        let asks = |sent: &&Sent| sent.to == id(n) && sent.kind() != MessageKind::Pong;
        let asked = self.sent.iter().rev().find(asks).cloned().expect("it was asked something");
        self.answer(&asked);
    }

    /// The path on which the messages of a node come.
    pub fn path(&self, n: u32) -> Path {
        if self.packets { Path::Packet(address(n)) } else { Path::Struct }
    }

    /// The header of a message that a node of our kind makes now.
    pub fn header(&self, kind: MessageKind, n: u32) -> Header {
        Header {
            sender: id(n),
            kind,
            timestamp: 999 + self.rounds,
            nonce: if self.packets { 77 } else { 0 },
            interval_us: if self.packets { 100_000 } else { 0 },
            sync: SyncPayload::None,
            wire: u8::from(self.packets),
            wants: false,
            cluster: 0,
        }
    }

    /// A message of a peer, with entries before and after its own.
    pub fn hear(
        &mut self,
        kind: MessageKind,
        n: u32,
        before: &[NodeView],
        after: &[NodeView],
    ) -> Result<(), Refused> {
        let mut entries = before.to_vec();
        entries.push(self.peer(n));
        entries.extend_from_slice(after);
        self.take(self.path(n), &self.header(kind, n), &entries)
    }

    /// A member tells of others.
    pub fn says(&mut self, n: u32, entries: &[NodeView]) {
        self.hear(MessageKind::Update, n, &[], entries).expect("a good message");
    }

    /// Any message.
    pub fn take(
        &mut self,
        path: Path,
        header: &Header,
        entries: &[NodeView],
    ) -> Result<(), Refused> {
        let taken = self.core.handle_message(
            self.now(),
            path,
            header,
            entries.iter().map(NodeView::as_entry),
        );
        self.drain();
        taken
    }

    /// What the core holds of a node.
    pub fn member(&self, n: u32) -> Option<NodeView> {
        self.core.find(&id(n)).map(NodeView::from)
    }

    pub fn status(&self, n: u32) -> Option<NodeStatus> {
        self.core.find(&id(n)).map(|entry| entry.status)
    }

    pub fn heartbeat(&self, n: u32) -> u64 {
        self.core.find(&id(n)).expect("a member").heartbeat
    }

    pub fn own(&self) -> NodeView {
        self.core.own().into()
    }

    /// Messages of a kind that went to a node.
    pub fn sent_to(&self, n: u32, kind: MessageKind) -> usize {
        self.sent.iter().filter(|sent| sent.is_to(n, kind)).count()
    }

    /// Messages of a kind.
    pub fn sent_of(&self, kind: MessageKind) -> Vec<&Sent> {
        self.sent.iter().filter(|sent| sent.kind() == kind).collect()
    }

    /// The changes of a node's status that were told: before and after.
    pub fn changes(&self, n: u32) -> Vec<(NodeStatus, NodeStatus)> {
        let about = self.told.iter().filter(|told| told.node.id == id(n));
        about.map(|told| (told.old, told.node.status)).collect()
    }
}

/// The default constants with packets.
pub fn packets() -> Config {
    let mut config = Config::own_loop();
    config.carrier = Carrier::Packets;
    config
}

/// Borrows views as entries.
pub fn entries(views: &[NodeView]) -> impl Iterator<Item = Entry<'_>> + Clone {
    views.iter().map(NodeView::as_entry)
}
