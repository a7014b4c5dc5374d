//! What a core wants to tell its program, copied out of it so that no lock is held while it is told.

use super::convert::{c_id, c_kind, c_status, push_view};
use super::ext::{self, Extension, Functions, Made, lines};
use super::handed_out::{Extra, HandedMessage, HandedOut};
use super::types::{
    gossip_event_callback_t, gossip_message_t, gossip_node_view_t, gossip_send_callback_t,
};
use crate::proto::{Core, KINDS, Output, Transmit};
use crate::types::{Entry, Form, Header, MessageKind, NodeStatus};
use crate::wire::Scratch;
#[cfg(feature = "packets")]
use crate::wire::binary;
use core::cell::Cell;
use core::ffi::c_void;
use core::ops::Range;
use core::ptr;

/// The program's functions. Each may be NULL: then its calls are left out.
pub(super) struct Targets {
    pub(super) send: gossip_send_callback_t,
    pub(super) event: gossip_event_callback_t,
    pub(super) user_data: *mut c_void,
    pub(super) more: Functions,
}

impl Targets {
    /// The functions that version 1 knows.
    pub(super) const fn new(
        send: gossip_send_callback_t,
        event: gossip_event_callback_t,
        user_data: *mut c_void,
    ) -> Self {
        Self { send, event, user_data, more: Functions::none() }
    }

    /// Whether events are of use to anybody.
    fn wants_events(&self) -> bool {
        self.event.is_some() || lines::wants_events()
    }
}

// SAFETY: the pointer is never followed here, only handed back; that the program's functions may
// be called from any of its threads is part of the contract of gossip_core_create.
unsafe impl Send for Targets {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Targets {}

/// One call to make; the numbers are places in [`Batch::views`].
enum Call {
    Send(ToSend),
    Event { node: usize, old_status: NodeStatus },
    More(ext::MoreCall),
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
    store: ext::Store,
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
        self.calls.len() - self.next + self.store.weight()
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

    /// Takes an output of the core for the functions that version 1 does not know.
    pub(super) fn note(
        &mut self,
        output: &Output<'_>,
        targets: &Targets,
        extension: &mut Extension,
        scratch: &mut Vec<Entry<'static>>,
    ) -> Made {
        let Self { store, calls, .. } = self;
        let mut emit = |call| calls.push(Call::More(call));
        ext::note(output, &targets.more, extension, store, scratch, &mut emit)
    }

    /// Adds the call for the changes that are due.
    pub(super) fn tell_changes(&mut self, extension: &mut Extension) {
        self.calls.extend(ext::flush(extension, &mut self.store).map(Call::More));
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
                let last = call.target + 1 + call.entries;
                let views = &mut self.views[call.target..last];
                let extras = &self.extras[call.target..last];
                let packet = self.packets.get(call.packet.clone()).filter(|it| !it.is_empty());
                let bytes = hand_out(call, views, extras, packet, &self.scratch, targets);
                self.written.any |= bytes > 0;
                self.written.bytes[call.header.kind as usize] += bytes;
            }
            Call::Event { node, old_status } => {
                let (view, extras) = (&raw const self.views[node], &self.extras[node..=node]);
                lines::event(&self.views[node], extras[0].status, old_status);
                let Some(event) = targets.event else { return true };
                let handed = HandedOut::views(view, extras);
                let _handing = handed.begin();
                // SAFETY: a function of the program with this type, called with a struct that lives
                // until it returns and that nothing else touches meanwhile.
                unsafe { event(view, c_status(old_status), targets.user_data) };
            }
            Call::More(ref call) => {
                ext::call(&self.store, call, &targets.more, targets.user_data);
            }
        }
        true
    }
}

/// Calls the program's function for a message; how many bytes our transports wrote inside it.
fn hand_out(
    call: &ToSend,
    views: &mut [gossip_node_view_t],
    extras: &[Extra],
    packet: Option<&[u8]>,
    scratch: &Cell<Vec<Entry<'static>>>,
    targets: &Targets,
) -> usize {
    let (Some(send), Some((target, entries))) = (targets.send, views.split_first_mut()) else {
        return 0;
    };
    let ToSend { header, form, to_new, .. } = call;
    let message = message_of(header, entries);
    let written = Cell::new(0);
    let handed = HandedMessage {
        message: &raw const message,
        header,
        form: *form,
        to_new: *to_new,
        extras: &extras[1..],
        packet,
        written: &written,
        scratch,
    };
    let target = ptr::from_mut(target);
    let handed = HandedOut::message(target, extras, handed);
    let _handing = handed.begin();
    // SAFETY: a function of the program with this type, called with structs that live until it
    // returns and that nothing else touches meanwhile.
    unsafe { send(&raw const message, target, targets.user_data) };
    written.get()
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

/// The struct of a message, with views that live for as long.
pub(super) fn message_of(header: &Header, views: &mut [gossip_node_view_t]) -> gossip_message_t {
    gossip_message_t {
        sender: c_id(header.sender),
        r#type: c_kind(shown(header.kind)),
        timestamp: header.timestamp,
        entries: if views.is_empty() { ptr::null_mut() } else { views.as_mut_ptr() },
        entries_count: views.len(),
    }
}

// No destructor, as in `error`.
std::thread_local! {
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
