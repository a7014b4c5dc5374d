//! Members that stand still again and again, and what comes of it.

/// Who stands still, for how long, and for how long not in between.
#[derive(Clone, Copy, Debug)]
pub struct Stress {
    /// How many members.
    pub count: usize,
    /// How long each time.
    pub length: u64,
    /// How long they run in between.
    pub pause: u64,
    /// For how long this goes on.
    pub time: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// How often a healthy member was called failed.
    pub wrong: u64,
    /// By healthy members.
    pub wrong_at_healthy: u64,
    /// Messages that were sent.
    pub messages: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Tally {
    /// Adds what another run has seen.
    pub const fn add(&mut self, other: &Self) {
        self.wrong += other.wrong;
        self.wrong_at_healthy += other.wrong_at_healthy;
        self.messages += other.messages;
        self.bytes += other.bytes;
    }
}
