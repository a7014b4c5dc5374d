//! What is measured of one cluster.

use crate::cluster::{Cluster, Known};
use crate::library::Library;
use crate::options::Options;
use crate::space;
use crate::word::now;
use nix::sys::signal::Signal;
use std::sync::{Barrier, Mutex, PoisonError};
use std::time::Duration;

/// Before each crash: a random time in this range, longer than the rounds of all, so that crashes
/// fall on all phases of them.
const BETWEEN_MS: std::ops::Range<u64> = 1_000..3_000;

/// The figures of one library at one size.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Of which library.
    pub library: Library,
    /// Of how many nodes.
    pub nodes: usize,
    /// From the start of all at once until all knew all.
    pub start: Option<Duration>,
    /// The steady state.
    pub steady: Option<Steady>,
    /// The crashes.
    pub crashes: Vec<Known>,
    /// Live nodes that live ones gave up, since all knew all.
    pub false_views: usize,
    /// Why there is no more.
    pub trouble: Option<String>,
}

/// What a node takes while nothing happens.
#[derive(Clone, Copy, Debug)]
pub struct Steady {
    /// Packets of IP that it sends in a second.
    pub packets: f64,
    /// Their bytes with all headers from IP's on.
    pub bytes: f64,
    /// Microseconds of a processor in a second, with the kernel's part.
    pub processor_us: f64,
}

/// What the clusters that are measured side by side have in common: they start one after the other,
/// and go on when all have started.
pub struct Together {
    turn: Mutex<()>,
    all: Barrier,
}

impl Together {
    /// For so many clusters.
    pub fn new(clusters: usize) -> Self {
        Self { turn: Mutex::new(()), all: Barrier::new(clusters) }
    }
}

/// Measures a cluster, on a thread of its own, since that moves into a network of its own.
pub fn run(library: Library, nodes: usize, options: &Options, together: &Together) -> Figures {
    let mut figures = Figures {
        library,
        nodes,
        start: None,
        steady: None,
        crashes: Vec::new(),
        false_views: 0,
        trouble: None,
    };
    let started = {
        let _turn = together.turn.lock().unwrap_or_else(PoisonError::into_inner);
        space::enter().and_then(|()| Cluster::start(library, nodes))
    };
    // Also who could not start is counted here; the others wait for it.
    let tell = |text: &str| eprintln!("{nodes} nodes, {}: {text}", library.name());
    if let Ok((_, took)) = &started {
        tell(&format!("all know all after {:.2} s", took.as_secs_f64()));
    }
    together.all.wait();
    let ended = started.and_then(|(mut cluster, took)| {
        figures.start = Some(took);
        let ended = observe(&mut cluster, options, &mut figures, tell);
        figures.false_views = cluster.false_views();
        ended
    });
    if let Err(why) = ended {
        tell(&why);
        figures.trouble = Some(why);
    }
    figures
}

fn observe(
    cluster: &mut Cluster,
    options: &Options,
    figures: &mut Figures,
    tell: impl Fn(&str),
) -> Result<(), String> {
    cluster.idle(options.settle)?;
    figures.steady = Some(steady(cluster, options.measure)?);
    tell("the steady state is measured");
    let crashes = options.crashes(figures.nodes);
    let signal = if options.killed { Signal::SIGKILL } else { Signal::SIGSTOP };
    for crash in 1..=crashes {
        cluster.idle(Duration::from_millis(rand::random_range(BETWEEN_MS)))?;
        let known = cluster.crash(signal)?;
        tell(&format!(
            "crash {crash} of {crashes} known to the first after {:.2} s, to all after {:.2} s",
            known.first.as_secs_f64(),
            known.all.as_secs_f64()
        ));
        figures.crashes.push(known);
        // It goes on with fewer, since who is new is found dead later by some: until a quarter is
        // gone, then new ones come and get their time to settle.
        if crash < crashes && cluster.size() * 4 < figures.nodes * 3 {
            cluster.refill(figures.nodes)?;
            cluster.idle(options.settle)?;
        }
    }
    Ok(())
}

fn steady(cluster: &mut Cluster, measure: Duration) -> Result<Steady, String> {
    let nodes = cluster.size() as f64;
    let (began, traffic, processor) = (now(), space::traffic()?, cluster.processor_time()?);
    cluster.idle(measure)?;
    let (ended, traffic_after, processor_after) =
        (now(), space::traffic()?, cluster.processor_time()?);
    let seconds = (ended - began).as_secs_f64();
    let each = |total: u64| total as f64 / seconds / nodes;
    let processor = processor_after.saturating_sub(processor);
    Ok(Steady {
        packets: each(traffic_after.packets - traffic.packets),
        bytes: each(traffic_after.bytes - traffic.bytes),
        processor_us: processor.as_secs_f64() * 1e6 / seconds / nodes,
    })
}
