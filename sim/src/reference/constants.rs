//! The settings of the reference protocol.

/// The constants, and the switches of Lifeguard's extensions. Times are microseconds.
#[derive(Clone, Copy, Debug)]
pub struct Constants {
    /// Between two probes.
    pub probe_interval: u64,
    /// Before others are asked.
    pub probe_timeout: u64,
    /// How many are asked.
    pub indirect_probes: usize,
    /// Between two gossips.
    pub gossip_interval: u64,
    /// Members gossiped to.
    pub gossip_nodes: usize,
    /// A claim is sent `retransmits * ceil(log10(n + 1))` times.
    pub retransmits: f64,
    /// Lifeguard's alpha: the least suspicion is `alpha * max(1, log10(n)) * probe_interval`.
    pub alpha: f64,
    /// Lifeguard's beta: the longest suspicion is so many times the least.
    pub beta: f64,
    /// Between two exchanges of whole lists.
    pub push_pull: u64,
    /// Local health: slow nodes probe less and wait longer (Lifeguard IV-A).
    pub health: bool,
    /// Suspicions start at their longest and get shorter with each confirmation (IV-B).
    pub confirmations: bool,
    /// A suspect is told so with the next ping (IV-C).
    pub buddy: bool,
}

impl Constants {
    /// For a local network; all extensions on.
    pub const LAN: Self = Self {
        probe_interval: 1_000_000,
        probe_timeout: 500_000,
        indirect_probes: 3,
        gossip_interval: 200_000,
        gossip_nodes: 3,
        retransmits: 4.0,
        alpha: 4.0,
        beta: 6.0,
        push_pull: 30_000_000,
        health: true,
        confirmations: true,
        buddy: true,
    };

    /// Lifeguard's own experiment with plain SWIM: alpha 5, all extensions off.
    pub const SWIM: Self =
        Self { alpha: 5.0, health: false, confirmations: false, buddy: false, ..Self::LAN };
}
