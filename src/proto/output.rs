//! What a core wants done: messages to send, changes to report.

use super::book::Book;
use crate::types::{Entry, Form, Header, NodeStatus};

/// One thing the core wants done, in the order in which it was decided.
#[derive(Debug)]
pub enum Output<'a> {
    /// Send this message.
    Transmit(Transmit<'a>),
    /// Tell the program.
    Event(Event<'a>),
}

/// A message to send, borrowed from the core.
#[derive(Debug)]
pub struct Transmit<'a> {
    /// All but the entries.
    pub header: Header,
    /// The node it goes to; its `ip` and `port` are where to send it.
    pub target: Entry<'a>,
    /// The form that the receiver reads; a transport that is pinned to another one ignores it.
    pub form: Form,
    /// Whether it should go over a connection: the receiver does not answer datagrams, or its
    /// message came by one. A driver without connections sends a datagram.
    pub by_stream: bool,
    /// Whether the receiver has shown that it is no node of 1.4.2, which loses bursts of datagrams.
    pub to_new: bool,
    pub(super) book: Book<'a>,
}

impl<'a> Transmit<'a> {
    /// The entries in the order in which they travel.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = Entry<'a>> + Clone {
        self.book.entries()
    }
}

/// One change of one node, as the program is told of it.
#[derive(Debug)]
pub struct Event<'a> {
    /// The node after the change.
    pub node: Entry<'a>,
    /// Its status before; [`NodeStatus::Unknown`] at first sight, equal to the new one when only
    /// metadata, role, region or address changed.
    pub old_status: NodeStatus,
}

#[cfg(feature = "packets")]
impl Transmit<'_> {
    /// Appends the message as a packet.
    ///
    /// # Errors
    /// [`crate::wire::Error`]; `out` is as before then.
    pub fn encode(&self, out: &mut alloc::vec::Vec<u8>) -> Result<(), crate::wire::Error> {
        crate::wire::binary::encode(&self.header, self.book.packed(), out)
    }
}
