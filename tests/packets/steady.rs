//! What nodes send when nothing happens.

use crate::net::{Net, id};
use gossip::proto::{Carrier, Config};
use gossip::types::NodeStatus;

#[test]
fn a_quiet_node_sends_two_packets_and_150_bytes_a_second_at_the_most() {
    let mut config = Config::quiet();
    config.carrier = Carrier::Packets;
    config.cluster = 7;
    is_quiet(&config);
}

#[test]
fn also_one_that_began_in_text_and_has_connections() {
    let mut config = Config::quiet();
    config.cluster = 7;
    config.has_streams = true;
    is_quiet(&config);
}

fn is_quiet(config: &Config) {
    let count = 100;
    let mut net = Net::formed(1, None, config, count);
    net.run(60_000);
    let sums = |net: &Net| {
        let nodes = || net.nodes.iter().flatten();
        (nodes().map(|n| n.sent).sum::<u64>(), nodes().map(|n| n.sent_bytes).sum::<u64>())
    };
    let before = sums(&net);
    net.run(60_000);
    let after = sums(&net);
    let per_second = |sum: u64| sum as f64 / 60.0 / count as f64;
    let (packets, bytes) = (per_second(after.0 - before.0), per_second(after.1 - before.1));
    println!("{packets:.3} packets and {bytes:.1} bytes a node and second");
    assert!(packets < 2.05, "{packets}");
    assert!(bytes <= 150.0, "{bytes}");
    assert!(net.all_see_all());
}

#[test]
fn a_crash_among_100_is_known_to_all_in_time() {
    let mut config = Config::lan();
    config.carrier = Carrier::Packets;
    let mut net = Net::formed(1, None, &config, 100);
    let mut times = Vec::new();
    for victim in 50..60 {
        net.run(1_037);
        net.nodes[victim] = None;
        let gone = |net: &Net| {
            (0..100)
                .filter(|&at| net.nodes[at].is_some())
                .all(|at| net.status(at, victim).is_some_and(NodeStatus::is_gone))
        };
        times.push(net.run_until(10_000, gone));
        assert!(gone(&net), "{}", id(victim));
    }
    times.sort_unstable();
    println!("known to all after {times:?} ms");
    assert!(times[5] <= 2_500);
}
