//! The enumerations of `libgossip._enums`: their members, fetched once.

use crate::argument::At;
use gossip::net;
use gossip::types::{MessageKind, NodeStatus};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyInt;

/// The members of one enumeration in the order of their numbers.
struct Members<const N: usize> {
    class: &'static str,
    names: [&'static str; N],
    found: PyOnceLock<[Py<PyAny>; N]>,
}

impl<const N: usize> Members<N> {
    const fn new(class: &'static str, names: [&'static str; N]) -> Self {
        Self { class, names, found: PyOnceLock::new() }
    }

    fn all(&self, py: Python<'_>) -> PyResult<&[Py<PyAny>; N]> {
        self.found.get_or_try_init(py, || {
            let class = py.import("libgossip._enums")?.getattr(self.class)?;
            let mut members = Vec::with_capacity(N);
            for name in self.names {
                members.push(class.getattr(name)?.unbind());
            }
            members.try_into().map_err(|_| crate::errors::broken("module"))
        })
    }

    fn get(&self, py: Python<'_>, index: usize) -> PyResult<Py<PyAny>> {
        let members = self.all(py)?;
        members
            .get(index)
            .map_or_else(|| Err(crate::errors::broken("module")), |it| Ok(it.clone_ref(py)))
    }

    fn index(&self, value: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        Ok(self.all(value.py())?.iter().position(|member| member.is(value)))
    }
}

static NODE_STATUS: Members<5> =
    Members::new("NodeStatus", ["UNKNOWN", "JOINING", "ONLINE", "SUSPECT", "FAILED"]);
static STATUS: Members<6> =
    Members::new("Status", ["UNKNOWN", "JOINING", "ONLINE", "SUSPECT", "FAILED", "LEFT"]);
static MESSAGE_TYPE: Members<6> =
    Members::new("MessageType", ["PING", "PONG", "MEET", "JOIN", "LEAVE", "UPDATE"]);
static ERROR_CODE: Members<5> = Members::new(
    "ErrorCode",
    [
        "SUCCESS",
        "NETWORK_ERROR",
        "SERIALIZATION_ERROR",
        "INVALID_ARGUMENT",
        "OPERATION_NOT_PERMITTED",
    ],
);
static SERIALIZATION_ERROR: Members<5> = Members::new(
    "SerializationError",
    [
        "SUCCESS",
        "INVALID_INPUT",
        "SERIALIZATION_FAILED",
        "DESERIALIZATION_FAILED",
        "UNSUPPORTED_FORMAT",
    ],
);

/// A status as version 1 has it: who left shows as failed.
pub(crate) fn node_status(py: Python<'_>, status: NodeStatus) -> PyResult<Py<PyAny>> {
    NODE_STATUS.get(py, status.to_v1().into())
}

/// A member of `NodeStatus`.
pub(crate) fn node_status_of(value: &Bound<'_, PyAny>, at: At) -> PyResult<NodeStatus> {
    let index = NODE_STATUS.index(value)?;
    let status = index.and_then(|index| NodeStatus::from_raw(u32::try_from(index).ok()?));
    status.ok_or_else(|| at.wrong_type(value, "a NodeStatus"))
}

/// A status with *left* apart from *failed*.
pub(crate) fn status(py: Python<'_>, status: NodeStatus) -> PyResult<Py<PyAny>> {
    STATUS.get(py, status as usize)
}

/// The type of a message: those that version 1 has no name for are numbers, and what exists in
/// packets alone shows as an update.
pub(crate) fn message_type(py: Python<'_>, kind: MessageKind) -> PyResult<Py<PyAny>> {
    let shown = if kind.is_struct() { kind } else { MessageKind::Update };
    match shown {
        MessageKind::PingReq | MessageKind::Nack => {
            Ok((shown as u8).into_pyobject(py)?.into_any().unbind())
        }
        _ => MESSAGE_TYPE.get(py, shown as usize),
    }
}

/// A member of `MessageType`, or one of the numbers without a name.
pub(crate) fn message_type_of(value: &Bound<'_, PyAny>, at: At) -> PyResult<MessageKind> {
    const WANTED: &str = "a MessageType, or 6 or 7";
    let raw = match MESSAGE_TYPE.index(value)? {
        Some(index) => u32::try_from(index).ok(),
        None if value.is_instance_of::<PyInt>() => {
            let raw = value.extract::<u32>().ok();
            let raw = raw.filter(|raw| (6..=7).contains(raw));
            return raw
                .and_then(MessageKind::from_raw)
                .ok_or_else(|| at.wrong_value(value, WANTED));
        }
        None => None,
    };
    raw.and_then(MessageKind::from_raw).ok_or_else(|| at.wrong_type(value, WANTED))
}

/// What became of a call of a transport.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErrorCode {
    /// It was done.
    Success = 0,
    /// The system or the network did not let it.
    NetworkError = 1,
    /// The message has no form in bytes.
    SerializationError = 2,
    /// An argument is of no use.
    InvalidArgument = 3,
    /// Not here: inside a callback, or in a forked child.
    OperationNotPermitted = 4,
}

impl From<&net::Error> for ErrorCode {
    fn from(error: &net::Error) -> Self {
        use net::Error;
        match error {
            Error::Host(_) | Error::Port(_) => Self::InvalidArgument,
            Error::NoSerializer | Error::Wire(_) => Self::SerializationError,
            Error::Forked | Error::InCallback => Self::OperationNotPermitted,
            _ => Self::NetworkError,
        }
    }
}

/// A member of `ErrorCode`.
pub(crate) fn error_code(py: Python<'_>, code: ErrorCode) -> PyResult<Py<PyAny>> {
    ERROR_CODE.get(py, code as usize)
}

/// What became of a call of a serializer.
#[derive(Clone, Copy)]
pub(crate) enum SerializationError {
    /// It was done.
    Success = 0,
    /// The message has no such form.
    SerializationFailed = 2,
    /// The bytes are no message.
    DeserializationFailed = 3,
}

/// A member of `SerializationError`.
pub(crate) fn serialization_error(
    py: Python<'_>,
    error: SerializationError,
) -> PyResult<Py<PyAny>> {
    SERIALIZATION_ERROR.get(py, error as usize)
}

/// Whether a value is `SerializationError.SUCCESS`.
pub(crate) fn is_serialized(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(SERIALIZATION_ERROR.index(value)? == Some(0))
}
