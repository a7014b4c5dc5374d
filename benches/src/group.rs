//! The members that the load speaks for, and what they say.

use gossip::types::{Detail, Entry, Header, MessageKind, NodeId, NodeStatus};
use gossip::wire::{binary, framing, json};
use std::net::{Ipv4Addr, SocketAddr};

/// What a message is, and what is asked of the library's server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Pings with three entries, each answered.
    Ping,
    /// Updates with three entries, which ask for no answer.
    Update,
}

impl Case {
    pub const ALL: [Self; 2] = [Self::Ping, Self::Update];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Update => "update",
        }
    }

    /// The least part of the bare loop's rate that packets must reach.
    pub const fn bound(self) -> f64 {
        match self {
            Self::Ping => 0.7,
            Self::Update => 0.5,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }
}

/// How messages are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Binary,
    Json,
}

impl Form {
    pub const ALL: [Self; 2] = [Self::Binary, Self::Json];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Json => "json",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Writes a message as it stands in a datagram.
    pub fn encode(self, header: &Header, entries: &[Entry<'_>], out: &mut Vec<u8>) {
        out.clear();
        let entries = entries.iter().copied();
        let written = match self {
            Self::Binary => binary::encode(header, entries, out),
            Self::Json => {
                let start = framing::begin_frame(out);
                json::encode(header, entries, out).and_then(|()| framing::end_frame(out, start))
            }
        };
        written.expect("a small message");
    }

    /// Reads the first message of a datagram.
    pub fn decode(self, datagram: &[u8]) -> Option<Header> {
        match self {
            Self::Binary => binary::decode(datagram).ok().map(|packet| packet.header),
            Self::Json => {
                let frame = framing::frames(datagram).next()?;
                json::decode(frame).ok().map(|message| message.header)
            }
        }
    }
}

/// As many as there are sources, each with an address of its own.
pub const MEMBERS: usize = 64;

/// The node that the server is.
pub const SERVER: NodeId = NodeId::new([0xfe; 16]);

pub fn id(member: usize) -> NodeId {
    let mut bytes = [7; 16];
    bytes[0] = 1 + member as u8;
    NodeId::new(bytes)
}

pub fn host(member: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 1, 1 + member as u8)
}

/// A member with its address as text.
pub struct Member {
    pub id: NodeId,
    ip: String,
    port: u16,
}

impl Member {
    pub fn new(number: usize, at: SocketAddr) -> Self {
        Self { id: id(number), ip: at.ip().to_string(), port: at.port() }
    }

    pub fn entry(&self, heartbeat: u64, detail: Detail) -> Entry<'_> {
        Entry {
            id: self.id,
            ip: &self.ip,
            port: self.port.into(),
            heartbeat,
            config_heartbeat: 1,
            status: NodeStatus::Online,
            role: "replica",
            region: "eu-west-1",
            detail,
            ..Entry::default()
        }
    }
}

/// Writes what a member says, given by its number: its own entry at a heartbeat, and two others at
/// another.
pub fn message(
    case: Case,
    form: Form,
    members: &[Member],
    (number, heartbeat, others): (usize, u64, u64),
    out: &mut Vec<u8>,
) {
    let detail = Detail::Full;
    let other = |step: usize| &members[(number + step) % members.len()];
    let entries = [
        other(0).entry(heartbeat, detail),
        other(7).entry(others, detail),
        other(21).entry(others, detail),
    ];
    let header = Header { sender: other(0).id, ..header(case, form, heartbeat) };
    form.encode(&header, &entries, out);
}

fn header(case: Case, form: Form, heartbeat: u64) -> Header {
    let kind = match case {
        Case::Ping => MessageKind::Ping,
        Case::Update => MessageKind::Update,
    };
    let timestamp = heartbeat - 1;
    match form {
        Form::Json => Header { kind, timestamp, ..Header::default() },
        Form::Binary => Header {
            kind,
            timestamp,
            nonce: if case == Case::Ping { heartbeat } else { 0 },
            interval_us: 100_000,
            wire: binary::VERSION,
            ..Header::default()
        },
    }
}
