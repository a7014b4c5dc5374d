//! `libgossip._core`: the library as a Python extension.
//!
//! Two rules hold in every file, and keep the interpreter's lock and ours from waiting for each other:
//! - **Nobody takes the interpreter's lock while holding a lock of ours.** What is decided under a
//!   lock is copied out; Python is called when it is released. So our locks may be taken with the
//!   interpreter's lock held: their holder never needs it.
//! - **Nobody waits with the interpreter's lock held**, for anything but one of those locks, which
//!   are held for as long as a core computes.

mod argument;
mod call;
mod core;
mod enums;
mod errors;
mod events;
mod fan;
mod id;
mod logging;
mod member;
mod message;
mod metadata;
mod node;
mod options;
mod running;
mod serializer;
mod shared;
mod stats;
mod time;
mod transport;
mod view;
mod wait;

use pyo3::prelude::*;

/// The extension behind the package `libgossip`.
#[pymodule(gil_used = true)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    time::init(module.py())?;
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<id::NodeId>()?;
    module.add_class::<view::NodeView>()?;
    module.add_class::<message::GossipMessage>()?;
    module.add_class::<stats::GossipStats>()?;
    module.add_class::<core::GossipCore>()?;
    module.add_class::<serializer::MessageSerializer>()?;
    module.add_class::<serializer::JsonSerializer>()?;
    module.add_class::<transport::Transport>()?;
    module.add_class::<transport::UdpBase>()?;
    module.add_class::<transport::TcpBase>()?;
    module.add_class::<member::Member>()?;
    module.add_class::<events::Event>()?;
    module.add_class::<events::EventQueue>()?;
    module.add_class::<node::NodeBase>()?;
    module.add_function(wrap_pyfunction!(running::close_all, module)?)?;
    module.add_function(wrap_pyfunction!(running::is_ending, module)?)?;
    Ok(())
}
