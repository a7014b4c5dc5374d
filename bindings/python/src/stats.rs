//! The class `GossipStats`: a core's counters.

use crate::argument::{At, at};
use pyo3::prelude::*;
use std::time::Duration;

/// What a core counted since it was made or reset.
#[pyclass(module = "libgossip")]
#[derive(Default)]
pub(crate) struct GossipStats {
    pub(crate) known_nodes: u64,
    pub(crate) sent_messages: u64,
    pub(crate) received_messages: u64,
    pub(crate) last_tick_duration: Duration,
}

const fn field(name: &'static str) -> At {
    at("GossipStats", name)
}

type Slf<'a, 'py> = &'a Bound<'py, GossipStats>;
type Value<'a, 'py> = &'a Bound<'py, PyAny>;

#[pymethods]
impl GossipStats {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    /// Nodes that are known, those that failed counted and this one not.
    #[getter]
    fn known_nodes(&self) -> u64 {
        self.known_nodes
    }

    #[setter]
    fn set_known_nodes(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let count = field("known_nodes").counter(value)?;
        slf.borrow_mut().known_nodes = count;
        Ok(())
    }

    /// Messages that were given to the send callback.
    #[getter]
    fn sent_messages(&self) -> u64 {
        self.sent_messages
    }

    #[setter]
    fn set_sent_messages(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let count = field("sent_messages").counter(value)?;
        slf.borrow_mut().sent_messages = count;
        Ok(())
    }

    /// Messages that were taken.
    #[getter]
    fn received_messages(&self) -> u64 {
        self.received_messages
    }

    #[setter]
    fn set_received_messages(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let count = field("received_messages").counter(value)?;
        slf.borrow_mut().received_messages = count;
        Ok(())
    }

    /// The time that the core took for the last tick, callbacks not counted.
    #[getter]
    fn last_tick_duration(&self) -> Duration {
        self.last_tick_duration
    }

    #[setter]
    fn set_last_tick_duration(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let time = field("last_tick_duration").duration(value)?;
        slf.borrow_mut().last_tick_duration = time;
        Ok(())
    }

    fn __repr__(&self) -> String {
        let Self { known_nodes, sent_messages, received_messages, last_tick_duration } = self;
        format!(
            "<GossipStats {known_nodes} nodes, {sent_messages} sent, {received_messages} received, \
             last tick {last_tick_duration:?}>"
        )
    }
}
