//! What single calls cost: nanoseconds of a core's inputs at many sizes, and foca's beside them.

pub mod count;
mod floor;
mod lists;
mod wire;

use crate::paper::{Effort, percentile};
use crate::table::Table;
use gossip::proto::{Carrier, Config, Core, Output};
use gossip::types::{
    Detail, Entry, Header, Instant, MessageKind, NodeId, NodeStatus, Path, SyncPayload,
};
use gossip::wire::binary;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant as Clock;

/// Claims besides the sender's own.
const CLAIMS: u32 = 6;
/// Calls of one sample; the least of the samples is told, since what disturbs only adds.
const CALLS: usize = 2_000;
const SAMPLES: usize = 30;

fn id(n: u32) -> NodeId {
    let mut bytes = [0; 16];
    let mixed = u64::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes[8..].copy_from_slice(&mixed.to_be_bytes());
    NodeId::new(bytes)
}

fn ip(n: u32) -> Ipv4Addr {
    Ipv4Addr::from(0x0a00_0000 + n)
}

fn entry(n: u32, ip: &str, heartbeat: u64, detail: Detail) -> Entry<'_> {
    Entry {
        id: id(n),
        ip,
        port: 7946,
        heartbeat,
        config_heartbeat: 1,
        status: NodeStatus::Online,
        role: "replica",
        region: "eu-west-1",
        detail,
        ..Entry::default()
    }
}

fn header(kind: MessageKind, from: u32, packet: bool) -> Header {
    Header {
        sender: id(from),
        kind,
        timestamp: 999,
        nonce: if packet { 77 } else { 0 },
        interval_us: if packet { 100_000 } else { 0 },
        sync: SyncPayload::None,
        wire: u8::from(packet),
        ..Header::default()
    }
}

fn drain(core: &mut Core, out: &mut Vec<u8>) {
    while let Some(output) = core.poll_output() {
        if let Output::Transmit(message) = output {
            out.clear();
            message.encode(out).expect("our own message fits");
            black_box(out.len());
        }
    }
}

/// A core among members that all speak packets, with no news left.
fn among(members: u32) -> Core {
    let now = Instant::from_millis(1);
    let own = entry(0, "10.0.0.0", 1, Detail::Full);
    let mut config = Config::lan();
    config.carrier = Carrier::Packets;
    let mut core = Core::new(config, &own, 7, now).expect("a good configuration");
    let mut out = Vec::new();
    for n in 1..=members {
        let (teller, text) = (1, ip(1).to_string());
        let (other, addr) = (n, ip(n).to_string());
        let entries =
            [entry(teller, &text, 1000, Detail::Full), entry(other, &addr, 1000, Detail::Full)];
        let count = if n == 1 { 1 } else { 2 };
        let told = entries.into_iter().take(count);
        core.handle_message(now, Path::Struct, &header(MessageKind::Update, teller, false), told)
            .expect("a good message");
        drain(&mut core, &mut out);
    }
    core
}

/// A ping with stale claims, as a packet.
fn ping(from: u32, others: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let own = std::iter::once(entry(from, "", 1000, Detail::Claim));
    let others = others.map(|n| entry(n, "", 900, Detail::Claim));
    binary::encode(&header(MessageKind::Ping, from, true), own.chain(others), &mut bytes)
        .expect("it fits");
    bytes
}

/// The least time of a call, in nanoseconds.
fn least(mut call: impl FnMut(usize)) -> f64 {
    let mut best = f64::INFINITY;
    for sample in 0..SAMPLES {
        let begin = Clock::now();
        for i in 0..CALLS {
            call(sample * CALLS + i);
        }
        best = best.min(begin.elapsed().as_nanos() as f64 / CALLS as f64);
    }
    best
}

fn pings(members: u32, count: u32) -> Vec<(SocketAddr, Vec<u8>)> {
    let at = |i: u32, k: u32| 1 + i.wrapping_mul(2_654_435_761).wrapping_add(k * 97) % members;
    (0..count)
        .map(|i| {
            let from = at(i, 0);
            let bytes = ping(from, (1..=CLAIMS).map(|k| at(i, k)));
            (SocketAddr::new(IpAddr::V4(ip(from)), 7946), bytes)
        })
        .collect()
}

/// Hands one of the packets to the core and writes what it answers.
fn handle(core: &mut Core, packets: &[(SocketAddr, Vec<u8>)], i: usize, out: &mut Vec<u8>) {
    let (from, bytes) = &packets[i % packets.len()];
    let taken = core.handle_packet(Instant::from_millis(2), Path::Packet(*from), bytes);
    black_box(taken).expect("a good packet");
    drain(core, out);
}

fn handled(core: &mut Core, packets: &[(SocketAddr, Vec<u8>)]) -> f64 {
    let mut out = Vec::with_capacity(2_048);
    least(|i| handle(core, packets, i, &mut out))
}

/// A core among so many whose news of the joins are told to the end, so that an answer has no other
/// claims; and what time it is there, in milliseconds.
fn settled(members: u32) -> (Core, u64) {
    let mut core = among(members);
    let mut out = Vec::new();
    let mut ms = 10;
    while core.queues().news > 0 {
        ms += 100;
        core.round_broadcast_some(ms, &mut out);
    }
    (core, ms)
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "members",
        "ping of 6 stale claims and its pong, ns: warm",
        "floor",
        "cold",
        "floor",
        "foca: the same, ns",
        "times",
        "a round with 3 pings written, ns",
        "not written",
        "nothing due",
    ];
    let mut table = Table::new("micro", &columns);
    let listed = effort.sizes_or(&[1_000, 10_000]);
    let memory = lists::memory(&listed);
    for members in effort.sizes_or(&[10, 100, 1_000, 10_000, 100_000]) {
        let members = members as u32;
        let (mut core, mut ms) = settled(members);
        let (near, far) = (pings(members, 16), pings(members, 60_000));
        let warm = handled(&mut core, &near);
        let cold = handled(&mut core, &far);
        let table_of_ids = floor::Ids::of(members);
        let floors = [&near, &far].map(|packets| {
            let mut floor = floor::Least::of(&table_of_ids, packets);
            least(|i| floor.handle(i))
        });
        let foca = foca_handled(members, |call| least(call));
        let (round, decided) = rounds(&mut core, &mut ms);
        let idle = nothing_due(&mut core, ms);
        table.row([
            (members as usize).into(),
            warm.into(),
            floors[0].into(),
            cold.into(),
            floors[1].into(),
            foca.into(),
            foca.map(|foca| foca / warm).into(),
            round.into(),
            decided.into(),
            idle.into(),
        ]);
    }
    effort.publish(&table)?;
    lists::run(effort, &listed, &memory)?;
    wire::run(effort)
}

/// Rounds 100 ms apart, whose pings are all answered.
struct Rounds<'a> {
    core: &'a mut Core,
    ms: &'a mut u64,
    heartbeat: u64,
    pinged: Vec<NodeId>,
    out: Vec<u8>,
}

impl<'a> Rounds<'a> {
    fn of(core: &'a mut Core, ms: &'a mut u64) -> Self {
        Self { core, ms, heartbeat: 1_000, pinged: Vec::new(), out: Vec::with_capacity(2_048) }
    }

    /// Time passes until the next.
    const fn wait(&mut self) {
        *self.ms += 100;
        self.heartbeat += 1;
    }

    fn decide(&mut self) {
        self.core.round(Instant::from_millis(*self.ms));
    }

    fn write(&mut self) {
        while let Some(output) = self.core.poll_output() {
            if let Output::Transmit(message) = output {
                self.out.clear();
                message.encode(&mut self.out).expect("our own message fits");
                black_box(self.out.len());
                if message.header.kind == MessageKind::Ping {
                    self.pinged.push(message.target.id);
                }
            }
        }
    }

    fn answer(&mut self) {
        for id in self.pinged.drain(..) {
            let number = id.as_bytes();
            let n = u32::from_be_bytes([number[0], number[1], number[2], number[3]]);
            let text = ip(n).to_string();
            let own = std::iter::once(entry(n, &text, self.heartbeat, Detail::Full));
            let taken = self.core.handle_message(
                Instant::from_millis(*self.ms + 1),
                Path::Struct,
                &header(MessageKind::Pong, n, false),
                own,
            );
            taken.expect("a good message");
            drain(self.core, &mut self.out);
        }
    }
}

/// The median time of a round with its pings written, each of which is answered, and of the same where
/// they are decided alone.
fn rounds(core: &mut Core, ms: &mut u64) -> (f64, f64) {
    let (mut written, mut decided) = (Vec::new(), Vec::new());
    let mut rounds = Rounds::of(core, ms);
    for _ in 0..20_000 {
        rounds.wait();
        let begin = Clock::now();
        rounds.decide();
        decided.push(begin.elapsed().as_nanos() as f64);
        rounds.write();
        written.push(begin.elapsed().as_nanos() as f64);
        rounds.answer();
    }
    let median = |times: &mut Vec<f64>| percentile(times, 0.5).unwrap_or(0.0);
    (median(&mut written), median(&mut decided))
}

/// A wake-up that finds nothing to do.
fn nothing_due(core: &mut Core, ms: u64) -> f64 {
    let now = at_rest(core, ms);
    least(|_| wake(core, now))
}

/// The first wake-up does what is left; the time from which on nothing is due.
fn at_rest(core: &mut Core, ms: u64) -> Instant {
    let now = Instant::from_millis(ms + 1);
    core.handle_timeout(now);
    drain(core, &mut Vec::new());
    now
}

fn wake(core: &mut Core, now: Instant) {
    core.handle_timeout(black_box(now));
    black_box(core.poll_timeout());
}

/// Rounds that get rid of news.
trait Talk {
    fn round_broadcast_some(&mut self, ms: u64, out: &mut Vec<u8>);
}

impl Talk for Core {
    fn round_broadcast_some(&mut self, ms: u64, out: &mut Vec<u8>) {
        // A broadcast to a large group would take long; a member's pings bring the news out too.
        self.round(Instant::from_millis(ms));
        drain(self, out);
        for (from, bytes) in pings(self.len() as u32, 512) {
            let taken = self.handle_packet(Instant::from_millis(ms), Path::Packet(from), &bytes);
            taken.expect("a good packet");
            drain(self, out);
        }
    }
}

/// What `take` makes of foca's call where that is built in: a ping with as many stale claims.
#[cfg(not(feature = "foca"))]
fn foca_handled(_members: u32, _take: impl FnOnce(&mut dyn FnMut(usize)) -> f64) -> Option<f64> {
    None
}

/// What `take` makes of foca's call: a ping with as many stale claims.
#[cfg(feature = "foca")]
fn foca_handled(members: u32, take: impl FnOnce(&mut dyn FnMut(usize)) -> f64) -> Option<f64> {
    crate::foca_peer::handled(members, CLAIMS, take)
}
