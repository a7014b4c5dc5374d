//! Nodes that run themselves, on real sockets. Every wait has a deadline.
#![cfg(feature = "net")]

mod callbacks;
mod joining;
mod life;
mod members;
mod mixed;
mod streams;
mod support;
