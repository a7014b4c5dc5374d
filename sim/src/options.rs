//! What a run can vary.

use crate::reference::Constants;
use gossip::proto::{Config, Rule};

/// How messages travel, which decides what survives the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    /// A program carries C structs: no nonce, no interval, no metadata, left shown as failed.
    Struct,
    /// Our own packets: all of a message, and the address it came from.
    Packet,
}

/// Who decides when a core works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drive {
    /// A loop calls `round` at the node's own interval.
    Ticks,
    /// A driver calls `handle_timeout` when `poll_timeout` says so, and reads at once.
    Timers,
    /// The test calls [`crate::world::World::step_all`]; no time passes by itself.
    Manual,
}

/// When a node with a loop reads what has arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Read {
    /// A reader thread hands each message over as it arrives.
    OnArrival,
    /// The loop reads all, then ticks.
    BeforeTick,
    /// The loop ticks, then reads all.
    AfterTick,
}

/// How the program that carries the messages finds the receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// By the target's id where some node has it, else by its address.
    Id,
    /// By the target's address alone.
    Address,
}

/// What no honest call may exceed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries in one message.
    pub entries: usize,
    /// Bytes in one packet.
    pub bytes: usize,
    /// Messages and events that one call on a core may give.
    pub outputs: usize,
    /// Wake-ups in a row without time passing.
    pub wakeups: u32,
}

/// How much the checkers look at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Checks {
    /// Every event, every message, and the list of a node after each of its rounds.
    Full,
    /// Every event's statuses alone: one byte for each pair of nodes.
    Statuses,
}

/// One run. Times are microseconds.
#[derive(Clone, Debug)]
pub struct Options {
    /// All randomness comes from this.
    pub seed: u64,
    /// Number of nodes; each runs from the start.
    pub nodes: usize,
    /// How messages travel.
    pub carrier: Carrier,
    /// Who decides when a core works.
    pub drive: Drive,
    /// How receivers are found.
    pub route: Route,
    /// When nodes read; `None` draws it for each node.
    pub read: Option<Read>,
    /// Time between two ticks, or the configured round interval with [`Drive::Timers`].
    pub interval: u64,
    /// The longest interval that a node may draw; the shortest is `interval`.
    pub slowest: u64,
    /// Each wait between ticks is this much shorter or longer at most.
    pub jitter: u64,
    /// Shortest and longest way of a message.
    pub delay: (u64, u64),
    /// Share of messages that vanish, 0 to 1.
    pub loss: f64,
    /// Share of messages that arrive twice, 0 to 1.
    pub duplicate: f64,
    /// Messages that wait for a node; what comes beyond is dropped. `None` is no bound.
    pub inbox: Option<usize>,
    /// How late a timer may wake its node.
    pub late: u64,
    /// This share of the messages takes up to this much longer, so that later ones overtake it.
    pub tail: (f64, u64),
    /// What each node can send and receive in a second, in bits; `None` is no bound.
    pub bandwidth: Option<u64>,
    /// With a bandwidth: packets that wait at a node's side of its link; what comes beyond is lost.
    pub queue: usize,
    /// How many millionths a node's clock may run fast or slow.
    pub skew: u32,
    /// How much is checked.
    pub checks: Checks,
    /// The constants of the cores; the interval above goes before its round interval.
    pub config: Config,
    /// A rule of the cores that is switched off.
    pub off: Option<Rule>,
    /// Whether the cores recount their invariants; a run that measures large groups does not.
    pub audit: bool,
    /// Those of [`crate::reference::Reference`].
    pub reference: Constants,
    /// What it takes a program of another protocol to read a message, in microseconds, after its
    /// messages were blocked. The paper does not tell it; see [`crate::paper::baseline`].
    pub reading: u64,
    /// What no call may exceed.
    pub limits: Limits,
}

impl Options {
    /// A quiet local network: ticks, structs, 1 to 3 ms a way, everything else off.
    pub fn new(seed: u64, nodes: usize, interval: u64) -> Self {
        Self {
            seed,
            nodes,
            carrier: Carrier::Struct,
            drive: Drive::Ticks,
            route: Route::Address,
            read: None,
            interval,
            slowest: interval,
            jitter: interval / 20,
            delay: (1_000, 3_000),
            loss: 0.0,
            duplicate: 0.0,
            inbox: None,
            late: 1_000,
            tail: (0.0, 0),
            bandwidth: None,
            queue: 1_000,
            skew: 0,
            checks: Checks::Full,
            config: Config::own_loop(),
            off: None,
            audit: true,
            reference: Constants::LAN,
            reading: 22,
            limits: Limits { entries: 1024, bytes: 1400, outputs: 4096, wakeups: 64 },
        }
    }

    /// A real core's own profile: packets, its timers, half a millisecond to a millisecond and a half
    /// a way.
    pub fn profile(seed: u64, nodes: usize, config: Config) -> Self {
        let interval = u64::from(config.round_interval_ms) * 1000;
        Self {
            config,
            delay: (500, 1_500),
            checks: Checks::Statuses,
            audit: false,
            ..Self::new(seed, nodes, interval)
        }
        .in_packets()
    }

    /// For [`crate::reference::Reference`]: its clock, the same network as [`Options::profile`]. Whole
    /// lists go over connections there, so that a message of them may be long.
    pub fn reference(seed: u64, nodes: usize, constants: Constants) -> Self {
        let mut options = Self::profile(seed, nodes, Config::quiet());
        options.reference = constants;
        options.limits.bytes = usize::MAX;
        options
    }

    /// The same run as the environment asks for: `GOSSIP_SIM_CARRIER=packet` turns a run with ticks
    /// and structs into one with packets and timers. A run by hand stays what it is.
    #[must_use]
    pub fn carried(mut self) -> Self {
        let packets = std::env::var("GOSSIP_SIM_CARRIER").is_ok_and(|value| value == "packet");
        if packets && self.drive == Drive::Ticks {
            self = self.packets();
        }
        self
    }

    /// As a member with a thread of its own: packets, the core's own timers, the constants of `lan`.
    #[must_use]
    pub fn packets(self) -> Self {
        Self { config: Config::lan(), ..self }.in_packets()
    }

    fn in_packets(mut self) -> Self {
        self.carrier = Carrier::Packet;
        self.drive = Drive::Timers;
        self.route = Route::Address;
        self.read = Some(Read::OnArrival);
        self
    }
}

/// How a node stalls: nothing of it runs, messages wait.
#[derive(Clone, Copy, Debug)]
pub struct Stall {
    /// How long.
    pub length: u64,
    /// From the start of one to the start of the next; 0 for once.
    pub period: u64,
    /// What the node does first when it goes on.
    pub resume: Resume,
    /// Whether it makes up for the ticks it missed, all at once.
    pub burst: bool,
    /// Whether a reader thread goes on while the loop stands still.
    pub reader_runs: bool,
    /// Whether messages alone stand still, in and out, and timers go on.
    pub messages_only: bool,
}

/// What a stalled node does first when it goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resume {
    /// It reads what waits, then ticks.
    Read,
    /// It ticks, then reads.
    Tick,
}
