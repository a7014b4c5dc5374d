//! The state machine: its state here, one file for each thing it does.

mod about_us;
mod book;
mod build;
mod census;
mod claims;
mod command;
mod exchange;
mod fetching;
mod input;
mod inspect;
#[cfg(feature = "packets")]
mod packet;
mod probing;
mod round;
mod suspecting;

use super::address::Ip;
use super::awareness::Awareness;
use super::clock::Clock;
use super::config::Carrier;
use super::fetch::Fetches;
use super::member::{Claim, Coarse, Flags, Slot};
use super::members::Members;
use super::outbox::{Content, Decision, Outbox, Send, To};
use super::piggyback::{Piggyback, transmit_limit};
use super::probe::{Loss, Probe, Relay, RoundTrip, RoundTrips};
use super::ring::Ring;
use super::rules::Rule;
use super::strings::MAX_TEXT;
use super::suspicion::Suspicions;
use super::sync::Hashes;
use super::{Config, ConfigError, Stats};
use crate::types::{Entry, Form, Heartbeat, Instant, MessageKind, NodeId, NodeStatus};
use crate::wire::Scratch;
use alloc::collections::{BTreeSet, VecDeque};
use alloc::vec::Vec;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

pub(super) use book::{Book, Piece};

/// A claim further ahead than this needs the subject's own answer (P-4).
const MAX_JUMP: u64 = 1 << 32;
/// Members looked at for one that is online.
const ONLINE_LOOKS: usize = 256;
/// Within this a driver with timers has read what waited while it stood still, in microseconds.
const READ_WAIT: u64 = 100_000;
/// Claims are sent at least as often as in a group of this size.
const SMALL_GROUP: usize = 64;

/// One node's protocol state, sans-I/O. [`Core::new`] makes one. Each other method is of one kind:
///
/// - Inputs, what has arrived or is due: [`Core::handle_message`] (its entries as an iterator),
///   [`Core::handle_entries`] (as a slice), [`Core::handle_packet`] and [`Core::handle_timeout`].
/// - Commands of the program: [`Core::meet`], [`Core::join`], [`Core::leave`], [`Core::reset`],
///   [`Core::update_metadata`], [`Core::remove_metadata`], [`Core::forget_gone`], [`Core::round`] and
///   [`Core::round_broadcast`].
/// - Polls: [`Core::poll_output`], to be drained after each input or command, and
///   [`Core::poll_timeout`].
/// - This node: [`Core::id`], [`Core::own`] and [`Core::awareness`].
/// - The members: [`Core::members`], [`Core::find`], [`Core::len`], [`Core::is_empty`] and
///   [`Core::count_by_status`].
/// - Figures: [`Core::stats`], [`Core::queues`], [`Core::peer`] and [`Core::round_trip`].
/// - Figures that only the driver knows, added to [`Core::stats`]: [`Core::count_bytes_sent`],
///   [`Core::count_bytes_received`] and [`Core::count_unread`].
/// - With the feature `switches`, for the simulator: `Core::switch_off` and `Core::forget_news`.
///
/// A program either calls `round` itself (each call is one protocol round) or calls
/// `handle_timeout` whenever `poll_timeout` says so; then rounds come by themselves.
///
/// ```
/// use gossip::proto::{Config, Core, Output};
/// use gossip::types::{Entry, Instant, NodeId, Path};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let view = |n: u8| Entry { id: NodeId::new([n; 16]), ip: "10.0.0.1", port: n.into(), ..Entry::default() };
/// let now = Instant::ZERO;
/// let mut a = Core::new(Config::lan(), &view(1), 11, now)?;
/// let mut b = Core::new(Config::lan(), &view(2), 22, now)?;
/// a.meet(now, &view(2))?;
/// while let Some(output) = a.poll_output() {
///     if let Output::Transmit(message) = output {
///         b.handle_message(now, Path::Struct, &message.header, message.entries())?;
///     }
/// }
/// assert_eq!(b.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Core {
    config: Config,
    clock: Clock,
    rng: SmallRng,
    secret: (u64, u64),
    members: Members,
    ring: Ring,
    piggyback: Piggyback,
    hashes: Hashes,
    /// Members held online.
    online: usize,
    probes: Vec<Probe>,
    probes_due: u64,
    relays: Vec<Relay>,
    round_trip: RoundTrip,
    round_trips: RoundTrips,
    awareness: Awareness,
    loss: Loss,
    suspicions: Suspicions,
    /// When each suspicion wants to be looked at.
    timers: BTreeSet<(u64, Slot)>,
    /// Members to be probed out of turn.
    urgent: VecDeque<Slot>,
    /// Pings of this round to nodes that claims too far ahead are about (P-4).
    asked_claimants: u32,
    /// Requests of this round for configurations.
    asked_leaves: u32,
    /// Lists that may be begun in this round still (P-12).
    lists_left: u32,
    joins: VecDeque<round::Join>,
    pushes: VecDeque<round::Push>,
    /// Metadata of others that we lack (P-12a).
    fetches: Fetches,
    /// Parts of metadata that may be sent in this round still.
    parts_left: u32,
    /// Packets that tell our own entry in full still, since its configuration is new.
    own_full: u8,
    heal_at: Instant,
    heal_last: Slot,
    sync_at: Instant,
    round_at: Instant,
    /// Whether a driver with timers woke it last, and not a program that ticks.
    timed: bool,
    gossip_at: Instant,
    /// A member to pull the list from when the message in hand has been read (P-13).
    sync_with: Option<Slot>,
    /// Until when we count as a newcomer, whose list is still to be vouched for (P-5).
    fresh_until: Instant,
    /// Members that we, as a newcomer, ping as soon as we are told of them, in this round still.
    proofs_left: u32,
    /// Whether a digest of this round showed a difference.
    differed: bool,
    leaving: Option<u32>,
    /// When we learned last that we were held failed: what we held against others until then may be
    /// our own fault (P-5, P-9).
    back_at: Instant,
    /// The same in awake time.
    back_awake: u64,
    refute: about_us::Refutation,
    outbox: Outbox,
    pieces: Vec<Piece>,
    /// The bytes that the message being put together has room for.
    room: usize,
    /// The address of the message handed out last, whose text it may hold.
    last_to: Option<To>,
    stats: Stats,
    scratch: Scratch,
    #[cfg(feature = "switches")]
    off: Option<Rule>,
}

impl Core {
    /// The most entries of one message that are taken; a message with more is refused (P-15).
    pub const MAX_ENTRIES: usize = 4096;

    /// Makes a node of the view of itself; its status becomes online whatever is given, and
    /// heartbeat, version and epoch stay as given. `seed` is for the random choices.
    ///
    /// # Errors
    /// [`ConfigError`] names the field that is out of range.
    pub fn new(
        config: Config,
        own: &Entry<'_>,
        seed: u64,
        now: Instant,
    ) -> Result<Self, ConfigError> {
        config.check()?;
        if Heartbeat::new(own.heartbeat).is_none() || Heartbeat::new(own.config_epoch).is_none() {
            return Err(ConfigError::Counter);
        }
        if !has_short_texts(own) {
            return Err(ConfigError::Text);
        }
        let mut rng = SmallRng::seed_from_u64(seed);
        let secret = (rng.next_u64(), rng.next_u64());
        let own = Entry { status: NodeStatus::Online, ..*own };
        Ok(Self {
            clock: Clock::new(now, config.round_interval_ms),
            awareness: Awareness::new(config.awareness_max),
            loss: Loss::default(),
            members: Members::new(&own, now, rng.next_u64()),
            secret,
            rng,
            config,
            ring: Ring::default(),
            piggyback: Piggyback::default(),
            hashes: Hashes::new(),
            online: 0,
            probes: Vec::new(),
            probes_due: u64::MAX,
            relays: Vec::new(),
            round_trip: RoundTrip::default(),
            round_trips: RoundTrips::default(),
            suspicions: Suspicions::default(),
            timers: BTreeSet::new(),
            urgent: VecDeque::new(),
            asked_claimants: 0,
            asked_leaves: 0,
            lists_left: exchange::LISTS_A_ROUND,
            joins: VecDeque::new(),
            pushes: VecDeque::new(),
            fetches: Fetches::default(),
            parts_left: fetching::PARTS_A_ROUND,
            own_full: 0,
            heal_at: Instant::ZERO,
            heal_last: Slot::NONE,
            sync_at: now,
            round_at: now,
            timed: false,
            gossip_at: now,
            sync_with: None,
            fresh_until: now,
            proofs_left: exchange::NEWCOMER_PINGS as u32,
            differed: false,
            leaving: None,
            back_at: now,
            back_awake: 0,
            refute: about_us::Refutation::default(),
            outbox: Outbox::default(),
            pieces: Vec::new(),
            room: 0,
            last_to: None,
            stats: Stats::default(),
            scratch: Scratch::default(),
            #[cfg(feature = "switches")]
            off: None,
        })
        .map(|mut core| {
            core.hashes.toggle(&core.members.own);
            core
        })
    }

    /// The id of this node.
    #[must_use]
    pub const fn id(&self) -> NodeId {
        self.members.own.id
    }

    /// This node as it tells others of itself.
    #[must_use]
    pub fn own(&self) -> Entry<'_> {
        self.members.entry(&self.members.own)
    }

    /// The number of known nodes, tombstones counted, this one not.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether no other node is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All known nodes but this one, in the order in which they became known.
    pub fn members(&self) -> impl Iterator<Item = Entry<'_>> {
        self.members.slots().map(|slot| self.members.entry(&self.members[slot]))
    }

    /// One node by its id; this node's own id finds itself.
    #[must_use]
    pub fn find(&self, id: &NodeId) -> Option<Entry<'_>> {
        if *id == self.members.own.id {
            return Some(self.own());
        }
        self.members.slot(id).map(|slot| self.members.entry(&self.members[slot]))
    }

    /// What was counted.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// How far this node doubts itself, 0 to [`Config::awareness_max`] (P-10).
    #[must_use]
    pub const fn awareness(&self) -> u32 {
        self.awareness.score()
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }

    /// So many microseconds from now.
    fn later(&self, micros: u64) -> Instant {
        self.now().after(core::time::Duration::from_micros(micros))
    }

    /// Half a round, and with timers no more than it takes to read what waits: a time that was found
    /// over ends no sooner than this after it (P-8).
    fn grace(&self) -> u64 {
        if !self.holds(Rule::SecondLook) {
            return 0;
        }
        let half = self.clock.pace() / 2;
        if self.timed { half.min(READ_WAIT) } else { half }
    }

    /// Whether a rule holds; without switches each does.
    #[cfg(feature = "switches")]
    fn holds(&self, rule: Rule) -> bool {
        self.off != Some(rule)
    }

    /// Switches a rule off, for good.
    #[cfg(feature = "switches")]
    pub fn switch_off(&mut self, rule: Rule) {
        self.off = Some(rule);
    }

    #[cfg(not(feature = "switches"))]
    const fn holds(&self, _rule: Rule) -> bool {
        true
    }

    /// Forgets the news that wait to be told, as after a start that is long over.
    #[cfg(feature = "switches")]
    pub fn forget_news(&mut self) {
        let mut next = self.members.first();
        while let Some(slot) = next {
            next = self.members.next(slot);
            self.piggyback.drop(slot, &mut self.members);
        }
    }

    /// The least that an answer takes that somebody reads once a round. With timers an answer is read
    /// when it comes.
    fn reading(&self) -> u64 {
        if self.timed { 0 } else { self.clock.pace() / 4 * 3 }
    }

    fn transmit_limit(&self) -> u8 {
        // A node that knows few yet may be early in a large group: its news must not run dry.
        transmit_limit(self.config.lambda, self.online.max(SMALL_GROUP))
    }

    fn send(&mut self, kind: MessageKind, slot: Slot, content: Content) {
        self.decide(Send::new(kind, slot, content));
    }

    /// Queues a message with all that it says beside our entry.
    fn decide(&mut self, mut send: Send) {
        if self.outbox.is_full() {
            self.stats.dropped_transmits += 1;
            if let Some(to) = send.to {
                to.ip.release(&mut self.members.strings);
            }
            return;
        }
        send.heartbeat = self.members.own.heartbeat;
        if send.slot != Slot::NONE {
            let member = &mut self.members[send.slot];
            send.id = member.id;
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

    /// Whether a member is spoken to by the rules of packets.
    fn speaks_packets(&self, slot: Slot) -> bool {
        let speaks = || slot != Slot::NONE && self.members[slot].is(Flags::PACKETS);
        PACKETS && (is_packets(&self.config) || speaks())
    }

    /// The form that a member reads.
    fn form_to(&self, slot: Slot) -> Form {
        let reads = || slot != Slot::NONE && self.members[slot].is(Flags::BINARY);
        let packets = PACKETS && (is_packets(&self.config) || reads());
        if packets { Form::Packet } else { Form::Text }
    }

    fn event(&mut self, slot: Slot, old: NodeStatus) {
        let Claim { heartbeat, status } = self.members[slot].claim();
        let id = self.members[slot].id;
        self.outbox.push(Decision::Event { slot, id, old, new: status, heartbeat });
    }

    fn to(&mut self, id: NodeId, ip: &str, port: i32) -> To {
        To { id, ip: Ip::hold(ip, &mut self.members.strings), port }
    }

    const fn gossip(&self) -> Content {
        Content::Gossip { most: u16::MAX, notice: false, digest: false }
    }

    /// Takes a member out of everything that names it.
    fn forget(&mut self, slot: Slot) {
        self.hashes.toggle(&self.members[slot]);
        match self.members[slot].status {
            NodeStatus::Online => {
                self.online -= 1;
                self.end_suspicion(slot);
            }
            NodeStatus::Suspect => self.end_suspicion(slot),
            _ => {}
        }
        if !self.members[slot].status.is_gone() {
            self.ring.remove(slot);
        }
        self.end_probe(slot);
        self.piggyback.drop(slot, &mut self.members);
        self.relays.retain(|relay| relay.subject != slot && relay.requester != slot);
        self.urgent.retain(|&other| other != slot);
        self.pushes.retain(|push| push.to != slot && push.from != slot);
        self.end_fetch(slot);
        if self.heal_last == slot {
            self.heal_last = Slot::NONE;
        }
        self.members.remove(slot);
    }

    /// Online members but the subject, up to `most`, from where the subject's id stands in the
    /// order that all nodes share (P-9a).
    fn observers(&self, id: &NodeId, subject: Slot) -> ([Slot; 8], usize) {
        use super::hash::shared_hash;
        let mut found = [Slot::NONE; 8];
        let mut len = 0;
        let start = shared_hash(id).wrapping_add(1);
        let own = shared_hash(&self.members.own.id).wrapping_sub(start);
        let mut own_stands = *id != self.members.own.id;
        let mut seats = self.config.observers as usize;
        for slot in self.members.around(start).take(64) {
            let at = shared_hash(&self.members[slot].id).wrapping_sub(start);
            if seats > 0 && own_stands && at > own {
                // We are one of the observers ourselves; then one fewer is to be told.
                own_stands = false;
                seats -= 1;
            }
            if seats == 0 {
                break;
            }
            let member = &self.members[slot];
            if slot != subject && member.status == NodeStatus::Online && !member.is_old() {
                found[len] = slot;
                len += 1;
                seats -= 1;
            }
        }
        (found, len)
    }

    /// A random member held online that is wanted, if a bounded number of looks finds one.
    fn random_online(&mut self, wanted: impl Fn(Slot) -> bool) -> Option<Slot> {
        let members = &self.members;
        let fits = |slot: Slot| members[slot].status == NodeStatus::Online && wanted(slot);
        self.ring.random(&mut self.rng, ONLINE_LOOKS, fits)
    }

    fn set_status(&mut self, slot: Slot, claim: Claim) {
        let now = self.now();
        let member = &mut self.members[slot];
        member.heartbeat = claim.heartbeat;
        if member.status != claim.status {
            member.status = claim.status;
            member.changed = Coarse::of(now);
            if claim.status == NodeStatus::Suspect {
                member.suspected = member.changed;
            }
        }
    }
}

/// Whether the texts of an entry fit a C struct.
fn has_short_texts(entry: &Entry<'_>) -> bool {
    entry.ip.len() <= MAX_TEXT && entry.role.len() <= MAX_TEXT && entry.region.len() <= MAX_TEXT
}

/// Whether this build speaks packets at all. Where it does not, what only they need is left out.
const PACKETS: bool = cfg!(feature = "packets");

/// Whether packets alone carry the messages of this core.
fn is_packets(config: &Config) -> bool {
    PACKETS && config.carrier == Carrier::Packets
}
