//! The pair of sockets of a node, on one port.

use super::limits::PORT_TRIES;
use crate::net::{Error, rebind, tcp, udp};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

/// What a node listens on.
pub(super) struct Sockets {
    pub(super) at: SocketAddr,
    pub(super) udp: UdpSocket,
    /// `None` if the port is another's by TCP: then the node lives by UDP alone.
    pub(super) tcp: Option<TcpListener>,
}

/// Binds a port for both. With port 0 it is one that is free for both; `before` is tried first
/// then, the port of the run before.
///
/// # Errors
/// [`Error::Bind`] if the port is not to be had by UDP.
pub(super) fn bind(host: IpAddr, port: u16, before: Option<u16>) -> Result<Sockets, Error> {
    if let (0, Some(port)) = (port, before)
        && let Ok(sockets) = bind_at(SocketAddr::new(host, port), before)
        && sockets.tcp.is_some()
    {
        return Ok(sockets);
    }
    let mut sockets = bind_at(SocketAddr::new(host, port), before)?;
    let mut unused = Vec::new();
    while port == 0 && sockets.tcp.is_none() && unused.len() < PORT_TRIES {
        // Kept for as long as another one is looked for, so that it is another one.
        unused.push(sockets);
        sockets = bind_at(SocketAddr::new(host, port), before)?;
    }
    Ok(sockets)
}

fn bind_at(at: SocketAddr, before: Option<u16>) -> Result<Sockets, Error> {
    let udp = rebind::bind(at, before, udp::bind).map_err(|error| Error::Bind(at, error))?;
    let bound = udp.local_addr().map_err(Error::Resources)?.port();
    let at = SocketAddr::new(at.ip(), bound);
    Ok(Sockets { at, udp, tcp: rebind::bind(at, before, tcp::bind).ok() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn both_share_a_port_and_keep_it() {
        let sockets = bind(HOST, 0, None).expect("a free port");
        let port = sockets.at.port();
        assert_eq!(sockets.udp.local_addr().expect("bound").port(), port);
        let tcp = sockets.tcp.as_ref().expect("one that is free for both");
        assert_eq!(tcp.local_addr().expect("bound").port(), port);
        assert!(matches!(bind(HOST, port, None), Err(Error::Bind(at, _)) if at.port() == port));
        drop(sockets);
        assert_eq!(bind(HOST, 0, Some(port)).expect("free again").at.port(), port);
    }

    #[test]
    fn a_port_that_tcp_has_not_is_used_by_udp_alone() {
        let other = TcpListener::bind((HOST, 0)).expect("a free port");
        let port = other.local_addr().expect("bound").port();
        let sockets = bind(HOST, port, None).expect("free for UDP");
        assert!(sockets.tcp.is_none() && sockets.at.port() == port);
        assert!(bind(HOST, 0, Some(port)).is_ok_and(|other| other.tcp.is_some()));
    }
}
