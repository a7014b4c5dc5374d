//! Messages between the cores: packets as bytes, others as structs or as JSON.

use crate::input::{id, ip};
use gossip::proto::{Core, Transmit};
use gossip::types::{Detail, Form, Instant, Message, NodeView, Path};
use gossip::wire::json;
use std::net::SocketAddr;

/// The peers: nodes 1 to 3.
pub(super) const PEERS: u8 = 3;

/// A message on its way.
pub(super) struct Mail {
    pub(super) from: u8,
    /// The receiver's number; more than [`PEERS`] for nobody.
    pub(super) to: u8,
    by_stream: bool,
    body: Body,
}

enum Body {
    Packet(Vec<u8>),
    Text(Message),
}

/// Where the datagrams of a node come from.
pub(super) fn address(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number], 7000))
}

impl Mail {
    /// The message of a core; `None` if it has no form.
    pub(super) fn of(from: u8, transmit: &Transmit<'_>) -> Option<Self> {
        let body = if transmit.form == Form::Packet {
            let mut bytes = Vec::new();
            transmit.encode(&mut bytes).expect("a core's message can be written");
            Body::Packet(bytes)
        } else {
            let entries = transmit.entries().map(NodeView::from).collect();
            Body::Text(Message { header: transmit.header, entries })
        };
        let is_at = |number: &u8| {
            transmit.target.port == 7000
                && (transmit.target.ip == ip(*number) || transmit.target.id == id(*number))
        };
        let to = (0..=PEERS).find(is_at).unwrap_or(PEERS + 1);
        Some(Self { from, to, by_stream: transmit.by_stream, body })
    }
}

/// Gives a core a message in its form.
pub(super) fn deliver(core: &mut Core, now: Instant, mail: &Mail, as_json: bool) {
    let from = address(mail.from);
    match &mail.body {
        Body::Packet(bytes) => {
            let path = if mail.by_stream { Path::Stream(Form::Packet) } else { Path::Packet(from) };
            let _ = core.handle_packet(now, path, bytes);
        }
        Body::Text(message) if as_json => {
            let path = if mail.by_stream { Path::Stream(Form::Text) } else { Path::Datagram(from) };
            let mut bytes = Vec::new();
            let whole = message.entries.iter().map(NodeView::as_entry);
            json::encode(&message.header, whole.map(full), &mut bytes).expect("a text");
            let read = json::decode(&bytes).expect("it was written");
            let entries = read.entries.iter().map(NodeView::as_entry);
            let _ = core.handle_message(now, path, &read.header, entries);
        }
        Body::Text(message) => {
            let entries = message.entries.iter().map(NodeView::as_entry);
            let _ = core.handle_message(now, Path::Struct, &message.header, entries);
        }
    }
}

fn full(entry: gossip::types::Entry<'_>) -> gossip::types::Entry<'_> {
    gossip::types::Entry { detail: Detail::Full, ..entry }
}
