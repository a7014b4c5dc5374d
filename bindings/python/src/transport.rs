//! The class `Transport`, and the bases of `UdpTransport` and `TcpTransport`.

use crate::argument::{At, at};
use crate::call::{callback, is_inside, report};
use crate::core::GossipCore;
use crate::enums::{self, ErrorCode};
use crate::errors;
use crate::logging::{Level, Logger, log};
use crate::message::{Content, GossipMessage};
use crate::running;
use crate::serializer;
use crate::shared::{ToCore, lock};
use crate::view::NodeView;
use gossip::net::{self, Error, Protocol, Serializer};
use pyo3::PyTraverseError;
use pyo3::exceptions::PyNotImplementedError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use std::sync::{Arc, Mutex};

/// Carries messages between a core and others: what comes goes to the core, what is to be sent is
/// given to `send_message`. The base of `UdpTransport` and `TcpTransport`; a program may derive its own.
///
/// Until `set_serializer` is called it writes packets to those that read them and the text of version
/// 1.4.2 to all others, and reads both.
#[pyclass(subclass, frozen, weakref, module = "libgossip")]
pub(crate) struct Transport {
    /// `None` for a class that the program derived.
    inner: Option<Inner>,
}

struct Inner {
    protocol: Protocol,
    transport: Arc<net::Transport>,
    /// Kept alive, since the messages go there.
    core: Mutex<Option<Py<GossipCore>>>,
    last_error: Mutex<String>,
}

impl Inner {
    fn new(
        function: &'static str,
        protocol: Protocol,
        host: &Bound<'_, PyAny>,
        port: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let name = |name| at(function, name);
        let host = name("host").text_of(host, 255)?;
        let port = name("port").port(port, 0)?;
        let transport = net::Transport::new(protocol, &host, port)
            .map_err(|error| name("host").refused(&error))?;
        transport.set_serializer(Serializer::Auto);
        Ok(Self {
            protocol,
            transport: Arc::new(transport),
            core: Mutex::default(),
            last_error: Mutex::default(),
        })
    }

    /// The code of a result; the text of an error is kept and logged.
    fn code(&self, py: Python<'_>, result: Result<(), Error>) -> PyResult<Py<PyAny>> {
        let code = match result {
            Ok(()) => ErrorCode::Success,
            Err(error) => {
                let text = error.to_string();
                log(py, Logger::Transport, Level::Debug, || text.clone());
                *lock(&self.last_error) = text;
                ErrorCode::from(&error)
            }
        };
        enums::error_code(py, code)
    }

    fn send(
        &self,
        py: Python<'_>,
        content: &Content,
        target: &Target,
        may_wait: bool,
    ) -> Result<(), Error> {
        let send = || {
            let to = self.transport.target(&target.0, target.1)?;
            content.with_outgoing(|outgoing| self.transport.send(outgoing, to, may_wait)).map(drop)
        };
        // A datagram is sent at once: to give the interpreter away for that costs more than it takes.
        if self.protocol == Protocol::Udp { send() } else { py.detach(send) }
    }
}

/// The address of a target.
struct Target(String, i32);

impl Target {
    fn of(value: &Bound<'_, PyAny>, at: At) -> PyResult<Self> {
        let view = at.object::<NodeView>(value, "a NodeView")?.borrow();
        Ok(Self(view.0.node.ip.clone(), view.0.node.port))
    }
}

impl Transport {
    fn inner(&self, function: &str) -> PyResult<&Inner> {
        self.inner.as_ref().ok_or_else(|| {
            PyNotImplementedError::new_err(format!(
                "Transport.{function}(): use UdpTransport or TcpTransport, or define it in your class"
            ))
        })
    }

    fn message(function: &'static str, msg: &Bound<'_, PyAny>) -> PyResult<Arc<Content>> {
        let message = at(function, "msg").object::<GossipMessage>(msg, "a GossipMessage")?;
        Ok(Arc::clone(&message.borrow().0))
    }
}

#[pymethods]
impl Transport {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self { inner: None }
    }

    /// Binds the address and makes the thread that reads.
    fn start(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inner = self.inner("start")?;
        if running::is_ending() {
            return Err(errors::state("the interpreter is ending; nothing is started any more"));
        }
        let result = py.detach(|| inner.transport.start());
        if result.is_ok() {
            running::add_transport(&inner.transport);
            let port = inner.transport.port();
            log(py, Logger::Transport, Level::Info, || format!("listens on port {port}"));
        }
        inner.code(py, result)
    }

    /// Closes everything and ends the thread, within a second. It may be started again.
    fn stop(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let inner = self.inner("stop")?;
        let result = py.detach(|| inner.transport.stop());
        inner.code(py, result)
    }

    /// Sends a message to the address of a node. UDP never waits; TCP waits up to 200 ms to learn that
    /// nobody listens, but not inside a callback. Success means that the message was on its way.
    fn send_message(
        &self,
        msg: &Bound<'_, PyAny>,
        target: &Bound<'_, PyAny>,
    ) -> PyResult<Py<PyAny>> {
        const NAME: &str = "Transport.send_message";
        let (inner, py) = (self.inner("send_message")?, msg.py());
        let content = Self::message(NAME, msg)?;
        let target = Target::of(target, at(NAME, "target"))?;
        let result = inner.send(py, &content, &target, !is_inside());
        inner.code(py, result)
    }

    /// As `send_message`, without any wait; what became of it is given to the callback before this
    /// returns.
    fn send_message_async(
        &self,
        msg: &Bound<'_, PyAny>,
        target: &Bound<'_, PyAny>,
        callback: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        const NAME: &str = "Transport.send_message_async";
        let (inner, py) = (self.inner("send_message_async")?, msg.py());
        let content = Self::message(NAME, msg)?;
        let target = Target::of(target, at(NAME, "target"))?;
        let function = at(NAME, "callback").callable(callback)?;
        let result = inner.send(py, &content, &target, false);
        let code = inner.code(py, result)?.into_bound(py);
        if let Err(error) = self::callback(py, &function, code, None) {
            if crate::call::is_fatal(py, &error) {
                return Err(error);
            }
            report(py, error, &function, "the callback of a message");
        }
        Ok(())
    }

    /// Says which core takes the messages that come; None for nobody.
    fn set_gossip_core(&self, core: &Bound<'_, PyAny>) -> PyResult<()> {
        let inner = self.inner("set_gossip_core")?;
        let core = if core.is_none() {
            None
        } else {
            let at = at("Transport.set_gossip_core", "core");
            Some(at.object::<GossipCore>(core, "a GossipCore")?.clone().unbind())
        };
        let inbound = core
            .as_ref()
            .map(|core| Arc::new(ToCore(Arc::clone(&core.get().shared))) as Arc<dyn net::Inbound>);
        inner.transport.set_inbound(inbound);
        let before = std::mem::replace(&mut *lock(&inner.core), core);
        drop(before);
        Ok(())
    }

    /// Says in which form messages are written and read.
    fn set_serializer(&self, serializer: &Bound<'_, PyAny>) -> PyResult<()> {
        let inner = self.inner("set_serializer")?;
        let serializer = serializer::of(serializer)?;
        inner.transport.set_serializer(serializer);
        Ok(())
    }

    /// The port listened on, or that was last; before the first start the one asked for.
    #[getter]
    fn port(&self) -> PyResult<u16> {
        Ok(self.inner("port")?.transport.port())
    }

    /// The text of the last error of this transport; empty if there was none.
    #[getter]
    fn last_error(&self) -> PyResult<String> {
        Ok(lock(&self.inner("last_error")?.last_error).clone())
    }

    fn __repr__(slf: &Bound<'_, Self>) -> PyResult<String> {
        let name = slf.get_type().name()?;
        Ok(match &slf.get().inner {
            Some(inner) => format!("<{name} on port {}>", inner.transport.port()),
            None => format!("<{name}>"),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(inner) = &self.inner
            && let Ok(core) = inner.core.try_lock()
        {
            visit.call(&*core)?;
        }
        Ok(())
    }

    fn __clear__(&self) {
        if let Some(inner) = &self.inner {
            inner.transport.set_inbound(None);
            let core = lock(&inner.core).take();
            drop(core);
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take() {
            // Its thread may be in a callback, and wait for the interpreter's lock.
            running::drop_detached(inner.transport);
        }
    }
}

/// The base of `libgossip.UdpTransport`.
#[pyclass(extends = Transport, subclass, frozen, module = "libgossip._core")]
pub(crate) struct UdpBase;

#[pymethods]
impl UdpBase {
    #[new]
    fn new(host: &Bound<'_, PyAny>, port: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<Self>> {
        let inner = Inner::new("UdpTransport", Protocol::Udp, host, port)?;
        let base = PyClassInitializer::from(Transport { inner: Some(inner) });
        Ok(base.add_subclass(Self))
    }
}

/// The base of `libgossip.TcpTransport`.
#[pyclass(extends = Transport, subclass, frozen, module = "libgossip._core")]
pub(crate) struct TcpBase;

#[pymethods]
impl TcpBase {
    #[new]
    fn new(host: &Bound<'_, PyAny>, port: &Bound<'_, PyAny>) -> PyResult<PyClassInitializer<Self>> {
        let inner = Inner::new("TcpTransport", Protocol::Tcp, host, port)?;
        let base = PyClassInitializer::from(Transport { inner: Some(inner) });
        Ok(base.add_subclass(Self))
    }
}
