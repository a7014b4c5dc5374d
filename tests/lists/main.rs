//! Lists that stand in several places. Each test names the place that misses something.

mod constants;
mod core_methods;
mod front_door;
mod functions;
mod messages;
mod text;
