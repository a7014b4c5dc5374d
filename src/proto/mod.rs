//! The protocol as a sans-I/O state machine.

mod config;
mod core;
mod error;
mod output;
mod stats;

pub use self::config::Config;
pub use self::core::Core;
pub use self::error::{CommandError, ConfigError, Refused};
pub use self::output::{Event, Output, Transmit};
pub use self::stats::Stats;
