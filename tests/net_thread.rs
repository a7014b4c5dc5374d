//! A transport's thread and its sockets, as the process sees them. This is a program of its own, so
//! that no other test has threads of the same names.
#![cfg(target_os = "linux")]

mod net_support;

use gossip::net::{Protocol, Transport};
use net_support::wait_for;

#[test]
fn thread_is_named_blocks_signals_and_exists_only_between_start_and_stop() {
    let library = || {
        let mut names: Vec<_> = net_support::threads();
        names.retain(|(name, _)| name.starts_with("gossip"));
        names.sort();
        names
    };
    let udp = Transport::new(Protocol::Udp, "127.0.0.1", 0).unwrap();
    let tcp = Transport::new(Protocol::Tcp, "127.0.0.1", 0).unwrap();
    assert_eq!(library(), []);
    udp.start().unwrap();
    tcp.start().unwrap();
    wait_for("both threads have their names", || library().len() == 2);
    assert_eq!(library(), [("gossip-tcp".to_owned(), true), ("gossip-udp".to_owned(), true)]);
    for file in std::fs::read_dir("/proc/self/fdinfo").unwrap().flatten() {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", file.file_name().display()));
        let target = link.map(|path| path.display().to_string()).unwrap_or_default();
        if ["socket:", "anon_inode:"].iter().any(|kind| target.starts_with(kind)) {
            let info = std::fs::read_to_string(file.path()).unwrap();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
            assert_ne!(flags & 0o2_000_000, 0, "{target} stays open over exec");
        }
    }
    udp.stop().unwrap();
    drop(tcp);
    // The system lists a thread for a moment after it was joined.
    wait_for("both threads are gone", || library().is_empty());
}
