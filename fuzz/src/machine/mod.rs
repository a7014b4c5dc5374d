//! A core among peers that answer, on virtual time: the bytes say what happens.
//!
//! The core under test is node 0. Nodes 1 to 3 are real cores on links that can be cut. Beside them
//! anybody sends anything, on every path. Assertions follow the invariants of docs/PROTOCOL.md.

mod checks;
mod mail;
mod steps;
mod world;

use arbitrary::{Result, Unstructured};
use gossip::proto::{CONSTANTS, Carrier, Config};

/// The most steps of an input.
const MOST_STEPS: usize = 400;

/// Runs the steps that the bytes say.
pub fn run(data: &[u8]) {
    // An input that is too short for what it begins ends there.
    let _ = run_steps(&mut Unstructured::new(data));
}

fn run_steps(u: &mut Unstructured<'_>) -> Result<()> {
    let Some(mut world) = world::World::new(any_config(u)?, u)? else { return Ok(()) };
    for _ in 0..MOST_STEPS {
        if u.is_empty() {
            break;
        }
        steps::step(&mut world, u)?;
    }
    world.settle();
    Ok(())
}

/// A profile with up to three of its constants at other values.
fn any_config(u: &mut Unstructured<'_>) -> Result<Config> {
    let flags = u.arbitrary::<u8>()?;
    let profiles = [Config::lan, Config::own_loop, Config::wan, Config::local, Config::quiet];
    let mut config = profiles[usize::from(flags & 7) % profiles.len()]();
    config.carrier = if flags & 8 == 0 { Carrier::Structs } else { Carrier::Packets };
    config.has_streams = flags & 16 != 0;
    config.cluster = if flags & 32 == 0 { 0 } else { 7 };
    for _ in 0..flags >> 6 {
        let constant = CONSTANTS[u.choose_index(CONSTANTS.len())?];
        let (low, high) = (constant.lowest, constant.highest);
        let value = match u.int_in_range(0..=3)? {
            0 => low,
            1 => high,
            2 => low + u.int_in_range(0..=16)?,
            _ => u.arbitrary()?,
        };
        (constant.set)(&mut config, value);
    }
    Ok(config)
}
