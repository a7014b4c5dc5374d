//! The structs and enumerations of the C ABI, laid out as in libgossip 1.4.2. Never changed.

use core::ffi::{c_char, c_int, c_void};
use core::mem::MaybeUninit;

/// What is known of a node.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_node_status {
    /// Nothing: the old status of a node that is seen for the first time.
    GOSSIP_NODE_UNKNOWN = 0,
    /// Met or told of, but not heard from yet.
    GOSSIP_NODE_JOINING = 1,
    /// Alive.
    GOSSIP_NODE_ONLINE = 2,
    /// It did not answer; it has some time left to show that it is alive.
    GOSSIP_NODE_SUSPECT = 3,
    /// It is taken for dead, or it has left.
    GOSSIP_NODE_FAILED = 4,
}
/// See gossip_node_status.
pub type gossip_node_status_t = gossip_node_status;

/// What a message is for.
///
/// Messages may also carry the numbers 6 and 7 here (a request to probe a node for the sender, and
/// the answer that it could not be reached). Pass them on like the others.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_message_type {
    /// A probe: "are you there?"
    GOSSIP_MSG_PING = 0,
    /// The answer to a ping, a meet or a join.
    GOSSIP_MSG_PONG = 1,
    /// Makes the sender known to the receiver.
    GOSSIP_MSG_MEET = 2,
    /// Like a meet, and asks for the list of members.
    GOSSIP_MSG_JOIN = 3,
    /// A node leaves.
    GOSSIP_MSG_LEAVE = 4,
    /// Carries entries and asks for no answer.
    GOSSIP_MSG_UPDATE = 5,
}
/// See gossip_message_type.
pub type gossip_message_type_t = gossip_message_type;

/// What a function of the network part returns.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_error_code {
    /// It is done.
    GOSSIP_ERR_SUCCESS = 0,
    /// The network refused: an address in use, nobody listening, not started.
    GOSSIP_ERR_NETWORK_ERROR = 1,
    /// A message could not be written or read as bytes.
    GOSSIP_ERR_SERIALIZATION_ERROR = 2,
    /// An argument is NULL or out of its range.
    GOSSIP_ERR_INVALID_ARGUMENT = 3,
    /// Not possible in this state.
    GOSSIP_ERR_OPERATION_NOT_PERMITTED = 4,
}
/// See gossip_error_code.
pub type gossip_error_code_t = gossip_error_code;

/// The identity of a node: 16 bytes that its owner chose, no two nodes the same.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct gossip_node_id {
    /// The bytes, in the order in which they travel.
    pub data: [u8; 16],
}
/// See gossip_node_id.
pub type gossip_node_id_t = gossip_node_id;

/// One node as it is told of. Texts are UTF-8 and end in NUL within their array.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_node_view {
    /// Whom it is about.
    pub id: gossip_node_id_t,
    /// Its address: a numeric IPv4 or IPv6 address, or whatever your own transport uses.
    pub ip: [c_char; 64],
    /// Its port, 1 to 65535 for the library's transports.
    pub port: c_int,
    /// The epoch of its configuration (address, role, region, metadata): a higher one wins.
    pub config_epoch: u64,
    /// The counter that only the node itself raises; below 2^63.
    pub heartbeat: u64,
    /// Counts changes; carried, never compared.
    pub version: u64,
    /// What is known of it.
    pub status: MaybeUninit<gossip_node_status_t>,
    /// A word for what it does.
    pub role: [c_char; 64],
    /// A word for where it stands.
    pub region: [c_char; 64],
    /// Messages sent; only in what gossip_core_self() returns, else 0.
    pub sent_messages: u64,
    /// Messages received; only in what gossip_core_self() returns, else 0.
    pub received_messages: u64,
}
/// See gossip_node_view.
pub type gossip_node_view_t = gossip_node_view;

/// One message between two nodes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_message {
    /// Who says it.
    pub sender: gossip_node_id_t,
    /// What it is for.
    pub r#type: MaybeUninit<gossip_message_type_t>,
    /// The sender's heartbeat, or one less.
    pub timestamp: u64,
    /// What it tells of nodes, entries_count of them; may be NULL if there are none.
    pub entries: *mut gossip_node_view_t,
    /// How many entries there are, at most 4096.
    pub entries_count: usize,
}
/// See gossip_message.
pub type gossip_message_t = gossip_message;

/// Sends one message; called by the functions of a core.
///
/// No lock of the library is held: any function may be called here, for any core, and
/// gossip_core_destroy() too, which then takes effect when this returns. The callbacks of one core
/// run one at a time, in the order in which things were decided. What a call made here brings
/// about is handed out after the current callback. Do not leave by longjmp. An exception may leave
/// through the call that led to it, but ends the process on a thread of the library.
///
/// @param msg The message and its entries; valid until this returns.
/// @param target Whom it is for; only its ip and port matter. Valid until this returns.
/// @param user_data What was given to gossip_core_create().
pub type gossip_send_callback_t = Option<
    unsafe extern "C-unwind" fn(
        msg: *const gossip_message_t,
        target: *const gossip_node_view_t,
        user_data: *mut c_void,
    ),
>;

/// Tells of one change of one node; called by the functions of a core.
///
/// The rules of gossip_send_callback_t hold here too.
///
/// @param node The node after the change; valid until this returns.
/// @param old_status Its status before: GOSSIP_NODE_UNKNOWN at first sight, and the same as the
/// new one if only its metadata, role, region or address changed.
/// @param user_data What was given to gossip_core_create().
pub type gossip_event_callback_t = Option<
    unsafe extern "C-unwind" fn(
        node: *const gossip_node_view_t,
        old_status: gossip_node_status_t,
        user_data: *mut c_void,
    ),
>;
