//! What a core wants to tell its program, copied out of it so that no lock is held while it is told.

use super::convert::{c_id, c_kind, c_status, push_view};
#[cfg(feature = "ext")]
use super::ext;
use super::types::{
    gossip_event_callback_t, gossip_message_t, gossip_node_view_t, gossip_send_callback_t,
};
use crate::proto::{Core, KINDS, Output, Transmit};
use crate::types::{
    Apart, Detail, Entry, Form, Header, MessageKind, Metadata, MetadataPart, NodeStatus,
};
use crate::wire::Scratch;
#[cfg(feature = "packets")]
use crate::wire::binary;
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::c_void;
use core::ops::Range;
use core::ptr;

/// The program's functions. Each may be NULL: then its calls are left out.
pub(super) struct Targets {
    pub(super) send: gossip_send_callback_t,
    pub(super) event: gossip_event_callback_t,
    pub(super) user_data: *mut c_void,
    #[cfg(feature = "ext")]
    pub(super) changes: ext::gossip_changes_callback_t,
    #[cfg(feature = "ext")]
    pub(super) packet: ext::gossip_packet_callback_t,
    /// The user data again, if the library is to tell when it is done with it.
    #[cfg(feature = "ext")]
    pub(super) owned: ext::Owned,
}

impl Targets {
    /// The functions that version 1 knows.
    pub(super) const fn new(
        send: gossip_send_callback_t,
        event: gossip_event_callback_t,
        user_data: *mut c_void,
    ) -> Self {
        Self {
            send,
            event,
            user_data,
            #[cfg(feature = "ext")]
            changes: None,
            #[cfg(feature = "ext")]
            packet: None,
            #[cfg(feature = "ext")]
            owned: ext::Owned::nothing(),
        }
    }
}

impl Targets {
    /// Whether events are of use to anybody.
    fn wants_events(&self) -> bool {
        #[cfg(feature = "ext")]
        if ext::lines::wants_events() {
            return true;
        }
        self.event.is_some()
    }
}

// SAFETY: the pointer is never followed here, only handed back; that the program's functions may
// be called from any of its threads is part of the contract of gossip_core_create.
unsafe impl Send for Targets {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Targets {}

/// What an entry has and a C struct has no room for.
#[derive(Clone, Default, Debug)]
pub(crate) struct Extra {
    /// The status with left apart from failed.
    pub(super) status: NodeStatus,
    /// The metadata; `None` says nothing about it, or that it travels apart.
    pub(super) metadata: Option<Arc<Metadata>>,
    detail: Detail,
    config_heartbeat: u64,
    apart: Apart,
    reads_packets: bool,
}

impl Extra {
    /// What the struct of this entry lacks.
    pub(super) fn of(entry: &Entry<'_>) -> Self {
        let Entry { status, detail, config_heartbeat, reads_packets, .. } = *entry;
        let (metadata, apart) = match entry.metadata {
            MetadataPart::Unsaid => (None, Apart::Unsaid),
            MetadataPart::Held(held) => (Some(Arc::clone(held)), Apart::Unsaid),
            MetadataPart::Packed(packed) => (Some(Arc::new(packed.to_metadata())), Apart::Unsaid),
            MetadataPart::Apart(stamp) => (None, Apart::Stamp(stamp)),
            MetadataPart::Slice { stamp, index, bytes } => {
                (None, Apart::Slice(stamp, index, bytes.into()))
            }
        };
        Self { status, metadata, detail, config_heartbeat, apart, reads_packets }
    }

    /// Adds to the entry of a struct what that has no room for.
    pub(super) fn complete<'a>(&'a self, entry: Entry<'a>) -> Entry<'a> {
        let metadata = match (&self.metadata, &self.apart) {
            (Some(held), _) => MetadataPart::Held(held),
            (None, Apart::Unsaid) => MetadataPart::Unsaid,
            (None, Apart::Stamp(stamp)) => MetadataPart::Apart(*stamp),
            (None, Apart::Slice(stamp, index, bytes)) => {
                MetadataPart::Slice { stamp: *stamp, index: *index, bytes }
            }
        };
        let Self { status, detail, config_heartbeat, reads_packets, .. } = *self;
        Entry { status, detail, config_heartbeat, metadata, reads_packets, ..entry }
    }
}

/// One call to make; the numbers are places in [`Batch::views`].
enum Call {
    Send(ToSend),
    Event {
        node: usize,
        old_status: NodeStatus,
    },
    #[cfg(feature = "ext")]
    Changes {
        first: usize,
        count: usize,
    },
    #[cfg(feature = "ext")]
    Packet(ext::Datagram),
}

/// A message to hand out: the view of its target, and those of its entries behind it.
struct ToSend {
    header: Header,
    form: Form,
    to_new: bool,
    target: usize,
    entries: usize,
    /// Where it stands in [`Batch::packets`]; nowhere if its receiver reads text.
    packet: Range<usize>,
}

/// Calls to make, in order, with the structs they point to. Its buffers are used again and again.
#[derive(Default)]
pub(super) struct Batch {
    calls: Vec<Call>,
    next: usize,
    views: Vec<gossip_node_view_t>,
    extras: Vec<Extra>,
    /// The messages that are for those who read packets, written while the core is at hand.
    packets: Vec<u8>,
    written: Written,
    /// An empty vector, kept for its memory.
    scratch: Cell<Vec<Entry<'static>>>,
    #[cfg(feature = "ext")]
    pub(super) store: ext::Store,
}

/// The bytes of the messages handed out that our transports wrote, each kind apart, until the core
/// is told.
#[derive(Default)]
struct Written {
    bytes: [usize; KINDS],
    any: bool,
}

/// The structs that an emptied batch keeps room for: 68 KB. More is given back.
const KEPT_VIEWS: usize = 256;
/// The bytes of packets that an emptied batch keeps room for.
const KEPT_PACKETS: usize = 64 * 1024;

impl Batch {
    /// The calls not made yet; those that hold more than others count as several.
    pub(super) fn len(&self) -> usize {
        #[cfg(feature = "ext")]
        let more = self.store.weight();
        #[cfg(not(feature = "ext"))]
        let more = 0;
        self.calls.len() - self.next + more
    }

    /// Whether every call was made.
    pub(super) fn is_done(&self) -> bool {
        self.calls.len() == self.next
    }

    /// Forgets all calls and keeps the buffers.
    pub(super) fn clear(&mut self) {
        self.calls.clear();
        self.next = 0;
        self.views.clear();
        self.extras.clear();
        self.packets.clear();
        self.packets.shrink_to(KEPT_PACKETS);
        if self.views.capacity() > KEPT_VIEWS * 2 {
            self.calls.shrink_to(KEPT_VIEWS);
            self.views.shrink_to(KEPT_VIEWS);
            self.extras.shrink_to(KEPT_VIEWS);
        }
        #[cfg(feature = "ext")]
        self.store.clear();
    }

    /// Copies one output of the core, if the program has a function for it.
    pub(super) fn push(&mut self, output: &Output<'_>, targets: &Targets) {
        match output {
            Output::Transmit(transmit) if targets.send.is_some() => {
                self.push_message(transmit);
            }
            Output::Event(event) if targets.wants_events() => {
                let node = self.push_view(&event.node);
                self.calls.push(Call::Event { node, old_status: event.old_status });
            }
            Output::Transmit(_) | Output::Event(_) => {}
        }
    }

    fn push_message(&mut self, transmit: &Transmit<'_>) {
        let target = self.push_view(&transmit.target);
        // To be put together once, and not for each of its two forms again.
        let mut all: Vec<Entry<'_>> = self.scratch.take();
        all.extend(transmit.entries());
        for entry in &all {
            self.push_view(entry);
        }
        let entries = all.len();
        let start = self.packets.len();
        #[cfg(feature = "packets")]
        if transmit.form == Form::Packet {
            let told = all.iter().copied();
            // What cannot be written leaves nothing behind, and is tried again by who sends it.
            let _ = binary::encode(&transmit.header, told, &mut self.packets);
        }
        self.scratch.set(Scratch::recycle(all));
        let packet = start..self.packets.len();
        let Transmit { header, form, to_new, .. } = *transmit;
        self.calls.push(Call::Send(ToSend { header, form, to_new, target, entries, packet }));
    }

    /// Adds the call for a datagram of the store.
    #[cfg(feature = "ext")]
    pub(super) fn push_packet(&mut self, datagram: ext::Datagram) {
        self.calls.push(Call::Packet(datagram));
    }

    /// Adds the call for changes of the store.
    #[cfg(feature = "ext")]
    pub(super) fn push_changes(&mut self, first: usize, count: usize) {
        self.calls.push(Call::Changes { first, count });
    }

    #[inline(never)]
    fn push_view(&mut self, entry: &Entry<'_>) -> usize {
        push_view(entry, &mut self.views);
        self.extras.push(Extra::of(entry));
        self.views.len() - 1
    }

    /// Makes the next call and returns whether there was one. Must run with no lock held.
    ///
    /// If an exception leaves the program's function, the call counts as made.
    #[inline(never)]
    pub(super) fn call_next(&mut self, targets: &Targets) -> bool {
        let Some(call) = self.calls.get(self.next) else { return false };
        self.next += 1;
        let _inside = Inside::enter();
        match *call {
            Call::Send(ref call) => {
                let Some(send) = targets.send else { return true };
                let ToSend { ref header, target, entries, .. } = *call;
                let last = target + 1 + entries;
                let views = self.views[target..last].as_mut_ptr();
                let message = gossip_message_t {
                    sender: c_id(header.sender),
                    r#type: c_kind(shown(header.kind)),
                    timestamp: header.timestamp,
                    entries: if entries == 0 { ptr::null_mut() } else { views.wrapping_add(1) },
                    entries_count: entries,
                };
                let written = Cell::new(0);
                let handed_out = HandedOut {
                    message: &raw const message,
                    header,
                    form: call.form,
                    to_new: call.to_new,
                    extras: &self.extras[target + 1..last],
                    packet: self.packets.get(call.packet.clone()).filter(|it| !it.is_empty()),
                    written: &written,
                    scratch: &self.scratch,
                };
                let current = Current::set(&handed_out);
                #[cfg(feature = "ext")]
                let handing = ext::Handing::views(views, &self.extras[target..last]);
                // SAFETY: a function of the program with this type, called with structs that live
                // until it returns and that nothing else touches meanwhile.
                unsafe { send(&raw const message, views, targets.user_data) };
                #[cfg(feature = "ext")]
                drop(handing);
                drop(current);
                let kind = header.kind as usize;
                self.written.any |= written.get() > 0;
                self.written.bytes[kind] += written.get();
            }
            Call::Event { node, old_status } => {
                #[cfg(feature = "ext")]
                ext::lines::event(&self.views[node], self.extras[node].status, old_status);
                let Some(event) = targets.event else { return true };
                #[cfg(feature = "ext")]
                let _handing =
                    ext::Handing::views(&raw const self.views[node], &self.extras[node..=node]);
                // SAFETY: as above.
                unsafe {
                    event(&raw const self.views[node], c_status(old_status), targets.user_data)
                };
            }
            #[cfg(feature = "ext")]
            Call::Changes { first, count } => ext::call_changes(&self.store, first, count, targets),
            #[cfg(feature = "ext")]
            Call::Packet(ref datagram) => ext::call_packet(&self.store, datagram, targets),
        }
        true
    }
}

impl Batch {
    /// Tells the core how many bytes our transports wrote for its messages.
    pub(super) fn tell_written(&mut self, core: &mut Core) {
        if !core::mem::take(&mut self.written.any) {
            return;
        }
        for (kind, bytes) in (0..).map_while(MessageKind::from_raw).zip(&mut self.written.bytes) {
            core.count_bytes_sent(kind, core::mem::take(bytes));
        }
    }
}

/// The kind that C sees: what exists in packets alone shows as an update.
pub(super) fn shown(kind: MessageKind) -> MessageKind {
    if kind.is_struct() { kind } else { MessageKind::Update }
}

/// Runs `body` with a message as a send callback is called with one: what its struct lacks is known
/// inside. Nothing is known of its receiver.
#[cfg(feature = "ext")]
pub(super) fn lend(
    header: &Header,
    entries: &[Entry<'_>],
    body: impl FnOnce(*const gossip_message_t),
) {
    let mut views = Vec::with_capacity(entries.len());
    entries.iter().for_each(|entry| push_view(entry, &mut views));
    let extras: Vec<Extra> = entries.iter().map(Extra::of).collect();
    let message = gossip_message_t {
        sender: c_id(header.sender),
        r#type: c_kind(shown(header.kind)),
        timestamp: header.timestamp,
        entries: if views.is_empty() { ptr::null_mut() } else { views.as_mut_ptr() },
        entries_count: views.len(),
    };
    let (written, scratch) = (Cell::new(0), Cell::default());
    let handed_out = HandedOut {
        message: &raw const message,
        header,
        form: Form::Text,
        to_new: false,
        extras: &extras,
        packet: None,
        written: &written,
        scratch: &scratch,
    };
    let _current = Current::set(&handed_out);
    let _handing = ext::Handing::views(message.entries, &extras);
    body(&raw const message);
}

/// The message that a send callback of this thread was called with, and what its struct lacks.
#[derive(Clone, Copy)]
pub(super) struct HandedOut<'a> {
    message: *const gossip_message_t,
    /// The message as the core made it, but for its entries.
    pub(super) header: &'a Header,
    /// The form that its receiver reads.
    pub(super) form: Form,
    /// Whether the receiver is known to be no node of 1.4.2.
    pub(super) to_new: bool,
    /// One for each entry, in the same order.
    pub(super) extras: &'a [Extra],
    /// The message as a packet, if its receiver reads them.
    pub(super) packet: Option<&'a [u8]>,
    /// To be raised by the bytes that a transport wrote for it.
    pub(super) written: &'a Cell<usize>,
    /// An empty vector, kept for its memory.
    pub(super) scratch: &'a Cell<Vec<Entry<'static>>>,
}

std::thread_local! {
    /// The innermost one, while its callback runs. No destructor, as in `error`.
    static CURRENT: Cell<*const HandedOut<'static>> = const { Cell::new(ptr::null()) };
    /// How many callbacks this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread is inside a callback of any core: then nothing may wait.
pub(super) fn is_inside() -> bool {
    DEPTH.get() > 0
}

/// Counts the callback out again, also when an exception passes.
struct Inside;

impl Inside {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}

/// Puts the outer message back, also when an exception passes.
struct Current(*const HandedOut<'static>);

impl Current {
    fn set(handed_out: &HandedOut<'_>) -> Self {
        Self(CURRENT.replace(ptr::from_ref(handed_out).cast()))
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        CURRENT.set(self.0);
    }
}

/// Runs `body` with what the struct `message` lacks, if this is the very message that the send
/// callback running on this thread was called with; with `None` for any other.
pub(super) fn with_handed_out<R>(
    message: *const gossip_message_t,
    body: impl FnOnce(Option<HandedOut<'_>>) -> R,
) -> R {
    // SAFETY: the pointer is NULL or set by `Current` for a value that outlives the callback of
    // this thread inside which we are called, and `body` cannot keep the borrow.
    let handed_out = unsafe { CURRENT.get().as_ref() };
    body(handed_out.copied().filter(|current| current.message == message))
}
