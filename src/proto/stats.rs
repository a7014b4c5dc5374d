/// What a core counted since it was made or reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Messages handed out by [`super::Core::poll_output`].
    pub sent_messages: u64,
    /// Messages taken by [`super::Core::handle_message`].
    pub received_messages: u64,
}
