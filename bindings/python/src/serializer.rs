//! The classes `MessageSerializer` and `JsonSerializer`.

use crate::argument::at;
use crate::call::report;
use crate::enums::{self, SerializationError};
use crate::message::{Content, GossipMessage};
use gossip::net::{self, Custom};
use gossip::types::{Entry, Header};
use pyo3::exceptions::PyNotImplementedError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// The form in which a transport writes and reads messages. A program may derive its own: with
/// `name`, `serialize` and `deserialize` as `JsonSerializer` has them, which are called on any thread.
#[pyclass(subclass, frozen, module = "libgossip")]
pub(crate) struct MessageSerializer;

#[pymethods]
impl MessageSerializer {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyAny>, _kwargs: Option<&Bound<'_, PyAny>>) -> Self {
        Self
    }

    /// The name of the form.
    fn name(&self) -> PyResult<String> {
        Err(PyNotImplementedError::new_err(
            "MessageSerializer.name(): derive a class and define it",
        ))
    }

    /// Writes a message; gives `(SerializationError, list of ints)`, or bytes in place of the list.
    fn serialize(&self, msg: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, Vec<u16>)> {
        let _ = msg;
        Err(PyNotImplementedError::new_err(
            "MessageSerializer.serialize(): derive a class and define it",
        ))
    }

    /// Reads a message; gives `(SerializationError, GossipMessage)`.
    fn deserialize(&self, data: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, GossipMessage)> {
        let _ = data;
        Err(PyNotImplementedError::new_err(
            "MessageSerializer.deserialize(): derive a class and define it",
        ))
    }
}

/// The text of version 1.4.2.
#[pyclass(extends = MessageSerializer, frozen, module = "libgossip")]
pub(crate) struct JsonSerializer;

#[pymethods]
impl JsonSerializer {
    #[new]
    fn new() -> PyClassInitializer<Self> {
        PyClassInitializer::from(MessageSerializer).add_subclass(Self)
    }

    /// "json".
    fn name(&self) -> &'static str {
        "json"
    }

    /// Writes a message; gives `(SerializationError, list of ints)`.
    fn serialize(&self, msg: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, Vec<u16>)> {
        let message = at("JsonSerializer.serialize", "msg")
            .object::<GossipMessage>(msg, "a GossipMessage")?;
        let content = Arc::clone(&message.borrow().0);
        let mut bytes = Vec::new();
        let done =
            content.with_outgoing(|outgoing| net::Serializer::Json.encode(outgoing, &mut bytes));
        let code = match done {
            Ok(()) => SerializationError::Success,
            Err(_) => SerializationError::SerializationFailed,
        };
        // Numbers wider than bytes, since those would become a bytes object.
        let numbers = bytes.into_iter().map(u16::from).collect();
        Ok((enums::serialization_error(msg.py(), code)?, numbers))
    }

    /// Reads a message of bytes or of a list of ints; gives `(SerializationError, GossipMessage)`.
    /// Nothing at all reads as an empty message.
    fn deserialize(&self, data: &Bound<'_, PyAny>) -> PyResult<(Py<PyAny>, GossipMessage)> {
        let bytes = at("JsonSerializer.deserialize", "data").bytes(data)?;
        let read = if bytes.is_empty() {
            Ok(Content::default())
        } else {
            net::Serializer::Json.decode(&bytes, Content::read)
        };
        let code = match &read {
            Ok(_) => SerializationError::Success,
            Err(_) => SerializationError::DeserializationFailed,
        };
        let content = Arc::new(read.unwrap_or_default());
        Ok((enums::serialization_error(data.py(), code)?, GossipMessage(content)))
    }
}

/// A serializer that a program derived.
struct Derived(Py<PyAny>);

/// What a transport is to use for an object of Python.
pub(crate) fn of(value: &Bound<'_, PyAny>) -> PyResult<net::Serializer> {
    let at = at("Transport.set_serializer", "serializer");
    at.object::<MessageSerializer>(value, "a MessageSerializer")?;
    if value.is_exact_instance_of::<JsonSerializer>() {
        return Ok(net::Serializer::Json);
    }
    Ok(net::Serializer::Custom(Arc::new(Derived(value.clone().unbind()))))
}

impl Derived {
    /// Runs `body`, whose failure is reported and makes the message unreadable.
    fn ask(
        &self,
        what: &str,
        body: impl FnOnce(Python<'_>, &Bound<'_, PyAny>) -> PyResult<bool>,
    ) -> bool {
        let asked = Python::try_attach(|py| match body(py, self.0.bind(py)) {
            Ok(done) => done,
            Err(error) => {
                report(py, error, &self.0, what);
                false
            }
        });
        asked.unwrap_or(false)
    }
}

impl Custom for Derived {
    fn encode(&self, header: &Header, entries: &[Entry<'_>], out: &mut Vec<u8>) -> bool {
        self.ask("serialize() of a serializer", |py, serializer| {
            let message = GossipMessage(Arc::new(Content::read(header, entries)));
            let result = serializer.call_method1("serialize", (Bound::new(py, message)?,))?;
            let (code, data): (Bound<'_, PyAny>, Bound<'_, PyAny>) = result.extract()?;
            if !enums::is_serialized(&code)? {
                return Ok(false);
            }
            out.extend_from_slice(&at("MessageSerializer.serialize", "its result").bytes(&data)?);
            Ok(true)
        })
    }

    fn decode(&self, bytes: &[u8], take: &mut dyn FnMut(&Header, &[Entry<'_>])) -> bool {
        let mut content = None;
        let read = self.ask("deserialize() of a serializer", |py, serializer| {
            let result = serializer.call_method1("deserialize", (PyBytes::new(py, bytes),))?;
            let (code, message): (Bound<'_, PyAny>, Bound<'_, PyAny>) = result.extract()?;
            if !enums::is_serialized(&code)? {
                return Ok(false);
            }
            let at = at("MessageSerializer.deserialize", "its result");
            let message = at.object::<GossipMessage>(&message, "a GossipMessage")?;
            content = Some(Arc::clone(&message.borrow().0));
            Ok(true)
        });
        let Some(content) = content.filter(|_| read) else { return false };
        let entries: Vec<Entry<'_>> = content.entries().collect();
        take(&content.plain_header(), &entries);
        true
    }
}
