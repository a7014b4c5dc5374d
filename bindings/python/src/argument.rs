//! Arguments from Python, each refused with its function's and its own name.

use crate::errors::{bad_type, bad_value};
use pyo3::PyTypeCheck;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDelta, PyFloat, PyInt, PyString};
use std::time::Duration;

/// What of a refused value is shown.
const SHOWN_CHARS: usize = 60;

/// Where a value was given: the function and the name of the argument.
#[derive(Clone, Copy)]
pub(crate) struct At {
    function: &'static str,
    name: &'static str,
}

/// Where a value was given.
pub(crate) const fn at(function: &'static str, name: &'static str) -> At {
    At { function, name }
}

impl At {
    /// A value of another type than `wanted`.
    #[cold]
    pub(crate) fn wrong_type(self, value: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
        bad_type(self.text(value, wanted))
    }

    /// A value that is not one of `wanted`.
    #[cold]
    pub(crate) fn wrong_value(self, value: &Bound<'_, PyAny>, wanted: &str) -> PyErr {
        bad_value(self.text(value, wanted))
    }

    /// A value that something else refused, with its reason.
    #[cold]
    pub(crate) fn refused(self, reason: &impl std::fmt::Display) -> PyErr {
        bad_value(format!("{}(): {}: {reason}", self.function, self.name))
    }

    fn text(self, value: &Bound<'_, PyAny>, wanted: &str) -> String {
        let Self { function, name } = self;
        format!("{function}(): {name} is {}; give {wanted}", shown(value))
    }

    /// An object of a class of this module.
    pub(crate) fn object<'a, 'py, T: PyTypeCheck>(
        self,
        value: &'a Bound<'py, PyAny>,
        wanted: &str,
    ) -> PyResult<&'a Bound<'py, T>> {
        value.cast::<T>().map_err(|_| self.wrong_type(value, wanted))
    }

    /// A text of at most `most` bytes.
    pub(crate) fn text_of(self, value: &Bound<'_, PyAny>, most: usize) -> PyResult<String> {
        let text = self.object::<PyString>(value, "a str")?;
        let Ok(text) = text.to_cow() else {
            return Err(self.wrong_value(value, "text that can be written as UTF-8"));
        };
        if text.len() > most {
            return Err(self.wrong_value(value, &format!("at most {most} bytes of UTF-8")));
        }
        Ok(text.into_owned())
    }

    /// An integer from `least` to `most`.
    pub(crate) fn integer(
        self,
        value: &Bound<'_, PyAny>,
        least: i128,
        most: i128,
    ) -> PyResult<i128> {
        let wanted = || format!("an int from {least} to {most}");
        if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
            return Err(self.wrong_type(value, &wanted()));
        }
        let number = value.extract::<i64>().map(i128::from);
        let number = number.or_else(|_| value.extract::<u64>().map(i128::from));
        match number {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(self.wrong_value(value, &wanted())),
        }
    }

    /// A port.
    pub(crate) fn port(self, value: &Bound<'_, PyAny>, least: u16) -> PyResult<u16> {
        let port = self.integer(value, least.into(), u16::MAX.into())?;
        Ok(u16::try_from(port).unwrap_or_default())
    }

    /// A counter, which ends at 2^63.
    pub(crate) fn counter(self, value: &Bound<'_, PyAny>) -> PyResult<u64> {
        let counter = self.integer(value, 0, i64::MAX.into())?;
        Ok(u64::try_from(counter).unwrap_or_default())
    }

    /// A length of time: a timedelta, or a number of seconds.
    pub(crate) fn duration(self, value: &Bound<'_, PyAny>) -> PyResult<Duration> {
        const WANTED: &str = "a timedelta or a number of seconds, 0 or more";
        let seconds = if value.is_instance_of::<PyDelta>() {
            value.call_method0("total_seconds")?.extract::<f64>()?
        } else if !value.is_instance_of::<PyBool>()
            && (value.is_instance_of::<PyFloat>() || value.is_instance_of::<PyInt>())
        {
            value.extract::<f64>().map_err(|_| self.wrong_value(value, WANTED))?
        } else {
            return Err(self.wrong_type(value, WANTED));
        };
        Duration::try_from_secs_f64(seconds).map_err(|_| self.wrong_value(value, WANTED))
    }

    /// Something that can be called.
    pub(crate) fn callable(self, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        if value.is_callable() {
            Ok(value.clone().unbind())
        } else {
            Err(self.wrong_type(value, "something that can be called"))
        }
    }

    /// Something that can be called, or None.
    pub(crate) fn optional_callable(
        self,
        value: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<Py<PyAny>>> {
        value.map(|value| self.callable(value)).transpose()
    }

    /// Bytes: an object with bytes in it, or a list of numbers.
    pub(crate) fn bytes(self, value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
        const WANTED: &str = "bytes, or a list of ints from 0 to 255";
        if let Ok(bytes) = value.cast::<PyBytes>() {
            return Ok(bytes.as_bytes().to_vec());
        }
        if value.is_instance_of::<PyString>() {
            return Err(self.wrong_type(value, WANTED));
        }
        // The constructor of bytes takes an int for a length, which is not meant here.
        if value.is_instance_of::<PyInt>() {
            return Err(self.wrong_type(value, WANTED));
        }
        let made = value.py().get_type::<PyBytes>().call1((value,));
        let made = made.map_err(|_| self.wrong_type(value, WANTED))?;
        Ok(made.cast::<PyBytes>()?.as_bytes().to_vec())
    }
}

/// The start of a value's repr, and its type where that does not show it.
fn shown(value: &Bound<'_, PyAny>) -> String {
    let kind = value.get_type().name().map_or_else(|_| "?".into(), |name| name.to_string());
    let Ok(repr) = value.repr() else { return format!("an object of type {kind}") };
    let repr = repr.to_string_lossy().into_owned();
    match repr.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}... (of type {kind})", &repr[..end]),
        None => format!("{repr} (of type {kind})"),
    }
}
