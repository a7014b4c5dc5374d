//! A cluster of nodes that speak by datagrams, on virtual time and through the C ABI alone.

use crate::support::*;
use gossip::ffi::*;
use std::collections::VecDeque;

/// How long a datagram is on its way.
const DELAY_MS: u64 = 2;

struct Datagram {
    at: u64,
    to: usize,
    from: usize,
    bytes: Vec<u8>,
}

/// Nodes 1 to n at the ports 7001 and up.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) now: u64,
    /// Whether a node runs still.
    pub(crate) alive: Vec<bool>,
    pub(crate) loss_percent: u64,
    random: u64,
    wire: VecDeque<Datagram>,
    /// Datagrams that were refused, with the errors.
    pub(crate) refused: Vec<String>,
}

impl Cluster {
    pub(crate) fn new(count: u8, config_of: impl Fn(u8) -> gossip_config_t) -> Self {
        let node = |number: u8| Node::with(&config_of(number), &view(number), PACKETS);
        Self {
            nodes: (1..=count).map(node).collect(),
            now: 1,
            alive: vec![true; count.into()],
            loss_percent: 0,
            random: 0x9e37_79b9_7f4a_7c15,
            wire: VecDeque::new(),
            refused: Vec::new(),
        }
    }

    fn core(&self, index: usize) -> *mut gossip_core_t {
        self.nodes[index].core
    }

    fn is_lost(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 100 < self.loss_percent
    }

    /// Takes what a node sent; its lists of changes stay.
    fn collect(&mut self, from: usize) {
        let calls = self.nodes[from].calls();
        let mut kept = Vec::new();
        for call in calls {
            match call {
                Call::Packet(bytes, ip, port) => {
                    assert_eq!(ip, "127.0.0.1");
                    let to = usize::from(port) - 7001;
                    if !self.is_lost() {
                        self.wire.push_back(Datagram { at: self.now + DELAY_MS, to, from, bytes });
                    }
                }
                other => kept.push(other),
            }
        }
        lock(&self.nodes[from].log.calls).extend(kept);
    }

    fn deliver(&mut self, Datagram { to, from, bytes, .. }: Datagram) {
        if !self.alive[to] {
            return;
        }
        let ip = c"127.0.0.1".as_ptr();
        let port = 7001 + u16::try_from(from).expect("small");
        // SAFETY: a live core, bytes and a text.
        let code = unsafe {
            let (bytes, size) = (bytes.as_ptr(), bytes.len());
            gossip_core_handle_packet_at(self.core(to), bytes, size, ip, port, self.now)
        };
        if code as u32 != 0 {
            self.refused.push(last_error());
        }
        self.collect(to);
    }

    /// Lets so many milliseconds pass: each node does what is due when it is.
    pub(crate) fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            self.now += 1;
            while self.wire.front().is_some_and(|datagram| datagram.at <= self.now) {
                let datagram = self.wire.pop_front().expect("looked at");
                self.deliver(datagram);
            }
            for index in 0..self.nodes.len() {
                // SAFETY: a live core.
                let due = unsafe { gossip_core_next_timeout(self.core(index)) };
                if self.alive[index] && due <= self.now {
                    // SAFETY: as above.
                    unsafe { gossip_core_handle_timeout_at(self.core(index), self.now) };
                    self.collect(index);
                }
            }
        }
    }

    /// Lets all join by the first, and waits until all see all.
    pub(crate) fn form(&mut self) {
        for index in 1..self.nodes.len() {
            self.nodes[index].join(&view(1));
            self.collect(index);
        }
        for _ in 0..60 {
            self.run(500);
            if self.is_formed() {
                return;
            }
        }
        panic!("no cluster formed; refused: {:?}", self.refused.first());
    }

    /// Whether each node that runs sees each other one online that runs.
    pub(crate) fn is_formed(&self) -> bool {
        let running = || (0..self.nodes.len()).filter(|&index| self.alive[index]);
        running().all(|at| {
            running().filter(|&of| of != at).all(|of| {
                let number = u8::try_from(of + 1).expect("small");
                self.nodes[at].status(number) == Some(ONLINE)
            })
        })
    }
}
