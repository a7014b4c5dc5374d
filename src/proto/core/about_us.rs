//! What others say of us, and how we refute it (P-3).

use super::Core;
use super::origin::Origin;
use crate::proto::address::{is_unspecified, same_host};
use crate::proto::context::MAX_JUMP;
use crate::proto::outbox::Content;
use crate::proto::table::Slot;
use crate::types::{Detail, Entry, Heartbeat, MessageKind, NodeStatus, Path};

impl Core {
    /// Whether an address is our own, as far as we know it.
    pub(super) fn is_our_address(&self, node: &Entry<'_>) -> bool {
        let own = self.own();
        node.port != 0 && node.port == own.port && !own.ip.is_empty() && same_host(own.ip, node.ip)
    }

    /// Somebody says something of this node.
    pub(super) fn observe_own_claim(&mut self, entry: &Entry<'_>, origin: &Origin) {
        let Some(said) = Heartbeat::new(entry.heartbeat) else { return };
        let own = self.cx.table.own().heartbeat();
        let configured = Heartbeat::new(entry.config_heartbeat).unwrap_or_default();
        if configured > self.cx.table.own().config_heartbeat() && configured < own {
            self.configure_anew();
        }
        if entry.status == NodeStatus::Failed && origin.slot != Slot::NONE {
            self.healing.return_from_cut(&mut self.cx, &mut self.news);
        }
        let online = entry.status == NodeStatus::Online;
        let foreign = online && self.is_foreign(entry);
        let refutes = if online { said > own || (said == own && foreign) } else { said >= own };
        // What nobody can prove: joining and unknown claims are old views of us, not accusations.
        let accuses =
            online || matches!(entry.status, NodeStatus::Suspect) || entry.status.is_gone();
        if !refutes || !(accuses || said > own) {
            return;
        }
        if said.since(own) > MAX_JUMP && !self.may_jump(origin) {
            self.cx.stats.dropped_entries += 1;
            return;
        }
        if foreign && self.refutation.is_conflict(&mut self.cx) {
            return;
        }
        if entry.status == NodeStatus::Suspect && !self.refutation.has_jumped() {
            // Somebody did not hear from us in time; of a failure or an older life that says nothing.
            self.detector.worsen();
        }
        let another = self.tells_another_configuration(entry);
        self.refute(said, another, origin.slot);
    }

    /// P-4 for ourselves: after a restart we may have to jump far, but only on the word of a node
    /// that answers us, never on that of a packet nobody asked for.
    fn may_jump(&mut self, origin: &Origin) -> bool {
        if origin.answers || origin.path == Path::Struct && origin.kind == MessageKind::Pong {
            return true;
        }
        if origin.slot != Slot::NONE {
            self.detector.probe_soon(&mut self.cx.table, origin.slot);
        }
        false
    }

    fn is_foreign(&self, entry: &Entry<'_>) -> bool {
        let own = self.own();
        if entry.detail == Detail::Claim {
            return false;
        }
        own.port != entry.port || !is_unspecified(own.ip) && !same_host(own.ip, entry.ip)
    }

    fn tells_another_configuration(&self, entry: &Entry<'_>) -> bool {
        let own = self.own();
        let told = entry.detail == Detail::Full;
        self.is_foreign(entry)
            || told && (own.role != entry.role || own.region != entry.region)
            || entry.config_heartbeat > own.config_heartbeat
            || entry.config_epoch != own.config_epoch
    }

    /// What we say of our configuration is newer than what we said in another life.
    fn configure_anew(&mut self) {
        self.cx.table.set_own(|own| own.date());
        self.news.announce_own(&self.cx);
    }

    /// Passes a claim about us, now or in the next round.
    fn refute(&mut self, said: Heartbeat, another: bool, teller: Slot) {
        if !self.refutation.refutes(&mut self.cx, said, another) {
            return;
        }
        self.cx.table.raise_own(said.after(1));
        if self.refutation.take_another_life() {
            self.configure_anew();
        }
        self.report_own(teller);
    }

    /// Our own entry goes at once to the members that may be about to end a suspicion of us.
    fn report_own(&mut self, teller: Slot) {
        let cx = &mut self.cx;
        let observers = cx.observers(Slot::NONE);
        cx.update(&observers, Content::Own);
        if teller != Slot::NONE && !observers.contains(&teller) {
            cx.send(MessageKind::Update, teller, Content::Own);
        }
    }

    /// A new round: what could not be refuted in the last one is refuted now.
    pub(super) fn refute_round(&mut self) {
        if let Some(past) = self.refutation.renew()
            && past >= self.cx.table.own().heartbeat()
        {
            self.refute(past, false, Slot::NONE);
        }
    }
}
