//! Rules that the simulator switches off, one at a time, to see what each buys. Without the feature
//! `switches` all of them hold, and nothing is asked.
#![cfg_attr(
    not(feature = "switches"),
    allow(unreachable_pub, reason = "only who can switch a rule has to name it")
)]

/// A rule that has no constant to switch it off with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Rule {
    /// P-2: a suspicion is stamped as of now, and not with the last heartbeat.
    Stamps,
    /// P-7: who is suspect or accused is told so with the next message to it.
    Notice,
    /// P-7: who has failed or left, or tells something older than we hold, is told what we hold of it.
    Reminder,
    /// P-8: nothing ends in the wake-up that finds its time over.
    SecondLook,
    /// P-9: small groups wait for no more confirmations than they can have.
    FewConfirm,
    /// P-9a: observers are told of a suspicion first, and all others later.
    Observers,
    /// P-9b: who was silent for long and lives is given longer.
    SlowNodes,
    /// P-12: a digest each sync interval.
    Digests,
    /// P-13: who pings and is not proved is asked for the proof at once.
    Proof,
}
