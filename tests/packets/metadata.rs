//! Metadata of any size reaches all (P-12a).

use crate::net::Net;
use gossip::proto::Config;
use gossip::types::{Metadata, NodeStatus};

fn packets(mut config: Config) -> Config {
    config.carrier = gossip::proto::Carrier::Packets;
    config
}

/// As much as there may be, all of it different.
fn large() -> String {
    let mut text = String::new();
    while text.len() < Metadata::MAX_BYTES - 1 {
        text += &format!("{:x}.", text.len() * 7919);
    }
    text.truncate(Metadata::MAX_BYTES - 1);
    text
}

fn spreads(config: &Config, tick_ms: Option<u64>, loss: f64, bound_ms: u64) {
    let value = large();
    for seed in 0..4 {
        let mut net = Net::formed(seed, tick_ms, config, 20);
        net.loss = loss;
        net.set_metadata(7, "k", &value);
        let all =
            |net: &Net| (0..20).all(|at| net.value(at, 7, "k").as_deref() == Some(value.as_str()));
        let took = net.run_until(bound_ms, all);
        assert!(all(&net), "seed {seed}: not at all after {took} ms");
        // One event for it at each of the others, and nobody was suspected.
        for at in (0..20).filter(|&at| at != 7) {
            let of = net.core(7).own().id;
            let changes = net.node(at).events.iter().filter(|(id, ..)| *id == of);
            let metadata = changes.filter(|(_, old, new)| old == new).count();
            assert_eq!(metadata, 1, "seed {seed}: node {at}");
            let online = (0..20).all(|of| net.status(at, of) == Some(NodeStatus::Online));
            assert!(online || loss > 0.0, "seed {seed}: node {at}");
        }
    }
}

#[test]
fn metadata_of_64_kib_reaches_20_nodes_in_time() {
    spreads(&packets(Config::lan()), None, 0.0, 2_000);
}

#[test]
fn also_where_a_twentieth_of_all_is_lost() {
    spreads(&packets(Config::lan()), None, 0.05, 5_000);
}

#[test]
fn also_in_rounds_that_the_program_makes() {
    spreads(&packets(Config::lan()), Some(100), 0.05, 5_000);
}

#[test]
fn also_where_text_was_the_beginning() {
    spreads(&Config::lan(), Some(100), 0.05, 5_000);
}

#[test]
fn also_with_few_packets() {
    spreads(&packets(Config::quiet()), None, 0.05, 5_000);
}

#[test]
fn a_newcomer_gets_what_was_set_before_it_came() {
    let config = packets(Config::lan());
    let value = large();
    let mut net = Net::formed(3, None, &config, 10);
    net.set_metadata(4, "k", &value);
    net.set_metadata(5, "small", "1");
    net.run(3_000);
    let newcomer = net.add(config);
    net.join(newcomer, 0);
    let has = |net: &Net| {
        net.value(newcomer, 4, "k").as_deref() == Some(value.as_str())
            && net.value(newcomer, 5, "small").as_deref() == Some("1")
    };
    net.run_until(3_000, has);
    assert!(has(&net));
}

#[test]
fn it_comes_from_others_when_its_owner_is_gone() {
    let config = packets(Config::lan());
    let value = large();
    let mut net = Net::formed(3, None, &config, 10);
    net.set_metadata(4, "k", &value);
    net.run(3_000);
    // It falls silent, and a newcomer hears of it from the others while they still hold it online.
    net.nodes[4] = None;
    let newcomer = net.add(config);
    net.join(newcomer, 0);
    net.run_until(5_000, |net| net.value(newcomer, 4, "k").is_some());
    assert_eq!(net.value(newcomer, 4, "k").as_deref(), Some(value.as_str()));
}

#[test]
fn a_later_change_takes_the_place_of_one_that_is_still_on_its_way() {
    let mut net = Net::formed(3, None, &packets(Config::lan()), 10);
    net.loss = 0.2;
    net.set_metadata(4, "k", &large());
    net.run(40);
    let second = large().replace('.', "-");
    net.set_metadata(4, "k", &second);
    let all = |net: &Net| (0..10).all(|at| net.value(at, 4, "k").as_deref() == Some(&*second));
    net.run_until(8_000, all);
    assert!(all(&net));
    net.run(20_000);
    net.set_metadata(4, "k", "");
    net.run_until(8_000, |net| (0..10).all(|at| net.value(at, 4, "k").as_deref() == Some("")));
    assert!((0..10).all(|at| net.value(at, 4, "k").as_deref() == Some("")));
}

#[test]
fn a_key_that_was_removed_is_gone_everywhere() {
    let mut net = Net::formed(3, None, &packets(Config::lan()), 10);
    net.set_metadata(4, "a", "1");
    net.set_metadata(4, "b", "2");
    net.run(2_000);
    let now = net.at();
    assert!(net.core(4).remove_metadata(now, "a"));
    assert!(!net.core(4).remove_metadata(now, "a"));
    net.run(2_000);
    for at in 0..10 {
        assert_eq!(net.value(at, 4, "a"), None);
        assert_eq!(net.value(at, 4, "b").as_deref(), Some("2"));
    }
}
