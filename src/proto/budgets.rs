//! What one round may spend on the word of others (P-15). All of it renews with the round.

use super::joining::NEWCOMER_PINGS;

/// Something that others can make this node do, so often a round and no more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Budget {
    /// Pings to nodes that claims too far ahead are about (P-4).
    Claimants,
    /// Requests for configurations that claims go with (P-12a).
    Configurations,
    /// Lists that are begun in answer to sync requests (P-12). A member that asks beyond them asks
    /// another one in its next round.
    Lists,
    /// Parts of metadata that are sent (P-12a).
    Parts,
    /// Members that this node, as a newcomer, pings as soon as it is told of them (P-13).
    Proofs,
}

/// What is left of each budget in this round.
#[derive(Debug)]
pub(crate) struct Budgets([u32; 5]);

impl Budgets {
    const ROUND: [u32; 5] = [8, 8, 256, 1024, NEWCOMER_PINGS as u32];

    pub(crate) const fn new() -> Self {
        Self(Self::ROUND)
    }

    /// A round begins.
    pub(crate) const fn renew(&mut self) {
        self.0 = Self::ROUND;
    }

    pub(crate) const fn has(&self, budget: Budget) -> bool {
        self.0[budget as usize] > 0
    }

    /// Takes one, if there is one left.
    pub(crate) const fn spend(&mut self, budget: Budget) -> bool {
        let left = &mut self.0[budget as usize];
        let has = *left > 0;
        *left = left.saturating_sub(1);
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_budget_ends_by_itself_and_all_renew_together() {
        let mut budgets = Budgets::new();
        for _ in 0..8 {
            assert!(budgets.spend(Budget::Claimants));
        }
        assert!(!budgets.spend(Budget::Claimants) && !budgets.has(Budget::Claimants));
        assert!(budgets.has(Budget::Configurations));
        budgets.renew();
        assert!(budgets.has(Budget::Claimants));
    }
}
