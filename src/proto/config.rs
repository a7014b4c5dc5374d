//! The configuration of a core, and the table of its constants: unit, range, defaults, meaning.

use super::ConfigError;

/// How the messages of a core travel, which decides what they can contain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Carrier {
    /// Structs that a program carries (the v1 ABI), or text of the old form made of them; packets
    /// with members from which packets came.
    #[default]
    Structs,
    /// Packets alone: nonces, digests and the owner's interval travel too.
    Packets,
}

/// What the value of a constant counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Unit {
    /// Thousandths of a second.
    Milliseconds,
    /// Protocol rounds.
    Rounds,
    /// Bytes of a packet.
    Bytes,
    /// Members, messages or points.
    Count,
    /// A multiplier of another value.
    Factor,
}

/// One constant of the protocol: a number in [`Config`]. [`CONSTANTS`] lists all of them.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Constant {
    /// The field of [`Config`]; C and Python use the same name.
    pub name: &'static str,
    /// What the value counts.
    pub unit: Unit,
    /// The lowest value that is accepted.
    pub lowest: u32,
    /// The highest value that is accepted.
    pub highest: u32,
    /// The meaning.
    pub doc: &'static str,
    /// Reads the value in a configuration.
    pub get: fn(&Config) -> u32,
    /// Sets the value in a configuration, unchecked.
    pub set: fn(&mut Config, u32),
}

/// Declares [`Config`], [`CONSTANTS`], the range check and the profiles from one row per constant.
macro_rules! constants {
    ($(
        $name:ident: $unit:ident, $lowest:literal..=$highest:literal,
        [$lan:literal, $own_loop:literal, $wan:literal, $local:literal, $quiet:literal],
        $doc:literal;
    )*) => {
        /// The constants of the protocol; every field has a range that [`super::Core::new`] checks.
        ///
        /// Times are in milliseconds. A time that must cover some rounds is stretched when rounds
        /// are slower than the field assumes, so one set of constants serves rounds of 10 ms and
        /// of 1 s. The defaults are those of [`Config::lan`].
        #[derive(Clone, PartialEq, Eq, Debug)]
        #[non_exhaustive]
        pub struct Config {
            /// How the messages travel. Default: structs.
            pub carrier: Carrier,
            $(
                #[doc = concat!(
                    $doc, "\n\n", stringify!($unit), ", ", stringify!($lowest), " to ",
                    stringify!($highest), ", default ", stringify!($lan), "."
                )]
                pub $name: u32,
            )*
            /// The hash of the cluster's name (`wire::binary::cluster_hash`). Packets of another
            /// cluster are refused. Default 0: no name.
            pub cluster: u32,
            /// Whether the driver has connections beside datagrams, as a fallback. Default `false`.
            pub has_streams: bool,
        }

        /// All constants of the protocol, in the order of the fields of [`Config`].
        pub const CONSTANTS: &[Constant] = &[$(Constant {
            name: stringify!($name),
            unit: Unit::$unit,
            lowest: $lowest,
            highest: $highest,
            doc: $doc,
            get: |config| config.$name,
            set: |config, value| config.$name = value,
        },)*];

        /// Name, lowest and highest value: the part of [`CONSTANTS`] that is linked into a program
        /// that only makes cores.
        const RANGES: [(&str, u32, u32); CONSTANTS.len()] =
            [$((stringify!($name), $lowest, $highest)),*];

        impl Config {
            /// The values of the constants, in the order of the table.
            const fn values(&self) -> [u32; CONSTANTS.len()] {
                [$(self.$name),*]
            }

            /// The configuration of a profile, given by its column in the table.
            const fn profile(column: usize) -> Self {
                Self {
                    carrier: Carrier::Structs,
                    $($name: [$lan, $own_loop, $wan, $local, $quiet][column],)*
                    cluster: 0,
                    has_streams: false,
                }
            }
        }
    };
}

// Each row: name, unit, range, the defaults of lan, own_loop, wan, local and quiet; the meaning.
constants! {
    round_interval_ms: Milliseconds, 10..=60_000, [100, 100, 500, 50, 1_000],
    "Time between rounds for a driver with timers, and the assumed pace until rounds were seen. \
     Higher: less traffic, slower detection.";
    gossip_interval_ms: Milliseconds, 0..=60_000, [0, 0, 200, 0, 200],
    "Time between gossips of news between rounds (P-7a); 0 for no such gossip.";
    gossip_nodes: Count, 1..=64, [3, 3, 3, 3, 1],
    "Pings per round (P-6), and receivers of a gossip.";
    sync_nodes: Count, 0..=64, [2, 2, 2, 2, 2],
    "Random members reported to struct callers and old peers in each message (P-7).";
    max_entries: Count, 4..=256, [32, 32, 32, 32, 32],
    "Maximum number of entries in a message to send (P-7).";
    probe_timeout_min_ms: Milliseconds, 10..=60_000, [100, 200, 500, 100, 200],
    "Minimum time before a probe asks helpers, whatever the round trips are (P-8).";
    probe_timeout_max_ms: Milliseconds, 10..=60_000, [1_000, 1_000, 3_000, 500, 1_000],
    "Maximum time before a probe asks helpers at awareness 0 (P-8). At least \
     `probe_timeout_min_ms`.";
    indirect_probes: Count, 0..=8, [3, 3, 3, 3, 3],
    "Members asked to probe when a probe is late (SWIM 3.1).";
    deaf_probes: Count, 1..=100, [3, 3, 3, 3, 3],
    "Unanswered probes after which other signs of life no longer postpone a suspicion (P-8).";
    suspicion_min_ms: Milliseconds, 10..=600_000, [300, 1_000, 4_000, 500, 1_200],
    "Shortest suspicion (P-9). Higher: slower detection, fewer false failures.";
    suspicion_min_rounds: Rounds, 1..=1_000, [2, 2, 2, 2, 1],
    "Shortest suspicion in rounds of the slower one of this node and the suspect (P-9).";
    suspicion_max_factor: Factor, 1..=100, [20, 6, 6, 6, 6],
    "Longest suspicion as a multiple of `suspicion_min_ms` (Lifeguard's beta, P-9). The longest \
     suspicion is at least four times the shortest.";
    confirmations: Count, 0..=8, [3, 3, 3, 3, 3],
    "Confirmations that shorten a suspicion to its minimum (Lifeguard's k, P-9).";
    observers: Count, 1..=8, [3, 3, 3, 3, 3],
    "Members that watch a suspect (P-9a).";
    observer_timeout_ms: Milliseconds, 10..=60_000, [100, 300, 1_000, 150, 200],
    "Time that an observer gives a suspect to answer (P-9a).";
    lambda: Factor, 1..=20, [6, 6, 6, 6, 6],
    "A claim is sent `ceil(lambda * log10(n + 2))` times among `n` others; `n` counts as 64 if it \
     is lower (P-7).";
    awareness_max: Count, 0..=32, [4, 4, 4, 4, 4],
    "Highest awareness score (Lifeguard's S, P-10).";
    heal_interval_ms: Milliseconds, 100..=86_400_000, [30_000, 30_000, 30_000, 30_000, 30_000],
    "Time in which the cluster tries each failed member once (P-11).";
    sync_interval_ms: Milliseconds, 100..=86_400_000, [10_000, 10_000, 10_000, 10_000, 10_000],
    "Time between digests (P-12).";
    join_timeout_ms: Milliseconds, 1_000..=86_400_000, [60_000, 60_000, 60_000, 60_000, 60_000],
    "Time after which a node that was met and never answered is dropped (P-13).";
    reap_ms: Milliseconds, 1_000..=4_000_000_000,
    [86_400_000, 86_400_000, 86_400_000, 86_400_000, 86_400_000],
    "Lifetime of a tombstone (P-5). The default is 24 hours.";
    leave_rounds: Rounds, 1..=1_000, [10, 10, 10, 10, 10],
    "Rounds in which a leave is repeated (P-14).";
    max_members: Count, 1..=16_777_216, [1_000_000, 1_000_000, 1_000_000, 1_000_000, 1_000_000],
    "Maximum number of members, including tombstones (P-15).";
    packet_bytes: Bytes, 512..=8_192, [1_400, 1_400, 1_400, 1_400, 1_400],
    "Maximum size of a packet (P-7). The default is an Ethernet frame without its headers, with \
     some room for tunnels.";
}

impl Config {
    /// For one data centre; the default. Its timeouts are short, for members with a thread of their
    /// own that nothing blocks. A member that stands still for more than 0.6 s is declared failed,
    /// until the others know that it does so (P-9b).
    #[must_use]
    pub const fn lan() -> Self {
        const { Self::profile(0) }
    }

    /// `lan` for programs that call `tick` in a loop of their own, which stops whenever other work
    /// in the loop takes long. Its timeouts tolerate a pause of a second. The C functions of
    /// version 1 use it.
    #[must_use]
    pub const fn own_loop() -> Self {
        const { Self::profile(1) }
    }

    /// For members far apart: slower rounds, longer timeouts.
    #[must_use]
    pub const fn wan() -> Self {
        const { Self::profile(2) }
    }

    /// For members on one machine.
    #[must_use]
    pub const fn local() -> Self {
        const { Self::profile(3) }
    }

    /// Two packets per second and member: one ping per second, news every 200 ms.
    #[must_use]
    pub const fn quiet() -> Self {
        const { Self::profile(4) }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.carrier == Carrier::Packets && !cfg!(feature = "packets") {
            return Err(ConfigError::Carrier);
        }
        for ((name, lowest, highest), value) in RANGES.into_iter().zip(self.values()) {
            // The one relation between constants.
            let lowest = match name {
                "probe_timeout_max_ms" => self.probe_timeout_min_ms,
                _ => lowest,
            };
            if value < lowest || value > highest {
                return Err(ConfigError::Range(name, lowest.into(), highest.into()));
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
