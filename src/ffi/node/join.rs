//! Joining and leaving.

use super::body::{FAILED, code, gossip_node_t, ms, node_of, told};
use crate::ffi::error::{INVALID, is_given, set_last_error};
use crate::ffi::guard::guard;
use crate::ffi::types::gossip_error_code_t;
use crate::net::node::limits::MAX_TARGETS;
use crate::net::{Node, NodeError};
use core::ffi::{CStr, c_char, c_int};
use core::slice;
use std::borrow::Cow;

/// Joins the cluster that any of some addresses is in.
///
/// All are asked at once, a name at all the addresses that it has; an address that does not answer by
/// UDP within 0.3 seconds is asked by TCP, too. Returns as soon as one has answered, when nothing is
/// left to wait for, or when the time is over. Those that did not answer are asked on in the
/// background, for join_timeout_ms of the configuration, and while no other member is online all are
/// tried again each heal_interval_ms, names looked up anew, until gossip_node_leave(): so a node may
/// be started before those that it joins.
///
/// @param node The node; it must be started.
/// @param addresses Texts such as "10.0.0.1:7946" or "db-7.internal:7946"; an IPv6 address stands
/// in brackets.
/// @param count How many there are, 1 to 256.
/// @param timeout_ms How long to wait for the first answer in milliseconds; 0 does not wait.
/// @return How many have answered: 1 or more, or 0 if timeout_ms is 0. Others may answer later.
/// gossip_last_error() then tells of those of which it is known already that they do not. Below 0:
/// nobody answered, as -GOSSIP_ERR_NETWORK_ERROR, where gossip_last_error() says of each address why,
/// also if the node is not started; -GOSSIP_ERR_INVALID_ARGUMENT if an argument is NULL or count is
/// out of its range; -GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
///
/// Threads: any; the node goes on meanwhile, and gossip_node_stop() ends the wait. From callbacks: yes,
/// also with a wait. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; addresses is NULL or an array of count texts that are NULL or end
/// in NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_join(
    node: *mut gossip_node_t,
    addresses: *const *const c_char,
    count: usize,
    timeout_ms: u32,
) -> c_int {
    guard("gossip_node_join", -(FAILED as c_int), move || {
        // SAFETY: the caller's promise.
        let joined = unsafe { targets(node, addresses, count) }.and_then(|(node, texts)| {
            let targets: Vec<&str> = texts.iter().map(|text| &**text).collect();
            told(node.join(&targets, ms(timeout_ms)))
        });
        let joined = match joined {
            Ok(joined) => joined,
            Err(code) => return -(code as c_int),
        };
        if !joined.failures.is_empty() {
            let failures = NodeError::NoAnswer(joined.failures);
            set_last_error(format_args!("some of {count} addresses do not answer; {failures}"));
        }
        c_int::try_from(joined.answered).unwrap_or(c_int::MAX)
    })
}

/// Leaves the cluster: the others then list the node as left and not as failed.
///
/// Waits until that was told often enough, which takes leave_rounds rounds of the configuration, or
/// as many in less time if timeout_ms is shorter. Afterwards the node asks nobody anything any more
/// and tells who asks that it has left, until it is stopped; gossip_node_join() brings it back.
///
/// @param node The node; it must be started.
/// @param timeout_ms How long to wait in milliseconds; 0 does not wait, and the leave is told in the
/// background.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if node is NULL; GOSSIP_ERR_NETWORK_ERROR if
/// it is not started; GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child.
///
/// Threads: any. From callbacks: yes, also with a wait. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_leave(
    node: *mut gossip_node_t,
    timeout_ms: u32,
) -> gossip_error_code_t {
    guard("gossip_node_leave", FAILED, move || {
        // SAFETY: the caller's promise.
        unsafe { node_of(node) }.map_or(INVALID, |node| code(node.leave(ms(timeout_ms))))
    })
}

/// The node and the addresses to join; an error code, with an error text, if one cannot be read.
///
/// # Safety
/// As [`gossip_node_join`], for as long as the result is used.
unsafe fn targets<'a>(
    node: *const gossip_node_t,
    addresses: *const *const c_char,
    count: usize,
) -> Result<(&'a Node, Vec<Cow<'a, str>>), gossip_error_code_t> {
    // SAFETY: the caller's promise.
    let node = unsafe { node_of(node) }.ok_or(INVALID)?;
    if !is_given(addresses, "addresses") {
        return Err(INVALID);
    }
    if count == 0 || count > MAX_TARGETS {
        set_last_error(format_args!("count is {count}; pass 1 to {MAX_TARGETS} addresses"));
        return Err(INVALID);
    }
    // SAFETY: not NULL, and the caller's promise for the count.
    let addresses = unsafe { slice::from_raw_parts(addresses, count) };
    let mut texts = Vec::with_capacity(count);
    for (index, &address) in addresses.iter().enumerate() {
        if address.is_null() {
            set_last_error(format_args!("addresses[{index}] is NULL; pass a text \"host:port\""));
            return Err(INVALID);
        }
        // SAFETY: not NULL, and the caller's promise.
        texts.push(unsafe { CStr::from_ptr(address) }.to_string_lossy());
    }
    Ok((node, texts))
}
