//! A serializer of the program's own functions. What they give is checked as arguments are.

use super::callbacks::message_of;
use super::convert::{header_of, raw_number, read_entries, view_of};
use super::error::{INVALID, is_given, set_last_error};
use super::ext::message::set_pair;
use super::handed_out::{Extra, HandedOut};
use super::memory;
use super::types::{gossip_error_code_t, gossip_message_t, gossip_node_view_t};
use crate::os::process_mark;
use crate::types::{Entry, Header, Metadata, MetadataPart};
use crate::wire::Custom;
use crate::wire::{MAX_ENTRIES, MAX_MESSAGE_BYTES};
use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::{c_char, c_void};
use core::mem::MaybeUninit;
use core::{ptr, slice};

/// Writes a message as bytes, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param msg The message, lent for the call; its texts end in NUL and its type is 0 to 7.
/// @param data Where the bytes are to be put; they are given to the release function afterwards.
/// @param data_size Where their number is to be put: 1 to 1 MiB.
/// @return GOSSIP_ERR_SUCCESS, or anything else for a message that cannot be written; then nothing
/// that was put anywhere is looked at.
pub type gossip_serializer_encode_t = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        msg: *const gossip_message_t,
        data: *mut *mut u8,
        data_size: *mut usize,
    ) -> MaybeUninit<gossip_error_code_t>,
>;

/// Reads a message from bytes, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param data The bytes, lent for the call; at least one.
/// @param data_size Their number.
/// @param msg Where the message is to be put; it comes as an empty ping. Its entries are given to
/// the release function afterwards. Whatever is put there is checked as an argument would be, and
/// what has a flaw is counted as junk; at most 1024 entries are taken.
/// @return GOSSIP_ERR_SUCCESS, or anything else for bytes that are no message; then msg is not
/// looked at.
pub type gossip_serializer_decode_t = Option<
    unsafe extern "C-unwind" fn(
        user_data: *mut c_void,
        data: *const u8,
        data_size: usize,
        msg: *mut gossip_message_t,
    ) -> MaybeUninit<gossip_error_code_t>,
>;

/// Gives back what an encode or decode function made, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer.
/// @param memory The bytes of an encode, or the entries of a decode; never NULL.
pub type gossip_serializer_release_t =
    Option<unsafe extern "C-unwind" fn(user_data: *mut c_void, memory: *mut c_void)>;

/// Gives user data back, for gossip_serializer_create_custom().
///
/// @param user_data That of the serializer, which nothing uses any more.
pub type gossip_serializer_drop_t = Option<unsafe extern "C-unwind" fn(user_data: *mut c_void)>;

/// The program's own form of messages, for gossip_serializer_create_custom().
///
/// Its functions may be called on any thread, also on several at once and on the thread of a
/// transport, and with no lock held: they may call any function of this library. They must return;
/// no exception and no longjmp may leave them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct gossip_serializer_vtable {
    /// sizeof(gossip_serializer_vtable_t), which tells this version from later, larger ones.
    pub size: usize,
    /// What gossip_serializer_name() is to say, copied; NULL for "custom".
    pub name: *const c_char,
    /// Writes a message.
    pub encode: gossip_serializer_encode_t,
    /// Reads a message.
    pub decode: gossip_serializer_decode_t,
    /// Gives back what the two above made; NULL if that came from malloc() and free() is to be used.
    pub release: gossip_serializer_release_t,
    /// Handed to each function.
    pub user_data: *mut c_void,
    /// Called once, when the serializer was destroyed and no transport uses it any more; NULL if
    /// there is nothing to do.
    pub drop_user_data: gossip_serializer_drop_t,
}
/// See gossip_serializer_vtable.
pub type gossip_serializer_vtable_t = gossip_serializer_vtable;

/// The functions, which were checked to be there, and the user data, given back when dropped.
pub(super) struct Program {
    vtable: gossip_serializer_vtable_t,
    /// The process that made it.
    process: u64,
}

// SAFETY: the pointers are only handed back; that the functions may be called on any thread is
// part of the contract of gossip_serializer_create_custom.
unsafe impl Send for Program {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Program {}

impl Program {
    pub(super) fn new(vtable: gossip_serializer_vtable_t) -> Self {
        Self { vtable, process: process_mark() }
    }

    /// A copy of a vtable that has all it must have; `None`, with an error text, else.
    ///
    /// # Safety
    /// `vtable` is NULL or points to so many bytes as its size says.
    pub(super) unsafe fn checked(
        vtable: *const gossip_serializer_vtable_t,
    ) -> Option<gossip_serializer_vtable_t> {
        if !is_given(vtable, "vtable") {
            return None;
        }
        // SAFETY: not NULL, and whatever the size is, it stands there.
        let size = unsafe { (&raw const (*vtable).size).read() };
        if size < size_of::<gossip_serializer_vtable_t>() {
            set_last_error(format_args!(
                "vtable->size is {size}; set it to sizeof(gossip_serializer_vtable_t)"
            ));
            return None;
        }
        // SAFETY: not NULL, and there are as many bytes as the size says.
        let vtable = unsafe { vtable.read() };
        let missing = match vtable {
            gossip_serializer_vtable_t { encode: None, .. } => "encode",
            gossip_serializer_vtable_t { decode: None, .. } => "decode",
            _ => return Some(vtable),
        };
        set_last_error(format_args!("vtable->{missing} is NULL; pass a function"));
        None
    }

    fn release(&self, memory: *mut c_void) {
        match self.vtable.release {
            _ if memory.is_null() => {}
            // SAFETY: a function of the program with this type, called with what it made.
            Some(release) => unsafe { release(self.vtable.user_data, memory) },
            // SAFETY: without a function it is from malloc, as the header says.
            None => unsafe { memory::free(memory) },
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // In a forked child it is the parent's to give back.
        if self.process == process_mark()
            && let Some(drop_user_data) = self.vtable.drop_user_data
        {
            // SAFETY: a function of the program with this type; nothing uses the data any more.
            unsafe { drop_user_data(self.vtable.user_data) };
        }
    }
}

/// What a function of the program made, given back when dropped.
struct ProgramMemory<'p>(&'p Program, *mut c_void);

impl Drop for ProgramMemory<'_> {
    fn drop(&mut self) {
        self.0.release(self.1);
    }
}

/// What a decode function says of its entries' metadata, by their places.
type MetadataByIndex = BTreeMap<usize, Arc<Metadata>>;

// No destructor, as in `error`.
std::thread_local! {
    /// That of the decode function that runs on this thread; NULL if none does.
    static TOLD: Cell<*mut MetadataByIndex> = const { Cell::new(ptr::null_mut()) };
}

/// Lets [`set_metadata`] add to `MetadataByIndex` until it is dropped; puts back what was there then.
struct Telling(*mut MetadataByIndex);

impl Telling {
    fn into(told: &mut MetadataByIndex) -> Self {
        Self(TOLD.replace(ptr::from_mut(told)))
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        TOLD.set(self.0);
    }
}

/// Sets a pair of the metadata of an entry that the decode function of this thread makes.
///
/// # Safety
/// The pointers are NULL or have as many bytes.
pub(super) unsafe fn set_metadata(
    index: usize,
    key: (*const c_char, usize),
    value: (*const c_char, usize),
) -> gossip_error_code_t {
    let told = TOLD.get();
    if told.is_null() {
        set_last_error(format_args!(
            "no decode function of a serializer runs on this thread; call it inside one"
        ));
        return gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED;
    }
    if index >= MAX_ENTRIES {
        set_last_error(format_args!("index is {index}; a message has at most {MAX_ENTRIES}"));
        return INVALID;
    }
    // SAFETY: set by `Telling`, which stands for as long as what it points to, in the decode of this
    // thread inside which we are; nothing else borrows that meanwhile.
    let metadata = unsafe { &mut *told }.entry(index).or_default();
    // SAFETY: the caller's promise.
    match unsafe { set_pair(metadata, key, value) } {
        Some(()) => gossip_error_code_t::GOSSIP_ERR_SUCCESS,
        None => INVALID,
    }
}

impl Custom for Program {
    fn encode(&self, header: &Header, entries: &[Entry<'_>], out: &mut Vec<u8>) -> bool {
        let Some(encode) = self.vtable.encode else { return false };
        let mut views: Vec<gossip_node_view_t> = entries.iter().map(view_of).collect();
        let message = message_of(header, &mut views);
        let extras: Vec<Extra> = entries.iter().map(Extra::of).collect();
        let handed = HandedOut::views(message.entries, &extras);
        let _handing = handed.begin();
        let (mut data, mut size) = (ptr::null_mut(), 0);
        // SAFETY: a function of the program with this type, called with structs that live until it
        // returns.
        let code = unsafe {
            encode(self.vtable.user_data, &raw const message, &raw mut data, &raw mut size)
        };
        if !is_success(code) {
            return false;
        }
        let made = ProgramMemory(self, data.cast());
        if data.is_null() || size == 0 || size > MAX_MESSAGE_BYTES {
            return false;
        }
        // SAFETY: not NULL, and the program says that there are so many bytes.
        out.extend_from_slice(unsafe { slice::from_raw_parts(data, size) });
        drop(made);
        true
    }

    fn decode(&self, bytes: &[u8], take: &mut dyn FnMut(&Header, &[Entry<'_>])) -> bool {
        let Some(decode) = self.vtable.decode else { return false };
        let mut message = message_of(&Header::default(), &mut []);
        let mut told = MetadataByIndex::new();
        let telling = Telling::into(&mut told);
        // SAFETY: a function of the program with this type, called with bytes and a struct that
        // live until it returns.
        let code =
            unsafe { decode(self.vtable.user_data, bytes.as_ptr(), bytes.len(), &raw mut message) };
        drop(telling);
        if !is_success(code) {
            return false;
        }
        let made = ProgramMemory(self, message.entries.cast());
        // SAFETY: the program says that there are so many views.
        let read = unsafe { read(&message, &told, take) };
        drop(made);
        read
    }
}

/// Reads a message of the program; `false` if it has a flaw.
///
/// # Safety
/// The entries are NULL or an array of `entries_count` views, if these are no more than may be.
unsafe fn read(
    message: &gossip_message_t,
    told: &MetadataByIndex,
    take: &mut dyn FnMut(&Header, &[Entry<'_>]),
) -> bool {
    let Ok(header) = header_of(message) else { return false };
    let views: &[gossip_node_view_t] = match message.entries_count {
        0 => &[],
        count if count > MAX_ENTRIES || message.entries.is_null() => return false,
        // SAFETY: not NULL, and the caller's promise.
        count => unsafe { slice::from_raw_parts(message.entries, count) },
    };
    let (mut owned, mut entries) = (Vec::new(), Vec::with_capacity(views.len()));
    if read_entries(views, &mut owned, &mut entries).is_err() {
        return false;
    }
    for (index, entry) in entries.iter_mut().enumerate() {
        entry.metadata = MetadataPart::from(told.get(&index));
    }
    take(&header, &entries);
    true
}

/// Whether a function of the program returned success; any other number is a failure.
fn is_success(code: MaybeUninit<gossip_error_code_t>) -> bool {
    raw_number(code) == gossip_error_code_t::GOSSIP_ERR_SUCCESS as u32
}
