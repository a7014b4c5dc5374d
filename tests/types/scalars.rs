//! The small values: statuses, kinds of messages, heartbeats, points in time and ids.

use gossip::types::{Heartbeat, Instant, MessageKind, NodeId, NodeStatus};
use std::time::Duration;

const STATUSES: [NodeStatus; 6] = [
    NodeStatus::Unknown,
    NodeStatus::Joining,
    NodeStatus::Online,
    NodeStatus::Suspect,
    NodeStatus::Failed,
    NodeStatus::Left,
];

#[test]
fn numbers_are_the_abi_s_and_read_back() {
    for (raw, status) in STATUSES.into_iter().enumerate() {
        assert_eq!(status as usize, raw);
        assert_eq!(NodeStatus::from_raw(raw as u32), Some(status));
    }
    assert_eq!(NodeStatus::from_raw(6), None);
    assert_eq!(NodeStatus::from_raw(256), None);
    assert_eq!(NodeStatus::from_raw(u32::MAX), None);
}

#[test]
fn at_equal_heartbeats_the_later_one_of_p_1_wins() {
    assert!(STATUSES.is_sorted_by(|a, b| a < b));
}

#[test]
fn left_is_shown_as_failed_and_only_these_two_are_gone() {
    assert_eq!(STATUSES.map(NodeStatus::to_v1), [0, 1, 2, 3, 4, 4]);
    assert_eq!(STATUSES.map(NodeStatus::is_gone), [false, false, false, false, true, true]);
}

#[test]
fn names_differ() {
    let mut names = STATUSES.map(NodeStatus::name);
    assert_eq!(names[3], "suspect");
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn kinds_have_the_abi_s_numbers_and_read_back() {
    for (raw, kind) in (0..).zip(MessageKind::ALL) {
        assert_eq!(kind as u32, raw);
        assert_eq!(MessageKind::from_raw(raw), Some(kind));
    }
    assert_eq!(MessageKind::from_raw(5), Some(MessageKind::Update));
    assert_eq!(MessageKind::from_raw(10), None);
    assert_eq!(MessageKind::from_raw(256), None);
}

#[test]
fn the_two_kinds_of_the_anti_entropy_do_not_fit_a_struct() {
    let fits = |raw| MessageKind::from_raw(raw).is_some_and(MessageKind::is_struct);
    assert!((0..8).all(fits));
    assert!(!(8..10).any(fits));
}

#[test]
fn values_from_2_to_the_63_do_not_exist() {
    assert_eq!(Heartbeat::new((1 << 63) - 1), Some(Heartbeat::MAX));
    assert_eq!(Heartbeat::new(1 << 63), None);
    assert_eq!(Heartbeat::new(u64::MAX), None);
    assert_eq!(Heartbeat::new(7).map(Heartbeat::get), Some(7));
}

#[test]
fn counting_stops_at_the_end_and_never_wraps() {
    let late = Heartbeat::MAX;
    assert_eq!(Heartbeat::ZERO.after(3).get(), 3);
    assert_eq!(late.after(1), late);
    assert_eq!(late.after(u64::MAX), late);
    assert_eq!(Heartbeat::ZERO.after(u64::MAX), late);
}

#[test]
fn the_distance_to_a_later_one_is_zero() {
    let (early, late) = (Heartbeat::ZERO.after(5), Heartbeat::ZERO.after(9));
    assert_eq!(late.since(early), 4);
    assert_eq!(early.since(late), 0);
    assert!(early < late);
}

#[test]
fn units_are_microseconds() {
    assert_eq!(Instant::from_millis(3), Instant::from_micros(3_000));
    assert_eq!(Instant::from_millis(3).as_micros(), 3_000);
    let later = Instant::ZERO.after(Duration::from_millis(2));
    assert_eq!(later.since(Instant::ZERO), Duration::from_millis(2));
}

#[test]
fn time_stops_at_both_ends_of_the_clock() {
    let end = Instant::from_micros(u64::MAX);
    assert_eq!(end.after(Duration::from_micros(1)), end);
    assert_eq!(Instant::ZERO.after(Duration::MAX), end);
    assert_eq!(Instant::from_millis(u64::MAX), end);
    assert_eq!(Instant::ZERO.since(end), Duration::ZERO);
}

#[test]
fn is_written_as_32_lower_case_hex_digits() {
    let mut bytes = [0; 16];
    (bytes[0], bytes[1], bytes[15]) = (0xab, 0x0c, 0xff);
    let id = NodeId::from(bytes);
    assert_eq!(format!("{id}"), "ab0c00000000000000000000000000ff");
    assert_eq!(format!("{id:?}"), "NodeId(ab0c00000000000000000000000000ff)");
    assert_eq!(id.as_bytes(), &bytes);
}

#[test]
fn only_the_unset_id_is_zero() {
    assert!(NodeId::default().is_zero() && NodeId::ZERO.is_zero());
    let mut bytes = [0; 16];
    bytes[15] = 1;
    assert!(!NodeId::new(bytes).is_zero());
}
