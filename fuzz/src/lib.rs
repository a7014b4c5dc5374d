//! The fuzz targets: each is a plain function of some bytes that panics if a promise is broken.
//!
//! `cargo xtask fuzz` has libFuzzer look for such bytes. The tests of this package run the same
//! functions with the inputs in `corpus/` and with some thousands of random ones.

pub mod abi;
pub mod framing;
mod input;
pub mod machine;
pub mod wire;

/// A target: its name, which is that of its program and its folder in `corpus/`, and its function.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Runs the target once.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 4] = [
    Target { name: "wire", run: wire::run },
    Target { name: "framing", run: framing::run },
    Target { name: "machine", run: machine::run },
    Target { name: "abi", run: abi::run },
];
