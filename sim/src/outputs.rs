//! What a node wants done after a call, one thing at a time, in memory that is used again.

use crate::carrier::{as_struct, strip};
use crate::options::Carrier;
use crate::tidings::{Tidings, address_hash, configuration_hash};
use gossip::types::{Entry, Header, Message, MessageKind, NodeId, NodeStatus, NodeView};
use gossip::wire::binary;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

/// A message on its way.
#[derive(Clone, Debug)]
pub enum Body {
    /// The bytes of a datagram.
    Bytes(Vec<u8>),
    /// What a program carries as structs; shared between copies.
    Structs(Rc<Message>),
}

/// A message that a node wants sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Which kind it is; for peers of other protocols the nearest.
    pub kind: MessageKind,
    /// Whose it says it is.
    pub sender: NodeId,
    /// The id it goes to.
    pub to: NodeId,
    /// Where to, if that is an address.
    pub address: Option<SocketAddr>,
    /// Entries in it.
    pub entries: usize,
    /// Whether one of them has the status unknown.
    pub unknown: bool,
    /// Why it could not be written.
    pub error: Option<String>,
}

/// One thing that a node wants done. The body of a message is in [`Outputs::body`].
#[derive(Clone, Debug)]
pub enum Effect {
    /// A message.
    Send(Sending),
    /// The program is told.
    Told(Tidings),
}

/// Takes what a peer wants done, in the form in which it travels.
#[derive(Debug)]
pub struct Outputs {
    carrier: Carrier,
    /// The bytes of the packet written last.
    bytes: Vec<u8>,
    structs: Option<Rc<Message>>,
    effect: Option<Effect>,
}

impl Outputs {
    /// For messages that travel so.
    pub const fn new(carrier: Carrier) -> Self {
        Self { carrier, bytes: Vec::new(), structs: None, effect: None }
    }

    /// A message is to be sent.
    pub fn send<'a>(
        &mut self,
        header: &Header,
        (to, ip, port): (NodeId, &str, i32),
        entries: impl ExactSizeIterator<Item = Entry<'a>> + Clone,
    ) {
        let (count, mut unknown) = (entries.len(), false);
        let mut error = None;
        match self.carrier {
            Carrier::Packet => {
                let seen = entries.inspect(|entry| unknown |= entry.status == NodeStatus::Unknown);
                self.bytes.clear();
                let encoded = binary::encode(header, seen, &mut self.bytes);
                error = encoded.err().map(|error| error.to_string());
            }
            Carrier::Struct => {
                let mut entries: Vec<NodeView> = entries.map(NodeView::from).collect();
                unknown = entries.iter().any(|entry| entry.status == NodeStatus::Unknown);
                entries.iter_mut().for_each(strip);
                self.structs = Some(Rc::new(Message { header: as_struct(*header), entries }));
            }
        }
        let address = ip.parse::<IpAddr>().ok().zip(u16::try_from(port).ok());
        self.effect = Some(Effect::Send(Sending {
            kind: header.kind,
            sender: header.sender,
            to,
            address: address.map(|(ip, port)| SocketAddr::new(ip, port)),
            entries: count,
            unknown,
            error,
        }));
    }

    /// Bytes of a peer with its own protocol are to be sent.
    pub fn send_bytes(
        &mut self,
        kind: MessageKind,
        sender: NodeId,
        to: SocketAddr,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.bytes.clear();
        write(&mut self.bytes);
        self.effect = Some(Effect::Send(Sending {
            kind,
            sender,
            to: NodeId::ZERO,
            address: Some(to),
            entries: 0,
            unknown: false,
            error: None,
        }));
    }

    /// The program is told of a node.
    pub fn tell(&mut self, node: &Entry<'_>, old: NodeStatus) {
        self.effect = Some(Effect::Told(Tidings {
            id: node.id,
            heartbeat: node.heartbeat,
            status: node.status,
            old,
            at: None,
            address: address_hash(node),
            configuration: configuration_hash(node),
        }));
    }

    /// A peer whose nodes have nothing but a status tells of one.
    pub fn tell_status(&mut self, id: NodeId, status: NodeStatus, old: NodeStatus) {
        self.tell_of(id, None, status, old);
    }

    /// The same of a peer that knows others by their addresses.
    pub fn tell_address(&mut self, at: SocketAddr, status: NodeStatus, old: NodeStatus) {
        self.tell_of(NodeId::ZERO, Some(at), status, old);
    }

    fn tell_of(&mut self, id: NodeId, at: Option<SocketAddr>, status: NodeStatus, old: NodeStatus) {
        let (heartbeat, address, configuration) = (0, 0, 0);
        let told = Tidings { id, heartbeat, status, old, at, address, configuration };
        self.effect = Some(Effect::Told(told));
    }

    /// What was put in since the last call.
    pub(crate) const fn take(&mut self) -> Option<Effect> {
        self.effect.take()
    }

    /// Puts the body of a message in again that was taken out.
    pub(crate) fn put_back(&mut self, body: Body) {
        match body {
            Body::Bytes(bytes) => self.bytes = bytes,
            Body::Structs(structs) => self.structs = Some(structs),
        }
    }

    /// The length of the message put in last; 0 if it is no packet.
    pub(crate) fn len(&self) -> usize {
        match self.carrier {
            Carrier::Packet => self.bytes.len(),
            Carrier::Struct => 0,
        }
    }

    /// The bytes of the packet put in last.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A copy of the body of the message put in last, in the memory of a message that has arrived.
    pub(crate) fn body(&self, old: Option<Body>) -> Body {
        match (self.carrier, &self.structs, old) {
            (Carrier::Struct, Some(structs), _) => Body::Structs(Rc::clone(structs)),
            (_, _, Some(Body::Bytes(mut bytes))) => {
                bytes.clear();
                bytes.extend_from_slice(&self.bytes);
                Body::Bytes(bytes)
            }
            _ => Body::Bytes(self.bytes.clone()),
        }
    }
}
