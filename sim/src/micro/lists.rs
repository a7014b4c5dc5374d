//! Whole lists: applied, walked, looked up, and the memory that they take.

use super::{Clock, among, drain, entry, floor::Ids, header, id, ip, least};
use crate::paper::{Effort, percentile};
use crate::table::Table;
use gossip::proto::{Config, Core};
use gossip::types::{Detail, Entry, Instant, MessageKind, NodeId, NodeView, Path};
use gossip::wire::binary;
use std::hint::black_box;
use std::net::{IpAddr, SocketAddr};

/// Whole entries that a packet of the usual size holds.
const IN_A_PACKET: usize = 20;
/// Cores that are made to see the memory of one.
const CORES: u32 = 40;

fn nodes(members: u32) -> Vec<NodeView> {
    (1..=members)
        .map(|n| {
            let ip = ip(n).to_string();
            NodeView { reads_packets: true, ..entry(n, &ip, 1_000, Detail::Full).into() }
        })
        .collect()
}

/// A core that holds the first two members online, which are going to tell it the list.
fn newcomer(nodes: &[NodeView]) -> Core {
    let now = Instant::from_millis(1);
    let own = entry(0, "10.0.0.0", 1, Detail::Full);
    let mut core = Core::new(Config::lan(), &own, 7, now).expect("a good configuration");
    for node in &nodes[..2] {
        let head = header(MessageKind::Update, node_number(&node.id), false);
        let entries = std::iter::once(node.as_entry());
        core.handle_message(now, Path::Struct, &head, entries).expect("a good message");
    }
    drain(&mut core, &mut Vec::new());
    core
}

fn node_number(id: &NodeId) -> u32 {
    let number = id.as_bytes();
    u32::from_be_bytes([number[0], number[1], number[2], number[3]])
}

/// The list as a member tells it in packets.
fn packets(nodes: &[NodeView], teller: &NodeView) -> Vec<Vec<u8>> {
    let head = header(MessageKind::Update, node_number(&teller.id), true);
    let packet = |part: &[NodeView]| {
        let mut bytes = Vec::new();
        let own = Entry { detail: Detail::Claim, ..teller.as_entry() };
        let entries = std::iter::once(own).chain(part.iter().map(NodeView::as_entry));
        binary::encode(&head, entries, &mut bytes).expect("it fits");
        bytes
    };
    nodes.chunks(IN_A_PACKET).map(packet).collect()
}

/// A list, and two members that tell it in packets.
pub(super) struct List {
    pub(super) nodes: Vec<NodeView>,
    tellers: [(SocketAddr, Vec<Vec<u8>>); 2],
}

impl List {
    /// Of so many, three at the least.
    pub(super) fn of(members: u32) -> Self {
        let nodes = nodes(members.max(3));
        let tellers = [0, 1].map(|teller| {
            let node = &nodes[teller];
            let port = u16::try_from(node.port).unwrap_or_default();
            let from = SocketAddr::new(IpAddr::V4(ip(node_number(&node.id))), port);
            (from, packets(&nodes[2..], node))
        });
        Self { nodes, tellers }
    }

    /// A core that holds the first two members online, which are going to tell it the list.
    pub(super) fn newcomer(&self) -> Core {
        newcomer(&self.nodes)
    }

    /// The core takes the list from one mouth over structs, events polled.
    pub(super) fn tell_structs(&self, core: &mut Core) {
        let head = header(MessageKind::Update, node_number(&self.nodes[0].id), false);
        for part in self.nodes.chunks(Core::MAX_ENTRIES - 1) {
            let others = part.iter().filter(|node| node.id != self.nodes[0].id);
            let entries = std::iter::once(&self.nodes[0]).chain(others).map(NodeView::as_entry);
            let now = Instant::from_millis(2);
            core.handle_message(now, Path::Struct, &head, entries).expect("a good message");
            while core.poll_output().is_some() {}
        }
    }

    /// The core takes the list in packets of one of the tellers, events polled: strangers from the first;
    /// from the second, whereupon all are online, the same again.
    pub(super) fn tell_packets(&self, core: &mut Core, teller: usize) {
        let (from, packets) = &self.tellers[teller];
        for bytes in packets {
            let path = Path::Packet(*from);
            core.handle_packet(Instant::from_millis(2), path, bytes).expect("a good packet");
            while core.poll_output().is_some() {}
        }
    }
}

/// The least milliseconds to take a list over structs; of strangers in packets; and the same again.
fn applied(list: &List) -> [Option<f64>; 3] {
    let mut out = Vec::with_capacity(2_048);
    let mut times: [Vec<f64>; 3] = Default::default();
    for _ in 0..9 {
        let mut core = list.newcomer();
        let begin = Clock::now();
        list.tell_structs(&mut core);
        times[0].push(begin.elapsed().as_secs_f64() * 1e3);
        assert_eq!(core.len(), list.nodes.len(), "all are listed");
        let mut core = list.newcomer();
        for teller in [0, 1] {
            let begin = Clock::now();
            list.tell_packets(&mut core, teller);
            times[teller + 1].push(begin.elapsed().as_secs_f64() * 1e3);
        }
        assert_eq!(core.len(), list.nodes.len(), "all are listed");
        drain(&mut core, &mut out);
    }
    times.map(|mut times| percentile(&mut times, 0.0))
}

/// The floor of a list in packets: the median milliseconds to copy the packets and look up each id.
fn copied(nodes: &[NodeView], ids: &Ids) -> Option<f64> {
    let all = packets(nodes, &nodes[0]);
    let mut copy = vec![0; 2_048];
    let mut times: Vec<f64> = (0..9)
        .map(|_| {
            let begin = Clock::now();
            for bytes in &all {
                copy[..bytes.len()].copy_from_slice(black_box(bytes));
            }
            nodes.iter().for_each(|node| {
                black_box(ids.find(&node.id));
            });
            begin.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    percentile(&mut times, 0.5)
}

/// Ids of members at random places.
pub(super) fn wanted(members: u32) -> Vec<NodeId> {
    (0..4_096_u32).map(|i| id(1 + i.wrapping_mul(2_654_435_761) % members)).collect()
}

/// Walks over all members of a core.
pub(super) fn walk(core: &Core) {
    black_box(core.members().map(|entry| entry.heartbeat).sum::<u64>());
}

/// Bytes of a member with all that finds it, at each of the sizes, from what the process has; nothing
/// where the system does not tell. Before anything else was made, or memory is used again.
pub(super) fn memory(sizes: &[usize]) -> Vec<Option<f64>> {
    let mut kept: Vec<Core> = Vec::new();
    sizes
        .iter()
        .map(|&members| {
            let before = resident()?;
            kept.extend((0..CORES).map(|_| among(members as u32)));
            let bytes = resident()?.saturating_sub(before);
            Some(bytes as f64 / (CORES as usize * members) as f64)
        })
        .collect()
}

fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}

/// Runs it.
pub(super) fn run(effort: &Effort, sizes: &[usize], memory: &[Option<f64>]) -> Result<(), String> {
    let columns = [
        "members",
        "list applied as structs, ms",
        "as packets: strangers, ms",
        "vouched for, ms",
        "floor: copied and looked up, ms",
        "find, ns",
        "floor, ns",
        "walk, ns a member",
        "bytes a member",
    ];
    let mut table = Table::new("micro-lists", &columns);
    for (&members, bytes) in sizes.iter().zip(memory) {
        let members = members.max(3) as u32;
        let list = List::of(members);
        let (nodes, times) = (&list.nodes, applied(&list));
        let ids = Ids::of(members);
        let floor = copied(nodes, &ids);
        let core = among(members);
        let wanted = wanted(members);
        let found = least(|i| {
            black_box(core.find(&wanted[i % wanted.len()])).expect("it is listed");
        });
        let least_found = least(|i| {
            black_box(ids.find(&wanted[i % wanted.len()])).expect("it is listed");
        });
        let mut walks: Vec<f64> = (0..99)
            .map(|_| {
                let begin = Clock::now();
                walk(&core);
                begin.elapsed().as_nanos() as f64 / f64::from(members)
            })
            .collect();
        table.row([
            (members as usize).into(),
            times[0].into(),
            times[1].into(),
            times[2].into(),
            floor.into(),
            found.into(),
            least_found.into(),
            percentile(&mut walks, 0.5).into(),
            (*bytes).into(),
        ]);
    }
    effort.publish(&table)
}
