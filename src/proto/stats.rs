//! What a core counts, and what it knows about a member.

use super::Refused;
use crate::types::{Instant, MessageKind};
use core::time::Duration;

/// Kinds of messages that are counted apart.
pub const KINDS: usize = MessageKind::ALL.len();

/// Messages and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// How many.
    pub messages: u64,
    /// Their bytes as they were sent or came, as far as this library wrote or read them.
    pub bytes: u64,
}

/// What a core counted since it was made or reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed out by [`super::Core::poll_output`].
    pub sent_messages: u64,
    /// Messages taken by [`super::Core::handle_message`].
    pub received_messages: u64,
    /// Of the sent ones each kind.
    pub sent: [Traffic; KINDS],
    /// Of the taken ones each kind.
    pub received: [Traffic; KINDS],
    /// Messages that were refused whole, for whatever reason.
    pub refused_messages: u64,
    /// Of these, packets and texts that could not be read.
    pub refused_malformed: u64,
    /// Packets of a version that is not read.
    pub refused_version: u64,
    /// Messages of another cluster.
    pub refused_cluster: u64,
    /// Messages with our own id, or none, as their sender's.
    pub refused_sender: u64,
    /// Messages with a counter of 2^63 or more, a text too long, or too many entries.
    pub refused_content: u64,
    /// Messages that came while the output queue was full.
    pub refused_full: u64,
    /// Entries that were passed over: a zero id, or a claim too far ahead (P-4).
    pub dropped_entries: u64,
    /// Messages to send that were dropped because the output queue was full.
    pub dropped_transmits: u64,
    /// Probes that were begun.
    pub probes: u64,
    /// Probes that were answered.
    pub probes_answered: u64,
    /// Probes that failed.
    pub probes_failed: u64,
    /// Helpers that said that they could not reach a node for us.
    pub nacks: u64,
    /// Suspicions begun by our own probes.
    pub suspicions: u64,
    /// Suspicions that ran out here.
    pub failures: u64,
    /// Claims about this node that it refuted (P-3).
    pub refutations: u64,
    /// Claims that showed another node with our id (P-3).
    pub id_conflicts: u64,
    /// Nodes turned away because the member list was full of live ones (P-15).
    pub members_full: u64,
    /// Metadata of others that was fetched in parts (P-12a).
    pub metadata_fetched: u64,
}

impl Stats {
    pub(super) const fn count_sent(&mut self, kind: MessageKind) {
        self.sent_messages += 1;
        self.sent[kind as usize].messages += 1;
    }

    pub(super) const fn count_refused(&mut self, refused: Refused) {
        self.refused_messages += 1;
        match refused {
            Refused::OwnId | Refused::ZeroId => self.refused_sender += 1,
            Refused::TooManyEntries | Refused::Counter | Refused::Text | Refused::Kind => {
                self.refused_content += 1;
            }
            Refused::Cluster => self.refused_cluster += 1,
            Refused::Full => self.refused_full += 1,
        }
    }

    pub(super) const fn count_received(&mut self, kind: MessageKind) {
        self.received_messages += 1;
        self.received[kind as usize].messages += 1;
    }
}

/// How many of each kind wait or run in a core now; each is bounded (P-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queues {
    /// Messages and events that wait to be polled.
    pub outputs: usize,
    /// Claims that ride on the next messages.
    pub news: usize,
    /// Probes that were not answered yet.
    pub probes: usize,
    /// Pings made for others.
    pub relays: usize,
    /// Suspicions that run.
    pub suspicions: usize,
    /// Nodes that were met or joined and did not answer yet.
    pub joins: usize,
    /// Newcomers that are given the list.
    pub pushes: usize,
    /// Metadata of others that is being fetched.
    pub fetches: usize,
}

/// Why the status of a member is what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(u8)]
#[non_exhaustive]
pub enum Reason {
    /// The program named it: met, joined, or told to leave.
    #[default]
    Command = 0,
    /// It spoke to us itself.
    Heard = 1,
    /// Another member told of it.
    Told = 2,
    /// It did not answer our own probe.
    Probe = 3,
    /// The suspicion ran out here.
    TimeOut = 4,
    /// It said that it leaves.
    Leave = 5,
}

/// What this node knows of its way to one member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerStats {
    /// Smoothed round-trip time of our direct probes of it; `None` until one was answered.
    pub round_trip: Option<Duration>,
    /// The part of our pings of it, of some last ones, that went unanswered, in thousandths.
    pub loss_permille: u16,
    /// How often it went from online to suspect or failed and came back.
    pub flaps: u16,
    /// When its status changed last, right to a tenth of a second.
    pub changed: Instant,
    /// Why it did.
    pub reason: Reason,
    /// When its newest heartbeat was learned.
    pub seen: Instant,
    /// When it was suspected last, right to a tenth of a second; `None` if it never was.
    pub suspected: Option<Instant>,
    /// Members that accuse it now, ourselves counted; 0 unless it is suspect.
    pub accusers: u32,
    /// The time between its rounds; `None` until known.
    pub interval: Option<Duration>,
    /// Whether it reads our packets.
    pub packets: bool,
}
