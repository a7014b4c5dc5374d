//! Messages in: checked whole, then believed in a fixed order.

use super::origin::Origin;
use super::{Core, has_short_texts};
use crate::proto::address::{IpText, is_at, is_unspecified, same_host};
use crate::proto::context::PACKETS;
#[cfg(feature = "packets")]
use crate::proto::error::PacketError;
use crate::proto::error::Refused;
use crate::proto::outbox::{Content, Send};
use crate::proto::table::{Flags, Slot};
use crate::types::{
    Detail, Entry, Form, Header, Heartbeat, Instant, MessageKind, NodeStatus, Path,
};

/// Placeholders that the address of a stranger, and of a known member, is compared with (P-15); they
/// take turns.
const STRANGER_LOOKS: usize = 1024;
const MEMBER_LOOKS: usize = 64;

impl Core {
    /// Takes a packet, as [`Core::handle_message`] takes what is in it. `path` is
    /// [`Path::Packet`] with the address that a datagram came from, or [`Path::Stream`] with
    /// [`Form::Packet`].
    ///
    /// # Errors
    /// [`PacketError`] says why it was dropped whole; nothing but a counter was changed by it.
    #[cfg(feature = "packets")]
    pub fn handle_packet(
        &mut self,
        now: Instant,
        path: Path,
        bytes: &[u8],
    ) -> Result<(), PacketError> {
        let mut entries = self.scratch.take_entries();
        let mut texts = core::mem::take(&mut self.scratch.texts);
        let result = match crate::wire::binary::decode_into(bytes, &mut texts, &mut entries) {
            Ok(header) => {
                self.count_bytes_received(header.kind, bytes.len());
                self.handle_entries(now, path, &header, &entries).map_err(PacketError::Refused)
            }
            Err(error) => {
                self.count_unread(&error);
                Err(PacketError::Wire(error))
            }
        };
        self.scratch.keep_entries(entries);
        self.scratch.texts = texts;
        result
    }

    /// Takes a message that came by `path`, as [`Core::handle_entries`] does.
    ///
    /// # Errors
    /// [`Refused`] says why a message was dropped whole; nothing but a counter was changed by it.
    pub fn handle_message<'a>(
        &mut self,
        now: Instant,
        path: Path,
        header: &Header,
        entries: impl IntoIterator<Item = Entry<'a>>,
    ) -> Result<(), Refused> {
        let mut room = self.scratch.take_entries();
        // One more than are taken, so that too many are seen to be too many.
        room.extend(entries.into_iter().take(Self::MAX_ENTRIES + 1));
        let result = self.handle_entries(now, path, header, &room);
        self.scratch.keep_entries(room);
        result
    }

    /// Takes a message that came by `path`.
    ///
    /// The sender's own entry is believed first, then what stands before it (its own accusations,
    /// or what it proves), then the rest; then the message is answered.
    ///
    /// # Errors
    /// [`Refused`] says why a message was dropped whole; nothing but a counter was changed by it.
    pub fn handle_entries(
        &mut self,
        now: Instant,
        path: Path,
        header: &Header,
        entries: &[Entry<'_>],
    ) -> Result<(), Refused> {
        self.cx.clock.wake(now);
        let result = self.apply_message(path, header, entries);
        self.audit();
        result
    }

    fn apply_message(
        &mut self,
        path: Path,
        header: &Header,
        entries: &[Entry<'_>],
    ) -> Result<(), Refused> {
        let checked = self.check(path, header, entries);
        let own_at = match checked {
            Ok(own_at) => own_at,
            Err(refused) => {
                self.cx.stats.count_refused(refused);
                if refused == Refused::OwnId {
                    self.drop_own_placeholder();
                }
                return Err(refused);
            }
        };
        self.cx.stats.count_received(header.kind);
        let (text, found);
        let mut own = own_at.and_then(|at| entries.get(at));
        if let (Some(entry), Path::Datagram(from) | Path::Packet(from)) = (own, path)
            && entry.detail == Detail::Full
            && is_unspecified(entry.ip)
        {
            // Bound to every address, the owner cannot know the one we can send to.
            text = IpText::of(from);
            found = Entry { ip: text.as_str(), ..*entry };
            own = Some(&found);
        }
        if self.leaving.is_some() {
            self.answer_after_leaving(header, own, path);
            return Ok(());
        }
        let renamed = self.match_placeholder(header, own, path);
        let mut origin = self.origin(header, own, path);
        if header.kind == MessageKind::Leave {
            self.apply_leave(own, entries, &origin);
            self.report_renamed(renamed);
            return Ok(());
        }
        self.observe_sender(header, own, &mut origin);
        self.report_renamed(renamed);
        self.apply_entries(header, entries, own_at, &origin);
        let pulls = self.joining.take_pull();
        if let Some(slot) = pulls.filter(|&slot| self.cx.speaks_packets(slot)) {
            self.cx.send(MessageKind::SyncDigest, slot, Content::Digest(None));
        }
        self.answer(header, own, &origin, entries.len());
        self.exchange_configurations(header, &origin);
        Ok(())
    }

    /// A placeholder that got its sender's id and is not proved yet: nothing else tells the program of
    /// the id that it lists now.
    fn report_renamed(&mut self, renamed: Option<Slot>) {
        if let Some(slot) = renamed.filter(|&slot| self.is_joining(slot)) {
            self.cx.event(slot, NodeStatus::Unknown);
        }
    }

    /// What stands before the sender's own entry, which is at `own_at`, then what stands after it.
    fn apply_entries(
        &mut self,
        header: &Header,
        entries: &[Entry<'_>],
        own_at: Option<usize>,
        origin: &Origin,
    ) {
        let (before, after) = entries.split_at(own_at.unwrap_or(0));
        for (i, entry) in before.iter().enumerate() {
            if entry.id == self.id() {
                self.observe_own_claim(entry, origin);
            } else {
                self.apply_before_own(header, i == 0, entry, origin);
            }
        }
        for entry in after.get(usize::from(own_at.is_some())..).unwrap_or_default() {
            self.apply_entry(entry, origin);
        }
    }

    /// What stands before the sender's own entry: its own accusation, what it saw answer, or the
    /// member that its question is about. `first` is the place of the subject of a question.
    fn apply_before_own(
        &mut self,
        header: &Header,
        first: bool,
        entry: &Entry<'_>,
        origin: &Origin,
    ) {
        let Self { cx, detector, .. } = self;
        match header.kind {
            MessageKind::PingReq if first && origin.online => {
                detector.ping_for(cx, origin.slot, &entry.id);
            }
            MessageKind::PingReq if first => {}
            MessageKind::Nack if first => {
                return detector.nack(cx, origin.slot, &entry.id);
            }
            _ if entry.status == NodeStatus::Suspect => {
                return self.observe_accusation(entry, origin);
            }
            MessageKind::Update if entry.status == NodeStatus::Online => {
                detector.helper_proof(cx, entry, origin.slot);
            }
            _ => {}
        }
        if entry.status != NodeStatus::Suspect {
            self.apply_entry(entry, origin);
        }
    }

    /// Our own message came back: what the program met is ourselves, under a made-up id.
    fn drop_own_placeholder(&mut self) {
        let own = self.joining.placeholder(&self.cx.table, usize::MAX, |member| {
            self.is_our_address(&self.cx.table.entry(member))
        });
        if let Some(slot) = own {
            self.forget(slot);
        }
    }

    /// Checks all that can be wrong; gives the place of the sender's own entry.
    fn check(
        &self,
        path: Path,
        header: &Header,
        entries: &[Entry<'_>],
    ) -> Result<Option<usize>, Refused> {
        if header.sender.is_zero() {
            return Err(Refused::ZeroId);
        }
        if header.sender == self.id() {
            return Err(Refused::OwnId);
        }
        if !path.is_packet() && !header.kind.is_struct() {
            return Err(Refused::Kind);
        }
        if header.cluster != self.cx.config.cluster && path != Path::Struct {
            return Err(Refused::Cluster);
        }
        if self.cx.outbox.is_full() {
            return Err(Refused::Full);
        }
        if Heartbeat::new(header.timestamp).is_none() {
            return Err(Refused::Counter);
        }
        if entries.len() > Self::MAX_ENTRIES {
            return Err(Refused::TooManyEntries);
        }
        let mut own_at = None;
        for (at, entry) in entries.iter().enumerate() {
            let counters = [entry.heartbeat, entry.config_heartbeat, entry.config_epoch];
            if counters.iter().any(|&counter| Heartbeat::new(counter).is_none()) {
                return Err(Refused::Counter);
            }
            if !has_short_texts(entry) {
                return Err(Refused::Text);
            }
            if own_at.is_none() && entry.id == header.sender {
                own_at = Some(at);
            }
        }
        Ok(own_at)
    }

    /// P-13: a joining entry never heard from is a placeholder for its address, whatever its id. Returns
    /// the place of one that has just got the sender's id.
    fn match_placeholder(
        &mut self,
        header: &Header,
        own: Option<&Entry<'_>>,
        path: Path,
    ) -> Option<Slot> {
        if self.joining.joins() == 0 {
            return None;
        }
        let table = &self.cx.table;
        let looks = match table.slot(&header.sender).map(|slot| &table[slot]) {
            None => STRANGER_LOOKS,
            // It was met under its own id.
            Some(known) if known.is(Flags::PLACEHOLDER) => return None,
            // One that has spoken has no placeholder, unless it was met again: its answer shows that.
            Some(known) if known.is(Flags::HEARD) && header.kind != MessageKind::Pong => {
                return None;
            }
            Some(_) => MEMBER_LOOKS,
        };
        let from = match path {
            Path::Datagram(from) | Path::Packet(from) => Some(from),
            Path::Stream(_) | Path::Struct => None,
        };
        let slot = self.joining.placeholder(table, looks, |member| {
            let (ip, port) = (table.text(member.ip()), member.port());
            let tells = own.is_some_and(|own| own.port == port && same_host(own.ip, ip));
            !ip.is_empty() && (tells || from.is_some_and(|from| is_at(ip, port, from)))
        })?;
        if let Some(known) = self.cx.table.slot(&header.sender) {
            // Others told us of it before it spoke: the placeholder has served.
            if known != slot {
                self.forget(slot);
                self.joining.pull_from(known);
            }
            return None;
        }
        self.cx.table[slot].flags.set(Flags::PLACEHOLDER, false);
        self.cx.table.rename(slot, header.sender);
        Some(slot)
    }

    /// We have left: a node that still asks is told so.
    fn answer_after_leaving(&mut self, header: &Header, own: Option<&Entry<'_>>, path: Path) {
        let asks = matches!(
            header.kind,
            MessageKind::Ping | MessageKind::Meet | MessageKind::Join | MessageKind::PingReq
        );
        let slot = self.cx.table.slot(&header.sender).unwrap_or(Slot::NONE);
        if !asks || slot == Slot::NONE && own.is_none() {
            return;
        }
        let cx = &mut self.cx;
        let to = cx.answer_to(header.sender, slot, own, path);
        let packet = path.is_packet() || header.wire > 0;
        let form = (PACKETS && packet).then_some(Form::Packet);
        let by_stream = path.is_stream() && cx.config.has_streams;
        let send = Send::new(MessageKind::Leave, slot, Content::Own);
        cx.decide(Send { to, form, by_stream, ..send });
    }
}
