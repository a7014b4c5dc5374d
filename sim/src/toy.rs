//! A toy protocol that proves the harness: every node tells everybody every heartbeat each round.
//!
//! It is right where nothing is lost for long, and has faults to order, one for each rule that the
//! checkers keep.

use crate::outputs::{Body, Outputs};
use crate::peer::{Peer, Setup};
use gossip::types::{Entry, Header, Instant, Message, MessageKind, NodeId, NodeStatus, NodeView};
use gossip::wire::binary;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

/// Faults by number; 0 is none.
pub mod fault {
    /// Lists itself.
    pub const ITSELF: u8 = 1;
    /// Lists a node twice.
    pub const DUPLICATE: u8 = 2;
    /// Its own heartbeat falls.
    pub const HEARTBEAT: u8 = 3;
    /// Says a wrong old status.
    pub const OLD_STATUS: u8 = 4;
    /// Tells the same twice.
    pub const AGAIN: u8 = 5;
    /// Changes without telling.
    pub const UNTOLD: u8 = 6;
    /// Takes older claims.
    pub const OLDER: u8 = 7;
    /// Forgets members.
    pub const FORGETS: u8 = 8;
    /// Sends the status unknown.
    pub const UNKNOWN: u8 = 9;
    /// Sends kinds that structs do not have.
    pub const KIND: u8 = 10;
    /// Sends too many entries.
    pub const LONG: u8 = 11;
    /// Never stops sending.
    pub const FLOOD: u8 = 12;
    /// Wakes for ever.
    pub const WAKES: u8 = 13;
    /// Sends as somebody else.
    pub const LIAR: u8 = 14;
    /// Lets a queue grow.
    pub const OVERLONG: u8 = 15;
    /// All of them.
    pub const ALL: std::ops::RangeInclusive<u8> = 1..=15;
}

/// What it wants done.
enum Wish {
    Send { header: Header, to: (NodeId, String, i32), entries: Vec<NodeView> },
    Tell(NodeView, NodeStatus),
}

struct Member {
    node: NodeView,
    fresh: Instant,
}

/// A toy node with one of the faults.
pub struct Toy<const FAULT: u8> {
    own: NodeView,
    members: Vec<Member>,
    seeds: Vec<NodeView>,
    wishes: VecDeque<Wish>,
    silence: Duration,
    interval: Duration,
    next: Instant,
    rounds: u64,
}

impl<const FAULT: u8> Toy<FAULT> {
    fn has(fault: u8) -> bool {
        FAULT == fault
    }

    fn send(&mut self, kind: MessageKind, to: &NodeView, mut entries: Vec<NodeView>) {
        let mut header = Header {
            sender: self.own.id,
            kind,
            timestamp: self.own.heartbeat,
            ..Header::default()
        };
        if Self::has(fault::UNKNOWN) {
            entries[0].status = NodeStatus::Unknown;
        }
        if Self::has(fault::KIND) {
            header.kind = MessageKind::SyncDigest;
        }
        if Self::has(fault::LONG) {
            entries = vec![self.own.clone(); 2000];
        }
        if Self::has(fault::LIAR) {
            header.sender = to.id;
        }
        let to = (to.id, to.ip.clone(), to.port);
        self.wishes.push_back(Wish::Send { header, to, entries });
    }

    fn tell(&mut self, node: NodeView, old: NodeStatus) {
        let old = if Self::has(fault::OLD_STATUS) { NodeStatus::Suspect } else { old };
        if Self::has(fault::AGAIN) {
            let status = node.status;
            self.wishes.push_back(Wish::Tell(node.clone(), old));
            self.wishes.push_back(Wish::Tell(node, status));
        } else if !Self::has(fault::UNTOLD) {
            self.wishes.push_back(Wish::Tell(node, old));
        }
    }

    fn everything(&self) -> Vec<NodeView> {
        let own = std::iter::once(self.own.clone());
        own.chain(self.members.iter().map(|member| member.node.clone())).collect()
    }

    fn set_status(&mut self, i: usize, status: NodeStatus) {
        let old = std::mem::replace(&mut self.members[i].node.status, status);
        if old != status {
            self.tell(self.members[i].node.clone(), old);
        }
    }

    /// A newer heartbeat is a sign of life; a gone claim counts only where `gone` says so.
    fn learn(&mut self, now: Instant, entry: &NodeView, gone: bool) {
        if entry.id == self.own.id {
            if entry.heartbeat > self.own.heartbeat || (gone && self.own.status.is_gone()) {
                self.own.heartbeat = entry.heartbeat + 1;
            }
            return;
        }
        let status = if gone && entry.status.is_gone() { entry.status } else { NodeStatus::Online };
        let Some(i) = self.members.iter().position(|member| member.node.id == entry.id) else {
            let node = NodeView { status, ..entry.clone() };
            self.members.push(Member { node: node.clone(), fresh: now });
            return self.tell(node, NodeStatus::Unknown);
        };
        let member = &mut self.members[i];
        if entry.heartbeat > member.node.heartbeat || Self::has(fault::OLDER) {
            let old = std::mem::replace(&mut member.node, NodeView { status, ..entry.clone() });
            member.fresh = now;
            if old.status != status || old.ip != entry.ip || old.port != entry.port {
                self.tell(NodeView { status, ..entry.clone() }, old.status);
            }
        } else if status.is_gone() && entry.heartbeat == member.node.heartbeat {
            self.set_status(i, status);
        }
    }

    fn greet(&mut self, seed: NodeView) {
        self.send(MessageKind::Join, &seed, vec![self.own.clone()]);
    }
}

impl<const FAULT: u8> Peer for Toy<FAULT> {
    fn make(setup: &Setup, own: &NodeView, _seed: u64, now: Instant) -> Result<Self, String> {
        let interval = Duration::from_micros(setup.interval);
        Ok(Self {
            own: NodeView { status: NodeStatus::Online, ..own.clone() },
            members: Vec::new(),
            seeds: Vec::new(),
            wishes: VecDeque::new(),
            silence: Duration::from_secs(1).max(interval * 6),
            interval,
            next: now.after(interval),
            rounds: 0,
        })
    }

    fn own(&self) -> Entry<'_> {
        self.own.as_entry()
    }

    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>)) {
        let hidden = usize::from(Self::has(fault::FORGETS) && self.rounds > 20);
        self.members.iter().skip(hidden).for_each(|member| each(member.node.as_entry()));
        if Self::has(fault::DUPLICATE) {
            self.members.iter().take(1).for_each(|member| each(member.node.as_entry()));
        }
        if Self::has(fault::ITSELF) {
            each(self.own.as_entry());
        }
    }

    fn handle(&mut self, now: Instant, _from: SocketAddr, body: &Body) -> bool {
        let message = match body {
            Body::Structs(message) => message.as_ref().clone(),
            Body::Bytes(bytes) => match binary::decode(bytes) {
                Ok(packet) => packet.to_message(),
                Err(_) => return false,
            },
        };
        let (head, entries) = (&message.header, &message.entries);
        for entry in entries {
            let left = head.kind == MessageKind::Leave && entry.id == head.sender;
            self.learn(now, entry, left || head.kind == MessageKind::Update);
        }
        if matches!(head.kind, MessageKind::Ping | MessageKind::Join)
            && let Some(from) = entries.iter().find(|entry| entry.id == head.sender)
        {
            self.send(MessageKind::Pong, from, self.everything());
        }
        true
    }

    fn round(&mut self, now: Instant) {
        self.rounds += 1;
        self.next = now.after(self.interval);
        self.own.heartbeat += 1;
        if Self::has(fault::HEARTBEAT) && self.rounds.is_multiple_of(8) {
            self.own.heartbeat -= 5;
        }
        if self.members.is_empty() {
            self.seeds.clone().into_iter().for_each(|seed| self.greet(seed));
        }
        for i in 0..self.members.len() {
            let silent = now.since(self.members[i].fresh) > self.silence;
            if silent && self.members[i].node.status == NodeStatus::Online {
                self.set_status(i, NodeStatus::Failed);
            }
            let to = self.members[i].node.clone();
            if self.own.status.is_gone() {
                self.send(MessageKind::Leave, &to, vec![self.own.clone()]);
            } else {
                self.send(MessageKind::Ping, &to, self.everything());
            }
        }
    }

    fn timeout(&mut self, now: Instant) {
        if now >= self.next {
            self.round(now);
        }
    }

    fn due(&self) -> Option<Instant> {
        Some(if Self::has(fault::WAKES) { Instant::ZERO } else { self.next })
    }

    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        self.join(now, node)
    }

    fn join(&mut self, _now: Instant, node: &NodeView) -> Result<(), String> {
        self.own.status = NodeStatus::Online;
        self.own.heartbeat += 1;
        self.seeds.push(node.clone());
        self.greet(node.clone());
        Ok(())
    }

    fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), String> {
        if *id == self.own.id {
            self.own.status = NodeStatus::Left;
            self.round(now);
            return Ok(());
        }
        let found = self.members.iter().position(|member| member.node.id == *id);
        let Some(i) = found else { return Err("unknown".into()) };
        self.set_status(i, NodeStatus::Left);
        let message = Message { entries: vec![self.members[i].node.clone()], ..Message::default() };
        for to in self.members.iter().map(|member| member.node.clone()).collect::<Vec<_>>() {
            self.send(MessageKind::Update, &to, message.entries.clone());
        }
        Ok(())
    }

    fn overlong(&self) -> Option<String> {
        (Self::has(fault::OVERLONG) && self.rounds > 3).then(|| "9 of something, most 8".into())
    }

    fn poll(&mut self, outputs: &mut Outputs) -> bool {
        match self.wishes.pop_front() {
            Some(Wish::Send { header, to, entries }) => {
                let (id, ip, port) = to;
                let entries = entries.iter().map(NodeView::as_entry);
                outputs.send(&header, (id, &ip, port), entries);
            }
            Some(Wish::Tell(node, old)) => outputs.tell(&node.as_entry(), old),
            None if Self::has(fault::FLOOD) => {
                let header = Header { sender: self.own.id, ..Header::default() };
                outputs.send(&header, (NodeId::ZERO, "", 0), std::iter::empty());
            }
            None => return false,
        }
        true
    }
}
