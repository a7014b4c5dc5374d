//! The protocol as a sans-I/O state machine: SWIM with Lifeguard, observers, healing and
//! anti-entropy. The rules P-1 to P-15 that code and tests cite are in docs/PROTOCOL.md.

mod address;
#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;
mod awareness;
mod book;
mod budgets;
mod builder;
#[cfg(any(feature = "net", all(feature = "ffi", feature = "ext")))]
mod changes;
mod clock;
mod config;
mod context;
mod core;
mod detector;
mod error;
mod fetch;
mod hash;
mod hashes;
mod healing;
mod joining;
mod math;
mod news;
mod outbox;
mod output;
mod piggyback;
mod probe;
mod refutation;
mod ring;
mod rules;
mod stats;
mod strings;
mod sync;
mod table;

#[cfg(any(feature = "net", all(feature = "ffi", feature = "ext")))]
pub(crate) use self::changes::{Coalesce, Settling};
pub use self::config::{CONSTANTS, Carrier, Config, Constant, Unit};
pub use self::core::Core;
pub use self::error::{CommandError, ConfigError, PacketError, Refused};
pub use self::output::{Event, Output, Transmit};
#[cfg(feature = "switches")]
pub use self::rules::Rule;
pub use self::stats::{KINDS, PeerStats, Queues, Reason, Stats, Traffic};
