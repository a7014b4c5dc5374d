//! What the tests on real sockets share. Every wait has a deadline.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use gossip::net::{Error, Inbound, Outgoing, Protocol, Serializer, Transport};
use gossip::types::{Entry, Header, Message, MessageKind, NodeId, NodeView, Path};
use gossip::wire::{framing, json};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub const DEADLINE: Duration = Duration::from_secs(20);

/// Keeps what was delivered.
#[derive(Default)]
pub struct Collector {
    got: Mutex<Vec<(Path, Message)>>,
    changed: Condvar,
}

impl Inbound for Collector {
    fn deliver(&self, path: Path, header: &Header, entries: &[Entry<'_>], _: usize) {
        self.got.lock().unwrap().push((path, owned(header, entries)));
        self.changed.notify_all();
    }
}

impl Collector {
    /// Waits until there are `count` messages and takes them all.
    pub fn take(&self, count: usize) -> Vec<(Path, Message)> {
        let deadline = Instant::now() + DEADLINE;
        let mut got = self.got.lock().unwrap();
        while got.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {count} messages came", got.len());
            got = self.changed.wait_timeout(got, left).unwrap().0;
        }
        std::mem::take(&mut got)
    }

    pub fn len(&self) -> usize {
        self.got.lock().unwrap().len()
    }
}

/// A copy of what is delivered.
pub fn owned(header: &Header, entries: &[Entry<'_>]) -> Message {
    Message {
        header: *header,
        entries: entries.iter().map(|entry| NodeView::from(*entry)).collect(),
    }
}

/// Waits until `condition` holds.
pub fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < deadline, "not within the deadline: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A started transport of text that keeps what comes.
pub fn start(protocol: Protocol, host: &str, port: u16) -> (Transport, Arc<Collector>) {
    start_with(Serializer::Json, protocol, host, port)
}

/// A started transport that keeps what comes.
pub fn start_with(
    serializer: Serializer,
    protocol: Protocol,
    host: &str,
    port: u16,
) -> (Transport, Arc<Collector>) {
    let transport = Transport::new(protocol, host, port).expect("a numeric host");
    let collector = Arc::new(Collector::default());
    transport.set_serializer(serializer);
    transport.set_inbound(Some(collector.clone()));
    transport.start().expect("a free port");
    (transport, collector)
}

/// Where a transport on IPv4 loopback is reached.
pub fn address(transport: &Transport) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], transport.port()))
}

/// A message that can be told from others.
pub fn message(number: u64) -> Message {
    let id = NodeId::new([7; 16]);
    let entry = NodeView {
        id,
        ip: "127.0.0.1".into(),
        port: 7946,
        heartbeat: number,
        role: "test".into(),
        ..NodeView::default()
    };
    let header =
        Header { sender: id, kind: MessageKind::Ping, timestamp: number, ..Header::default() };
    Message { header, entries: vec![entry] }
}

pub fn send(from: &Transport, to: SocketAddr, message: &Message) -> Result<usize, Error> {
    send_as(from, to, message, |outgoing| outgoing)
}

/// Sends a message after `change` has said more of its receiver.
pub fn send_as(
    from: &Transport,
    to: SocketAddr,
    message: &Message,
    change: impl FnOnce(Outgoing<'_>) -> Outgoing<'_>,
) -> Result<usize, Error> {
    let entries: Vec<_> = message.entries.iter().map(NodeView::as_entry).collect();
    from.send(&change(Outgoing::new(&message.header, &entries)), to, true)
}

/// A message as a frame, with white space up to `bytes` of text.
pub fn framed(message: &Message, bytes: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let start = framing::begin_frame(&mut out);
    json::encode(&message.header, message.entries.iter().map(NodeView::as_entry), &mut out)
        .expect("small");
    if out.len() < start + bytes {
        out.resize(start + bytes, b' ');
    }
    framing::end_frame(&mut out, start).expect("within the limit");
    out
}

pub fn timestamps(got: &[(Path, Message)]) -> Vec<u64> {
    got.iter().map(|(_, message)| message.header.timestamp).collect()
}

/// The memory of this process that is resident, in bytes.
#[cfg(target_os = "linux")]
pub fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("pages") * 4096
}

/// The names of the threads of this process, and whether each blocks the signal for termination.
#[cfg(target_os = "linux")]
pub fn threads() -> Vec<(String, bool)> {
    let mut found = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").expect("Linux").flatten() {
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().trim().to_owned()
        };
        let blocked = u64::from_str_radix(&field("SigBlk:"), 16).unwrap_or(0);
        found.push((field("Name:"), blocked & (1 << 14) != 0));
    }
    found
}
