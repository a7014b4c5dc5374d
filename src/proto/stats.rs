/// What a core counted since it was made or reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed out by [`super::Core::poll_output`].
    pub sent_messages: u64,
    /// Messages taken by [`super::Core::handle_message`].
    pub received_messages: u64,
    /// Messages that were refused whole.
    pub refused_messages: u64,
    /// Entries that were passed over: a zero id, or a claim too far ahead (P-4).
    pub dropped_entries: u64,
    /// Messages to send that were dropped because the output queue was full.
    pub dropped_transmits: u64,
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
}
