//! Lines for people, by Python's `logging`. Never called with a lock of ours held.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

/// The levels of `logging` that are used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What helps to find out why something is as it is.
    Debug = 10,
    /// What people who run the program want to know.
    Info = 20,
    /// What they should look at.
    Warning = 30,
    /// What went wrong.
    Error = 40,
}

/// The loggers of the package.
#[derive(Clone, Copy)]
pub(crate) enum Logger {
    /// Cores and what is said of callbacks: `libgossip.core`.
    Core,
    /// Nodes that run by themselves: `libgossip.node`.
    Node,
    /// Transports: `libgossip.transport`.
    Transport,
}

static LOGGERS: PyOnceLock<[Py<PyAny>; 3]> = PyOnceLock::new();

fn logger<'py>(py: Python<'py>, which: Logger) -> PyResult<&'py Bound<'py, PyAny>> {
    let all = LOGGERS.get_or_try_init(py, || {
        let get = py.import("logging")?.getattr("getLogger")?;
        let named = |name: &str| get.call1((name,)).map(Bound::unbind);
        Ok::<_, PyErr>([
            named("libgossip.core")?,
            named("libgossip.node")?,
            named("libgossip.transport")?,
        ])
    })?;
    Ok(all[which as usize].bind(py))
}

/// Logs a line, made only if somebody listens. What goes wrong in there is nobody's business here.
pub(crate) fn log(py: Python<'_>, which: Logger, level: Level, line: impl FnOnce() -> String) {
    let said = logger(py, which).and_then(|logger| {
        if logger.call_method1("isEnabledFor", (level as u8,))?.is_truthy()? {
            logger.call_method1("log", (level as u8, "%s", line()))?;
        }
        Ok(())
    });
    if let Err(error) = said {
        error.write_unraisable(py, None);
    }
}

/// Logs an exception with its traceback.
pub(crate) fn exception(py: Python<'_>, which: Logger, line: &str, error: &PyErr) {
    let said = logger(py, which).and_then(|logger| {
        let keywords = PyDict::new(py);
        keywords.set_item("exc_info", error.value(py))?;
        logger.call_method("log", (Level::Error as u8, "%s", line), Some(&keywords)).map(drop)
    });
    if let Err(error) = said {
        error.write_unraisable(py, None);
    }
}
