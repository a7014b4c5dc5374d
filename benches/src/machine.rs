//! Cores, clocks and memory of this machine.

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use std::time::Duration;

/// Who runs on which core.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// On the first that may be used.
    Load,
    /// On the last.
    Server,
}

/// Keeps this process on one core; whether the two roles have one each.
pub fn pin(role: Role) -> bool {
    let own = Pid::from_raw(0);
    let Ok(allowed) = sched_getaffinity(own) else { return false };
    let cores: Vec<usize> =
        (0..CpuSet::count()).filter(|&core| allowed.is_set(core).unwrap_or(false)).collect();
    let core = match role {
        Role::Load => cores.first(),
        Role::Server => cores.last(),
    };
    let mut one = CpuSet::new();
    let Some(&core) = core else { return false };
    one.set(core).is_ok() && sched_setaffinity(own, &one).is_ok() && cores.len() > 1
}

/// The processor time that this process used.
pub fn used() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).map_or(Duration::ZERO, Duration::from)
}

/// The memory of this process that is resident, in bytes.
pub fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}
