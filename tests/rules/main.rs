//! The protocol's rules P-1 to P-15, each shown by one core among scripted peers on virtual time.
#![deny(unsafe_code)]
#![allow(unreachable_pub, reason = "a test program has no public surface")]

mod bounds;
mod claims;
mod edges;
mod healing;
mod joins;
mod leaves;
mod messages;
mod model;
mod old_peers;
mod probes;
mod properties;
mod refuting;
mod rounds;
mod slow_nodes;
mod support;
mod suspicions;
mod syncing;
