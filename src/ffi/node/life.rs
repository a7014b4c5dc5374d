//! Making, starting, stopping and destroying nodes.

use super::body::{FAILED, code, gossip_node_t, node_of};
use super::config::gossip_node_config_t;
use super::read;
use crate::ffi::error::{INVALID, set_last_error};
use crate::ffi::guard::{contain, guard, guard_or, guard_quiet};
use crate::ffi::types::gossip_error_code_t;
use crate::net::{Handler, Node, NodeError};
use alloc::sync::Arc;
use core::ptr;

/// Makes a node. No socket and no thread is made before gossip_node_start().
///
/// @param config How it is to be; copied.
/// @return The node, to be freed by gossip_node_destroy(); NULL if config is NULL or has a flaw:
/// gossip_last_error() then names the field, its value and what to do about it.
/// config->drop_user_data is called then too, unless config->size itself is wrong.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// config is NULL or points to a configuration with as many bytes as its size says, whose texts are
/// NULL or end in NUL, whose metadata_keys and metadata_values are NULL or arrays of metadata_count
/// such texts, and whose protocol is NULL or points to a configuration in the same way.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_create(
    config: *const gossip_node_config_t,
) -> *mut gossip_node_t {
    guard_or("gossip_node_create", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let (config, told) = unsafe { read::read(config) }?;
        let told = Arc::new(told);
        let handler = told.wants_any().then(|| Arc::clone(&told) as Arc<dyn Handler>);
        let node = Node::shielded(config?, handler, |mut body| contain(&mut body));
        let node = Arc::new(node.map_err(|error| report(&error)).ok()?);
        told.belongs_to(&node);
        Some(Box::into_raw(Box::new(gossip_node_t { node, _told: told })))
    })
}

/// Stops a node, as gossip_node_stop() does, and frees it. Without a gossip_node_leave() before it,
/// the others take that for a crash.
///
/// No callback runs after it has returned. Called inside a callback of the node it returns at once,
/// and that callback is the last one; so it is with a callback that does not return within a second.
///
/// @param node The node; NULL does nothing. In a forked child this gives nothing back, closes nothing
/// of the parent's and is safe.
///
/// Threads: any one, when no other thread calls a function with this node any more. From callbacks:
/// yes. From destructors of static and thread-local objects: yes. Since 1.6.
///
/// # Safety
/// node is NULL or came from gossip_node_create() and was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_destroy(node: *mut gossip_node_t) {
    guard_quiet("gossip_node_destroy", (), move || {
        // SAFETY: the caller's promise.
        let Some(handle) = (unsafe { node.as_ref() }) else { return };
        if handle.node.is_foreign() {
            // A forked child: what it has a copy of may be half changed.
            return;
        }
        // A callback that runs just now may hold the node too, so it is not enough to drop it here.
        let _ = handle.node.stop();
        // SAFETY: it came from Box::into_raw in `gossip_node_create`, and the caller gives it up.
        drop(unsafe { Box::from_raw(node) });
    });
}

/// Starts a node: binds its port by UDP and TCP and makes its threads, gossip-node and, if there is a
/// callback, gossip-events. They block all signals.
///
/// If the port is another's by TCP, the node lives by UDP alone, with a log line. A node that was
/// stopped can be started again: it knows nobody then, keeps its id, its metadata and, if that can be
/// had, its port, and is believed at once by those who knew it before.
///
/// @param node The node.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_NETWORK_ERROR if it is started already, the port cannot be
/// had by UDP, or there is no thread to be had; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, while a callback of the run before runs
/// still, or if the system gives no random numbers.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_start(node: *mut gossip_node_t) -> gossip_error_code_t {
    guard("gossip_node_start", FAILED, move || {
        // SAFETY: the caller's promise.
        unsafe { node_of(node) }.map_or(INVALID, |node| code(node.start()))
    })
}

/// Stops a node: closes its sockets and ends its threads, within a second. It does not leave, so the
/// others take it for a crash; call gossip_node_leave() before, if it is none.
///
/// Changes that wait for a callback are not told any more. What the node knew of the others can still
/// be read. Inside a callback of the node it only asks for the end, which comes when the callback
/// returns.
///
/// @param node The node. One that is not started is left as it is.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or if a callback did not return within a
/// second: it is the last one, and the thread ends after it.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_stop(node: *mut gossip_node_t) -> gossip_error_code_t {
    guard("gossip_node_stop", FAILED, move || {
        // SAFETY: the caller's promise.
        unsafe { node_of(node) }.map_or(INVALID, |node| code(node.stop()))
    })
}

/// The port that a node listens on, or that it last listened on.
///
/// @param node The node.
/// @return The port; before the first start the one that was asked for; 0 if node is NULL or this is a
/// forked child.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_port(node: *const gossip_node_t) -> u16 {
    guard("gossip_node_port", 0, move || {
        // SAFETY: the caller's promise.
        unsafe { node_of(node) }.map_or(0, Node::port)
    })
}

fn report(error: &NodeError) {
    match error {
        NodeError::Host(..) | NodeError::Text(..) => {
            set_last_error(format_args!("config->{error}"))
        }
        NodeError::Config(error) => {
            set_last_error(format_args!("config->protocol: {error}; correct it"));
        }
        other => set_last_error(format_args!("{other}")),
    }
}
