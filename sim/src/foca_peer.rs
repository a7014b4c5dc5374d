//! foca through its runtime, with the constants of its LAN profile and identities that it can renew.

use crate::outputs::{Body, Outputs};
use crate::peer::{Peer, Setup};
use foca::{
    Codec, Foca, Identity, Member, NoCustomBroadcast, Notification, PostcardCodec, Runtime, State,
    Timer,
};
use gossip::types::{Entry, Instant, MessageKind, NodeId, NodeStatus, NodeView};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

/// Who a node is: its address, and which life of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
struct Identified {
    ip: u32,
    life: u32,
}

impl Identity for Identified {
    type Addr = u32;

    fn renew(&self) -> Option<Self> {
        Some(Self { life: self.life + 1, ..*self })
    }

    fn addr(&self) -> u32 {
        self.ip
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.life > adversary.life
    }
}

enum Wish {
    Send(Identified, Vec<u8>),
    Up(Identified),
    Down(Identified),
}

#[derive(Default)]
struct Queue {
    now: u64,
    order: u64,
    timers: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: HashMap<usize, Timer<Identified>>,
    wishes: VecDeque<Wish>,
}

impl Runtime<Identified> for &mut Queue {
    fn notify(&mut self, notification: Notification<'_, Identified>) {
        match notification {
            Notification::MemberUp(who) => self.wishes.push_back(Wish::Up(*who)),
            Notification::MemberDown(who) => self.wishes.push_back(Wish::Down(*who)),
            _ => {}
        }
    }

    fn send_to(&mut self, to: Identified, data: &[u8]) {
        self.wishes.push_back(Wish::Send(to, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<Identified>, after: Duration) {
        self.order += 1;
        let place = self.order as usize;
        self.timers.push(Reverse((self.now + after.as_micros() as u64, self.order, place)));
        self.events.insert(place, event);
    }
}

/// One node.
pub struct FocaPeer {
    foca: Foca<Identified, PostcardCodec, SmallRng, NoCustomBroadcast>,
    own: NodeView,
    queue: Queue,
    port: u16,
    statuses: HashMap<u32, NodeStatus>,
}

impl FocaPeer {
    fn address(&self, who: Identified) -> SocketAddr {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::from(who.ip)), self.port)
    }
}

impl Peer for FocaPeer {
    const BLOCKS: bool = true;

    fn make(setup: &Setup, own: &NodeView, seed: u64, now: Instant) -> Result<Self, String> {
        let ip: Ipv4Addr = own.ip.parse().map_err(|_| "no address".to_owned())?;
        let size = NonZeroU32::new(setup.nodes as u32).ok_or("an empty group")?;
        let identity = Identified { ip: ip.into(), life: 0 };
        let config = foca::Config::new_lan(size);
        let rng = SmallRng::seed_from_u64(seed);
        Ok(Self {
            foca: Foca::new(identity, config, rng, PostcardCodec),
            own: NodeView { status: NodeStatus::Online, ..own.clone() },
            queue: Queue { now: now.as_micros(), ..Queue::default() },
            port: own.port as u16,
            statuses: HashMap::new(),
        })
    }

    fn own(&self) -> Entry<'_> {
        self.own.as_entry()
    }

    fn members<'a>(&'a self, _each: &mut dyn FnMut(Entry<'a>)) {}

    fn handle(&mut self, now: Instant, _from: SocketAddr, body: &Body) -> bool {
        let Body::Bytes(bytes) = body else { return false };
        self.queue.now = now.as_micros();
        self.foca.handle_data(bytes, &mut self.queue).is_ok()
    }

    fn round(&mut self, now: Instant) {
        self.timeout(now);
    }

    fn timeout(&mut self, now: Instant) {
        self.queue.now = now.as_micros();
        let mut due = Vec::new();
        while let Some(Reverse((at, _, place))) = self.queue.timers.peek() {
            if *at > self.queue.now {
                break;
            }
            due.extend(self.queue.events.remove(place));
            self.queue.timers.pop();
        }
        for event in due {
            // What it has to say against a timer that comes too late is of no use here.
            let _ = self.foca.handle_timer(event, &mut self.queue);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.queue.timers.peek().map(|Reverse((at, ..))| Instant::from_micros(*at))
    }

    fn meet(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        self.join(now, node)
    }

    fn join(&mut self, now: Instant, node: &NodeView) -> Result<(), String> {
        let ip: Ipv4Addr = node.ip.parse().map_err(|_| "no address".to_owned())?;
        self.queue.now = now.as_micros();
        let seed = Identified { ip: ip.into(), life: 0 };
        self.foca.announce(seed, &mut self.queue).map_err(|error| error.to_string())
    }

    fn leave(&mut self, now: Instant, _id: &NodeId) -> Result<(), String> {
        self.queue.now = now.as_micros();
        self.foca.leave_cluster(&mut self.queue).map_err(|error| error.to_string())
    }

    fn poll(&mut self, outputs: &mut Outputs) -> bool {
        let Some(wish) = self.queue.wishes.pop_front() else { return false };
        let (who, status) = match wish {
            Wish::Send(to, data) => {
                let to = self.address(to);
                let write = |bytes: &mut Vec<u8>| bytes.extend_from_slice(&data);
                outputs.send_bytes(MessageKind::Ping, self.own.id, to, write);
                return true;
            }
            Wish::Up(who) => (who, NodeStatus::Online),
            Wish::Down(who) => (who, NodeStatus::Failed),
        };
        let old = self.statuses.insert(who.ip, status).unwrap_or_default();
        if old != status {
            outputs.tell_address(self.address(who), status, old);
        }
        true
    }

    fn news(&self) -> usize {
        self.foca.updates_backlog()
    }

    fn heartbeat(&self) -> u64 {
        0
    }
}

/// Hands pings with stale claims to a foca among so many members; `time` says what a call takes.
pub fn handled(
    members: u32,
    claims: u32,
    time: impl FnOnce(&mut dyn FnMut(usize)) -> f64,
) -> Option<f64> {
    let at = |i: u32, k: u32| {
        let n = 1 + i.wrapping_mul(2_654_435_761).wrapping_add(k * 97) % members;
        Identified { ip: 0x0a00_0000 + n, life: 0 }
    };
    let own = Identified { ip: 0x0a00_0000, life: 0 };
    let config = foca::Config::new_lan(NonZeroU32::new(members + 1)?);
    let mut node = Foca::new(own, config, SmallRng::seed_from_u64(7), PostcardCodec);
    let mut queue = Queue::default();
    let all = (1..=members).map(|n| Identified { ip: 0x0a00_0000 + n, life: 0 });
    node.apply_many(all.map(|id| Member::new(id, 5, State::Alive)), false, &mut queue).ok()?;
    queue.wishes.clear();
    let mut codec = PostcardCodec;
    let packets: Vec<Vec<u8>> = (0..16)
        .map(|i| {
            let mut bytes = Vec::new();
            let header = foca::Header {
                src: at(i, 0),
                src_incarnation: 5,
                dst: own,
                message: foca::Message::Ping(1),
            };
            codec.encode_header(&header, &mut bytes).ok()?;
            bytes.extend_from_slice(&(claims as u16).to_be_bytes());
            for k in 1..=claims {
                let member = Member::new(at(i, k), 4, State::Alive);
                codec.encode_member(&member, &mut bytes).ok()?;
            }
            Some(bytes)
        })
        .collect::<Option<_>>()?;
    let mut call = |i: usize| {
        let taken = node.handle_data(&packets[i % packets.len()], &mut queue);
        taken.expect("a good packet");
        assert!(matches!(queue.wishes.pop_front(), Some(Wish::Send(..))), "it is answered");
        queue.wishes.clear();
    };
    Some(time(&mut call))
}
