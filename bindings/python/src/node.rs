//! The base of the class `Node`: a cluster member with its own sockets and thread.

use crate::argument::at;
use crate::errors;
use crate::events::{EventQueue, wake};
use crate::fan::{Fan, NodeCallbacks};
use crate::id::NodeId;
use crate::logging::{Level, Logger, log};
use crate::member::{Member, address};
use crate::metadata;
use crate::options::Given;
use crate::running;
use crate::shared::lock;
use crate::wait::Waiters;
use gossip::net::node::limits::MAX_CHANGES;
use gossip::net::{self, Handler, JoinReason, Joined, NodeError};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A member of a cluster that runs by itself; the base of `libgossip.Node`, which has the
/// documentation.
#[pyclass(subclass, frozen, weakref, dict, module = "libgossip._core")]
pub(crate) struct NodeBase {
    /// `None` only while it is dropped.
    node: Option<Arc<net::Node>>,
    fan: Arc<Fan>,
    waiters: Arc<Waiters>,
    is_running: AtomicBool,
}

impl NodeBase {
    fn node(&self) -> PyResult<&Arc<net::Node>> {
        self.node.as_ref().ok_or_else(|| errors::state("the node is gone"))
    }

    fn error(py: Python<'_>) -> impl Fn(NodeError) -> PyErr {
        move |error| errors::node(py, &error)
    }
}

/// How many targets answered a join, and who did not and why. Silence is no error, because the node
/// goes on asking, unless an answer is `required`; it is one that no target can be asked.
fn joined(
    py: Python<'_>,
    result: Result<Joined, NodeError>,
    required: bool,
) -> PyResult<Py<PyAny>> {
    let (answered, failures) = match result {
        Ok(joined) => (joined.answered, joined.failures),
        Err(NodeError::NoAnswer(failures))
            if failures.iter().any(|failure| can_be_asked(&failure.reason)) =>
        {
            (0, failures)
        }
        Err(error) => return Err(errors::node(py, &error)),
    };
    let told = errors::failure_list(py, &failures)?;
    if answered == 0 && (required || !failures.is_empty()) {
        let error = NodeError::NoAnswer(failures);
        if required {
            return Err(errors::node(py, &error));
        }
        log(py, Logger::Node, Level::Warning, || {
            format!("a join goes on in the background: {error}")
        });
    }
    Ok((answered, told).into_pyobject(py)?.into_any().unbind())
}

/// Whether a target that did not answer was asked, or would have been by another node: the first
/// node of a cluster may have the list of seeds that all have.
fn can_be_asked(reason: &JoinReason) -> bool {
    matches!(
        reason,
        JoinReason::NoAnswer(_)
            | JoinReason::OtherCluster
            | JoinReason::LookUp
            | JoinReason::OwnNode
    )
}

fn left(py: Python<'_>, result: Result<(), NodeError>) -> PyResult<Py<PyAny>> {
    result.map(|()| py.None()).map_err(|error| errors::node(py, &error))
}

/// The targets of a join: a list of texts, or one text.
fn targets_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    const MAX_TARGET_BYTES: usize = 512;
    let at = at("Node.join", "targets");
    let wanted = "a str such as \"10.0.0.1:7946\", or a list of them";
    if value.is_instance_of::<PyString>() {
        return Ok(vec![at.text_of(value, MAX_TARGET_BYTES)?]);
    }
    let mut targets = Vec::new();
    for item in value.try_iter().map_err(|_| at.wrong_type(value, wanted))? {
        let item = item?;
        if !item.is_instance_of::<PyString>() {
            return Err(at.wrong_type(&item, wanted));
        }
        targets.push(at.text_of(&item, MAX_TARGET_BYTES)?);
        if targets.len() > net::node::limits::MAX_TARGETS {
            let most = net::node::limits::MAX_TARGETS;
            return Err(at.refused(&format!("give at most {most} targets")));
        }
    }
    if targets.is_empty() {
        return Err(at.wrong_value(value, "at least one target"));
    }
    Ok(targets)
}

fn join_with(node: &net::Node, targets: &[String], wait: Duration) -> Result<Joined, NodeError> {
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    node.join(&targets, wait)
}

#[pymethods]
impl NodeBase {
    #[new]
    #[pyo3(signature = (
        bind_host = None, port = None, *, id = None, role = None, region = None, cluster = None,
        advertise_host = None, advertise_port = None, metadata = None, profile = None,
        protocol = None, serializer = None, settle = None, on_event = None, on_changes = None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn new<'py>(
        py: Python<'py>,
        bind_host: Option<Bound<'py, PyAny>>,
        port: Option<Bound<'py, PyAny>>,
        id: Option<Bound<'py, PyAny>>,
        role: Option<Bound<'py, PyAny>>,
        region: Option<Bound<'py, PyAny>>,
        cluster: Option<Bound<'py, PyAny>>,
        advertise_host: Option<Bound<'py, PyAny>>,
        advertise_port: Option<Bound<'py, PyAny>>,
        metadata: Option<Bound<'py, PyAny>>,
        profile: Option<Bound<'py, PyAny>>,
        protocol: Option<Bound<'py, PyAny>>,
        serializer: Option<Bound<'py, PyAny>>,
        settle: Option<Bound<'py, PyAny>>,
        on_event: Option<Bound<'py, PyAny>>,
        on_changes: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let given = Given {
            bind_host,
            port,
            id,
            role,
            region,
            cluster,
            advertise_host,
            advertise_port,
            metadata,
            profile,
            protocol,
            serializer,
            settle,
        };
        let config = given.config()?;
        let callbacks = NodeCallbacks {
            event: at("Node", "on_event").optional_callable(on_event.as_ref())?,
            changes: at("Node", "on_changes").optional_callable(on_changes.as_ref())?,
        };
        let fan = Arc::new(Fan {
            callbacks: Mutex::new(callbacks),
            queues: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            settles: !config.changes_settle.is_zero(),
        });
        let handler: Arc<dyn Handler> = fan.clone();
        let node = net::Node::new(config, Some(handler)).map_err(Self::error(py))?;
        Ok(Self {
            node: Some(Arc::new(node)),
            fan,
            waiters: Arc::default(),
            is_running: AtomicBool::new(false),
        })
    }

    /// Binds the address and makes the threads.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        let node = self.node()?;
        if running::is_ending() {
            return Err(errors::state("the interpreter is ending; nothing is started any more"));
        }
        self.fan.is_stopping.store(false, Ordering::Release);
        py.detach(|| node.start()).map_err(Self::error(py))?;
        running::add_node(node);
        self.is_running.store(true, Ordering::Release);
        let (id, port) = (node.id(), node.port());
        log(py, Logger::Node, Level::Info, || format!("node {id} listens on port {port}"));
        if node.stats().is_ok_and(|stats| !stats.listens_on_tcp) {
            log(py, Logger::Node, Level::Warning, || {
                format!("node {id} has its port {port} by UDP alone: by TCP it is another's")
            });
        }
        Ok(())
    }

    /// Closes everything and ends the threads, without a leave.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let node = self.node()?;
        if node.is_foreign() {
            return Ok(());
        }
        self.fan.is_stopping.store(true, Ordering::Release);
        let stopped = py.detach(|| {
            let stopped = node.stop();
            // Inside a callback one of them may wait for that to return.
            if !crate::call::is_inside() {
                self.waiters.join();
            }
            stopped
        });
        for queue in self.fan.queues() {
            for waker in queue.close() {
                wake(py, &waker);
            }
        }
        stopped.map_err(Self::error(py))?;
        if !self.is_running.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        log(py, Logger::Node, Level::Info, || format!("node {} stopped", node.id()));
        Ok(())
    }

    /// Joins and waits for the first answer; gives how many answered, and who did not and why.
    fn join_and_wait(
        &self,
        targets: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        required: bool,
    ) -> PyResult<Py<PyAny>> {
        let (targets, wait) = (targets_of(targets)?, at("Node.join", "timeout").duration(timeout)?);
        let (py, node) = (timeout.py(), Arc::clone(self.node()?));
        let result = self.waiters.block(py, move || join_with(&node, &targets, wait))?;
        joined(py, result, required)
    }

    /// Joins, and calls `done(result, error)` on another thread.
    fn join_and_call(
        &self,
        targets: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
        required: bool,
        done: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let (targets, wait) = (targets_of(targets)?, at("Node.join", "timeout").duration(timeout)?);
        let done = at("Node.join", "done").callable(done)?;
        let node = Arc::clone(self.node()?);
        let finish = move |py: Python<'_>, result| joined(py, result, required);
        self.waiters.background(done, move || join_with(&node, &targets, wait), finish)
    }

    /// Leaves and waits until that was told often enough.
    fn leave_and_wait(&self, timeout: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let wait = at("Node.leave", "timeout").duration(timeout)?;
        let (py, node) = (timeout.py(), Arc::clone(self.node()?));
        left(py, self.waiters.block(py, move || node.leave(wait))?)
    }

    /// Leaves, and calls `done(result, error)` on another thread.
    fn leave_and_call(&self, timeout: &Bound<'_, PyAny>, done: &Bound<'_, PyAny>) -> PyResult<()> {
        let wait = at("Node.leave", "timeout").duration(timeout)?;
        let done = at("Node.leave", "done").callable(done)?;
        let node = Arc::clone(self.node()?);
        self.waiters.background(done, move || node.leave(wait), left)
    }

    /// Stops, and calls `done(result, error)` on another thread.
    fn stop_and_call(&self, py: Python<'_>, done: &Bound<'_, PyAny>) -> PyResult<()> {
        let done = at("Node.aclose", "done").callable(done)?;
        let node = Arc::clone(self.node()?);
        if node.is_foreign() {
            return done.bind(py).call1((py.None(), py.None())).map(drop);
        }
        self.fan.is_stopping.store(true, Ordering::Release);
        self.waiters.background(done, move || node.stop(), left)
    }

    /// The id.
    #[getter]
    fn id(&self) -> PyResult<NodeId> {
        self.node().map(|node| NodeId(node.id()))
    }

    /// The port listened on, or that was last; before the first start the one asked for.
    #[getter]
    fn port(&self) -> PyResult<u16> {
        self.node().map(|node| node.port())
    }

    /// Whether it was started and not stopped since.
    #[getter]
    fn is_running(&self) -> bool {
        self.is_running.load(Ordering::Acquire) && !running::is_ending()
    }

    /// Whether this is a copy in a forked child, which can only be dropped.
    #[getter]
    fn is_foreign(&self) -> PyResult<bool> {
        self.node().map(|node| node.is_foreign())
    }

    /// This node as it tells others of itself.
    #[getter]
    fn local(&self, py: Python<'_>) -> PyResult<Member> {
        let local = self.node()?.local().map_err(Self::error(py))?;
        Ok(Member(Arc::new(local)))
    }

    /// All known members but this one, also those that are suspect, failed or left, in the order in
    /// which they became known.
    fn members<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let node = self.node()?;
        let members = py.detach(|| node.members()).map_err(Self::error(py))?;
        let list = PyList::empty(py);
        for member in members {
            list.append(Bound::new(py, Member(Arc::new(member)))?)?;
        }
        Ok(list)
    }

    /// One member by its id, or None; the own id finds this node.
    fn find(&self, id: &Bound<'_, PyAny>) -> PyResult<Option<Member>> {
        let who = at("Node.find", "id").object::<NodeId>(id, "a NodeId")?.get().0;
        let found = self.node()?.find(&who).map_err(Self::error(id.py()))?;
        Ok(found.map(|member| Member(Arc::new(member))))
    }

    /// How many members are known, this one not counted.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let counted = self.node()?.look(|look| look.members().count());
        Ok(counted.map_err(Self::error(py))?.unwrap_or_default())
    }

    fn __bool__(&self) -> bool {
        true
    }

    /// The own metadata in a new dict.
    fn own_metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let local = self.node()?.local().map_err(Self::error(py))?;
        metadata::dict(py, local.metadata.as_deref())
    }

    /// Sets pairs of the own metadata, all or none, and spreads them.
    fn update_metadata(&self, pairs: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = pairs.py();
        let pairs = metadata::pairs_of(pairs, at("Node.update_metadata", "pairs"))?;
        let node = self.node()?;
        let set = py.detach(|| {
            node.update_metadata(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
        });
        set.map_err(Self::error(py))
    }

    /// Takes one key of the own metadata away, and says whether there was one.
    fn remove_metadata(&self, key: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = key.py();
        let key = at("Node.remove_metadata", "key").text_of(key, usize::MAX)?;
        let node = self.node()?;
        py.detach(|| node.remove_metadata(&key)).map_err(Self::error(py))
    }

    /// A queue that gets every event from now on.
    #[pyo3(signature = (limit = None))]
    fn queue(&self, limit: Option<&Bound<'_, PyAny>>) -> PyResult<EventQueue> {
        let most = match limit {
            Some(limit) => at("Node.events", "limit").integer(limit, 1, i32::MAX.into())?,
            None => MAX_CHANGES as i128,
        };
        let queue = EventQueue::new(usize::try_from(most).unwrap_or(MAX_CHANGES));
        lock(&self.fan.queues).push(Arc::downgrade(&queue.0));
        Ok(queue)
    }

    /// What was counted since the last start, by name.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.node()?.stats().map_err(Self::error(py))?;
        let (core, queues, datagrams) = (&stats.core, &stats.queues, &stats.datagrams);
        let dict = PyDict::new(py);
        let counts: [(&str, u64); 25] = [
            ("messages_sent", core.sent_messages),
            ("messages_received", core.received_messages),
            ("messages_refused", core.refused_messages),
            ("messages_of_other_clusters", core.refused_cluster),
            ("messages_malformed", core.refused_malformed),
            ("entries_dropped", core.dropped_entries),
            ("probes", core.probes),
            ("probes_answered", core.probes_answered),
            ("probes_failed", core.probes_failed),
            ("suspicions", core.suspicions),
            ("failures", core.failures),
            ("refutations", core.refutations),
            ("id_conflicts", core.id_conflicts),
            ("datagrams_sent", datagrams.sent),
            ("datagrams_received", datagrams.received),
            ("bytes_sent", datagrams.bytes_sent),
            ("bytes_received", datagrams.bytes_received),
            ("datagrams_unsent", datagrams.unsent),
            ("junk", datagrams.junk),
            ("awareness", stats.awareness.into()),
            ("joins_waiting", queues.joins as u64),
            ("news_waiting", queues.news as u64),
            ("suspicions_running", queues.suspicions as u64),
            ("changes_waiting", stats.changes_waiting as u64),
            ("changes_joined", stats.changes_joined),
        ];
        for (name, count) in counts {
            dict.set_item(name, count)?;
        }
        dict.set_item("listens_on_tcp", stats.listens_on_tcp)?;
        Ok(dict)
    }

    /// What is known of the way to a member, by name; None for this node and for unknown ids.
    fn peer_counts<'py>(&self, id: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let py = id.py();
        let who = at("Node.peer", "id").object::<NodeId>(id, "a NodeId")?.get().0;
        let Some(peer) = self.node()?.peer(&who).map_err(Self::error(py))? else { return Ok(None) };
        let seconds = |at| Duration::from_micros(crate::time::monotonic(at)).as_secs_f64();
        let dict = PyDict::new(py);
        dict.set_item("round_trip", peer.round_trip.map(|it| it.as_secs_f64()))?;
        dict.set_item("loss", f64::from(peer.loss_permille) / 1000.0)?;
        dict.set_item("flaps", peer.flaps)?;
        dict.set_item("changed", seconds(peer.changed))?;
        dict.set_item("seen", seconds(peer.seen))?;
        dict.set_item("suspected", peer.suspected.map(seconds))?;
        dict.set_item("accusers", peer.accusers)?;
        dict.set_item("interval", peer.interval.map(|it| it.as_secs_f64()))?;
        dict.set_item("reads_packets", peer.packets)?;
        Ok(Some(dict))
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let (name, node) = (slf.get_type().name()?, slf.get().node()?);
        let Ok(local) = node.local() else { return Ok(format!("<{name} {}>", node.id())) };
        let members = node.look(|look| look.members().count()).ok().flatten().unwrap_or_default();
        let place = address(&local.ip, local.port);
        Ok(format!("<{name} {} at {place}, {members} members>", local.id))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Ok(callbacks) = self.fan.callbacks.try_lock() {
            visit.call(&callbacks.event)?;
            visit.call(&callbacks.changes)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        let callbacks = std::mem::take(&mut *lock(&self.fan.callbacks));
        drop(callbacks);
    }
}

impl Drop for NodeBase {
    fn drop(&mut self) {
        self.fan.is_stopping.store(true, Ordering::Release);
        if let Some(node) = self.node.take() {
            running::drop_detached(node);
        }
    }
}
