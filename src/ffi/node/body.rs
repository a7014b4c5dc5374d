//! What the functions of a node share.

use super::life::gossip_node_t;
use crate::ffi::commands::argument;
use crate::ffi::error::set_last_error;
use crate::ffi::types::gossip_error_code::{
    GOSSIP_ERR_INVALID_ARGUMENT, GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_OPERATION_NOT_PERMITTED,
    GOSSIP_ERR_SUCCESS,
};
use crate::ffi::types::gossip_error_code_t;
use crate::net::{Node, NodeError};
use core::time::Duration;

/// # Safety
/// `node` is NULL or a node that is not destroyed while the result is used.
pub(super) unsafe fn node_of<'a>(node: *const gossip_node_t) -> Option<&'a Node> {
    // SAFETY: the caller's promise.
    unsafe { argument(node, "node") }.map(|handle| &*handle.node)
}

/// The value of a result; an error becomes this thread's error text.
pub(super) fn told<T>(result: Result<T, NodeError>) -> Result<T, gossip_error_code_t> {
    result.map_err(|error| {
        set_last_error(format_args!("{error}"));
        code_of(&error)
    })
}

/// The code of a result, with the error's text.
pub(super) fn code(result: Result<(), NodeError>) -> gossip_error_code_t {
    told(result).map_or_else(|code| code, |()| GOSSIP_ERR_SUCCESS)
}

fn code_of(error: &NodeError) -> gossip_error_code_t {
    match error {
        NodeError::AlreadyStarted
        | NodeError::NotStarted
        | NodeError::Net(_)
        | NodeError::NoAnswer(_) => GOSSIP_ERR_NETWORK_ERROR,
        NodeError::InCallback | NodeError::Forked | NodeError::Broken | NodeError::Entropy => {
            GOSSIP_ERR_OPERATION_NOT_PERMITTED
        }
        _ => GOSSIP_ERR_INVALID_ARGUMENT,
    }
}

pub(super) fn ms(timeout_ms: u32) -> Duration {
    Duration::from_millis(timeout_ms.into())
}
