//! A look for the recount of the table.

use super::{Hashes, Member, toggle};

impl Hashes {
    /// Whether these members are the ones of which the hashes are.
    pub(crate) fn are_of<'a>(&self, members: impl Iterator<Item = &'a Member>) -> bool {
        let mut leaves = *self.leaves;
        members.for_each(|member| toggle(&mut leaves, member));
        leaves == [0; 256]
    }
}
