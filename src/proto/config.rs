use super::ConfigError;

/// How the messages of a core travel, which decides what may be in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Carrier {
    /// Structs that a program carries (the v1 ABI), or text of the old form made of them; packets
    /// with members from which packets came.
    #[default]
    Structs,
    /// Packets alone: nonces, digests and the owner's interval travel too.
    Packets,
}

/// The constants of the protocol; every field has a range that [`super::Core::new`] checks.
///
/// Times are in milliseconds. A time that is to hold some rounds is stretched to them when rounds
/// are slower than the field assumes, so one set of constants serves rounds of 10 ms and of 1 s.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Config {
    /// How the messages travel. Default: structs.
    pub carrier: Carrier,
    /// The time between rounds that a driver with timers keeps, and the pace that is assumed until
    /// rounds were seen. 10 to 60 000, default 100. Higher: less traffic, slower detection.
    pub round_interval_ms: u32,
    /// The time between gossips of news between rounds (P-7a), 0 for none. 0 to 60 000, default 0.
    pub gossip_interval_ms: u32,
    /// Pings a round (P-6), and receivers of a gossip. 1 to 64, default 3.
    pub gossip_nodes: u32,
    /// Random members told to struct callers and old peers in each message (P-7). 0 to 64, default 2.
    pub sync_nodes: u32,
    /// Most entries of a message to send (P-7). 4 to 256, default 32.
    pub max_entries: u32,
    /// Least time before a probe asks helpers, whatever the round trips are (P-8). 10 to 60 000,
    /// default 100.
    pub probe_timeout_min_ms: u32,
    /// Most time before a probe asks helpers at awareness 0 (P-8). 10 to 60 000, default 1 000.
    pub probe_timeout_max_ms: u32,
    /// Members asked to probe when a probe is late (SWIM 3.1). 0 to 8, default 3.
    pub indirect_probes: u32,
    /// Probes without an answer after which signs of life do not postpone any more (P-8). 1 to 100,
    /// default 3.
    pub deaf_probes: u32,
    /// Shortest suspicion (P-9). 10 to 600 000, default 300.
    pub suspicion_min_ms: u32,
    /// Shortest suspicion in rounds of the slower of us and the suspect. 1 to 1 000, default 2.
    pub suspicion_min_rounds: u32,
    /// Longest suspicion as a multiple of `suspicion_min_ms` (Lifeguard's beta); four times the
    /// shortest one at least. 1 to 100, default 20.
    pub suspicion_max_factor: u32,
    /// Confirmations that bring a suspicion down to its minimum (Lifeguard's k). 0 to 8, default 3.
    pub confirmations: u32,
    /// Members that watch a suspect (P-9a). 1 to 8, default 3.
    pub observers: u32,
    /// Time an observer gives a suspect to answer (P-9a). 10 to 60 000, default 100.
    pub observer_timeout_ms: u32,
    /// A claim is sent `ceil(lambda * log10(n + 2))` times among `n` others, or among 64 if they are
    /// fewer (P-7). 1 to 20, default 6.
    pub lambda: u32,
    /// Highest awareness score (Lifeguard's S). 0 to 32, default 4.
    pub awareness_max: u32,
    /// Time in which the cluster tries each failed member once (P-11). 100 to 86 400 000, default 30 000.
    pub heal_interval_ms: u32,
    /// Time between digests (P-12). 100 to 86 400 000, default 10 000.
    pub sync_interval_ms: u32,
    /// Time after which a node that was met and never answered is dropped (P-13). 1 000 to
    /// 86 400 000, default 60 000.
    pub join_timeout_ms: u32,
    /// Life of a tombstone (P-5). 1 000 to 4 000 000 000, default 86 400 000 (24 h).
    pub reap_ms: u32,
    /// Rounds in which a leave is repeated (P-14). 1 to 1 000, default 10.
    pub leave_rounds: u32,
    /// Most members, tombstones counted (P-15). 1 to 16 777 216, default 1 000 000.
    pub max_members: u32,
    /// Most bytes of a packet (P-7). 512 to 8 192, default 1 400: an Ethernet frame without its
    /// headers, with some room for tunnels.
    pub packet_bytes: u32,
    /// The hash of the cluster's name (`wire::binary::cluster_hash`); packets of another are
    /// refused. Default 0: no name.
    pub cluster: u32,
    /// Whether the driver has connections beside datagrams, to fall back on. Default `false`.
    pub has_streams: bool,
}

impl Config {
    /// For one data centre; the default. The time-outs are short, for members with a thread of their own
    /// that nothing keeps waiting: one that stands still for longer than 0.6 s is called failed, until it is
    /// known to do that (P-9b).
    #[must_use]
    pub const fn lan() -> Self {
        Self {
            carrier: Carrier::Structs,
            round_interval_ms: 100,
            gossip_interval_ms: 0,
            gossip_nodes: 3,
            sync_nodes: 2,
            max_entries: 32,
            probe_timeout_min_ms: 100,
            probe_timeout_max_ms: 1_000,
            indirect_probes: 3,
            deaf_probes: 3,
            suspicion_min_ms: 300,
            suspicion_min_rounds: 2,
            suspicion_max_factor: 20,
            confirmations: 3,
            observers: 3,
            observer_timeout_ms: 100,
            lambda: 6,
            awareness_max: 4,
            heal_interval_ms: 30_000,
            sync_interval_ms: 10_000,
            join_timeout_ms: 60_000,
            reap_ms: 86_400_000,
            leave_rounds: 10,
            max_members: 1_000_000,
            packet_bytes: 1_400,
            cluster: 0,
            has_streams: false,
        }
    }

    /// `lan` for programs that call `tick` in a loop of their own, which stands still when anything else in
    /// it takes long: time-outs that a pause of a second does not run out. What the C functions of version 1
    /// run.
    #[must_use]
    pub const fn own_loop() -> Self {
        Self {
            probe_timeout_min_ms: 200,
            suspicion_min_ms: 1_000,
            suspicion_max_factor: 6,
            observer_timeout_ms: 300,
            ..Self::lan()
        }
    }

    /// For members far apart: slower rounds, longer time-outs.
    #[must_use]
    pub const fn wan() -> Self {
        Self {
            round_interval_ms: 500,
            gossip_interval_ms: 200,
            probe_timeout_min_ms: 500,
            probe_timeout_max_ms: 3_000,
            suspicion_min_ms: 4_000,
            suspicion_max_factor: 6,
            observer_timeout_ms: 1_000,
            ..Self::lan()
        }
    }

    /// For members on one machine.
    #[must_use]
    pub const fn local() -> Self {
        Self {
            round_interval_ms: 50,
            probe_timeout_min_ms: 100,
            probe_timeout_max_ms: 500,
            suspicion_min_ms: 500,
            suspicion_max_factor: 6,
            observer_timeout_ms: 150,
            ..Self::lan()
        }
    }

    /// Two packets a second for each member: one ping a second, news every 200 ms.
    #[must_use]
    pub const fn quiet() -> Self {
        Self {
            round_interval_ms: 1_000,
            gossip_interval_ms: 200,
            gossip_nodes: 1,
            probe_timeout_min_ms: 200,
            suspicion_min_ms: 1_200,
            suspicion_max_factor: 6,
            suspicion_min_rounds: 1,
            observer_timeout_ms: 200,
            ..Self::lan()
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.carrier == Carrier::Packets && !cfg!(feature = "packets") {
            return Err(ConfigError::Carrier);
        }
        let ranges: [(&'static str, u32, u32, u32); 24] = [
            ("round_interval_ms", self.round_interval_ms, 10, 60_000),
            ("gossip_interval_ms", self.gossip_interval_ms, 0, 60_000),
            ("gossip_nodes", self.gossip_nodes, 1, 64),
            ("sync_nodes", self.sync_nodes, 0, 64),
            ("max_entries", self.max_entries, 4, 256),
            ("probe_timeout_min_ms", self.probe_timeout_min_ms, 10, 60_000),
            ("probe_timeout_max_ms", self.probe_timeout_max_ms, self.probe_timeout_min_ms, 60_000),
            ("indirect_probes", self.indirect_probes, 0, 8),
            ("deaf_probes", self.deaf_probes, 1, 100),
            ("suspicion_min_ms", self.suspicion_min_ms, 10, 600_000),
            ("suspicion_min_rounds", self.suspicion_min_rounds, 1, 1_000),
            ("suspicion_max_factor", self.suspicion_max_factor, 1, 100),
            ("confirmations", self.confirmations, 0, 8),
            ("observers", self.observers, 1, 8),
            ("observer_timeout_ms", self.observer_timeout_ms, 10, 60_000),
            ("lambda", self.lambda, 1, 20),
            ("awareness_max", self.awareness_max, 0, 32),
            ("heal_interval_ms", self.heal_interval_ms, 100, 86_400_000),
            ("sync_interval_ms", self.sync_interval_ms, 100, 86_400_000),
            ("join_timeout_ms", self.join_timeout_ms, 1_000, 86_400_000),
            ("reap_ms", self.reap_ms, 1_000, 4_000_000_000),
            ("leave_rounds", self.leave_rounds, 1, 1_000),
            ("max_members", self.max_members, 1, 1 << 24),
            ("packet_bytes", self.packet_bytes, 512, 8_192),
        ];
        for (field, value, least, most) in ranges {
            if value < least || value > most {
                return Err(ConfigError::Range(field, least.into(), most.into()));
            }
        }
        Ok(())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::lan()
    }
}
