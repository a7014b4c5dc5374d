//! What the library asks of the operating system: a clock, entropy, and whether it was forked.
//!
//! The only place that reads a clock or takes entropy. The layers below get both as arguments.

mod clock;
mod entropy;
#[cfg(feature = "ffi")]
mod fork;

pub use clock::now;
pub use entropy::{EntropyError, entropy};
#[cfg(feature = "ffi")]
pub use fork::process_mark;
