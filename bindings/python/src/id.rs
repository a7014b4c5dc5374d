//! The class `NodeId`.

use crate::argument::at;
use crate::errors;
use gossip::{os, types};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use std::fmt::Write;

/// The identity of a node: 16 bytes, the same for all members. It can be compared, sorted and used
/// as a key.
///
/// `NodeId()` is the zero id, which no node may have. `NodeId(value)` takes 16 bytes, or their
/// 32 hex digits, which may stand apart by "-".
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "libgossip")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) types::NodeId);

#[pymethods]
impl NodeId {
    #[new]
    #[pyo3(signature = (value = None, /))]
    fn new(value: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        const WANTED: &str = "16 bytes or their 32 hex digits";
        let Some(value) = value else { return Ok(Self(types::NodeId::ZERO)) };
        let at = at("NodeId", "value");
        if let Ok(text) = value.cast::<PyString>() {
            let id = text.to_cow().ok().and_then(|text| from_hex(&text));
            return id.map(Self).ok_or_else(|| at.wrong_value(value, WANTED));
        }
        let bytes: Result<[u8; 16], _> = at.bytes(value)?.try_into();
        let bytes = bytes.map_err(|_| at.wrong_value(value, WANTED))?;
        Ok(Self(types::NodeId::new(bytes)))
    }

    /// A random id, from the randomness of the operating system.
    #[staticmethod]
    pub(crate) fn generate_random() -> PyResult<Self> {
        let mut bytes = [0; 16];
        for half in bytes.chunks_exact_mut(8) {
            let random = os::entropy().map_err(|error| errors::network(&error))?;
            half.copy_from_slice(&random.to_be_bytes());
        }
        Ok(Self(types::NodeId::new(bytes)))
    }

    /// The 32 hex digits.
    #[getter]
    fn hex(&self) -> String {
        self.0.to_string()
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.as_bytes())
    }

    fn __bool__(&self) -> bool {
        !self.0.is_zero()
    }

    fn __str__(&self) -> String {
        join(self.0.as_bytes(), '-', |text, byte| write!(text, "{byte:02x}"))
    }

    fn __repr__(&self) -> String {
        let bytes = join(self.0.as_bytes(), ',', |text, byte| write!(text, "{byte}"));
        format!("NodeId({bytes})")
    }

    fn __reduce__<'py>(
        &self,
        py: Python<'py>,
    ) -> (Bound<'py, pyo3::types::PyType>, (Bound<'py, PyBytes>,)) {
        (py.get_type::<Self>(), (self.__bytes__(py),))
    }
}

fn join(
    bytes: &[u8; 16],
    between: char,
    put: impl Fn(&mut String, u8) -> std::fmt::Result,
) -> String {
    let mut text = String::with_capacity(64);
    for (index, &byte) in bytes.iter().enumerate() {
        if index > 0 {
            text.push(between);
        }
        // Writing to a String cannot fail.
        let _ = put(&mut text, byte);
    }
    text
}

fn from_hex(text: &str) -> Option<types::NodeId> {
    let digits: Vec<u32> =
        text.chars().filter(|&c| c != '-').map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    if digits.len() != 32 {
        return None;
    }
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect();
    bytes.try_into().ok().map(types::NodeId::new)
}
