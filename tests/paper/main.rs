//! Sentences of the two papers, each shown by one real core among scripted peers, or by a few cores.
//!
//! SWIM: Das, Gupta, Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process Group
//! Membership Protocol", DSN 2002. Lifeguard: Dadgar, Phillips, Currey, "Lifeguard: Local Health
//! Awareness for More Accurate Failure Detection", 2018. Sentences are told in our own words.
#![deny(unsafe_code)]
#![allow(unreachable_pub, reason = "a test program has no public surface")]

mod cluster;
mod lifeguard;
#[path = "../rules/support.rs"]
mod support;
mod swim;
