//! What each rule buys: the same runs with one of them switched off, as far as constants can do that.

use super::Effort;
use super::lifeguard::Stress;
use super::percentile;
use super::rivals::Rival;
use crate::cluster::SECOND;
use crate::options::Options;
use crate::table::Table;
use gossip::proto::Config;

/// A rule, and its constants when it is off.
type Rule = (&'static str, fn(&mut Config));

const RULES: [Rule; 13] = [
    ("all on", |_| ()),
    ("P-8 no helpers", |config| config.indirect_probes = 0),
    ("P-8 deaf nodes stay", |config| config.deaf_probes = 100),
    ("P-9 no confirmations", |config| config.confirmations = 0),
    ("P-9 longest suspicion 4 times the shortest", |config| config.suspicion_max_factor = 4),
    ("P-9a one observer", |config| config.observers = 1),
    ("P-9a five observers", |config| config.observers = 5),
    ("P-10 no awareness", |config| config.awareness_max = 0),
    ("P-10 awareness up to 8", |config| config.awareness_max = 8),
    ("P-7 lambda 3", |config| config.lambda = 3),
    ("P-7 lambda 12", |config| config.lambda = 12),
    ("P-6 one ping a round", |config| config.gossip_nodes = 1),
    ("P-12 digests each minute", |config| config.sync_interval_ms = 60_000),
];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
    let columns = [
        "rule",
        "crash known to all: median s",
        "worst s",
        "wrong at 30 % loss",
        "suspected at 30 % loss",
        "bytes a node and s at 30 % loss",
        "8 of 64 stand still 3 of 4 s: wrong",
        "a minute cut: whole after s",
        "bytes a node and s",
    ];
    let mut table = Table::new("rules", &columns);
    for (name, off) in RULES {
        let options = |seed: u64, nodes: usize| -> Options {
            let mut config = Config::lan();
            off(&mut config);
            Options::profile(seed, nodes, config)
        };
        let rival = Rival::LAN;
        let mut all: Vec<f64> = (1..=4 * effort.seeds)
            .flat_map(|seed| (rival.detect)(options(seed, 64), 4))
            .map(|times| times.1)
            .collect();
        let (mut wrong, mut suspected, mut bytes, mut still) = (0, 0, 0.0, 0);
        for seed in effort.seeds() {
            let idle = (rival.idle)(options(seed, 100), 0.3, 60 * SECOND);
            wrong += idle.wrong;
            suspected += idle.suspected;
            bytes = idle.bytes;
            let case = Stress { count: 8, length: 3 * SECOND, pause: SECOND, time: 60 * SECOND };
            still += (rival.stress)(options(seed, 64), case).wrong;
        }
        let mut heals: Vec<f64> = effort
            .seeds()
            .map(|seed| (rival.heal)(options(seed, 50), 60 * SECOND).unwrap_or(300.0))
            .collect();
        table.row([
            name.into(),
            percentile(&mut all, 0.5).into(),
            percentile(&mut all, 1.0).into(),
            wrong.into(),
            suspected.into(),
            bytes.into(),
            still.into(),
            percentile(&mut heals, 1.0).into(),
            (rival.idle)(options(1, 64), 0.0, 30 * SECOND).bytes.into(),
        ]);
    }
    effort.publish(&table)
}
