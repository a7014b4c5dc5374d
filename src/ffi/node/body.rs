//! `gossip_node_t`, and what its functions share.

use super::told::Told;
use crate::ffi::argument::argument;
use crate::ffi::error::{INVALID, set_last_error};
use crate::ffi::types::gossip_error_code::{
    GOSSIP_ERR_NETWORK_ERROR, GOSSIP_ERR_OPERATION_NOT_PERMITTED, GOSSIP_ERR_SUCCESS,
};
use crate::ffi::types::{gossip_error_code_t, gossip_node_id_t};
use crate::net::{Node, NodeError};
use crate::types::NodeId;
use alloc::sync::Arc;
use core::time::Duration;

/// A member of a cluster that runs by itself: a core, sockets for UDP and TCP, and threads. Opaque.
pub struct gossip_node {
    pub(super) node: Arc<Node>,
    /// Kept for what it frees, where nobody is told of changes.
    pub(super) _told: Arc<Told>,
}
/// See gossip_node.
pub type gossip_node_t = gossip_node;

/// What a function of a node returns after a panic.
pub(super) const FAILED: gossip_error_code_t = GOSSIP_ERR_OPERATION_NOT_PERMITTED;

/// The node behind a handle; `None`, with an error text, for NULL.
///
/// # Safety
/// `node` is NULL or a node that is not destroyed while the result is used.
pub(super) unsafe fn node_of<'a>(node: *const gossip_node_t) -> Option<&'a Node> {
    // SAFETY: the caller's promise.
    unsafe { argument(node, "node") }.map(|handle| &*handle.node)
}

/// A node and the id that another pointer points to; `None`, with an error text for the first that is
/// NULL.
///
/// # Safety
/// As [`node_of`]; `id` is NULL or points to an id.
pub(super) unsafe fn node_and_id<'a>(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
) -> Option<(&'a Node, NodeId)> {
    // SAFETY: the caller's promise.
    unsafe { Some((node_of(node)?, NodeId::new(argument(id, "id")?.data))) }
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
        _ => INVALID,
    }
}

pub(super) fn ms(timeout_ms: u32) -> Duration {
    Duration::from_millis(timeout_ms.into())
}
