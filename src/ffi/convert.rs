//! C structs to the library's types and back. Integers and texts from C are checked, never trusted.

use super::error::cut;
use super::types::{
    gossip_message_t, gossip_message_type_t, gossip_node_id_t, gossip_node_status_t,
    gossip_node_view_t,
};
use crate::types::{
    Detail, Entry, Header, MessageKind, MetadataPart, NodeId, NodeStatus, NodeView,
};
use core::ffi::{CStr, c_char};
use core::fmt;
use core::mem::MaybeUninit;
use std::borrow::Cow;

/// The bytes of a text field, with its NUL.
pub(super) const TEXT_BYTES: usize = 64;

/// Why a struct of the program was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// The named text field has no NUL.
    Unterminated(&'static str),
    /// The status is not one of `gossip_node_status_t`.
    Status(u32),
    /// The message type is not one that a struct can carry.
    Kind(u32),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unterminated(field) => {
                write!(f, "{field} has no NUL in its {TEXT_BYTES} bytes; end it with one")
            }
            Self::Status(raw) => {
                write!(f, "status is {raw}; pass a gossip_node_status_t, 0 to 4")
            }
            Self::Kind(raw) => write!(f, "type is {raw}; pass a message type from 0 to 7"),
        }
    }
}

/// The number that a program put into an enumeration, whatever it is.
pub(super) fn raw_number<T>(value: MaybeUninit<T>) -> u32 {
    const { assert!(size_of::<T>() == size_of::<u32>()) };
    // SAFETY: the enumeration has the size of u32, and every bit pattern is a u32. The bytes come
    // from the program's memory, an argument or a result of a function, so they have some value.
    unsafe { core::mem::transmute_copy(&value) }
}

/// The number of a status.
#[must_use]
pub fn raw_status(status: MaybeUninit<gossip_node_status_t>) -> u32 {
    raw_number(status)
}

/// The number of a message type.
#[must_use]
pub fn raw_kind(kind: MaybeUninit<gossip_message_type_t>) -> u32 {
    raw_number(kind)
}

/// A message type for C; the numbers 6 and 7 have no name there.
#[must_use]
pub fn c_kind(kind: MessageKind) -> MaybeUninit<gossip_message_type_t> {
    // SAFETY: a MaybeUninit may hold any bytes, and the sizes are equal.
    unsafe { core::mem::transmute(u32::from(kind as u8)) }
}

/// A status as C knows it: left shows as failed.
#[must_use]
pub(super) fn c_status(status: NodeStatus) -> gossip_node_status_t {
    match status {
        NodeStatus::Unknown => gossip_node_status_t::GOSSIP_NODE_UNKNOWN,
        NodeStatus::Joining => gossip_node_status_t::GOSSIP_NODE_JOINING,
        NodeStatus::Online => gossip_node_status_t::GOSSIP_NODE_ONLINE,
        NodeStatus::Suspect => gossip_node_status_t::GOSSIP_NODE_SUSPECT,
        NodeStatus::Failed | NodeStatus::Left => gossip_node_status_t::GOSSIP_NODE_FAILED,
    }
}

/// An id for C.
#[must_use]
pub fn c_id(id: NodeId) -> gossip_node_id_t {
    gossip_node_id_t { data: *id.as_bytes() }
}

/// A text for C: cut to 63 bytes between characters, and the rest of the array zero.
#[must_use]
pub fn c_text(text: &str) -> [c_char; TEXT_BYTES] {
    let mut place = [0; TEXT_BYTES];
    put_text(text, &mut place);
    place
}

/// Writes a text for C into an array of zeros.
#[inline(always)]
fn put_text(text: &str, place: &mut [c_char; TEXT_BYTES]) {
    // SAFETY: c_char is one byte, every byte is a valid one, and the lifetime stays the same.
    let bytes = unsafe { &mut *core::ptr::from_mut(place).cast::<[u8; TEXT_BYTES]>() };
    let len = cut(text, TEXT_BYTES - 1);
    bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
}

/// The bytes of a text of C up to its NUL; all 64 if it has none.
#[must_use]
#[inline(never)]
pub fn text_bytes(text: &[c_char; TEXT_BYTES]) -> &[u8] {
    // SAFETY: c_char is one byte, every byte is a valid u8, and the lifetime stays the same.
    let bytes = unsafe { &*core::ptr::from_ref(text).cast::<[u8; TEXT_BYTES]>() };
    CStr::from_bytes_until_nul(bytes).map_or(bytes, CStr::to_bytes)
}

/// A text of C as UTF-8: what is not UTF-8 is replaced, what becomes too long by it is cut.
///
/// An array without NUL gives all its 64 bytes, so a caller that must refuse it looks at
/// [`text_bytes`] first; `entry_of` and `owned_of` do.
#[must_use]
#[inline(never)]
pub fn read_text(text: &[c_char; TEXT_BYTES]) -> Cow<'_, str> {
    match String::from_utf8_lossy(text_bytes(text)) {
        Cow::Owned(mut owned) => {
            owned.truncate(cut(&owned, TEXT_BYTES - 1));
            Cow::Owned(owned)
        }
        borrowed @ Cow::Borrowed(_) => borrowed,
    }
}

/// A node for C. The two message counters are zero.
#[must_use]
pub(super) fn view_of(entry: &Entry<'_>) -> gossip_node_view_t {
    let mut view = MaybeUninit::uninit();
    *put_view(entry, &mut view)
}

/// Writes a node for C at the end of `views`, where it stays: it has 264 bytes.
pub(super) fn push_view(entry: &Entry<'_>, views: &mut Vec<gossip_node_view_t>) {
    views.reserve(1);
    if let Some(place) = views.spare_capacity_mut().first_mut() {
        put_view(entry, place);
        // SAFETY: the place behind the last element was just written.
        unsafe { views.set_len(views.len() + 1) };
    }
}

#[inline(never)]
fn put_view<'v>(
    entry: &Entry<'_>,
    place: &'v mut MaybeUninit<gossip_node_view_t>,
) -> &'v mut gossip_node_view_t {
    *place = MaybeUninit::zeroed();
    // SAFETY: zero is a value of each field; the status may hold any bytes.
    let view = unsafe { place.assume_init_mut() };
    view.id = c_id(entry.id);
    put_text(entry.ip, &mut view.ip);
    view.port = entry.port;
    view.config_epoch = entry.config_epoch;
    view.heartbeat = entry.heartbeat;
    view.version = entry.version;
    view.status = MaybeUninit::new(c_status(entry.status));
    put_text(entry.role, &mut view.role);
    put_text(entry.region, &mut view.region);
    view
}

/// Whether the status of a view means something to the function that reads it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    /// It must be one of the enumeration.
    Read,
    /// It is not looked at and reads as unknown.
    Ignored,
}

/// A view as an entry that borrows its texts; `Ok(None)` if a text is not UTF-8, see [`owned_of`].
///
/// # Errors
/// A [`Flaw`].
pub(super) fn entry_of(
    view: &gossip_node_view_t,
    status: Status,
) -> Result<Option<Entry<'_>>, Flaw> {
    let texts = [
        utf8(terminated(&view.ip, "ip")?),
        utf8(terminated(&view.role, "role")?),
        utf8(terminated(&view.region, "region")?),
    ];
    let status = status_of(view, status)?;
    let [Some(ip), Some(role), Some(region)] = texts else { return Ok(None) };
    Ok(Some(Entry {
        id: NodeId::new(view.id.data),
        ip,
        port: view.port,
        config_epoch: view.config_epoch,
        heartbeat: view.heartbeat,
        version: view.version,
        status,
        role,
        region,
        // A C struct has no field for the rest.
        config_heartbeat: 0,
        reads_packets: false,
        metadata: MetadataPart::Unsaid,
        detail: Detail::Full,
    }))
}

/// A view with texts of its own; what is not UTF-8 in them is replaced.
///
/// # Errors
/// A [`Flaw`].
#[cold]
#[inline(never)]
pub(super) fn owned_of(view: &gossip_node_view_t, status: Status) -> Result<NodeView, Flaw> {
    terminated(&view.ip, "ip")?;
    terminated(&view.role, "role")?;
    terminated(&view.region, "region")?;
    Ok(NodeView {
        id: NodeId::new(view.id.data),
        ip: read_text(&view.ip).into_owned(),
        port: view.port,
        config_epoch: view.config_epoch,
        heartbeat: view.heartbeat,
        version: view.version,
        status: status_of(view, status)?,
        role: read_text(&view.role).into_owned(),
        region: read_text(&view.region).into_owned(),
        // A C struct has no field for the rest.
        ..NodeView::default()
    })
}

/// The index of a message's entry, and the flaw that it has.
pub(super) struct EntryFlaw(usize, Flaw);

impl fmt::Display for EntryFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "msg->entries[{}].{}", self.0, self.1)
    }
}

/// Reads views into an empty vector. If a text in them is not UTF-8, the entries are those of `owned`,
/// in which it is replaced.
///
/// # Errors
/// The first [`EntryFlaw`].
pub(super) fn read_entries<'a>(
    views: &'a [gossip_node_view_t],
    owned: &'a mut Vec<NodeView>,
    entries: &mut Vec<Entry<'a>>,
) -> Result<(), EntryFlaw> {
    let mut is_utf8 = true;
    for (index, view) in views.iter().enumerate() {
        match entry_of(view, Status::Read).map_err(|flaw| EntryFlaw(index, flaw))? {
            Some(entry) => entries.push(entry),
            None => is_utf8 = false,
        }
    }
    if !is_utf8 {
        owned.extend(views.iter().filter_map(|view| owned_of(view, Status::Read).ok()));
        entries.clear();
        entries.extend(owned.iter().map(NodeView::as_entry));
    }
    Ok(())
}

/// The header of a message of C.
///
/// # Errors
/// [`Flaw::Kind`].
pub(super) fn header_of(message: &gossip_message_t) -> Result<Header, Flaw> {
    let kind = kind_of(message.r#type)?;
    Ok(Header {
        sender: NodeId::new(message.sender.data),
        kind,
        timestamp: message.timestamp,
        ..Header::default()
    })
}

/// A message type of C that a struct can carry.
///
/// # Errors
/// [`Flaw::Kind`].
pub(super) fn kind_of(kind: MaybeUninit<gossip_message_type_t>) -> Result<MessageKind, Flaw> {
    let raw = raw_kind(kind);
    MessageKind::from_raw(raw).filter(|kind| kind.is_struct()).ok_or(Flaw::Kind(raw))
}

/// The bytes as text. Most are short ASCII, for which the general check costs several times more.
fn utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.is_ascii() {
        // SAFETY: ASCII is UTF-8.
        return Some(unsafe { core::str::from_utf8_unchecked(bytes) });
    }
    core::str::from_utf8(bytes).ok()
}

fn terminated<'a>(text: &'a [c_char; TEXT_BYTES], field: &'static str) -> Result<&'a [u8], Flaw> {
    let bytes = text_bytes(text);
    if bytes.len() < TEXT_BYTES { Ok(bytes) } else { Err(Flaw::Unterminated(field)) }
}

fn status_of(view: &gossip_node_view_t, status: Status) -> Result<NodeStatus, Flaw> {
    if status == Status::Ignored {
        return Ok(NodeStatus::Unknown);
    }
    let raw = raw_status(view.status);
    // 5 is a number of our own that no C struct carries.
    NodeStatus::from_raw(raw).filter(|&status| status != NodeStatus::Left).ok_or(Flaw::Status(raw))
}
