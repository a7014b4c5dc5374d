//! SWIM with suspicion and Lifeguard's extensions, each with a switch, by the formulas and constants
//! that HashiCorp's memberlist is known by: the baseline of Lifeguard's tables, and what stands for
//! memberlist in comparisons.
//!
//! Written after the two papers. Every period the next member of a shuffled list is pinged; without an
//! answer in time three others are asked to ping it; without one by the end of the period it is
//! suspected, which is gossiped to all at once. Who is suspected refutes; a suspicion that runs out is a
//! failure. News are gossiped to three random members each 200 ms and ride on every message, and whole
//! lists are exchanged with a random member now and then. All time-outs run on the clock: also those
//! that pass while the process stands still.

mod constants;
mod driven;
mod packet;

use crate::outputs::{Body, Outputs};
use crate::peer::{Peer, Setup};
use crate::rng::Rng;
use gossip::types::{Entry, Instant, MessageKind, NodeId, NodeStatus, NodeView};
use packet::{ENTRY_BYTES, Kind, News};
use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};

pub use constants::Constants;

/// The highest score of local health.
const MAX_HEALTH: u64 = 8;
/// Confirmations that count.
const CONFIRMATIONS: usize = 3;
/// Bytes of a packet.
const PACKET: usize = 1400;
/// The dead are gossiped to for so long.
const GOSSIP_TO_DEAD: u64 = 30_000_000;

#[derive(Debug)]
struct Suspicion {
    start: u64,
    least: u64,
    most: u64,
    k: usize,
    from: Vec<NodeId>,
}

impl Suspicion {
    fn end(&self) -> u64 {
        let confirmed = self.from.len() - 1;
        if confirmed >= self.k {
            return self.start + self.least;
        }
        let share = (confirmed as f64 + 1.0).ln() / (self.k as f64 + 1.0).ln();
        let shorter = (self.most - self.least) as f64 * share;
        self.start + (self.most - shorter as u64).max(self.least)
    }
}

#[derive(Debug)]
struct Member {
    news: News,
    changed: u64,
    suspicion: Option<Suspicion>,
}

#[derive(Debug)]
struct Probe {
    number: u32,
    target: usize,
    ask_at: u64,
    over: u64,
    asked: usize,
    nacks: usize,
}

/// A ping made for another.
#[derive(Debug)]
struct Relay {
    number: u32,
    asker: SocketAddr,
    their_number: u32,
    nack_at: u64,
}

#[derive(Debug)]
enum Wish {
    Send { to: SocketAddr, kind: Kind, number: u32, about: Option<NodeId>, news: Vec<News> },
    Tell { id: NodeId, status: NodeStatus, old: NodeStatus },
}

/// One node.
#[derive(Debug)]
pub struct Reference {
    own: NodeView,
    address: SocketAddr,
    constants: Constants,
    incarnation: u32,
    members: Vec<Member>,
    places: HashMap<NodeId, usize>,
    order: Vec<usize>,
    next: usize,
    queue: Vec<(News, u32)>,
    probe: Option<Probe>,
    relays: Vec<Relay>,
    health: u64,
    numbers: u32,
    probe_at: u64,
    gossip_at: u64,
    push_at: u64,
    seeds: Vec<SocketAddr>,
    /// Whether messages are blocked: what waits for one to be sent stands still, timers do not.
    blocked: bool,
    wishes: VecDeque<Wish>,
    rng: Rng,
}

impl Reference {
    fn own_news(&self) -> News {
        News {
            id: self.own.id,
            address: self.address,
            incarnation: self.incarnation,
            status: NodeStatus::Online,
            from: self.own.id,
        }
    }

    fn send(&mut self, to: SocketAddr, kind: Kind, number: u32, about: Option<NodeId>) {
        let mut news = Vec::new();
        if kind == Kind::Ping
            && self.constants.buddy
            && let Some(&place) = about.and_then(|id| self.places.get(&id))
            && self.members[place].news.status == NodeStatus::Suspect
        {
            news.push(self.members[place].news);
        }
        self.piggyback(&mut news, PACKET - 60);
        self.wishes.push_back(Wish::Send { to, kind, number, about, news });
    }

    /// The claims told least often, as many as fit; each is told a limited number of times.
    fn piggyback(&mut self, news: &mut Vec<News>, room: usize) {
        let limit = self.constants.retransmits * ((self.members.len() + 1) as f64).log10().ceil();
        let most = (room / ENTRY_BYTES).saturating_sub(news.len());
        self.queue.sort_by_key(|(_, sent)| *sent);
        for (claim, sent) in self.queue.iter_mut().take(most) {
            news.push(*claim);
            *sent += 1;
        }
        self.queue.retain(|(_, sent)| f64::from(*sent) < limit);
    }

    fn spread(&mut self, news: News) {
        self.queue.retain(|(other, _)| other.id != news.id);
        self.queue.push((news, 0));
    }

    fn tell(&mut self, id: NodeId, status: NodeStatus, old: NodeStatus) {
        if status != old {
            self.wishes.push_back(Wish::Tell { id, status, old });
        }
    }

    fn refute(&mut self, incarnation: u32) {
        self.incarnation = self.incarnation.max(incarnation) + 1;
        self.worsen(1);
        let own = self.own_news();
        self.spread(own);
    }

    fn worsen(&mut self, by: u64) {
        if self.constants.health {
            self.health = (self.health + by).min(MAX_HEALTH - 1);
        }
    }

    fn scaled(&self, time: u64) -> u64 {
        time * (self.health + 1)
    }

    fn online(&self) -> usize {
        self.members.iter().filter(|member| !member.news.status.is_gone()).count()
    }

    fn learn(&mut self, now: u64, said: News) {
        if said.id == self.own.id {
            let accuses = said.status >= NodeStatus::Suspect;
            if accuses && said.incarnation >= self.incarnation && !self.own.status.is_gone() {
                self.refute(said.incarnation);
            }
            return;
        }
        let Some(&place) = self.places.get(&said.id) else {
            if said.status == NodeStatus::Online {
                self.add(now, said);
            }
            return;
        };
        let held = self.members[place].news;
        match said.status {
            NodeStatus::Online if said.incarnation > held.incarnation => {
                self.set(now, place, said);
                self.members[place].suspicion = None;
                self.spread(said);
            }
            NodeStatus::Suspect if said.incarnation >= held.incarnation => {
                self.suspect(now, place, said);
            }
            NodeStatus::Failed | NodeStatus::Left
                if said.incarnation >= held.incarnation && !held.status.is_gone() =>
            {
                self.set(now, place, said);
                self.members[place].suspicion = None;
                self.spread(said);
            }
            _ => {}
        }
    }

    fn set(&mut self, now: u64, place: usize, said: News) {
        let old = std::mem::replace(&mut self.members[place].news, said).status;
        if old != said.status {
            self.members[place].changed = now;
        }
        self.tell(said.id, said.status, old);
    }

    fn add(&mut self, now: u64, said: News) {
        let place = self.members.len();
        self.members.push(Member { news: said, changed: now, suspicion: None });
        self.places.insert(said.id, place);
        let at = self.rng.index(self.order.len() + 1);
        self.order.insert(at, place);
        self.tell(said.id, said.status, NodeStatus::Unknown);
        self.spread(said);
    }

    fn suspect(&mut self, now: u64, place: usize, said: News) {
        match self.members[place].news.status {
            NodeStatus::Suspect => {
                let Some(suspicion) = &mut self.members[place].suspicion else { return };
                let counts = suspicion.from.len() <= suspicion.k;
                if counts && !suspicion.from.contains(&said.from) {
                    suspicion.from.push(said.from);
                    self.spread(said);
                }
            }
            NodeStatus::Online => {
                let count = self.online() as f64 + 1.0;
                let scale = count.log10().max(1.0);
                let least =
                    (self.constants.alpha * scale * self.constants.probe_interval as f64) as u64;
                let shortens = self.constants.confirmations && count >= CONFIRMATIONS as f64 + 2.0;
                let beta = if shortens { self.constants.beta } else { 1.0 };
                self.members[place].suspicion = Some(Suspicion {
                    start: now,
                    least,
                    most: (least as f64 * beta) as u64,
                    k: if shortens { CONFIRMATIONS } else { 0 },
                    from: vec![said.from],
                });
                self.set(now, place, said);
                self.spread(said);
            }
            _ => {}
        }
    }

    /// Random members for which `fits` says true, at most so many.
    fn random(&mut self, most: usize, fits: impl Fn(&Member) -> bool) -> Vec<usize> {
        let mut found = Vec::with_capacity(most);
        for _ in 0..3 * self.members.len() {
            if found.len() == most {
                break;
            }
            let place = self.rng.index(self.members.len());
            if !found.contains(&place) && fits(&self.members[place]) {
                found.push(place);
            }
        }
        found
    }

    fn begin_probe(&mut self, now: u64) {
        for _ in 0..self.order.len() {
            if self.next >= self.order.len() {
                self.next = 0;
                self.order = self.rng.sample(self.members.len(), self.members.len());
            }
            let target = self.order[self.next];
            self.next += 1;
            if self.members[target].news.status.is_gone() {
                continue;
            }
            self.numbers += 1;
            let number = self.numbers;
            let ask_at = now + self.constants.probe_timeout;
            let over = now + self.scaled(self.constants.probe_interval);
            self.probe = Some(Probe { number, target, ask_at, over, asked: 0, nacks: 0 });
            let News { id, address, .. } = self.members[target].news;
            return self.send(address, Kind::Ping, number, Some(id));
        }
    }

    fn ask_others(&mut self) {
        let Some(probe) = &mut self.probe else { return };
        probe.ask_at = u64::MAX;
        let (target, number) = (probe.target, probe.number);
        let subject = self.members[target].news.id;
        let fits =
            |member: &Member| member.news.status == NodeStatus::Online && member.news.id != subject;
        let helpers = self.random(self.constants.indirect_probes, fits);
        if let Some(probe) = &mut self.probe {
            probe.asked = helpers.len();
        }
        for helper in helpers {
            let to = self.members[helper].news.address;
            self.send(to, Kind::PingReq, number, Some(subject));
        }
    }

    fn end_probe(&mut self, now: u64) {
        let Some(probe) = self.probe.take() else { return };
        // Without helpers the fault may be ours all the same; else each nack that is missing says so.
        let missing = if probe.asked == 0 { 1 } else { probe.asked - probe.nacks.min(probe.asked) };
        self.worsen(missing as u64);
        let news = self.members[probe.target].news;
        if news.status.is_gone() {
            return;
        }
        let said = News { status: NodeStatus::Suspect, from: self.own.id, ..news };
        self.suspect(now, probe.target, said);
    }

    fn check_suspicions(&mut self, now: u64) {
        for place in 0..self.members.len() {
            let over = self.members[place].suspicion.as_ref().is_some_and(|s| s.end() <= now);
            if over {
                self.members[place].suspicion = None;
                let news = self.members[place].news;
                let said = News { status: NodeStatus::Failed, from: self.own.id, ..news };
                self.set(now, place, said);
                self.spread(said);
            }
        }
    }

    fn gossip(&mut self, now: u64) {
        if self.queue.is_empty() {
            return;
        }
        let fits = |member: &Member| {
            !member.news.status.is_gone() || now < member.changed + GOSSIP_TO_DEAD
        };
        for place in self.random(self.constants.gossip_nodes, fits) {
            let to = self.members[place].news.address;
            if self.queue.is_empty() {
                return;
            }
            self.send(to, Kind::Gossip, 0, None);
        }
    }

    fn exchange(&mut self, to: SocketAddr, kind: Kind) {
        let mut news = vec![self.own_news()];
        news.extend(self.members.iter().map(|member| member.news));
        self.wishes.push_back(Wish::Send { to, kind, number: 0, about: None, news });
    }

    /// Whole lists are exchanged more rarely in larger groups.
    fn push_interval(&self) -> u64 {
        let doublings = (self.members.len() as f64 / 32.0).log2().ceil().max(0.0);
        self.constants.push_pull * (1 + doublings as u64)
    }

    fn work(&mut self, now: u64) {
        self.check_suspicions(now);
        if self.blocked {
            // The probe that is due is made and stuck with its first message; nothing else goes on.
            if self.probe_at <= now && self.probe.is_none() {
                self.probe_at = now + self.scaled(self.constants.probe_interval);
                self.begin_probe(now);
            }
            return;
        }
        if self.probe.as_ref().is_some_and(|probe| probe.ask_at <= now) {
            self.ask_others();
        }
        if self.probe.as_ref().is_some_and(|probe| probe.over <= now) {
            self.end_probe(now);
        }
        let mut late = Vec::new();
        self.relays.retain(|relay| {
            let over = relay.nack_at <= now;
            if over {
                late.push((relay.asker, relay.their_number));
            }
            !over
        });
        for (asker, number) in late {
            self.send(asker, Kind::Nack, number, None);
        }
        if self.probe_at <= now && self.probe.is_none() {
            self.probe_at = now + self.scaled(self.constants.probe_interval);
            self.begin_probe(now);
        }
        if self.gossip_at <= now {
            self.gossip_at = now + self.constants.gossip_interval;
            self.gossip(now);
        }
        if self.push_at <= now {
            self.push_at = now + self.push_interval();
            let fits = |member: &Member| member.news.status == NodeStatus::Online;
            if let Some(&place) = self.random(1, fits).first() {
                let to = self.members[place].news.address;
                self.exchange(to, Kind::Push);
            } else {
                for seed in self.seeds.clone() {
                    self.exchange(seed, Kind::Push);
                }
            }
        }
    }

    fn acked(&mut self, number: u32, from: SocketAddr) {
        if let Some(place) = self.relays.iter().position(|relay| relay.number == number) {
            let relay = self.relays.swap_remove(place);
            return self.send(relay.asker, Kind::Ack, relay.their_number, None);
        }
        let _ = from;
        if self.probe.as_ref().is_some_and(|probe| probe.number == number) {
            self.probe = None;
            self.health = self.health.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
