//! The state machine: a router over parts, each with a state of its own.
//!
//! What comes in goes one way: `input`, `sender` (what a message shows of its sender), then
//! `claims` (what it says of others) and `about_us`, then `status`, where several parts change at
//! once. `round` and `command` lead there too. The parts know the table and the context, and not one
//! another unless an argument says so.

mod about_us;
#[cfg(any(test, debug_assertions, feature = "switches"))]
mod audit;
mod claims;
mod command;
mod input;
mod inspect;
mod origin;
mod output;
mod round;
mod sender;
mod status;

use super::budgets::Budgets;
use super::builder::Builder;
use super::context::Context;
use super::detector::Detector;
use super::healing::Healing;
use super::joining::Joining;
use super::news::News;
use super::refutation::Refutation;
#[cfg(feature = "switches")]
use super::rules::Rule;
use super::strings::MAX_TEXT;
use super::sync::Sync;
use super::{Config, ConfigError, Stats};
use crate::types::{Entry, Heartbeat, Instant, NodeId, NodeStatus};
use crate::wire::Scratch;
use rand::SeedableRng;
use rand::rngs::SmallRng;

/// One node's protocol state, sans-I/O. [`Core::new`] makes one. Each other method is of one kind:
///
/// - Inputs, what has arrived or is due: [`Core::handle_message`] (its entries as an iterator),
///   [`Core::handle_entries`] (as a slice), [`Core::handle_packet`] and [`Core::handle_timeout`].
/// - Commands of the program: [`Core::meet`], [`Core::join`], [`Core::leave`], [`Core::reset`],
///   [`Core::update_metadata`], [`Core::remove_metadata`], [`Core::forget_gone`], [`Core::round`] and
///   [`Core::round_broadcast`].
/// - Polls: [`Core::poll_output`], to be drained after each input or command, and
///   [`Core::poll_timeout`].
/// - This node: [`Core::id`], [`Core::own`] and [`Core::awareness`].
/// - The members: [`Core::members`], [`Core::find`], [`Core::len`], [`Core::is_empty`] and
///   [`Core::count_by_status`].
/// - Figures: [`Core::stats`], [`Core::queues`], [`Core::peer`] and [`Core::round_trip`].
/// - Figures that only the driver knows, added to [`Core::stats`]: [`Core::count_bytes_sent`],
///   [`Core::count_bytes_received`] and [`Core::count_unread`].
/// - With the feature `switches`, for the simulator: `Core::switch_off`, `Core::switch_audit_on`
///   and `Core::forget_news`.
///
/// A program either calls `round` itself (each call is one protocol round) or calls
/// `handle_timeout` whenever `poll_timeout` says so; then rounds come by themselves.
///
/// ```
/// use gossip::proto::{Config, Core, Output};
/// use gossip::types::{Entry, Instant, NodeId, Path};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let view = |n: u8| Entry { id: NodeId::new([n; 16]), ip: "10.0.0.1", port: n.into(), ..Entry::default() };
/// let now = Instant::ZERO;
/// let mut a = Core::new(Config::lan(), &view(1), 11, now)?;
/// let mut b = Core::new(Config::lan(), &view(2), 22, now)?;
/// a.meet(now, &view(2))?;
/// while let Some(output) = a.poll_output() {
///     if let Output::Transmit(message) = output {
///         b.handle_message(now, Path::Struct, &message.header, message.entries())?;
///     }
/// }
/// assert_eq!(b.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Core {
    /// Who is known, settings, time, chance, counts, and the queue of outputs.
    cx: Context,
    /// Probes and suspicions.
    detector: Detector,
    /// What is told to everybody.
    news: News,
    joining: Joining,
    healing: Healing,
    /// Digests and fetches.
    sync: Sync,
    /// What this round may spend on the word of others.
    budgets: Budgets,
    /// What was refuted lately.
    refutation: Refutation,
    /// The message that was handed out last.
    builder: Builder,
    scratch: Scratch,
    round_at: Instant,
    /// Rounds in which our leave is still to be repeated; `None` if we have not left.
    leaving: Option<u32>,
    #[cfg(any(test, debug_assertions, feature = "switches"))]
    audits: audit::Schedule,
}

impl Core {
    /// The most entries of one message that are taken; a message with more is refused (P-15).
    pub const MAX_ENTRIES: usize = 4096;

    /// Makes a node of the view of itself; its status becomes online whatever is given, and
    /// heartbeat, version and epoch stay as given. `seed` is for the random choices.
    ///
    /// # Errors
    /// [`ConfigError`] names the field that is out of range.
    pub fn new(
        config: Config,
        own: &Entry<'_>,
        seed: u64,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        if Heartbeat::new(own.heartbeat).is_none() || Heartbeat::new(own.config_epoch).is_none() {
            return Err(ConfigError::Counter);
        }
        if !has_short_texts(own) {
            return Err(ConfigError::Text);
        }
        let own = Entry { status: NodeStatus::Online, ..*own };
        let cx = Context::new(config, &own, SmallRng::seed_from_u64(seed), now);
        Ok(Self {
            detector: Detector::new(cx.config.awareness_max),
            news: News::new(now),
            joining: Joining::new(now),
            healing: Healing::new(now),
            sync: Sync::new(now),
            budgets: Budgets::new(),
            refutation: Refutation::default(),
            builder: Builder::default(),
            scratch: Scratch::default(),
            round_at: now,
            leaving: None,
            #[cfg(any(test, debug_assertions, feature = "switches"))]
            audits: audit::Schedule::new(),
            cx,
        })
    }

    /// The id of this node.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.cx.table.own().id()
    }

    /// This node as it tells others of itself.
    #[must_use]
    pub fn own(&self) -> Entry<'_> {
        self.cx.table.own_entry()
    }

    /// The number of known nodes, tombstones counted, this one not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cx.table.len()
    }

    /// Whether no other node is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All known nodes but this one, in the order in which they became known.
    pub fn members(&self) -> impl Iterator<Item = Entry<'_>> {
        self.cx.table.slots().map(|slot| self.cx.table.entry(&self.cx.table[slot]))
    }

    /// One node by its id; this node's own id finds itself.
    #[must_use]
    pub fn find(&self, id: &NodeId) -> Option<Entry<'_>> {
        if *id == self.cx.table.own().id() {
            return Some(self.own());
        }
        self.cx.table.slot(id).map(|slot| self.cx.table.entry(&self.cx.table[slot]))
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.cx.stats
    }

    /// How far this node doubts itself, 0 to [`Config::awareness_max`] (P-10).
    #[must_use]
    pub const fn awareness(&self) -> u32 {
        self.detector.awareness()
    }

    /// Nothing in a release; debug builds and the simulator recount the invariants.
    #[cfg(not(any(test, debug_assertions, feature = "switches")))]
    #[allow(clippy::unused_self, reason = "as with the audit")]
    const fn audit(&mut self) {}

    /// Switches a rule off, for good.
    #[cfg(feature = "switches")]
    pub fn switch_off(&mut self, rule: Rule) {
        self.cx.switch_off(rule);
    }

    /// Forgets the news that wait to be told, as after a start that is long over.
    #[cfg(feature = "switches")]
    pub fn forget_news(&mut self) {
        let mut next = self.cx.table.first();
        while let Some(slot) = next {
            next = self.cx.table.next(slot);
            self.news.drop(&mut self.cx.table, slot);
        }
    }
}

/// Whether the texts of an entry fit a C struct.
fn has_short_texts(entry: &Entry<'_>) -> bool {
    entry.ip.len() <= MAX_TEXT && entry.role.len() <= MAX_TEXT && entry.region.len() <= MAX_TEXT
}
