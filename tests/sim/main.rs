//! Whole clusters on virtual time: many cores in one thread, a lossy network between them, and
//! checkers that see every state in between.
//!
//! A run is a pure function of its seed and options. `GOSSIP_SIM_RUNS=100` repeats each scenario with
//! that many seeds and prints the distribution of what it measured (see it with `--nocapture`);
//! `GOSSIP_SIM_SEED=7` starts at that seed, alone it replays that one run;
//! `GOSSIP_SIM_ROUNDS=20000` lets the random scenarios draw larger and faster clusters;
//! `GOSSIP_SIM_CARRIER=packet` runs the same scenarios over packets with the core's own timers.
//! `GOSSIP_SIM_WATCH=3,7` prints all that happens between nodes 3 and 7.
#![deny(unsafe_code)]
#![allow(unreachable_pub, reason = "a test program has no public surface")]

mod carrier;
mod checks;
mod cluster;
mod faults;
mod net;
mod options;
mod peer;
mod report;
mod rng;
mod runner;
mod s1_join;
mod s2_crash;
mod s3_loss;
mod s4_stall;
mod s5_partition;
mod s6_leave;
mod s7_swarm;
mod selftest;
mod toy;
mod views;
mod watch;
mod world;
