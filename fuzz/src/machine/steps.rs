//! The steps of an input.

use super::mail::{PEERS, address};
use super::world::World;
use crate::input::{any_entries, any_entry, any_header, any_id, any_metadata, any_text, id, view};
use arbitrary::{Result, Unstructured};
use core::time::Duration;
use gossip::proto::Core;
use gossip::types::{
    Entry, Form, Header, Instant, Message, MessageKind, NodeStatus, NodeView, Path,
};
use gossip::wire::binary;

type Step = fn(&mut World, &mut Unstructured<'_>) -> Result<()>;

/// What may happen; what is listed often happens often.
const STEPS: [Step; 32] = [
    pass_time, pass_time, pass_time, pass_time, pass_time, pass_time, wake, wake, round, broadcast,
    message, message, message, message, packet, packet, answer, answer, answer, repeat, repeat,
    gossip, gossip, accuse, cut, restart, leap, command, command, metadata, leave, fill,
];

/// Takes one step.
pub(super) fn step(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    STEPS[usize::from(u.arbitrary::<u8>()?) % STEPS.len()](world, u)
}

fn pass_time(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let millis = u.arbitrary::<u8>()?;
    world.run_for(u64::from(millis) * if millis & 1 == 0 { 1 } else { 20 });
    Ok(())
}

/// A wake-up that is early, late, or at a time before the last.
fn wake(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let micros = i64::from(u.arbitrary::<i16>()?) * 100;
    let at = Instant::from_micros(world.now.as_micros().saturating_add_signed(micros));
    world.with(0, |core, _| core.handle_timeout(at));
    world.now = world.now.max(at);
    Ok(())
}

fn round(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    world.now = world.now.after(Duration::from_millis(u.arbitrary::<u8>()?.into()));
    world.with(0, Core::round);
    Ok(())
}

fn broadcast(world: &mut World, _: &mut Unstructured<'_>) -> Result<()> {
    world.with(0, Core::round_broadcast);
    Ok(())
}

fn any_path(u: &mut Unstructured<'_>) -> Result<Path> {
    let number = u.arbitrary::<u8>()?;
    let from = address(number >> 3 & 3);
    Ok(match number & 7 {
        0 | 1 => Path::Struct,
        2 => Path::Stream(Form::Text),
        3 => Path::Stream(Form::Packet),
        4 => Path::Datagram(from),
        5 => Path::Datagram("[fe80::1%3]:9".parse().unwrap_or(from)),
        _ => Path::Packet(from),
    })
}

/// Gives node 0 a message by a path.
fn give(world: &mut World, path: Path, message: &Message) {
    let entries = || message.entries.iter().map(NodeView::as_entry);
    let before = world.checks.before(&world.cores[0]);
    world.with(0, |core, now| {
        let sent = core.queues().outputs;
        let taken = core.handle_message(now, path, &message.header, entries());
        assert!(taken.is_ok() || core.queues().outputs == sent, "a refused message was answered");
    });
    world.checks.after_message(&world.cores[0], &before);
}

fn message(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let path = any_path(u)?;
    let mut header = any_header(u)?;
    if u.ratio(7, 8)? {
        header.cluster = world.config.cluster;
    }
    let entries = any_entries(u, header.sender, 8)?;
    give(world, path, &Message { header, entries });
    Ok(())
}

/// A packet that is one, with some bytes changed, or bytes that are nothing.
fn packet(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let mut bytes = Vec::new();
    if u.arbitrary()? {
        let mut header = any_header(u)?;
        header.cluster = world.config.cluster;
        let entries = any_entries(u, header.sender, 6)?;
        let _ = binary::encode(&header, entries.iter().map(NodeView::as_entry), &mut bytes);
        for _ in 0..u.int_in_range(0..=2)? {
            if !bytes.is_empty() {
                let at = u.choose_index(bytes.len())?;
                bytes[at] ^= u.arbitrary::<u8>()?;
            }
        }
    } else {
        let length = u.int_in_range(0..=200)?.min(u.len());
        bytes.extend_from_slice(u.bytes(length)?);
    }
    let path = if u.arbitrary()? { Path::Packet(address(1)) } else { Path::Stream(Form::Packet) };
    let before = world.checks.before(&world.cores[0]);
    world.with(0, |core, now| core.handle_packet(now, path, &bytes));
    world.checks.after_message(&world.cores[0], &before);
    Ok(())
}

/// The receiver of a message answers it, or somebody else does.
fn answer(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    if world.sent.is_empty() {
        return Ok(());
    }
    let (to, question) = &world.sent[u.choose_index(world.sent.len())?];
    let flags = u.arbitrary::<u8>()?;
    let sender = if flags & 7 == 0 { any_id(u)? } else { *to };
    let kind = match flags >> 3 & 7 {
        0 => MessageKind::Nack,
        1 => MessageKind::Update,
        2 => MessageKind::Ping,
        _ => MessageKind::Pong,
    };
    let header = Header { sender, kind, wire: flags >> 7, ..question.header };
    let subject = question.entries.first().cloned();
    let heartbeat = 1000 + u64::from(u.arbitrary::<u16>()?);
    let own = NodeView { id: sender, heartbeat, ..view(sender.as_bytes()[15] & 15) };
    let mut entries = vec![own];
    if flags & 64 != 0 {
        entries.insert(0, any_entry(u)?);
        entries.extend(subject);
    }
    let number = world.number(&sender).unwrap_or(5);
    let path = match world.config.carrier {
        gossip::proto::Carrier::Packets => Path::Packet(address(number)),
        gossip::proto::Carrier::Structs => Path::Struct,
    };
    give(world, path, &Message { header, entries });
    Ok(())
}

/// A message of node 0 comes back to it, as it was or with another sender.
fn repeat(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    if world.sent.is_empty() {
        return Ok(());
    }
    let (to, mut message) = world.sent[u.choose_index(world.sent.len())?].clone();
    match u.int_in_range(0..=3)? {
        0 => {}
        1 => message.header.sender = any_id(u)?,
        _ => message.header.sender = to,
    }
    if let Some(entry) = message.entries.first_mut()
        && u.arbitrary()?
    {
        *entry = any_entry(u)?;
    }
    give(world, any_path(u)?, &message);
    Ok(())
}

/// A peer tells of many nodes that nobody has seen.
fn gossip(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let (first, count) = (u.arbitrary::<u8>()?, u.int_in_range(1..=40)?);
    let status = NodeStatus::from_raw(u.int_in_range(1..=5)?).unwrap_or_default();
    let heartbeat = 1000 + u64::from(u.arbitrary::<u8>()?);
    let teller = 1 + u.int_in_range(0..=PEERS - 1)?;
    let mut entries = vec![NodeView { heartbeat: world.now.as_micros() / 1000, ..view(teller) }];
    entries.extend((0..count).map(|n| NodeView {
        heartbeat,
        status,
        ..view(first.wrapping_add(n))
    }));
    let header = Header {
        sender: id(teller),
        kind: MessageKind::Update,
        timestamp: entries[0].heartbeat - 1,
        cluster: world.config.cluster,
        wire: 1,
        ..Header::default()
    };
    give(world, any_path(u)?, &Message { header, entries });
    Ok(())
}

/// Somebody says that a node, perhaps node 0, is suspect, failed, left or somebody else.
fn accuse(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let core = world.cores[0].as_ref().expect("node 0 does not crash");
    let subject = id(u.arbitrary::<u8>()? % 8);
    let held = core.find(&subject).map_or_else(|| view(7), NodeView::from);
    let step = i64::from(u.arbitrary::<i8>()?);
    let status = NodeStatus::from_raw(u.int_in_range(2..=5)?).unwrap_or_default();
    let claim = NodeView { heartbeat: held.heartbeat.saturating_add_signed(step), status, ..held };
    let teller = 1 + u.int_in_range(0..=PEERS)?;
    let heartbeat = core.find(&id(teller)).map_or(1000, |held| held.heartbeat + 1);
    let own = NodeView { heartbeat, ..view(teller) };
    let entries = if u.arbitrary()? { vec![claim, own] } else { vec![own, claim] };
    let header = Header {
        sender: id(teller),
        kind: MessageKind::ALL[u.int_in_range(0..=7)?],
        timestamp: heartbeat.saturating_sub(1),
        cluster: world.config.cluster,
        ..Header::default()
    };
    give(world, any_path(u)?, &Message { header, entries });
    Ok(())
}

fn cut(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    world.cut ^= u.arbitrary::<u8>()? & 0b1110;
    Ok(())
}

/// A peer crashes or starts again.
fn restart(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let choice = u.arbitrary::<u8>()?;
    let peer = 1 + choice % PEERS;
    if choice & 128 == 0 {
        world.cores[usize::from(peer)] = None;
    } else {
        world.start(peer);
    }
    Ok(())
}

/// Node 0 stood still, or hours passed.
fn leap(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let seconds = u64::from(u.arbitrary::<u16>()?);
    world.now = world.now.after(Duration::from_secs(seconds * seconds / 1024));
    world.with(0, Core::handle_timeout);
    Ok(())
}

fn command(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    match u.int_in_range(0..=7)? {
        0 => {
            world.checks.reset();
            world.with(0, Core::reset);
        }
        1 => {
            let millis = u.arbitrary::<u16>()?;
            let age = Duration::from_millis(u64::from(millis));
            world.with(0, |core, now| core.forget_gone(now, age));
        }
        2..=4 => {
            let node = view(u.arbitrary::<u8>()? % 8);
            world.with(0, |core, now| core.join(now, &node.as_entry()));
        }
        5 => {
            // The address is known, the id is not.
            let node = NodeView { id: any_id(u)?, ..view(u.arbitrary::<u8>()? % 8) };
            world.with(0, |core, now| core.meet(now, &node.as_entry()));
        }
        _ => {
            let node = any_entry(u)?;
            world.with(0, |core, now| core.meet(now, &node.as_entry()));
        }
    }
    Ok(())
}

fn metadata(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let node = u.arbitrary::<u8>()? % (PEERS + 1);
    if u.ratio(1, 4)? {
        let key = any_text(u)?;
        world.with(node, |core, now| core.remove_metadata(now, &key));
        return Ok(());
    }
    let pairs = any_metadata(u)?;
    world.with(node, |core, now| core.update_metadata(now, pairs.iter()));
    if u.ratio(1, 8)? {
        let epoch = u.arbitrary::<u64>()?.to_string();
        world.with(node, |core, now| {
            core.update_metadata(now, [("config_epoch", epoch.as_str())].into_iter())
        });
    }
    Ok(())
}

fn leave(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let who = id(u.arbitrary::<u8>()? % 8);
    let by = if who == id(0) { 0 } else { u.int_in_range(0..=PEERS)? };
    world.with(by, |core, now| core.leave(now, &who));
    Ok(())
}

/// Many messages come and nobody polls; then the queue is emptied.
fn fill(world: &mut World, u: &mut Unstructured<'_>) -> Result<()> {
    let mut header = any_header(u)?;
    header.cluster = world.config.cluster;
    let views = any_entries(u, header.sender, 8)?;
    let entries: Vec<Entry<'_>> = views.iter().map(NodeView::as_entry).collect();
    let path = any_path(u)?;
    let times = u.int_in_range(1..=64)?;
    world.with(0, |core, now| {
        for _ in 0..times {
            let _ = core.handle_entries(now, path, &header, &entries);
            core.round_broadcast(now);
        }
        assert!(core.queues().outputs <= 65_536 + 4_096, "{:?}", core.queues());
    });
    Ok(())
}
