//! What the library asks of the operating system: a clock, entropy, whether it was forked,
//! threads that take no signal, and to stay loaded for those that are kept.
//!
//! The only place that reads a clock or takes entropy. The layers below get both as arguments.

mod clock;
mod entropy;
#[cfg(any(feature = "ffi", feature = "net"))]
mod fork;
#[cfg(feature = "net")]
mod pin;
#[cfg(feature = "net")]
mod signals;

pub use clock::now;
#[cfg(feature = "net")]
pub use clock::wall_clock_ms;
pub use entropy::{EntropyError, entropy};
#[cfg(any(feature = "ffi", feature = "net"))]
pub use fork::process_mark;
#[cfg(feature = "net")]
pub use pin::stay_loaded;
#[cfg(feature = "net")]
pub use signals::with_signals_blocked;
