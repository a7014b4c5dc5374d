//! The members as a node knows them.

use super::body::{gossip_node_t, node_and_id, node_of, told};
use crate::ffi::convert::view_of;
use crate::ffi::error::{is_given, set_last_error};
use crate::ffi::ext::info::{gossip_node_info_t, of_entry, of_view};
use crate::ffi::ext::owner::Knows;
use crate::ffi::ext::sized;
use crate::ffi::guard::guard_or;
use crate::ffi::handed_out::Extra;
use crate::ffi::memory::CArray;
use crate::ffi::types::gossip_node_id_t;
use crate::net::{Look, Node};
use crate::os;
use crate::types::Instant;
use core::ffi::c_int;
use core::ptr;

/// All known nodes but this one, in the order in which they became known: also those that are suspect,
/// failed or left, or of which others told that have not been heard themselves yet. Addresses that
/// were joined and have not answered are no members.
///
/// @param node The node.
/// @param info_size The bytes of one gossip_node_info_t in the program: sizeof(gossip_node_info_t).
/// @param count Where their number is put.
/// @return An array of as many, one block to be freed by free(); NULL if there are none, *count being
/// 0 then, or if an argument is NULL, info_size is wrong, there is no memory, or the node cannot be
/// used: *count is left as it is then, and gossip_last_error() says why.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; count is NULL or may be written.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_members(
    node: *const gossip_node_t,
    info_size: usize,
    count: *mut usize,
) -> *mut gossip_node_info_t {
    guard_or("gossip_node_members", ptr::null_mut(), move || {
        // SAFETY: the caller's promise.
        let node = unsafe { node_of(node) }?;
        let is_size = sized::is_size_of::<gossip_node_info_t>;
        if !is_given(count, "count") || !is_size(info_size, "info_size") {
            return None;
        }
        let now = os::now();
        let looked = told(node.look(|look| infos(look, now, info_size))).ok()?;
        // A node that was not started yet knows nobody.
        let (array, len) = looked.unwrap_or(Some((None, 0)))?;
        // SAFETY: not NULL, and the caller's promise that it may be written.
        unsafe { count.write(len) };
        array.map(|array| array.into_raw().cast())
    })
}

/// All that is known of one node.
///
/// @param node The node.
/// @param id Whom to look for; the own id finds the node itself.
/// @param info Where it is put if it is known; set its size before. Left as it is otherwise.
/// @return 1 if it is known; 0 if not, or if an argument is NULL, the size is wrong or the node cannot
/// be used: gossip_last_error() then says why.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; id is NULL or points to an id; info is NULL or points to a struct
/// with as many bytes as its size says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_find(
    node: *const gossip_node_t,
    id: *const gossip_node_id_t,
    info: *mut gossip_node_info_t,
) -> c_int {
    guard_or("gossip_node_find", 0, move || {
        // SAFETY: the caller's promise.
        let (node, id) = unsafe { node_and_id(node, id) }?;
        let find = || {
            let now = os::now();
            let found = node.look(|look| Some(of_entry(look.core, now, &look.core.find(&id)?)));
            told(found).ok()?.flatten()
        };
        // SAFETY: the caller's promise.
        unsafe {
            if id == node.id() {
                return write_own(node, info);
            }
            sized::write_if(info, "info", find)
        }
    })
}

/// The node itself, as it tells others of it.
///
/// @param node The node.
/// @param info Where it is put; set its size before. Its address is empty if others are to take the one
/// that its messages come from.
/// @return 1; 0 if an argument is NULL, the size is wrong or the node cannot be used.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// node is NULL or was not destroyed; info is NULL or points to a struct with as many bytes as its size
/// says.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_node_self(
    node: *const gossip_node_t,
    info: *mut gossip_node_info_t,
) -> c_int {
    // SAFETY: the caller's promise.
    guard_or("gossip_node_self", 0, move || unsafe { write_own(node_of(node)?, info) })
}

/// The members in a block of C, each in so many bytes; `None`, with an error text, without memory.
fn infos(look: &Look<'_>, now: Instant, size: usize) -> Option<(Option<CArray<u64>>, usize)> {
    let len = look.members().count();
    if len == 0 {
        return Some((None, 0));
    }
    let words = size / size_of::<u64>();
    let Some(mut block) = len.checked_mul(words).and_then(CArray::<u64>::with_room) else {
        set_last_error(format_args!("no memory for {len} nodes; free some and try again"));
        return None;
    };
    for entry in look.members() {
        let mut info = vec![0_u64; words];
        info[0] = size as u64;
        // SAFETY: it has as many bytes as its size says, and is aligned for it.
        unsafe {
            sized::write(info.as_mut_ptr().cast(), "info", &of_entry(look.core, now, &entry))
        };
        info.into_iter().for_each(|word| {
            block.push(word);
        });
    }
    Some((Some(block), len))
}

/// Writes what is known of the node itself; 1 if that could be done, else 0.
///
/// # Safety
/// As [`gossip_node_self`].
unsafe fn write_own(node: &Node, out: *mut gossip_node_info_t) -> Option<c_int> {
    let own = told(node.local()).ok()?;
    let entry = own.as_entry();
    let known = node.known(&own.id).of_self();
    let info = of_view(&view_of(&entry), &Extra::of(&entry), known);
    // SAFETY: the caller's promise.
    Some(c_int::from(unsafe { sized::write(out, "info", &info) }))
}
