//! What every part of the core works with: the member table, settings, time, chance, counts, and the
//! queue of outputs.

use super::address::IpText;
use super::clock::Clock;
use super::config::Carrier;
use super::hash::code;
use super::outbox::{Content, Decision, Outbox, Send, To};
use super::piggyback::transmit_limit;
use super::rules::Rule;
use super::table::{Claim, Flags, MAX_OBSERVERS, Slot, SlotList, Table};
use super::{Config, Stats};
use crate::types::{Detail, Entry, Form, Instant, MessageKind, NodeId, NodeStatus, Path};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt};

/// Whether this build speaks packets at all. Where it does not, what only they need is left out.
pub(crate) const PACKETS: bool = cfg!(feature = "packets");
/// A claim further ahead than this needs the subject's own answer (P-4).
pub(crate) const MAX_JUMP: u64 = 1 << 32;
/// Within this a driver with timers has read what waited while it stood still, in microseconds.
const READ_WAIT: u64 = 100_000;
/// Claims are sent at least as often as in a group of this size.
const SMALL_GROUP: usize = 64;
/// A nonce is answered within this time, in units of 16 microseconds.
const NONCE_LIFE: u32 = 60_000_000 >> 4;

/// What every part works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) table: Table,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) rng: SmallRng,
    pub(crate) stats: Stats,
    pub(crate) outbox: Outbox,
    /// The key of the nonces (P-7b).
    key: (u64, u64),
    /// Whether a driver with timers woke the core last, and not a program that ticks.
    pub(crate) timed: bool,
    #[cfg(feature = "switches")]
    off: Option<Rule>,
}

/// Settings, time and chance.
impl Context {
    pub(crate) fn new(config: Config, own: &Entry<'_>, mut rng: SmallRng, now: Instant) -> Self {
        let key = (rng.next_u64(), rng.next_u64());
        Self {
            table: Table::new(own, now, rng.next_u64()),
            clock: Clock::new(now, config.round_interval_ms),
            config,
            key,
            rng,
            stats: Stats::default(),
            outbox: Outbox::default(),
            timed: false,
            #[cfg(feature = "switches")]
            off: None,
        }
    }

    pub(crate) const fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Awake time in microseconds (P-8).
    pub(crate) const fn awake(&self) -> u64 {
        self.clock.awake()
    }

    /// So many microseconds from now.
    pub(crate) fn later(&self, micros: u64) -> Instant {
        self.now().after(core::time::Duration::from_micros(micros))
    }

    /// So many milliseconds from now.
    pub(crate) fn in_ms(&self, ms: u32) -> Instant {
        self.later(ms as u64 * 1000)
    }

    pub(crate) fn random_below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.rng.random_range(0..bound) }
    }

    /// A share of this node's own, the same for its whole life: of 1024.
    pub(crate) const fn own_share(&self) -> u64 {
        self.key.0 % 1024
    }

    /// Half a round, and with timers no more than it takes to read what waits: a time that was found
    /// over ends no sooner than this after it (P-8).
    pub(crate) fn grace(&self) -> u64 {
        if !self.holds(Rule::SecondLook) {
            return 0;
        }
        let half = self.clock.pace() / 2;
        if self.timed { half.min(READ_WAIT) } else { half }
    }

    /// The least that an answer takes that somebody reads once a round. With timers an answer is read
    /// when it comes.
    pub(crate) const fn reading(&self) -> u64 {
        if self.timed { 0 } else { self.clock.pace() / 4 * 3 }
    }

    /// Gives a member another claim, as [`Table::set_claim`] does. Returns the status that it had.
    pub(crate) fn set_claim(&mut self, slot: Slot, claim: Claim) -> NodeStatus {
        self.table.set_claim(slot, claim, self.clock.now(), &mut self.rng)
    }

    /// A random member held online, if a bounded number of looks finds one.
    pub(crate) fn any_online(&mut self) -> Option<Slot> {
        self.table.any_online(&mut self.rng)
    }

    /// The members that watch another, or this node itself for [`Slot::NONE`] (P-9a).
    pub(crate) fn observers(&self, subject: Slot) -> SlotList<MAX_OBSERVERS> {
        self.table.observers(subject, self.config.observers)
    }

    /// How often a claim is sent (P-7).
    pub(crate) fn transmit_limit(&self) -> u8 {
        // A node that knows few yet may be early in a large group: its news must not run dry.
        transmit_limit(self.config.lambda, self.table.online().max(SMALL_GROUP))
    }

    /// Whether a rule holds; without switches each does.
    #[cfg(feature = "switches")]
    pub(crate) fn holds(&self, rule: Rule) -> bool {
        self.off != Some(rule)
    }

    #[cfg(feature = "switches")]
    pub(crate) fn switch_off(&mut self, rule: Rule) {
        self.off = Some(rule);
    }

    #[cfg(not(feature = "switches"))]
    #[allow(clippy::unused_self, reason = "as with the switches")]
    pub(crate) const fn holds(&self, _rule: Rule) -> bool {
        true
    }

    /// P-7b: ties an answer to its question without keeping the question: the time, and a code over
    /// it and the receiver that only this node can make.
    pub(crate) fn make_nonce(&self, id: NodeId) -> u64 {
        let time = (self.now().as_micros() >> 4) as u32;
        u64::from(time) << 32 | u64::from(code(self.key, &id, time))
    }

    pub(crate) fn is_own_nonce(&self, id: NodeId, nonce: u64) -> bool {
        let time = (nonce >> 32) as u32;
        nonce as u32 == code(self.key, &id, time) && self.nonce_age(nonce) < NONCE_LIFE
    }

    /// The time since a nonce of our own was made, in units of 16 microseconds.
    pub(crate) const fn nonce_age(&self, nonce: u64) -> u32 {
        ((self.now().as_micros() >> 4) as u32).wrapping_sub((nonce >> 32) as u32)
    }
}

/// Outputs.
impl Context {
    pub(crate) fn send(&mut self, kind: MessageKind, slot: Slot, content: Content) {
        self.decide(Send::new(kind, slot, content));
    }

    /// Queues a message with all that it says beside our entry.
    pub(crate) fn decide(&mut self, mut send: Send) {
        if self.outbox.is_full() {
            self.stats.dropped_transmits += 1;
            if let Some(to) = send.to {
                self.table.release(to.ip);
            }
            return;
        }
        send.heartbeat = self.table.own().heartbeat();
        if send.slot != Slot::NONE {
            let member = &mut self.table[send.slot];
            send.id = member.id();
            if send.kind != MessageKind::Pong {
                member.flags.set(Flags::ASKED, true);
            }
            let has_streams = self.config.has_streams;
            if has_streams && member.is(Flags::STREAM) && !send.by_stream {
                send.by_stream = true;
                // The question also goes as a datagram: its answer shows that those pass again.
                if send.kind == MessageKind::Ping && send.to.is_none() {
                    self.outbox.push(Decision::Send(Send { by_stream: false, ..send }));
                }
            }
        }
        self.outbox.push(Decision::Send(send));
    }

    /// Tells some members the same.
    pub(crate) fn update(&mut self, to: &[Slot], content: Content) {
        for &slot in to {
            self.send(MessageKind::Update, slot, content);
        }
    }

    /// Reports that a member changed; `old` is the status before.
    pub(crate) fn event(&mut self, slot: Slot, old: NodeStatus) {
        let Claim { heartbeat, status } = self.table[slot].claim();
        let id = self.table[slot].id();
        self.outbox.push(Decision::Event { slot, id, old, new: status, heartbeat });
    }

    /// Whether packets alone carry the messages of this core.
    pub(crate) fn is_packets(&self) -> bool {
        PACKETS && self.config.carrier == Carrier::Packets
    }

    /// Whether a member is spoken to by the rules of packets.
    pub(crate) fn speaks_packets(&self, slot: Slot) -> bool {
        let speaks = || slot != Slot::NONE && self.table[slot].is(Flags::PACKETS);
        PACKETS && (self.is_packets() || speaks())
    }

    /// The form that a member reads.
    pub(crate) fn form_to(&self, slot: Slot) -> Form {
        let reads = || slot != Slot::NONE && self.table[slot].is(Flags::BINARY);
        let packets = PACKETS && (self.is_packets() || reads());
        if packets { Form::Packet } else { Form::Text }
    }

    /// The address to which an answer goes (P-7): the one that the message came from; for structs,
    /// and over connections, that in the sender's own entry. `None` is the member's own address.
    pub(crate) fn answer_to(
        &mut self,
        sender: NodeId,
        slot: Slot,
        own_entry: Option<&Entry<'_>>,
        path: Path,
    ) -> Option<To> {
        let is_known = slot != Slot::NONE;
        match path {
            Path::Struct | Path::Stream(_) => {
                let entry = own_entry.filter(|entry| entry.detail == Detail::Full)?;
                let same = is_known && {
                    let held = &self.table[slot];
                    held.port() == entry.port && self.table.text(held.ip()) == entry.ip
                };
                (!same).then(|| To { id: sender, ip: self.table.hold(entry.ip), port: entry.port })
            }
            Path::Datagram(from) | Path::Packet(from) => {
                if is_known && self.table.is_at(slot, from) {
                    return None;
                }
                let text = IpText::of(from);
                let ip = self.table.hold(text.as_str());
                Some(To { id: sender, ip, port: from.port().into() })
            }
        }
    }
}
