//! P-9b: who was silent once may be so again.

use crate::support::*;
use gossip::types::MessageKind;
use gossip::types::NodeStatus::*;

/// Milliseconds from suspicion to failure when node 9 was silent for `silent` ms once before.
fn lasts_after(silent: u64, calm: u64) -> u64 {
    let mut rig = Rig::new();
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
    let plain = lasts_after(0, 3_000);
    assert!((1_000..=1_250).contains(&plain), "{plain} ms");
    // Silent for 0.9 s beside the time to suspect: 2.25 s and a little.
    let slow = lasts_after(900, 3_000);
    assert!((2_200..=2_700).contains(&slow), "{slow} ms");
}

#[test]
fn a_node_that_was_failed_for_a_short_silence_is_given_half_as_much_again() {
    // Failed after 1 s of suspicion, and back 0.4 s later: 1.8 s with its probe, so 2.7 s.
    let slow = lasts_after(1_450, 3_000);
    assert!((2_500..=3_200).contains(&slow), "{slow} ms");
}

#[test]
fn after_a_long_silence_it_is_given_the_usual_time() {
    let usual = lasts_after(10_000, 30_000);
    assert!((1_000..=1_250).contains(&usual), "{usual} ms");
}

#[test]
fn what_a_silence_earned_is_forgotten_after_an_hour() {
    for silent in [900, 1_450] {
        let soon = lasts_after(silent, 600_000);
        assert!((2_200..=3_200).contains(&soon), "{soon} ms");
        let later = lasts_after(silent, 3_700_000);
        assert!((1_000..=1_250).contains(&later), "{later} ms");
    }
}
