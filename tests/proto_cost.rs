//! What the core costs: allocations in steady state, memory a member, work a round.
//!
//! The cost of a round and of a message may not depend on the number of members; that is counted
//! (allocations, bytes) where it can be and timed where it cannot.

use gossip::proto::{Config, Core, Output};
use gossip::types::{Entry, Header, Instant, MessageKind, NodeId, NodeStatus, Path, SyncPayload};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(allocations: usize, bytes: isize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + allocations);
    BYTES.set(BYTES.get() + bytes);
}

// SAFETY: it only counts and hands on to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size.cast_signed() - layout.size().cast_signed());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// An IPv4 address as text, without an allocation.
struct Address {
    text: [u8; 15],
    len: usize,
}

impl Address {
    fn of(n: u32) -> Self {
        use std::io::Write;
        let mut text = [0; 15];
        let [_, b, c, d] = n.to_be_bytes();
        let mut rest = &mut text[..];
        write!(rest, "10.{b}.{c}.{d}").expect("it fits");
        let len = 15 - rest.len();
        Self { text, len }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).expect("digits")
    }
}

fn id(n: u32) -> NodeId {
    // Ids are random in life; a hash that only worked for counted ones would show here.
    let mut bytes = [0; 16];
    let mixed = u64::from(n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    bytes[8..].copy_from_slice(&mixed.to_be_bytes());
    NodeId::new(bytes)
}

fn number(id: &NodeId) -> u32 {
    let bytes = id.as_bytes();
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn entry(n: u32, address: &Address, heartbeat: u64) -> Entry<'_> {
    Entry {
        id: id(n),
        ip: address.as_str(),
        port: 7000,
        heartbeat,
        config_heartbeat: 1,
        status: NodeStatus::Online,
        role: "replica",
        region: "eu-west-1",
        ..Entry::default()
    }
}

/// A core among online members of which all answer each ping.
struct Group {
    core: Core,
    members: u32,
    ms: u64,
    round: u64,
    /// Whom the round at hand pinged.
    pinged: [u32; 16],
    pings: usize,
}

const TELLER: u32 = 1;

impl Group {
    fn of(members: u32) -> Self {
        let address = Address::of(0);
        let own = entry(0, &address, 1);
        let core = Core::new(Config::lan(), &own, 11, Instant::ZERO).expect("a good view");
        let mut group = Self { core, members, ms: 0, round: 1000, pinged: [0; 16], pings: 0 };
        group.hear(MessageKind::Update, TELLER, []);
        for n in 2..=members {
            group.hear(MessageKind::Update, TELLER, [n]);
        }
        assert_eq!(group.core.len(), members as usize);
        group
    }

    fn now(&self) -> Instant {
        Instant::from_millis(self.ms)
    }

    /// A message of member `from` that tells of `others`, each with a heartbeat of today.
    fn hear<const N: usize>(&mut self, kind: MessageKind, from: u32, others: [u32; N]) {
        let heartbeat = self.round;
        let header = Header {
            sender: id(from),
            kind,
            timestamp: heartbeat - 1,
            nonce: 0,
            interval_us: 0,
            sync: SyncPayload::None,
            ..Header::default()
        };
        let own = Address::of(from);
        let addresses = others.map(Address::of);
        let told = others.iter().zip(&addresses).map(|(&n, address)| entry(n, address, heartbeat));
        let own = std::iter::once(entry(from, &own, heartbeat));
        let taken = self.core.handle_message(self.now(), Path::Struct, &header, own.chain(told));
        taken.expect("a good message");
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.core.poll_output() {
            if let Output::Transmit(message) = output {
                if message.header.kind == MessageKind::Ping && self.pings < self.pinged.len() {
                    self.pinged[self.pings] = number(&message.target.id);
                    self.pings += 1;
                }
                black_box(message.entries().map(|entry| entry.heartbeat).sum::<u64>());
            }
        }
    }

    /// A round, the answers to its pings, and a ping of a member with two entries besides its own.
    fn step(&mut self) {
        self.round();
        self.answers();
        let n = self.round as u32;
        let from = 1 + n % self.members;
        self.hear(
            MessageKind::Ping,
            from,
            [1 + (n + 1) % self.members, 1 + (n + 2) % self.members],
        );
    }

    fn round(&mut self) {
        self.ms += 100;
        self.round += 1;
        self.pings = 0;
        self.core.round(self.now());
        self.drain();
    }

    fn answers(&mut self) {
        let (pinged, pings) = (self.pinged, self.pings);
        for &n in &pinged[..pings] {
            self.hear(MessageKind::Pong, n, []);
        }
    }
}

#[test]
fn a_steady_group_allocates_nothing_at_any_size() {
    for members in [10, 1_000, 100_000] {
        let mut group = Group::of(members);
        // News of the joins goes out, queues find their size, and the tree of timers is built.
        (0..2_000).for_each(|_| group.step());
        let (allocations, bytes) = (ALLOCATIONS.get(), BYTES.get());
        (0..2_000).for_each(|_| group.step());
        assert_eq!(ALLOCATIONS.get() - allocations, 0, "{members} members");
        assert_eq!(BYTES.get() - bytes, 0, "{members} members");
        assert_eq!(group.core.stats().suspicions, 0);
        assert!(group.core.stats().probes_answered > 10_000);
    }
}

#[test]
fn a_member_without_metadata_takes_200_bytes_or_less() {
    for members in [10_000, 100_000] {
        let before = BYTES.get();
        let mut group = Group::of(members);
        (0..100).for_each(|_| group.step());
        let each = (BYTES.get() - before) as f64 / f64::from(members);
        assert!(each <= 200.0, "{members} members: {each:.1} bytes each");
        drop(group);
        assert_eq!(BYTES.get(), before, "and all of it is given back");
        // Not sooner: the test's captured output is memory too.
        println!("{members} members: {each:.1} bytes each");
    }
}

#[test]
fn nodes_that_come_and_go_leave_no_memory_behind() {
    let mut config = Config::lan();
    config.max_members = 100;
    let address = Address::of(0);
    let core = Core::new(config, &entry(0, &address, 1), 3, Instant::ZERO).expect("a good view");
    let mut group = Group { core, members: 50, ms: 0, round: 1000, pinged: [0; 16], pings: 0 };
    (1..=50).for_each(|n| group.hear(MessageKind::Update, n, []));
    let mut bytes = Vec::new();
    for n in 0..4_000 {
        group.hear(MessageKind::Update, TELLER, [1_000 + n]);
        group.core.leave(group.now(), &id(1_000 + n)).expect("a member");
        group.drain();
        group.step();
        if n % 1_000 == 999 {
            bytes.push(BYTES.get());
        }
    }
    assert_eq!(group.core.len(), 100);
    let (least, most) = (bytes[1..].iter().min(), bytes[1..].iter().max());
    assert!(most.zip(least).is_some_and(|(most, least)| most - least < 4096), "{bytes:?}");
}

/// The median time of one call in nanoseconds.
fn median(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Nanoseconds of a round, and of a ping with three entries; each sample is taken of the next group.
fn costs(groups: &mut [Group], samples: usize) -> (u64, u64) {
    let (mut rounds, mut messages) = (Vec::new(), Vec::new());
    for i in 0..samples {
        let group = &mut groups[i % GROUPS.min(groups.len())];
        let start = std::time::Instant::now();
        group.round();
        rounds.push(start.elapsed().as_nanos() as u64);
        group.answers();
        let n = group.round as u32;
        let at = |i| 1 + (n + i) % group.members;
        let (from, others) = (at(0), [at(1), at(2)]);
        let start = std::time::Instant::now();
        group.hear(MessageKind::Ping, from, others);
        messages.push(start.elapsed().as_nanos() as u64);
    }
    (median(&mut rounds), median(&mut messages))
}

/// Small groups that take turns, so that none of them is at home in the caches: a large group is not
/// either, and what is compared is the work.
const GROUPS: usize = 2_000;

#[test]
fn a_round_and_a_message_cost_the_same_at_100_000_members_as_at_10() {
    let mut small: Vec<Group> = (0..GROUPS).map(|_| Group::of(10)).collect();
    for group in &mut small {
        (0..100).for_each(|_| group.step());
    }
    for members in [10_000, 100_000] {
        let mut large = [Group::of(members)];
        (0..2_000).for_each(|_| large[0].step());
        compare(&mut small, &mut large);
    }
}

fn compare(small: &mut [Group], large: &mut [Group]) {
    // Other programs share the machine; a cost that grew with the group would fail every time.
    let mut seen = Vec::new();
    for _ in 0..10 {
        let (few, many) = (costs(small, 3 * GROUPS), costs(large, 3 * GROUPS));
        println!("10: {few:?} ns, {}: {many:?} ns (round, message)", large[0].members);
        if many.0 <= 2 * few.0 && many.1 <= 2 * few.1 {
            return;
        }
        seen.push((few, many));
    }
    panic!("(round, message) in ns at 10 and {} members: {seen:?}", large[0].members);
}
