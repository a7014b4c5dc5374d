//! Calls from several threads at once.

use crate::support::*;
use gossip::ffi::*;
use gossip::types::MessageKind;
use std::thread;

#[test]
fn all_functions_may_be_called_on_one_core_from_several_threads() {
    const ROUNDS: u64 = 300;
    let lan = profile(gossip_profile_t::GOSSIP_PROFILE_LAN);
    let config = gossip_config_t { changes_settle_ms: 5, ..lan };
    let node = Node::with(&config, &view(1), ALL);
    for number in 2..10 {
        node.befriend(number);
    }
    thread::scope(|scope| {
        let node = &node;
        scope.spawn(move || {
            for round in 0..ROUNDS {
                // SAFETY: a live core.
                unsafe {
                    gossip_core_handle_timeout(node.core);
                    gossip_core_next_timeout(node.core);
                    gossip_core_tick_at(node.core, round);
                }
            }
        });
        scope.spawn(move || {
            for round in 0..ROUNDS {
                crate::metadata::set(node, "k", &round.to_string());
                assert!(crate::metadata::get(node, 1, "k").is_some());
                crate::stats::stats(node);
            }
        });
        scope.spawn(move || {
            for round in 0..ROUNDS {
                let number = 2 + u8::try_from(round % 8).expect("small");
                node.hear(MessageKind::Ping, number, &[online(number, 20 + round)]);
                node.meet(&view(10 + u8::try_from(round % 100).expect("small")));
            }
        });
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                // SAFETY: a live core, a byte and a text.
                let code = unsafe {
                    gossip_core_handle_packet(node.core, [7].as_ptr(), 1, c"::1".as_ptr(), 9)
                };
                assert_ne!(code as u32, 0);
            }
        });
    });
    let stats = crate::stats::stats(&node);
    assert_eq!(stats.refused_malformed, ROUNDS);
    assert_eq!(crate::metadata::get(&node, 1, "k"), Some((ROUNDS - 1).to_string()));
    assert_eq!(stats.known_nodes, 108);
}
