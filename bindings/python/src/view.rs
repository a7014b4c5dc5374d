//! The class `NodeView`: what a core reports of a node, as a copy that Python owns.

use crate::argument::{At, at};
use crate::id::NodeId;
use crate::{enums, metadata, time};
use gossip::proto::Core;
use gossip::types::{self, Entry};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;
use std::time::Duration;

/// The longest ip, role or region in bytes.
pub(crate) const MAX_TEXT_BYTES: usize = 63;

/// What is said of a node, and what a core knows of it beside that.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) node: types::NodeView,
    /// Microseconds of Python's monotonic clock; 0 for never.
    seen: u64,
    suspected: u64,
    accusers: i32,
}

impl View {
    /// A copy of an entry.
    pub(crate) fn of(entry: Entry<'_>) -> Self {
        Self { node: entry.into(), ..Self::default() }
    }

    /// A copy on the heap, where it stays: it has some 300 bytes.
    pub(crate) fn boxed(entry: Entry<'_>) -> Box<Self> {
        Box::new(Self::of(entry))
    }

    /// Adds what the core knows of the way to the node.
    pub(crate) fn with_peer(mut self: Box<Self>, core: &Core) -> Box<Self> {
        if let Some(peer) = core.peer(&self.node.id) {
            self.seen = time::monotonic(peer.seen);
            self.suspected = peer.suspected.map_or(0, time::monotonic);
            self.accusers = i32::try_from(peer.accusers).unwrap_or(i32::MAX);
        }
        self
    }
}

/// What is known of a node: an entry of a message, of a core's list, or of an event. Fields can be
/// read and set; it is a copy, so nobody else sees what is set.
///
/// `NodeView()` is empty; `NodeView(ip="10.0.0.1", port=7946)` sets fields by name.
#[pyclass(module = "libgossip")]
pub(crate) struct NodeView(pub(crate) Box<View>);

const fn field(name: &'static str) -> At {
    at("NodeView", name)
}

type Slf<'a, 'py> = &'a Bound<'py, NodeView>;
type Value<'a, 'py> = &'a Bound<'py, PyAny>;

// A setter converts first and borrows then: converting may run Python code, which may look here.
#[pymethods]
impl NodeView {
    #[new]
    #[pyo3(signature = (**fields))]
    fn new<'py>(
        py: Python<'py>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, Self>> {
        let view = Bound::new(py, Self(Box::default()))?;
        for (name, value) in fields.into_iter().flatten() {
            let name = name.to_string();
            if !FIELDS.contains(&name.as_str()) {
                return Err(crate::errors::bad_type(format!(
                    "NodeView(): there is no field {name:?}; the fields are {}",
                    FIELDS.join(", ")
                )));
            }
            view.setattr(name.as_str(), value)?;
        }
        Ok(view)
    }

    /// Who it is about.
    #[getter]
    fn id(&self) -> NodeId {
        NodeId(self.0.node.id)
    }

    #[setter]
    fn set_id(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let id = field("id").object::<NodeId>(value, "a NodeId")?.get().0;
        slf.borrow_mut().0.node.id = id;
        Ok(())
    }

    /// The owner's address, at most 63 bytes.
    #[getter]
    fn ip(&self) -> &str {
        &self.0.node.ip
    }

    #[setter]
    fn set_ip(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let ip = field("ip").text_of(value, MAX_TEXT_BYTES)?;
        slf.borrow_mut().0.node.ip = ip;
        Ok(())
    }

    /// The owner's port, 0 to 65535; 0 cannot be sent to.
    #[getter]
    fn port(&self) -> i32 {
        self.0.node.port
    }

    #[setter]
    fn set_port(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let port = field("port").port(value, 0)?;
        slf.borrow_mut().0.node.port = port.into();
        Ok(())
    }

    /// Orders configurations before the heartbeat does.
    #[getter]
    fn config_epoch(&self) -> u64 {
        self.0.node.config_epoch
    }

    #[setter]
    fn set_config_epoch(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let epoch = field("config_epoch").counter(value)?;
        slf.borrow_mut().0.node.config_epoch = epoch;
        Ok(())
    }

    /// The owner's counter.
    #[getter]
    fn heartbeat(&self) -> u64 {
        self.0.node.heartbeat
    }

    #[setter]
    fn set_heartbeat(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let heartbeat = field("heartbeat").counter(value)?;
        let mut view = slf.borrow_mut();
        view.0.node.heartbeat = heartbeat;
        view.0.node.config_heartbeat = 0;
        Ok(())
    }

    /// Counts changes of the entry; carried, never compared.
    #[getter]
    fn version(&self) -> u64 {
        self.0.node.version
    }

    #[setter]
    fn set_version(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let version = field("version").counter(value)?;
        slf.borrow_mut().0.node.version = version;
        Ok(())
    }

    /// When it was last heard of, on the clock of `time.monotonic()`; zero for never.
    #[getter]
    fn seen_time(&self) -> Duration {
        Duration::from_micros(self.0.seen)
    }

    #[setter]
    fn set_seen_time(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let seen = time::micros(field("seen_time").duration(value)?);
        slf.borrow_mut().0.seen = seen;
        Ok(())
    }

    /// What is held of it. Who left shows as FAILED.
    #[getter]
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        enums::node_status(py, self.0.node.status)
    }

    #[setter]
    fn set_status(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let status = enums::node_status_of(value, field("status"))?;
        slf.borrow_mut().0.node.status = status;
        Ok(())
    }

    /// A word for what it does, at most 63 bytes.
    #[getter]
    fn role(&self) -> &str {
        &self.0.node.role
    }

    #[setter]
    fn set_role(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let role = field("role").text_of(value, MAX_TEXT_BYTES)?;
        slf.borrow_mut().0.node.role = role;
        Ok(())
    }

    /// A word for where it stands, at most 63 bytes.
    #[getter]
    fn region(&self) -> &str {
        &self.0.node.region
    }

    #[setter]
    fn set_region(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let region = field("region").text_of(value, MAX_TEXT_BYTES)?;
        slf.borrow_mut().0.node.region = region;
        Ok(())
    }

    /// The owner's key-value pairs: a new dict each time, so set it as a whole.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        metadata::dict(py, self.0.node.metadata.as_deref())
    }

    #[setter]
    fn set_metadata(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let pairs = metadata::metadata_of(value, field("metadata"))?;
        slf.borrow_mut().0.node.metadata = Some(Arc::new(pairs));
        Ok(())
    }

    /// Members that accuse it now; 0 unless it is suspect.
    #[getter]
    fn suspicion_count(&self) -> i32 {
        self.0.accusers
    }

    #[setter]
    fn set_suspicion_count(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let accusers = field("suspicion_count").integer(value, 0, i32::MAX.into())?;
        slf.borrow_mut().0.accusers = i32::try_from(accusers).unwrap_or_default();
        Ok(())
    }

    /// When it was last suspected, on the clock of `time.monotonic()`; zero for never.
    #[getter]
    fn last_suspected(&self) -> Duration {
        Duration::from_micros(self.0.suspected)
    }

    #[setter]
    fn set_last_suspected(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let suspected = time::micros(field("last_suspected").duration(value)?);
        slf.borrow_mut().0.suspected = suspected;
        Ok(())
    }

    /// Whether this one is newer by heartbeat, and at equal ones by epoch.
    fn newer_than(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = other_of("NodeView.newer_than", other)?;
        let (a, b) = (&self.0.node, &other.0.node);
        Ok((a.heartbeat, a.config_epoch) > (b.heartbeat, b.config_epoch))
    }

    /// Whether this one is newer by epoch, and at equal ones by heartbeat.
    fn can_replace(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = other_of("NodeView.can_replace", other)?;
        let (a, b) = (&self.0.node, &other.0.node);
        Ok((a.config_epoch, a.heartbeat) > (b.config_epoch, b.heartbeat))
    }

    fn __repr__(&self) -> String {
        let node = &self.0.node;
        let status = if node.status.is_gone() { "failed" } else { node.status.name() };
        format!("<NodeView {} at {}:{} {status}>", node.id, node.ip, node.port)
    }
}

const FIELDS: [&str; 13] = [
    "id",
    "ip",
    "port",
    "config_epoch",
    "heartbeat",
    "version",
    "seen_time",
    "status",
    "role",
    "region",
    "metadata",
    "suspicion_count",
    "last_suspected",
];

fn other_of<'py>(
    function: &'static str,
    value: &Bound<'py, PyAny>,
) -> PyResult<PyRef<'py, NodeView>> {
    Ok(at(function, "other").object::<NodeView>(value, "a NodeView")?.borrow())
}
