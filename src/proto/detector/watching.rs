//! Watching a suspect: pings of our own until one is answered or the suspicion ends (P-9, P-9a).

use super::accusing::report_suspicion;
use super::{Detector, timeout_of};
use crate::proto::context::Context;
use crate::proto::outbox::Content;
use crate::proto::table::{Slot, Suspicion};
use crate::types::MessageKind;

/// How often a watcher looks before it ends a suspicion, in times of `observer_timeout_ms`; and the most
/// looks, each with all the time that it gets, however much is lost.
const MIN_LOOKS: u64 = 3;
const MAX_LOOKS: u64 = 16;

impl Detector {
    /// Pings a suspect and waits for the answer.
    pub(super) fn watch(&mut self, cx: &mut Context, slot: Slot) {
        let over = cx.awake() + self.observer_timeout(cx, slot);
        if let Some(suspicion) = cx.table.suspicion_mut(slot) {
            suspicion.watched_from = cx.clock.awake();
            suspicion.ping_over = over;
            suspicion.ping_found = None;
            self.timers.insert((over, slot));
        }
        cx.send(MessageKind::Ping, slot, Content::GOSSIP);
    }

    /// How long a watcher looks at least: longer if it doubts itself, and as often, two pings each time,
    /// as the loss asks for that it sees.
    pub(super) fn least_watch(&self, cx: &Context, slot: Slot) -> u64 {
        let usual = MIN_LOOKS * u64::from(cx.config.observer_timeout_ms) * 1000;
        let looks = self.loss.pings().div_ceil(2).min(MAX_LOOKS);
        self.awareness.stretch(usual).max(looks * self.observer_timeout(cx, slot))
    }

    fn observer_timeout(&self, cx: &Context, slot: Slot) -> u64 {
        let least = u64::from(cx.config.observer_timeout_ms) * 1000;
        timeout_of(cx, slot, self.awareness.stretch(least.max(cx.reading())))
    }

    /// The members that were told to watch have not ended it: they may be gone, so we watch ourselves.
    pub(super) fn take_over(&mut self, cx: &mut Context, mut suspicion: Suspicion) {
        let slot = suspicion.slot;
        suspicion.watching = true;
        suspicion.start = cx.awake();
        suspicion.end_found = None;
        cx.table.keep_suspicion(suspicion);
        report_suspicion(cx, slot);
        self.watch(cx, slot);
    }

    /// The ping of a watcher: unanswered it confirms the suspicion, and the next one is made.
    pub(super) fn check_watch(
        &mut self,
        cx: &mut Context,
        suspicion: &mut Suspicion,
        grace: u64,
    ) -> u64 {
        let (slot, awake) = (suspicion.slot, cx.awake());
        if awake < suspicion.ping_over {
            return suspicion.ping_over;
        }
        let Some(found) = suspicion.ping_found else {
            // Late, not yet failed: one more ping, as loss is likelier than death.
            suspicion.ping_found = Some(awake);
            cx.send(MessageKind::Ping, slot, Content::GOSSIP);
            return awake + grace.max(1);
        };
        if awake < found + grace {
            return found + grace.max(1);
        }
        suspicion.accused_by_us = true;
        suspicion.ping_found = None;
        if suspicion.is_doubt() {
            self.suspect(cx, slot, suspicion.stamp);
            if !suspicion.watching {
                return awake;
            }
        }
        suspicion.ping_over = awake + self.observer_timeout(cx, slot);
        report_suspicion(cx, slot);
        cx.send(MessageKind::Ping, slot, Content::GOSSIP);
        suspicion.ping_over
    }
}
