//! What a cluster of nodes that run themselves costs, and how soon it sees a crash: many nodes in
//! this process, on loopback, each with its sockets and its threads as in a process of its own.
//!
//! A quiet cluster is measured in its steady state: datagrams and their bytes (without the headers
//! of IP and UDP) that each node sends in a second, and the time that each takes of a processor. In
//! one for a data centre a node is dropped without a leave again and again, and the time is taken
//! until all others list it as failed; it is then started anew.

use gossip::net::{Datagrams, Node, NodeConfig, NodeError, Serializer};
use gossip::proto::Config;
use gossip::types::{NodeId, NodeStatus};
use std::fmt::Display;
use std::process::ExitCode;
use std::time::{Duration, Instant};

const USAGE: &str = "\
usage: node [--smoke] [--check] [--binary] [--nodes <n>] [--settle <n>] [--seconds <n>]
            [--crashes <n>] [quiet|lan]

  --smoke     a few nodes for a moment, to see that it runs
  --check     ends with an error if a figure is beyond its bound
  --binary    nodes that write packets from their first word on, not text to strangers
  --nodes     how many nodes; 100
  --settle    seconds between the forming of a quiet cluster and the measurement; 30
  --seconds   how long the steady state is measured; 60
  --crashes   how many crashes; 30";

/// Bounds of the steady state for each node: datagrams a second, to one decimal, and bytes a second.
const MOST_DATAGRAMS: f64 = 2.05;
const MOST_BYTES: f64 = 150.0;
/// The bound of the median crash.
const MOST_CRASH: Duration = Duration::from_millis(2500);
/// Until then a cluster has formed, or seen a crash.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone, Copy)]
struct Effort {
    binary: bool,
    nodes: usize,
    settle: Duration,
    measure: Duration,
    crashes: usize,
}

const USUAL: Effort = Effort {
    binary: false,
    nodes: 100,
    // News of the forming are told for some seconds still.
    settle: Duration::from_secs(30),
    measure: Duration::from_secs(60),
    crashes: 30,
};
const SMOKE: Effort = Effort {
    binary: false,
    nodes: 5,
    settle: Duration::from_millis(500),
    measure: Duration::from_millis(500),
    crashes: 1,
};

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> Result<bool, String> {
    let (mut effort, mut check, mut which) = (USUAL, false, None);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let number = arguments.next().and_then(|text| text.parse::<usize>().ok());
            number.ok_or(format!("{argument} takes a number\n{USAGE}"))
        };
        match argument.as_str() {
            "--smoke" => effort = SMOKE,
            "--check" => check = true,
            "--binary" => effort.binary = true,
            "--nodes" => effort.nodes = number()?.max(2),
            "--settle" => effort.settle = Duration::from_secs(number()? as u64),
            "--seconds" => effort.measure = Duration::from_secs(number()? as u64),
            "--crashes" => effort.crashes = number()?,
            "quiet" | "lan" if which.is_none() => which = Some(argument),
            _ => return Err(USAGE.into()),
        }
    }
    let wanted = |name: &str| which.as_deref().is_none_or(|which| which == name);
    let mut is_good = true;
    if wanted("quiet") {
        is_good &= steady(effort)?;
    }
    if wanted("lan") {
        is_good &= crashes(effort)?;
    }
    Ok(is_good || !check)
}

fn node(effort: Effort, profile: &Config, id: u8) -> Result<Node, NodeError> {
    let mut config = NodeConfig::default();
    config.id = NodeId::new([id; 16]);
    config.bind_host = "127.0.0.1".into();
    config.protocol = profile.clone();
    if effort.binary {
        config.serializer = Serializer::Binary;
    }
    let node = Node::new(config, None)?;
    node.start()?;
    Ok(node)
}

/// So many nodes that all see all.
fn cluster(effort: Effort, profile: &Config) -> Result<Vec<Node>, String> {
    let ids = 1..=u8::try_from(effort.nodes).map_err(|_| "at most 255 nodes")?;
    let nodes: Result<Vec<Node>, NodeError> = ids.map(|id| node(effort, profile, id)).collect();
    let nodes = nodes.map_err(text)?;
    let began = Instant::now();
    let seed = format!("127.0.0.1:{}", nodes[0].port());
    for node in &nodes[1..] {
        node.join(&[&seed], Duration::ZERO).map_err(text)?;
    }
    wait_for("all see all", || {
        Ok(nodes.iter().map(|node| count(node, NodeStatus::Online)).sum::<usize>()
            == nodes.len() * (nodes.len() - 1))
    })?;
    println!("{} nodes see each other after {:.2} s", nodes.len(), began.elapsed().as_secs_f64());
    Ok(nodes)
}

fn count(node: &Node, status: NodeStatus) -> usize {
    let count = node.look(|look| look.members().filter(|member| member.status == status).count());
    count.ok().flatten().unwrap_or(0)
}

fn wait_for(what: &str, done: impl Fn() -> Result<bool, String>) -> Result<Duration, String> {
    let began = Instant::now();
    while !done()? {
        if began.elapsed() > PATIENCE {
            return Err(format!("not within {PATIENCE:?}: {what}"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(began.elapsed())
}

/// A quiet cluster in which nothing happens.
fn steady(effort: Effort) -> Result<bool, String> {
    println!("steady state of the profile `quiet`");
    let nodes = cluster(effort, &Config::quiet())?;
    std::thread::sleep(effort.settle);
    let before = (traffic(&nodes)?, processor_time());
    let kinds = by_kind(&nodes)?;
    let began = Instant::now();
    std::thread::sleep(effort.measure);
    let seconds = began.elapsed().as_secs_f64();
    let after = (traffic(&nodes)?, processor_time());
    let each = |total: u64| total as f64 / seconds / nodes.len() as f64;
    let datagrams = each(after.0.sent - before.0.sent);
    let bytes = each(after.0.bytes_sent - before.0.bytes_sent);
    let cpu = (after.1 - before.1).as_secs_f64() / seconds / nodes.len() as f64;
    println!("  {datagrams:.2} datagrams a second and node; the bound is 2.0 to one decimal");
    println!("  {bytes:.0} bytes a second and node; the bound is {MOST_BYTES:.0}");
    println!("  {:.3} % of a processor for each node", cpu * 100.0);
    for ((name, after), before) in KINDS.iter().zip(by_kind(&nodes)?).zip(kinds) {
        let (messages, bytes) = (after.0 - before.0, after.1 - before.1);
        if messages > 0 {
            let of = bytes as f64 / messages as f64;
            println!("    {:6.2} {name} a second and node, of {of:.0} bytes", each(messages));
        }
    }
    let online: usize = nodes.iter().map(|node| count(node, NodeStatus::Online)).sum();
    let false_views = nodes.len() * (nodes.len() - 1) - online;
    println!("  {false_views} views that are not `online`");
    let (most, all) = news(&nodes)?;
    println!("  {all} claims that still wait to be told, of one node {most} at the most");
    Ok(datagrams < MOST_DATAGRAMS && bytes <= MOST_BYTES && false_views == 0)
}

/// The claims that wait to be told: the most of one node, and of all together.
fn news(nodes: &[Node]) -> Result<(usize, usize), String> {
    let (mut most, mut all) = (0, 0);
    for node in nodes {
        let news = node.stats().map_err(text)?.queues.news;
        (most, all) = (most.max(news), all + news);
    }
    Ok((most, all))
}

fn traffic(nodes: &[Node]) -> Result<Datagrams, String> {
    let mut all = Datagrams::default();
    for node in nodes {
        let one = node.stats().map_err(text)?.datagrams;
        all.sent += one.sent;
        all.bytes_sent += one.bytes_sent;
    }
    Ok(all)
}

/// The kinds of messages.
const KINDS: [&str; 11] = [
    "pings",
    "pongs",
    "meets",
    "joins",
    "leaves",
    "updates",
    "ping-reqs",
    "nacks",
    "digests",
    "requests",
    "messages over connections",
];

/// Messages of each kind that all have sent, and their bytes.
fn by_kind(nodes: &[Node]) -> Result<[(u64, u64); KINDS.len()], String> {
    let mut all = [(0, 0); KINDS.len()];
    for node in nodes {
        let stats = node.stats().map_err(text)?;
        for (sum, one) in all.iter_mut().zip(stats.core.sent) {
            *sum = (sum.0 + one.messages, sum.1 + one.bytes);
        }
        all[KINDS.len() - 1].0 += stats.streams.sent;
    }
    Ok(all)
}

/// The time that this process took of all processors so far.
fn processor_time() -> Duration {
    let clock = nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID;
    nix::time::clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// Crashes in a cluster for a data centre.
fn crashes(effort: Effort) -> Result<bool, String> {
    println!("crashes in the profile `lan`");
    let profile = Config::lan();
    let mut nodes = cluster(effort, &profile)?;
    std::thread::sleep(effort.settle / 10);
    let before = processor_time();
    let began = Instant::now();
    let mut times = Vec::new();
    let mut back = Vec::new();
    for crash in 0..effort.crashes {
        // Never the first one, which the others join again.
        let place = 1 + crash * 37 % (nodes.len() - 1);
        let gone = nodes.swap_remove(place);
        let id = gone.id();
        drop(gone);
        let known =
            wait_for("the crash is known to all", || Ok(all_hold(&nodes, &id, NodeStatus::Failed)));
        times.push(known.map_err(|error| format!("{error}; {}", others(&nodes, &id)))?);
        let again = node(effort, &profile, id.as_bytes()[0]).map_err(text)?;
        let seed = format!("127.0.0.1:{}", nodes[0].port());
        again.join(&[&seed], Duration::from_secs(10)).map_err(text)?;
        back.push(wait_for("it is back", || Ok(all_hold(&nodes, &id, NodeStatus::Online)))?);
        // Who dies before it is known here is never listed here.
        wait_for("it sees all", || Ok(count(&again, NodeStatus::Online) == nodes.len()))?;
        nodes.push(again);
    }
    let cpu = (processor_time() - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let median = spread("failed at all", &mut times);
    println!("  the bound of the median is {:.2} s", MOST_CRASH.as_secs_f64());
    spread("back at all", &mut back);
    println!("  {:.2} % of a processor for each node meanwhile", cpu * 100.0 / nodes.len() as f64);
    Ok(median <= MOST_CRASH)
}

fn all_hold(nodes: &[Node], id: &NodeId, status: NodeStatus) -> bool {
    let holds = |node: &Node| {
        let held = node.look(|look| look.core.find(id).map(|found| found.status));
        held.ok().flatten().flatten() == Some(status)
    };
    nodes.iter().all(holds)
}

/// What those hold of a node who do not hold it as failed.
fn others(nodes: &[Node], id: &NodeId) -> String {
    let held = |node: &Node| {
        let held = node.look(|look| {
            let status = look.core.find(id).map(|found| found.status);
            (status, look.core.peer(id))
        });
        format!("{}: {:?}", node.id(), held)
    };
    let all: Vec<String> = nodes.iter().map(held).filter(|held| !held.contains("Failed")).collect();
    all.join("\n")
}

/// Prints the median and the extremes; gives the median.
fn spread(what: &str, times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    let median = at(times.len() / 2);
    let [least, middle, most] =
        [at(0), median, at(times.len().saturating_sub(1))].map(|time| time.as_secs_f64());
    println!(
        "  {what} after {middle:.2} s in the median of {} ({least:.2} to {most:.2})",
        times.len()
    );
    median
}

fn text(error: impl Display) -> String {
    error.to_string()
}
