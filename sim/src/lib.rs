//! Whole clusters on virtual time: many cores in one thread, a lossy network between them, and
//! checkers that see every state in between.
//!
//! A run is a pure function of its seed and options: the same ones give the same trace hash. The
//! scenarios are tests, and parts of the program `gossip-sim`. In tests `GOSSIP_SIM_RUNS=100`
//! repeats each scenario with that many seeds and prints the distribution of what it measured (see
//! it with `--nocapture`); `GOSSIP_SIM_SEED=7` starts at that seed, alone it replays that one run;
//! `GOSSIP_SIM_ROUNDS=20000` lets the random scenarios draw larger and faster clusters;
//! `GOSSIP_SIM_CARRIER=packet` runs the same scenarios over packets with the core's own timers.
//! `GOSSIP_SIM_WATCH=3,7` prints all that happens between nodes 3 and 7.

mod agenda;
pub mod carrier;
pub mod checks;
pub mod cluster;
pub mod compare;
pub mod counts;
pub mod faults;
#[cfg(feature = "foca")]
pub mod foca_peer;
pub mod micro;
pub mod net;
pub mod options;
pub mod outputs;
pub mod paper;
pub mod peer;
pub mod reference;
pub mod report;
pub mod rng;
pub mod runner;
pub mod scenario;
#[cfg(test)]
mod selftest;
pub mod swarm;
pub mod table;
pub mod tidings;
pub mod toy;
pub mod views;
pub mod watch;
pub mod world;
