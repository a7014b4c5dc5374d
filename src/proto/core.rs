use super::{CommandError, Config, ConfigError, Output, Refused, Stats};
use crate::types::{Entry, Header, Instant, NodeId, NodeView, Path};

/// One node's protocol state. After every input or command drain [`Core::poll_output`].
#[derive(Debug)]
pub struct Core {
    own: NodeView,
    stats: Stats,
}

#[allow(unused_variables)]
impl Core {
    /// The most entries of one message that are taken; a message with more is refused (P-15).
    pub const MAX_ENTRIES: usize = 1024;

    /// Makes a node of the view of itself; its status becomes online. `seed` is for the random choices.
    ///
    /// # Errors
    /// [`ConfigError`] names the field.
    pub fn new(
        config: Config,
        own: &Entry<'_>,
        seed: u64,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        Ok(Self { own: (*own).into(), stats: Stats::default() })
    }

    /// This node as it tells others of itself.
    #[must_use]
    pub fn own(&self) -> Entry<'_> {
        self.own.as_entry()
    }

    /// The number of known nodes, this one not counted.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Whether no other node is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All known nodes but this one, in the order in which they became known.
    pub fn members(&self) -> impl Iterator<Item = Entry<'_>> {
        core::iter::empty()
    }

    /// One node by its id; this node's own id finds itself.
    #[must_use]
    pub fn find(&self, id: &NodeId) -> Option<Entry<'_>> {
        None
    }

    /// What was counted.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Takes a message that came by `path`.
    ///
    /// # Errors
    /// [`Refused`] says why a message was dropped whole.
    pub fn handle_message<'a>(
        &mut self,
        now: Instant,
        path: Path,
        header: &Header,
        entries: impl Iterator<Item = Entry<'a>> + Clone,
    ) -> Result<(), Refused> {
        Ok(())
    }

    /// One protocol round at once (the ABI's tick).
    pub fn round(&mut self, now: Instant) {}

    /// A round that pings every online member (the ABI's `tick_full_broadcast`).
    pub fn round_broadcast(&mut self, now: Instant) {}

    /// Does what is due; for a driver with timers of its own.
    pub fn handle_timeout(&mut self, now: Instant) {}

    /// Makes a node known to us and us to it.
    ///
    /// # Errors
    /// [`CommandError`] says why nothing was done.
    pub fn meet(&mut self, now: Instant, node: &Entry<'_>) -> Result<(), CommandError> {
        Ok(())
    }

    /// Like [`Core::meet`], and asks for the member list (P-13).
    ///
    /// # Errors
    /// As [`Core::meet`].
    pub fn join(&mut self, now: Instant, node: &Entry<'_>) -> Result<(), CommandError> {
        Ok(())
    }

    /// Leaves with the own id; with another's tells that it left (P-14).
    ///
    /// # Errors
    /// [`CommandError::UnknownNode`].
    pub fn leave(&mut self, now: Instant, id: &NodeId) -> Result<(), CommandError> {
        Ok(())
    }

    /// Forgets all members and counts.
    pub fn reset(&mut self, now: Instant) {}

    /// Sets own metadata; the key `config_epoch` sets the own epoch too. All pairs or none.
    ///
    /// # Errors
    /// [`CommandError::MetadataTooLarge`], [`CommandError::EpochFalls`].
    pub fn update_metadata<'a>(
        &mut self,
        now: Instant,
        pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone,
    ) -> Result<(), CommandError> {
        Ok(())
    }

    /// The next thing to do, in the order of the decisions; `None` when there is nothing left.
    #[must_use]
    pub fn poll_output(&mut self) -> Option<Output<'_>> {
        None
    }

    /// When [`Core::handle_timeout`] is due next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
