//! Loss of everybody's messages: false positives, and what it costs.

use super::Effort;
use super::rivals::Rival;
use crate::cluster::SECOND;
use crate::table::Table;

const RIVALS: [Rival; 3] = [Rival::MEMBERLIST, Rival::QUIET, Rival::LAN];

/// Runs it.
///
/// # Errors
/// What the system said.
pub fn run(effort: &Effort) -> Result<(), String> {
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
    ];
    let mut table = Table::new("loss", &columns);
    for rival in effort.rivals(&RIVALS) {
        for nodes in effort.sizes_or(&[100]) {
            let usual = vec![5, 10, 20, 30, 40];
            for percent in if effort.losses.is_empty() { usual } else { effort.losses.clone() } {
                let seconds = effort.seconds.unwrap_or((60_000 / nodes as u64).clamp(20, 600));
                let mut wrong = 0;
                let mut suspected = 0;
                let mut last = super::rivals::Idle::default();
                for seed in effort.seeds() {
                    let options = (rival.options)(seed, nodes);
                    last = (rival.idle)(options, percent as f64 / 100.0, seconds * SECOND);
                    wrong += last.wrong;
                    suspected += last.suspected;
                }
                let node_hours = (effort.seeds * seconds * nodes as u64) as f64 / 3600.0;
                table.row([
                    rival.name.into(),
                    nodes.into(),
                    percent.into(),
                    (seconds * effort.seeds).into(),
                    wrong.into(),
                    (wrong as f64 / node_hours).into(),
                    (suspected as f64 / node_hours).into(),
                    last.messages.into(),
                    last.bytes.into(),
                    last.busiest.1.into(),
                    last.news.into(),
                ]);
                eprintln!("{} of {nodes} at {percent} %", rival.name);
            }
        }
    }
    effort.publish(&table)?;
    table.plot(&effort.folder, "loss %", &["bytes a node and s"], Some("protocol"))
}
