//! `gossip_set_log_callback`: log lines of the whole library, for people.
//!
//! Lines are events of the `tracing` crate, whose cost while nobody listens is one load of an
//! atomic number. The function of a C program hears them through `Sink`, which becomes the
//! process's global subscriber of `tracing` on its first use: in the C libraries, which have a copy
//! of that crate of their own, nobody else can want that place. A Rust program that links the crate
//! has its own subscriber, and this never takes the place of one that is there.

use super::callbacks::{Owned, gossip_drop_callback_t};
use crate::ffi::convert::raw_number;
use crate::ffi::error::{self, Text, set_last_error};
use crate::ffi::guard::guard;
use crate::ffi::types::gossip_error_code_t;
use crate::os;
use alloc::sync::Arc;
use core::cell::Cell;
use core::ffi::{c_char, c_void};
use core::fmt::{self, Write};
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, NoSubscriber};
use tracing::{Event, Metadata, Subscriber, span};

/// How much a log line matters.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum gossip_log_level {
    /// No lines at all.
    GOSSIP_LOG_OFF = 0,
    /// Something does not work and will not by itself.
    GOSSIP_LOG_ERROR = 1,
    /// Something is wrong that the library lives with.
    GOSSIP_LOG_WARN = 2,
    /// What happens to the cluster: nodes come online, fail, leave.
    GOSSIP_LOG_INFO = 3,
    /// What explains it: suspicions, refutations, refused messages.
    GOSSIP_LOG_DEBUG = 4,
    /// Everything.
    GOSSIP_LOG_TRACE = 5,
}
/// See gossip_log_level.
pub type gossip_log_level_t = gossip_log_level;

/// Takes one log line.
///
/// No lock of a core is held: any function may be called here, but what such a call logs is left
/// out. It may be called on several threads at once. It must be left neither by longjmp nor by an
/// exception, which would end the process.
///
/// @param level How much it matters: GOSSIP_LOG_ERROR to GOSSIP_LOG_TRACE.
/// @param target Which part of the library says it, such as "gossip::core"; valid until this
/// returns.
/// @param text The line in UTF-8, without a line break and with no control character in it, at most
/// 511 bytes; valid until this returns. For people: its words may change with each version.
/// @param user_data What was given to gossip_set_log_callback().
pub type gossip_log_callback_t = Option<
    unsafe extern "C-unwind" fn(
        level: gossip_log_level_t,
        target: *const c_char,
        text: *const c_char,
        user_data: *mut c_void,
    ),
>;

/// Says which function gets the log lines of all objects of the library in this process; none does
/// before.
///
/// It may be called at any time, and takes the place of the function before. That one may still be
/// running on another thread when this returns; its drop_user_data is called when it is not.
///
/// @param level The least important lines that are wanted.
/// @param callback The function; NULL for none, and then the other arguments do not matter.
/// @param user_data Handed to the function and never touched.
/// @param drop_user_data Called once with user_data: when another function was set and no thread
/// runs this one any more, or before this returns if it fails. May be NULL.
/// @return GOSSIP_ERR_SUCCESS; GOSSIP_ERR_INVALID_ARGUMENT if level is not one;
/// GOSSIP_ERR_OPERATION_NOT_PERMITTED in a forked child, or in a Rust program that has a subscriber
/// of its own for the lines.
///
/// Threads: any. From callbacks: yes. Since 1.6.
///
/// # Safety
/// callback may be called from every thread that calls a function of the library, and from those of
/// the library.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn gossip_set_log_callback(
    level: MaybeUninit<gossip_log_level_t>,
    callback: gossip_log_callback_t,
    user_data: *mut c_void,
    drop_user_data: gossip_drop_callback_t,
) -> gossip_error_code_t {
    guard("gossip_set_log_callback", gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT, move || {
        set(raw_number(level), callback, Owned::new(user_data, drop_user_data))
    })
}

/// The function of the program, for as long as a thread runs it.
struct Function {
    callback: gossip_log_callback_t,
    user_data: Owned,
    /// The process that set it; in a forked child it is not called.
    process: u64,
}

// SAFETY: the pointer is never followed here; that the program's functions may be called from any
// thread is part of the contract of gossip_set_log_callback.
unsafe impl Send for Function {}
// SAFETY: as above; nothing in it changes but an atomic.
unsafe impl Sync for Function {}

impl Drop for Function {
    fn drop(&mut self) {
        if self.process == os::process_mark() {
            self.user_data.free();
        }
    }
}

/// The subscriber of `tracing` that hands lines on. It has a byte, so that the pointer that
/// `tracing` keeps for ever points into its block and not behind it, where leak checkers do not
/// look.
struct Sink(#[allow(dead_code, reason = "it is only there")] u8);

/// The level that is wanted, as C has it.
static LEVEL: AtomicUsize = AtomicUsize::new(0);
/// Read for each line, never while the function runs.
static FUNCTION: RwLock<Option<Arc<Function>>> = RwLock::new(None);
/// Held while a function is set. Whether the sink is the global subscriber.
static SETTING: Mutex<bool> = Mutex::new(false);

// No destructor, as in `error`.
std::thread_local! {
    /// Whether this thread runs the program's function.
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

fn set(level: u32, callback: gossip_log_callback_t, user_data: Owned) -> gossip_error_code_t {
    let function = Function { callback, user_data, process: os::process_mark() };
    let level = if callback.is_some() { level } else { 0 };
    if level > gossip_log_level_t::GOSSIP_LOG_TRACE as u32 {
        drop(function);
        set_last_error(format_args!("level is {level}; pass a gossip_log_level_t, 0 to 5"));
        return gossip_error_code_t::GOSSIP_ERR_INVALID_ARGUMENT;
    }
    if let Some(flaw) = take_over(level, function) {
        set_last_error(format_args!("{flaw}"));
        return gossip_error_code_t::GOSSIP_ERR_OPERATION_NOT_PERMITTED;
    }
    gossip_error_code_t::GOSSIP_ERR_SUCCESS
}

/// Puts the function in its place; says why if it cannot. The one before, or this one then, is
/// dropped with no lock held.
fn take_over(level: u32, function: Function) -> Option<&'static str> {
    static MAKER: AtomicU64 = AtomicU64::new(0);
    let maker = MAKER.compare_exchange(0, function.process, Ordering::AcqRel, Ordering::Acquire);
    if maker.is_err_and(|maker| maker != function.process) {
        // A thread of the parent may have held the locks.
        return Some("the parent of this forked process logs; exec a program first");
    }
    let mut is_ours = SETTING.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_ours {
        if !become_subscriber() {
            return Some("this Rust program has a subscriber of its own, which gets the lines");
        }
        *is_ours = true;
    }
    let wanted = function.callback.is_some().then(|| Arc::new(function));
    let before = {
        let mut place = FUNCTION.write().unwrap_or_else(PoisonError::into_inner);
        core::mem::replace(&mut *place, wanted)
    };
    LEVEL.store(level as usize, Ordering::Release);
    tracing::callsite::rebuild_interest_cache();
    drop(is_ours);
    drop(before);
    None
}

/// Takes the place of the global subscriber, if it is free.
fn become_subscriber() -> bool {
    use tracing::dispatcher::{get_default, set_global_default};
    // To make a subscriber asks it for all that is logged, so it is not made in vain.
    if !get_default(|dispatch| dispatch.is::<NoSubscriber>()) {
        return false;
    }
    let is_ours = set_global_default(tracing::Dispatch::new(Sink(0))).is_ok();
    if !is_ours {
        tracing::callsite::rebuild_interest_cache();
    }
    is_ours
}

/// The levels by their numbers, as `tracing` and as C name them.
const LEVELS: [(LevelFilter, gossip_log_level_t); 6] = [
    (LevelFilter::OFF, gossip_log_level_t::GOSSIP_LOG_OFF),
    (LevelFilter::ERROR, gossip_log_level_t::GOSSIP_LOG_ERROR),
    (LevelFilter::WARN, gossip_log_level_t::GOSSIP_LOG_WARN),
    (LevelFilter::INFO, gossip_log_level_t::GOSSIP_LOG_INFO),
    (LevelFilter::DEBUG, gossip_log_level_t::GOSSIP_LOG_DEBUG),
    (LevelFilter::TRACE, gossip_log_level_t::GOSSIP_LOG_TRACE),
];

/// The filter that the program chose.
fn wanted() -> LevelFilter {
    LEVELS.get(LEVEL.load(Ordering::Acquire)).map_or(LevelFilter::OFF, |(filter, _)| *filter)
}

impl Subscriber for Sink {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    /// Lines of this library alone: in a Rust program that links it there are others.
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= wanted()
            && metadata.target().starts_with("gossip")
            && !metadata.is_span()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(wanted())
    }

    fn event(&self, event: &Event<'_>) {
        let function = {
            let place = FUNCTION.read().unwrap_or_else(PoisonError::into_inner);
            place.clone()
        };
        if let Some(function) = function
            && function.process == os::process_mark()
            && !BUSY.replace(true)
        {
            let _idle = Idle;
            call(&function, event);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// Says that the thread runs no function any more when dropped.
struct Idle;

impl Drop for Idle {
    fn drop(&mut self) {
        BUSY.set(false);
    }
}

fn call(function: &Function, event: &Event<'_>) {
    let Some(callback) = function.callback else { return };
    let metadata = event.metadata();
    let (mut target, mut text) = (Text::EMPTY, Text::EMPTY);
    // Writing to a bounded text cannot fail.
    let _ = target.write_str(metadata.target());
    event.record(&mut Line(&mut text));
    target.replace_controls();
    text.replace_controls();
    let level = LEVELS.iter().find(|(filter, _)| filter == metadata.level());
    let level = level.map_or(gossip_log_level_t::GOSSIP_LOG_TRACE, |(_, level)| *level);
    // The function may call the library, but the error is that of the call that logs.
    let saved = error::save();
    // SAFETY: a function of the program with this type, called with texts that end in NUL and live
    // until it returns.
    unsafe { callback(level, target.as_ptr(), text.as_ptr(), function.user_data.pointer()) };
    saved.restore();
}

/// Writes the fields of an event: the message as it is, others with their names behind it.
struct Line<'a>(&'a mut Text);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, "{value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }

    // No line has such numbers, and to print them takes 18 KB of code.
    fn record_f64(&mut self, _: &Field, _: f64) {}

    fn record_i128(&mut self, _: &Field, _: i128) {}

    fn record_u128(&mut self, _: &Field, _: u128) {}
}
