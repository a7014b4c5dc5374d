//! Nodes that write in different forms.

use crate::support::{cluster, is_whole, join, start, wait_for};
use gossip::net::{Node, Serializer};

fn of(serializer: Serializer) -> Node {
    start(|config| config.serializer = serializer)
}

#[test]
fn each_form_alone_makes_a_cluster() {
    for serializer in [Serializer::Auto, Serializer::Json, Serializer::Binary] {
        let nodes = cluster(3, |config| config.serializer = serializer.clone());
        let stats = nodes[0].stats().unwrap();
        assert_eq!(stats.core.refused_messages, 0, "{stats:?}");
    }
}

#[test]
fn a_node_that_writes_text_and_one_that_chooses_understand_each_other() {
    for pinned in [Serializer::Json, Serializer::Binary] {
        for seed_is_pinned in [false, true] {
            let nodes = [of(Serializer::Auto), of(pinned.clone())];
            let (seed, node) = if seed_is_pinned { (1, 0) } else { (0, 1) };
            join(&nodes[node], &nodes[seed]);
            wait_for("both see both", || is_whole(&nodes));
            std::thread::sleep(std::time::Duration::from_secs(3));
            assert!(is_whole(&nodes), "{}, the seed is pinned: {seed_is_pinned}", pinned.name());
        }
    }
}
