//! What travelled in a run.

use gossip::types::MessageKind;

/// What travelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Messages handed to the network.
    pub messages: u64,
    /// Bytes of those that were packets.
    pub bytes: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries in the longest.
    pub longest: usize,
    /// Messages of each kind.
    pub kinds: [u64; 10],
    /// Messages that a core took or refused.
    pub delivered: u64,
    /// Messages that a core refused.
    pub refused: u64,
    /// Messages that the network lost.
    pub lost: u64,
    /// Messages that came twice.
    pub doubled: u64,
    /// Messages that a full inbox dropped.
    pub overflown: u64,
    /// Messages that reached a stopped node.
    pub stopped: u64,
    /// Messages to addresses that nobody has.
    pub nowhere: u64,
    /// The most things that one call wanted done.
    pub most_outputs: usize,
}

impl Counts {
    /// Counts one.
    pub fn sent(&mut self, kind: MessageKind, entries: usize, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes as u64;
        self.entries += entries as u64;
        self.longest = self.longest.max(entries);
        self.kinds[kind as usize] += 1;
    }
}
