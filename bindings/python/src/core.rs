//! The class `GossipCore`: the protocol without sockets, threads and timers.

use crate::argument::{At, at};
use crate::errors;
use crate::id::NodeId;
use crate::logging::{Level, Logger, log};
use crate::message::GossipMessage;
use crate::metadata;
use crate::shared::{CoreCallbacks, Shared};
use crate::stats::GossipStats;
use crate::view::{NodeView, View};
use gossip::os;
use gossip::proto::{CommandError, Config, Core};
use gossip::types::{Entry, Instant, Path};
use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDelta, PyFloat, PyInt, PyList};
use std::convert::Infallible;
use std::sync::Arc;

/// The protocol of one node, without sockets, threads and timers: the program calls `tick()` for each
/// round, carries the messages that the send callback is given, and hands in those that come.
///
/// Callbacks run before the call that led to them returns, in order, one at a time, and with no lock
/// held: everything may be called inside of them. If another thread is running callbacks of this core
/// they run there. An exception in one is reported by `sys.unraisablehook` and to the logger
/// `libgossip.core`, and ends nothing; KeyboardInterrupt and SystemExit leave by the call.
///
/// A zero id in `self_view` is replaced by a random one, in `self_view` too.
#[pyclass(frozen, weakref, module = "libgossip")]
pub(crate) struct GossipCore {
    pub(crate) shared: Arc<Shared>,
}

type Command = fn(&mut Core, Instant, &Entry<'_>) -> Result<(), CommandError>;

impl GossipCore {
    fn contact(
        &self,
        function: &'static str,
        node: &Bound<'_, PyAny>,
        command: Command,
    ) -> PyResult<()> {
        let py = node.py();
        let view = at(function, "node").object::<NodeView>(node, "a NodeView")?.borrow().0.clone();
        let result = self
            .shared
            .input(py, |state, now| command(&mut state.core, now, &view.node.as_entry()))?;
        result.map_err(|error| errors::command(function, &error))
    }
}

const CANNOT_FAIL: Result<(), Infallible> = Ok(());

#[pymethods]
impl GossipCore {
    #[new]
    #[pyo3(signature = (self_view, send_callback, event_callback = None))]
    fn new(
        py: Python<'_>,
        self_view: &Bound<'_, PyAny>,
        send_callback: &Bound<'_, PyAny>,
        event_callback: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let at = |name| at("GossipCore", name);
        let view = at("self_view").object::<NodeView>(self_view, "a NodeView")?;
        let callbacks = CoreCallbacks {
            send: Some(at("send_callback").callable(send_callback)?),
            event: at("event_callback").optional_callable(event_callback)?,
        };
        if view.borrow().0.node.id.is_zero() {
            let id = NodeId::generate_random()?.0;
            view.borrow_mut().0.node.id = id;
        }
        let own = view.borrow().0.node.clone();
        let seed = os::entropy().map_err(|error| errors::network(&error))?;
        let core = Core::new(Config::default(), &own.as_entry(), seed, os::now());
        let core = core.map_err(|error| at("self_view").refused(&error))?;
        log(py, Logger::Core, Level::Debug, || format!("core {} is made", own.id));
        Ok(Self { shared: Arc::new(Shared::new(core, callbacks)) })
    }

    /// One round of the protocol: pings some members and ends what is due.
    fn tick(&self, py: Python<'_>) -> PyResult<()> {
        self.shared
            .input(py, |state, now| {
                state.core.round(now);
                state.last_tick = os::now().since(now);
                CANNOT_FAIL
            })
            .map(drop)
    }

    /// A round that pings every online member and ends nothing.
    fn tick_full_broadcast(&self, py: Python<'_>) -> PyResult<()> {
        let shared = &self.shared;
        shared
            .input(py, |state, now| {
                state.core.round_broadcast(now);
                state.last_tick = os::now().since(now);
                CANNOT_FAIL
            })
            .map(drop)
    }

    /// Takes a message that came. One that the protocol refuses changes nothing; the logger
    /// `libgossip.core` is told why.
    ///
    /// `recv_time` is there for programs of version 1 and not used: the library has a clock.
    #[pyo3(signature = (msg, recv_time = None))]
    fn handle_message(
        &self,
        msg: &Bound<'_, PyAny>,
        recv_time: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        const NAME: &str = "GossipCore.handle_message";
        let py = msg.py();
        let message = at(NAME, "msg").object::<GossipMessage>(msg, "a GossipMessage")?;
        let content = Arc::clone(&message.borrow().0);
        if let Some(time) = recv_time {
            check_time(time, at(NAME, "recv_time"))?;
        }
        let result = self.shared.input(py, |state, now| {
            let header = content.plain_header();
            state.core.handle_message(now, Path::Struct, &header, content.entries())
        })?;
        if let Err(refused) = result {
            log(py, Logger::Core, Level::Debug, || format!("a message was not taken: {refused}"));
        }
        Ok(())
    }

    /// Makes a node known to this one and this one to it. Its id may be zero: its own comes with its
    /// answer.
    fn meet(&self, node: &Bound<'_, PyAny>) -> PyResult<()> {
        self.contact("GossipCore.meet", node, Core::meet)
    }

    /// Like `meet`, and asks the node for its list of members.
    fn join(&self, node: &Bound<'_, PyAny>) -> PyResult<()> {
        self.contact("GossipCore.join", node, Core::join)
    }

    /// With the own id: tells the others that this node leaves; ticks then only repeat that. With
    /// another one's: tells that that node left, which it refutes if it is alive.
    fn leave(&self, id: &Bound<'_, PyAny>) -> PyResult<()> {
        const NAME: &str = "GossipCore.leave";
        let who = at(NAME, "id").object::<NodeId>(id, "a NodeId")?.get().0;
        let result = self.shared.input(id.py(), |state, now| state.core.leave(now, &who))?;
        result.map_err(|error| errors::command(NAME, &error))
    }

    /// This node as it tells others of itself.
    #[pyo3(name = "self")]
    fn own(&self, py: Python<'_>) -> PyResult<NodeView> {
        self.shared.with(py, |state| NodeView(View::boxed(state.core.own())))
    }

    /// All known nodes but this one, in the order in which they became known.
    fn get_nodes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let views: Vec<Box<View>> = self.shared.with(py, |state| {
            let core = &state.core;
            core.members().map(|entry| View::boxed(entry).with_peer(core)).collect()
        })?;
        let list = PyList::empty(py);
        for view in views {
            list.append(Bound::new(py, NodeView(view))?)?;
        }
        Ok(list)
    }

    /// One node by its id, or None; the own id finds this node.
    fn find_node(&self, id: &Bound<'_, PyAny>) -> PyResult<Option<NodeView>> {
        let who = at("GossipCore.find_node", "id").object::<NodeId>(id, "a NodeId")?.get().0;
        self.shared.with(id.py(), |state| {
            let core = &state.core;
            core.find(&who).map(|entry| NodeView(View::boxed(entry).with_peer(core)))
        })
    }

    /// How many nodes are known, those that failed counted and this one not.
    fn size(&self, py: Python<'_>) -> PyResult<usize> {
        self.shared.with(py, |state| state.core.len())
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.size(py)
    }

    fn __bool__(&self) -> bool {
        true
    }

    /// Forgets nodes that failed or left at least so long ago, given as a timedelta or in seconds.
    fn cleanup_expired(&self, timeout: &Bound<'_, PyAny>) -> PyResult<()> {
        let age = at("GossipCore.cleanup_expired", "timeout").duration(timeout)?;
        self.shared.with(timeout.py(), |state| {
            state.core.forget_gone(os::now(), age);
        })
    }

    /// Forgets all nodes and counts. Id, metadata and callbacks stay.
    fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.shared
            .input(py, |state, now| {
                state.core.reset(now);
                CANNOT_FAIL
            })
            .map(drop)
    }

    /// What was counted.
    fn get_stats(&self, py: Python<'_>) -> PyResult<GossipStats> {
        self.shared.with(py, |state| {
            let stats = state.core.stats();
            GossipStats {
                known_nodes: state.core.len() as u64,
                sent_messages: stats.sent_messages,
                received_messages: stats.received_messages,
                last_tick_duration: state.last_tick,
            }
        })
    }

    /// Sets pairs of the own metadata, all or none, and spreads them.
    fn update_self_metadata(&self, metadata: &Bound<'_, PyAny>) -> PyResult<()> {
        const NAME: &str = "GossipCore.update_self_metadata";
        let pairs = metadata::pairs_of(metadata, at(NAME, "metadata"))?;
        let result = self.shared.input(metadata.py(), |state, now| {
            let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
            state.core.update_metadata(now, pairs)
        })?;
        result.map_err(|error| errors::command(NAME, &error))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        self.shared.with(py, |state| {
            let own = state.core.own();
            let nodes = state.core.len();
            format!("<GossipCore {} at {}:{}, {nodes} nodes>", own.id, own.ip, own.port)
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.shared.traverse(&visit)
    }

    fn __clear__(&self) {
        self.shared.clear();
    }
}

/// Refuses what is no time at all.
fn check_time(time: &Bound<'_, PyAny>, at: At) -> PyResult<()> {
    let is_time = time.is_instance_of::<PyDelta>()
        || time.is_instance_of::<PyDateTime>()
        || time.is_instance_of::<PyFloat>()
        || time.is_instance_of::<PyInt>();
    if is_time { Ok(()) } else { Err(at.wrong_type(time, "a timedelta, a datetime or seconds")) }
}
