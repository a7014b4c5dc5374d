//! The class `Member`: an immutable snapshot of one cluster member.

use crate::id::NodeId;
use crate::{enums, metadata};
use gossip::types::{self, NodeStatus};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

/// A member of a cluster as it was at one moment. It cannot be changed; two are equal if all they say
/// is.
#[pyclass(frozen, eq, hash, weakref, module = "libgossip")]
#[derive(Clone)]
pub(crate) struct Member(pub(crate) Arc<types::NodeView>);

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Hash for Member {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        (self.0.id, self.0.heartbeat, self.0.status).hash(hasher);
    }
}

#[pymethods]
impl Member {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str) {
        ("id", "host", "port", "status")
    }

    /// Who it is.
    #[getter]
    fn id(&self) -> NodeId {
        NodeId(self.0.id)
    }

    /// Its address as it tells it, usually a numeric one.
    #[getter]
    fn host(&self) -> &str {
        &self.0.ip
    }

    /// Its address as an `ipaddress.IPv4Address` or `IPv6Address`; None if it is no numeric one.
    #[getter]
    fn ip<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        static CLASSES: PyOnceLock<[Py<PyAny>; 2]> = PyOnceLock::new();
        let Ok(ip) = self.0.ip.parse::<IpAddr>() else { return Ok(None) };
        let classes = CLASSES.get_or_try_init(py, || {
            let module = py.import("ipaddress")?;
            let class = |name| module.getattr(name).map(Bound::unbind);
            Ok::<_, PyErr>([class("IPv4Address")?, class("IPv6Address")?])
        })?;
        let made = match ip {
            IpAddr::V4(ip) => classes[0].bind(py).call1((u32::from(ip),)),
            IpAddr::V6(ip) => classes[1].bind(py).call1((ip.octets(),)),
        };
        made.map(Some)
    }

    /// Its port.
    #[getter]
    fn port(&self) -> i32 {
        self.0.port
    }

    /// Host and port, as sockets take them.
    #[getter]
    fn address(&self) -> (&str, i32) {
        (&self.0.ip, self.0.port)
    }

    /// What is held of it.
    #[getter]
    fn status(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        enums::status(py, self.0.status)
    }

    /// Whether it is held to be alive.
    #[getter]
    fn is_online(&self) -> bool {
        self.0.status == NodeStatus::Online
    }

    /// A word for what it does.
    #[getter]
    fn role(&self) -> &str {
        &self.0.role
    }

    /// A word for where it stands.
    #[getter]
    fn region(&self) -> &str {
        &self.0.region
    }

    /// Its key-value pairs, which cannot be changed.
    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        static PROXY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let proxy = PROXY.get_or_try_init(py, || {
            py.import("types")?.getattr("MappingProxyType").map(Bound::unbind)
        })?;
        proxy.bind(py).call1((metadata::dict(py, self.0.metadata.as_deref())?,))
    }

    /// The counter that it owns; a higher one is newer.
    #[getter]
    fn heartbeat(&self) -> u64 {
        self.0.heartbeat
    }

    /// Orders configurations before the heartbeat does.
    #[getter]
    fn config_epoch(&self) -> u64 {
        self.0.config_epoch
    }

    /// Counts changes of what it tells of itself.
    #[getter]
    fn version(&self) -> u64 {
        self.0.version
    }

    /// All fields in a new dict.
    fn as_dict<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(slf.py());
        for name in FIELDS {
            dict.set_item(name, slf.getattr(name)?)?;
        }
        Ok(dict)
    }

    fn __repr__(&self) -> String {
        let node = &*self.0;
        let mut text = format!("<Member {} at {}", node.id, address(&node.ip, node.port));
        for word in [&node.role, &node.region] {
            if !word.is_empty() {
                text += &format!(" {word:?}");
            }
        }
        format!("{text} {}>", node.status.name())
    }

    fn __copy__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (_memo, /))]
    fn __deepcopy__<'py>(slf: Bound<'py, Self>, _memo: &Bound<'py, PyAny>) -> Bound<'py, Self> {
        slf
    }
}

const FIELDS: [&str; 10] = [
    "id",
    "host",
    "port",
    "status",
    "role",
    "region",
    "metadata",
    "heartbeat",
    "config_epoch",
    "version",
];

/// Host and port in one text.
pub(crate) fn address(host: &str, port: i32) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
