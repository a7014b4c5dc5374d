//! The least that a call could take: its bytes copied, and one look-up for each id.

use super::{CLAIMS, id};
use gossip::types::NodeId;
use std::hint::black_box;
use std::net::SocketAddr;

/// Bytes of an answer without news.
const ANSWER: usize = 60;

/// Ids in an open table, found by bits of their own.
pub(super) struct Ids {
    places: Vec<Option<NodeId>>,
}

impl Ids {
    /// The ids of so many members.
    pub(super) fn of(members: u32) -> Self {
        let mut ids = Self { places: vec![None; (4 * members as usize).next_power_of_two()] };
        for n in 1..=members {
            let mut place = ids.start(&id(n));
            while ids.places[place].is_some() {
                place = (place + 1) & (ids.places.len() - 1);
            }
            ids.places[place] = Some(id(n));
        }
        ids
    }

    fn start(&self, id: &NodeId) -> usize {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&id.as_bytes()[8..]);
        // The upper bits differ.
        (u64::from_be_bytes(bytes) >> 24) as usize & (self.places.len() - 1)
    }

    /// Where an id is.
    pub(super) fn find(&self, id: &NodeId) -> Option<usize> {
        let mut place = self.start(id);
        while let Some(other) = &self.places[place] {
            if other == id {
                return Some(place);
            }
            place = (place + 1) & (self.places.len() - 1);
        }
        None
    }
}

/// The least that packets with claims could take.
pub(super) struct Least<'a> {
    ids: &'a Ids,
    packets: &'a [(SocketAddr, Vec<u8>)],
    members: Vec<[NodeId; 7]>,
    into: Vec<u8>,
    out: [u8; ANSWER],
}

impl<'a> Least<'a> {
    /// Of these packets among these ids.
    pub(super) fn of(ids: &'a Ids, packets: &'a [(SocketAddr, Vec<u8>)]) -> Self {
        let members = packets.iter().map(|(_, bytes)| ids_in(bytes)).collect();
        Self { ids, packets, members, into: vec![0; 2_048], out: [7; ANSWER] }
    }

    /// A packet copied, each of its ids looked up, and an answer copied.
    pub(super) fn handle(&mut self, i: usize) {
        let i = i % self.packets.len();
        let bytes = &self.packets[i].1;
        self.into[..bytes.len()].copy_from_slice(black_box(bytes));
        for id in &self.members[i] {
            black_box(self.ids.find(id));
        }
        self.into[..ANSWER].copy_from_slice(black_box(&self.out));
        black_box(&self.into);
    }
}

/// The sender and the claims of one of our pings.
fn ids_in(bytes: &[u8]) -> [NodeId; CLAIMS as usize + 1] {
    let packet = gossip::wire::binary::decode(bytes).expect("our own packet");
    let mut ids = packet.entries().map(|entry| entry.id);
    std::array::from_fn(|_| ids.next().unwrap_or_default())
}
