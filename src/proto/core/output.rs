//! What the core wants done, one thing at a time.

use super::Core;
use crate::proto::outbox::{Content, Decision, Send};
use crate::proto::output::{Event, Output};
use crate::proto::table::Slot;
use crate::types::{Entry, Heartbeat, NodeId, NodeStatus};

impl Core {
    /// The next thing to do, in the order of the decisions; `None` when there is nothing left.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        loop {
            match self.cx.outbox.pop()? {
                Decision::Event { slot, id, old, new, heartbeat } => {
                    return Some(Output::Event(self.build_event(slot, id, old, new, heartbeat)));
                }
                Decision::Send(send) if self.is_stale(&send) => {
                    if let Some(to) = send.to {
                        self.cx.table.release(to.ip);
                    }
                }
                Decision::Send(send) => {
                    let Self { cx, news, sync, builder, .. } = self;
                    return Some(Output::Transmit(builder.build(cx, news, sync, send)));
                }
            }
        }
    }

    /// Whether the member that a message is for, or about, was forgotten since.
    fn is_stale(&self, send: &Send) -> bool {
        let table = &self.cx.table;
        let gone = |slot: Slot| table[slot].id().is_zero() && !table.is_listed(slot);
        let about = match send.content {
            Content::About(slot) | Content::Told(slot) | Content::From(slot) => gone(slot),
            Content::AskParts(slot) => self.sync.fetches().question(slot).is_none(),
            _ => false,
        };
        // What only packets carry is of no use to a member that has turned out to read text.
        let packets = matches!(
            send.content,
            Content::Digest(_)
                | Content::AskLeaves { .. }
                | Content::AskParts(_)
                | Content::Part(..)
                | Content::Leaves { .. }
        );
        about
            || packets && !self.cx.speaks_packets(send.slot)
            || send.slot != Slot::NONE && table[send.slot].id() != send.id
    }

    fn build_event(
        &self,
        slot: Slot,
        id: NodeId,
        old_status: NodeStatus,
        new: NodeStatus,
        heartbeat: Heartbeat,
    ) -> Event<'_> {
        // The node may have been forgotten since; then what was decided is all there is to tell.
        let member = &self.cx.table[slot];
        let held = (member.id() == id).then(|| self.cx.table.entry(member));
        let entry = held.unwrap_or(Entry { id, ..Entry::default() });
        let node = Entry { status: new, heartbeat: heartbeat.get(), ..entry };
        Event { node, old_status }
    }
}
