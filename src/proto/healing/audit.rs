//! A look at the member that was tried last.

use super::{Healing, Slot, Table};
use crate::proto::audit::{Audit, ensure};

impl Healing {
    /// Whether the member that was tried last is known still.
    pub(crate) fn audit(&self, table: &Table) -> Audit {
        let listed = self.last == Slot::NONE || table.is_listed(self.last);
        ensure(listed, "a member that is forgotten is tried")
    }
}
