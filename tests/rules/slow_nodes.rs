//! P-9b: who was silent once may be so again.

use crate::support::*;
use gossip::proto::Config;
use gossip::types::MessageKind;
use gossip::types::NodeStatus::*;

/// Milliseconds from suspicion to failure when node 9 was silent for `silent` ms once before.
fn lasts_after(config: Config, silent: u64, calm: u64) -> u64 {
    let mut rig = Rig::with(config);
    rig.admit([9].into_iter());
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    let end = rig.ms + silent;
    while rig.ms < end && silent > 0 {
        rig.tick();
    }
    let back = claim(9, rig.heartbeat(9) + 1, Online);
    let header = gossip::types::Header {
        timestamp: back.heartbeat - 1,
        ..rig.header(MessageKind::Update, 9)
    };
    rig.take(rig.path(9), &header, &[back]).unwrap();
    assert_eq!(rig.status(9), Some(Online));
    rig.rounds += 10_000;
    let end = rig.ms + calm;
    while rig.ms < end {
        rig.tick_answered();
        rig.clear();
    }
    rig.until(&[9], 200, |rig| rig.status(9) == Some(Suspect));
    let start = rig.ms;
    rig.until(&[9], 400, |rig| rig.status(9) == Some(Failed));
    rig.ms - start
}

#[test]
fn a_node_that_came_back_after_a_silence_is_given_two_and_a_half_times_that() {
    let plain = lasts_after(Config::own_loop(), 0, 3_000);
    assert!((1_000..=1_250).contains(&plain), "{plain} ms");
    // Silent for 0.9 s beside the time to suspect: 2.25 s and a little.
    let slow = lasts_after(Config::own_loop(), 900, 3_000);
    assert!((2_200..=2_700).contains(&slow), "{slow} ms");
}

#[test]
fn a_node_that_was_failed_for_a_short_silence_is_given_half_as_much_again() {
    let plain = lasts_after(Config::lan(), 0, 3_000);
    assert!((300..=600).contains(&plain), "{plain} ms");
    // Failed after 0.3 s or more of suspicion, and back after 1.1 s in all.
    let slow = lasts_after(Config::lan(), 900, 3_000);
    assert!((1_300..=1_900).contains(&slow), "{slow} ms");
}

#[test]
fn after_a_long_silence_it_is_given_the_usual_time() {
    let usual = lasts_after(Config::lan(), 10_000, 30_000);
    assert!((300..=600).contains(&usual), "{usual} ms");
}

#[test]
fn what_a_silence_earned_is_forgotten_after_an_hour() {
    for (config, least, usual) in [(Config::own_loop(), 2_200, 1_250), (Config::lan(), 1_300, 600)]
    {
        let soon = lasts_after(config.clone(), 900, 600_000);
        assert!((least..=least + 600).contains(&soon), "{soon} ms");
        let later = lasts_after(config, 900, 3_700_000);
        assert!(later <= usual, "{later} ms");
    }
}
