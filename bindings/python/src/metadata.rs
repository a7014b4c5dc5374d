//! Metadata from Python mappings and back.

use crate::argument::At;
use gossip::types::Metadata;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString};

/// The pairs of a mapping from text to text.
pub(crate) fn pairs_of(value: &Bound<'_, PyAny>, at: At) -> PyResult<Vec<(String, String)>> {
    const WANTED: &str = "a mapping from str to str";
    let mut pairs = Vec::new();
    if let Ok(dict) = value.cast::<PyDict>() {
        for (key, value) in dict {
            pairs.push((text(&key, at)?, text(&value, at)?));
        }
        return Ok(pairs);
    }
    let mapping = value.cast::<PyMapping>().map_err(|_| at.wrong_type(value, WANTED))?;
    for item in mapping.items()?.iter() {
        let (key, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        pairs.push((text(&key, at)?, text(&value, at)?));
    }
    Ok(pairs)
}

fn text(value: &Bound<'_, PyAny>, at: At) -> PyResult<String> {
    if !value.is_instance_of::<PyString>() {
        return Err(at.wrong_type(value, "str for each key and value"));
    }
    at.text_of(value, Metadata::MAX_BYTES)
}

/// Metadata of a mapping.
pub(crate) fn metadata_of(value: &Bound<'_, PyAny>, at: At) -> PyResult<Metadata> {
    let pairs = pairs_of(value, at)?;
    let pairs = pairs.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    Metadata::from_pairs(pairs).map_err(|error| at.refused(&error))
}

/// A new dict with the pairs.
pub(crate) fn dict<'py>(
    py: Python<'py>,
    metadata: Option<&Metadata>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (key, value) in metadata.into_iter().flat_map(Metadata::iter) {
        dict.set_item(key, value)?;
    }
    Ok(dict)
}
