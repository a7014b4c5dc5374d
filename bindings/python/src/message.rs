//! The class `GossipMessage`: a message to or from a transport, as a copy that Python owns.

use crate::argument::{At, at};
use crate::enums;
use crate::id::NodeId;
use crate::view::{NodeView, View};
use gossip::net::Outgoing;
use gossip::proto::{Core, Transmit};
use gossip::types::{Entry, Form, Header, MessageKind};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::sync::Arc;

/// A message with all that a transport writes of it.
#[derive(Clone, Default)]
pub(crate) struct Content {
    pub(crate) header: Header,
    form: Form,
    to_new: bool,
    pub(crate) entries: Vec<View>,
}

impl Content {
    /// A copy of what a core wants sent.
    pub(crate) fn of(transmit: &Transmit<'_>) -> Self {
        let Transmit { header, form, to_new, .. } = *transmit;
        Self { header, form, to_new, entries: transmit.entries().map(View::of).collect() }
    }

    /// A copy of what was read.
    pub(crate) fn read(header: &Header, entries: &[Entry<'_>]) -> Self {
        let entries = entries.iter().map(|entry| View::of(*entry)).collect();
        Self { header: *header, entries, ..Self::default() }
    }

    /// Its entries, borrowed.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> + Clone {
        self.entries.iter().map(|view| view.node.as_entry())
    }

    /// Runs `body` with it in the form that a transport takes.
    pub(crate) fn with_outgoing<R>(&self, body: impl FnOnce(&Outgoing<'_>) -> R) -> R {
        let entries: Vec<Entry<'_>> = self.entries().collect();
        let Self { form, to_new, .. } = *self;
        body(&Outgoing { form, to_new, ..Outgoing::new(&self.header, &entries) })
    }

    /// The header as a program that carries messages itself has it.
    pub(crate) fn plain_header(&self) -> Header {
        let Header { sender, kind, timestamp, .. } = self.header;
        let kind = if kind.is_struct() { kind } else { MessageKind::Update };
        Header { sender, kind, timestamp, ..Header::default() }
    }
}

/// A message between nodes. The fields can be read and set.
///
/// The one that a send callback is called with is the core's own: given to a transport as it is, all
/// of it is sent, also what these fields do not show.
#[pyclass(module = "libgossip")]
pub(crate) struct GossipMessage(pub(crate) Arc<Content>);

const fn field(name: &'static str) -> At {
    at("GossipMessage", name)
}

type Slf<'a, 'py> = &'a Bound<'py, GossipMessage>;
type Value<'a, 'py> = &'a Bound<'py, PyAny>;

impl GossipMessage {
    /// To be changed by the program: then it is a plain message, as the fields show it.
    fn change(&mut self) -> &mut Content {
        let header = self.0.plain_header();
        let content = Arc::make_mut(&mut self.0);
        (content.header, content.form, content.to_new) = (header, Form::Text, false);
        content
    }
}

#[pymethods]
impl GossipMessage {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    /// Who says it.
    #[getter]
    fn sender(&self) -> NodeId {
        NodeId(self.0.header.sender)
    }

    #[setter]
    fn set_sender(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let id = field("sender").object::<NodeId>(value, "a NodeId")?.get().0;
        slf.borrow_mut().change().header.sender = id;
        Ok(())
    }

    /// What it is for. Two types have no name in `MessageType` and are the numbers 6, a request to
    /// ping another node, and 7, its answer that this did not work.
    #[getter(r#type)]
    fn kind(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        enums::message_type(py, self.0.header.kind)
    }

    #[setter(r#type)]
    fn set_kind(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let kind = enums::message_type_of(value, field("type"))?;
        slf.borrow_mut().change().header.kind = kind;
        Ok(())
    }

    /// The sender's heartbeat, as nodes of 1.4.2 read it.
    #[getter]
    fn timestamp(&self) -> u64 {
        self.0.header.timestamp
    }

    #[setter]
    fn set_timestamp(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let timestamp = field("timestamp").counter(value)?;
        slf.borrow_mut().change().header.timestamp = timestamp;
        Ok(())
    }

    /// What it says of nodes: a new list each time, so set it as a whole.
    #[getter]
    fn entries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for view in &self.0.entries {
            list.append(Bound::new(py, NodeView(Box::new(view.clone())))?)?;
        }
        Ok(list)
    }

    #[setter]
    fn set_entries(slf: Slf<'_, '_>, value: Value<'_, '_>) -> PyResult<()> {
        let at = field("entries");
        let wanted = "a list of NodeView";
        let mut entries = Vec::new();
        for item in value.try_iter().map_err(|_| at.wrong_type(value, wanted))? {
            let item = item?;
            if entries.len() == Core::MAX_ENTRIES {
                return Err(at.refused(&format!("give at most {} entries", Core::MAX_ENTRIES)));
            }
            entries.push(at.object::<NodeView>(&item, wanted)?.borrow().0.as_ref().clone());
        }
        slf.borrow_mut().change().entries = entries;
        Ok(())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let kind = enums::message_type(py, self.0.header.kind)?;
        let kind =
            kind.bind(py).getattr("name").map_or_else(|_| kind.to_string(), |it| it.to_string());
        let (sender, entries) = (self.0.header.sender, self.0.entries.len());
        Ok(format!("<GossipMessage {kind} of {sender}, {entries} entries>"))
    }
}
