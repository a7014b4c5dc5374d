//! A network of its own: nothing but the loopback device, whose counters then are those of one
//! cluster.

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use nix::unistd::geteuid;
use std::os::fd::AsRawFd;

/// What the loopback device carried: packets of IP, with all headers from IP's on, each once.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Traffic {
    /// Packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// For who is not root: a user namespace, in which networks may be made. To be called before there is
/// a second thread.
///
/// # Errors
/// When the system does not allow it.
pub fn prepare() -> Result<(), String> {
    if geteuid().is_root() {
        return Ok(());
    }
    unshare(CloneFlags::CLONE_NEWUSER).map_err(|error| {
        format!("a user namespace is not to be had ({error}); run this as root, or allow them")
    })
}

/// Moves this thread, and the processes that it starts from now on, into a new network.
///
/// # Errors
/// When the system refuses a part of it.
pub fn enter() -> Result<(), String> {
    unshare(CloneFlags::CLONE_NEWNET)
        .map_err(|error| format!("a network namespace is not to be had: {error}"))?;
    raise_loopback().map_err(|error| format!("the loopback device is not to be started: {error}"))
}

/// What the device carried so far in the network of this thread.
///
/// # Errors
/// When the system's file cannot be read.
pub fn traffic() -> Result<Traffic, String> {
    const FILE: &str = "/proc/thread-self/net/dev";
    let text = std::fs::read_to_string(FILE).map_err(|error| format!("{FILE}: {error}"))?;
    parse(&text).ok_or(format!("{FILE} is of another form"))
}

fn parse(text: &str) -> Option<Traffic> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("lo:"))?;
    let mut numbers = line.split_whitespace().map(str::parse);
    let bytes = numbers.next()?.ok()?;
    let packets = numbers.next()?.ok()?;
    Some(Traffic { packets, bytes })
}

/// Asks the kernel over a netlink socket to set the device up, as `ip link set lo up` does.
fn raise_loopback() -> nix::Result<()> {
    let protocol = SockProtocol::NetlinkRoute;
    let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
    send(socket.as_raw_fd(), &set_up(), MsgFlags::empty())?;
    let mut answer = [0; 512];
    let size = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
    // A header of 16 bytes, then the error as a negative number, or 0.
    let code = answer[..size].get(16..20).and_then(|code| <[u8; 4]>::try_from(code).ok());
    match code.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(nix::Error::from_raw(-code)),
        None => Err(nix::Error::EBADMSG),
    }
}

/// `RTM_NEWLINK` for the device with index 1, which is the loopback in every network: `nlmsghdr`, then
/// `ifinfomsg`.
fn set_up() -> [u8; 32] {
    const RTM_NEWLINK: u16 = 16;
    const NLM_F_REQUEST_ACK: u16 = 1 | 4;
    const IFF_UP: u32 = 1;
    let mut message = [0; 32];
    message[0..4].copy_from_slice(&32_u32.to_ne_bytes());
    message[4..6].copy_from_slice(&RTM_NEWLINK.to_ne_bytes());
    message[6..8].copy_from_slice(&NLM_F_REQUEST_ACK.to_ne_bytes());
    message[20..24].copy_from_slice(&1_i32.to_ne_bytes());
    message[24..28].copy_from_slice(&IFF_UP.to_ne_bytes());
    message[28..32].copy_from_slice(&IFF_UP.to_ne_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::UdpSocket;

    #[test]
    fn reads_the_line_of_the_loopback() {
        let text = "Inter-|   Receive\n face |bytes    packets errs\n  eth0: 9 9 9\n    lo:  1280      10    0 0\n";
        assert_eq!(parse(text), Some(Traffic { packets: 10, bytes: 1280 }));
        assert_eq!(parse("eth0: 1 2"), None);
        assert_eq!(parse("lo: 1"), None);
    }

    /// Needs root; where a network is not to be had it ends without a result.
    #[test]
    fn counts_each_datagram_once_with_its_headers() {
        let counted = std::thread::spawn(|| {
            if enter().is_err() {
                return None;
            }
            assert_eq!(traffic(), Ok(Traffic::default()));
            let to = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            let from = UdpSocket::bind("127.0.0.1:0").expect("a socket");
            for _ in 0..10 {
                from.send_to(&[7; 100], to.local_addr().expect("an address")).expect("sent");
            }
            Some(traffic().expect("counters"))
        });
        if let Some(counted) = counted.join().expect("no panic") {
            assert_eq!(counted, Traffic { packets: 10, bytes: 10 * (100 + 8 + 20) });
        }
    }
}
