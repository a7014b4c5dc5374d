//! Stands for `ext` in a library without that feature: the same names, and nothing behind them.

use crate::os;
use crate::proto::{Core, Output};
use crate::types::{Entry, Instant};
use core::ffi::c_void;

/// No functions but those that version 1 knows.
pub(super) struct Functions;

impl Functions {
    pub(super) const fn none() -> Self {
        Self
    }

    pub(super) fn free(&self) {}
}

/// No other calls.
pub(super) enum MoreCall {}

pub(super) fn call(_: &Store, call: &MoreCall, _: &Functions, _: *mut c_void) {
    match *call {}
}

/// Nothing that such calls would point to.
#[derive(Default)]
pub(super) struct Store;

impl Store {
    pub(super) fn weight(&self) -> usize {
        0
    }

    pub(super) fn clear(&mut self) {}
}

/// The clock of the system, and no lists.
#[derive(Default)]
pub(super) struct Extension(());

impl Extension {
    pub(super) fn tick(&mut self, given: Option<Instant>) -> Instant {
        given.unwrap_or_else(os::now)
    }

    pub(super) fn close_inside(&mut self) {}

    pub(super) fn was_closed_inside(&self) -> bool {
        false
    }

    pub(super) fn forget(&mut self) {}
}

/// No output becomes another call.
pub(super) struct Made;

impl Made {
    pub(super) fn count(self, _: &mut Core) -> bool {
        false
    }
}

pub(super) fn note(
    _: &Output<'_>,
    _: &Functions,
    _: &mut Extension,
    _: &mut Store,
    _: &mut Vec<Entry<'static>>,
    _: &mut dyn FnMut(MoreCall),
) -> Made {
    Made
}

pub(super) fn flush(_: &mut Extension, _: &mut Store) -> Option<MoreCall> {
    None
}

/// Nobody asks whose callbacks run.
pub(super) struct Running;

impl Running {
    pub(super) fn of<T>(_: &T) -> Self {
        Self
    }
}

/// No log.
pub(super) mod lines {
    use crate::ffi::types::gossip_node_view_t;
    use crate::proto::Core;
    use crate::types::NodeStatus;
    use core::fmt;

    pub(in crate::ffi) fn wants_events() -> bool {
        false
    }

    pub(in crate::ffi) fn event(_: &gossip_node_view_t, _: NodeStatus, _: NodeStatus) {}

    pub(in crate::ffi) fn refused() {}

    pub(in crate::ffi) fn refused_message(_: &dyn fmt::Display) {}

    pub(in crate::ffi) fn own(_: fmt::Arguments<'_>) {}

    pub(in crate::ffi) struct Counts;

    impl Counts {
        pub(in crate::ffi) fn of(_: &Core) -> Option<Self> {
            None
        }

        pub(in crate::ffi) fn risen(self, _: &Core) -> Option<Self> {
            None
        }
    }

    pub(in crate::ffi) fn risen(_: Counts) {}
}
