//! Errors of the library as exceptions of `libgossip._errors`.

use gossip::net::{Error, JoinFailure, NodeError};
use gossip::proto::CommandError;
use pyo3::prelude::*;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

mod classes {
    //! The exceptions, imported when first needed.
    pyo3::import_exception!(libgossip._errors, ArgumentError);
    pyo3::import_exception!(libgossip._errors, ArgumentTypeError);
    pyo3::import_exception!(libgossip._errors, CommandError);
    pyo3::import_exception!(libgossip._errors, ForkedError);
    pyo3::import_exception!(libgossip._errors, InternalError);
    pyo3::import_exception!(libgossip._errors, JoinError);
    pyo3::import_exception!(libgossip._errors, NetworkError);
    pyo3::import_exception!(libgossip._errors, StateError);
}

/// A value of the right type that is out of range or otherwise of no use.
pub(crate) fn bad_value(text: String) -> PyErr {
    classes::ArgumentError::new_err(text)
}

/// A value of another type than is needed.
pub(crate) fn bad_type(text: String) -> PyErr {
    classes::ArgumentTypeError::new_err(text)
}

/// A core that refused to do what it was asked to.
pub(crate) fn command(function: &str, error: &CommandError) -> PyErr {
    classes::CommandError::new_err(format!("{function}: {error}"))
}

/// Something that cannot be done now.
pub(crate) fn state(text: &str) -> PyErr {
    classes::StateError::new_err(text.to_owned())
}

/// What a forked child may not do.
pub(crate) fn forked(what: &str) -> PyErr {
    classes::ForkedError::new_err(format!(
        "the {what} belongs to the parent of this process; make one of your own"
    ))
}

/// What happens after a panic of the library.
pub(crate) fn broken(what: &str) -> PyErr {
    classes::InternalError::new_err(format!(
        "an internal error happened to this {what}; make a new one"
    ))
}

/// An error of the operating system.
pub(crate) fn network(error: &impl Display) -> PyErr {
    classes::NetworkError::new_err(error.to_string())
}

/// What a node says why it did not do something.
pub(crate) fn node(py: Python<'_>, error: &NodeError) -> PyErr {
    let text = error.to_string();
    match error {
        NodeError::Host(..)
        | NodeError::Text(..)
        | NodeError::Config(_)
        | NodeError::Serializer => bad_value(format!("Node(): {text}")),
        NodeError::TooManyTargets(_) => bad_value(format!("targets: {text}")),
        NodeError::AlreadyStarted | NodeError::NotStarted | NodeError::InCallback => state(&text),
        NodeError::Net(Error::InCallback) => state(&text),
        NodeError::Forked | NodeError::Net(Error::Forked) => forked("node"),
        NodeError::Broken => broken("node"),
        NodeError::Command(_) => classes::CommandError::new_err(text),
        NodeError::NoAnswer(failures) => match failure_list(py, failures) {
            Ok(failures) => classes::JoinError::new_err((text, failures.unbind())),
            Err(error) => error,
        },
        _ => classes::NetworkError::new_err(text),
    }
}

/// The targets of a join that did not answer, as pairs of texts.
pub(crate) fn failure_list<'py>(
    py: Python<'py>,
    failures: &[JoinFailure],
) -> PyResult<Bound<'py, PyAny>> {
    let pairs: Vec<(String, String)> = failures
        .iter()
        .map(|failure| (failure.target.clone(), failure.reason.to_string()))
        .collect();
    pairs.into_pyobject(py)
}

/// Runs `body`; a panic in it becomes an exception and not the end of the process.
pub(crate) fn contain<R>(what: &str, body: impl FnOnce() -> R) -> PyResult<R> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|_| broken(what))
}
