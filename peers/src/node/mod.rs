//! One node of one library, as a process of its own: `gossip-peers node <library> <number> <parent>`.
//!
//! It waits until its standard input ends, so that all nodes of a cluster begin at the same moment,
//! starts, joins node 0, and then tells who comes and who goes until it is killed.

mod chitchat;
mod memberlist;
mod ours;

use crate::library::Library;
use crate::word::{Said, Teller};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::getppid;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// Between two tries to join the seed, where a library does not try again by itself.
const RETRY: Duration = Duration::from_secs(1);

/// Where a node listens. Each cluster has a network of its own, so any port is free.
fn address(number: u32) -> SocketAddr {
    let port = 20_000 + u16::try_from(number % 40_000).expect("below 40 000");
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// The address that all join.
fn seed() -> SocketAddr {
    address(0)
}

/// What a node is called where names are texts.
fn name(number: u32) -> String {
    format!("node-{number}")
}

/// The number in such a name.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix("node-")?.parse().ok()
}

/// Runs a node; comes back only with an error.
///
/// # Errors
/// When the arguments are not those of the program that measures. What the library refuses is told
/// to that one.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let [library, number, parent] = arguments else {
        return Err("node takes a library, a number and the parent's process".into());
    };
    let library = Library::named(library).ok_or(format!("no library is called `{library}`"))?;
    let number: u32 = number.parse().map_err(|_| format!("`{number}` is no number"))?;
    let parent: i32 = parent.parse().map_err(|_| format!("`{parent}` is no process"))?;
    // Also a node that is stopped is ended so.
    set_pdeathsig(Signal::SIGKILL).map_err(|error| error.to_string())?;
    if getppid().as_raw() != parent {
        return Err("the program that measures is gone".into());
    }
    let teller = Teller { who: number };
    teller.tell(Said::Waiting);
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing).map_err(|error| error.to_string())?;
    let ended = match library {
        Library::Lan => ours::run(&gossip::proto::Config::lan(), teller),
        Library::Quiet => ours::run(&gossip::proto::Config::quiet(), teller),
        Library::Memberlist => on_tokio(memberlist::run(teller)),
        Library::Chitchat => on_tokio(chitchat::run(teller)),
    };
    let why = ended.err().unwrap_or("it ended".into());
    teller.tell(Said::Failed(why.clone()));
    Err(why)
}

/// The small runtime, one thread, as a node needs no more.
fn on_tokio(node: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_numbers() {
        assert_eq!(number(&name(17)), Some(17));
        assert_eq!(number("17"), None);
        assert_eq!(address(3).port(), 20_003);
    }
}
