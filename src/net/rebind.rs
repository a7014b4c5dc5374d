//! Binding a port that was ours a moment ago.

use super::limits::{REBIND_PAUSE, REBIND_TIME};
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// Binds `at`, and tries again for up to [`REBIND_TIME`] while it is in use, if it is the port of
/// the run before: a process that is just being forked off has a copy of the closed socket until its
/// `exec`, and so keeps the port for a moment.
pub(super) fn bind<T>(
    at: SocketAddr,
    before: Option<u16>,
    bind: impl Fn(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let began = Instant::now();
    loop {
        match bind(at) {
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse
                    && before == Some(at.port())
                    && began.elapsed() < REBIND_TIME =>
            {
                std::thread::sleep(REBIND_PAUSE);
            }
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;
    use std::time::Duration;

    fn taken() -> (UdpSocket, SocketAddr) {
        let other = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        let at = other.local_addr().expect("bound");
        (other, at)
    }

    #[test]
    fn a_port_of_ours_that_is_kept_for_a_moment_is_waited_for() {
        let (other, at) = taken();
        let late = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            drop(other);
        });
        bind(at, Some(at.port()), UdpSocket::bind).expect("free within the time");
        late.join().expect("no panic");
    }

    #[test]
    fn a_port_that_is_another_s_is_told_of() {
        let (_other, at) = taken();
        for before in [None, Some(1), Some(at.port())] {
            let error = bind(at, before, UdpSocket::bind).expect_err("in use");
            assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        }
    }
}
