//! Cluster membership and failure detection by gossip: SWIM with Lifeguard's extensions.
//!
//! Each member of a cluster keeps a list of all members. Members probe each other, and the messages
//! of these probes carry news of joins, failures, leaves and metadata. No member is special.
//!
//! There are two ways to be a member from Rust:
//!
//! - [`Core`] is the protocol of one member as a state machine without sockets, clock or threads.
//!   The program drives it, on real or on virtual time.
//! - `Node`, with the feature `net`, is a core that runs by itself over UDP and TCP.
//!
//! # The run loop
//!
//! The driver of a core passes it each message that arrives, and calls [`Core::handle_timeout`] at
//! the time that [`Core::poll_timeout`] returns. After each input it takes messages to send and
//! changes to report from [`Core::poll_output`] until that is empty. A program with a loop of its
//! own can call [`Core::round`] instead of the two functions for timeouts, at a steady pace; each
//! call is one round.
//!
//! Here one driver runs two cores on virtual time. The second core stops after one second, and the
//! first one reports that it failed:
//!
//! ```
//! use gossip::{Config, Core, Entry, Instant, NodeId, NodeStatus, Output, Path, Refused};
//!
//! /// Does what `core` wants done at `now`; messages reach `peer` unless it has stopped.
//! fn drive(
//!     core: &mut Core,
//!     mut peer: Option<&mut Core>,
//!     now: Instant,
//!     changes: &mut Vec<NodeStatus>,
//! ) -> Result<(), Refused> {
//!     if core.poll_timeout().is_some_and(|due| due <= now) {
//!         core.handle_timeout(now);
//!     }
//!     while let Some(output) = core.poll_output() {
//!         match output {
//!             // Over a network, the message would go to the address in `message.target`.
//!             Output::Transmit(message) => {
//!                 if let Some(peer) = &mut peer {
//!                     peer.handle_message(now, Path::Struct, &message.header, message.entries())?;
//!                 }
//!             }
//!             Output::Event(event) => changes.push(event.node.status),
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let view = |n: u8| Entry {
//!     id: NodeId::new([n; 16]),
//!     ip: "10.0.0.1",
//!     port: n.into(),
//!     ..Entry::default()
//! };
//! let mut a = Core::new(Config::lan(), &view(1), 11, Instant::ZERO)?;
//! let mut b = Core::new(Config::lan(), &view(2), 22, Instant::ZERO)?;
//! let (mut changes_at_a, mut changes_at_b) = (Vec::new(), Vec::new());
//!
//! a.meet(Instant::ZERO, &view(2))?;
//! for now in (0..10_000).map(Instant::from_millis) {
//!     let b_runs = now < Instant::from_millis(1_000);
//!     drive(&mut a, b_runs.then_some(&mut b), now, &mut changes_at_a)?;
//!     if b_runs {
//!         drive(&mut b, Some(&mut a), now, &mut changes_at_b)?;
//!     }
//! }
//! let crash = [NodeStatus::Joining, NodeStatus::Online, NodeStatus::Suspect, NodeStatus::Failed];
//! assert_eq!(changes_at_a, crash);
//! assert_eq!(changes_at_b, [NodeStatus::Online]);
//! # Ok(()) }
//! ```
//!
//! # Modules
//!
//! The main names are exported here; the rest is in the modules, each a layer that imports only
//! layers below it.
//!
//! | module | contents |
//! |---|---|
//! | `ffi` | the C ABI; nothing in it is for Rust programs |
//! | `net` | UDP and TCP transports, and nodes that run by themselves |
//! | `os` | the system's clock and entropy, for drivers |
//! | [`proto`] | the protocol: the core, its configuration, its outputs and figures |
//! | [`wire`] | messages as bytes: packets, JSON, bincode |
//! | [`types`] | ids, heartbeats, instants, entries, messages |
//!
//! # Features
//!
//! All but `switches` are on by default. [`types`], [`wire`] and [`proto`] need none of them, nor
//! the standard library.
//!
//! | feature | what it adds |
//! |---|---|
//! | `std` | `os`: clock and entropy of the system |
//! | `net` | `net`: transports and nodes |
//! | `ffi` | `ffi`: version 1 of the C ABI |
//! | `ext` | log lines, and with `ffi` the additions to the C ABI |
//! | `json` | the text form of libgossip 1.4.2 |
//! | `packets` | packets in the core; without it a core exchanges structs alone |
//! | `bincode` | the bincode form, for Rust programs that use bincode already |
//! | `switches` | rules of the protocol can be switched off, for the simulator |
#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

extern crate alloc;

#[cfg(feature = "ffi")]
pub mod ffi;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "std")]
pub mod os;
pub mod proto;
pub mod types;
pub mod wire;

#[cfg(feature = "net")]
pub use net::{Change, Handler, Node, NodeConfig, NodeError};
pub use proto::{
    Carrier, CommandError, Config, ConfigError, Core, Event, Output, PacketError, Refused, Stats,
    Transmit,
};
pub use types::{
    Entry, Header, Instant, Message, MessageKind, Metadata, NodeId, NodeStatus, NodeView, Path,
};
