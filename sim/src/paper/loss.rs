//! Loss of everybody's messages: false positives, what it costs, and how that grows with the group.

use super::Effort;
use super::rivals::{Idle, Rival};
use crate::cluster::SECOND;
use crate::table::Table;

const RIVALS: [Rival; 4] = [Rival::MEMBERLIST, Rival::QUIET, Rival::LAN, Rival::LOOP];

/// 100 Mbit/s in and out, so that packets wait at the links.
const BANDWIDTH: u64 = 100_000_000;

/// One protocol in groups of one size at one loss.
struct Setting {
    rival: Rival,
    nodes: usize,
    percent: usize,
    seconds: u64,
}

impl Setting {
    fn run(&self, seed: u64) -> Idle {
        let mut options = (self.rival.options)(seed, self.nodes);
        options.bandwidth = Some(BANDWIDTH);
        let idle = (self.rival.idle)(options, self.percent as f64 / 100.0, self.seconds * SECOND);
        let Self { rival, nodes, percent, .. } = self;
        eprintln!("{} of {nodes} at {percent} %, seed {seed}: {idle:?}", rival.name);
        idle
    }
}

/// What all seeds of a case have seen.
fn sum(seen: &[Idle]) -> Idle {
    let mut sum = Idle::default();
    let runs = seen.len() as f64;
    for idle in seen {
        sum.messages += idle.messages / runs;
        sum.bytes += idle.bytes / runs;
        sum.wrong += idle.wrong;
        sum.suspected += idle.suspected;
        sum.busiest = (sum.busiest.0.max(idle.busiest.0), sum.busiest.1.max(idle.busiest.1));
        sum.news = sum.news.max(idle.news);
        sum.queue = sum.queue.max(idle.queue);
    }
    sum
}

/// How often the bytes, the news and the queue of the smaller group are in those of the larger one, and
/// how often its logarithm is: none of them may be more than that.
fn growth((nodes, idle): (usize, &Idle), (least, first): (usize, &Idle)) -> ([f64; 4], bool) {
    let times = |now: f64, then: f64| now / then.max(1.0);
    let log = (nodes as f64).ln() / (least as f64).ln();
    let bytes = times(idle.bytes, first.bytes);
    // What is counted is whole: one that is begun is allowed.
    let fits = |now: usize, then: usize| now as f64 <= (then.max(1) as f64 * log - 1e-9).ceil();
    let holds = bytes <= log + 1e-9 && fits(idle.news, first.news) && fits(idle.queue, first.queue);
    let news = times(idle.news as f64, first.news as f64);
    let queue = times(idle.queue as f64, first.queue as f64);
    ([bytes, news, queue, log], holds)
}

/// What each protocol saw at each loss and size.
fn figures() -> Table {
    let columns = [
        "protocol",
        "members",
        "loss %",
        "seconds",
        "false failures",
        "false failures a node and hour",
        "suspicions a node and hour",
        "messages a node and s",
        "bytes a node and s",
        "busiest node, bytes a s",
        "longest news",
        "longest receive queue",
    ];
    Table::new("loss", &columns)
}

/// How that grew from the smallest group to each.
fn growths() -> Table {
    let columns = [
        "case",
        "members",
        "bytes a node and s",
        "longest news",
        "longest receive queue",
        "bytes grew",
        "news grew",
        "queue grew",
        "log N grew",
        "no faster than log N",
    ];
    Table::new("loss-growth", &columns)
}

/// Adds a case with what its seeds saw in all.
fn add_figures(table: &mut Table, case: &Setting, seeds: u64, idle: &Idle) {
    let seconds = case.seconds * seeds;
    let node_hours = (seconds * case.nodes as u64) as f64 / 3600.0;
    table.row([
        case.rival.name.into(),
        case.nodes.into(),
        case.percent.into(),
        seconds.into(),
        idle.wrong.into(),
        (idle.wrong as f64 / node_hours).into(),
        (idle.suspected as f64 / node_hours).into(),
        idle.messages.into(),
        idle.bytes.into(),
        idle.busiest.1.into(),
        idle.news.into(),
        idle.queue.into(),
    ]);
}

/// Adds a case beside the first one, which had the smallest group.
fn add_growth(grown: &mut Table, case: &Setting, idle: &Idle, first: (usize, &Idle)) {
    let ([bytes, news, queue, log], holds) = growth((case.nodes, idle), first);
    grown.row([
        format!("{}, {} %", case.rival.name, case.percent).into(),
        case.nodes.into(),
        idle.bytes.into(),
        idle.news.into(),
        idle.queue.into(),
        bytes.into(),
        news.into(),
        queue.into(),
        log.into(),
        if holds { "yes" } else { "no" }.into(),
    ]);
}

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let (mut table, mut grown) = (figures(), growths());
    let sizes = effort.sizes_or(&[100]);
    let losses = if effort.losses.is_empty() { &[5, 10, 20, 30, 40] } else { &effort.losses[..] };
    for rival in effort.chosen(&RIVALS) {
        for &percent in losses {
            let mut first: Option<(usize, Idle)> = None;
            for &nodes in &sizes {
                let usual = (60_000 / nodes as u64).clamp(60, 600);
                let seconds = effort.seconds.unwrap_or(usual);
                let case = Setting { rival, nodes, percent, seconds };
                let seeds: Vec<u64> = effort.seeds().collect();
                let idle = sum(&effort.each(nodes, &seeds, |seed| case.run(*seed)));
                add_figures(&mut table, &case, effort.seeds, &idle);
                let first = first.get_or_insert((nodes, idle));
                add_growth(&mut grown, &case, &idle, (first.0, &first.1));
            }
        }
    }
    effort.publish(&table)?;
    if sizes.len() > 1 {
        effort.publish(&grown)?;
        let columns = ["bytes a node and s", "longest news", "longest receive queue"];
        return grown.plot(&effort.folder, "members", &columns, Some("case"));
    }
    table.plot(&effort.folder, "loss %", &["bytes a node and s"], Some("protocol"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_beyond_the_logarithm_is_seen() {
        let small = Idle { bytes: 100.0, news: 4, queue: 2, ..Idle::default() };
        let large = Idle { bytes: 140.0, news: 6, queue: 3, ..small };
        // The logarithm of 1 000 is one and a half times that of 100.
        assert!(growth((1_000, &large), (100, &small)).1);
        assert!(growth((100, &small), (100, &small)).1);
        for worse in
            [Idle { bytes: 160.0, ..large }, Idle { news: 7, ..large }, Idle { queue: 4, ..large }]
        {
            assert!(!growth((1_000, &worse), (100, &small)).1);
        }
    }
}
