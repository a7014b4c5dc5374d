//! When this node refutes what others say of it (P-3).

use super::context::Context;
use crate::types::{Heartbeat, Instant};
use core::time::Duration;

/// Another node with our id is looked for this long after a refutation.
const CONFLICT_WINDOW: Duration = Duration::from_secs(10);

/// A claim that comes in the round in which we jumped is passed no sooner than this after the jump.
const JUMP_PAUSE: Duration = Duration::from_millis(100);

/// What was refuted lately.
#[derive(Debug, Default)]
pub(crate) struct Refutation {
    /// Whether we jumped in this round already, and when last.
    jumped: bool,
    jumped_at: Instant,
    /// The highest claim that is still to be passed; jumped past in the next round.
    past: Option<Heartbeat>,
    /// Whether a claim that is to be passed tells of a configuration that is not ours.
    another_life: bool,
    /// When a claim with an address that we never had was refuted.
    foreign: Option<Instant>,
    /// Until when such claims are not refuted any more.
    conflict_until: Option<Instant>,
}

impl Refutation {
    /// Whether something was refuted in this round already.
    pub(crate) const fn has_jumped(&self) -> bool {
        self.jumped
    }

    /// An online claim with an address that we never had is an echo of our past once; heard again
    /// soon after our refutation it is another node with our id. That is not refuted.
    pub(crate) fn is_conflict(&mut self, cx: &mut Context) -> bool {
        let now = cx.now();
        if self.conflict_until.is_some_and(|until| now < until) {
            return true;
        }
        let recent = self.foreign.filter(|&then| now.since(then) < CONFLICT_WINDOW);
        // Others have had three rounds to hear of the refutation.
        let heard = |then| now.since(then).as_micros() > 3 * u128::from(cx.clock.pace());
        let again = recent.is_some_and(heard);
        if recent.is_none() || again {
            self.foreign = Some(now);
        }
        if again {
            cx.stats.id_conflicts += 1;
            self.conflict_until = Some(now.after(CONFLICT_WINDOW));
        }
        again
    }

    /// A claim is to be refuted; `another` is whether it tells of a configuration that is not ours.
    /// Returns whether that is done now; if not, [`Refutation::renew`] gives it back.
    pub(crate) fn refutes(&mut self, cx: &mut Context, said: Heartbeat, another: bool) -> bool {
        self.another_life |= another;
        if self.jumped && cx.now().since(self.jumped_at) < JUMP_PAUSE {
            self.past = self.past.max(Some(said));
            return false;
        }
        self.jumped = true;
        self.jumped_at = cx.now();
        cx.stats.refutations += 1;
        true
    }

    /// Whether what is refuted now told of a configuration that is not ours; once.
    pub(crate) const fn take_another_life(&mut self) -> bool {
        core::mem::replace(&mut self.another_life, false)
    }

    /// A round begins: what could not be refuted in the last one is to be refuted now.
    pub(crate) const fn renew(&mut self) -> Option<Heartbeat> {
        self.jumped = false;
        self.past.take()
    }
}
