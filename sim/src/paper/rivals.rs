//! Who takes part in an experiment, and what is asked of each.

use super::stress::{Stress, Tally};
use crate::cluster::{MS, SECOND};
use crate::options::{Options, Resume, Stall};
use crate::peer::Peer;
use crate::reference::{Constants, Reference};
use crate::report::detection;
use crate::world::World;
use gossip::proto::{Config, Core};
use gossip::types::NodeStatus;
use std::time::{Duration, Instant};

/// A protocol with its constants.
#[derive(Clone, Copy)]
pub struct Rival {
    /// What it is called in tables.
    pub name: &'static str,
    /// Its options for a seed and a size.
    pub options: fn(u64, usize) -> Options,
    /// Lifeguard's experiment.
    pub stress: fn(Options, Stress) -> Tally,
    /// First and last detection of so many crashes, in seconds.
    pub detect: fn(Options, usize) -> Vec<(f64, f64)>,
    /// What it does for a while in a network with this loss.
    pub idle: fn(Options, f64, u64) -> Idle,
    /// Seconds until all is whole again after halves were cut off for so long, of 300 at the most.
    pub heal: fn(Options, u64) -> Option<f64>,
}

impl Rival {
    const fn new<P: Peer>(name: &'static str, options: fn(u64, usize) -> Options) -> Self {
        let (stress, detect) = (stress::<P>, detect::<P>);
        Self { name, options, stress, detect, idle: idle::<P>, heal: heal::<P> }
    }

    const fn core(name: &'static str, options: fn(u64, usize) -> Options) -> Self {
        Self::new::<Core>(name, options)
    }

    const fn reference(name: &'static str, options: fn(u64, usize) -> Options) -> Self {
        Self::new::<Reference>(name, options)
    }

    /// foca with its constants for a local network.
    #[cfg(feature = "foca")]
    pub const FOCA: Self = Self::new::<crate::foca_peer::FocaPeer>("foca", |seed, n| {
        Options::reference(seed, n, Constants::LAN)
    });
    /// Our default profile.
    pub const LAN: Self = Self::core("lan", |seed, n| Options::profile(seed, n, Config::lan()));
    /// The same with a round each second, as often as SWIM probes.
    pub const SLOW_LAN: Self = Self::core("lan, 1 s", |seed, n| {
        let lan = Options::profile(seed, n, Config::lan());
        Options { interval: SECOND, slowest: SECOND, ..lan }
    });
    /// With the time-outs for programs whose own loop may stand still.
    pub const LOOP: Self =
        Self::core("loop", |seed, n| Options::profile(seed, n, Config::own_loop()));
    /// Two packets a second.
    pub const QUIET: Self =
        Self::core("quiet", |seed, n| Options::profile(seed, n, Config::quiet()));
    /// Plain SWIM with suspicion, alpha 5.
    pub const SWIM: Self =
        Self::reference("SWIM", |seed, n| Options::reference(seed, n, Constants::SWIM));
    /// Plain SWIM that probes as often as `lan` does.
    pub const FAST_SWIM: Self = Self::reference("SWIM, 100 ms", |seed, n| {
        let constants = Constants {
            probe_interval: 100 * MS,
            probe_timeout: 50 * MS,
            gossip_interval: 20 * MS,
            ..Constants::SWIM
        };
        Options::reference(seed, n, constants)
    });
    /// Lifeguard's local health alone.
    pub const HEALTH: Self = Self::reference("LHA probe", |seed, n| {
        Options::reference(seed, n, Constants { health: true, ..Constants::SWIM })
    });
    /// Its suspicion time-outs alone.
    pub const SUSPICION: Self = Self::reference("LHA suspicion", |seed, n| {
        Options::reference(seed, n, Constants { confirmations: true, ..Constants::SWIM })
    });
    /// Its notice to the suspect alone.
    pub const BUDDY: Self = Self::reference("buddy", |seed, n| {
        Options::reference(seed, n, Constants { buddy: true, ..Constants::SWIM })
    });
    /// All of Lifeguard at alpha 5, beta 6.
    pub const LIFEGUARD: Self = Self::reference("Lifeguard 5, 6", |seed, n| {
        Options::reference(seed, n, Constants { alpha: 5.0, ..Constants::LAN })
    });
    /// All of Lifeguard at alpha 4, beta 6: memberlist's own constants.
    pub const MEMBERLIST: Self = Self::reference("Lifeguard 4, 6 (memberlist)", |seed, n| {
        Options::reference(seed, n, Constants::LAN)
    });
}

/// What a socket's buffer of 208 KiB, the usual one of Linux, holds of small datagrams.
const SOCKET: usize = 256;

fn stress<P: Peer>(mut options: Options, case: Stress) -> Tally {
    options.inbox = Some(SOCKET);
    let mut world = World::<P>::formed(options);
    let slow = world.rng.sample(world.nodes.len(), case.count);
    let (from, sent) = (world.now, (world.counts.messages, world.counts.bytes));
    let stall = Stall {
        length: case.length,
        period: case.length + case.pause,
        resume: Resume::Tick,
        burst: false,
        reader_runs: false,
        messages_only: P::BLOCKS,
    };
    slow.iter().for_each(|index| world.stall(*index, stall));
    world.run(case.time);
    let mut tally = Tally {
        messages: world.counts.messages - sent.0,
        bytes: world.counts.bytes - sent.1,
        ..Tally::default()
    };
    let log = &world.views.log;
    for change in log.iter().filter(|change| change.at >= from && change.new.is_gone()) {
        if !slow.contains(&change.subject) {
            tally.wrong += 1;
            tally.wrong_at_healthy += u64::from(!slow.contains(&change.observer));
        }
    }
    tally
}

fn detect<P: Peer>(options: Options, crashes: usize) -> Vec<(f64, f64)> {
    let mut world = World::<P>::formed(options);
    let mut found = Vec::new();
    for victim in world.rng.sample(world.nodes.len(), crashes) {
        let wait = world.rng.range(0, 2 * SECOND);
        world.run(wait);
        world.stop(victim);
        let stopped = world.now;
        let known = world.run_until(300 * SECOND, |world| world.all_gone(victim));
        let times = detection(&world.views.log, victim, stopped).filter(|_| known.is_some());
        let (first, last) = times.unwrap_or((300 * SECOND, 300 * SECOND));
        found.push((first as f64 / 1e6, last as f64 / 1e6));
    }
    found
}

/// What a cluster did in a while.
#[derive(Clone, Copy, Debug, Default)]
pub struct Idle {
    /// Messages a node and second.
    pub messages: f64,
    /// Bytes of them.
    pub bytes: f64,
    /// How often a live node was called failed by another.
    pub wrong: u64,
    /// How often one was suspected.
    pub suspected: u64,
    /// The most messages and bytes that one node sent, a second.
    pub busiest: (f64, f64),
    /// The most news that waited at a node, looked at each second.
    pub news: usize,
    /// The most packets that waited at a node's link, where links are bounded.
    pub queue: usize,
}

/// Says now and then, on standard error, how far a long run is.
#[derive(Debug)]
struct Progress(Instant);

impl Default for Progress {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Progress {
    const PAUSE: Duration = Duration::from_secs(20);

    /// Shows the text, if it is time.
    fn show(&mut self, text: impl FnOnce() -> String) {
        if self.0.elapsed() >= Self::PAUSE {
            self.0 = Instant::now();
            eprintln!("{}", text());
        }
    }
}

fn idle<P: Peer>(options: Options, loss: f64, time: u64) -> Idle {
    let nodes = options.nodes;
    let mut world = World::<P>::formed(options);
    world.net.loss = loss;
    world.net.forget_queues();
    world.views.log.clear();
    let before: Vec<(u64, u64)> = world.nodes.iter().map(|node| node.sent).collect();
    let mut idle = Idle::default();
    let mut progress = Progress::default();
    for second in 0..time.div_ceil(SECOND) {
        world.run(SECOND.min(time - second * SECOND));
        for change in world.views.log.drain(..).filter(|change| change.alive) {
            idle.wrong += u64::from(change.new.is_gone());
            idle.suspected += u64::from(change.new == NodeStatus::Suspect);
        }
        idle.news = idle.news.max(world.longest_news());
        progress.show(|| {
            let (wrong, all) = (idle.wrong, time / SECOND);
            format!("{nodes} nodes, {loss} lost: {second} of {all} s, {wrong} false failures")
        });
    }
    for (node, before) in world.nodes.iter().zip(before) {
        let rate = |now: u64, then: u64| (now - then) as f64 * 1e6 / time.max(1) as f64;
        let (messages, bytes) = (rate(node.sent.0, before.0), rate(node.sent.1, before.1));
        idle.messages += messages / nodes as f64;
        idle.bytes += bytes / nodes as f64;
        idle.busiest = (idle.busiest.0.max(messages), idle.busiest.1.max(bytes));
    }
    idle.queue = world.net.longest_queue();
    idle
}

fn heal<P: Peer>(options: Options, time: u64) -> Option<f64> {
    let mut world = World::<P>::formed(options);
    let nodes = world.nodes.len();
    let side = world.rng.sample(nodes, nodes / 2);
    world.net.partition(|node| u32::from(side.contains(&node)));
    world.run(time);
    world.net.heal();
    world.run_until(300 * SECOND, World::all_online).map(|took| took as f64 / 1e6)
}
