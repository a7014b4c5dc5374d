//! The model as a node of the simulated world.

use super::packet::{ENTRY_BYTES, id_at, news_at, put};
use super::*;

impl Peer for Reference {
    fn make(setup: &Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String> {
        let constants = setup.reference;
        let mut rng = Rng::new(seed);
        let now = now.as_micros();
        let mut phase = |interval: u64| now + rng.range(0, interval);
        let (probe_at, gossip_at) =
            (phase(constants.probe_interval), phase(constants.gossip_interval));
        let push_at = phase(constants.push_pull);
        let ip: IpAddr = own.ip.parse().map_err(|_| "no address".to_owned())?;
        let port = u16::try_from(own.port).map_err(|_| "no port".to_owned())?;
        Ok(Self {
            own: NodeView { status: NodeStatus::Online, ..own.clone() },
            address: SocketAddr::new(ip, port),
            constants,
            incarnation: 0,
            members: Vec::new(),
            places: HashMap::new(),
            order: Vec::new(),
            next: 0,
            queue: Vec::new(),
            probe: None,
            relays: Vec::new(),
            health: 0,
            numbers: 0,
            probe_at,
            gossip_at,
            push_at,
            seeds: Vec::new(),
            blocked: false,
            wishes: VecDeque::new(),
            rng,
        })
    }

    fn own(&self) -> Entry<'_> {
        self.own.as_entry()
    }

    fn members<'a>(&'a self, each: &mut dyn FnMut(Entry<'a>)) {
        for Member { news, .. } in &self.members {
            each(Entry { id: news.id, status: news.status, ..Entry::default() });
        }
    }

    fn handle(&mut self, now: Instant, from: SocketAddr, body: &Body) -> bool {
        let Body::Bytes(bytes) = body else { return false };
        let now = now.as_micros();
        let kinds = [
            Kind::Ping,
            Kind::Ack,
            Kind::PingReq,
            Kind::Nack,
            Kind::Gossip,
            Kind::Push,
            Kind::Pull,
        ];
        let (Some(&kind), Some(about)) = (bytes.first(), bytes.get(5..).and_then(id_at)) else {
            return false;
        };
        let Some(&kind) = kinds.get(usize::from(kind)) else { return false };
        let number = u32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]);
        for claim in bytes[21..].chunks_exact(ENTRY_BYTES).filter_map(news_at) {
            // In a list a failure is no more than a hint.
            let listed = matches!(kind, Kind::Push | Kind::Pull);
            let softened = listed && claim.status == NodeStatus::Failed;
            let status = if softened { NodeStatus::Suspect } else { claim.status };
            self.learn(now, News { status, ..claim });
        }
        match kind {
            Kind::Ping if about == self.own.id && !self.own.status.is_gone() => {
                self.send(from, Kind::Ack, number, None);
            }
            Kind::Ack => self.acked(number, from),
            Kind::PingReq => {
                self.numbers += 1;
                let ours = self.numbers;
                if let Some(&place) = self.places.get(&about) {
                    let nack_at = now + self.constants.probe_timeout;
                    self.relays.push(Relay {
                        number: ours,
                        asker: from,
                        their_number: number,
                        nack_at,
                    });
                    let to = self.members[place].news.address;
                    self.send(to, Kind::Ping, ours, Some(about));
                }
            }
            Kind::Nack => {
                if let Some(probe) = self.probe.as_mut().filter(|probe| probe.number == number) {
                    probe.nacks += 1;
                }
            }
            Kind::Push => self.exchange(from, Kind::Pull),
            _ => {}
        }
        true
    }

    fn round(&mut self, now: Instant) {
        self.timeout(now);
    }

    fn timeout(&mut self, now: Instant) {
        self.work(now.as_micros());
    }

    fn due(&self) -> Option<Instant> {
        let probe = self.probe.as_ref().map_or(self.probe_at, |probe| probe.ask_at.min(probe.over));
        let relays = self.relays.iter().map(|relay| relay.nack_at);
        let suspicions = self.members.iter().filter_map(|member| member.suspicion.as_ref());
        let due = relays.chain(suspicions.map(Suspicion::end)).min().unwrap_or(u64::MAX);
        if self.blocked {
            let probe = if self.probe.is_none() { self.probe_at } else { u64::MAX };
            let suspicions = self.members.iter().filter_map(|member| member.suspicion.as_ref());
            let due = suspicions.map(Suspicion::end).min().unwrap_or(u64::MAX).min(probe);
            return Some(Instant::from_micros(due));
        }
        let gossip = if self.queue.is_empty() { u64::MAX } else { self.gossip_at };
        Some(Instant::from_micros(due.min(probe).min(gossip).min(self.push_at)))
    }

    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        self.join(now, node)
    }

    fn join(&mut self, _now: Instant, node: &NodeView) -> Result<(), String> {
        let ip: IpAddr = node.ip.parse().map_err(|_| "no address".to_owned())?;
        let seed = SocketAddr::new(ip, node.port as u16);
        self.seeds.push(seed);
        self.exchange(seed, Kind::Push);
        Ok(())
    }

    fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), String> {
        if *id != self.own.id {
            return Err("only a node itself leaves".to_owned());
        }
        let _ = now;
        self.own.status = NodeStatus::Left;
        let said = News { status: NodeStatus::Left, ..self.own_news() };
        self.spread(said);
        Ok(())
    }

    fn know(&mut self, now: Instant, others: &[NodeView], _teller: &NodeView) -> bool {
        for node in others {
            let ip = node.ip.parse::<IpAddr>().ok().zip(u16::try_from(node.port).ok());
            let Some((ip, port)) = ip else { return false };
            let address = SocketAddr::new(ip, port);
            let (id, status) = (node.id, NodeStatus::Online);
            self.learn(now.as_micros(), News { id, address, incarnation: 0, status, from: id });
        }
        self.queue.clear();
        true
    }

    fn poll(&mut self, outputs: &mut Outputs) -> bool {
        match self.wishes.pop_front() {
            None => return false,
            Some(Wish::Tell { id, status, old }) => outputs.tell_status(id, status, old),
            Some(Wish::Send { to, kind, number, about, news }) => {
                let nearest = match kind {
                    Kind::Ping => MessageKind::Ping,
                    Kind::Ack => MessageKind::Pong,
                    Kind::PingReq => MessageKind::PingReq,
                    Kind::Nack => MessageKind::Nack,
                    Kind::Gossip => MessageKind::Update,
                    Kind::Push | Kind::Pull => MessageKind::SyncRequest,
                };
                let write = |bytes: &mut Vec<u8>| put(bytes, kind, number, about, &news);
                outputs.send_bytes(nearest, self.own.id, to, write);
            }
        }
        true
    }

    const BLOCKS: bool = true;

    fn blocked(&mut self, now: Instant, blocked: bool) {
        let goes_on = self.blocked && !blocked;
        self.blocked = blocked;
        let now = now.as_micros();
        if goes_on && self.gossip_at <= now {
            // The gossip that was due goes out before a probe has found that its time is over.
            self.gossip_at = now + self.constants.gossip_interval;
            self.gossip(now);
        }
    }

    fn heartbeat(&self) -> u64 {
        0
    }
}
