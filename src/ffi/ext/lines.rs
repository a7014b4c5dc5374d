//! What is logged of cores and transports, and how often.

use crate::ffi::convert::read_text;
use crate::ffi::error;
#[cfg(feature = "net")]
use crate::ffi::types::gossip_error_code_t;
use crate::ffi::types::gossip_node_view_t;
use crate::os;
use crate::proto::Core;
use crate::types::{NodeId, NodeStatus};
use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use tracing::level_filters::LevelFilter;

/// Which part of the library these lines are said to be from.
const TARGET: &str = "gossip::core";

/// Whether lines of a level are wanted, at the cost of one load.
fn is_wanted(level: LevelFilter) -> bool {
    LevelFilter::current() >= level
}

/// Logs a line. The only places that do, so that the code for it is there once a level.
#[cold]
#[inline(never)]
fn say(level: LevelFilter, text: fmt::Arguments<'_>) {
    match level {
        LevelFilter::WARN => tracing::warn!(target: TARGET, "{text}"),
        LevelFilter::INFO => tracing::info!(target: TARGET, "{text}"),
        _ => tracing::debug!(target: TARGET, "{text}"),
    }
}

/// Whether changes of nodes are logged.
pub(crate) fn wants_events() -> bool {
    is_wanted(LevelFilter::INFO)
}

/// A change of a node, just before the program is told of it.
pub(crate) fn event(node: &gossip_node_view_t, status: NodeStatus, old: NodeStatus) {
    if is_wanted(LevelFilter::INFO) {
        tell_event(node, status, old);
    }
}

#[cold]
#[inline(never)]
fn tell_event(node: &gossip_node_view_t, status: NodeStatus, old: NodeStatus) {
    let (id, ip, port) = (NodeId::new(node.id.data), read_text(&node.ip), node.port);
    let (now, before) = (status.name(), old.name());
    if status == old {
        let text = format_args!("node {id} at {ip}:{port} changed what it tells of itself");
        return say(LevelFilter::DEBUG, text);
    }
    let passes = old == NodeStatus::Suspect && !status.is_gone();
    let level = if status == NodeStatus::Suspect || passes {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    };
    say(level, format_args!("node {id} at {ip}:{port} is {now}, was {before}"));
}

/// The most lines a second about what others can make us log at will.
const LINES_A_SECOND: u32 = 10;

/// Whether one more such line may be logged now.
fn has_room() -> bool {
    static SECOND: AtomicU64 = AtomicU64::new(0);
    static LINES: AtomicU32 = AtomicU32::new(0);
    let second = os::now().as_micros() / 1_000_000;
    if SECOND.swap(second, Ordering::AcqRel) != second {
        let left_out = LINES.swap(0, Ordering::AcqRel).saturating_sub(LINES_A_SECOND);
        if left_out > 0 {
            say(LevelFilter::DEBUG, format_args!("{left_out} lines like this were left out"));
        }
    }
    LINES.fetch_add(1, Ordering::AcqRel) < LINES_A_SECOND
}

/// A message or a call that was refused: the error text of this thread.
#[cold]
pub(crate) fn refused() {
    if is_wanted(LevelFilter::DEBUG) && has_room() {
        let text = error::copy();
        say(LevelFilter::DEBUG, format_args!("refused: {}", text.as_str()));
    }
}

/// A message that came by a transport and was refused.
#[cold]
pub(crate) fn refused_message(reason: &dyn fmt::Display) {
    if is_wanted(LevelFilter::DEBUG) && has_room() {
        say(LevelFilter::DEBUG, format_args!("a message was refused: {reason}"));
    }
}

/// What the program asked for.
pub(crate) fn own(text: fmt::Arguments<'_>) {
    if is_wanted(LevelFilter::INFO) {
        say(LevelFilter::INFO, text);
    }
}

/// The start or the end of a transport, with what came of it, which is handed back.
#[cfg(feature = "net")]
pub(crate) fn transport(
    transport: &crate::net::Transport,
    did: &str,
    code: gossip_error_code_t,
) -> gossip_error_code_t {
    let port = transport.port();
    if code == gossip_error_code_t::GOSSIP_ERR_SUCCESS {
        own(format_args!("a transport on port {port} {did}"));
    } else if is_wanted(LevelFilter::WARN) {
        let text = error::copy();
        say(LevelFilter::WARN, format_args!("a transport on port {port}: {}", text.as_str()));
    }
    code
}

/// Counts of a core whose rising is worth a line.
pub(crate) struct Counts {
    refutations: u64,
    conflicts: u64,
    full: u64,
}

impl Counts {
    /// `None` if no line is wanted.
    pub(crate) fn of(core: &Core) -> Option<Self> {
        let stats = core.stats();
        is_wanted(LevelFilter::WARN).then_some(Self {
            refutations: stats.refutations,
            conflicts: stats.id_conflicts,
            full: stats.members_full,
        })
    }

    /// What rose since then, and in which core; `None` if nothing did.
    pub(crate) fn risen(self, core: &Core) -> Option<(NodeId, Self)> {
        let stats = core.stats();
        let risen = Self {
            refutations: stats.refutations.saturating_sub(self.refutations),
            conflicts: stats.id_conflicts.saturating_sub(self.conflicts),
            full: stats.members_full.saturating_sub(self.full),
        };
        let any = risen.refutations | risen.conflicts | risen.full > 0;
        any.then(|| (core.id(), risen))
    }
}

/// Logs what rose; to be called with no lock held.
#[cold]
#[inline(never)]
pub(crate) fn risen((own, counts): (NodeId, Counts)) {
    if counts.conflicts > 0 && has_room() {
        say(LevelFilter::WARN, format_args!("another node has the id {own} of this one"));
    }
    if counts.full > 0 && has_room() {
        let text = format_args!("{own} has no room for a further node; raise max_members");
        say(LevelFilter::WARN, text);
    }
    if counts.refutations > 0 && is_wanted(LevelFilter::DEBUG) && has_room() {
        say(LevelFilter::DEBUG, format_args!("{own} refuted a claim that it is not alive"));
    }
}
