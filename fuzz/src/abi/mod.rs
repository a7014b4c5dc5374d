//! The C ABI by sequences of calls, as a C program makes them that passes anything it is allowed to.
//!
//! The bytes choose the functions and their arguments: NULL, foreign numbers, texts without NUL. More
//! calls are made inside callbacks, also of `destroy`. Handles that were destroyed are not used again.
//! No transport and no node is started, so nothing touches the network.
#![allow(unsafe_code, reason = "the functions of C are unsafe to call")]

mod arguments;
mod builders;
mod callbacks;
mod cores;
mod messages;
mod metadata;
mod nodes;
mod serializers;
mod sized;
mod transports;
mod world;
mod writing;

use world::World;

/// The most calls of an input, those inside callbacks included.
const MOST_CALLS: u32 = 400;

/// What may be called.
const CALLS: [&[fn(&World)]; 7] = [
    &cores::CALLS,
    &messages::CALLS,
    &metadata::CALLS,
    &builders::CALLS,
    &serializers::CALLS,
    &transports::CALLS,
    &nodes::CALLS,
];

/// Makes the calls that the bytes say.
pub fn run(data: &[u8]) {
    let world = World::new(data, MOST_CALLS, call);
    while !world.is_over() {
        call(&world);
    }
    world.destroy_all();
    messages::stop_logging();
    world.check_debts();
}

/// Makes one call.
fn call(world: &World) {
    // Functions of a core are called more often than the others.
    let kind = usize::from(world.byte()) % 16;
    let calls = CALLS[if kind < CALLS.len() { kind } else { kind % 2 }];
    calls[usize::from(world.byte()) % calls.len()](world);
    world.check();
}
