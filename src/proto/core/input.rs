//! Messages in: checked whole, then believed in a fixed order.

use super::super::address::{is_at, is_unspecified, same_host};
use super::super::error::Refused;
use super::super::member::{Claim, Flags, Slot};
use super::super::outbox::{Content, Send};
use super::super::rules::Rule;
use super::super::stats::Reason;
use super::claims::Teller;
use super::exchange::AddressText;
use super::{Core, PACKETS, has_short_texts};
use crate::types::{
    Detail, Entry, Form, Header, Heartbeat, Instant, MessageKind, NodeId, NodeStatus, Path,
    SyncPayload,
};

/// Placeholders that the address of a stranger, and of a known member, is compared with (P-15); they
/// take turns.
const STRANGER_LOOKS: usize = 1024;
const MEMBER_LOOKS: usize = 64;

impl Core {
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
        self.clock.wake(now);
        let checked = self.check(path, header, entries);
        let own_at = match checked {
            Ok(own_at) => own_at,
            Err(refused) => {
                self.stats.count_refused(refused);
                if refused == Refused::OwnId {
                    self.drop_own_placeholder();
                }
                return Err(refused);
            }
        };
        self.stats.count_received(header.kind);
        let (text, found);
        let mut own = own_at.and_then(|at| entries.get(at));
        if let (Some(entry), Path::Datagram(from) | Path::Packet(from)) = (own, path)
            && entry.detail == Detail::Full
            && is_unspecified(entry.ip)
        {
            // Bound to every address, the owner cannot know the one we can send to.
            text = AddressText::of(from);
            found = Entry { ip: text.as_str(), ..*entry };
            own = Some(&found);
        }
        if self.leaving.is_some() {
            self.answer_after_leaving(header, own, path);
            return Ok(());
        }
        let renamed = self.find_placeholder(header, own, path);
        let mut teller = self.teller(header, own, path);
        if header.kind == MessageKind::Leave {
            self.hear_leave(own, entries, &teller);
            return Ok(());
        }
        self.hear_sender(header, own, &mut teller);
        if let Some(slot) = renamed.filter(|&slot| self.members[slot].status == NodeStatus::Joining)
        {
            // Not proved yet, so nothing else tells the program of the id that it lists now.
            self.event(slot, NodeStatus::Unknown);
        }
        let (before, after) = entries.split_at(own_at.unwrap_or(0));
        for (i, entry) in before.iter().enumerate() {
            if entry.id == self.members.own.id {
                self.hear_about_us(entry, &teller);
            } else {
                self.hear_before_own(header, i == 0, entry, &teller);
            }
        }
        for entry in after.get(usize::from(own_at.is_some())..).unwrap_or_default() {
            self.learn(entry, &teller);
        }
        if let Some(slot) = self.sync_with.take().filter(|&slot| self.speaks_packets(slot)) {
            self.send_digest(slot);
        }
        self.answer(header, own, &teller, entries.len());
        self.exchange_configurations(header, &teller);
        Ok(())
    }

    /// Our own message came back: what the program met is ourselves, under a made-up id.
    fn drop_own_placeholder(&mut self) {
        let own = self.joins.iter().map(|join| join.slot).find(|&slot| {
            let member = &self.members[slot];
            member.is(Flags::PLACEHOLDER) && self.is_our_address(&self.members.entry(member))
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
        if header.sender == self.members.own.id {
            return Err(Refused::OwnId);
        }
        // What came by a connection is a packet if it tells its sender's interval.
        let packet = match path {
            Path::Packet(_) => true,
            Path::Stream => header.interval_us > 0,
            Path::Struct | Path::Datagram(_) => false,
        };
        if !packet && !header.kind.is_struct() {
            return Err(Refused::Kind);
        }
        if header.cluster != self.config.cluster && path != Path::Struct {
            return Err(Refused::Cluster);
        }
        if self.outbox.is_full() {
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

    fn teller(&self, header: &Header, own: Option<&Entry<'_>>, path: Path) -> Teller {
        let slot = self.members.slot(&header.sender).unwrap_or(Slot::NONE);
        let member = (slot != Slot::NONE).then(|| &self.members[slot]);
        // What went through a C struct on its way has no interval, and no nonce either.
        let packet =
            PACKETS && header.interval_us > 0 && matches!(path, Path::Packet(_) | Path::Stream);
        let asked = member.is_some_and(|member| member.is(Flags::ASKED));
        let answers = header.kind == MessageKind::Pong
            && match path {
                Path::Struct => asked,
                // A question in text has no nonce, whatever form its answer has.
                _ if packet && header.nonce != 0 => {
                    self.is_own_nonce(header.sender, header.nonce)
                        || self.is_own_nonce(NodeId::ZERO, header.nonce)
                }
                Path::Stream => asked,
                // Who has once shown that it repeats nonces always does.
                Path::Datagram(_) | Path::Packet(_) => {
                    asked && !member.is_some_and(|member| member.is(Flags::PACKETS))
                }
            };
        // "Old peers": the mark, a kind that only we have, or packets show a new one.
        let marked = own.is_some_and(|own| header.timestamp.checked_add(1) == Some(own.heartbeat));
        let shows_new =
            marked || header.kind as u8 >= MessageKind::PingReq as u8 || packet || header.wire > 0;
        // What an old one asks has the heartbeat of its entry as the timestamp; 0 is too low for a mark.
        let asks = matches!(header.kind, MessageKind::Ping | MessageKind::Meet | MessageKind::Join);
        let shows_old = !shows_new
            && asks
            && own.is_some_and(|own| own.heartbeat > 0 && header.timestamp == own.heartbeat);
        Teller {
            slot,
            online: member.is_some_and(|member| member.status == NodeStatus::Online),
            old: shows_old || !shows_new && !member.is_some_and(|member| member.is(Flags::NEW)),
            direct: false,
            answers,
            packet,
            lacks: own.is_some_and(|own| self.lacks_configuration(slot, own)),
            kind: header.kind,
            path,
        }
    }

    /// P-13: a joining entry never heard from is a placeholder for its address, whatever its id.
    fn find_placeholder(
        &mut self,
        header: &Header,
        own: Option<&Entry<'_>>,
        path: Path,
    ) -> Option<Slot> {
        if self.joins.is_empty() {
            return None;
        }
        let looks = match self.members.slot(&header.sender).map(|slot| &self.members[slot]) {
            None => STRANGER_LOOKS,
            // It was met under its own id.
            Some(known) if known.is(Flags::PLACEHOLDER) => return None,
            // One that has spoken has no placeholder, save if it was met again: its answer shows that.
            Some(known) if known.is(Flags::HEARD) && header.kind != MessageKind::Pong => {
                return None;
            }
            Some(_) => MEMBER_LOOKS,
        };
        let from = match path {
            Path::Datagram(from) | Path::Packet(from) => Some(from),
            Path::Stream | Path::Struct => None,
        };
        let members = &self.members;
        let found = self.joins.iter().take(looks).map(|join| join.slot).find(|&slot| {
            let member = &members[slot];
            let ip = member.ip.as_str(&members.strings);
            let fits = member.is(Flags::PLACEHOLDER) && !ip.is_empty();
            let tells = own.is_some_and(|own| own.port == member.port && same_host(own.ip, ip));
            fits && (tells || from.is_some_and(|from| is_at(ip, member.port, from)))
        });
        let slot = found?;
        if let Some(known) = self.members.slot(&header.sender) {
            // Others told us of it before it spoke: the placeholder has served.
            if known != slot {
                self.forget(slot);
                self.sync_with = Some(known);
            }
            return None;
        }
        self.members[slot].flags.set(Flags::PLACEHOLDER, false);
        self.members.rename(slot, header.sender);
        Some(slot)
    }

    /// The sender's own entry, its answer, and what it shows of itself.
    fn hear_sender(&mut self, header: &Header, own: Option<&Entry<'_>>, teller: &mut Teller) {
        let direct = Teller { direct: true, ..*teller };
        if let Some(own) = own {
            // Of itself a node says that it lives; anything else is for others to say.
            if matches!(own.status, NodeStatus::Online | NodeStatus::Joining | NodeStatus::Unknown)
            {
                self.learn(own, &direct);
            }
            if teller.slot == Slot::NONE {
                teller.slot = self.members.slot(&header.sender).unwrap_or(Slot::NONE);
            }
        }
        let slot = teller.slot;
        if slot == Slot::NONE {
            return;
        }
        let member = &mut self.members[slot];
        if teller.old && member.is(Flags::NEW) {
            // An older program has taken its place.
            member.flags.set(Flags::PACKETS, false);
            member.flags.set(Flags::BINARY, false);
        }
        member.flags.set(Flags::NEW, !teller.old);
        if teller.packet {
            member.flags.set(Flags::PACKETS, true);
            member.pace = header.interval_us.clamp(1_000, 600_000_000);
        } else if teller.path != Path::Struct && header.wire == 0 {
            // An older program may have taken its place: one that reads text alone joins anew, or
            // has fallen silent to our packets.
            let anew = matches!(header.kind, MessageKind::Meet | MessageKind::Join);
            if anew || member.status != NodeStatus::Online {
                member.flags.set(Flags::PACKETS, false);
                member.flags.set(Flags::BINARY, false);
            }
        }
        if teller.packet || header.wire > 0 {
            member.flags.set(Flags::BINARY, true);
        }
        self.note_way(header, teller);
        self.note_heal_answer(slot);
        if own.is_none() {
            self.sight_without_entry(slot, header);
        }
        self.hear(slot, &direct);
        let silent = teller.packet || self.members[slot].is(Flags::PACKETS);
        if header.kind == MessageKind::Pong && (teller.answers || !silent) {
            let asked = teller.answers;
            self.answered(slot, if teller.packet { header.nonce } else { 0 });
            if asked && teller.old {
                self.witness(slot);
            }
        }
        teller.online = self.members[slot].status == NodeStatus::Online;
    }

    /// Which way the sender is to be reached: it answers a datagram, or only what comes by a
    /// connection, or had to join by one.
    fn note_way(&mut self, header: &Header, teller: &Teller) {
        let by_stream = teller.path == Path::Stream;
        let joins = matches!(header.kind, MessageKind::Meet | MessageKind::Join);
        let member = &mut self.members[teller.slot];
        if teller.answers && !by_stream {
            member.flags.set(Flags::STREAM, false);
        } else if by_stream && self.config.has_streams {
            // What was asked both ways and answered in a datagram already says nothing here.
            let silent = teller.answers && member.is(Flags::ASKED);
            if silent || joins {
                member.flags.set(Flags::STREAM, true);
            }
        }
    }

    /// A program that drops entries still shows the sender's heartbeat.
    fn sight_without_entry(&mut self, slot: Slot, header: &Header) {
        let member = &self.members[slot];
        let Some(heartbeat) = Heartbeat::new(header.timestamp) else { return };
        let jump = heartbeat.since(member.heartbeat);
        if member.status == NodeStatus::Online && (1..=super::MAX_JUMP).contains(&jump) {
            let now = self.clock.now();
            let member = &mut self.members[slot];
            member.heartbeat = heartbeat;
            member.seen = now;
            member.learn_pace(now, true);
        }
    }

    /// What stands before the sender's own entry: its own accusation, what it saw answer, or whom
    /// its question is about. `first` is the place of the subject of a question.
    fn hear_before_own(
        &mut self,
        header: &Header,
        first: bool,
        entry: &Entry<'_>,
        teller: &Teller,
    ) {
        match header.kind {
            MessageKind::PingReq if first => self.ping_req(teller.slot, &entry.id, teller),
            MessageKind::Nack if first => return self.nack(teller.slot, &entry.id),
            _ if entry.status == NodeStatus::Suspect => return self.hear_accusation(entry, teller),
            MessageKind::Update if entry.status == NodeStatus::Online => {
                self.helper_proof(entry, teller);
            }
            _ => {}
        }
        if entry.status != NodeStatus::Suspect {
            self.learn(entry, teller);
        }
    }

    fn answer(
        &mut self,
        header: &Header,
        own: Option<&Entry<'_>>,
        teller: &Teller,
        entries: usize,
    ) {
        let slot = teller.slot;
        if teller.online && teller.packet {
            match header.sync {
                SyncPayload::Digest(digest) => self.hear_digest(slot, &digest),
                SyncPayload::Metadata { id, stamp, parts } => {
                    self.send_parts(slot, &id, stamp, parts);
                }
                SyncPayload::None | SyncPayload::Request { .. } => {}
            }
        }
        match header.kind {
            MessageKind::Ping if slot != Slot::NONE || own.is_some() => {
                self.pong(header, slot, own, teller, entries);
                // Its turn in the ring may be far, where many join at once.
                if teller.packet && self.is_joining(slot) && self.holds(Rule::Proof) {
                    self.prove(slot, teller);
                }
            }
            MessageKind::Meet | MessageKind::Join if slot != Slot::NONE => {
                self.pong(header, slot, own, teller, entries);
                self.greet(slot, teller);
            }
            MessageKind::SyncRequest if teller.online => {
                if let SyncPayload::Request { prefix, buckets } = header.sync {
                    self.send_leaves(slot, prefix, buckets);
                }
            }
            _ => {}
        }
    }

    /// P-13: the newcomer gets the list: at once where its carrier vouches for it, else when it has
    /// answered the ping that goes out here.
    fn greet(&mut self, slot: Slot, teller: &Teller) {
        let proved = teller.is_vouched() && self.members[slot].status == NodeStatus::Online;
        if !proved {
            self.prove(slot, teller);
        }
        self.plan_push(slot, proved);
    }

    fn is_joining(&self, slot: Slot) -> bool {
        slot != Slot::NONE && self.members[slot].status == NodeStatus::Joining
    }

    /// Asks a node whose address is not proved for the answer that proves it (P-13).
    fn prove(&mut self, slot: Slot, teller: &Teller) {
        if teller.old {
            // Not in a burst with the answer, which an old node would lose.
            self.probe_soon(slot);
        } else {
            self.send(MessageKind::Ping, slot, Content::Own);
        }
    }

    /// P-14: its sender leaves. One that lacks the sender's entry is an old node's leave of another.
    fn hear_leave(&mut self, own: Option<&Entry<'_>>, entries: &[Entry<'_>], teller: &Teller) {
        let (slot, heartbeat) = match own {
            Some(own) => (teller.slot, Heartbeat::new(own.heartbeat)),
            None => {
                let about = entries.first().and_then(|entry| self.members.slot(&entry.id));
                let Some(slot) = about.filter(|_| teller.online) else { return };
                (slot, Some(self.leave_stamp(slot)))
            }
        };
        let Some(heartbeat) = heartbeat.filter(|_| slot != Slot::NONE) else { return };
        let held = self.members[slot].claim();
        if heartbeat.since(held.heartbeat) > super::MAX_JUMP {
            self.stats.dropped_entries += 1;
            return;
        }
        if held.status == NodeStatus::Joining {
            self.hear(slot, &Teller { path: Path::Struct, ..*teller });
        }
        let said = Claim { heartbeat, status: NodeStatus::Left };
        if said > self.members[slot].claim() {
            self.bury(slot, said);
            self.set_reason(slot, Reason::Leave);
        }
    }

    /// We have left: who still asks is told so.
    fn answer_after_leaving(&mut self, header: &Header, own: Option<&Entry<'_>>, path: Path) {
        let asks = matches!(
            header.kind,
            MessageKind::Ping | MessageKind::Meet | MessageKind::Join | MessageKind::PingReq
        );
        if asks {
            let slot = self.members.slot(&header.sender).unwrap_or(Slot::NONE);
            if slot != Slot::NONE || own.is_some() {
                let to = self.answer_to(header.sender, slot, own, path);
                let packet = header.interval_us > 0 || header.wire > 0;
                let form = (PACKETS && packet).then_some(Form::Packet);
                let by_stream = path == Path::Stream && self.config.has_streams;
                let send = Send::new(MessageKind::Leave, slot, Content::Own);
                self.decide(Send { to, form, by_stream, ..send });
            }
        }
    }
}
